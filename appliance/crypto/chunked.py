"""Chunked encryption, Cobblestone-256: any bytes sealed under a key and a context, readable at any place.

Source: C2SP chunked-encryption, https://c2sp.org/chunked-encryption; FORMAT.md section 2 repeats what is used here.
"""

from __future__ import annotations

import hmac
import io
import os
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from appliance.errors import TamperedError, TruncatedError, UnknownFormatError, WrongKeyError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

KEY_BYTES = 32
SALT_BYTES = 24
COMMITMENT_BYTES = 32
PREFIX_BYTES = SALT_BYTES + COMMITMENT_BYTES
CHUNK_BYTES = 16_384
TAG_BYTES = 16
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
NONCE_BYTES = 12
MAX_CHUNKS = 2**38  # The specification's limit; past it the nonces' random part would shrink.
INFO_LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"

Buffer = bytes | bytearray | memoryview


def seal(key: bytes, context: bytes, plaintext: Buffer) -> bytes:
    """Seal a message under a key, bound to a context that the reader must know.

    Args:
        key: 32 uniformly random bytes.
        context: What the message is bound to; it is not written into the result.
        plaintext: Of any length, also none.

    Returns:
        Salt 24 ‖ commitment 32 ‖ chunks; ``sealed_size(len(plaintext))`` bytes.

    Raises:
        ValueError: The key is not 32 bytes long.
    """
    return _seal_with_salt(key, context, plaintext, os.urandom(SALT_BYTES))


def open_sealed(key: bytes, context: bytes, sealed: Buffer) -> bytes:
    """Open a whole message.

    Raises:
        TruncatedError: The length is one that no message has.
        WrongKeyError: The commitment is not the one of this key, context and salt.
        TamperedError: A chunk was changed, moved, or cut somewhere else than at its border.
        ValueError: The key is not 32 bytes long.
    """
    view = memoryview(sealed)
    keys = _committed_keys(key, context, view[:PREFIX_BYTES])
    plaintext_size(len(view))
    starts = range(PREFIX_BYTES, len(view), SEALED_CHUNK_BYTES)
    try:
        return b"".join(
            keys.cipher.decrypt(keys.nonce(number), view[start : start + SEALED_CHUNK_BYTES], None)
            for number, start in enumerate(starts)
        )
    except InvalidTag as exc:
        raise TamperedError from exc


