"""Files that outlive a power cut: whole or not there, written through to the disk, never through a link."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PRIVATE = 0o600
READABLE = 0o644
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in the place of another, in one step, for good once this returns.

    Raises:
        OSError: The disk does not take it; what stood there before stands.
    """
    beside = path.with_name(f".{path.name}.part")
    beside.unlink(missing_ok=True)
    try:
        with open_afresh(beside, PRIVATE) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def open_afresh(path: Path, mode: int = READABLE) -> BinaryIO:
    """Open a file for writing that is not there yet, neither as a link.

    Raises:
        FileExistsError: Something is there.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    return os.fdopen(descriptor, "wb")


def read_whole(path: Path, limit_bytes: int) -> bytes | None:
    """Return the content of a file, or None where it is not there.

    Raises:
        OSError: It cannot be read.
        ValueError: It is larger than any, or no file at all.
    """
    try:
        # A pipe would keep whoever opens it waiting for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("it is not a file")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(limit_bytes + 1)
    if len(content) > limit_bytes:
        raise ValueError(f"it has more than {limit_bytes} bytes")
    return content


def sync_folder(folder: Path) -> None:
    """Write a folder's names through to the disk."""
    descriptor = os.open(folder, FOLDER)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def only_one(path: Path, *, wait: bool) -> Iterator[None]:
    """Keep every other process and thread out while the body runs.

    Args:
        path: The file that carries the lock; the kernel lets go of it with the process, however that ends.
        wait: Until the others are done.

    Raises:
        BlockingIOError: Somebody else is at it, and we do not wait.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
    with _locked(descriptor, wait=wait):
        yield


@contextlib.contextmanager
def _locked(descriptor: int, *, wait: bool) -> Iterator[None]:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def kept(folder: Path) -> Iterator[None]:
    """Keep a folder on the disk while the body runs: whoever clears away asks ``is_kept``, also in another process.

    Nothing happens where the folder cannot be opened; then whoever needs it will notice that.
    """
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, FOLDER)
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


def is_kept(folder: Path) -> bool:
    """Tell whether somebody keeps a folder."""
    try:
        with _locked(os.open(folder, FOLDER), wait=False):
            return False
    except BlockingIOError:
        return True
    except OSError:  # It is not there.
        return False


def free_bytes(folder: Path) -> int:
    """Return the bytes that are free on the disk of a folder."""
    figures = os.statvfs(folder)
    return figures.f_bavail * figures.f_frsize


class Reserve:
    """A little room that is kept, so that going back and saying so are possible on a full disk."""

    def __init__(self, path: Path, whole_bytes: int) -> None:
        """Name the file that holds the room; ``refill`` takes it."""
        self._path = path
        self._whole_bytes = whole_bytes

    def refill(self) -> None:
        """Take the room, as far as there is any."""
        with contextlib.suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
            try:
                os.posix_fallocate(descriptor, 0, self._whole_bytes)
            finally:
                os.close(descriptor)

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Let the room go while the body runs, then take it back."""
        self._path.unlink(missing_ok=True)
        try:
            yield
        finally:
            self.refill()
