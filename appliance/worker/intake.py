"""A recording comes in: begin, chunk after chunk sealed as it arrives, and the job at the last one."""

from __future__ import annotations

import logging

from sqlmodel import Session

from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, seal_document
from appliance.errors import (
    ApplianceError,
    ChunkConflictError,
    ChunkOrderError,
    ChunkSizeError,
    ConflictError,
    ModeNotAllowedError,
    NotFoundError,
    UploadEmptyError,
    UploadTooLargeError,
)
from appliance.options import TranscribeOptions
from appliance.records import access, jobs, recordings
from appliance.records.access import Act
from appliance.records.recordings import Recording
from appliance.spool import CHUNK_BYTES
from appliance.worker.choices import require_choice
from appliance.worker.filekeys import audio_key_of, erase_file_keys, keep_file_key
from appliance.worker.library import open_title
from appliance.worker.places import Place
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)

MAX_TITLE_CHARACTERS = 250


def begin_upload(
    workshop: Workshop,
    owner_id: str,
    name: str,
    size_bytes: int,
    options: TranscribeOptions,
    workspace_id: str | None = None,
) -> Recording:
    """Make room for a recording; or, where the same file was begun before and not finished, go on with it.

    Args:
        workshop: The appliance.
        owner_id: Whose recording it is.
        name: File name as the person knows it; kept sealed.
        size_bytes: Bytes of the whole file.
        options: How to transcribe it.
        workspace_id: Whose members may read it; None for the owner alone.

    Returns:
        The recording, whose ``received_chunks`` says which chunk is due.

    Raises:
        SignedOutError: Their account is being removed.
        ModeNotAllowedError: Here every recording is private.
        NotFoundError: There is no such workspace for them.
        RoleError: They only read in that workspace.
        ChoiceError: The chosen model is not here, or does not know the chosen language.
        UploadEmptyError: The file has no bytes.
        UploadTooLargeError: It is over the limit.
        SpoolFullError: There is no room for it now.
        DiskFullError: There is not even room for the row.
    """
    refuse_mode(workshop, recordings.STANDARD)
    refuse_size(workshop, size_bytes)
    require_choice(workshop.engine.choices, options)
    title = name.strip()[:MAX_TITLE_CHARACTERS] or "?"
    with workshop.database.read() as session:
        access.require_upload(session, owner_id, workspace_id)
        candidates = recordings.unfinished(session, owner_id, size_bytes, workspace_id)
    begun = next((recording for recording in candidates if open_title(workshop, recording) == title), None)
    if begun is not None:
        with workshop.database.write() as session:
            recordings.change_options(session, begun.id, options)
        return begun
    workshop.spool.check_room(size_bytes)
    with workshop.changing_members:  # Or a workspace was found empty, and is closed with this in it.
        return _add(workshop, Place(workspace_id, owner_id), title, size_bytes, options)


def refuse_mode(workshop: Workshop, mode: str) -> None:
    """Refuse a recording of a mode that the appliance's policy does not allow.

    Raises:
        ModeNotAllowedError: The policy names the other mode.
    """
    if workshop.settings.privacy not in ("choice", mode):
        raise ModeNotAllowedError


def refuse_size(workshop: Workshop, size_bytes: int) -> None:
    """Refuse a recording that has no bytes or too many.

    Raises:
        UploadEmptyError: The file has no bytes.
        UploadTooLargeError: It is over the limit.
    """
    if size_bytes <= 0:
        raise UploadEmptyError
    limit_bytes = workshop.settings.max_upload_bytes
    if size_bytes > limit_bytes:
        raise UploadTooLargeError(size_bytes=size_bytes, limit_bytes=limit_bytes)


