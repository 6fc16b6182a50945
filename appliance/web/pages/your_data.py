"""Your data: everything of a person, to take along or to delete."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from appliance.web.keys_sent import SentDeletion
from appliance.web.languages import Language, mark
from appliance.web.security import ended_session_cookie
from appliance.web.visit import Frame, GivenSession, GivenVisit, GivenWorkshop, OwnerId
from appliance.web.visitors import visitor_of
from appliance.worker.entering import Proof
from appliance.worker.leaving import Belonging, Extent, belongings, delete_everything, extent, is_last_administrator

OK = 200
PART_BYTES = 64 * 2**20
"""Of one sealed file: whoever opens it offline holds all of it in memory."""

WORDS = {
    "going": mark("{done} of {whole}"),
    "ending": mark("Writing the end of the file"),
    "stopped": mark("Stopped. No file was kept."),
    "taken": mark("Everything is in the file {file}."),
    "taken_but": mark("Everything else is in the file {file}. These could not be opened and are not in it:"),
    "locked_export": mark(
        "Your vault is locked, and what is private opens with your passphrase only. Nothing was written."
    ),
    "file_failed": mark("The file could not be written. Is the disk full?"),
    "untitled": mark("Recording of {date}"),
    "does_not_open": mark("This does not open with your keys. It may be damaged, or not be yours. ({code})"),
    "title_damaged": mark("A title that does not open"),
    "not_as_remembered": mark("It is not what your vault has seen before."),
    "gone": mark("It was deleted meanwhile."),
    "other_name": mark("That is not your name as it stands here. Type it once more."),
    "deleting": mark("One moment: everything of yours is being erased."),
}


@dataclass(frozen=True, slots=True)
class YourDataPage:
    """What ``your_data/show.html`` shows.

    Attributes:
        extent: How much there is.
        has: The same in words.
        has_ready: What of it can be taken along, in words.
        is_last_administrator: Whether the account cannot go.
        part_bytes: Of one sealed file.
        words: What the script says, by its own names.
    """

    frame: Frame
    extent: Extent
    has: str
    has_ready: str
    is_last_administrator: bool
    part_bytes: int
    words: dict[str, str]


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    """What went.

    Attributes:
        said: In words.
    """

    recordings: int
    said: str


class YourDataPages(Controller):
    """Everybody's own only."""

    path = "/your-data"

    @get(sync_to_thread=True)
    def show(
        self,
        request: Request[object, object, State],
        visit: GivenVisit,
        workshop: GivenWorkshop,
        signed_in: GivenSession,
    ) -> Response[str]:
        """Show the page."""
        language, found = visit.language, extent(workshop, signed_in.account.id)
        page = YourDataPage(
            frame=visit.frame(request),
            extent=found,
            has=_number_of(language, found.recordings),
            has_ready=language.count("{number} transcript", "{number} transcripts", found.transcripts),
            is_last_administrator=is_last_administrator(workshop, signed_in.account),
            part_bytes=PART_BYTES,
            words={name: language.sentences.gettext(text) for name, text in WORDS.items()},
        )
        return visit.page("your_data/show.html", page)

    @get("/recordings", sync_to_thread=True)
    def recordings(self, workshop: GivenWorkshop, owner_id: OwnerId) -> list[Belonging]:
        """List what can be taken along; each transcript is then asked for by itself."""
        return belongings(workshop, owner_id)

    @post("/deletion", status_code=OK, sync_to_thread=True)
    def delete(
        self,
        request: Request[object, object, State],
        visit: GivenVisit,
        workshop: GivenWorkshop,
        signed_in: GivenSession,
        data: JSONBody[SentDeletion],
    ) -> Response[Deleted]:
        """Delete everything, for who proves the passphrase."""
        visitor, proof = visitor_of(request, workshop), Proof(data.nonce, data.signature)
        number = delete_everything(workshop, signed_in, data.name, proof, visitor, with_account=data.with_account)
        said = visit.language.say(mark("Erased for good: {recordings}."), recordings=_number_of(visit.language, number))
        cookies = [ended_session_cookie()] if data.with_account else []
        return Response(Deleted(recordings=number, said=said), cookies=cookies)


def _number_of(language: Language, number: int) -> str:
    return language.count("{number} recording", "{number} recordings", number)
