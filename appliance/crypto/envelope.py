"""CB1, the sealed document: which document it is, in clear and authenticated, then its sealed content.

FORMAT.md section 3 is the specification.
"""

from __future__ import annotations

import os
import struct
import zlib
from enum import IntEnum

from appliance.crypto import chunked
from appliance.crypto.chunked import Buffer, SealedReader
from appliance.errors import TamperedError, TruncatedError, UnknownFormatError, WrongContextError

MAGIC = b"CLB1"
ALGORITHM = 1  # Cobblestone-256.
DEFLATED = 1
PADDED = 2
ID_BYTES = 16
HEADER = struct.Struct(">4sBBH16sQ")
SMALLEST_BYTES = HEADER.size + chunked.sealed_size(0)
PADDING_MARK = b"\x80"
# A word of a transcript takes about 100 bytes, and nobody says more than 200,000 in a day. The engine seals what
# hostile audio made it write, so the server must not trust that a sealed text inflates to a sane size.
MAX_TEXT_BYTES = 64 * 2**20


class DocumentType(IntEnum):
    """What a sealed document holds. Audio is sealed as it came; every other type is deflated and padded text."""

    TRANSCRIPT = 1
    SUMMARY = 2
    AUDIO = 3
    SEARCH_PACK = 4
    INDEX = 5
    TITLE = 6
    NAME = 7
    VOCABULARY = 8
    TERMS = 9


def new_file_key() -> bytes:
    """Return a fresh key for one document: 32 random bytes."""
    return os.urandom(chunked.KEY_BYTES)


def new_document_id() -> bytes:
    """Return a fresh id for one document: 16 random bytes."""
    return os.urandom(ID_BYTES)


def seal_document(file_key: bytes, kind: DocumentType, subject: bytes, version: int, plaintext: Buffer) -> bytes:
    """Seal a document, bound to what it is, whose it is and which version.

    Args:
        file_key: 32 bytes, of this document only.
        kind: Text is deflated and padded, audio is not.
        subject: The document's id, 16 bytes.
        version: 0 to 2^64 - 1; of audio the number of the upload chunk.
        plaintext: Text at most 64 MiB.

    Raises:
        ValueError: A key, id, version or size is outside of these bounds.
    """
    body = _pack(plaintext) if kind is not DocumentType.AUDIO else plaintext
    return _seal_body(file_key, _header(kind, subject, version), body, os.urandom(chunked.SALT_BYTES))


def open_document(file_key: bytes, sealed: Buffer, kind: DocumentType, subject: bytes, version: int) -> bytes:
    """Open a document, if it is the one that the caller expects.

    Raises:
        UnknownFormatError: Magic, algorithm, type or flags are not ours, or the content inflates to more than 64 MiB.
        TruncatedError: The end is missing, as far as the length shows it.
        WrongContextError: It says that it is another document, another version or another type.
        WrongKeyError: The key is not its key, or its header, salt or commitment was changed.
        TamperedError: Its content was changed.
        ValueError: The key, id or version given by the caller has not the right size.
    """
    view = memoryview(sealed)
    context = _checked_header(bytes(view[: HEADER.size]), len(view), _header(kind, subject, version))
    body = view[HEADER.size :]
    if kind is DocumentType.AUDIO:
        return chunked.open_sealed(file_key, context, body)
    try:
        packed = chunked.open_sealed(file_key, context, body)
    except TamperedError as exc:
        # The commitment held, so the flags are true and the content was padded: another length was cut off.
        if not _is_padded_size(chunked.plaintext_size(len(body))):
            raise TruncatedError from exc
        raise
    return _unpack(packed)


def require_form(sealed: Buffer, kind: DocumentType, subject: bytes, version: int) -> None:
    """Refuse bytes that do not say that they are a certain document. Who has no key can check no more than this.

    Raises:
        UnknownFormatError, TruncatedError, WrongContextError: As in ``open_document``.
    """
    view = memoryview(sealed)
    _checked_header(bytes(view[: HEADER.size]), len(view), _header(kind, subject, version))
    chunked.plaintext_size(len(view) - HEADER.size)


