"""The slots of an account: its user key under the passphrase, and under the recovery code; its identity under that key.

Slots lie in the key store, and the public keys that say which slot is the right one lie in the main database. A change
of both can be cut off in between, and must never leave somebody with a passphrase that lets them in and opens nothing.
So the next slot is put beside the old one first, under a name made of its public key; then the public key is changed;
then the next slot takes the old one's place. Whenever that stops, the public key says which of the two is meant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from appliance.crypto import keywrap
from appliance.crypto.keywrap import WrapKind
from appliance.errors import CryptoError, KeysRefusedError
from appliance.records import accounts
from appliance.records.accounts import Account
from appliance.records.keystore import Wrap
from appliance.worker.workshop import Workshop

ID_BYTES = 16
PUBLIC_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that a browser sent.

    Attributes:
        kind: 1, 2 or 7.
        public: The public key that changes together with it, 32 bytes.
        wrapped: The slot.
    """

    kind: WrapKind
    public: bytes
    wrapped: bytes


@contextmanager
def replacing(workshop: Workshop, account_id: str, *slots: Slot) -> Iterator[None]:
    """Put slots in the place of those of before, while the block changes the public keys in the database.

    Raises:
        KeysRefusedError: A slot is not one of this account, or not of its kind.
    """
    subject = bytes.fromhex(account_id)
    for slot in slots:
        _check(slot, subject)
    waiting = [Wrap(subject, slot.kind, _name_of(slot.public), slot.wrapped) for slot in slots]
    settled = [Wrap(subject, slot.kind, subject, slot.wrapped) for slot in slots]
    with workshop.changing_slots:
        workshop.keystore.put(*waiting)
        try:
            yield
        except BaseException:
            workshop.keystore.change((), take_back=waiting)
            raise
        workshop.keystore.change(settled, take_back=waiting)


def slots_of(workshop: Workshop, account: Account) -> dict[WrapKind, bytes]:
    """Return the slots of a person that belong to the public keys of this moment."""
    subject = bytes.fromhex(account.id)
    expected = _expected(account)
    found: dict[WrapKind, bytes] = {}
    for wrap in workshop.keystore.held(subject):
        kind = next((kind for kind in expected if kind == wrap.kind), None)
        if kind is not None and (wrap.holder == expected[kind] or (wrap.holder == subject and kind not in found)):
            found[kind] = wrap.wrapped
    return found


def tidy_slots(workshop: Workshop) -> None:
    """After a start: end the changes that were cut off. Nothing else changes slots meanwhile."""
    with workshop.database.read() as session:
        people = accounts.listing(session)
    for account in people:
        subject = bytes.fromhex(account.id)
        own = [wrap for wrap in workshop.keystore.held(subject) if wrap.kind in _expected(account)]
        waiting = [wrap for wrap in own if wrap.holder != subject]
        if waiting:
            settled = [Wrap(subject, kind, subject, wrapped) for kind, wrapped in slots_of(workshop, account).items()]
            workshop.keystore.change(settled, take_back=waiting)


def _expected(account: Account) -> dict[WrapKind, bytes]:
    publics = {
        WrapKind.USER_KEY_UNDER_PASSPHRASE: account.login_public,
        WrapKind.USER_KEY_UNDER_RECOVERY: account.recovery_public,
        WrapKind.IDENTITY_UNDER_USER_KEY: account.x_public,
    }
    return {kind: _name_of(public or b"") for kind, public in publics.items()}


def _name_of(public: bytes) -> bytes:
    return hashlib.sha256(public).digest()[:ID_BYTES]


def _check(slot: Slot, subject: bytes) -> None:
    try:
        label = keywrap.read_label(slot.wrapped)
    except CryptoError as exc:
        raise KeysRefusedError from exc
    if label.kind != slot.kind or label.subject != subject or len(slot.public) != PUBLIC_KEY_BYTES:
        raise KeysRefusedError
