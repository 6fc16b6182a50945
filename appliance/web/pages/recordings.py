"""A recording at its own address: its transcript, the names in it, the files made from it, its ending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody, PathParameter

from appliance.errors import NotFoundError, OptionError
from appliance.exports import FORMATS
from appliance.records import access, recordings, workspaces
from appliance.records.access import Act
from appliance.records.recordings import Recording
from appliance.transcript import Transcript
from appliance.web.downloads import disposition
from appliance.web.languages import mark
from appliance.web.pages.shares import ShareChoices, choices_of, words_in
from appliance.web.rows import PRIVATE_TITLE, Shelf
from appliance.web.share_words import SHARE_WORDS
from appliance.web.visit import Frame, GivenVisit, GivenWorkshop, OwnerId, Visit
from appliance.web.workspace_words import MOVING_WORDS
from appliance.worker import runner
from appliance.worker.library import delete_recording, open_title, open_transcript, save_transcript
from appliance.worker.privacy import require_transcript, sealed_titles
from appliance.worker.workshop import Workshop

OK = 200
MAX_NAME_CHARACTERS = 80
RecordingId = FromPath[UUID]

FIRST_FORMATS = ("txt", "srt", "vtt", "json")

WORDS = {
    "nobody": mark("Nobody told apart"),
    "share": mark("{percent} of the speech"),
    "ghost": mark("Spoke very little: perhaps not a person of their own."),
    "rename": mark("Rename {name}"),
    "moment": mark("Link to {time}"),
    "copied": mark("Link copied"),
    "not_copied": mark("The browser does not allow copying. The link is in the address bar."),
    "renamed": mark("Renamed to {name}"),
    "empty": mark("No speech was found in this recording."),
    "loading": mark("Opening the transcript"),
    "one_speaker": mark("One speaker"),
    "speakers": mark("Speakers: {number}"),
    "made_with": mark("Made with {model} ({models})"),
    "locked": mark("Your vault is locked. Load the page again and unlock it to read this."),
    "older": mark(
        "The appliance serves an older version of this transcript than you have seen. It is not shown. Tell your "
        "administrator: a backup may have been put back, or somebody is replaying old data."
    ),
    "exchanged": mark(
        "This is not the transcript that you have seen here: somebody exchanged it. It is not shown. Tell your "
        "administrator."
    ),
    "moved": mark(
        "When you last opened this transcript, it was in another workspace. It is not shown yet. Ask an owner whether "
        "they moved it: if nobody did, the appliance is passing off somebody else's words as this transcript. Then "
        "tell your administrator."
    ),
    "misplaced": mark(
        "This transcript is not where you left it: it was yours alone and is served in a workspace, or the other way "
        "round. Only you can move it like that. It is not shown. If you did not, tell your administrator: somebody "
        "may be passing off other words as this transcript."
    ),
    "does_not_open": mark("This does not open with your keys. It may be damaged, or not be yours. ({code})"),
    "bad_name": mark("A name has 1 to {most} characters."),
}


@dataclass(frozen=True, slots=True)
class TranscriptPage:
    """What ``transcripts/show.html`` shows; the transcript itself comes as JSON and is drawn by ``transcript.js``.

    Attributes:
        title: In standard mode; in privacy mode what stands there until the browser has opened the true one.
        sealed_title: What the browser opens, as JSON; empty in standard mode.
        created_at: UTC, as ISO 8601.
        facts: Length, language, speakers; in privacy mode nobody but the browser knows them.
        workspace: Id of the workspace it is in, or empty.
        may_write: Whether the reader may change names in it.
        may_delete: Whether the reader may delete it.
        may_share: Whether the reader may make links to it.
        targets: Ids of the workspaces into which the reader may move it, and an empty one for to themselves.
        formats: Names of the files offered first.
        more_formats: Names of the files in the menu.
        words: What the script says, by its own names.
        share: What can be chosen for a link.
    """

    frame: Frame
    id: str
    title: str
    sealed_title: str
    created_at: str
    facts: tuple[str, ...]
    workspace: str
    may_write: bool
    may_delete: bool
    may_share: bool
    targets: tuple[str, ...]
    formats: tuple[str, ...]
    more_formats: tuple[str, ...]
    words: dict[str, str]
    share: ShareChoices
    max_name_characters: int

    @property
    def is_private(self) -> bool:
        """Whether only a browser can open it."""
        return bool(self.sealed_title)


class OpenedTranscript(msgspec.Struct, frozen=True, kw_only=True):
    """What the page's script reads."""

    version: int
    transcript: Transcript


