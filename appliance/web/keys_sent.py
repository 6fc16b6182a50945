"""What scripts send and get about keys: as JSON, each of its one size, and nothing else beside it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from appliance.crypto.hpke import SEALED_KEY_BYTES
from appliance.crypto.keywrap import WRAPPED_BYTES, WRAPPED_IDENTITY_BYTES, WrapKind
from appliance.records.accounts import Account
from appliance.web.security import csrf_token
from appliance.worker.entering import Proof
from appliance.worker.slots import slots_of
from appliance.worker.workshop import Workshop

MOST_NAME_CHARACTERS = 400  # Longer than any name may be, so that a long one is refused in words.

Name = Annotated[str, msgspec.Meta(max_length=MOST_NAME_CHARACTERS)]
PublicKey = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Record = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Nonce = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
WrappedKey = Annotated[bytes, msgspec.Meta(min_length=WRAPPED_BYTES, max_length=WRAPPED_BYTES)]
SealedKey = Annotated[bytes, msgspec.Meta(min_length=SEALED_KEY_BYTES, max_length=SEALED_KEY_BYTES)]
Fingerprint = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
WrappedIdentity = Annotated[bytes, msgspec.Meta(min_length=WRAPPED_IDENTITY_BYTES, max_length=WRAPPED_IDENTITY_BYTES)]


class SentSlots(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The slots of an account."""

    passphrase: WrappedKey
    recovery: WrappedKey
    identity: WrappedIdentity


class Enrolment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a browser made for somebody who enrols."""

    name: Name
    kdf: Record
    login_public: PublicKey
    recovery_public: PublicKey
    ed_public: PublicKey
    x_public: PublicKey
    slots: SentSlots


class SaidName(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who somebody says they are."""

    name: Name


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be signed, and how the passphrase is stretched."""

    account_id: str
    kdf: bytes
    nonce: bytes


class SentProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who somebody says they are, with the proof."""

    name: Name
    nonce: Nonce
    signature: Signature

    @property
    def proof(self) -> Proof:
        """The proof by itself."""
        return Proof(self.nonce, self.signature)


class SentPassphrase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another passphrase, as far as a server may know it, and the proof of the one before."""

    kdf: Record
    login_public: PublicKey
    slot: WrappedKey
    nonce: Nonce
    proof: Signature


class SentRecovery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another recovery code, as far as a server may know it, and the proof of the passphrase."""

    recovery_public: PublicKey
    slot: WrappedKey
    nonce: Nonce
    proof: Signature


class SentOrganisation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The organisation's keys, as far as a server may know them."""

    ed_public: PublicKey
    x_public: PublicKey


class SentConsent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That the organisation may recover an account, and the proof of the passphrase.

    Attributes:
        organisation: Fingerprint of the keys whose words were compared.
        sealed: The user key, sealed to them.
    """

    organisation: Fingerprint
    sealed: SealedKey
    nonce: Nonce
    proof: Signature


class SentWithdrawal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That it may not any more, and the proof of the passphrase."""

    nonce: Nonce
    proof: Signature


class LockedOutPerson(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator's browser needs, besides the organisation's code, to let somebody back in.

    Attributes:
        nonce: To be signed with the organisation's key.
        consent: The person's user key, sealed to the organisation.
        identity: Their identity under that user key, which shows whether it is the right one.
    """

    account_id: str
    name: str
    nonce: bytes
    consent: bytes
    identity: bytes
    ed_public: bytes
    x_public: bytes


class SentDeletion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That everything of a person is to go, who says so, and the proof of the passphrase.

    Attributes:
        with_account: Whether the account goes too; the signature says so as well.
    """

    name: Name
    with_account: bool
    nonce: Nonce
    signature: Signature


class KeptSlots(msgspec.Struct, frozen=True, kw_only=True):
    """The slots of an account as they are kept."""

    passphrase: bytes
    recovery: bytes
    identity: bytes


class VaultState(msgspec.Struct, frozen=True, kw_only=True):
    """What a person's browser needs to open their vault, which is nothing without the passphrase.

    Attributes:
        csrf_token: What the page sends back with changes, now that it has a session.
    """

    account_id: str
    name: str
    role: str
    kdf: bytes
    ed_public: bytes
    x_public: bytes
    slots: KeptSlots
    csrf_token: str


class Half(msgspec.Struct, frozen=True, kw_only=True):
    """Half of what unlocks a tab again."""

    half: bytes


def vault_state(workshop: Workshop, account: Account, session_token: str) -> VaultState:
    """Return what opens the vault of somebody who is signed in."""
    slots = slots_of(workshop, account)
    return VaultState(
        account_id=account.id,
        name=account.name,
        role=account.role,
        kdf=account.kdf or b"",
        ed_public=account.ed_public or b"",
        x_public=account.x_public or b"",
        slots=KeptSlots(
            passphrase=slots.get(WrapKind.USER_KEY_UNDER_PASSPHRASE, b""),
            recovery=slots.get(WrapKind.USER_KEY_UNDER_RECOVERY, b""),
            identity=slots.get(WrapKind.IDENTITY_UNDER_USER_KEY, b""),
        ),
        csrf_token=csrf_token(session_token),
    )
