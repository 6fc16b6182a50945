"""Wrapped keys, in a database of their own that forgets: without its key a sealed document is noise."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from appliance.errors import ConflictError, DataFolderError, DiskFullError, NotFoundError
from appliance.records.ballast import Ballast
from appliance.records.folder import in_words, is_full, leaving_nothing, prepare_folder, private_file
from appliance.records.keyschema import (
    APPLICATION_ID,
    EPOCH_OF_WRAP,
    KEYS_FILE,
    UNDER_KEK,
    connect,
    make_or_check,
    to_date,
)

BALLAST_FILE = "keys.ballast"
BALLAST_BYTES = 2**20
SEALED = 0x100  # Set in the kind of a key that is sealed to a public key; the rest is its purpose (FORMAT.md, SL1).
APPLIANCE = bytes(16)  # Who holds what the appliance itself can open.
MOST_NAMED = 500  # SQLite takes only so many values in one statement.

UPSERT = (
    "INSERT INTO wraps (subject, kind, holder, wrapped) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (subject, kind, holder) DO UPDATE SET wrapped = excluded.wrapped"
)
PART = "DELETE FROM wraps WHERE subject = ? AND kind = ? AND holder = ?"
WHOLE = "DELETE FROM wraps WHERE subject = ?"
PAGE = (
    "SELECT subject, kind, holder, wrapped FROM wraps WHERE kind = ? AND (subject, holder) > (?, ?)"
    " ORDER BY subject, holder LIMIT ?"
)
IN_PLACE = "UPDATE wraps SET wrapped = ? WHERE subject = ? AND kind = ? AND holder = ? AND wrapped = ?"
UNUSED_KEK = (
    "DELETE FROM keks WHERE epoch = ?"  # noqa: S608 -- nothing in it comes from outside.
    f" AND NOT EXISTS (SELECT 1 FROM wraps WHERE kind = {UNDER_KEK} AND {EPOCH_OF_WRAP} = ?)"
)


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
                    connection = connect(folder / KEYS_FILE)
                    on_failure.callback(connection.close)
                    make_or_check(connection, folder)
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
            found += map(_wrap_of, rows)
        return found

    def page(self, kind: int, after: Wrap | None, at_most: int) -> list[Wrap]:
        """Return some wrapped keys of a kind in the order of their subjects, so that all can be gone through.

        Args:
            kind: Which ones.
            after: The last one of the page before, whether it is still there or not; None for the first page.
            at_most: How many; fewer come at the end, then none.
        """
        subject, holder = (after.subject, after.holder) if after else (b"", b"")
        return [_wrap_of(row) for row in self._read(PAGE, kind, subject, holder, at_most)]

    def replace(self, changes: Iterable[tuple[Wrap, bytes]]) -> int:
        """Put other bytes in the place of wrapped keys, each only where the very same ones still stand, all at once.

        One that was erased since it was read stays erased, and one that was replaced stays as it was replaced: what
        somebody else did meanwhile wins. So nothing that was deleted can come back this way.

        Args:
            changes: A wrap as it was read, and what to store instead.

        Returns:
            How many were replaced.

        Raises:
            DiskFullError: There is no room, for this waits: the ballast is for deletions. Nothing was changed.
        """
        updates = [
            (IN_PLACE, (wrapped, wrap.subject, wrap.kind, wrap.holder, wrap.wrapped)) for wrap, wrapped in changes
        ]
        return self._change(updates, keep_ballast_bytes=self._ballast.whole_bytes)

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
        """Store the wrapped key-encrypting key of a new epoch, with the date of now.

        Raises:
            ConflictError: The epoch has one; in its place another would make its documents unreadable.
            DiskFullError: There is no room; nothing was changed.
        """
        made_at = int(datetime.now(UTC).timestamp())
        try:
            self._change(
                [("INSERT INTO keks (epoch, wrapped, made_at) VALUES (?, ?, ?)", (epoch, wrapped, made_at))],
                keep_ballast_bytes=self._ballast.whole_bytes // 2,
            )
        except sqlite3.IntegrityError as exc:
            raise ConflictError from exc

    def keks(self) -> dict[int, bytes]:
        """Return the wrapped key-encrypting keys by epoch."""
        return {int(epoch): bytes(wrapped) for epoch, wrapped in self._read("SELECT epoch, wrapped FROM keks")}

    def kek_made_at(self, epoch: int) -> datetime | None:
        """Return when the key of an epoch was made, or None where nobody wrote it down."""
        rows = self._read("SELECT made_at FROM keks WHERE epoch = ?", epoch)
        return to_date(rows[0][0]) if rows else None

    def erase_unused_keks(self, epochs: Iterable[int]) -> set[int]:
        """Erase the key-encrypting keys of some epochs for good, but of none that a wrap still needs.

        Whether one is needed is asked in the transaction that erases, so nothing can come in between.

        Returns:
            The epochs whose key is gone.

        Raises:
            DiskFullError: Not even the ballast was enough; nothing was erased.
        """
        asked = set(epochs)
        self._change([(UNUSED_KEK, (epoch, epoch.to_bytes(2))) for epoch in sorted(asked)], keep_ballast_bytes=0)
        return asked - self.keks().keys()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()
            self._ballast.close()

    def _read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, in_words(self._folder):
            return self._connection.execute(statement, values).fetchall()

    def _change(self, changes: Sequence[tuple[str, tuple[object, ...]]], keep_ballast_bytes: int) -> int:
        """Change rows, all or none; where the disk only looked as if it had room, once more with the ballast's.

        Returns:
            How many rows were changed.
        """
        with self._lock, in_words(self._folder), self._ballast.locked():
            try:
                with self._ballast.lent(keep_ballast_bytes):
                    return self._run(changes)
            except sqlite3.OperationalError as exc:
                if not is_full(self._folder, exc):
                    raise
                with self._ballast.lent(keep_ballast_bytes, even_unasked=True):
                    return self._run(changes)

    def _run(self, changes: Sequence[tuple[str, tuple[object, ...]]]) -> int:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            count = sum(self._connection.execute(statement, values).rowcount for statement, values in changes)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:  # A full disk makes SQLite roll back by itself.
                self._connection.execute("ROLLBACK")
            raise
        return count


def _wrap_of(row: tuple[Any, ...]) -> Wrap:
    subject, kind, holder, wrapped = row
    return Wrap(bytes(subject), kind, bytes(holder), bytes(wrapped))
