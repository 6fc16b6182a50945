"""The live library: whatever changes reaches the page as the fragment that shows it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from litestar import Controller, Request, get
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State
from litestar.response import ServerSentEvent, ServerSentEventMessage

from appliance.records import sessions
from appliance.web.pages.library import PlaceId, RecordingList, list_of
from appliance.web.rendering import render
from appliance.web.rows import Shelf, news
from appliance.web.security import SESSION_COOKIE
from appliance.web.visit import GivenVisit, GivenWorkshop, OwnerId, Visit
from appliance.worker.workshop import Workshop

HEARTBEAT_S = 10.0  # Proxies close a silent connection after half a minute or more.
PAUSE_S = 0.4  # The engine reports between batches; a person needs two pictures a second, not ten.


@dataclass(frozen=True, slots=True)
class NewsFragment:
    """What ``library/_news.html`` shows: sentences for a screen reader."""

    sentences: tuple[str, ...]


class EventStream(Controller):
    """One stream an open library page."""

    path = "/events"

    @get()
    async def stream(
        self,
        request: Request[object, object, State],
        visit: GivenVisit,
        workshop: GivenWorkshop,
        owner_id: OwnerId,
        place: PlaceId = "",
    ) -> ServerSentEvent:
        """Send the whole list first, so that a page which was cut off shows the truth again; then what changes."""
        shelf = Shelf(workshop, owner_id, visit.language, place)
        events = _events(workshop, shelf, visit, request.cookies[SESSION_COOKIE])
        return ServerSentEvent(events, headers={"X-Accel-Buffering": "no"})


async def _events(
    workshop: Workshop, shelf: Shelf, visit: Visit, session_token: str
) -> AsyncGenerator[ServerSentEventMessage, None]:
    subscription = workshop.board.subscribe()
    checked_at = time.monotonic()
    try:
        shown = await sync_to_thread(list_of, workshop, shelf, visit.language)
        yield _event("list", render("library/_recordings.html", shown, visit.language))
        async for _ in subscription.changes(HEARTBEAT_S):
            if time.monotonic() - checked_at >= HEARTBEAT_S:
                if not await sync_to_thread(_is_live, workshop, session_token):
                    return
                checked_at = time.monotonic()
            current = await sync_to_thread(list_of, workshop, shelf, visit.language)
            for event in _differences(shown, current, visit):
                yield event
            yield ServerSentEventMessage(comment="still here")
            shown = current
            await asyncio.sleep(PAUSE_S)
    finally:
        workshop.board.unsubscribe(subscription)


def _differences(before: RecordingList, after: RecordingList, visit: Visit) -> list[ServerSentEventMessage]:
    """Return the rows that changed; the whole list where rows came or went."""
    language = visit.language
    said = news(language, before.rows, after.rows)
    events = [_event("news", render("library/_news.html", NewsFragment(said), language))] if said else []
    if _outline(before) != _outline(after):
        return [*events, _event("list", render("library/_recordings.html", after, language))]
    changed = [replace(new, replaces=True) for old, new in zip(before.rows, after.rows, strict=True) if old != new]
    if changed:
        # All under one name, heard by an element that stays: a row that was replaced a moment ago hears nothing yet.
        events.append(_event("rows", "".join(render("library/_recording.html", row, language) for row in changed)))
    return events


def _outline(shown: RecordingList) -> tuple[object, ...]:
    return (shown.engine, *(row.id for row in shown.rows))


def _event(name: str, html: str) -> ServerSentEventMessage:
    return ServerSentEventMessage(event=name, data=html)


def _is_live(workshop: Workshop, token: str) -> bool:
    with workshop.database.read() as session:
        return sessions.is_live(session, token, datetime.now(UTC))
