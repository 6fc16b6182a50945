"""How an error reaches a person: the only module that turns the error tree into HTTP."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from litestar import MediaType, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap

from appliance.errors import (
    AccessError,
    ApplianceError,
    AudioGoneError,
    BundleError,
    ChoiceError,
    ChunkConflictError,
    ChunkOrderError,
    ChunkSizeError,
    ConflictError,
    CryptoError,
    EngineError,
    ForeignNameError,
    ImportsError,
    JournalError,
    KeysRefusedError,
    LastAdministratorError,
    LastOwnerError,
    LedgerError,
    LinkUsedError,
    MediaError,
    MemberListError,
    NameTakenError,
    NoCandidateError,
    NoRoomError,
    NoSuchPersonError,
    NotFoundError,
    NothingToGoBackToError,
    NotMovableError,
    NotTriedError,
    OptionError,
    OrganisationChangedError,
    PersonNameError,
    ReleaseDamagedError,
    SearchBusyError,
    SearchError,
    SignedOutError,
    SpoolFullError,
    StaleProofError,
    TooManyTriesError,
    UnknownAccountError,
    UpdateBusyError,
    UploadEmptyError,
    UploadError,
    UploadTooLargeError,
    VendorRootError,
    VocabularyError,
    WorkspaceNotEmptyError,
)
from appliance.web.languages import mark
from appliance.web.rendering import render
from appliance.web.security import ended_session_cookie
from appliance.web.visit import Frame, visit_of

log = logging.getLogger(__name__)

STATUS: dict[type[ApplianceError], int] = {
    ApplianceError: 500,
    OptionError: 422,
    ChoiceError: 422,
    VocabularyError: 422,
    CryptoError: 500,
    MemberListError: 422,
    UploadError: 400,
    UploadTooLargeError: 413,
    UploadEmptyError: 422,
    ChunkOrderError: 409,
    ChunkConflictError: 409,
    ChunkSizeError: 400,
    SpoolFullError: 507,
    MediaError: 422,
    EngineError: 500,
    AudioGoneError: 410,
    SearchError: 422,
    SearchBusyError: 429,
    AccessError: 403,
    NotFoundError: 404,
    SignedOutError: 401,
    LinkUsedError: 410,
    ConflictError: 409,
    StaleProofError: 409,
    OrganisationChangedError: 409,
    TooManyTriesError: 429,
    ForeignNameError: 421,
    KeysRefusedError: 422,
    PersonNameError: 422,
    NameTakenError: 409,
    UnknownAccountError: 404,
    LastAdministratorError: 409,
    LastOwnerError: 409,
    WorkspaceNotEmptyError: 409,
    NoSuchPersonError: 404,
    NotMovableError: 409,
    BundleError: 422,
    UpdateBusyError: 409,
    NoCandidateError: 409,
    NotTriedError: 409,
    NothingToGoBackToError: 409,
    NoRoomError: 507,
    ImportsError: 500,
    ReleaseDamagedError: 500,
    LedgerError: 500,
    JournalError: 500,
    VendorRootError: 500,
}
"""The status of an error is its own or its nearest ancestor's."""


class MalformedRequestError(ApplianceError):
    """The request itself is wrong: no page of ours sends it."""

    code = "request"
    text = mark("The appliance did not understand this request. Load the page again and try once more.")


HEADINGS = {
    401: mark("You are signed out"),
    403: mark("This is not allowed"),
    404: mark("There is nothing here"),
    409: mark("Changed in the meantime"),
    410: mark("This link has ended"),
    421: mark("Not by this name"),
}
OTHER_HEADING = mark("This did not work")
LEAST_SERVER_FAULT = 500
SEE_OTHER: Final = 303


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """What ``problem.html`` and ``_problem.html`` show.

    Attributes:
        heading: The problem in a few words.
        text: What happened and what to do.
        code: The error's stable code, to tell an administrator.
        comes_back: Whether the page loads itself once more: after a link on another site a browser holds back the
            cookie of a strict session, and sends it when our own page asks.
    """

    frame: Frame
    heading: str
    text: str
    code: str
    comes_back: bool = False


Visitor = Request[object, object, State]


def status_of(error: ApplianceError) -> int:
    """Return the HTTP status that an error of the tree is answered with."""
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def answer_error(request: Visitor, error: ApplianceError) -> Response[object]:
    """Answer with an error of the tree, in the form the asker reads: JSON, fragment or page."""
    status = status_of(error)
    if status >= LEAST_SERVER_FAULT:
        log.error("request failed", exc_info=error, extra={"code": error.code, "status": status})
    return _answer(request, error, status)


def answer_http_error(request: Visitor, error: HTTPException) -> Response[object]:
    """Answer with what the framework itself refuses: an unknown address, a wrong method, a body that is too large."""
    if error.status_code >= LEAST_SERVER_FAULT:
        return answer_fault(request, error)
    said = NotFoundError() if error.status_code == status_of(NotFoundError()) else MalformedRequestError()
    return _answer(request, said, error.status_code)


def answer_fault(request: Visitor, error: Exception) -> Response[object]:
    """Answer with an error that nobody foresaw: its place goes to the log, its words to nobody."""
    log.error("request failed", exc_info=error, extra={"code": ApplianceError.code})
    return _answer(request, ApplianceError(), LEAST_SERVER_FAULT)


PROBLEMS: ExceptionHandlersMap = {
    ApplianceError: answer_error,
    HTTPException: answer_http_error,
    Exception: answer_fault,
}


def _answer(request: Visitor, error: ApplianceError, status: int) -> Response[object]:
    visit = visit_of(request)
    text = visit.language.tell(error)
    if "application/json" in request.headers.get("accept", ""):
        return Response({"code": error.code, "message": text}, status_code=status)
    page = ProblemPage(
        frame=visit.frame(request),
        heading=visit.language.say(HEADINGS.get(status, OTHER_HEADING)),
        text=text,
        code=error.code,
        comes_back=isinstance(error, SignedOutError) and request.headers.get("sec-fetch-site") == "cross-site",
    )
    if request.headers.get("hx-request"):
        body = render("_problem.html", page, visit.language)
        shown = {"HX-Retarget": "#problems", "HX-Reswap": "beforeend"}
        return Response(body, status_code=status, media_type=MediaType.HTML, headers=shown)
    if isinstance(error, SignedOutError) and request.method == "GET" and not page.comes_back:
        return Redirect(_door(request), status_code=SEE_OTHER, cookies=[ended_session_cookie()])
    body = render("problem.html", page, visit.language)
    forget = [ended_session_cookie()] if isinstance(error, SignedOutError) and not page.comes_back else []
    return Response(body, status_code=status, media_type=MediaType.HTML, cookies=forget)


def _door(request: Visitor) -> str:
    """Return where to sign in, with the way back to the page that was asked for."""
    path = request.url.path
    return "/sign-in" if path == "/" else f"/sign-in?{urlencode({'then': path})}"
