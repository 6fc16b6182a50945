"""The live Models page: whatever changes reaches it as the part that shows it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import fields, replace
from datetime import UTC, datetime

from litestar import Controller, Request, get
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State
from litestar.response import ServerSentEvent, ServerSentEventMessage

from appliance.records import accounts, sessions
from appliance.records.accounts import ADMINISTRATOR
from appliance.web.guards import require_administrator
from appliance.web.languages import Language
from appliance.web.model_arrivals import underway_of
from appliance.web.model_words import news_of
from appliance.web.pages.events import PAUSE_S, NewsFragment
from appliance.web.pages.models import Parts, parts_of
from appliance.web.rendering import render
from appliance.web.security import SESSION_COOKIE
from appliance.web.visit import GivenVisit, GivenWorkshop, OwnerId, Visit
from appliance.worker.updates import PROGRESS
from appliance.worker.workshop import Workshop

LOOK_S = 3.0  # A stick that is plugged in and an engine that has loaded its models tell nobody.
CHECK_S = 10.0


class ModelEvents(Controller):
    """One stream an open page."""

    path = "/models/events"
    guards = (require_administrator,)

    @get()
    async def stream(
        self, request: Request[object, object, State], visit: GivenVisit, workshop: GivenWorkshop, owner_id: OwnerId
    ) -> ServerSentEvent:
        """Send every part first, so that a page which was cut off shows the truth again; then what changes."""
        events = _events(workshop, visit, (request.cookies[SESSION_COOKIE], owner_id))
        return ServerSentEvent(events, headers={"X-Accel-Buffering": "no"})


async def _events(
    workshop: Workshop, visit: Visit, listener: tuple[str, str]
) -> AsyncGenerator[ServerSentEventMessage, None]:
    subscription = workshop.updates.board.subscribe()
    checked_at = time.monotonic()
    try:
        shown = await sync_to_thread(parts_of, workshop, visit.language)
        for event in _differences(None, shown, visit):
            yield event
        async for changed in subscription.changes(LOOK_S):
            if time.monotonic() - checked_at >= CHECK_S:
                if not await sync_to_thread(_may_listen, workshop, *listener):
                    return
                checked_at = time.monotonic()
            current = await sync_to_thread(_look, workshop, visit.language, shown, changed)
            for event in _differences(shown, current, visit):
                yield event
            yield ServerSentEventMessage(comment="still here")
            shown = current
            await asyncio.sleep(PAUSE_S)
    finally:
        workshop.updates.board.unsubscribe(subscription)


def _look(workshop: Workshop, language: Language, shown: Parts, changed: set[str]) -> Parts:
    """Return how it is now; progress comes often, and nothing has to be read again for it."""
    if changed == {PROGRESS}:
        return replace(shown, underway=underway_of(workshop.updates, language))
    return parts_of(workshop, language)


def _differences(before: Parts | None, after: Parts, visit: Visit) -> list[ServerSentEventMessage]:
    names = [each.name for each in fields(Parts)]
    events = [
        _event(name.replace("_", "-"), f"models/_{name}.html", getattr(after, name), visit)
        for name in names
        if before is None or getattr(before, name) != getattr(after, name)
    ]
    said = news_of(before.underway, after.underway, after.ready, visit.language) if before else ()
    return [*events, _event("news", "library/_news.html", NewsFragment(said), visit)] if said else events


def _event(name: str, template: str, page: object, visit: Visit) -> ServerSentEventMessage:
    return ServerSentEventMessage(event=name, data=render(template, page, visit.language))


def _may_listen(workshop: Workshop, token: str, account_id: str) -> bool:
    """Tell whether who listens is still signed in, and still an administrator."""
    with workshop.database.read() as session:
        is_live = sessions.is_live(session, token, datetime.now(UTC))
        return is_live and accounts.get(session, account_id).role == ADMINISTRATOR
