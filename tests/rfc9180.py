"""HPKE base mode written a second time, from RFC 9180 alone and with nothing but HMAC: it checks the library's suite.

It gives what the suite cannot: a chosen ephemeral key, so that vectors have the same bytes on each run, and the values
in between, which the RFC publishes. Tests and scripts/vectors only; a chosen ephemeral key is no key.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEM_ID = 0x0020  # DHKEM(X25519, HKDF-SHA256).
KDF_ID = 0x0001  # HKDF-SHA256.
AES_256_GCM = 0x0002
KEY_BYTES = {0x0001: 16, AES_256_GCM: 32}
KEM_SUITE = b"KEM" + KEM_ID.to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class Schedule:
    """What both sides have in common, by the names of RFC 9180 section 5.1."""

    key_schedule_context: bytes
    secret: bytes
    key: bytes
    base_nonce: bytes
    exporter_secret: bytes


def seal(public: bytes, ephemeral: bytes, info: bytes, plaintext: bytes) -> bytes:
    """Return enc ‖ ct of one message with AES-256-GCM and without additional data."""
    shared, enc = encapsulate(public, ephemeral)
    schedule = key_schedule(shared, info, AES_256_GCM)
    return enc + AESGCM(schedule.key).encrypt(nonce(schedule, 0), plaintext, None)


def encapsulate(public: bytes, ephemeral: bytes) -> tuple[bytes, bytes]:
    """Return the shared secret and enc: section 4.1, Encap with a chosen ephemeral key."""
    enc = _public_of(ephemeral)
    return _extract_and_expand(_dh(ephemeral, public), enc + public), enc


def decapsulate(enc: bytes, private: bytes) -> bytes:
    """Return the shared secret: section 4.1, Decap."""
    return _extract_and_expand(_dh(private, enc), enc + _public_of(private))


def key_schedule(shared_secret: bytes, info: bytes, aead_id: int) -> Schedule:
    """Return the keys of section 5.1, KeySchedule in mode base."""
    suite = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (KEM_ID, KDF_ID, aead_id))
    context = (
        b"\0" + _labeled_extract(suite, b"", b"psk_id_hash", b"") + _labeled_extract(suite, b"", b"info_hash", info)
    )
    secret = _labeled_extract(suite, shared_secret, b"secret", b"")
    return Schedule(
        key_schedule_context=context,
        secret=secret,
        key=_labeled_expand(suite, secret, b"key", context, KEY_BYTES[aead_id]),
        base_nonce=_labeled_expand(suite, secret, b"base_nonce", context, 12),
        exporter_secret=_labeled_expand(suite, secret, b"exp", context, 32),
    )


def nonce(schedule: Schedule, sequence: int) -> bytes:
    """Return the nonce of a message: section 5.2, ComputeNonce."""
    return (int.from_bytes(schedule.base_nonce, "big") ^ sequence).to_bytes(12, "big")


def _extract_and_expand(dh: bytes, kem_context: bytes) -> bytes:
    eae_prk = _labeled_extract(KEM_SUITE, b"", b"eae_prk", dh)
    return _labeled_expand(KEM_SUITE, eae_prk, b"shared_secret", kem_context, 32)


def _labeled_extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return _hmac(salt or bytes(32), b"HPKE-v1" + suite + label + ikm)


def _labeled_expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    # One round of HKDF-Expand gives 32 bytes, and nothing here asks for more.
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return _hmac(prk, labeled + b"\1")[:length]


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _dh(private: bytes, public: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))


def _public_of(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
