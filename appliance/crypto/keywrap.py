"""KW1, the wrapped key: 32 bytes under another key, bound to the place where the wrap stands.

FORMAT.md section 4 is the specification.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from enum import IntEnum

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from appliance.crypto import chunked
from appliance.errors import TruncatedError, UnknownFormatError, WrongContextError, WrongKeyError

MAGIC = b"CLW1"
ALGORITHM = 1  # Cobblestone-256.
ID_BYTES = 16
HEADER = struct.Struct(">4sBBH16s16s")
WRAPPED_BYTES = HEADER.size + chunked.sealed_size(chunked.KEY_BYTES)
KEY_ID_LABEL = b"cloister/v1/key-id"


class WrapKind(IntEnum):
    """Which key lies under which; FORMAT.md lists the numbers reserved for others."""

    FILE_KEY_UNDER_KEK = 8
    KEK_UNDER_ROOT = 9


@dataclass(frozen=True, slots=True)
class WrapLabel:
    """Where a wrap stands; in clear, and authenticated by opening it.

    Attributes:
        kind: Which key lies under which.
        epoch: Generation of the key-encrypting key that is used (kind 8) or wrapped (kind 9), 1 to 65,535.
        wrapping_key_id: Id of the key that opens it, 16 bytes.
        subject: Id of the document (kind 8) or of the wrapped key (kind 9), 16 bytes.
    """

    kind: WrapKind
    epoch: int
    wrapping_key_id: bytes
    subject: bytes


def wrap(wrapping_key: bytes, key: bytes, label: WrapLabel) -> bytes:
    """Wrap a key under another one.

    Returns:
        144 bytes.

    Raises:
        ValueError: A key, an id or the epoch has not the right size.
    """
    return _wrap_with_salt(wrapping_key, key, label, os.urandom(chunked.SALT_BYTES))


def unwrap(wrapping_key: bytes, wrapped: bytes, label: WrapLabel) -> bytes:
    """Return the wrapped key, if the wrap stands where the caller expects it.

    Raises:
        UnknownFormatError: Magic, algorithm, kind or length are not ours.
        TruncatedError: The end is missing.
        WrongContextError: It is another kind, of another epoch, or for another subject.
        WrongKeyError: Another key opens it, or its label, salt or commitment was changed.
        TamperedError: The wrapped key was changed.
        ValueError: The wrapping key is not 32 bytes long.
    """
    found = read_label(wrapped)
    if (found.kind, found.epoch, found.subject) != (label.kind, label.epoch, label.subject):
        raise WrongContextError
    if found.wrapping_key_id != label.wrapping_key_id:
        raise WrongKeyError
    return chunked.open_sealed(wrapping_key, wrapped[: HEADER.size], wrapped[HEADER.size :])


def read_label(wrapped: bytes) -> WrapLabel:
    """Return what a wrap says about itself. Nothing of it is authentic before ``unwrap`` has succeeded.

    Raises:
        UnknownFormatError: Magic, algorithm, kind or length are not ours.
        TruncatedError: The end is missing.
    """
    if wrapped[: len(MAGIC)] != MAGIC[: len(wrapped)]:
        raise UnknownFormatError
    if len(wrapped) < WRAPPED_BYTES:
        raise TruncatedError
    _, kind, algorithm, epoch, wrapping_key_id, subject = HEADER.unpack(wrapped[: HEADER.size])
    if algorithm != ALGORITHM or kind not in list(WrapKind) or len(wrapped) != WRAPPED_BYTES:
        raise UnknownFormatError
    return WrapLabel(WrapKind(kind), epoch, wrapping_key_id, subject)


def require_label(wrapped: bytes, kind: WrapKind, subject: bytes) -> None:
    """Refuse bytes that do not say that they are a certain wrap. Who has no key can check no more than this.

    Raises:
        UnknownFormatError, TruncatedError: As in ``read_label``.
        WrongContextError: It says that it is another kind, or for another subject.
    """
    found = read_label(wrapped)
    if (found.kind, found.subject) != (kind, subject):
        raise WrongContextError


def key_id(key: bytes) -> bytes:
    """Return the public id of a key, 16 bytes, which says which key it is and nothing about it."""
    return HKDFExpand(SHA512(), ID_BYTES, KEY_ID_LABEL).derive(key)


def _wrap_with_salt(wrapping_key: bytes, key: bytes, label: WrapLabel, salt: bytes) -> bytes:
    """Wrap under a given salt: apart from ``wrap`` only for the vectors."""
    if len(key) != chunked.KEY_BYTES:
        raise ValueError(f"a wrapped key has {chunked.KEY_BYTES} bytes, not {len(key)}")
    header = _packed(label)
    return chunked._seal_with_salt(wrapping_key, header, key, salt, header)  # noqa: SLF001 -- a salt must never be an option.


def _packed(label: WrapLabel) -> bytes:
    if len(label.wrapping_key_id) != ID_BYTES or len(label.subject) != ID_BYTES:
        raise ValueError(f"an id has {ID_BYTES} bytes")
    if not 1 <= label.epoch < 2**16:
        raise ValueError(f"an epoch is a number from 1 to 65535, not {label.epoch}")
    return HEADER.pack(MAGIC, label.kind, ALGORITHM, label.epoch, label.wrapping_key_id, label.subject)
