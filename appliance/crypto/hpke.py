"""SL1, the sealed key: a key for somebody of whom only the public key is known.

FORMAT.md section 8 is the specification.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from appliance.errors import TruncatedError, UnknownFormatError, WrongContextError, WrongKeyError

MAGIC = b"CLS1"
KEM_X25519_HKDF_SHA256 = 0x0020
KDF_HKDF_SHA256 = 0x0001
AEAD_AES_256_GCM = 0x0002
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
INFO_LABEL = b"cloister-seal-v1\0"
HEADER = struct.Struct(">4sHHHBB16s16s")
KEY_BYTES = 32
ID_BYTES = 16
SEALED_KEY_BYTES = HEADER.size + 32 + KEY_BYTES + 16  # Header, encapsulated key, ciphertext, tag.


class SealedKeyPurpose(IntEnum):
    """What is sealed, and to whom."""

    RESULT = 1
    WORKSPACE_KEY = 2
    ORGANISATION_RECOVERY = 3


@dataclass(frozen=True, slots=True)
class SealedKeyLabel:
    """Where a sealed key stands; in clear, and authenticated by opening it.

    Attributes:
        purpose: A result's file key, a workspace key, or a user key for the organisation's recovery.
        recipient: Account or workspace id; for recovery the first 16 bytes of SHA-256 of the organisation's key.
        subject: Id of the document, the workspace or the account that the key opens, 16 bytes.
    """

    purpose: SealedKeyPurpose
    recipient: bytes
    subject: bytes


def seal_key(public: bytes, key: bytes, label: SealedKeyLabel) -> bytes:
    """Seal a key to the holder of a private key, by HPKE in base mode: it does not say who sealed it.

    Args:
        public: X25519, 32 bytes.
        key: 32 bytes.
        label: Where it will stand.

    Returns:
        124 bytes.

    Raises:
        WrongKeyError: The public key is one with which every secret would be known (a point of low order).
        ValueError: A key or an id has not the right size.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"a sealed key has {KEY_BYTES} bytes, not {len(key)}")
    header = _packed(label)
    recipient = X25519PublicKey.from_public_bytes(public)
    try:
        return header + SUITE.encrypt(key, recipient, info=INFO_LABEL + header)
    except ValueError as exc:
        # RFC 9180 section 7.1.4: an all-zero shared secret MUST be refused. Whoever swaps such a key in could open all.
        raise WrongKeyError from exc


def open_key(private: bytes, sealed: bytes, label: SealedKeyLabel) -> bytes:
    """Return the sealed key, if it stands where the caller expects it.

    Raises:
        UnknownFormatError: Magic, suite, purpose or length are not ours.
        TruncatedError: The end is missing.
        WrongContextError: It has another purpose, recipient or subject.
        WrongKeyError: Another private key opens it, or anything of it was changed. HPKE cannot tell these apart.
        ValueError: The private key is not 32 bytes long.
    """
    if read_sealed_label(sealed) != label:
        raise WrongContextError
    header, rest = sealed[: HEADER.size], sealed[HEADER.size :]
    holder = X25519PrivateKey.from_private_bytes(private)
    try:
        return SUITE.decrypt(rest, holder, info=INFO_LABEL + header)
    except InvalidTag as exc:  # The suite reports an all-zero shared secret in the same way.
        raise WrongKeyError from exc


def read_sealed_label(sealed: bytes) -> SealedKeyLabel:
    """Return what a sealed key says about itself. Nothing of it is authentic before ``open_key`` has succeeded.

    Raises:
        UnknownFormatError: Magic, suite, purpose or length are not ours.
        TruncatedError: The end is missing.
    """
    if sealed[: len(MAGIC)] != MAGIC[: len(sealed)]:
        raise UnknownFormatError
    if len(sealed) < SEALED_KEY_BYTES:
        raise TruncatedError
    if len(sealed) > SEALED_KEY_BYTES:
        raise UnknownFormatError
    _, kem, kdf, aead, purpose, zero, recipient, subject = HEADER.unpack(sealed[: HEADER.size])
    if (kem, kdf, aead) != (KEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM):
        raise UnknownFormatError
    if zero != 0 or purpose not in list(SealedKeyPurpose):
        raise UnknownFormatError
    return SealedKeyLabel(SealedKeyPurpose(purpose), recipient, subject)


def _packed(label: SealedKeyLabel) -> bytes:
    if len(label.recipient) != ID_BYTES or len(label.subject) != ID_BYTES:
        raise ValueError(f"an id has {ID_BYTES} bytes")
    suite = (KEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM)
    return HEADER.pack(MAGIC, *suite, label.purpose, 0, label.recipient, label.subject)
