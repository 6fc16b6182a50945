"""Recordings that the appliance cannot read: what a browser sealed is stored as it came and handed out as it is.

The checks here are of form only. Whether a sealed title, a wrap or a transcript is true, nobody can tell without the
key; the browser looks at that whenever it opens one, so a browser that stores nonsense harms its own person alone.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, require_form
from appliance.crypto.keywrap import WrapKind, require_label
from appliance.errors import ApplianceError, ConflictError, NotFoundError, SealedTooLargeError
from appliance.options import TranscribeOptions
from appliance.records import indexes, recordings, transcripts
from appliance.records.keystore import Wrap
from appliance.records.recordings import Recording
from appliance.worker.filekeys import erase_file_keys, keep_file_key, remember_file_key
from appliance.worker.intake import refuse_mode, refuse_size
from appliance.worker.recipients import RESULT
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)

FIRST_VERSION = 1
MAX_TITLE_BYTES = 2048  # Sealed: a title of 250 characters takes at most half of it.
MAX_TRANSCRIPT_BYTES = 64 * 2**20
MAX_INDEX_BYTES = 32 * 2**20  # A document takes about a hundred bytes in it.
UNDER_USER_KEY = WrapKind.FILE_KEY_UNDER_USER_KEY


@dataclass(frozen=True, slots=True)
class SealedTitle:
    """A title as a browser sealed it.

    Attributes:
        document_id: Chosen by the browser, 16 random bytes.
        sealed: CB1, type 6, version 1.
        wrapped: Its file key under the owner's user key, KW1 kind 4.
    """

    document_id: bytes
    sealed: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """A document as the appliance keeps it, with every way to its key.

    Attributes:
        wraps: Of all who can open it.
    """

    document_id: bytes
    version: int
    sealed: bytes
    wraps: tuple[Wrap, ...]


def begin_private_upload(
    workshop: Workshop,
    owner_id: str,
    title: SealedTitle,
    size_bytes: int,
    options: TranscribeOptions,
    *,
    survives_restart: bool,
) -> Recording:
    """Make room for a recording whose title and transcript the appliance will not be able to read.

    Args:
        workshop: The appliance.
        owner_id: Whose recording it is.
        title: Sealed by the browser.
        size_bytes: Bytes of the whole file.
        options: How to transcribe it; forgotten when the job has ended.
        survives_restart: Whether the audio's key is stored wrapped, so that the job survives a restart; else it is in
            memory only, and a power cut makes the audio unreadable.

    Raises:
        ModeNotAllowedError: Here no recording is private.
        CryptoError: The title does not have the form of one.
        UploadError: As in ``begin_upload``.
        ConflictError: There is a document of that id already.
    """
    refuse_mode(workshop, recordings.PRIVATE)
    refuse_size(workshop, size_bytes)
    _require_title(title)
    workshop.spool.check_room(size_bytes)
    if workshop.keystore.held(title.document_id):
        raise ConflictError  # Another's wraps must not be mixed with these, whoever chose the id.
    audio_id, audio_key = new_document_id(), new_file_key()
    try:
        if survives_restart:
            keep_file_key(workshop, audio_id, audio_key)
        else:
            remember_file_key(workshop, audio_id, audio_key)
        workshop.keystore.put(Wrap(title.document_id, UNDER_USER_KEY, bytes.fromhex(owner_id), title.wrapped))
        with workshop.database.write() as session:
            recording = recordings.add(
                session,
                owner_id=owner_id,
                mode=recordings.PRIVATE,
                size_bytes=size_bytes,
                audio_id=audio_id,
                title_id=title.document_id,
                sealed_title=title.sealed,
                options=options,
            )
    except ApplianceError:
        erase_file_keys(workshop, audio_id, title.document_id)
        raise
    log.info("private upload begins", extra={"recording": recording.id})
    return recording


def continue_private_upload(
    workshop: Workshop, owner_id: str, recording_id: str, options: TranscribeOptions
) -> Recording:
    """Go on with an upload that the browser found among its unfinished ones; the choices are the new ones.

    Raises:
        NotFoundError: There is no such upload.
        ConflictError: It is complete.
    """
    with workshop.database.write() as session:
        recording = _get(workshop, owner_id, recording_id)
        recordings.change_options(session, recording_id, options)
    return recording


def sealed_titles(workshop: Workshop, private: list[Recording]) -> dict[str, SealedTitle]:
    """Return the sealed titles of private recordings by recording id; those whose key is erased are missing."""
    wraps = {wrap.subject: wrap.wrapped for wrap in workshop.keystore.held(*(each.title_id for each in private))}
    return {
        each.id: SealedTitle(document_id=each.title_id, sealed=each.sealed_title, wrapped=wraps[each.title_id])
        for each in private
        if each.title_id in wraps
    }


def private_title(workshop: Workshop, owner_id: str, recording_id: str) -> SealedTitle:
    """Return the sealed title of one private recording.

    Raises:
        NotFoundError: There is none, or it is somebody else's, or in standard mode.
    """
    found = sealed_titles(workshop, [_get(workshop, owner_id, recording_id)]).get(recording_id)
    if found is None:
        raise NotFoundError
    return found


def sealed_transcript(workshop: Workshop, owner_id: str, recording_id: str) -> SealedDocument:
    """Return the sealed transcript of a private recording.

    Raises:
        NotFoundError: There is none, or it is somebody else's, or in standard mode.
    """
    _get(workshop, owner_id, recording_id)
    with workshop.database.read() as session:
        row = transcripts.get(session, recording_id)
    wraps = tuple(workshop.keystore.held(row.document_id))
    return SealedDocument(document_id=row.document_id, version=row.version, sealed=row.sealed, wraps=wraps)


def require_transcript(workshop: Workshop, recording_id: str) -> None:
    """Refuse a recording that has no transcript yet.

    Raises:
        NotFoundError: It has none.
    """
    with workshop.database.read() as session:
        transcripts.get(session, recording_id)


def adopt(workshop: Workshop, owner_id: str, recording_id: str, wrapped: bytes) -> None:
    """Put a wrap under the owner's user key in the place of the key that the engine sealed to the owner.

    Twice is once: two tabs that open a result at the same time both may adopt it.

    Raises:
        CryptoError: The wrap does not have the form of one of this transcript.
    """
    _get(workshop, owner_id, recording_id)
    with workshop.database.read() as session:
        document_id = transcripts.get(session, recording_id).document_id
    require_label(wrapped, UNDER_USER_KEY, document_id)
    holder = bytes.fromhex(owner_id)
    adopted, result = Wrap(document_id, UNDER_USER_KEY, holder, wrapped), Wrap(document_id, RESULT, holder, b"")
    workshop.keystore.change([adopted], take_back=[result])


def save_sealed_transcript(
    workshop: Workshop, owner_id: str, recording_id: str, sealed: bytes, from_version: int
) -> int:
    """Store what a browser sealed as the next version; return its number.

    Raises:
        ConflictError: Somebody saved another one since ``from_version`` was opened.
        CryptoError: It does not have the form of that version of this transcript.
        SealedTooLargeError: It is larger than any transcript.
    """
    _get(workshop, owner_id, recording_id)
    if len(sealed) > MAX_TRANSCRIPT_BYTES:
        raise SealedTooLargeError(size_bytes=len(sealed), limit_bytes=MAX_TRANSCRIPT_BYTES)
    with workshop.database.write() as session:
        document_id = transcripts.get(session, recording_id).document_id
        version = from_version + 1
        require_form(sealed, DocumentType.TRANSCRIPT, document_id, version)
        transcripts.replace(session, recording_id, sealed, from_version)
    return version


def sealed_index(workshop: Workshop, owner_id: str) -> tuple[int, bytes]:
    """Return the person's sealed index and its version; version 0 and no bytes before there is one."""
    with workshop.database.read() as session:
        found = indexes.find(session, owner_id)
    return (found.version, found.sealed) if found else (0, b"")


