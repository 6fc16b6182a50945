"""The file on the stick: an uncompressed POSIX ustar with the members of a bundle in their order, and nothing else.

It is read once from front to back, without seeking, and never by a library that also knows links, devices, sparse
files, long names and owners: of the format this module knows what a bundle needs. FORMAT.md section 6 is the
specification.

Source: POSIX.1-2017, pax, "ustar Interchange Format".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from appliance.bundles.envelope import MAX_ENVELOPE_BYTES
from appliance.bundles.roots import MAX_ROOT_BYTES
from appliance.errors import (
    ArchiveHeaderError,
    ArchiveKindError,
    ArchiveNameError,
    ArchiveOrderError,
    ArchivePaddingError,
    ArchiveSizeError,
    ArchiveTrailingError,
    ArchiveTruncatedError,
)

BLOCK_BYTES = 512
PIECE_BYTES = 2**20
END = bytes(2 * BLOCK_BYTES)
ENVELOPE_NAME = "bundle.dsse.json"
MAX_ROOTS = 8
MAX_MEMBER_BYTES = 8**11 - 1

NAME = slice(0, 100)
SIZE = slice(124, 136)
CHECKSUM = slice(148, 156)
KIND = slice(156, 157)
MAGIC = slice(257, 265)
USTAR = b"ustar\x0000"
PLAIN_FILE = b"0"
NAMES = re.compile(
    rb"(?P<envelope>bundle\.dsse\.json)|roots/(?P<root>[1-9][0-9]{0,8})\.root\.dsse\.json|blobs/(?P<blob>[0-9a-f]{64})"
)


class Stream(Protocol):
    """Where an archive comes from; fewer bytes than asked are taken for what they are, none for the end."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most so many bytes."""


class Sink(Protocol):
    """Where an archive goes; takes all that it is given."""

    def write(self, blob: bytes, /) -> object:
        """Write bytes."""


class Part(IntEnum):
    """What a member is; the numbers are the order of a bundle."""

    ENVELOPE = 0
    ROOT = 1
    BLOB = 2


@dataclass(frozen=True, slots=True)
class Member:
    """A member as its header describes it.

    Attributes:
        part: What it is.
        name: Its whole name.
        size_bytes: Of its content.
        number: Of a root; 0 otherwise.
    """

    part: Part
    name: str
    size_bytes: int
    number: int = 0


class ArchiveReader:
    """Reads one archive, a piece at a time; what it holds in memory does not grow with the archive.

    Args:
        stream: Positioned at the first byte; never read beyond the byte after the end.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._left = 0
        self._padding = 0
        self._current = Member(Part.ENVELOPE, "", 0)
        self._roots = 0

    def next_member(self) -> Member | None:
        """Return the next member, or None at the end.

        Raises:
            ArchiveTruncatedError: The archive ends before its end.
            ArchiveHeaderError: The header is not the one that we would write for this member.
            ArchiveKindError: It is no plain file.
            ArchiveNameError: No member of a bundle is called so.
            ArchiveOrderError: It does not belong here.
            ArchiveSizeError: It is larger than one of its part may be.
            ArchiveTrailingError: Something follows the end.
            ValueError: The content of the member before was not read.
        """
        if self._left or self._padding:
            raise ValueError(f"{self._current.name} was not read to its end")
        block = self._exactly(BLOCK_BYTES)
        if block == bytes(BLOCK_BYTES):
            self._finish()
            return None
        member = _described(block)
        self._require_order(member)
        self._current, self._left = member, member.size_bytes
        self._padding = -member.size_bytes % BLOCK_BYTES
        return member

    def pieces(self) -> Iterator[bytes]:
        """Yield the content of the member, at most 1 MiB at a time.

        Raises:
            ArchiveTruncatedError: The archive ends before.
            ArchivePaddingError: What fills its last block are not zeros.
        """
        while self._left:
            piece = self._stream.read(min(self._left, PIECE_BYTES))
            if not piece:
                raise ArchiveTruncatedError
            self._left -= len(piece)
            yield piece
        padding, self._padding = self._exactly(self._padding), 0
        if padding.strip(b"\0"):
            raise ArchivePaddingError(name=self._current.name)

    def skip(self) -> None:
        """Go on behind the content of the member, unread where the stream can do that; raises as ``pieces`` does."""
        pass_over = getattr(self._stream, "pass_over", None)
        if pass_over is not None and pass_over(self._left):
            self._left = 0  # Behind the end of a file that was cut the next byte is missing, and that shows.
        for _ in self.pieces():
            pass

    def content(self) -> bytes:
        """Return the whole content of an envelope or a root, whose sizes are bounded; raises as ``pieces`` does."""
        return b"".join(self.pieces())

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            more = self._stream.read(size - len(found))
            if not more:
                raise ArchiveTruncatedError
            found += more
        return found

    def _require_order(self, member: Member) -> None:
        before = self._current
        is_due = member.part >= before.part
        if not before.name or member.part is Part.ENVELOPE:
            is_due = not before.name and member.part is Part.ENVELOPE
        if member.part is Part.ROOT:
            self._roots += 1
            is_due = is_due and member.number > before.number and self._roots <= MAX_ROOTS
        if not is_due:
            raise ArchiveOrderError(found=member.name, expected=_expected(before, self._roots))

    def _finish(self) -> None:
        if not self._current.name:
            raise ArchiveOrderError(found="the end", expected=ENVELOPE_NAME)
        if self._exactly(BLOCK_BYTES) != bytes(BLOCK_BYTES):
            raise ArchiveTrailingError
        if self._stream.read(1):
            raise ArchiveTrailingError


def root_name(number: int) -> str:
    """Return the name of the member that holds a root."""
    return f"roots/{number}.root.dsse.json"


def blob_name(sha256: str) -> str:
    """Return the name of the member that holds a file's bytes."""
    return f"blobs/{sha256}"


