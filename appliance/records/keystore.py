"""Wrapped keys, in a database of their own that forgets: without its key a sealed document is noise."""

import sqlite3
from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from appliance.errors import ConflictError, DataFolderError, DiskFullError, NotFoundError
from appliance.records.ballast import Ballast
from appliance.records.folder import check_whole, in_words, is_full, leaving_nothing, prepare_folder, private_file

KEYS_FILE = "keys.db"
BALLAST_FILE = "keys.ballast"
BALLAST_BYTES = 2**20
APPLICATION_ID = int.from_bytes(b"CLKY")
SCHEMA_VERSION = 2
SEALED = 0x100  # Set in the kind of a key that is sealed to a public key; the rest is its purpose (FORMAT.md, SL1).
APPLIANCE = bytes(16)  # Who holds what the appliance itself can open.
MOST_NAMED = 500  # SQLite takes only so many values in one statement.
BUSY_TIMEOUT_S = 5.0

PRAGMAS = (
    "PRAGMA secure_delete = ON",
    "PRAGMA mmap_size = 0",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_mode = TRUNCATE",  # A log would keep copies of erased keys; this journal is cut after each change.
    "PRAGMA synchronous = EXTRA",  # An erased key stays erased after a power cut.
)
WRAPS = """
    CREATE TABLE wraps (
        subject BLOB NOT NULL, kind INTEGER NOT NULL, holder BLOB NOT NULL, wrapped BLOB NOT NULL,
        PRIMARY KEY (subject, kind, holder)
    ) WITHOUT ROWID;
"""
SCHEMA = f"""
    BEGIN IMMEDIATE;
    PRAGMA application_id = {APPLICATION_ID};
    {WRAPS}
    CREATE TABLE keks (epoch INTEGER PRIMARY KEY NOT NULL, wrapped BLOB NOT NULL);
    PRAGMA user_version = {SCHEMA_VERSION};
    COMMIT;
"""
FROM_1_TO_2 = f"""
    BEGIN IMMEDIATE;
    ALTER TABLE wraps RENAME TO wraps_of_1;
    {WRAPS}
    INSERT INTO wraps SELECT document_id, 8, zeroblob(16), wrapped FROM wraps_of_1;
    DROP TABLE wraps_of_1;
    PRAGMA user_version = {SCHEMA_VERSION};
    COMMIT;
"""  # noqa: S608 -- nothing in it comes from outside.
UPSERT = (
    "INSERT INTO wraps (subject, kind, holder, wrapped) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (subject, kind, holder) DO UPDATE SET wrapped = excluded.wrapped"
)
PART = "DELETE FROM wraps WHERE subject = ? AND kind = ? AND holder = ?"
WHOLE = "DELETE FROM wraps WHERE subject = ?"


@dataclass(frozen=True, slots=True)
class Wrap:
    """One way to a key: what it opens, how it is wrapped, and who can use it.

    Attributes:
        subject: Id of what the key opens: a document, an account, a workspace; 16 bytes.
        kind: A kind of KW1, or ``SEALED`` with a purpose of SL1.
        holder: Id of who holds the key that opens the wrap, 16 bytes; ``APPLIANCE`` for the appliance.
        wrapped: The wrapped key.
    """

    subject: bytes
    kind: int
    holder: bytes
    wrapped: bytes


