"""Signing in by a proof of the passphrase, or of the recovery code; neither ever comes here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import JSONBody, QueryParameter
from litestar.response import Redirect

from appliance.records import accounts, sessions
from appliance.web.guards import PUBLIC
from appliance.web.keys_sent import Asked, SaidName, SentProof, VaultState
from appliance.web.pages.access import answer_entered
from appliance.web.pages.preferences import safe_path
from appliance.web.security import SESSION_COOKIE
from appliance.web.visit import Frame, GivenVisit, GivenWorkshop
from appliance.web.visitors import own_origin, visitor_of
from appliance.worker.challenge import Purpose
from appliance.worker.entering import Question, algorithm_of, ask, enter
from appliance.worker.workshop import Workshop

OK = 200
SEE_OTHER: Final = 303

Then = Annotated[str, QueryParameter(name="then", max_length=500)]


@dataclass(frozen=True, slots=True)
class SignInPage:
    """What ``sign_in/passphrase.html`` and ``sign_in/recover.html`` show.

    Attributes:
        then: Path of the page to go on to.
        algorithm: How passphrases are stretched here, as in a KDF record.
        is_first: Whether nobody can sign in yet, so that the way in is the link which the appliance printed.
    """

    frame: Frame
    then: str
    algorithm: int
    is_first: bool


class SignInPages(Controller):
    """Open to everybody."""

    opt = PUBLIC

    @get("/sign-in", sync_to_thread=True)
    def show(
        self, request: Request[object, object, State], visit: GivenVisit, workshop: GivenWorkshop, then: Then = "/"
    ) -> Response[str] | Redirect:
        """Show the form, or go on where somebody is signed in."""
        if _is_live(workshop, request.cookies.get(SESSION_COOKIE, "")):
            return Redirect(safe_path(then), status_code=SEE_OTHER)
        own_origin(request, workshop)
        with workshop.database.read() as session:
            is_first = not accounts.has_administrator(session)
        page = SignInPage(visit.frame(request), safe_path(then), algorithm_of(workshop), is_first)
        return visit.page("sign_in/passphrase.html", page)

    @get("/recover", sync_to_thread=False)
    def recover(
        self, request: Request[object, object, State], visit: GivenVisit, workshop: GivenWorkshop
    ) -> Response[str]:
        """Show the form for who has lost the passphrase and has the recovery code."""
        own_origin(request, workshop)
        page = SignInPage(visit.frame(request), "/", algorithm_of(workshop), is_first=False)
        return visit.page("sign_in/recover.html", page)

    @post("/sign-in/begin", status_code=OK, sync_to_thread=True)
    def begin(
        self, request: Request[object, object, State], workshop: GivenWorkshop, data: JSONBody[SaidName]
    ) -> Asked:
        """Say what has to be signed, and how this person's passphrase is stretched."""
        own_origin(request, workshop)
        return _asked(ask(workshop, data.name, Purpose.PASSPHRASE))

    @post("/sign-in/finish", sync_to_thread=True)
    def finish(
        self, request: Request[object, object, State], workshop: GivenWorkshop, data: JSONBody[SentProof]
    ) -> Response[VaultState]:
        """Let somebody in who has proved the passphrase."""
        visitor = visitor_of(request, workshop)
        return answer_entered(workshop, enter(workshop, data.name, Purpose.PASSPHRASE, data.proof, visitor))

    @post("/recover/begin", status_code=OK, sync_to_thread=True)
    def begin_recovery(
        self, request: Request[object, object, State], workshop: GivenWorkshop, data: JSONBody[SaidName]
    ) -> Asked:
        """Say what has to be signed with the recovery code."""
        own_origin(request, workshop)
        return _asked(ask(workshop, data.name, Purpose.RECOVERY_CODE))

    @post("/recover/finish", sync_to_thread=True)
    def finish_recovery(
        self, request: Request[object, object, State], workshop: GivenWorkshop, data: JSONBody[SentProof]
    ) -> Response[VaultState]:
        """Let somebody in who has proved the recovery code."""
        visitor = visitor_of(request, workshop)
        return answer_entered(workshop, enter(workshop, data.name, Purpose.RECOVERY_CODE, data.proof, visitor))


def _asked(question: Question) -> Asked:
    return Asked(account_id=question.account_id, kdf=question.kdf, nonce=question.nonce)


def _is_live(workshop: Workshop, session_token: str) -> bool:
    with workshop.database.read() as session:
        return sessions.is_live(session, session_token, datetime.now(UTC))
