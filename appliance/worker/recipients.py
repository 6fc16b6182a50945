"""Who can open a result in privacy mode: people, or the members of a workspace, by public keys; never the appliance."""

from __future__ import annotations

from appliance.crypto.hpke import SealedKeyPurpose
from appliance.errors import EngineError, RecipientGoneError
from appliance.records import recordings
from appliance.records.keystore import SEALED, Wrap
from appliance.records.recordings import Recording
from appliance.records.tables_of_people import Account
from appliance.worker.messages import Recipient
from appliance.worker.workshop import Workshop
from appliance.worker.workspaces import newest_list

RESULT = SEALED | SealedKeyPurpose.RESULT


def recipients_of(workshop: Workshop, recording: Recording) -> tuple[Recipient, ...]:
    """Return to whom the engine seals a recording's transcript; nobody in standard mode.

    In a workspace that is its inbox, so that whoever becomes a member meanwhile can open it too.

    Raises:
        RecipientGoneError: The owner has no key any more. Nothing falls back to a key of the appliance.
        NotFoundError: Its workspace is gone.
    """
    if recording.mode != recordings.PRIVATE:
        return ()
    with workshop.database.read() as session:
        if recording.workspace_id is not None:
            inbox = bytes.fromhex(newest_list(session, recording.workspace_id).inbox)
            return (Recipient(id=bytes.fromhex(recording.workspace_id), public=inbox),)
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
