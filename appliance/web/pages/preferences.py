"""How the pages look to one reader: language and light or dark, kept in two cookies that open nothing."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from litestar import Controller, post
from litestar.params import URLEncodedBody
from litestar.response import Redirect

from appliance.web.guards import PUBLIC
from appliance.web.security import preference_cookie
from appliance.web.visit import LANGUAGE_COOKIE, THEME_COOKIE, Theme

SEE_OTHER: Final = 303


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """One changed preference.

    Attributes:
        back: Path of the page to come back to.
    """

    back: str = "/"
    language: Literal["en", "bn"] | None = None
    theme: Theme | None = None


class PreferenceForm(Controller):
    """A plain form, so that it works before a script has run."""

    path = "/preferences"
    opt = PUBLIC

    @post(sync_to_thread=False)
    def change(self, data: URLEncodedBody[Preference]) -> Redirect:
        """Keep a preference and return to the page."""
        chosen = ((LANGUAGE_COOKIE, data.language), (THEME_COOKIE, data.theme))
        cookies = [preference_cookie(name, value) for name, value in chosen if value]
        return Redirect(safe_path(data.back), status_code=SEE_OTHER, cookies=cookies)


def safe_path(path: str) -> str:
    """Return a path to go to, if it is one of ours: two slashes at its start lead to another host."""
    leads_away = not path.startswith("/") or path[1:2] in ("/", "\\")
    return "/" if leads_away or not path.isprintable() else path
