"""A person's own account: who they are to others, where they are signed in, and their two keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from litestar import Controller, Request, Response, delete, get
from litestar.datastructures import State
from litestar.params import PathParameter

from appliance.records import organisation, sessions
from appliance.web.languages import mark
from appliance.web.pages.organisation import ShownKey, offered_to, organisation_words
from appliance.web.visit import Frame, GivenSession, GivenVisit, GivenWorkshop
from appliance.worker.entering import algorithm_of, forget_ended

ROLE_WORDS = {"administrator": mark("Administrator"), "member": mark("Member")}

SessionId = Annotated[str, PathParameter(max_length=32)]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in the list.

    Attributes:
        device: Browser and system in words; empty where they are unknown.
        created_at: UTC, as ISO 8601; so is seen_at.
        is_this: Whether it is the one that asks.
    """

    id: str
    device: str
    created_at: str
    seen_at: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class Use:
    """That the organisation's key was used for this person.

    Attributes:
        used_by: Name of the administrator.
        used_at: UTC, as ISO 8601.
    """

    used_by: str
    used_at: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """What ``account/show.html`` shows.

    Attributes:
        role: In words.
        algorithm: How a passphrase is to be stretched, as in a KDF record.
        organisation: To whose keys the person may consent, or None.
        has_consented: Whether they did.
        uses: When the organisation's key was used for them, the last time first.
        may_say_seen: Whether it can be this person who says that they know of it.
        script_words: What scripts say about it.
    """

    frame: Frame
    account_id: str
    name: str
    role: str
    sessions: tuple[SessionRow, ...]
    algorithm: int
    organisation: ShownKey | None
    has_consented: bool
    uses: tuple[Use, ...]
    may_say_seen: bool
    script_words: dict[str, str]


class AccountPages(Controller):
    """Everybody sees and changes their own only."""

    path = "/account"

    @get(sync_to_thread=True)
    def show(
        self,
        request: Request[object, object, State],
        visit: GivenVisit,
        workshop: GivenWorkshop,
        signed_in: GivenSession,
    ) -> Response[str]:
        """Show the account."""
        account = signed_in.account
        with workshop.database.read() as session:
            live = sessions.listing(session, account.id)
            uses = organisation.uses(session, account.id)
        key, has_consented = offered_to(workshop, account.id)
        page = AccountPage(
            frame=visit.frame(request),
            account_id=account.id,
            name=account.name,
            role=visit.language.say(ROLE_WORDS[account.role]),
            sessions=tuple(_row(one, signed_in.live.id) for one in live),
            algorithm=algorithm_of(workshop),
            organisation=key,
            has_consented=has_consented,
            uses=tuple(Use(use.used_by, use.used_at.isoformat()) for use in uses),
            may_say_seen=any(not use.seen for use in uses) and not signed_in.live.recovered,
            script_words=organisation_words(visit.language),
        )
        return visit.page("account/show.html", page)

    @delete("/sessions/{session_id:str}", sync_to_thread=True)
    def end_session(self, workshop: GivenWorkshop, signed_in: GivenSession, session_id: SessionId) -> None:
        """End one session."""
        with workshop.database.write() as session:
            sessions.end_one(session, signed_in.account.id, session_id)
        workshop.halves.forget(session_id)

    @delete("/sessions", sync_to_thread=True)
    def end_others(self, workshop: GivenWorkshop, signed_in: GivenSession) -> None:
        """End every session but this one."""
        with workshop.database.write() as session:
            sessions.end_others(session, signed_in.account.id, signed_in.live.id)
        forget_ended(workshop)


def _row(live: sessions.LiveSession, this_id: str) -> SessionRow:
    return SessionRow(
        id=live.id,
        device=live.device,
        created_at=live.created_at.isoformat(),
        seen_at=live.seen_at.isoformat(),
        is_this=live.id == this_id,
    )
