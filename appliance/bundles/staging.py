"""The files of a bundle on their way to the disk: hashed while they are written, and whole or not there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from appliance.bundles.archive import ENVELOPE_NAME
from appliance.bundles.durable import READABLE, open_afresh, sync_folder
from appliance.bundles.manifest import File, Manifest
from appliance.bundles.opening import Head

PART = ".part"  # No path of a manifest ends so: the kinds' names do not.
FLUSH_BYTES = 32 * 2**20  # The disk writes while the next piece is read and hashed, so that the end is not a long wait.
FOLDER_MODE = 0o755
STAT_BLOCK_BYTES = 512

Report = Callable[[int, int], None]


class Staging:
    """A folder that fills with the files of one bundle. After a power cut it goes on where it was.

    A file bears its own name only after its last byte was hashed, found to be the signed one and written through to the
    disk. What is found there at the next start is hashed again all the same.
    """

    def __init__(self, folder: Path) -> None:
        """Name the folder, which is made where it is missing."""
        self.folder = folder

    def fill(self, head: Head, manifest: Manifest, report: Report) -> None:
        """Take every file of a bundle.

        Args:
            head: Read up to the first file, its signatures verified.
            manifest: Of this bundle, decided about.
            report: Takes the bytes that are done, and those of all files; what it raises ends it.

        Raises:
            ArchiveError: The bundle is not as it was signed; nothing of the file at which that showed stays.
            OSError: The disk does not take it, or the bundle cannot be read.
        """
        self.folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        done = 0

        def is_there(file: File) -> bool:
            nonlocal done
            if not self._is_whole(file):
                return False
            done += file.size
            report(done, manifest.total_bytes)
            return True

        with ThreadPoolExecutor(1, "staging") as writer:
            for file, pieces in head.files(manifest, is_there):
                path = self._place(file)
                part = path.with_name(path.name + PART)
                part.unlink(missing_ok=True)
                try:
                    for size in _written(part, pieces, writer):
                        done += size
                        report(done, manifest.total_bytes)
                except BaseException:  # Also one of the report's, which may be a cancel.
                    part.unlink(missing_ok=True)
                    raise
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)  # Left there by nobody of ours; it would stand in the way for ever.
                part.rename(path)
        self._finish(manifest)

    def holds(self, manifest: Manifest) -> bool:
        """Tell whether every file of a bundle is there, with the signed bytes."""
        try:
            is_held = (self.folder / ENVELOPE_NAME).is_file() and all(map(self._is_whole, manifest.files))
        except OSError:  # What cannot be read is not there.
            return False
        return is_held

    def erase(self) -> None:
        """Remove it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _place(self, file: File) -> Path:
        """Return where a file goes, its folders made. The manifest has only plain paths, see ``paths.check_places``."""
        path = self.folder / file.path
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        return path

    def _is_whole(self, file: File) -> bool:
        path = self.folder / file.path
        if not path.is_file() or path.is_symlink() or path.stat().st_size != file.size:
            return False
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256

    def _finish(self, manifest: Manifest) -> None:
        """Leave what the manifest names and nothing else, dated as it is, names written through to the disk."""
        wanted = {self.folder / file.path for file in manifest.files}
        for path in sorted(self.folder.rglob("*"), reverse=True):
            if path.is_dir() and not path.is_symlink():
                sync_folder(path)
            elif path not in wanted:
                path.unlink()
            else:
                os.utime(path, (manifest.created_s, manifest.created_s))
        sync_folder(self.folder)


def held_bytes(folder: Path) -> int:
    """Return the bytes on the disk that the files of a folder hold; none where it is not there."""
    held = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # Another process may take it away this moment.
                held += Path(place, name).lstat().st_blocks * STAT_BLOCK_BYTES
    return held


def _written(path: Path, pieces: Iterator[bytes], writer: ThreadPoolExecutor) -> Iterator[int]:
    """Write pieces to a file that is not there yet, through to the disk; yield the size of each."""
    pending: Future[None] | None = None
    unflushed = 0
    with open_afresh(path, READABLE) as file:
        for piece in pieces:
            file.write(piece)
            unflushed += len(piece)
            if unflushed >= FLUSH_BYTES:
                if pending is not None:
                    pending.result()
                pending, unflushed = writer.submit(os.fdatasync, file.fileno()), 0
            yield len(piece)
        if pending is not None:
            pending.result()
        file.flush()
        os.fsync(file.fileno())
