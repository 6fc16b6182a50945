"""Names and terms that came with a recording, for the engine alone.

In clear they are in memory only: while they come in, and while the engine works. Stored they are under the audio's own
key, so they can be read for no longer than the audio can, and by nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence

from appliance.crypto.envelope import DocumentType, open_document, seal_document
from appliance.records import recordings
from appliance.records.recordings import Recording
from appliance.vocabulary import from_text, to_text
from appliance.worker.filekeys import audio_key_of
from appliance.worker.workshop import Workshop

VERSION = 1  # A recording's terms are written anew as a whole, before its job; there is no older one to tell apart.


def keep_terms(workshop: Workshop, recording: Recording, terms: Sequence[str]) -> None:
    """Seal the terms of an upload that begins or goes on; without any, take away those of before.

    Args:
        workshop: The appliance.
        recording: That is uploading.
        terms: As ``read_terms`` returned them.

    Raises:
        AudioGoneError: The audio's key was in memory only, and the appliance was started anew.
        ConflictError: Its job was made meanwhile.
    """
    if not terms and recording.sealed_terms is None:
        return
    sealed = None
    if terms:
        key = audio_key_of(workshop, recording)
        sealed = seal_document(key, DocumentType.TERMS, recording.audio_id, VERSION, to_text(terms))
    with workshop.database.write() as session:
        recordings.put_terms(session, recording.id, sealed)


def terms_of(workshop: Workshop, recording: Recording) -> tuple[str, ...]:
    """Open the terms of a recording whose job runs.

    Raises:
        AudioGoneError: The key is gone.
        CryptoError: They do not open.
    """
    if recording.sealed_terms is None:
        return ()
    key = audio_key_of(workshop, recording)
    return from_text(open_document(key, recording.sealed_terms, DocumentType.TERMS, recording.audio_id, VERSION))
