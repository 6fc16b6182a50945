"""Sealed audio on disk: one file a recording, one sealed upload chunk after the other; nothing plain, ever.

Which chunks count is the row's truth, not the file's: what lies behind them is the rest of a write that was cut off.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import os
import re
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from appliance.crypto.chunked import Buffer, PlaintextView, SealedReader
from appliance.crypto.envelope import DocumentType, audio_reader, seal_document, sealed_audio_size
from appliance.errors import (
    AudioGoneError,
    ChunkOrderError,
    ChunkSizeError,
    DataFolderError,
    SpoolFullError,
    TamperedError,
    TruncatedError,
    UploadEmptyError,
)

if TYPE_CHECKING:
    from pathlib import Path

CHUNK_BYTES = 8 * 2**20
SLOT_BYTES = sealed_audio_size(CHUNK_BYTES)
FILE_NAME = re.compile(r"[0-9a-f]{32}")
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
OPEN_CHUNKS = (
    4  # A container with its index at the end is read in two places at once; keep a few chunks' keys and pieces.
)


class Spool:
    """The folder of sealed audio.

    Args:
        folder: Made if it is missing, for its owner only.
        quota_bytes: Most sealed bytes held at once.

    Raises:
        DataFolderError: The folder cannot be made.
    """

    def __init__(self, folder: Path, quota_bytes: int) -> None:
        self._folder = folder
        self._quota_bytes = quota_bytes
        # One chunk is written at a time, so that two uploads cannot both take the last room under the quota.
        self._writing = threading.Lock()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise _unusable(folder, exc) from exc

    def check_room(self, audio_bytes: int) -> None:
        """Refuse a recording that cannot fit, before its first chunk is sent.

        Args:
            audio_bytes: Size of the whole recording, before sealing.

        Raises:
            SpoolFullError: The quota or the disk has no room for it now.
            DataFolderError: The folder cannot be read.
        """
        try:
            disk = os.statvfs(self._folder)
            room_bytes = min(self._quota_bytes - self.used_bytes(), disk.f_bavail * disk.f_frsize)
        except OSError as exc:
            raise _unusable(self._folder, exc) from exc
        missing_bytes = spooled_size(audio_bytes) - room_bytes
        if missing_bytes > 0:
            raise SpoolFullError(missing_bytes=missing_bytes)

    def receive(self, audio_id: bytes, file_key: bytes, number: int, chunk: Buffer, received: int) -> None:
        """Seal the next chunk of an upload and write it; it is on the disk when this returns.

        Chunks of one recording must come one at a time: the caller counts each one before it gives the next.

        Args:
            audio_id: Document id of the audio, 16 bytes.
            file_key: Its key, 32 bytes.
            number: Number of this chunk, from 0.
            chunk: 1 byte to 8 MiB; only the last chunk of a recording is shorter than 8 MiB.
            received: How many chunks count so far. What the file has beyond them is cut off first.

        Raises:
            UploadEmptyError: The chunk is empty.
            ChunkSizeError: The chunk is longer than 8 MiB.
            ChunkOrderError: It is not the next chunk.
            AudioGoneError: The chunks that count are not all there.
            SpoolFullError: The quota or the disk has no room. The chunks before are untouched.
            DataFolderError: The file cannot be written for another reason.
        """
        if len(chunk) == 0:
            raise UploadEmptyError
        if len(chunk) > CHUNK_BYTES:
            raise ChunkSizeError(number=number, size_bytes=len(chunk), expected_bytes=CHUNK_BYTES)
        if number != received:
            raise ChunkOrderError(received=number, expected=received)
        sealed = seal_document(file_key, DocumentType.AUDIO, audio_id, number, chunk)
        with self._writing:
            try:
                self._append(self._path(audio_id), number * SLOT_BYTES, sealed)
            except OSError as exc:
                raise _unusable(self._folder, exc) from exc

    def repeats(self, audio_id: bytes, file_key: bytes, number: int, chunk: Buffer) -> bool:
        """Tell whether a chunk that came again has the bytes of the stored one.

        Raises:
            AudioGoneError: There is no such file.
            CryptoError: The stored chunk does not open.
        """
        descriptor = self.descriptor(audio_id)
        try:
            offset = number * SLOT_BYTES
            length = max(0, min(SLOT_BYTES, os.fstat(descriptor).st_size - offset))
            reader = audio_reader(descriptor, offset, length, file_key, audio_id, number)
            stored = hashlib.file_digest(reader, "sha256")
        finally:
            os.close(descriptor)
        return hmac.compare_digest(stored.digest(), hashlib.sha256(chunk).digest())

    def descriptor(self, audio_id: bytes) -> int:
        """Open a recording's sealed file for reading; the caller closes the descriptor.

        Raises:
            AudioGoneError: There is no such file.
        """
        try:
            return os.open(self._path(audio_id), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError as exc:
            raise AudioGoneError from exc

    def erase(self, audio_id: bytes) -> None:
        """Remove a recording's file, if there is one; what makes it unreadable is that its key was erased before."""
        try:
            self._path(audio_id).unlink(missing_ok=True)
            self._sync_folder()
        except OSError as exc:
            raise _unusable(self._folder, exc) from exc

    def audio_ids(self) -> set[bytes]:
        """Return the ids of all recordings that have a file."""
        return {bytes.fromhex(path.name) for path in self._files()}

    def used_bytes(self) -> int:
        """Return the bytes of all sealed audio."""
        return sum(_size(path) for path in self._files())

    def _files(self) -> list[Path]:
        return [path for path in self._folder.iterdir() if FILE_NAME.fullmatch(path.name)]

    def _append(self, path: Path, offset: int, sealed: bytes) -> None:
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if offset == 0 else 0)
        try:
            descriptor = os.open(path, flags, 0o600)
        except FileNotFoundError as exc:
            raise AudioGoneError from exc
        try:
            _cut(descriptor, offset)
            self._write(descriptor, offset, sealed)
        except BaseException:
            if offset == 0:
                path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        if offset == 0:
            self._sync_folder()

    def _write(self, descriptor: int, offset: int, sealed: bytes) -> None:
        missing_bytes = self.used_bytes() + len(sealed) - self._quota_bytes
        if missing_bytes > 0:
            raise SpoolFullError(missing_bytes=missing_bytes)
        try:
            rest = memoryview(sealed)
            while rest:
                rest = rest[os.pwrite(descriptor, rest, offset + len(sealed) - len(rest)) :]
            os.fsync(descriptor)
        except OSError as exc:
            os.ftruncate(descriptor, offset)
            if exc.errno in NO_ROOM:
                disk = os.fstatvfs(descriptor)
                raise SpoolFullError(missing_bytes=max(1, len(sealed) - disk.f_bavail * disk.f_frsize)) from exc
            raise

    def _path(self, audio_id: bytes) -> Path:
        return self._folder / audio_id.hex()

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class SpooledAudio(PlaintextView):
    """A recording as it was before sealing: seekable bytes, opened 16 KiB at a time, read through a descriptor only.

    The descriptor stays the caller's and is not closed. Every upload chunk is verified as it is reached: its number and
    its length are authentic before a byte of it is returned.

    Args:
        descriptor: Of the spooled file, open for reading.
        file_key: Key of the audio, 32 bytes.
        audio_id: Document id of the audio, 16 bytes.
        size_bytes: Bytes of the recording, as the row has them.

    Raises:
        UploadEmptyError: The size is 0.
        TruncatedError: The file is shorter than a recording of this size.
        TamperedError: The file is longer.
    """

    def __init__(self, descriptor: int, file_key: bytes, audio_id: bytes, size_bytes: int) -> None:
        super().__init__(size_bytes)
        if size_bytes <= 0:
            raise UploadEmptyError
        self._descriptor = descriptor
        self._file_key = file_key
        self._audio_id = audio_id
        self._readers: OrderedDict[int, SealedReader] = OrderedDict()
        expected = spooled_size(size_bytes)
        found = os.fstat(descriptor).st_size
        if found < expected:
            raise TruncatedError
        if found > expected:
            raise TamperedError

    def piece_at(self, position: int) -> memoryview:
        """Return the rest of the 16 KiB in which a position lies."""
        number, start = divmod(position, CHUNK_BYTES)
        return self._reader(number).piece_at(start)

    def _reader(self, number: int) -> SealedReader:
        reader = self._readers.get(number)
        if reader is None:
            length = sealed_audio_size(min(CHUNK_BYTES, self.size_bytes - number * CHUNK_BYTES))
            reader = audio_reader(self._descriptor, number * SLOT_BYTES, length, self._file_key, self._audio_id, number)
            if len(self._readers) == OPEN_CHUNKS:
                self._readers.popitem(last=False)
            self._readers[number] = reader
        self._readers.move_to_end(number)
        return reader


def spooled_size(audio_bytes: int) -> int:
    """Return the bytes that a recording of so many bytes takes in the spool."""
    full, rest = divmod(audio_bytes, CHUNK_BYTES)
    return full * SLOT_BYTES + (sealed_audio_size(rest) if rest else 0)


def _cut(descriptor: int, size_bytes: int) -> None:
    """Cut off what lies behind the chunks that count."""
    if os.fstat(descriptor).st_size < size_bytes:
        raise AudioGoneError
    os.ftruncate(descriptor, size_bytes)


def _unusable(folder: Path, exc: OSError) -> DataFolderError:
    return DataFolderError(folder=str(folder), reason=exc.strerror or str(exc))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:  # Erased in between.
        return 0
