"""An upload: begin, chunk after chunk, and where it stands after a break. Never multipart, which spools to disk."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post, put
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.params import FromPath, JSONBody, PathParameter

from appliance.errors import ChunkSizeError, NotFoundError
from appliance.options import TranscribeOptions
from appliance.records.recordings import Recording
from appliance.spool import CHUNK_BYTES
from appliance.vocabulary import read_terms
from appliance.web.visit import GivenWorkshop, OwnerId
from appliance.worker import intake
from appliance.worker.privacy import SealedTitle
from appliance.worker.private_intake import PrivateUpload, begin_private_upload, continue_private_upload
from appliance.worker.terms import keep_terms
from appliance.worker.workshop import Workshop

SAMPLE = Path("sample", "sample.wav")

RecordingId = FromPath[UUID]
WorkspaceId = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
Number = Annotated[int, PathParameter(ge=0)]


class NewUpload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page says before it sends a file.

    Attributes:
        workspace: Whose members may read it; None for the person alone.
        vocabulary: Names and terms that are likely to be spoken, opened by the page.
    """

    name: str
    size_bytes: int
    options: TranscribeOptions
    workspace: WorkspaceId | None = None
    vocabulary: list[str] = []


class NewPrivateUpload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page says before it sends a file whose title it has sealed.

    Attributes:
        survives_restart: Whether the audio's key may be stored, wrapped, until the job has ended.
        workspace: Whose members will read it; None for the person alone.
        vocabulary: As in standard mode: the engine has to know it as it has to hear the sound.
    """

    title: SealedTitle
    size_bytes: int
    options: TranscribeOptions
    survives_restart: bool
    workspace: WorkspaceId | None = None
    vocabulary: list[str] = []


class Choices(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to transcribe an upload that goes on."""

    options: TranscribeOptions
    vocabulary: list[str] = []


class UploadState(msgspec.Struct, frozen=True, kw_only=True):
    """Where an upload stands.

    Attributes:
        next_chunk: Number of the chunk that is due.
        finished: Whether every chunk is there.
    """

    id: str
    next_chunk: int
    finished: bool


class UploadSteps(Controller):
    """Spoken to by ``upload.js``, which sends a chunk again until it hears that it was taken."""

    path = "/"

    @post("/recordings", sync_to_thread=True)
    def begin(self, workshop: GivenWorkshop, owner_id: OwnerId, data: JSONBody[NewUpload]) -> UploadState:
        """Begin an upload, or go on with the same file's unfinished one."""
        terms = read_terms(data.vocabulary)
        begun = intake.begin_upload(workshop, owner_id, data.name, data.size_bytes, data.options, data.workspace)
        keep_terms(workshop, begun, terms)
        return _state(begun)

    @post("/recordings/private", sync_to_thread=True)
    def begin_private(
        self, workshop: GivenWorkshop, owner_id: OwnerId, data: JSONBody[NewPrivateUpload]
    ) -> UploadState:
        """Begin an upload in privacy mode."""
        terms = read_terms(data.vocabulary)
        upload = PrivateUpload(data.title, data.size_bytes, data.options, data.survives_restart, data.workspace)
        begun = begin_private_upload(workshop, owner_id, upload)
        keep_terms(workshop, begun, terms)
        return _state(begun)

    @post("/recordings/{recording_id:uuid}/upload", sync_to_thread=True)
    def go_on(
        self, workshop: GivenWorkshop, owner_id: OwnerId, recording_id: RecordingId, data: JSONBody[Choices]
    ) -> UploadState:
        """Go on with an unfinished upload in privacy mode; the browser knows by its title which one it is."""
        terms = read_terms(data.vocabulary)
        begun = continue_private_upload(workshop, owner_id, recording_id.hex, data.options)
        keep_terms(workshop, begun, terms)
        return _state(begun)

    @get("/recordings/{recording_id:uuid}/upload", sync_to_thread=True)
    def standing(self, workshop: GivenWorkshop, owner_id: OwnerId, recording_id: RecordingId) -> UploadState:
        """Say which chunk is due, for a page that lost the connection."""
        return _standing(workshop, owner_id, recording_id.hex)

    @put("/recordings/{recording_id:uuid}/chunks/{number:int}", request_max_body_size=CHUNK_BYTES)
    async def take(
        self,
        request: Request[object, object, State],
        workshop: GivenWorkshop,
        owner_id: OwnerId,
        recording_id: RecordingId,
        number: Number,
    ) -> UploadState:
        """Take one chunk, once it is known to be theirs. It is in memory once, and sealed before it reaches a disk."""
        await sync_to_thread(_standing, workshop, owner_id, recording_id.hex)
        chunk = await whole_body(request, number)
        due = await sync_to_thread(intake.take_chunk, workshop, owner_id, recording_id.hex, number, chunk)
        finished = (await sync_to_thread(_standing, workshop, owner_id, recording_id.hex)).finished
        return UploadState(id=recording_id.hex, next_chunk=due, finished=finished)

    @get("/sample", sync_to_thread=True)
    def sample(self) -> Response[bytes]:
        """Hand out the recording that comes with the models; the page then sends it as it sends every other one."""
        return Response(_sample(), media_type="audio/wav")


async def whole_body(request: Request[object, object, State], number: int) -> bytes:
    """Return the whole body.

    Raises:
        ChunkSizeError: It is larger than any chunk; told before or while it arrives, never after.
    """
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
    except RequestEntityTooLarge as exc:
        size_bytes = int(request.headers.get("content-length", CHUNK_BYTES + 1))
        raise ChunkSizeError(number=number, size_bytes=size_bytes, expected_bytes=CHUNK_BYTES) from exc
    return bytes(body)


def _standing(workshop: Workshop, owner_id: str, recording_id: str) -> UploadState:
    with workshop.database.read() as session:
        return _state(intake.uploaded_by(session, owner_id, recording_id))


def _state(recording: Recording) -> UploadState:
    return UploadState(id=recording.id, next_chunk=recording.received_chunks, finished=recording.state != "uploading")


def _sample() -> bytes:
    """Read the sample that pyannote.audio brings; its package is found without being imported."""
    spec = find_spec("pyannote")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder, "audio") / SAMPLE
        if path.is_file():
            return path.read_bytes()
    raise NotFoundError