class KeyStore:
    """Wrapped keys by what they open, and wrapped key-encrypting keys by epoch; never a key in clear."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, ballast: Ballast) -> None:
        """Take an open database; ``open`` makes one."""
        self._folder = folder
        self._connection = connection
        self._ballast = ballast
        self._lock = Lock()

    @classmethod
    def open(cls, folder: Path, has_data: bool = False, ballast_bytes: int = BALLAST_BYTES) -> "KeyStore":  # noqa: FBT001, FBT002 -- as load_root_key has it.
        """Open the key store in a folder; make it at the first start.

        Args:
            folder: The data folder; made if it is missing.
            has_data: Whether sealed data is there: then a missing key store is a loss, and no first start.
            ballast_bytes: Room to keep for a full disk.

        Raises:
            DataFolderError: The folder or the key store in it cannot be used; says why, and nothing new is left behind.
            DiskFullError: There is no room for a new key store.
        """
        with leaving_nothing(folder, KEYS_FILE, [BALLAST_FILE]), ExitStack() as on_failure:
            prepare_folder(folder, KEYS_FILE)
            if has_data and not (folder / KEYS_FILE).exists():
                reason = (
                    f"{KEYS_FILE} is missing, and without it nothing in the folder opens. Put it back from a backup"
                )
                raise DataFolderError(folder=str(folder), reason=reason)
            is_new = private_file(folder / KEYS_FILE, APPLICATION_ID)
            ballast = Ballast(folder / BALLAST_FILE, ballast_bytes)
            on_failure.callback(ballast.close)
            with ballast.locked():
                with ballast.lent(keep_bytes=0):
                    connection = _connect(folder / KEYS_FILE)
                    on_failure.callback(connection.close)
                    _make_or_check(connection, folder)
                ballast.refill()
            if is_new and ballast.held_bytes < ballast_bytes:
                raise DiskFullError(folder=str(folder))
            on_failure.pop_all()
        return cls(folder, connection, ballast)

    def put(self, *wraps: Wrap) -> None:
        """Store wrapped keys, all or none, each in the place of an older wrap of the same subject, kind and holder.

        Raises:
            DiskFullError: There is no room; nothing was changed.
        """
        self.change(wraps, take_back=())

    def change(self, put: Iterable[Wrap], take_back: Iterable[Wrap]) -> None:
        """Take wrapped keys back and store others, in one transaction.

        Raises:
            DiskFullError: There is no room; nothing was changed.
        """
        removals = [(PART, (wrap.subject, wrap.kind, wrap.holder)) for wrap in take_back]
        additions = [(UPSERT, (wrap.subject, wrap.kind, wrap.holder, wrap.wrapped)) for wrap in put]
        self._change([*removals, *additions], keep_ballast_bytes=self._ballast.whole_bytes // 2)

    def get(self, subject: bytes, kind: int, holder: bytes) -> bytes:
        """Return a wrapped key.

        Raises:
            NotFoundError: It was erased, or never was.
        """
        rows = self._read(
            "SELECT wrapped FROM wraps WHERE subject = ? AND kind = ? AND holder = ?", subject, kind, holder
        )
        if not rows:
            raise NotFoundError
        return bytes(rows[0][0])

    def held(self, *subjects: bytes) -> list[Wrap]:
        """Return every wrapped key of some subjects: who can open them, and by what."""
        found: list[Wrap] = []
        for start in range(0, len(subjects), MOST_NAMED):
            some = subjects[start : start + MOST_NAMED]
            places = ", ".join("?" * len(some))
            rows = self._read(f"SELECT subject, kind, holder, wrapped FROM wraps WHERE subject IN ({places})", *some)  # noqa: S608 -- only question marks.
            found += [
                Wrap(bytes(subject), kind, bytes(holder), bytes(wrapped)) for subject, kind, holder, wrapped in rows
            ]
        return found

    def of_kind(self, kind: int) -> list[Wrap]:
        """Return every wrapped key of a kind."""
        rows = self._read("SELECT subject, holder, wrapped FROM wraps WHERE kind = ?", kind)
        return [Wrap(bytes(subject), kind, bytes(holder), bytes(wrapped)) for subject, holder, wrapped in rows]

    def erase(self, *subjects: bytes) -> None:
        """Erase every wrapped key of some subjects, all or none, for good; ids that are not there are no error.

        Raises:
            DiskFullError: Not even the ballast was enough; nothing was erased.
        """
        self._change([(WHOLE, (subject,)) for subject in subjects], keep_ballast_bytes=0)

    def subjects(self) -> set[bytes]:
        """Return the ids of all that has a key here."""
        return {bytes(subject) for (subject,) in self._read("SELECT DISTINCT subject FROM wraps")}

    def put_kek(self, epoch: int, wrapped: bytes) -> None:
        """Store the wrapped key-encrypting key of a new epoch.

        Raises:
            ConflictError: The epoch has one; in its place another would make its documents unreadable.
            DiskFullError: There is no room; nothing was changed.
        """
        try:
            self._change(
                [("INSERT INTO keks (epoch, wrapped) VALUES (?, ?)", (epoch, wrapped))],
                keep_ballast_bytes=self._ballast.whole_bytes // 2,
            )
        except sqlite3.IntegrityError as exc:
            raise ConflictError from exc

    def keks(self) -> dict[int, bytes]:
        """Return the wrapped key-encrypting keys by epoch."""
        return {int(epoch): bytes(wrapped) for epoch, wrapped in self._read("SELECT epoch, wrapped FROM keks")}

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()
            self._ballast.close()

    def _read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, in_words(self._folder):
            return self._connection.execute(statement, values).fetchall()

    def _change(self, changes: list[tuple[str, tuple[object, ...]]], keep_ballast_bytes: int) -> None:
        """Change rows, all or none; where the disk only looked as if it had room, once more with the ballast's."""
        with self._lock, in_words(self._folder), self._ballast.locked():
            try:
                with self._ballast.lent(keep_ballast_bytes):
                    self._run(changes)
            except sqlite3.OperationalError as exc:
                if not is_full(self._folder, exc):
                    raise
                with self._ballast.lent(keep_ballast_bytes, even_unasked=True):
                    self._run(changes)

    def _run(self, changes: list[tuple[str, tuple[object, ...]]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for statement, values in changes:
                self._connection.execute(statement, values)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:  # A full disk makes SQLite roll back by itself.
                self._connection.execute("ROLLBACK")
            raise


def read_keks(folder: Path) -> dict[int, bytes]:
    """Return the wrapped key-encrypting keys by epoch, from beside whoever has the key store open; change nothing.

    Returns:
        Nothing where there is no key store.

    Raises:
        DataFolderError: The key store cannot be read.
    """
    path = folder / KEYS_FILE
    if not path.exists():
        return {}
    with in_words(folder), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return {int(epoch): bytes(wrapped) for epoch, wrapped in connection.execute("SELECT epoch, wrapped FROM keks")}


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    return connection


def _make_or_check(connection: sqlite3.Connection, folder: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.executescript(SCHEMA)
    elif version == 1:
        connection.executescript(FROM_1_TO_2)
    elif version > SCHEMA_VERSION:
        reason = "a newer version of Cloister wrote its key store. Install that version or a newer one"
        raise DataFolderError(folder=str(folder), reason=reason)
    check_whole(connection)
