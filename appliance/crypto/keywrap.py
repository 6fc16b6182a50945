"""KW1, the wrapped key: a key under another one, bound to the place where the wrap stands.

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
RECORD_BYTES = 32
IDENTITY_BYTES = 64
HEADER = struct.Struct(">4sBBH16s16s")
WRAPPED_BYTES = HEADER.size + chunked.sealed_size(chunked.KEY_BYTES)
WRAPPED_IDENTITY_BYTES = HEADER.size + chunked.sealed_size(IDENTITY_BYTES)
KEY_ID_LABEL = b"cloister/v1/key-id"


class WrapKind(IntEnum):
    """Which key lies under which; 3 is reserved and refused."""

    USER_KEY_UNDER_PASSPHRASE = 1
    USER_KEY_UNDER_RECOVERY = 2
    FILE_KEY_UNDER_USER_KEY = 4
    FILE_KEY_UNDER_WORKSPACE_KEY = 5
    FILE_KEY_UNDER_LINK = 6
    IDENTITY_UNDER_USER_KEY = 7
    FILE_KEY_UNDER_KEK = 8
    KEK_UNDER_ROOT = 9
    USER_KEY_UNDER_HALF = 10
    WORKSPACE_KEY_UNDER_NEXT = 11


FIRST_AND_LAST_EPOCH = {
    WrapKind.FILE_KEY_UNDER_WORKSPACE_KEY: (1, 2**16 - 1),
    WrapKind.FILE_KEY_UNDER_KEK: (1, 2**16 - 1),
    WrapKind.KEK_UNDER_ROOT: (1, 2**16 - 1),
    WrapKind.WORKSPACE_KEY_UNDER_NEXT: (2, 2**16 - 1),  # Nothing comes before the first.
}
"""Of the kinds whose keys have generations; every other kind has epoch 1."""


@dataclass(frozen=True, slots=True)
class WrapLabel:
    """Where a wrap stands; in clear, and authenticated by opening it.

    Attributes:
        kind: Which key lies under which.
        epoch: Generation of the key that is used (kinds 5, 8, 11) or wrapped (kind 9), 1 to 65,535; else 1.
        wrapping_key_id: Id of the key that opens it, 16 bytes.
        subject: Id of the document (kinds 4, 5, 6, 8), account (1, 2, 7, 10), workspace (11) or wrapped key (9),
            16 bytes.
    """

    kind: WrapKind
    epoch: int
    wrapping_key_id: bytes
    subject: bytes


def wrap(wrapping_key: bytes, key: bytes, label: WrapLabel, record: bytes | None = None) -> bytes:
    """Wrap a key under another one.

    Args:
        wrapping_key: 32 bytes.
        key: 32 bytes; of kind 7 the 64 of an identity.
        label: Where the wrap will stand.
        record: Of kind 1 the KDF record that made the wrapping key, 32 bytes; of no other kind.

    Returns:
        144 bytes; 176 of kind 7.

    Raises:
        ValueError: A key, an id, the epoch or the record does not fit the kind.
    """
    return _wrap_with_salt(wrapping_key, key, label, record, os.urandom(chunked.SALT_BYTES))


def unwrap(wrapping_key: bytes, wrapped: bytes, label: WrapLabel, record: bytes | None = None) -> bytes:
    """Return the wrapped key, if the wrap stands where the caller expects it.

    Args:
        wrapping_key: 32 bytes.
        wrapped: As it was found.
        label: Where the caller expects it to stand.
        record: Of kind 1 the KDF record by which the caller made the wrapping key; of no other kind.

    Raises:
        UnknownFormatError: Magic, algorithm, kind or length are not ours.
        TruncatedError: The end is missing.
        WrongContextError: It is another kind, of another epoch, or for another subject.
        WrongKeyError: Another key opens it, or its label, record, salt or commitment was changed.
        TamperedError: The wrapped key was changed.
        ValueError: The wrapping key or the record given by the caller has not the right size.
    """
    found = read_label(wrapped)
    if (found.kind, found.epoch, found.subject) != (label.kind, label.epoch, label.subject):
        raise WrongContextError
    if found.wrapping_key_id != label.wrapping_key_id:
        raise WrongKeyError
    context = wrapped[: HEADER.size] + _extra_context(label.kind, record)
    return chunked.open_sealed(wrapping_key, context, wrapped[HEADER.size :])


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
    if algorithm != ALGORITHM or kind not in list(WrapKind) or len(wrapped) > wrapped_size(WrapKind(kind)):
        raise UnknownFormatError
    if len(wrapped) < wrapped_size(WrapKind(kind)):
        raise TruncatedError
    return WrapLabel(WrapKind(kind), epoch, wrapping_key_id, subject)


def wrapped_size(kind: WrapKind) -> int:
    """Return the bytes of a wrap of a kind: 176 of an identity, 144 of every other."""
    return WRAPPED_IDENTITY_BYTES if kind is WrapKind.IDENTITY_UNDER_USER_KEY else WRAPPED_BYTES


def key_id(key: bytes) -> bytes:
    """Return the public id of a key, 16 bytes, which says which key it is and nothing about it."""
    return HKDFExpand(SHA512(), ID_BYTES, KEY_ID_LABEL).derive(key)


def _wrap_with_salt(wrapping_key: bytes, key: bytes, label: WrapLabel, record: bytes | None, salt: bytes) -> bytes:
    """Wrap under a given salt: apart from ``wrap`` only for the vectors."""
    size = IDENTITY_BYTES if label.kind is WrapKind.IDENTITY_UNDER_USER_KEY else chunked.KEY_BYTES
    if len(key) != size:
        raise ValueError(f"a wrapped key of kind {label.kind} has {size} bytes, not {len(key)}")
    header = _packed(label)
    context = header + _extra_context(label.kind, record)
    return chunked._seal_with_salt(wrapping_key, context, key, salt, header)  # noqa: SLF001 -- a salt must never be an option.


def _extra_context(kind: WrapKind, record: bytes | None) -> bytes:
    """Return what binds the wrap besides its header.

    The record is a parameter of kind 1 alone, and required there: a server that lowers the work, or gives the salt of
    somebody else, then gets a wrap that does not open, and no caller can leave that out by forgetting an argument.
    """
    if (kind is WrapKind.USER_KEY_UNDER_PASSPHRASE) != (record is not None):
        raise ValueError("a wrap of kind 1 is bound to a KDF record, and no other kind is")
    if record is not None and len(record) != RECORD_BYTES:
        raise ValueError(f"a KDF record has {RECORD_BYTES} bytes, not {len(record)}")
    return record or b""


def _packed(label: WrapLabel) -> bytes:
    if len(label.wrapping_key_id) != ID_BYTES or len(label.subject) != ID_BYTES:
        raise ValueError(f"an id has {ID_BYTES} bytes")
    first, last = FIRST_AND_LAST_EPOCH.get(label.kind, (1, 1))
    if not first <= label.epoch <= last:
        raise ValueError(f"an epoch of kind {label.kind} is a number from {first} to {last}, not {label.epoch}")
    return HEADER.pack(MAGIC, label.kind, ALGORITHM, label.epoch, label.wrapping_key_id, label.subject)
