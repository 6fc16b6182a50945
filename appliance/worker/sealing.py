"""How a transcript leaves the engine: sealed, and with no more in clear than the mode of its recording allows."""

from __future__ import annotations

from appliance.crypto.envelope import DocumentType, new_file_key, seal_document
from appliance.crypto.hpke import SealedKeyLabel, SealedKeyPurpose, seal_key
from appliance.transcript import Transcript, to_json
from appliance.worker.messages import Transcribe, Transcribed

FIRST_VERSION = 1


def seal_transcript(
    request: Transcribe, transcript: Transcript, seconds: dict[str, float]
) -> tuple[Transcribed, bytes]:
    """Seal a transcript as the request asks.

    In privacy mode the file key is made here and leaves only sealed to the recipients: the server stores what it cannot
    open, and is not told in which language, how long or by how many people was spoken.

    Args:
        request: With a file key in standard mode, with recipients in privacy mode.
        transcript: In clear.
        seconds: Stage to seconds it took.

    Returns:
        What the server may know, and the sealed transcript.
    """
    file_key = request.file_key or new_file_key()
    sealed = seal_document(file_key, DocumentType.TRANSCRIPT, request.document_id, FIRST_VERSION, to_json(transcript))
    if request.file_key is not None:
        known = Transcribed(
            job_id=request.job_id,
            seconds=seconds,
            language=transcript.language,
            speakers=len(transcript.speakers),
            model=transcript.models.get("asr", ""),
        )
        return known, sealed
    sealed_keys = tuple(
        seal_key(
            recipient.public,
            file_key,
            SealedKeyLabel(SealedKeyPurpose.RESULT, recipient=recipient.id, subject=request.document_id),
        )
        for recipient in request.recipients
    )
    return Transcribed(job_id=request.job_id, seconds={}, language="", speakers=0, sealed_keys=sealed_keys), sealed
