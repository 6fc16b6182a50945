"""Model updates that a browser sends: chunk after chunk into one file, going on after a break.

A bundle is signed and holds no secret, so it is not sealed. It is looked at as soon as its signatures are there:
nobody should wait for ten gigabytes to hear that they are not wanted.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from appliance.bundles.durable import NO_ROOM, PRIVATE, free_bytes
from appliance.bundles.manifest import MAX_TOTAL_BYTES
from appliance.bundles.store import Store
from appliance.bundles.taking import look
from appliance.bundles.trust import RESERVE_BYTES, no_room
from appliance.errors import (
    ArchiveTruncatedError,
    BundleError,
    ChunkOrderError,
    ChunkSizeError,
    ManifestSizeError,
    NotFoundError,
    UpdateBusyError,
)
from appliance.spool import CHUNK_BYTES

MOST_AT_ONCE = 4  # Each may fill the disk; one that nobody continues goes away by itself.
MOST_BYTES = MAX_TOTAL_BYTES + 2**22  # With headers, roots and signatures.
NAMES = re.compile(r"[0-9a-f]{32}-[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Arrival:
    """An upload as it stands.

    Attributes:
        id: By which the browser goes on.
        received_bytes: What is there.
        size_bytes: What there will be.
        name: What its sender calls it; empty where the appliance was restarted since.
        changed_at: When the last of it came, in seconds since 1970.
    """

    id: str
    received_bytes: int
    size_bytes: int
    name: str = ""
    changed_at: float = 0.0

    @property
    def next_chunk(self) -> int:
        """Number of the chunk that is due."""
        return self.received_bytes // CHUNK_BYTES

    @property
    def finished(self) -> bool:
        """Whether every chunk is there."""
        return self.received_bytes == self.size_bytes


class Incoming:
    """The folder of the uploads.

    Args:
        store: Beside whose sets it lies.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._one_chunk = Lock()
        self._names: dict[str, str] = {}  # The disk has only their digests, and needs no more to go on.
        self.folder = store.folder / "incoming"

    def begin(self, name: str, size_bytes: int) -> Arrival:
        """Begin an upload, or go on with the one of a file of the same name and size.

        Raises:
            ArchiveTruncatedError, ManifestSizeError: No model update has this size.
            NoRoomError: There is no room for it.
            UpdateBusyError: Others are unfinished, more than anybody needs.
        """
        if size_bytes < 1:
            raise ArchiveTruncatedError
        if size_bytes > MOST_BYTES:
            raise ManifestSizeError(size_bytes=size_bytes, limit_bytes=MOST_BYTES)
        arrival_id = f"{hashlib.sha256(name.encode()).hexdigest()[:32]}-{size_bytes}"
        with self._store.disk():
            self.folder.mkdir(mode=0o700, exist_ok=True)
            received = self._received(arrival_id)
            self._refuse_too_many(arrival_id)
            self._require_room(size_bytes - received)
            os.close(os.open(self._path(arrival_id), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, PRIVATE))
        self._names[arrival_id] = name
        return self.state(arrival_id)

    def state(self, arrival_id: str) -> Arrival:
        """Return how an upload stands.

        Raises:
            NotFoundError: There is none of this id.
        """
        if not NAMES.fullmatch(arrival_id) or not self._path(arrival_id).is_file():
            raise NotFoundError
        return self._arrival(arrival_id)

    def arrivals(self) -> tuple[Arrival, ...]:
        """Return every upload that is there, the one that came last first."""
        if not self.folder.exists():
            return ()
        found = []
        for path in filter(lambda each: NAMES.fullmatch(each.name), self.folder.iterdir()):
            with contextlib.suppress(FileNotFoundError):  # Another thread may erase it this moment.
                found.append(self._arrival(path.name))
        return tuple(sorted(found, key=lambda each: each.changed_at, reverse=True))

    def take(self, arrival_id: str, number: int, chunk: bytes) -> Arrival:
        """Take a chunk; one that is there already is passed over.

        Raises:
            NotFoundError: There is no such upload.
            ChunkOrderError: Another one is due.
            ChunkSizeError: It has not the size that is due.
            NoRoomError: The disk is full.
            BundleError: It is no model update that would be taken; nothing of it stays.
        """
        with self._one_chunk, self._store.disk():
            before = self.state(arrival_id)
            if number < before.next_chunk or before.finished:
                return before
            if number > before.next_chunk:
                raise ChunkOrderError(received=number, expected=before.next_chunk)
            due = min(CHUNK_BYTES, before.size_bytes - before.received_bytes)
            if len(chunk) != due:
                raise ChunkSizeError(number=number, size_bytes=len(chunk), expected_bytes=due)
            self._append(arrival_id, before, chunk)
            if number == 0:
                self._look(arrival_id, before.size_bytes - len(chunk))
            return self.state(arrival_id)

    def opened(self, arrival_id: str) -> BinaryIO:
        """Open a finished upload."""
        return self._path(arrival_id).open("rb")

    def erase(self, arrival_id: str) -> None:
        """Remove an upload; nothing happens where there is none."""
        if NAMES.fullmatch(arrival_id):
            self._path(arrival_id).unlink(missing_ok=True)
            self._names.pop(arrival_id, None)

    def tidy(self, idle_s: float, keep: str = "") -> None:
        """Remove the uploads that nobody has continued for some time."""
        if not self.folder.exists():
            return
        for path in self.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.name != keep and time.time() - path.lstat().st_mtime > idle_s:
                    path.unlink()

    def _refuse_too_many(self, arrival_id: str) -> None:
        others = [path for path in self.folder.iterdir() if path.name != arrival_id]
        if len(others) >= MOST_AT_ONCE:
            raise UpdateBusyError

    def _look(self, arrival_id: str, missing_bytes: int) -> None:
        """Look at what the first chunk says, and refuse at once what would be refused at the end."""
        try:
            with self.opened(arrival_id) as file:
                found = look(self._store, file)
            self._require_room(missing_bytes + found.decision.needed_bytes - RESERVE_BYTES)
        except BundleError:
            self.erase(arrival_id)
            raise

    def _append(self, arrival_id: str, before: Arrival, chunk: bytes) -> None:
        path = self._path(arrival_id)
        try:
            with path.open("r+b") as file:
                file.seek(before.received_bytes)
                file.write(chunk)
        except OSError as exc:
            os.truncate(path, before.received_bytes)
            if exc.errno in NO_ROOM:
                self._require_room(before.size_bytes - before.received_bytes)
                raise no_room(len(chunk), free_bytes(self.folder)) from exc
            raise

    def _require_room(self, more_bytes: int) -> None:
        free, needed = free_bytes(self.folder), more_bytes + RESERVE_BYTES
        if needed > free:
            raise no_room(needed, free)

    def _arrival(self, arrival_id: str) -> Arrival:
        size, changed_at = int(arrival_id.rsplit("-", 1)[1]), self._path(arrival_id).stat().st_mtime
        name = self._names.get(arrival_id, "")
        return Arrival(arrival_id, self._received(arrival_id), size, name, changed_at)

    def _received(self, arrival_id: str) -> int:
        """Return how much is there, in whole chunks but for the last: a power cut may have left a part of one."""
        path, size = self._path(arrival_id), int(arrival_id.rsplit("-", 1)[1])
        found = path.stat().st_size if path.is_file() else 0
        return found if found == size else found // CHUNK_BYTES * CHUNK_BYTES

    def _path(self, arrival_id: str) -> Path:
        return self.folder / arrival_id