def take_chunk(workshop: Workshop, owner_id: str, recording_id: str, number: int, chunk: bytes) -> int:
    """Seal one chunk into the spool; the last one makes the job.

    A chunk that came before is accepted again if its bytes are the same: the answer may have been lost on the way.

    Returns:
        The number of the chunk that is due next; after the last one, the count of chunks.

    Raises:
        NotFoundError: No such upload, or not this person's.
        RoleError: It goes into a workspace in which they may only read by now.
        ChunkOrderError: Another chunk is due.
        ChunkConflictError: The chunk came before, with other bytes.
        ChunkSizeError: Too short or too long.
        AudioGoneError: Its key was in memory only, and the appliance was started anew.
        SpoolFullError: The disk is full; the upload can go on later.
    """
    with workshop.uploading.of(recording_id):
        with workshop.database.read() as session:
            recording = uploaded_by(session, owner_id, recording_id)
        expected_bytes = min(CHUNK_BYTES, recording.size_bytes - number * CHUNK_BYTES)
        if number > recording.received_chunks:
            raise ChunkOrderError(received=number, expected=recording.received_chunks)
        if recording.state != "uploading" and number >= recording.received_chunks:
            raise ConflictError
        if len(chunk) != expected_bytes:
            raise ChunkSizeError(number=number, size_bytes=len(chunk), expected_bytes=max(0, expected_bytes))
        audio_key = audio_key_of(workshop, recording)
        if number < recording.received_chunks:
            if not workshop.spool.repeats(recording.audio_id, audio_key, number, chunk):
                raise ChunkConflictError(number=number)
            return recording.received_chunks
        workshop.spool.receive(recording.audio_id, audio_key, number, chunk, recording.received_chunks)
        try:
            _count(workshop, recording, number)
        except NotFoundError:
            _erase_if_gone(workshop, recording)
            raise
    return number + 1


def uploaded_by(session: Session, account_id: str, recording_id: str) -> Recording:
    """Return a recording to who puts it in: nobody else sends a part of it, in a workspace either.

    Raises:
        NotFoundError: No such recording, or somebody else's upload.
        RoleError: It goes into a workspace in which they may only read by now.
    """
    recording = access.get(session, recording_id, account_id, Act.WRITE)
    if recording.owner_id != account_id:
        raise NotFoundError
    return recording


def chunk_count(size_bytes: int) -> int:
    """Return how many chunks a recording of this size has."""
    return -(-size_bytes // CHUNK_BYTES)


def _add(workshop: Workshop, place: Place, title: str, size_bytes: int, options: TranscribeOptions) -> Recording:
    """Write the wrapped keys first: a row without its keys would be a recording that nobody can open."""
    audio_id, title_id, title_key = new_document_id(), new_document_id(), new_file_key()
    sealed_title = seal_document(title_key, DocumentType.TITLE, title_id, 1, title.encode())
    try:
        keep_file_key(workshop, audio_id, new_file_key())
        keep_file_key(workshop, title_id, title_key)
        with workshop.database.write() as session:
            access.require_upload(session, place.owner_id, place.workspace_id)
            recording = recordings.add(
                session,
                owner_id=place.owner_id,
                workspace_id=place.workspace_id,
                size_bytes=size_bytes,
                audio_id=audio_id,
                title_id=title_id,
                sealed_title=sealed_title,
                options=options,
            )
    except ApplianceError:
        erase_file_keys(workshop, audio_id, title_id)
        raise
    log.info("upload begins", extra={"recording": recording.id, "bytes": size_bytes})
    return recording


def _erase_if_gone(workshop: Workshop, recording: Recording) -> None:
    """Erase what was written for a recording that was deleted meanwhile, by who had found no bytes of it yet."""
    with workshop.database.read() as session:
        is_gone = session.get(Recording, recording.id) is None
    if is_gone:
        workshop.spool.erase(recording.audio_id)


def _count(workshop: Workshop, recording: Recording, number: int) -> None:
    """Count the chunk; at the last one the recording and its job become one fact."""
    is_last = number + 1 == chunk_count(recording.size_bytes)
    with workshop.database.write() as session:
        recordings.count_chunk(session, recording.id, number)
        if is_last:
            recordings.mark_stored(session, recording.id)
            jobs.enqueue(session, recording.id, recordings.options_of(recording))
    if is_last:
        size = {} if recording.mode == recordings.PRIVATE else {"count": number + 1}
        log.info("upload complete", extra={"recording": recording.id, **size})
        workshop.bell.ring()
        workshop.board.publish(recording.id, None)
