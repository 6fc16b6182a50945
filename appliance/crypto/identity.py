"""A person's keys: what a passphrase and a recovery code give, the identity that others see, and what is signed.

The keys of an organisation, by which it lets its people back in, are an identity too.

FORMAT.md section 7 is the specification.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from appliance.crypto.kdf import hkdf256
from appliance.errors import WrongKeyError

KEY_BYTES = 32
NONCE_BYTES = 32
SIGNATURE_BYTES = 64
FINGERPRINT_WORDS = 8
BITS_A_WORD = 11
WORDS_FILE = Path(__file__).with_name("words.txt")

LOGIN_LABEL = b"cloister/login/v1\0"
RECOVER_LABEL = b"cloister/recover/v1\0"
PASSPHRASE_LABEL = b"cloister/passphrase/v1\0"
RECOVERY_LABEL = b"cloister/recovery/v1\0"
DELETION_LABEL = b"cloister/deletion/v1\0"
CONSENT_LABEL = b"cloister/consent/v1\0"
LET_BACK_IN_LABEL = b"cloister/let-back-in/v1\0"
ID_BYTES = 16


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """The private halves by which others know a person: one key opens, the other signs.

    Attributes:
        x_private: X25519, 32 bytes; opens what is sealed to this person.
        ed_seed: Ed25519 seed, 32 bytes; signs member lists.
    """

    x_private: bytes
    ed_seed: bytes

    def __post_init__(self) -> None:
        """Check the sizes, because the two halves lie beside each other in one wrap."""
        if len(self.x_private) != KEY_BYTES or len(self.ed_seed) != KEY_BYTES:
            raise ValueError(f"each half of an identity has {KEY_BYTES} bytes")

    @classmethod
    def fresh(cls) -> Identity:
        """Return a random identity."""
        return cls(os.urandom(KEY_BYTES), os.urandom(KEY_BYTES))

    @classmethod
    def decode(cls, encoded: bytes) -> Identity:
        """Read an identity from the 64 bytes that a wrap of kind 7 holds."""
        return cls(encoded[:KEY_BYTES], encoded[KEY_BYTES:])

    def encode(self) -> bytes:
        """Return the 64 bytes that a wrap of kind 7 holds."""
        return self.x_private + self.ed_seed

    @property
    def x_public(self) -> bytes:
        """The X25519 public key, 32 bytes."""
        return x_public_of(self.x_private)

    @property
    def ed_public(self) -> bytes:
        """The Ed25519 public key, 32 bytes."""
        return public_of_seed(self.ed_seed)

    @property
    def fingerprint(self) -> bytes:
        """The fingerprint of both public keys, 32 bytes."""
        return fingerprint(self.ed_public, self.x_public)


def person_keys(master_key: bytes) -> tuple[bytes, bytes]:
    """Return what a stretched passphrase gives: the key that wraps the user key, and the seed of the login key."""
    return hkdf256(master_key, b"cloister/v1/kek"), hkdf256(master_key, b"cloister/v1/login-ed25519")


def recovery_keys(code: bytes) -> tuple[bytes, bytes]:
    """Return what the 32 bytes of a recovery code give: the key that wraps the user key, and a seed to sign in."""
    return hkdf256(code, b"cloister/v1/recovery-kek"), hkdf256(code, b"cloister/v1/recovery-ed25519")


def organisation_identity(code: bytes) -> Identity:
    """Return what the 32 bytes of an organisation's code give: the key that opens consents, and the one that proves."""
    return Identity(
        hkdf256(code, b"cloister/v1/organisation-x25519"), hkdf256(code, b"cloister/v1/organisation-ed25519")
    )


def organisation_id(x_public: bytes) -> bytes:
    """Return by what a sealed key names an organisation as its recipient, 16 bytes."""
    return hashlib.sha256(_public(x_public)).digest()[:ID_BYTES]


def index_key(user_key: bytes) -> bytes:
    """Return the key that seals a person's index (CB1 type 5); no wrap carries it."""
    return hkdf256(user_key, b"cloister/v1/index")