def save_sealed_index(workshop: Workshop, owner_id: str, sealed: bytes, from_version: int) -> int:
    """Store what a browser sealed as the next version of its person's index; return its number.

    Raises:
        ConflictError: Another browser saved one since ``from_version`` was opened.
        CryptoError: It does not have the form of that version of this person's index.
        SealedTooLargeError: It is larger than any index.
    """
    if len(sealed) > MAX_INDEX_BYTES:
        raise SealedTooLargeError(size_bytes=len(sealed), limit_bytes=MAX_INDEX_BYTES)
    require_form(sealed, DocumentType.INDEX, bytes.fromhex(owner_id), from_version + 1)
    with workshop.database.write() as session:
        indexes.replace(session, owner_id, sealed, from_version)
    return from_version + 1


def kept_documents(workshop: Workshop, owner_id: str) -> list[transcripts.Kept]:
    """Return which sealed transcripts of a person are there, in which version: the index shows what is missing."""
    with workshop.database.read() as session:
        return transcripts.kept(session, owner_id, recordings.PRIVATE)


def _get(workshop: Workshop, owner_id: str, recording_id: str) -> Recording:
    with workshop.database.read() as session:
        recording = recordings.get(session, recording_id, owner_id)
    if recording.mode != recordings.PRIVATE:
        raise NotFoundError
    return recording


def _require_title(title: SealedTitle) -> None:
    if len(title.sealed) > MAX_TITLE_BYTES:
        raise SealedTooLargeError(size_bytes=len(title.sealed), limit_bytes=MAX_TITLE_BYTES)
    require_form(title.sealed, DocumentType.TITLE, title.document_id, FIRST_VERSION)
    require_label(title.wrapped, UNDER_USER_KEY, title.document_id)
