"""A private recording comes in: its title sealed by the browser, its audio's key in memory unless it must last."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, require_form
from appliance.errors import ApplianceError, NotFoundError, SealedTooLargeError
from appliance.options import TranscribeOptions
from appliance.records import access, recordings
from appliance.records.keystore import Wrap
from appliance.records.recordings import Recording
from appliance.worker.choices import require_choice
from appliance.worker.filekeys import erase_file_keys, keep_file_key, remember_file_key
from appliance.worker.ids import require_fresh
from appliance.worker.intake import refuse_mode, refuse_size, uploaded_by
from appliance.worker.places import Place, wrap_at
from appliance.worker.privacy import SealedTitle
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)

FIRST_VERSION = 1
MAX_TITLE_BYTES = 2048  # Sealed: a title of 250 characters takes at most half of it.


@dataclass(frozen=True, slots=True)
class PrivateUpload:
    """What a browser says before it sends audio in privacy mode.

    Attributes:
        title: Sealed by the browser.
        size_bytes: Bytes of the whole file.
        options: How to transcribe it; forgotten when the job has ended.
        survives_restart: Whether the audio's key is stored wrapped, so that the job survives a restart; else it is in
            memory only, and a power cut makes the audio unreadable.
        workspace_id: Whose members will read it; None for the owner alone.
    """

    title: SealedTitle
    size_bytes: int
    options: TranscribeOptions
    survives_restart: bool
    workspace_id: str | None = None


def begin_private_upload(workshop: Workshop, owner_id: str, upload: PrivateUpload) -> Recording:
    """Make room for a recording whose title and transcript the appliance will not be able to read.

    Raises:
        SignedOutError: Their account is being removed.
        ModeNotAllowedError: Here no recording is private.
        CryptoError: The title does not have the form of one.
        ChoiceError: And ``UploadError``, as in ``begin_upload``.
        NotFoundError: There is no such workspace for them.
        RoleError: They only read in that workspace.
        ConflictError: There is a document of that id already, or the workspace has another key by now.
    """
    title = upload.title
    refuse_mode(workshop, recordings.PRIVATE)
    refuse_size(workshop, upload.size_bytes)
    require_choice(workshop.engine.choices, upload.options)
    _require_title(title)
    workshop.spool.check_room(upload.size_bytes)
    with workshop.changing_members:
        with workshop.database.read() as session:
            access.require_upload(session, owner_id, upload.workspace_id)
            require_fresh(workshop, session, title.document_id)
            place = Place(upload.workspace_id, owner_id)
            wrap = wrap_at(session, place, title.document_id, title.wrapped)
        recording = _add(workshop, owner_id, upload, wrap)
    log.info("private upload begins", extra={"recording": recording.id})
    return recording


def continue_private_upload(
    workshop: Workshop, owner_id: str, recording_id: str, options: TranscribeOptions
) -> Recording:
    """Go on with an upload that the browser found among its unfinished ones; the choices are the new ones.

    Raises:
        NotFoundError: There is no such upload.
        ConflictError: It is complete.
        ChoiceError: As in ``begin_upload``.
    """
    require_choice(workshop.engine.choices, options)
    with workshop.database.write() as session:
        recording = uploaded_by(session, owner_id, recording_id)
        if recording.mode != recordings.PRIVATE:
            raise NotFoundError
        recordings.change_options(session, recording_id, options)
    return recording


def _add(workshop: Workshop, owner_id: str, upload: PrivateUpload, title_wrap: Wrap) -> Recording:
    title = upload.title
    audio_id, audio_key = new_document_id(), new_file_key()
    try:
        if upload.survives_restart:
            keep_file_key(workshop, audio_id, audio_key)
        else:
            remember_file_key(workshop, audio_id, audio_key)
        workshop.keystore.put(title_wrap)
        with workshop.database.write() as session:
            access.require_upload(session, owner_id, upload.workspace_id)
            return recordings.add(
                session,
                owner_id=owner_id,
                workspace_id=upload.workspace_id,
                mode=recordings.PRIVATE,
                size_bytes=upload.size_bytes,
                audio_id=audio_id,
                title_id=title.document_id,
                sealed_title=title.sealed,
                options=upload.options,
            )
    except ApplianceError:
        erase_file_keys(workshop, audio_id, title.document_id)
        raise


def _require_title(title: SealedTitle) -> None:
    if len(title.sealed) > MAX_TITLE_BYTES:
        raise SealedTooLargeError(size_bytes=len(title.sealed), limit_bytes=MAX_TITLE_BYTES)
    require_form(title.sealed, DocumentType.TITLE, title.document_id, FIRST_VERSION)