class NewName(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A speaker's new name, and the version of the transcript in which it was typed."""

    name: str
    version: int


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """The version and the name as they were saved."""

    version: int
    name: str


class RecordingPages(Controller):
    """Everything below a recording's own address."""

    path = "/recordings/{recording_id:uuid}"

    @get(sync_to_thread=True)
    def show(
        self,
        request: Request[object, object, State],
        visit: GivenVisit,
        workshop: GivenWorkshop,
        owner_id: OwnerId,
        recording_id: RecordingId,
    ) -> Response[str]:
        """Show the page."""
        recording = _recording(workshop, owner_id, recording_id)
        title, sealed_title, facts = _headline(workshop, visit, recording)
        acts, targets = _possible(workshop, owner_id, recording)
        page = TranscriptPage(
            frame=visit.frame(request),
            id=recording_id.hex,
            title=title,
            sealed_title=sealed_title,
            created_at=recording.created_at.isoformat(),
            facts=facts,
            workspace=recording.workspace_id or "",
            may_write=Act.WRITE in acts,
            may_delete=Act.DELETE in acts,
            may_share=Act.SHARE in acts,
            targets=targets if Act.MOVE in acts else (),
            formats=FIRST_FORMATS,
            more_formats=tuple(name for name in FORMATS if name not in FIRST_FORMATS),
            words=words_in(visit.language, WORDS | SHARE_WORDS | MOVING_WORDS),
            share=choices_of(workshop, visit.language),
            max_name_characters=MAX_NAME_CHARACTERS,
        )
        return visit.page("transcripts/show.html", page)

    @get("/transcript.json", sync_to_thread=True)
    def content(self, workshop: GivenWorkshop, owner_id: OwnerId, recording_id: RecordingId) -> OpenedTranscript:
        """Hand the transcript to the page's script."""
        _recording(workshop, owner_id, recording_id)
        transcript, version = open_transcript(workshop, recording_id.hex)
        return OpenedTranscript(version=version, transcript=transcript)

    @patch("/speakers/{speaker_id:str}", sync_to_thread=True)
    def rename(
        self,
        workshop: GivenWorkshop,
        owner_id: OwnerId,
        recording_id: RecordingId,
        speaker_id: FromPath[str],
        data: JSONBody[NewName],
    ) -> Saved:
        """Give a speaker another name, everywhere."""
        _recording(workshop, owner_id, recording_id, Act.WRITE)
        name = " ".join(data.name.split())
        if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
            raise OptionError(name="name", value=name, reason=f"a name has 1 to {MAX_NAME_CHARACTERS} characters")
        transcript, _ = open_transcript(workshop, recording_id.hex)
        if transcript.name_of(speaker_id) is None:
            raise NotFoundError
        renamed = transcript.rename(speaker_id, name)
        return Saved(version=save_transcript(workshop, recording_id.hex, renamed, data.version), name=name)

    @get("/download/{form:str}", sync_to_thread=True)
    def download(
        self,
        workshop: GivenWorkshop,
        owner_id: OwnerId,
        recording_id: RecordingId,
        form: Annotated[str, PathParameter(max_length=10)],
    ) -> Response[bytes]:
        """Hand out a file, named after the recording."""
        title = open_title(workshop, _recording(workshop, owner_id, recording_id))
        export = FORMATS.get(form)
        if export is None:
            raise NotFoundError
        transcript, _ = open_transcript(workshop, recording_id.hex)
        headers = {"Content-Disposition": disposition(title, export.suffix)}
        return Response(export.render(transcript), media_type=export.media_type, headers=headers)

    @post("/cancel", status_code=OK, sync_to_thread=True)
    def cancel(
        self, visit: GivenVisit, workshop: GivenWorkshop, owner_id: OwnerId, recording_id: RecordingId
    ) -> Response[str]:
        """End the job, if it has not ended by itself, and answer with the row as it stands."""
        _recording(workshop, owner_id, recording_id, Act.WRITE)
        runner.cancel(workshop, recording_id.hex)
        row = Shelf(workshop, owner_id, visit.language).row(recording_id.hex)
        if row is None:
            raise NotFoundError
        return visit.page("library/_recording.html", row)

    @delete(sync_to_thread=True)
    def remove(self, workshop: GivenWorkshop, owner_id: OwnerId, recording_id: RecordingId) -> None:
        """Delete the recording, its transcript and their keys."""
        delete_recording(workshop, owner_id, recording_id.hex)


def _recording(workshop: Workshop, account_id: str, recording_id: UUID, act: Act = Act.READ) -> Recording:
    """Return a recording to somebody who may do this with it.

    Raises:
        NotFoundError: No such recording, or they may not even read it.
        RoleError: Their role in its workspace does not allow it.
    """
    with workshop.database.read() as session:
        return access.get(session, recording_id.hex, account_id, act)


def _headline(workshop: Workshop, visit: Visit, recording: Recording) -> tuple[str, str, tuple[str, ...]]:
    """Return the title, open or sealed, and the facts of a recording that has a transcript.

    Raises:
        NotFoundError: It has none.
    """
    if recording.mode == recordings.PRIVATE:
        require_transcript(workshop, recording.id)
        sealed = sealed_titles(workshop, [recording]).get(recording.id)
        return visit.language.say(PRIVATE_TITLE), msgspec.json.encode(sealed).decode() if sealed else "", ()
    transcript, _ = open_transcript(workshop, recording.id)
    return open_title(workshop, recording), "", _facts(visit, transcript)


def _possible(workshop: Workshop, account_id: str, recording: Recording) -> tuple[frozenset[Act], tuple[str, ...]]:
    """Return what somebody may do with a recording, and where else they may put one."""
    with workshop.database.read() as session:
        acts = access.allowed(session, account_id, recording)
        roles = workspaces.of_account(session, account_id)
    places = [workspace_id for workspace_id, role in roles.items() if Act.WRITE in access.ACTS[role]]
    alone = [""] if recording.workspace_id else []
    return acts, (*alone, *(place for place in places if place != recording.workspace_id))


def _facts(visit: Visit, transcript: Transcript) -> tuple[str, ...]:
    language = visit.language
    facts = [language.clock(transcript.duration_s), language.name_of(transcript.language)]
    if transcript.speakers:
        facts.append(language.count("{number} speaker", "{number} speakers", len(transcript.speakers)))
    return tuple(facts)