def sealed_size(plaintext_bytes: int) -> int:
    """Return the bytes that a plaintext of so many bytes takes when sealed."""
    return PREFIX_BYTES + plaintext_bytes + TAG_BYTES * (plaintext_bytes // CHUNK_BYTES + 1)


def plaintext_size(sealed_bytes: int) -> int:
    """Return the plaintext bytes of a sealed message of so many bytes.

    Raises:
        TruncatedError: No message has this length: its last chunk is shorter than the others, and has a whole tag.
        UnknownFormatError: It is longer than the specification allows.
    """
    full, rest = divmod(sealed_bytes - PREFIX_BYTES, SEALED_CHUNK_BYTES)
    if full < 0 or rest < TAG_BYTES:
        raise TruncatedError
    if full >= MAX_CHUNKS:
        raise UnknownFormatError
    return full * CHUNK_BYTES + rest - TAG_BYTES


class PlaintextView(io.RawIOBase):
    """Read-only, seekable bytes that are opened piece by piece as they are read; not for use by several threads."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__()
        self.size_bytes = size_bytes
        self._position = 0

    @abstractmethod
    def piece_at(self, position: int) -> memoryview:
        """Return some plaintext, at least one byte, that begins at a position before the end."""

    def readable(self) -> bool:
        """Return True: reading is what it is for."""
        return True

    def seekable(self) -> bool:
        """Return True: every chunk can be opened by itself."""
        return True

    def tell(self) -> int:
        """Return the position in the plaintext in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to a position, which may lie past the end, and return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size_bytes}[whence]
        if base + offset < 0:
            raise ValueError(f"negative position {base + offset}")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer as far as there is plaintext; return the bytes written, 0 at the end.

        Raises:
            TamperedError: A chunk was changed. Nothing of that chunk was written.
            TruncatedError: The file became shorter while it was read.
        """
        target = memoryview(buffer)
        if target.nbytes == 0:
            return 0
        target = target.cast("B")
        filled = 0
        while filled < len(target) and self._position < self.size_bytes:
            piece = self.piece_at(self._position)[: len(target) - filled]
            target[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._position += len(piece)
        return filled


class SealedReader(PlaintextView):
    """Opens a sealed message that lies in a region of a file, one chunk of plaintext in memory at a time.

    Only ``pread`` on the given descriptor is used, so it works where nothing may be opened and leaves the file's
    position alone. The last chunk is verified at opening: that authenticates the length, so a cut message is noticed
    before any byte of it is used. The descriptor stays the caller's and is not closed.

    Args:
        descriptor: Open for reading.
        key: 32 bytes.
        context: What the message was bound to.
        offset: Where the salt begins, in bytes.
        length: Bytes of the sealed message.

    Raises:
        TruncatedError: The region is longer than the file, or has a length that no message has.
        WrongKeyError: The commitment is not the one of this key, context and salt.
        TamperedError: The last chunk was changed or cut.
    """

    def __init__(self, descriptor: int, key: bytes, context: bytes, offset: int, length: int) -> None:
        prefix = read_exactly(descriptor, offset, min(length, PREFIX_BYTES))
        self._keys = _committed_keys(key, context, memoryview(prefix))
        super().__init__(plaintext_size(length))
        self._descriptor = descriptor
        self._first_chunk_at = offset + PREFIX_BYTES
        self._end = offset + length
        self._open_number = -1
        self._open_chunk = b""
        self._open(self.size_bytes // CHUNK_BYTES)

    def piece_at(self, position: int) -> memoryview:
        """Return the rest of the chunk in which a position lies."""
        number, start = divmod(position, CHUNK_BYTES)
        if number != self._open_number:
            self._open(number)
        return memoryview(self._open_chunk)[start:]

    def _open(self, number: int) -> None:
        start = self._first_chunk_at + number * SEALED_CHUNK_BYTES
        sealed = read_exactly(self._descriptor, start, min(SEALED_CHUNK_BYTES, self._end - start))
        try:
            self._open_chunk = self._keys.cipher.decrypt(self._keys.nonce(number), sealed, None)
        except InvalidTag as exc:
            raise TamperedError from exc
        self._open_number = number


def read_exactly(descriptor: int, offset: int, length: int) -> bytes:
    """Return exactly so many bytes of a file.

    Raises:
        TruncatedError: The file ends before.
    """
    found = os.pread(descriptor, length, offset)
    while len(found) < length:  # A read may be cut short by a signal; only an empty one is the end.
        more = os.pread(descriptor, length - len(found), offset + len(found))
        if not more:
            raise TruncatedError
        found += more
    return found


@dataclass(frozen=True, slots=True, repr=False)
class _MessageKeys:
    """What one key, context and salt give: a cipher and nonces for one message only."""

    cipher: AESGCM
    base_nonce: int
    commitment: bytes

    def nonce(self, chunk_number: int) -> bytes:
        return (self.base_nonce ^ chunk_number).to_bytes(NONCE_BYTES, "big")


def _seal_with_salt(key: bytes, context: bytes, plaintext: Buffer, salt: bytes, header: bytes = b"") -> bytes:
    """Seal under a given salt and write a header before it, in one copy of the plaintext however long it is.

    Outside of this package only for the vectors: a repeated salt repeats key and nonces.
    """
    keys = _derive(key, context, salt)
    source = memoryview(plaintext)
    # One more chunk than there are full ones: the last is always shorter, if need be empty, and so marks the end.
    chunks = (
        keys.cipher.encrypt(keys.nonce(number), source[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES], None)
        for number in range(len(source) // CHUNK_BYTES + 1)
    )
    return b"".join((header, salt, keys.commitment, *chunks))


def _committed_keys(key: bytes, context: bytes, prefix: memoryview) -> _MessageKeys:
    """Derive the keys of a message and check that it commits to them, before any chunk is opened.

    Without this check AES-GCM alone would let one ciphertext open to two plaintexts under two keys.
    """
    if len(prefix) < PREFIX_BYTES:
        raise TruncatedError
    keys = _derive(key, context, bytes(prefix[:SALT_BYTES]))
    if not hmac.compare_digest(keys.commitment, bytes(prefix[SALT_BYTES:])):
        raise WrongKeyError
    return keys


def _derive(key: bytes, context: bytes, salt: bytes) -> _MessageKeys:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
    length = KEY_BYTES + NONCE_BYTES + COMMITMENT_BYTES
    derived = HKDFExpand(SHA512(), length, INFO_LABEL + salt + context).derive(key)
    return _MessageKeys(
        cipher=AESGCM(derived[:KEY_BYTES]),
        base_nonce=int.from_bytes(derived[KEY_BYTES : KEY_BYTES + NONCE_BYTES], "big"),
        commitment=derived[KEY_BYTES + NONCE_BYTES :],
    )
