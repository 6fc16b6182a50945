"""Room that is kept for a full disk: without it not even a deletion can be written down.

SQLite writes down a deletion before it frees anything, in its log or its journal. On a full disk that fails: the one
thing that would help, deleting, is the one thing that cannot be done. So a file holds some room; it is let go for one
transaction and taken back afterwards.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WHOLE_PER_ROOM = 4  # A transaction may want a quarter of the ballast before it is asked for.
LEAST_STEP_BYTES = 4096  # A block of most file systems.


class Ballast:
    """The file that holds the room. It also carries the lock by which processes write one after the other."""

    def __init__(self, path: Path, whole_bytes: int) -> None:
        """Open or make the file; ``refill`` fills it.

        Args:
            path: Beside the database, on the same disk.
            whole_bytes: How much room to keep.

        Raises:
            OSError: The file cannot be made.
        """
        self.whole_bytes = whole_bytes
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)

    @property
    def held_bytes(self) -> int:
        """How much room the file holds now."""
        return os.fstat(self._descriptor).st_size

    def close(self) -> None:
        """Let go of the file; the room stays held."""
        os.close(self._descriptor)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process out while the body runs."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    @contextmanager
    def lent(self, keep_bytes: int, *, even_unasked: bool = False) -> Iterator[None]:
        """Free the room while the body runs, if the disk looks full; then take back what is to be had.

        Args:
            keep_bytes: What stays held, for something more important.
            even_unasked: Free it although the disk looks as if it had room: quotas do not show in its figures.
        """
        if not even_unasked and _free_bytes(self._descriptor) >= self.whole_bytes // WHOLE_PER_ROOM:
            yield
            return
        if self.held_bytes > keep_bytes:
            os.ftruncate(self._descriptor, keep_bytes)
        try:
            yield
        finally:
            self.refill()

    def refill(self) -> None:
        """Hold as much of the whole as the disk gives; less is better than none."""
        held_bytes = self.held_bytes
        step_bytes = self.whole_bytes - held_bytes
        while held_bytes < self.whole_bytes and step_bytes >= LEAST_STEP_BYTES:
            try:
                os.posix_fallocate(self._descriptor, 0, held_bytes + step_bytes)
            except OSError as exc:
                os.ftruncate(self._descriptor, held_bytes)  # A refused request may have taken a part.
                if exc.errno not in {errno.ENOSPC, errno.EDQUOT}:
                    raise
                step_bytes //= 2
            else:
                held_bytes += step_bytes


def _free_bytes(descriptor: int) -> int:
    figures = os.fstatvfs(descriptor)
    return figures.f_bavail * figures.f_frsize
