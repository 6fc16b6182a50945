"""A bundle as it streams in, in the order of trust: signers, signatures, manifest, decision, and only then files.

::

    head = read_head(stream)            # bounded bytes, nothing of them believed
    root = head.newest_root(lines)      # who may sign by now; to be kept, whatever follows
    manifest = head.manifest(root)      # parsed only after enough of them signed
    decision = decide(manifest, root, memory, appliance)  # to be remembered before a byte is staged
    for file, pieces in head.files(manifest): ...

No I/O but the stream that it is given. FORMAT.md section 1 is the specification of the order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from appliance.bundles import roots
from appliance.bundles.archive import ArchiveReader, Member, Part, Stream, blob_name
from appliance.bundles.envelope import Envelope
from appliance.bundles.manifest import PAYLOAD_TYPE, File, Manifest
from appliance.bundles.roots import MAX_ROOT_BYTES, Root
from appliance.errors import ArchiveOrderError, ArchiveSizeError, BlobAlteredError, UnknownSignerError


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the files of a bundle. Nothing of it is authentic before it was held against a root.

    Attributes:
        encoded: The envelope's bytes, to be kept beside the set.
        envelope: The manifest, unread, with its signatures.
        carried: Roots, unread: numbers and envelopes, ascending; to be kept where they led anywhere.
    """

    encoded: bytes
    envelope: Envelope
    carried: tuple[tuple[int, bytes], ...]
    _reader: ArchiveReader
    _first: Member | None

    def newest_root(self, lines: Sequence[Root]) -> Root:
        """Return the newest list of the line that this bundle names as its own.

        A list that enough of the one before signed counts from then on, whatever becomes of the bundle: it may take
        a stolen key away.

        Args:
            lines: The newest list of each line that is trusted here, the vendor's first.

        Raises:
            UnknownSignerError: It names no key of any line.
            RootError, EnvelopeError, ForgedSignatureError: See ``roots.advance``.
        """
        roots.require_apart(lines)
        named = {each.key_id for each in self.envelope.signatures}
        for _, encoded in self.carried:
            carried = Envelope.decode(encoded, roots.PAYLOAD_TYPE, MAX_ROOT_BYTES)
            named |= {each.key_id for each in carried.signatures}
        # What is named here cannot lend trust: it only says which list everything is held against.
        line = next((root for root in lines if named & set(root.keys)), None)
        if line is None:
            raise UnknownSignerError
        return roots.advance(line, self.carried)

    def manifest(self, root: Root) -> Manifest:
        """Return the manifest, parsed only after a threshold of the list signed it.

        Raises:
            UnknownSignerError, ThresholdError, ForgedSignatureError: See ``Envelope.require``.
            ManifestError: See ``Manifest.decode``.
        """
        self.envelope.require(root.keys, root.threshold)
        return Manifest.decode(self.envelope.payload)

    def files(
        self, manifest: Manifest, is_there: Callable[[File], bool] = lambda _: False
    ) -> Iterator[tuple[File, Iterator[bytes]]]:
        """Yield each file and its bytes, at most 1 MiB at a time, once, in the order of the manifest.

        Args:
            manifest: Of this bundle.
            is_there: Tells of a file whether the one who asks has its true bytes already; it is passed over then.

        Take all pieces of a file before the next one. A file is whole and true when its pieces end without an error,
        and the bundle is when the files do: nothing of it may be used before.

        Whoever stops before the pieces end by themselves has skipped the check of their hash, and gets a ValueError.

        Raises:
            ArchiveOrderError: Another blob than the one that is due, one too few or one too many.
            ArchiveSizeError: It has not the size that was signed.
            BlobAlteredError: Its bytes are not those that were signed.
            ArchiveError: As ``ArchiveReader`` says.
        """
        member = self._first
        for file in manifest.files:
            _require(member, file)
            if is_there(file):
                self._reader.skip()
            else:
                body = _Body(self._reader, file)
                yield file, iter(body)
                if not body.is_true:
                    raise ValueError(f"{file.path} was not read to its end")
            member = self._reader.next_member()
        if member is not None:
            raise ArchiveOrderError(found=member.name, expected="the end")


class _Body:
    """The bytes of one file, hashed while they pass."""

    def __init__(self, reader: ArchiveReader, file: File) -> None:
        self._reader = reader
        self._file = file
        self.is_true = False

    def __iter__(self) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for piece in self._reader.pieces():
            digest.update(piece)
            yield piece
        if digest.hexdigest() != self._file.sha256:
            raise BlobAlteredError(path=self._file.path)
        self.is_true = True


def read_head(stream: Stream, read: Callable[[bytes, str], Envelope] = Envelope.decode) -> Head:
    """Read a bundle up to its first file.

    Args:
        stream: Positioned at the first byte.
        read: How its envelope is read; ``Envelope.draft`` where somebody is about to sign it.

    Raises:
        ArchiveError, EnvelopeError: It is not laid out as a bundle is.
    """
    reader = ArchiveReader(stream)
    reader.next_member()  # The reader lets none but the envelope be the first.
    encoded = reader.content()
    carried = []
    member = reader.next_member()
    while member is not None and member.part is Part.ROOT:
        carried.append((member.number, reader.content()))
        member = reader.next_member()
    return Head(encoded, read(encoded, PAYLOAD_TYPE), tuple(carried), reader, member)


def _require(member: Member | None, file: File) -> None:
    if member is None:
        raise ArchiveOrderError(found="the end", expected=blob_name(file.sha256))
    if member.name != blob_name(file.sha256):
        raise ArchiveOrderError(found=member.name, expected=blob_name(file.sha256))
    if member.size_bytes != file.size:
        raise ArchiveSizeError(name=file.path, size_bytes=member.size_bytes, expected_bytes=file.size)