def fingerprint(ed_public: bytes, x_public: bytes) -> bytes:
    """Return the SHA-256 of both public keys: what two people compare to be sure of each other's keys."""
    if len(ed_public) != KEY_BYTES or len(x_public) != KEY_BYTES:
        raise ValueError(f"a public key has {KEY_BYTES} bytes")
    return hashlib.sha256(ed_public + x_public).digest()


def fingerprint_words(print_bytes: bytes) -> tuple[str, ...]:
    """Return the first 88 bits of a fingerprint as eight words that can be read out on the telephone."""
    number = int.from_bytes(print_bytes[: FINGERPRINT_WORDS * BITS_A_WORD // 8], "big")
    shifts = range((FINGERPRINT_WORDS - 1) * BITS_A_WORD, -1, -BITS_A_WORD)
    return tuple(words()[number >> shift & (1 << BITS_A_WORD) - 1] for shift in shifts)


@cache
def words() -> tuple[str, ...]:
    """Return the 2,048 English words of BIP-39, in order."""
    return tuple(WORDS_FILE.read_text(encoding="ascii").split())


def public_of_seed(seed: bytes) -> bytes:
    """Return the Ed25519 public key of a seed, 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def x_public_of(private: bytes) -> bytes:
    """Return the X25519 public key of a private one, 32 bytes."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def login_message(origin: str, nonce: bytes) -> bytes:
    """Return what is signed to sign in. The origin keeps another site from passing our nonce on."""
    return _message(LOGIN_LABEL, origin, nonce)


def recovery_message(origin: str, nonce: bytes) -> bytes:
    """Return what is signed to sign in by the recovery code."""
    return _message(RECOVER_LABEL, origin, nonce)


def passphrase_message(origin: str, nonce: bytes, login_public: bytes) -> bytes:
    """Return what is signed, by the login key from before, to put another login key in its place."""
    return _message(PASSPHRASE_LABEL, origin, nonce) + _public(login_public)


def recovery_change_message(origin: str, nonce: bytes, recovery_public: bytes) -> bytes:
    """Return what is signed, by the login key, to put another recovery key in the place of the one before."""
    return _message(RECOVERY_LABEL, origin, nonce) + _public(recovery_public)


def deletion_message(origin: str, nonce: bytes, *, with_account: bool) -> bytes:
    """Return what is signed, by the login key, to delete everything of a person, and their account where meant."""
    return _message(DELETION_LABEL, origin, nonce) + (b"\1" if with_account else b"\0")


def consent_message(origin: str, nonce: bytes, organisation: bytes | None) -> bytes:
    """Return what is signed, by the login key, to let an organisation recover the account, or to take that back.

    Args:
        origin: Of the appliance.
        nonce: 32 bytes.
        organisation: Fingerprint of its keys, 32 bytes; None takes the consent back.
    """
    return _message(CONSENT_LABEL, origin, nonce) + _public(organisation or bytes(KEY_BYTES))


def let_back_in_message(origin: str, nonce: bytes, account_id: bytes, recovery_public: bytes) -> bytes:
    """Return what is signed, by the organisation's key, to give somebody who lost theirs another recovery key."""
    if len(account_id) != ID_BYTES:
        raise ValueError(f"an id has {ID_BYTES} bytes")
    return _message(LET_BACK_IN_LABEL, origin, nonce) + account_id + _public(recovery_public)


def sign(seed: bytes, message: bytes) -> bytes:
    """Return the Ed25519 signature of a message, 64 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Check a signature.

    Raises:
        WrongKeyError: It was not made by this key over this message.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as exc:  # A key or a signature of another length verifies nothing.
        raise WrongKeyError from exc


def _message(label: bytes, origin: str, nonce: bytes) -> bytes:
    # Label and origin end in a zero byte and hold none, and the nonce has one size: no two messages are the same bytes.
    if not origin.isascii() or "\0" in origin or not origin:
        raise ValueError("an origin is ASCII without a zero byte")
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes, not {len(nonce)}")
    return label + origin.encode("ascii") + b"\0" + nonce


def _public(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a public key has {KEY_BYTES} bytes, not {len(key)}")
    return key
