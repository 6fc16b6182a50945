"""Search: a page, and the answer to its script. A query is content: it comes in a body, never in an address."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from appliance.errors import QueryTooLongError
from appliance.records import access
from appliance.search.found import Found, Scope
from appliance.search.query import MAX_CHARACTERS, MAX_WORDS, parse
from appliance.web.visit import Frame, GivenVisit, GivenWorkshop, OwnerId
from appliance.worker.indexing import Progress

OK = 200


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What ``search/show.html`` shows; what is found is drawn by ``search.js``."""

    frame: Frame


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person wants to find.

    Attributes:
        query: As it was typed.
        speaker: What stands in the field for the speaker.
    """

    query: str = ""
    speaker: str = ""
    scope: Scope = Scope()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, and how much of all there is was searched."""

    found: Found
    progress: Progress


class SearchPages(Controller):
    """The page and its answers."""

    path = "/search"

    @get(sync_to_thread=False)
    def show(self, request: Request[object, object, State], visit: GivenVisit) -> Response[str]:
        """Show the page, with nothing asked yet."""
        return visit.page("search/show.html", SearchPage(frame=visit.frame(request)))

    @post(status_code=OK, sync_to_thread=True)
    def ask(self, workshop: GivenWorkshop, owner_id: OwnerId, data: JSONBody[Question]) -> Answer:
        """Search what this person may read at this moment, as far as it is indexed."""
        query = parse(data.query, data.speaker)
        if query.is_too_long:
            raise QueryTooLongError(characters=MAX_CHARACTERS, words=MAX_WORDS)
        with workshop.database.read() as session:
            places = access.places_of(session, owner_id)
        progress = workshop.indexing.progress(*places)  # Before the search: an answer may be fresher than it says.
        return Answer(found=workshop.indexing.index.find_in(places, query, data.scope), progress=progress)
