"""Who may pass: every route wants a session, and every change wants proof that a page of ours asked for it.

Both guards stand before the whole application; a route that anybody may use says so with ``opt=PUBLIC``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from appliance.errors import AccessError, SignedOutError
from appliance.records import sessions
from appliance.records.accounts import ADMINISTRATOR
from appliance.records.sessions import SignedIn
from appliance.web.security import CSRF_HEADER, SESSION_COOKIE, csrf_matches
from appliance.worker.workshop import Workshop

Connection = ASGIConnection[Any, Any, Any, Any]

PUBLIC: Final = {"public": True}
READING: Final = ("GET", "HEAD", "OPTIONS")


async def require_own_page(connection: Connection, handler: BaseRouteHandler) -> None:
    """Refuse a change that another site's page asks for.

    A browser says where a request comes from in Sec-Fetch-Site and Origin, and no page can forge either. A form on a
    page with ``Referrer-Policy: no-referrer`` sends the origin ``null``; then Sec-Fetch-Site alone decides, and it has
    to be there.

    Raises:
        AccessError: The request does not come from a page of this appliance.
    """
    if connection.scope.get("method") in READING:
        return
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin", "null")
    ours = f"https://{connection.headers.get('host', '')}"
    if site not in (None, "same-origin") or (origin != ours and not (origin == "null" and site == "same-origin")):
        raise AccessError
    if not handler.opt.get("public"):
        _require_csrf_token(connection)


async def require_session(connection: Connection, handler: BaseRouteHandler) -> None:
    """Refuse who is not signed in, and remember who is.

    Raises:
        SignedOutError: No cookie, or its session has ended.
    """
    if handler.opt.get("public"):
        return
    token = connection.cookies.get(SESSION_COOKIE)
    if not token:
        raise SignedOutError
    workshop: Workshop = connection.app.state.workshop
    connection.state.signed_in = await sync_to_thread(_signed_in, workshop, token)


async def require_administrator(connection: Connection, _handler: BaseRouteHandler) -> None:
    """Refuse who may not let people in and out; behind the session guard.

    Raises:
        AccessError: They are no administrator.
    """
    found = signed_in_of(connection)
    if found is None or found.account.role != ADMINISTRATOR:
        raise AccessError


def owner_of(request: Request[Any, Any, Any]) -> str:
    """Return the account that the session guard let in."""
    return session_of(request).account.id


def session_of(request: Request[Any, Any, Any]) -> SignedIn:
    """Return the session that the guard let in."""
    found: SignedIn = request.state.signed_in
    return found


def signed_in_of(connection: Connection) -> SignedIn | None:
    """Return the session that the guard let in, or None on a page that anybody may see."""
    return connection.state.signed_in if "signed_in" in connection.state else None


def _require_csrf_token(connection: Connection) -> None:
    token = connection.cookies.get(SESSION_COOKIE)
    if not token:
        raise SignedOutError
    if not csrf_matches(token, connection.headers.get(CSRF_HEADER, "")):
        raise AccessError


def _signed_in(workshop: Workshop, token: str) -> SignedIn:
    return sessions.signed_in(workshop.database, token, datetime.now(UTC))
