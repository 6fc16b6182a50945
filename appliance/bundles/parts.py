"""A bundle in several files, read as one: sticks are often formatted so that no file may have 4 GiB.

Parts are the bytes of the bundle and nothing besides, so that ``cat`` joins them too. Nothing of them is believed: what
is signed proves the content, and here is only said which part is wrong. FORMAT.md section 6.1 is the specification.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from appliance.bundles.archive import END
from appliance.errors import BundleFileError, PartMissingError, PartSizeError

MAX_PARTS = 999
MAX_PART_BYTES = 2**32 - 1  # The largest file of FAT32.
MIN_PART_BYTES = 2**20  # Below this, names would run out before contents do.
PART = re.compile(r"(?P<name>.+)\.(?P<number>[0-9]{3})", re.ASCII | re.DOTALL)
NOT_A_FILE = "it is not a file"
# Nothing is followed and nothing is waited for: on a stick may lie a link to anywhere, or a pipe that never ends.
FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Parts:
    """A bundle in one file or several, as one stream. Close it, or use it in a ``with`` statement.

    Attributes:
        name: Of the whole.
        size_bytes: Of all files together.
        position: How many bytes were read.
    """

    def __init__(self, name: str, files: tuple[tuple[Path, int], ...]) -> None:
        self.name = name
        self.size_bytes = sum(size for _, size in files)
        self.position = 0
        self._files = files
        self._next = 0
        self._descriptor = -1
        self._tail = b""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close what is open."""
        self.close()

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end.

        Raises:
            PartMissingError: The files end, and a bundle does not end like this: the next part is not there.
            BundleFileError: A file cannot be read, or has changed since the parts were counted.
        """
        while size:
            found = self._read(size)
            if found:
                self.position += len(found)
                self._tail = (self._tail + found)[-len(END) :]
                return found
            if self._next == len(self._files):
                self._require_end()
                return b""
            self._open_next()
        return b""

    def pass_over(self, size: int, /) -> bool:
        """Go on behind so many bytes unread, where they all lie in the file that is open."""
        if self._descriptor < 0:
            return False
        here = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        if here + size > self._files[self._next - 1][1]:
            return False
        os.lseek(self._descriptor, size, os.SEEK_CUR)
        self.position += size
        return True

    def close(self) -> None:
        """Close the file that is open; closing twice does no harm."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _read(self, size: int) -> bytes:
        if self._descriptor < 0:
            return b""
        try:
            return os.read(self._descriptor, size)
        except OSError as exc:
            path = self._files[self._next - 1][0]
            raise BundleFileError(path=str(path), reason=f"reading it failed ({exc.strerror})") from exc

    def _open_next(self) -> None:
        self.close()
        path, size = self._files[self._next]
        self._descriptor, found = _open(path)
        self._next += 1
        if found != size:
            raise PartSizeError(name=path.name, size_bytes=found, expected_bytes=size)

    def _require_end(self) -> None:
        # A bundle ends in zeros. Whoever asks for more where it does not has met the end of a part, not of the bundle.
        if len(self._files) > 1 and self._tail != END:
            raise PartMissingError(name=_part_name(self.name, len(self._files) + 1))


def open_parts(path: Path) -> Parts:
    """Return a bundle as one stream, whether it is one file or several.

    Args:
        path: ``x.cloister``, which may be there as ``x.cloister.001`` and so on, or any of those parts.

    Raises:
        BundleFileError: It is not there, is no plain file, or cannot be read.
        PartMissingError: A part is missing before another one.
        PartSizeError: A part has not the size of the first, or the last one is longer.
    """
    found = PART.fullmatch(path.name)
    name = found["name"] if found else path.name
    whole = path.with_name(name)
    if not found and os.path.lexists(whole):
        return Parts(name, ((whole, _size_of(whole)),))
    numbers = _numbers(whole)
    if not numbers:
        raise BundleFileError(path=str(path), reason="it is not there")
    for due, number in enumerate(numbers, start=1):
        if number != due:
            raise PartMissingError(name=_part_name(name, due))
    files = tuple((place, _size_of(place)) for place in (path.with_name(_part_name(name, at)) for at in numbers))
    _require_sizes(files)
    return Parts(name, files)


def split(path: Path, folder: Path, part_bytes: int) -> tuple[Path, ...]:
    """Write a bundle in parts, and return their paths.

    Args:
        path: The whole bundle.
        folder: Where the parts are put; it exists.
        part_bytes: Of every part but the last, from 1 MiB to 4 GiB - 1.

    Raises:
        BundleFileError: A file cannot be read or written, or is there already; then nothing stays.
        ValueError: Parts of this size are too many, too small or too large.
    """
    if not MIN_PART_BYTES <= part_bytes <= MAX_PART_BYTES:
        raise ValueError(f"a part has {MIN_PART_BYTES} to {MAX_PART_BYTES} bytes, not {part_bytes}")
    with open_parts(path) as whole, contextlib.ExitStack() as undoing:
        count = -(-whole.size_bytes // part_bytes)
        if count > MAX_PARTS:
            raise ValueError(f"{whole.size_bytes} bytes do not fit into {MAX_PARTS} parts of {part_bytes}")
        made = []
        for number in range(1, count + 1):
            part = folder / _part_name(whole.name, number)
            _write_part(part, _next_bytes(whole, part_bytes), undoing)
            made.append(part)
        undoing.pop_all()
    return tuple(made)


def _next_bytes(whole: Parts, size: int) -> Iterator[bytes]:
    while size and (piece := whole.read(min(size, 2**20))):
        size -= len(piece)
        yield piece


def _write_part(part: Path, pieces: Iterator[bytes], undoing: contextlib.ExitStack) -> None:
    try:
        with part.open("xb") as file:
            undoing.callback(part.unlink, missing_ok=True)
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as exc:
        raise BundleFileError(
            path=str(part), reason="it is there already; remove it, or choose another folder"
        ) from exc
    except OSError as exc:
        raise BundleFileError(path=str(part), reason=f"it cannot be written ({exc.strerror})") from exc


def _numbers(whole: Path) -> list[int]:
    try:
        names = [path.name for path in whole.parent.iterdir()]
    except OSError as exc:
        raise BundleFileError(path=str(whole), reason=f"its folder cannot be read ({exc.strerror})") from exc
    parts = (PART.fullmatch(name) for name in names)
    return sorted(int(part["number"]) for part in parts if part and part["name"] == whole.name)


def _require_sizes(files: tuple[tuple[Path, int], ...]) -> None:
    (_, first), (last_path, last) = files[0], files[-1]
    for path, size in files[:-1]:
        if size != first:
            raise PartSizeError(name=path.name, size_bytes=size, expected_bytes=first)
    if not 0 < last <= first:
        raise PartSizeError(name=last_path.name, size_bytes=last, expected_bytes=first)


def _size_of(path: Path) -> int:
    descriptor, size = _open(path)
    os.close(descriptor)
    return size


def _open(path: Path) -> tuple[int, int]:
    """Return a descriptor of a plain file and its size."""
    try:
        descriptor = os.open(path, FLAGS)
    except OSError as exc:
        reason = "it is a link; name the file itself" if path.is_symlink() else f"it cannot be read ({exc.strerror})"
        raise BundleFileError(path=str(path), reason=reason) from exc
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise BundleFileError(path=str(path), reason=NOT_A_FILE)
    return descriptor, found.st_size


def _part_name(name: str, number: int) -> str:
    return f"{name}.{number:03}"