def header(name: str, size_bytes: int) -> bytes:
    """Return the one header that a member of this name and size has, 512 bytes.

    Raises:
        ValueError: It cannot be said in a ustar header.
    """
    encoded = name.encode("ascii")
    if len(encoded) > NAME.stop or not 0 <= size_bytes <= MAX_MEMBER_BYTES:
        raise ValueError(f"{name} of {size_bytes} bytes has no ustar header")
    block = bytearray(BLOCK_BYTES)
    block[: len(encoded)] = encoded
    block[100:124] = b"0000644\x000000000\x000000000\x00"  # Mode, owner, group.
    block[SIZE] = b"%011o\0" % size_bytes
    block[136:148] = b"%011o\0" % 0  # Time of change.
    block[KIND] = PLAIN_FILE
    block[MAGIC] = USTAR
    block[CHECKSUM] = b"%06o\0 " % _checksum(bytes(block))
    return bytes(block)


def write_bundle(
    sink: Sink,
    envelope: bytes,
    roots: Sequence[tuple[int, bytes]],
    blobs: Iterable[tuple[str, int, Iterable[bytes]]],
) -> None:
    """Write a whole bundle.

    Args:
        sink: Where it goes.
        envelope: The signed manifest.
        roots: Numbers and envelopes, ascending.
        blobs: SHA-256 in hexadecimal, size in bytes, and content in pieces, in the order of the manifest.

    Raises:
        ValueError: A blob has another size than was said.
    """
    _write_member(sink, ENVELOPE_NAME, len(envelope), (envelope,))
    for number, root in roots:
        _write_member(sink, root_name(number), len(root), (root,))
    for sha256, size_bytes, pieces in blobs:
        _write_member(sink, blob_name(sha256), size_bytes, pieces)
    sink.write(END)


def _write_member(sink: Sink, name: str, size_bytes: int, pieces: Iterable[bytes]) -> None:
    sink.write(header(name, size_bytes))
    written = 0
    for piece in pieces:
        sink.write(piece)
        written += len(piece)
    if written != size_bytes:
        raise ValueError(f"{name} has {written} bytes, not {size_bytes}")
    sink.write(bytes(-size_bytes % BLOCK_BYTES))


def _described(block: bytes) -> Member:
    """Return what a header says, once it is certain that it says it as we would."""
    if block[MAGIC] != USTAR:
        raise ArchiveHeaderError(reason="it is no archive of the kind ustar")
    if block[CHECKSUM] != b"%06o\0 " % _checksum(block):
        raise ArchiveHeaderError(reason="a checksum is wrong")
    if block[KIND] != PLAIN_FILE:
        raise ArchiveKindError(kind=ascii(block[KIND])[2:-1])
    member = _named(block[NAME].rstrip(b"\0"), _octal(block[SIZE]))
    # Owner, rights, time, link target, prefix of the name, device numbers: all of it has one value, so nothing that
    # another program would act on can hide in what this one does not look at.
    if block != header(member.name, member.size_bytes):
        raise ArchiveHeaderError(reason="it says more than a name and a size")
    return member


def _named(name: bytes, size_bytes: int) -> Member:
    found = NAMES.fullmatch(name)
    if found is None:
        raise ArchiveNameError(name=ascii(name)[2:-1])
    part, limit = Part.BLOB, MAX_MEMBER_BYTES
    if found["envelope"]:
        part, limit = Part.ENVELOPE, MAX_ENVELOPE_BYTES
    elif found["root"]:
        part, limit = Part.ROOT, MAX_ROOT_BYTES
    if size_bytes > limit:
        raise ArchiveSizeError(name=name.decode(), size_bytes=size_bytes, expected_bytes=limit)
    return Member(part, name.decode(), size_bytes, int(found["root"] or 0))


def _octal(field: bytes) -> int:
    if not re.fullmatch(rb"[0-7]{11}\0", field):
        raise ArchiveHeaderError(reason="a size is not written in octal digits")
    return int(field[:-1], 8)


def _checksum(block: bytes) -> int:
    return sum(block) - sum(block[CHECKSUM]) + 8 * ord(" ")


def _expected(before: Member, roots: int) -> str:
    if not before.name:
        return ENVELOPE_NAME
    if before.part is Part.BLOB or roots >= MAX_ROOTS:
        return "a blob"
    return "a later root or a blob"
