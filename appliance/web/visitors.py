"""Who stands before the appliance, as a request shows it: under which name they reach it, from where, with what."""

from __future__ import annotations

import re
from typing import Any

from litestar import Request

from appliance.errors import ForeignNameError
from appliance.web.security import KNOWN_COOKIE, SESSION_COOKIE
from appliance.worker.entering import Visitor
from appliance.worker.workshop import Workshop

BROWSERS = (  # The first that fits: each later one also stands in the description of an earlier one.
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chromium"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
    ("Macintosh", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
PORT = re.compile(r":\d{1,5}$")
MOST_AGENT_CHARACTERS = 500


def visitor_of(request: Request[Any, Any, Any], workshop: Workshop) -> Visitor:
    """Return who asks.

    Raises:
        ForeignNameError: They reach the appliance under a name that is not its own.
    """
    address = request.client.host if request.client else ""
    return Visitor(
        origin=own_origin(request, workshop),
        address=address or None,
        known_by=request.cookies.get(KNOWN_COOKIE, ""),
        device=device_in_words(request.headers.get("user-agent", "")),
        session_token=request.cookies.get(SESSION_COOKIE, ""),
    )


def own_origin(request: Request[Any, Any, Any], workshop: Workshop) -> str:
    """Return the origin of this appliance as the browser has it.

    A proof is a signature over the origin. The name in a request is whatever its sender wrote, so it counts only where
    it is one of ours: otherwise a site in between could have people sign for its own name and pass that on.

    Raises:
        ForeignNameError: The name is not one of ours.
    """
    host = request.headers.get("host", "").lower()
    names = workshop.settings.names
    if PORT.sub("", host).strip("[]") not in {name.lower() for name in names}:
        raise ForeignNameError(host=host[:100], names=", ".join(names))
    return f"https://{host}"


def device_in_words(agent: str) -> str:
    """Return browser and system in two words, as far as they are among those that most people have."""
    described = agent[:MOST_AGENT_CHARACTERS]
    found = [next((name for sign, name in known if sign in described), "") for known in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found))
