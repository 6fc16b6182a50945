"""Who can open a result in privacy mode: people, by their public keys; never the appliance."""

from __future__ import annotations

from appliance.crypto.hpke import SealedKeyPurpose
from appliance.errors import EngineError, RecipientGoneError
from appliance.records import recordings
from appliance.records.keystore import SEALED, Wrap
from appliance.records.recordings import Recording
from appliance.records.tables import Account
from appliance.worker.messages import Recipient
from appliance.worker.workshop import Workshop

RESULT = SEALED | SealedKeyPurpose.RESULT


def recipients_of(workshop: Workshop, recording: Recording) -> tuple[Recipient, ...]:
    """Return to whom the engine seals a recording's transcript; nobody in standard mode.

    Raises:
        RecipientGoneError: The owner has no key any more. Nothing falls back to a key of the appliance.
    """
    if recording.mode != recordings.PRIVATE:
        return ()
    with workshop.database.read() as session:
        owner = session.get(Account, recording.owner_id)
    if owner is None or owner.x_public is None:
        raise RecipientGoneError
    return (Recipient(id=bytes.fromhex(owner.id), public=owner.x_public),)


def keep_sealed_keys(
    workshop: Workshop, document_id: bytes, recipients: tuple[Recipient, ...], sealed_keys: tuple[bytes, ...]
) -> None:
    """Store a transcript's key as the engine sealed it to each recipient.

    Raises:
        EngineError: The engine did not seal one for each: then nobody, or not everybody, could open it.
        DiskFullError: There is no room; nothing was stored.
    """
    if len(sealed_keys) != len(recipients):
        raise EngineError
    if recipients:
        pairs = zip(recipients, sealed_keys, strict=True)
        workshop.keystore.put(*(Wrap(document_id, RESULT, recipient.id, sealed) for recipient, sealed in pairs))
