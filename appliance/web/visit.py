"""One request as a page sees it: in which language, how it looks, and whether somebody is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from litestar import MediaType, Request, Response
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from appliance.records import organisation
from appliance.records.accounts import ADMINISTRATOR
from appliance.records.sessions import SignedIn
from appliance.web.guards import signed_in_of
from appliance.web.languages import NAMES, Language, choose
from appliance.web.rendering import render
from appliance.web.security import SESSION_COOKIE, csrf_token
from appliance.web.vault_words import VAULT_WORDS
from appliance.worker.workshop import Workshop

Theme = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)
LANGUAGE_COOKIE = "__Host-language"
THEME_COOKIE = "__Host-theme"


@dataclass(frozen=True, slots=True)
class Frame:
    """What every whole page has round its content.

    Attributes:
        language: Code of the page's language.
        languages: Code and name of every language there is.
        theme: Light, dark, or as the reader's system has it.
        path: Of this page, so that a changed preference comes back to it.
        csrf_token: What scripts send back with a change; empty where nobody is signed in.
        signed_in: Whether the signed-in navigation shows.
        name: Whose session it is, or empty.
        is_administrator: Whether the way to the list of people shows.
        vault_words: What scripts say about keys, by their own names.
        weaknesses: What the kernel does not enforce, in words.
        was_let_in: Whether the organisation's key was used for this person, who has not said yet that they know.
    """

    language: str
    languages: tuple[tuple[str, str], ...]
    theme: Theme
    path: str
    csrf_token: str
    signed_in: bool
    name: str
    is_administrator: bool
    vault_words: dict[str, str]
    weaknesses: tuple[str, ...]
    was_let_in: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """One request.

    Attributes:
        language: To answer in.
        theme: To answer in.
    """

    language: Language
    theme: Theme

    def frame(self, request: Request[Any, Any, Any]) -> Frame:
        """Return what the page of this request has round its content."""
        workshop: Workshop = request.app.state.workshop
        found = signed_in_of(request)
        signed_in = found is not None
        return Frame(
            language=self.language.code,
            languages=tuple(NAMES.items()),
            theme=self.theme,
            path=request.url.path if request.method == "GET" else "/",
            csrf_token=csrf_token(request.cookies[SESSION_COOKIE]) if signed_in else "",
            signed_in=signed_in,
            name=found.account.name if found else "",
            is_administrator=found is not None and found.account.role == ADMINISTRATOR,
            vault_words={name: self.language.sentences.gettext(text) for name, text in VAULT_WORDS.items()},
            weaknesses=workshop.weaknesses if signed_in else (),
            was_let_in=found is not None and _was_let_in(workshop, found.account.id),
        )

    def page(self, template: str, page: object) -> Response[str]:
        """Answer with a page or a fragment in this visit's language."""
        return Response(render(template, page, self.language), media_type=MediaType.HTML)


# The framework checks and copies what it hands to a handler; these are ours already, and a workshop has no copy.
GivenVisit = NamedDependency[SkipValidation[Visit]]
GivenWorkshop = NamedDependency[SkipValidation[Workshop]]
GivenSession = NamedDependency[SkipValidation[SignedIn]]
OwnerId = NamedDependency[str]


def visit_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Visit:
    """Return how this request wants to be answered."""
    theme = connection.cookies.get(THEME_COOKIE)
    return Visit(
        language=choose(connection.cookies.get(LANGUAGE_COOKIE), connection.headers.get("accept-language", "")),
        theme=next((known for known in THEMES if known == theme), "auto"),
    )


async def provide_visit(request: Request[Any, Any, Any]) -> Visit:
    """Hand a handler its visit."""
    return visit_of(request)


def _was_let_in(workshop: Workshop, account_id: str) -> bool:
    with workshop.database.read() as session:
        return organisation.unseen(session, account_id)
