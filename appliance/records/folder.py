"""The data folder: private, writable, and holding nobody else's databases; every refusal in words."""

import errno
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from appliance.errors import ApplianceError, DataFolderError, DiskFullError
from appliance.owners import refuse_foreign

SQLITE_MAGIC = b"SQLite format 3\0"
SQLITE_HEADER_BYTES = 100
APPLICATION_ID_AT = slice(68, 72)  # Source: sqlite.org/fileformat2.html, section 1.3.
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
FORBIDDEN = {errno.EACCES, errno.EPERM}

WORDS = {
    sqlite3.SQLITE_CORRUPT: "its database is damaged. Restore it from a backup",
    sqlite3.SQLITE_NOTADB: "its database is damaged. Restore it from a backup",
    sqlite3.SQLITE_READONLY: "it cannot be written to",
    sqlite3.SQLITE_CANTOPEN: "its database cannot be opened",
    sqlite3.SQLITE_PERM: "the appliance may not write there",
    sqlite3.SQLITE_IOERR: "its disk reports a fault in reading or writing",
    sqlite3.SQLITE_BUSY: "another program holds its database",
}
LITTLE_BYTES = 65536  # With less room than this, SQLite's "input/output error" is about its shared memory file.


def prepare_folder(folder: Path, holds: str) -> None:
    """Make the folder, or make sure of one that is there.

    Args:
        folder: May be missing, with its parents.
        holds: The file by which we know a folder as ours.

    Raises:
        DataFolderError: It cannot be used; says why.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = _names(folder)
    except (FileExistsError, NotADirectoryError) as exc:
        raise DataFolderError(folder=str(folder), reason="it is not a folder") from exc
    except OSError as exc:
        raise _refusal(folder, exc) from exc
    if not names or holds in names:  # Somebody else's folder, given by mistake, keeps its permissions.
        _make_private(folder)
    _try_to_write(folder)


def private_file(path: Path, application_id: int) -> bool:
    """Make an empty database file that only we can read, or make sure of one that is there.

    This reads the file by itself, so it must come before SQLite opens it: closing any descriptor of a file lets go of
    all locks that the process holds on it.

    Returns:
        Whether the file is empty, so that everything in it is still to be made.

    Raises:
        DataFolderError: The file is not one of our databases. It was not changed.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as exc:
        raise _refusal(path.parent, exc) from exc
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise DataFolderError(folder=str(path.parent), reason=f"{path.name} in it is not a file")
        header = os.read(descriptor, SQLITE_HEADER_BYTES)
        if header and (
            not header.startswith(SQLITE_MAGIC)
            or header[APPLICATION_ID_AT] != application_id.to_bytes(APPLICATION_ID_AT.stop - APPLICATION_ID_AT.start)
        ):
            reason = f"{path.name} in it is not a database of Cloister, or it is damaged"
            raise DataFolderError(folder=str(path.parent), reason=reason)
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
    return not header


@contextmanager
def leaving_nothing(folder: Path, database: str, others: Iterable[str]) -> Iterator[None]:
    """If opening fails, say so in words and remove what it left: folder, database, side files, as far as they are new.

    The side files of a database that was there before stay: they may hold its last transactions.

    Raises:
        DataFolderError: The disk or SQLite refused.
        DiskFullError: There is no room.
    """
    there_before = _names(folder) if folder.is_dir() else None
    side_files = {f"{database}{suffix}" for suffix in ("", "-wal", "-shm", "-journal")}
    removable = set(others) if database in (there_before or ()) else {*others, *side_files}

    def remove_what_is_left() -> None:
        for name in removable - (there_before or set()):
            _discard(folder / name)
        if there_before is None and folder.is_dir() and not _names(folder):
            folder.rmdir()

    try:
        with in_words(folder):
            yield
    except OSError as exc:
        remove_what_is_left()
        raise _refusal(folder, exc) from exc
    except BaseException:
        remove_what_is_left()
        raise


@contextmanager
def in_words(folder: Path) -> Iterator[None]:
    """Say in our words what SQLite or the disk refuses; a mistake in a query stays what it is.

    Raises:
        DiskFullError: There is no room.
        DataFolderError: The database is damaged, or its disk refuses.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as exc:
        original = exc.orig if isinstance(exc, DBAPIError) else exc
        if is_full(folder, original):
            raise DiskFullError(folder=str(folder)) from exc
        words = WORDS.get(_kind(original))
        if words is None:
            raise
        raise DataFolderError(folder=str(folder), reason=words) from exc


def is_full(folder: Path, exc: BaseException | None) -> bool:
    """Tell whether an error of SQLite means that the disk is full."""
    kind = _kind(exc)
    return kind == sqlite3.SQLITE_FULL or (kind == sqlite3.SQLITE_IOERR and _free_bytes(folder) < LITTLE_BYTES)


def check_whole(connection: sqlite3.Connection) -> None:
    """Read through the whole database once.

    Raises:
        sqlite3.DatabaseError: It is damaged.
    """
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        damaged = sqlite3.DatabaseError("the database is damaged")
        damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damaged


def _kind(exc: BaseException | None) -> int:
    return int(getattr(exc, "sqlite_errorcode", 0)) & 0xFF  # The low byte is the kind, the rest tells where.


def _refusal(folder: Path, exc: OSError) -> ApplianceError:
    """Return an error in words; where the owner is the reason, that is raised here."""
    if exc.errno in FORBIDDEN:
        for path in (folder, Path(exc.filename or folder)):
            refuse_foreign(path)
    if exc.errno in NO_ROOM:
        return DiskFullError(folder=str(folder))
    words = {
        errno.EACCES: "the appliance may not read and write there",
        errno.EPERM: "the appliance may not read and write there",
        errno.EROFS: "it is on a disk that is read-only",
        errno.ELOOP: "one of its database files is a link to somewhere else",
        errno.EISDIR: "one of its database files is a folder",
    }
    return DataFolderError(folder=str(folder), reason=words.get(exc.errno or 0, os.strerror(exc.errno or errno.EIO)))


def _free_bytes(folder: Path) -> int:
    figures = os.statvfs(folder)
    return figures.f_bavail * figures.f_frsize


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _make_private(folder: Path) -> None:
    try:
        folder.chmod(0o700)
    except PermissionError:
        return  # A mounted volume may belong to somebody else; the files in it are private in any case.
    except OSError as exc:
        raise _refusal(folder, exc) from exc


def _try_to_write(folder: Path) -> None:
    """Write a file without a name; on a full disk that fails too, but there everything else may still go well."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as exc:
        if exc.errno not in NO_ROOM:
            raise _refusal(folder, exc) from exc


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # The first error is the one to report; what cannot be removed was not ours to make.
