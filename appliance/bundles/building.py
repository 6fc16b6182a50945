"""Makes a bundle of files that lie in folders: describes them, then writes them while they are hashed once more."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.bundles.archive import MAX_ROOTS, PIECE_BYTES, Sink, write_bundle
from appliance.bundles.clips import Recording
from appliance.bundles.envelope import Envelope
from appliance.bundles.manifest import MAX_FILE_BYTES, MAX_TOTAL_BYTES, SET_FILE, AppRange, File, Licence, Manifest
from appliance.bundles.roots import Root, advance, anchor
from appliance.errors import BundleSourceError, RootChainError, RootFormError

FIRST_ROOT = 1
KIND_OF_SUFFIX = {
    ".bin": "ct2", ".safetensors": "safetensors", ".onnx": "onnx", ".npz": "npz", ".json": "json", ".txt": "txt",
    ".tab": "txt", ".wav": "wav",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """A file that goes into a bundle.

    Attributes:
        file: Its line of the manifest.
        place: Where its bytes lie.
    """

    file: File
    place: Path

    @classmethod
    def of(cls, path: str, place: Path) -> Source:
        """Describe a file.

        Args:
            path: In the bundle.
            place: Where its bytes lie.

        Raises:
            BundleSourceError: It cannot be read, is larger than a file may be, or of a kind that no bundle holds.
        """
        digest, size = hashlib.sha256(), 0
        for piece in _pieces(place):
            digest.update(piece)
            size += len(piece)
        return cls(_line(path, place, digest.hexdigest(), size), place)

    def pieces(self) -> Iterator[bytes]:
        """Yield its bytes, at most 1 MiB at a time.

        Raises:
            BundleSourceError: They are no longer those that were described.
        """
        digest, size = hashlib.sha256(), 0
        for piece in _pieces(self.place):
            digest.update(piece)
            size += len(piece)
            if size > self.file.size:
                break
            yield piece
        if (size, digest.hexdigest()) != (self.file.size, self.file.sha256):
            raise BundleSourceError(path=str(self.place), reason="it was changed while the update was written")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a publisher says about a bundle, beside what is in it.

    Attributes:
        release: 1, 2, … within an epoch.
        min_release: The oldest that may be used once this one was seen; 0 says nothing.
        version: For people.
        created: Such as 2026-11-26T12:00:00Z.
        app: Versions of Cloister that it is for.
        notes: What is new, for people.
    """

    release: int
    min_release: int
    version: str
    created: str
    app: AppRange
    notes: str


def sources_of(
    set_folder: Path, files: Mapping[str, tuple[str, int]], recordings: Sequence[Recording]
) -> tuple[Source, ...]:
    """Describe everything that goes into a bundle, ``set.json`` first.

    Args:
        set_folder: Of a model set that was just checked.
        files: SHA-256 and bytes of its files but ``set.json``, by their paths in it. They are held against what is
            read when the bundle is written, so that a set of many gigabytes is not read once more before.
        recordings: Those that it is tried with.

    Raises:
        BundleSourceError: See ``Source.of``; or all together are more than a bundle may hold.
    """
    sources = [Source.of(SET_FILE, set_folder / "set.json")]
    for name, (sha256, size) in sorted(files.items()):
        sources.append(Source(_line(f"set/{name}", set_folder / name, sha256, size), set_folder / name))
    for recording in recordings:
        sources.append(Source.of(recording.clip.audio, recording.audio))
        sources.append(Source.of(recording.clip.reference, recording.reference))
    total = sum(source.file.size for source in sources)
    if total > MAX_TOTAL_BYTES:
        raise BundleSourceError(
            path=str(set_folder), reason=f"it has {total} bytes, and {MAX_TOTAL_BYTES} are the most"
        )
    return tuple(sources)


def manifest_of(
    name: str,
    terms: Terms,
    epoch: int,
    sources: Sequence[Source],
    recordings: Sequence[Recording],
    licences: Iterable[tuple[str, str]],
) -> Manifest:
    """Return the manifest of a bundle that is about to be written.

    Args:
        name: Of the model set.
        terms: What the publisher says.
        epoch: Number of the newest list of signing keys.
        sources: Its files.
        recordings: Those that it is tried with.
        licences: Model and SPDX expression; each pair once.

    Raises:
        ManifestError: Nobody would take it: a name, a number or a text is not as it has to be.
    """
    made = Manifest(
        epoch=epoch,
        release=terms.release,
        min_release=terms.min_release,
        version=terms.version,
        created=terms.created,
        app=terms.app,
        set=name,
        files=tuple(source.file for source in sources),
        selftest=tuple(recording.clip for recording in recordings),
        notes=terms.notes,
        licenses=tuple(Licence(component=component, spdx=spdx) for component, spdx in sorted(set(licences))),
    )
    return Manifest.decode(made.encode())


def write(sink: Sink, envelope: Envelope, carried: Sequence[tuple[int, bytes]], sources: Sequence[Source]) -> None:
    """Write a bundle; what it holds in memory does not grow with the files.

    Raises:
        BundleSourceError: A file was changed meanwhile, or cannot be read any more.
    """
    blobs = ((source.file.sha256, source.file.size, source.pieces()) for source in sources)
    write_bundle(sink, envelope.encode(), carried, blobs)


def newest_of(encoded: Sequence[bytes]) -> tuple[Root, tuple[tuple[int, bytes], ...]]:
    """Return the newest of the given lists of signing keys, and those of them that a bundle carries.

    The first list of a line never travels: an appliance believes it for where it lies, or not at all.

    Args:
        encoded: Signed lists of one line, in any order, without a gap.

    Raises:
        RootError, EnvelopeError, SignatureError: One is not signed as it has to be, or does not follow from the others.
    """
    numbered = sorted((_number(one), one) for one in encoded)
    numbers = [number for number, _ in numbered]
    if len(set(numbers)) != len(numbers):
        raise RootFormError(reason="two of the lists have the same number")
    root = anchor(numbered[0][1])
    root = advance(root, numbered[1:])
    carried = tuple(one for one in numbered if one[0] != FIRST_ROOT)
    if len(carried) > MAX_ROOTS:
        raise RootChainError(number=root.number, expected=root.number - MAX_ROOTS)
    return root, carried


def _line(path: str, place: Path, sha256: str, size: int) -> File:
    kind = KIND_OF_SUFFIX.get(place.suffix)
    if kind is None:
        raise BundleSourceError(path=str(place), reason="files of this kind are not taken: they may hold code")
    if size > MAX_FILE_BYTES:
        raise BundleSourceError(path=str(place), reason=f"it has {size} bytes, and {MAX_FILE_BYTES} are the most")
    return File(path=path, sha256=sha256, size=size, kind=kind)


def _number(encoded: bytes) -> int:
    return anchor(encoded).number


def _pieces(place: Path) -> Iterator[bytes]:
    try:
        # A link could lead to a file that is swapped between the two times that it is read.
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            while piece := file.read(PIECE_BYTES):
                yield piece
    except OSError as exc:
        raise BundleSourceError(path=str(place), reason=f"it cannot be read ({exc.strerror})") from exc
