"""The keys of documents that the appliance itself can open: in standard mode all of them, in privacy mode the audio.

A key of privacy mode is in memory only, unless the person chose an upload that survives a restart: a power cut then
erases it, and nothing of the recording can be heard any more.

Whoever wraps a key under the keyring and stores it otherwise than here must hold ``workshop.minding_keys`` for both.
"""

from __future__ import annotations

from appliance.crypto.keywrap import WrapKind
from appliance.errors import AudioGoneError, NotFoundError
from appliance.records.keystore import APPLIANCE, Wrap
from appliance.records.recordings import Recording
from appliance.worker.workshop import Workshop


def keep_file_key(workshop: Workshop, document_id: bytes, file_key: bytes) -> None:
    """Store a document's key wrapped under the newest epoch, in the place of an older wrap of it.

    Raises:
        DiskFullError: There is no room; nothing was changed.
    """
    # In between the epoch could be replaced and its key erased: what is then stored under it nobody could open.
    with workshop.minding_keys:
        wrapped = workshop.keyring.wrap_file_key(document_id, file_key)
        workshop.keystore.put(Wrap(document_id, WrapKind.FILE_KEY_UNDER_KEK, APPLIANCE, wrapped))


def remember_file_key(workshop: Workshop, document_id: bytes, file_key: bytes) -> None:
    """Hold a document's key in memory only."""
    workshop.fleeting_keys[document_id] = file_key


def file_key(workshop: Workshop, document_id: bytes) -> bytes:
    """Return a document's key.

    Raises:
        NotFoundError: It was erased or forgotten, or the appliance never could open the document.
        CryptoError: Its wrap does not open.
    """
    if document_id in workshop.fleeting_keys:
        return workshop.fleeting_keys[document_id]
    with workshop.minding_keys:
        wrapped = workshop.keystore.get(document_id, WrapKind.FILE_KEY_UNDER_KEK, APPLIANCE)
        return workshop.keyring.unwrap_file_key(document_id, wrapped)


def audio_key_of(workshop: Workshop, recording: Recording) -> bytes:
    """Return the key of a recording's audio.

    Raises:
        AudioGoneError: It was erased, or was in memory only when the appliance was started anew.
        CryptoError: Its wrap does not open.
    """
    try:
        return file_key(workshop, recording.audio_id)
    except NotFoundError as exc:
        raise AudioGoneError from exc


def erase_file_keys(workshop: Workshop, *document_ids: bytes) -> None:
    """Erase the keys of documents, whoever holds them, for good.

    Raises:
        DiskFullError: Not even the ballast was enough; nothing stored was erased.
    """
    for document_id in document_ids:
        workshop.fleeting_keys.pop(document_id, None)
    workshop.keystore.erase(*document_ids)
