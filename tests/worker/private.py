"""What a person's browser would send for a private recording, made with the same formats."""

from __future__ import annotations

from appliance.crypto import keywrap
from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, seal_document
from appliance.crypto.hpke import SealedKeyLabel, SealedKeyPurpose, open_key
from appliance.crypto.keywrap import WrapKind, WrapLabel
from appliance.options import TranscribeOptions
from appliance.records import jobs, transcripts
from appliance.records.recordings import Recording
from appliance.transcript import Transcript
from appliance.worker.intake import take_chunk
from appliance.worker.messages import Transcribe
from appliance.worker.privacy import SealedTitle
from appliance.worker.private_intake import PrivateUpload, begin_private_upload
from appliance.worker.recipients import keep_sealed_keys, recipients_of
from appliance.worker.runner import erase_audio
from appliance.worker.sealing import seal_transcript
from appliance.worker.workshop import Workshop
from tests.people import Person
from tests.web.appliance import a_transcript
from tests.worker.shared import Team

CONTENT = b"RIFF" * 1000


def sealed_title(person: Person, title: str) -> SealedTitle:
    document_id, file_key = new_document_id(), new_file_key()
    sealed = seal_document(file_key, DocumentType.TITLE, document_id, 1, title.encode())
    return SealedTitle(document_id=document_id, sealed=sealed, wrapped=wrapped(person, document_id, file_key))


def begin_privately(
    workshop: Workshop, person: Person, team: Team | None = None, title: str = "Bed 12.wav"
) -> Recording:
    """Begin an upload that only the person can read, or only the members of a workspace."""
    upload = PrivateUpload(
        team.sealed_title(title) if team else sealed_title(person, title),
        len(CONTENT),
        TranscribeOptions(),
        survives_restart=False,
        workspace_id=team.hex if team else None,
    )
    return begin_private_upload(workshop, person.account_id, upload)


def put_privately(
    workshop: Workshop, person: Person, team: Team | None = None, title: str = "Bed 12.wav", *, ends: bool = True
) -> str:
    """Upload a recording privately and end its job, or let it wait; returns its id."""
    recording = begin_privately(workshop, person, team, title)
    take_chunk(workshop, person.account_id, recording.id, 0, CONTENT)
    if ends:
        finish_privately(workshop, recording.id, a_transcript())
    return recording.id


def wrapped(person: Person, document_id: bytes, file_key: bytes) -> bytes:
    """Wrap a file key under the person's user key."""
    return keywrap.wrap(person.user_key, file_key, _label(person, document_id))


def unwrapped(person: Person, document_id: bytes, wrap: bytes) -> bytes:
    return keywrap.unwrap(person.user_key, wrap, _label(person, document_id))


def opened_result(person: Person, document_id: bytes, sealed_key: bytes) -> bytes:
    """Open the file key that the engine sealed to the person's public key."""
    recipient = bytes.fromhex(person.account_id)
    label = SealedKeyLabel(SealedKeyPurpose.RESULT, recipient=recipient, subject=document_id)
    return open_key(person.identity.x_private, sealed_key, label)


def finish_privately(workshop: Workshop, recording_id: str, transcript: Transcript) -> None:
    """End a private recording's job as the runner does, with the engine's own sealing."""
    with workshop.database.read() as session:
        recording = session.get_one(Recording, recording_id)
    request = Transcribe(
        job_id=bytes(16),
        options=TranscribeOptions(),
        document_id=new_document_id(),
        file_key=None,
        recipients=recipients_of(workshop, recording),
        attempt=1,
    )
    message, sealed = seal_transcript(request, transcript, {"asr": 2.0})
    keep_sealed_keys(workshop, request.document_id, request.recipients, message.sealed_keys)
    with workshop.database.write() as session:
        job = jobs.latest(session, recording_id)
        assert job is not None
        jobs.claim(session, job.id)
        jobs.finish(session, job.id, message.seconds, None)
        transcripts.store(
            session,
            recording_id=recording_id,
            document_id=request.document_id,
            sealed=sealed,
            language=message.language,
            speakers=message.speakers,
        )
    erase_audio(workshop, recording_id)
    workshop.board.publish(recording_id, None)


def _label(person: Person, document_id: bytes) -> WrapLabel:
    return WrapLabel(WrapKind.FILE_KEY_UNDER_USER_KEY, 1, keywrap.key_id(person.user_key), document_id)
