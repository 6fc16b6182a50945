"""What every answer carries, and the two tokens of a session: its cookie, and the one that pages send back."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.status_codes import HTTP_400_BAD_REQUEST
from litestar.types import Message, Scope

from appliance.web.rendering import assets

SESSION_COOKIE: Final = "__Host-cloister"
KNOWN_COOKIE: Final = "__Host-device"
SESSION_S: Final = 12 * 3600
KNOWN_S: Final = 365 * 24 * 3600
PREFERENCE_S: Final = 365 * 24 * 3600
CSRF_HEADER: Final = "X-CSRF-Token"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

# A worker has the policy of its own answer. The one that stretches a passphrase may compile WebAssembly and load our
# scripts, and nothing more: without connect-src it makes no request, so a passphrase does not leave by one.
WORKER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; base-uri 'none'; frame-ancestors 'none'"

# The one that searches private transcripts holds every word of them at once. It makes no request either.
SEARCH_WORKER_POLICY = "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'"

WORKER_POLICIES = {"/js/argon2_worker.js": WORKER_POLICY, "/js/private/search_worker.js": SEARCH_WORKER_POLICY}

HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": (
        "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), display-capture=(), "
        "encrypted-media=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), "
        "xr-spatial-tracking=()"
    ),
}

STRICT_TRANSPORT = "max-age=31536000"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
IMMUTABLE = "public, max-age=31536000, immutable"


async def add_headers(message: Message, scope: Scope) -> None:
    """Put the headers of this module on every answer, errors and unknown addresses included."""
    if message["type"] != "http.response.start" or scope["type"] != ScopeType.HTTP:
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in HEADERS.items():
        headers[name] = value
    policy = WORKER_POLICIES.get(scope["path"].removeprefix(assets()))
    if policy and scope["path"].startswith(assets()) and message["status"] < HTTP_400_BAD_REQUEST:
        headers["content-security-policy"] = policy
    if headers.get("cache-control") != IMMUTABLE:
        # What is kept for good is the same for everybody. Named there too, each new cookie would have it fetched again.
        headers["cache-control"] = "no-store"
        headers.add("vary", "HX-Request, Accept-Language, Cookie")
    if _host(scope) not in LOCAL_HOSTS:
        # A browser that pins localhost to TLS would pin every other program on that machine too.
        headers["strict-transport-security"] = STRICT_TRANSPORT


def session_cookie(token: str) -> Cookie:
    """Return the cookie that makes a browser a session: no other site, no script and no plain connection sees it."""
    return Cookie(
        key=SESSION_COOKIE, value=token, path="/", secure=True, httponly=True, samesite="strict", max_age=SESSION_S
    )


def ended_session_cookie() -> Cookie:
    """Return the cookie that makes a browser forget its session."""
    return Cookie(key=SESSION_COOKIE, value="", path="/", secure=True, httponly=True, samesite="strict", max_age=0)


def known_cookie(known_by: str) -> Cookie:
    """Return the cookie by which a browser shows who signed in there before; it lets nobody in."""
    return Cookie(
        key=KNOWN_COOKIE, value=known_by, path="/", secure=True, httponly=True, samesite="strict", max_age=KNOWN_S
    )


def preference_cookie(name: str, value: str) -> Cookie:
    """Return a cookie for how the pages look; it opens nothing."""
    return Cookie(key=name, value=value, path="/", secure=True, httponly=True, samesite="lax", max_age=PREFERENCE_S)


def csrf_token(session_token: str) -> str:
    """Return the token that a page of this session sends back with every change.

    It is derived from the cookie, which no script can read and no other site can know, so it needs no storage and an
    upload goes on after a restart of the server.
    """
    return hmac.new(session_token.encode(), b"cloister/v1/csrf", hashlib.sha256).hexdigest()


def csrf_matches(session_token: str, given: str) -> bool:
    """Tell in constant time whether a page of this session sent the request."""
    return hmac.compare_digest(csrf_token(session_token).encode(), given.encode())


def _host(scope: Scope) -> str:
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    return host if host.endswith("]") else host.rpartition(":")[0] or host
