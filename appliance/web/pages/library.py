"""The first page: put recordings in, see how they stand, open what is ready."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from litestar import Controller, Request, Response, get
from litestar.datastructures import State
from litestar.params import QueryParameter

from appliance.errors import ApplianceError
from appliance.options import LANGUAGES, MAX_SPEAKERS
from appliance.records import workspaces
from appliance.records.access import ACTS, Act
from appliance.spool import CHUNK_BYTES
from appliance.web.languages import Language, mark
from appliance.web.model_choices import ModelChoice, model_choices
from appliance.web.rows import Row, Shelf, Unfinished
from appliance.web.visit import Frame, GivenVisit, GivenWorkshop, OwnerId
from appliance.web.workspace_words import REFUSALS
from appliance.worker.workshop import Workshop

PlaceId = Annotated[str, QueryParameter(pattern=r"^([0-9a-f]{32})?$", max_length=32)]

COMMON = ("ar", "bn", "en", "es", "fr", "de", "hi", "ru", "ur", "zh")
"""Languages that stand first in the list; the others follow by name."""

UPLOAD_WORDS = REFUSALS | {
    "waiting": mark("Waiting for its turn"),
    "sending": mark("Uploading"),
    "sealing": mark("Almost there"),
    "retrying": mark("The connection was lost. Trying again by itself."),
    "complete": mark("Uploaded"),
    "unreadable": mark("This file cannot be read. If it is a folder, open it and choose the files in it."),
    "failed": mark("The appliance does not answer. The upload goes on where it stopped when you try again."),
    "vocabulary_without": mark(
        "Nothing of this recording was sent. Send it without names and terms; or try again once somebody has saved a "
        "new list, on the page of the workspace under “Names and terms”."
    ),
    "workspaces_missing": mark(
        "{number} of your workspaces are not here any more. You may have been removed, somebody may have deleted them, "
        "or the appliance leaves them out."
    ),
    "language_unknown": mark("The speech model {model} does not know this language. Choose another one of the two."),
    "title_damaged": mark("A title that does not open"),
    "delete_named": mark("Delete {title}"),
    "index_damaged": mark(
        "What your vault remembers cannot be read. Load the page again; if this stays, tell your administrator."
    ),
    "documents_rolled_back": mark(
        "{number} of your private transcripts are served in an older version than you have seen."
    ),
    "documents_missing": mark("{number} private recordings that your vault remembers are not here any more."),
}


@dataclass(frozen=True, slots=True)
class RecordingList:
    """What ``library/_recordings.html`` shows.

    Attributes:
        engine: Why nothing is transcribed at the moment, in words, or empty.
    """

    rows: tuple[Row, ...]
    engine: str
    engine_failed: bool


@dataclass(frozen=True, slots=True)
class LibraryView:
    """What ``library/index.html`` shows.

    Attributes:
        models: The speech models that can be chosen, or the only one; none before one is loaded.
        spoken: Code and name of each language that can be chosen, the common ones first.
        words: What the upload script says, by its own names.
        may_choose_mode: Whether the person decides for each recording who can read it.
        mode: Of every recording, where the appliance's policy decides.
        places: Where the reader's recordings are; more than one where they are in a workspace.
        place: The one that is shown, or empty for all.
        events: Address of the stream that keeps the list up to date.
    """

    frame: Frame
    recordings: RecordingList
    unfinished: tuple[Unfinished, ...]
    models: tuple[ModelChoice, ...]
    common: tuple[tuple[str, str], ...]
    spoken: tuple[tuple[str, str], ...]
    words: dict[str, str]
    chunk_bytes: int
    max_bytes: int
    max_size: str
    max_speakers: int
    may_choose_mode: bool
    mode: str
    places: tuple[Shown, ...]
    place: str
    events: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A place of which the library can show the recordings.

    Attributes:
        id: Of the workspace, or of the reader's account.
        is_workspace: Whether its name is in the seal.
        may_upload: Whether the reader may put recordings there.
    """

    id: str
    is_workspace: bool
    may_upload: bool


class LibraryPage(Controller):
    """The library."""

    path = "/"

    @get(sync_to_thread=True)
    def show(
        self,
        request: Request[object, object, State],
        visit: GivenVisit,
        workshop: GivenWorkshop,
        owner_id: OwnerId,
        place: PlaceId = "",
    ) -> Response[str]:
        """Show the library, or what is in one place of it."""
        shelf = Shelf(workshop, owner_id, visit.language, place)
        common, spoken = _spoken(visit.language)
        page = LibraryView(
            frame=visit.frame(request),
            recordings=list_of(workshop, shelf, visit.language),
            unfinished=shelf.unfinished(),
            models=model_choices(workshop, visit.language),
            common=common,
            spoken=spoken,
            words={name: visit.language.sentences.gettext(text) for name, text in UPLOAD_WORDS.items()},
            chunk_bytes=CHUNK_BYTES,
            max_bytes=workshop.settings.max_upload_bytes,
            max_size=visit.language.size(workshop.settings.max_upload_bytes),
            max_speakers=MAX_SPEAKERS,
            may_choose_mode=workshop.settings.privacy == "choice",
            mode=workshop.settings.privacy,
            places=places_of(workshop, owner_id),
            place=place,
            events=f"/events?place={place}" if place else "/events",
        )
        return visit.page("library/index.html", page)


def places_of(workshop: Workshop, account_id: str) -> tuple[Shown, ...]:
    """Return the places of which somebody may read the recordings, their own first."""
    with workshop.database.read() as session:
        roles = workspaces.of_account(session, account_id)
    shared = (Shown(each, is_workspace=True, may_upload=Act.WRITE in ACTS[role]) for each, role in roles.items())
    return (Shown(account_id, is_workspace=False, may_upload=True), *shared)


def list_of(workshop: Workshop, shelf: Shelf, language: Language) -> RecordingList:
    """Return the list as it stands now, with why nothing moves if nothing can."""
    fault: ApplianceError | None = workshop.engine.fault
    engine = language.tell(fault) if fault else ""
    if not fault and workshop.engine.ready is None:
        engine = language.say(mark("The speech models are being loaded. Recordings can be uploaded already."))
    return RecordingList(rows=shelf.rows(), engine=engine, engine_failed=fault is not None)


def _spoken(language: Language) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return the common languages and all the others, each sorted by the name the reader knows."""
    named = {code: language.name_of(code) for code in LANGUAGES}
    common = sorted(((code, named[code]) for code in COMMON), key=lambda pair: pair[1])
    others = sorted(((code, name) for code, name in named.items() if code not in COMMON), key=lambda pair: pair[1])
    return tuple(common), tuple(others)
