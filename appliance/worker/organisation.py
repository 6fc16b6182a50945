"""The organisation's recovery: keys that an administrator's browser made, and people who chose to be let in by them.

The code of the organisation is on paper and never comes here. Whoever has it reads, of those who consented, what their
user key opens; so nobody is consented for, and each use is noted for the person whom it was used for.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from appliance.crypto import hpke, identity
from appliance.crypto.hpke import SealedKeyLabel, SealedKeyPurpose
from appliance.crypto.keywrap import WrapKind
from appliance.errors import (
    CryptoError,
    KeysRefusedError,
    OrganisationChangedError,
    OrganisationCodeError,
    WrongKeyError,
)
from appliance.records import accounts, organisation, sessions
from appliance.records.accounts import Account
from appliance.records.keystore import Wrap
from appliance.records.organisation import OrganisationKey
from appliance.records.sessions import SignedIn
from appliance.worker.challenge import Purpose
from appliance.worker.consents import CONSENT, consent_of, forget_all_consents, forget_consent
from appliance.worker.enrolling import NextRecovery, claim_of
from appliance.worker.entering import Proof, Visitor, forget_ended, prove, require_same_keys
from appliance.worker.slots import Slot, replacing, slots_of
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person's browser sends to let the organisation recover their account.

    Attributes:
        organisation: Fingerprint of the keys whose words the person compared, 32 bytes.
        sealed: The user key, sealed to those keys (SL1, purpose 3).
    """

    organisation: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class LockedOut:
    """Somebody who may be let back in, as the browser that does it needs them.

    Attributes:
        nonce: To be signed with the organisation's key.
        consent: 124 bytes, which only the organisation's code opens.
        identity: The wrap of their identity, by which the browser sees that it opened the right user key.
    """

    account: Account
    nonce: bytes
    consent: bytes
    identity: bytes


def publish(workshop: Workshop, ed_public: bytes, x_public: bytes) -> None:
    """Keep the public halves of the organisation's keys, to which people may consent from now on.

    Raises:
        ConflictError: There are keys already.
        KeysRefusedError: Nothing can be sealed to this key without everybody being able to open it.
    """
    try:
        hpke.seal_key(x_public, bytes(hpke.KEY_BYTES), _label(x_public, bytes(hpke.ID_BYTES)))
    except WrongKeyError as exc:
        raise KeysRefusedError from exc
    with workshop.changing_slots:
        # A withdrawal that was cut off may have left consents, and this key might be the one of before.
        forget_all_consents(workshop)
        with workshop.database.write() as session:
            organisation.publish(session, ed_public, x_public)
    log.info("organisation's keys published")


def withdraw(workshop: Workshop) -> None:
    """Take the organisation's keys away, and erase every consent to them."""
    with workshop.changing_slots:
        with workshop.database.write() as session:
            organisation.withdraw(session)
        forget_all_consents(workshop)
    log.info("organisation's keys withdrawn")


def consent(workshop: Workshop, signed_in: SignedIn, given: Consent, proof: Proof, visitor: Visitor) -> None:
    """Keep a user key that its person sealed to the organisation.

    The session alone is not enough: the passphrase has to be proved, over the very keys to which was sealed.

    Raises:
        OrganisationChangedError: The organisation has other keys by now, or none.
        KeysRefusedError: What was sealed is not for them, or not of this person.
        SignInError: And StaleProofError, TooManyTriesError, ConflictError: see ``entering``.
    """
    account, key = signed_in.account, _key(workshop)
    _require(key, given.organisation)
    message = identity.consent_message(visitor.origin, proof.nonce, given.organisation)
    prove(workshop, claim_of(signed_in), proof, message, visitor)
    subject = bytes.fromhex(account.id)
    _check(given.sealed, _label(key.x_public, subject))
    with workshop.changing_slots:
        _require(_key(workshop), given.organisation)
        with workshop.database.read() as session:
            require_same_keys(session, account)
        workshop.keystore.put(Wrap(subject, CONSENT, organisation.holder_of(key), given.sealed))
    log.info("organisation's recovery chosen")