def audio_reader(
    descriptor: int, offset: int, length: int, file_key: bytes, subject: bytes, number: int
) -> SealedReader:
    """Return a reader of a sealed audio chunk that lies in a region of a file.

    Args:
        descriptor: Open for reading; stays the caller's.
        offset: Where its header begins, in bytes.
        length: Bytes of the sealed chunk, header included.
        file_key: Key of the audio.
        subject: Id of the audio.
        number: Number of the upload chunk.

    Raises:
        UnknownFormatError, TruncatedError, WrongContextError, WrongKeyError, TamperedError: As in ``open_document``.
    """
    head = chunked.read_exactly(descriptor, offset, min(length, HEADER.size))
    context = _checked_header(head, length, _header(DocumentType.AUDIO, subject, number))
    return SealedReader(descriptor, file_key, context, offset + HEADER.size, length - HEADER.size)


def sealed_audio_size(audio_bytes: int) -> int:
    """Return the bytes that an upload chunk of so many bytes takes when sealed."""
    return HEADER.size + chunked.sealed_size(audio_bytes)


def padded_size(size_bytes: int) -> int:
    """Return the size to which content is padded, so that its length tells little: at most 12 % more.

    Source: Padmé, in Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs",
        2019.
    """
    if size_bytes < 2:  # noqa: PLR2004 -- log2 of log2 needs at least 2.
        return size_bytes
    exponent = size_bytes.bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    mask = (1 << low_bits) - 1
    return (size_bytes + mask) & ~mask


def _header(kind: DocumentType, subject: bytes, version: int) -> bytes:
    if len(subject) != ID_BYTES:
        raise ValueError(f"a document id has {ID_BYTES} bytes, not {len(subject)}")
    if not 0 <= version < 2**64:
        raise ValueError(f"a version is a number of 64 bits, not {version}")
    return HEADER.pack(MAGIC, kind, ALGORITHM, _flags(kind), subject, version)


def _flags(kind: int) -> int:
    return 0 if kind == DocumentType.AUDIO else DEFLATED | PADDED


def _checked_header(head: bytes, length: int, expected: bytes) -> bytes:
    """Return the header, which is the context, if it is the expected one; tell apart in which way it is not."""
    if head[: len(MAGIC)] != MAGIC[: len(head)]:
        raise UnknownFormatError
    if length < SMALLEST_BYTES:
        raise TruncatedError
    _, kind, algorithm, flags, _, _ = HEADER.unpack(head)
    if algorithm != ALGORITHM or kind not in list(DocumentType) or flags != _flags(kind):
        raise UnknownFormatError
    if head != expected:
        raise WrongContextError
    return head


def _seal_body(file_key: bytes, header: bytes, body: Buffer, salt: bytes) -> bytes:
    """Seal packed content under a given salt: apart from ``seal_document`` only for the vectors."""
    return chunked._seal_with_salt(file_key, header, body, salt, header)  # noqa: SLF001 -- a salt must never be an option.


def _pack(text: Buffer) -> bytes:
    if len(text) > MAX_TEXT_BYTES:
        raise ValueError(f"a text has at most {MAX_TEXT_BYTES} bytes, not {len(text)}")
    deflate = zlib.compressobj(level=6, wbits=-15)
    marked = deflate.compress(text) + deflate.flush() + PADDING_MARK
    return marked.ljust(padded_size(len(marked)), b"\0")


def _unpack(packed: bytes) -> bytes:
    """Undo ``_pack``; the bytes are authentic, so what does not fit was written by something that is not a Cloister."""
    marked = packed.rstrip(b"\0")
    if not marked.endswith(PADDING_MARK) or len(packed) != padded_size(len(marked)):
        raise UnknownFormatError
    inflate = zlib.decompressobj(wbits=-15)
    try:
        text = inflate.decompress(marked[:-1], MAX_TEXT_BYTES + 1)
    except zlib.error as exc:
        raise UnknownFormatError from exc
    # Past the limit, never ended, or followed by bytes that nobody reads.
    if len(text) > MAX_TEXT_BYTES or not inflate.eof or inflate.unused_data:
        raise UnknownFormatError
    return text


def _is_padded_size(size_bytes: int) -> bool:
    return size_bytes > 0 and padded_size(size_bytes) == size_bytes
