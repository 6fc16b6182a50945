"""Enrolling by a one-time link, and leaving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import JSONBody, PathParameter

from appliance.records import invitations, sessions
from appliance.records.accounts import PublicKeys
from appliance.records.tables_of_people import NAME_CHARACTERS
from appliance.web.guards import PUBLIC
from appliance.web.keys_sent import Enrolment, VaultState, vault_state
from appliance.web.security import SESSION_COOKIE, ended_session_cookie, known_cookie, session_cookie
from appliance.web.visit import Frame, GivenSession, GivenVisit, GivenWorkshop
from appliance.web.visitors import own_origin, visitor_of
from appliance.worker.enrolling import Slots, enrol
from appliance.worker.entering import Entered, algorithm_of
from appliance.worker.workshop import Workshop

NO_CONTENT = 204
CREATED = 201

Token = Annotated[str, PathParameter(max_length=200)]


@dataclass(frozen=True, slots=True)
class SetupPage:
    """What ``access/setup.html`` shows.

    Attributes:
        token: Of the one-time link; the script sends it back.
        account_id: What the keys are bound to.
        name: Whom the link is for; empty where the person chooses.
        reset: Whether keys of before would be lost.
        algorithm: How the passphrase is to be stretched, as in a KDF record.
    """

    frame: Frame
    token: str
    account_id: str
    name: str
    reset: bool
    algorithm: int
    most_name_characters: int = NAME_CHARACTERS


class AccessPages(Controller):
    """The link is opened with GET and used with POST, so that a preview or a scanner which opens it uses nothing up."""

    path = "/"

    @get("/setup/{token:str}", opt=PUBLIC, sync_to_thread=True)
    def welcome(
        self, request: Request[object, object, State], visit: GivenVisit, workshop: GivenWorkshop, token: Token
    ) -> Response[str]:
        """Show the page on which somebody chooses a passphrase."""
        own_origin(request, workshop)
        with workshop.database.read() as session:
            link = invitations.look(session, token)
        page = SetupPage(
            frame=visit.frame(request),
            token=token,
            account_id=link.account_id,
            name=link.name or "",
            reset=link.reset,
            algorithm=algorithm_of(workshop),
        )
        return visit.page("access/setup.html", page)

    @post("/setup/{token:str}", opt=PUBLIC, sync_to_thread=True)
    def enter(
        self,
        request: Request[object, object, State],
        workshop: GivenWorkshop,
        token: Token,
        data: JSONBody[Enrolment],
    ) -> Response[VaultState]:
        """Use the link: keep the public halves and the slots, and open a session."""
        keys = PublicKeys(data.kdf, data.login_public, data.recovery_public, data.ed_public, data.x_public)
        slots = Slots(data.slots.passphrase, data.slots.recovery, data.slots.identity)
        entered = enrol(workshop, token, data.name, keys, slots, visitor_of(request, workshop))
        return answer_entered(workshop, entered)

    @post("/sign-out", sync_to_thread=True)
    def leave(
        self, request: Request[object, object, State], workshop: GivenWorkshop, signed_in: GivenSession
    ) -> Response[None]:
        """End this session and forget everything this browser keeps of it."""
        with workshop.database.write() as session:
            sessions.end(session, request.cookies[SESSION_COOKIE])
        workshop.halves.forget(signed_in.live.id)
        headers = {"HX-Redirect": "/sign-in", "Clear-Site-Data": '"cache"'}
        return Response(None, status_code=NO_CONTENT, cookies=[ended_session_cookie()], headers=headers)

    @post("/still-here", status_code=NO_CONTENT, sync_to_thread=False)
    def stay(self) -> None:
        """Take note, in the guard, that the person at this session still works on a page."""


def answer_entered(workshop: Workshop, entered: Entered) -> Response[VaultState]:
    """Answer somebody who has come in: with their two cookies, and with what opens their vault."""
    cookies = [session_cookie(entered.session_token), known_cookie(entered.known_by)]
    state = vault_state(workshop, entered.account, entered.session_token)
    return Response(state, status_code=CREATED, cookies=cookies)
