"""Keys of a person: first or afresh by a link, a passphrase or a recovery code in the place of another, and the end.

The keys themselves are made in the browser. What comes here are public halves, and slots that nobody here can open.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from appliance.crypto import identity
from appliance.crypto.kdf import KdfRecord
from appliance.crypto.keywrap import WrapKind
from appliance.errors import KeysRefusedError, TruncatedError, UnknownFormatError, WeakKdfError
from appliance.records import accounts, invitations, sessions
from appliance.records.accounts import PublicKeys
from appliance.records.sessions import SignedIn
from appliance.worker.challenge import Purpose
from appliance.worker.consents import forget_consent
from appliance.worker.departure import leave_all
from appliance.worker.entering import Claim, Entered, Proof, Visitor, forget_ended, let_in, prove, require_same_keys
from appliance.worker.library import delete_all_of
from appliance.worker.packs import delete_packs_of
from appliance.worker.slots import Slot, replacing
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Slots:
    """The three slots of somebody who enrols."""

    passphrase: bytes
    recovery: bytes
    identity: bytes


@dataclass(frozen=True, slots=True)
class NextPassphrase:
    """What takes the place of a passphrase: 144 bytes, a KDF record and a login key; nothing else is sealed again."""

    kdf: bytes
    login_public: bytes
    slot: bytes


@dataclass(frozen=True, slots=True)
class NextRecovery:
    """What takes the place of a recovery code."""

    recovery_public: bytes
    slot: bytes


def enrol(workshop: Workshop, token: str, name: str, keys: PublicKeys, slots: Slots, visitor: Visitor) -> Entered:
    """Use a link: make the account, or give it other keys, and begin its first session.

    Raises:
        LinkUsedError: The link does not work any more.
        NameTakenError: Somebody else has the name; the link still works.
        PersonNameError: The name cannot be one; the link still works.
        KeysRefusedError: What the browser sent does not fit together.
    """
    with workshop.database.read() as session:
        account_id = invitations.look(session, token).account_id
    _require_record(keys.kdf)
    offered = (
        Slot(WrapKind.USER_KEY_UNDER_PASSPHRASE, keys.login_public, slots.passphrase),
        Slot(WrapKind.USER_KEY_UNDER_RECOVERY, keys.recovery_public, slots.recovery),
        Slot(WrapKind.IDENTITY_UNDER_USER_KEY, keys.x_public, slots.identity),
    )
    with replacing(workshop, account_id, *offered), workshop.database.write() as session:
        account = accounts.enrol(session, invitations.use(session, token), name, keys)
        forget_consent(workshop, account.id)  # It holds the user key of before.
    log.info("account enrolled")
    return let_in(workshop, account, visitor)


def change_passphrase(
    workshop: Workshop, signed_in: SignedIn, chosen: NextPassphrase, proof: Proof, visitor: Visitor
) -> None:
    """Set another passphrase, and end every other session of this person.

    The session alone is not enough, or a stolen cookie would be: the passphrase of before has to be proved, or the
    recovery code in a session that was begun by it.

    Raises:
        KeysRefusedError: What the browser sent does not fit together.
        SignInError: And RecoveryError, StaleProofError, TooManyTriesError, ConflictError: see ``entering``.
    """
    account = signed_in.account
    _require_record(chosen.kdf)
    message = identity.passphrase_message(visitor.origin, proof.nonce, chosen.login_public)
    prove(workshop, claim_of(signed_in), proof, message, visitor)
    slot = Slot(WrapKind.USER_KEY_UNDER_PASSPHRASE, chosen.login_public, chosen.slot)
    with replacing(workshop, account.id, slot), workshop.database.write() as session:
        require_same_keys(session, account)
        accounts.change_passphrase(session, account.id, chosen.kdf, chosen.login_public)
        sessions.end_others(session, account.id, signed_in.live.id)
        sessions.forget_recovery(session, signed_in.live.id)
    forget_ended(workshop)
    log.info("passphrase changed")


def change_recovery(
    workshop: Workshop, signed_in: SignedIn, chosen: NextRecovery, proof: Proof, visitor: Visitor
) -> None:
    """Let another recovery code take the place of the one before, which then opens nothing.

    Raises:
        KeysRefusedError: What the browser sent does not fit together.
        SignInError: And RecoveryError, StaleProofError, TooManyTriesError, ConflictError: see ``entering``.
    """
    account = signed_in.account
    message = identity.recovery_change_message(visitor.origin, proof.nonce, chosen.recovery_public)
    prove(workshop, claim_of(signed_in), proof, message, visitor)
    slot = Slot(WrapKind.USER_KEY_UNDER_RECOVERY, chosen.recovery_public, chosen.slot)
    with replacing(workshop, account.id, slot), workshop.database.write() as session:
        require_same_keys(session, account)
        accounts.change_recovery(session, account.id, chosen.recovery_public)
    log.info("recovery code changed")


def remove_account(workshop: Workshop, account_id: str) -> None:
    """Remove somebody for good: nobody comes in by it, its keys are erased, then its recordings, then its row.

    What they put into a workspace belongs to its members and stays; a workspace in which they were alone goes.
    Each step may be the last one before a power cut: the account then still stands in the list, and removing it again
    goes on where this stopped.

    Raises:
        NotFoundError: There is no such account.
        LastAdministratorError: Nobody would be left who can let people in.
    """
    with workshop.changing_slots:
        with workshop.database.write() as session:
            accounts.close(session, account_id)
        workshop.keystore.erase(bytes.fromhex(account_id))
    forget_ended(workshop)
    delete_all_of(workshop, account_id)
    delete_packs_of(workshop, account_id)
    leave_all(workshop, account_id)
    workshop.database.remove(lambda session: accounts.remove(session, account_id))
    log.info("account removed")


def claim_of(signed_in: SignedIn) -> Claim:
    """Return what somebody who is signed in has to prove: the code where they came in by it, else the passphrase."""
    purpose = Purpose.RECOVERY_CODE if signed_in.live.recovered else Purpose.PASSPHRASE
    return Claim(signed_in.account.name_key, signed_in.account, purpose)


def _require_record(kdf: bytes) -> None:
    """Make sure that a browser did not choose less work than the floor, by a fault or because its page was changed.

    Raises:
        KeysRefusedError: It did, or it is no record.
    """
    try:
        KdfRecord.decode(kdf)
    except (UnknownFormatError, TruncatedError, WeakKdfError) as exc:
        raise KeysRefusedError from exc