def take_consent_back(workshop: Workshop, signed_in: SignedIn, proof: Proof, visitor: Visitor) -> None:
    """Erase what a person consented to, for who proves to be that person: a stolen session must not lock anybody out.

    Raises:
        SignInError: And StaleProofError, TooManyTriesError: see ``entering``.
    """
    message = identity.consent_message(visitor.origin, proof.nonce, None)
    prove(workshop, claim_of(signed_in), proof, message, visitor)
    with workshop.changing_slots:
        forget_consent(workshop, signed_in.account.id)
    log.info("organisation's recovery taken back")


def look_up(workshop: Workshop, account_id: str) -> LockedOut:
    """Return somebody who consented and has lost their keys.

    Raises:
        NotFoundError: There is no such account, or they did not consent.
    """
    with workshop.database.read() as session:
        account = accounts.get(session, account_id)
    return LockedOut(
        account=account,
        nonce=workshop.challenges.ask(Purpose.ORGANISATION_CODE, account.id),
        consent=consent_of(workshop, account.id),
        identity=slots_of(workshop, account).get(WrapKind.IDENTITY_UNDER_USER_KEY, b""),
    )


def let_back_in(
    workshop: Workshop, locked_out: Account, chosen: NextRecovery, proof: Proof, origin: str, used_by: str
) -> None:
    """Put a fresh recovery code in the place of a lost one, for who proves to have the organisation's code.

    Their sessions end, and they are told. The passphrase stays: who remembers it after all has lost nothing.

    Args:
        workshop: The appliance.
        locked_out: Who lost their keys.
        chosen: The fresh code, as far as a server may know it.
        proof: Signed by the organisation's key.
        origin: Of the appliance as the administrator's browser reaches it.
        used_by: Name of the administrator.

    Raises:
        OrganisationCodeError: It was signed by another key.
        StaleProofError: The nonce is not ours, too old, for somebody else, or was used.
        NotFoundError: They did not consent, or took it back.
        KeysRefusedError: What the browser sent does not fit together.
        ConflictError: Their keys changed meanwhile.
    """
    workshop.challenges.check(proof.nonce, Purpose.ORGANISATION_CODE, locked_out.id)
    consent_of(workshop, locked_out.id)
    subject = bytes.fromhex(locked_out.id)
    message = identity.let_back_in_message(origin, proof.nonce, subject, chosen.recovery_public)
    try:
        identity.verify(_key(workshop).ed_public, message, proof.signature)
    except WrongKeyError as exc:
        raise OrganisationCodeError from exc
    workshop.challenges.spend(proof.nonce)
    slot = Slot(WrapKind.USER_KEY_UNDER_RECOVERY, chosen.recovery_public, chosen.slot)
    with replacing(workshop, locked_out.id, slot), workshop.database.write() as session:
        require_same_keys(session, locked_out)
        accounts.change_recovery(session, locked_out.id, chosen.recovery_public)
        organisation.note_use(session, locked_out.id, used_by)
        sessions.end_all(session, locked_out.id)
    forget_ended(workshop)
    log.info("let back in by the organisation's key")


def _key(workshop: Workshop) -> OrganisationKey:
    with workshop.database.read() as session:
        key = organisation.find(session)
    if key is None:
        raise OrganisationChangedError
    return key


def _require(key: OrganisationKey, fingerprint: bytes) -> None:
    if identity.fingerprint(key.ed_public, key.x_public) != fingerprint:
        raise OrganisationChangedError


def _label(x_public: bytes, subject: bytes) -> SealedKeyLabel:
    return SealedKeyLabel(SealedKeyPurpose.ORGANISATION_RECOVERY, identity.organisation_id(x_public), subject)


def _check(sealed: bytes, expected: SealedKeyLabel) -> None:
    try:
        label = hpke.read_sealed_label(sealed)
    except CryptoError as exc:
        raise KeysRefusedError from exc
    if label != expected:
        raise KeysRefusedError
