"""Somebody at an appliance, with keys made as a browser makes them: they enrol and sign in for real."""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from appliance.crypto import identity, keywrap
from appliance.crypto.identity import Identity
from appliance.crypto.kdf import LEAST_MEMORY_KIB, KdfAlgorithm, KdfRecord, stretch
from appliance.crypto.keywrap import WrapKind, WrapLabel
from appliance.records.accounts import PublicKeys
from appliance.worker.enrolling import Slots

PASSPHRASE = "four grey herons in the rain"
QUICK = KdfRecord(KdfAlgorithm.ARGON2ID, lanes=1, cost=LEAST_MEMORY_KIB, passes=1, salt=b"a salt of a test")
"""The least work that is allowed, so that a test does not wait for more."""

ACCOUNT = re.compile(r'data-account="([0-9a-f]{32})"')


class Answer(Protocol):
    """What a test's client answers."""

    status_code: int
    text: str

    def json(self) -> Any: ...


class Client(Protocol):
    """What a person needs of a client: httpx's, or Litestar's for tests."""

    def get(self, url: str, /) -> Any: ...

    def post(self, url: str, /, *, json: Any) -> Any: ...


@dataclass
class Person:
    """One person, as their own browser knows them."""

    name: str = "owner"
    passphrase: str = PASSPHRASE
    record: KdfRecord = QUICK
    account_id: str = ""
    user_key: bytes = field(default_factory=lambda: os.urandom(32))
    code: bytes = field(default_factory=lambda: os.urandom(32))
    identity: Identity = field(default_factory=Identity.fresh)

    @property
    def wrap_key(self) -> bytes:
        return identity.person_keys(stretched(self.passphrase, self.record))[0]

    @property
    def login_seed(self) -> bytes:
        return identity.person_keys(stretched(self.passphrase, self.record))[1]

    @property
    def recovery_seed(self) -> bytes:
        return identity.recovery_keys(self.code)[1]

    @property
    def keys(self) -> PublicKeys:
        return PublicKeys(
            kdf=self.record.encode(),
            login_public=identity.public_of_seed(self.login_seed),
            recovery_public=identity.public_of_seed(self.recovery_seed),
            ed_public=self.identity.ed_public,
            x_public=self.identity.x_public,
        )

    @property
    def slots(self) -> Slots:
        return Slots(self.passphrase_slot(), self.recovery_slot(), self.identity_slot())

    def passphrase_slot(self) -> bytes:
        label = self._label(WrapKind.USER_KEY_UNDER_PASSPHRASE, self.wrap_key)
        return keywrap.wrap(self.wrap_key, self.user_key, label, self.record.encode())

    def recovery_slot(self) -> bytes:
        key = identity.recovery_keys(self.code)[0]
        return keywrap.wrap(key, self.user_key, self._label(WrapKind.USER_KEY_UNDER_RECOVERY, key))

    def identity_slot(self) -> bytes:
        label = self._label(WrapKind.IDENTITY_UNDER_USER_KEY, self.user_key)
        return keywrap.wrap(self.user_key, self.identity.encode(), label)

    def opens(self, slot: bytes) -> bool:
        """Tell whether this passphrase opens a slot and finds this person's own user key in it."""
        label = self._label(WrapKind.USER_KEY_UNDER_PASSPHRASE, self.wrap_key)
        return keywrap.unwrap(self.wrap_key, slot, label, self.record.encode()) == self.user_key

    def enrolment(self) -> dict[str, Any]:
        """Return what the page of a link sends."""
        slots = self.slots
        return {
            "name": self.name,
            **{field: text(getattr(self.keys, field)) for field in PublicKeys.__slots__},
            "slots": {name: text(getattr(slots, name)) for name in Slots.__slots__},
        }

    def enrol(self, client: Client, token: str) -> Any:
        """Open a link and use it; returns the answer."""
        page = client.get(f"/setup/{token}")
        assert page.status_code == 200, page.text
        found = ACCOUNT.search(page.text)
        assert found is not None
        self.account_id = found[1]
        return client.post(f"/setup/{token}", json=self.enrolment())

    def sign_in(self, client: Client, origin: str) -> Any:
        """Prove the passphrase; returns the answer."""
        asked = client.post("/sign-in/begin", json={"name": self.name}).json()
        record = KdfRecord.decode(base64.b64decode(asked["kdf"]))
        seed = identity.person_keys(stretched(self.passphrase, record))[1]
        signature = identity.sign(seed, identity.login_message(origin, base64.b64decode(asked["nonce"])))
        proof = {"name": self.name, "nonce": asked["nonce"], "signature": text(signature)}
        return client.post("/sign-in/finish", json=proof)

    def recover(self, client: Client, origin: str) -> Any:
        """Prove the recovery code; returns the answer."""
        asked = client.post("/recover/begin", json={"name": self.name}).json()
        message = identity.recovery_message(origin, base64.b64decode(asked["nonce"]))
        signature = identity.sign(self.recovery_seed, message)
        proof = {"name": self.name, "nonce": asked["nonce"], "signature": text(signature)}
        return client.post("/recover/finish", json=proof)

    def _label(self, kind: WrapKind, wrapping_key: bytes) -> WrapLabel:
        return WrapLabel(kind, 1, keywrap.key_id(wrapping_key), bytes.fromhex(self.account_id))


@cache
def stretched(passphrase: str, record: KdfRecord) -> bytes:
    """Stretch a passphrase once a run: tests use few."""
    return stretch(passphrase, record)


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()
