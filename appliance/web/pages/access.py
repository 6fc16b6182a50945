"""Coming in by a one-time link, and leaving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import PathParameter
from litestar.response import Redirect

from appliance.records import accounts
from appliance.web.guards import PUBLIC
from appliance.web.security import SESSION_COOKIE, ended_session_cookie, session_cookie
from appliance.web.visit import Frame, GivenVisit, GivenWorkshop

SEE_OTHER: Final = 303
NO_CONTENT = 204

Token = Annotated[str, PathParameter(max_length=200)]


@dataclass(frozen=True, slots=True)
class WelcomePage:
    """What ``access/welcome.html`` shows.

    Attributes:
        token: Of the one-time link; the button sends it back.
    """

    frame: Frame
    token: str


class AccessPages(Controller):
    """The link is opened with GET and used with POST, so that a preview or a scanner which opens it uses nothing up."""

    path = "/"

    @get("/setup/{token:str}", opt=PUBLIC, sync_to_thread=False)
    def welcome(self, request: Request[object, object, State], visit: GivenVisit, token: Token) -> Response[str]:
        """Show the page with the button that uses the link."""
        return visit.page("access/welcome.html", WelcomePage(frame=visit.frame(request), token=token))

    @post("/setup/{token:str}", opt=PUBLIC, sync_to_thread=True)
    def enter(self, workshop: GivenWorkshop, token: Token) -> Redirect:
        """Use the link and open a session."""
        with workshop.database.write() as session:
            cookie = session_cookie(accounts.redeem_link(session, token))
        return Redirect("/", status_code=SEE_OTHER, cookies=[cookie])

    @post("/sign-out", sync_to_thread=True)
    def leave(self, request: Request[object, object, State], workshop: GivenWorkshop) -> Response[None]:
        """End this session and forget everything this browser keeps of it."""
        with workshop.database.write() as session:
            accounts.end_session(session, request.cookies[SESSION_COOKIE])
        headers = {"HX-Redirect": "/", "Clear-Site-Data": '"cache", "storage"'}
        return Response(None, status_code=NO_CONTENT, cookies=[ended_session_cookie()], headers=headers)

    @post("/still-here", status_code=NO_CONTENT, sync_to_thread=False)
    def stay(self) -> None:
        """Take note, in the guard, that the person at this session still works on a page."""
