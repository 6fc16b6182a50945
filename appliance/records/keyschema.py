"""The tables of the key store, how an older version becomes this one, and what can be read of it from beside."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from appliance.crypto.keywrap import WrapKind
from appliance.errors import DataFolderError
from appliance.records.folder import check_whole, in_words

KEYS_FILE = "keys.db"
APPLICATION_ID = int.from_bytes(b"CLKY")
SCHEMA_VERSION = 3
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
    CREATE TABLE keks (epoch INTEGER PRIMARY KEY NOT NULL, wrapped BLOB NOT NULL, made_at INTEGER);
    PRAGMA user_version = {SCHEMA_VERSION};
    COMMIT;
"""
STEPS = {  # From a version to the next one, each in one transaction.
    1: f"""
        BEGIN IMMEDIATE;
        ALTER TABLE wraps RENAME TO wraps_of_1;
        {WRAPS}
        INSERT INTO wraps SELECT document_id, 8, zeroblob(16), wrapped FROM wraps_of_1;
        DROP TABLE wraps_of_1;
        PRAGMA user_version = 2;
        COMMIT;
    """,  # noqa: S608 -- nothing in it comes from outside.
    2: """
        BEGIN IMMEDIATE;
        ALTER TABLE keks ADD COLUMN made_at INTEGER;
        PRAGMA user_version = 3;
        COMMIT;
    """,
}
EPOCH_OF_WRAP = "substr(wrapped, 7, 2)"  # Bytes 6 and 7 of KW1 (FORMAT.md, section 4); the numbers of SQL begin at 1.
UNDER_KEK = int(WrapKind.FILE_KEY_UNDER_KEK)


@dataclass(frozen=True, slots=True)
class Epoch:
    """A key-encrypting key as it is stored.

    Attributes:
        number: From 1; the greatest one is in use, older ones only open what is still under them.
        wrapped: The key, under the root key.
        made_at: When, or None where a version that wrote no dates made it.
    """

    number: int
    wrapped: bytes
    made_at: datetime | None


def connect(path: Path) -> sqlite3.Connection:
    """Open the database as it has to be opened: it forgets, and what it answered for is on the disk."""
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    return connection


def make_or_check(connection: sqlite3.Connection, folder: Path) -> None:
    """Make the tables in an empty database, bring older ones up to date, and read through what is there.

    Raises:
        DataFolderError: A newer version wrote it.
        sqlite3.DatabaseError: It is damaged.
    """
    version = _version(connection)
    if version == 0:
        connection.executescript(SCHEMA)
    elif version > SCHEMA_VERSION:
        reason = "a newer version of Cloister wrote its key store. Install that version or a newer one"
        raise DataFolderError(folder=str(folder), reason=reason)
    else:
        for step in range(version, SCHEMA_VERSION):
            connection.executescript(STEPS[step])
    check_whole(connection)


def read_epochs(folder: Path) -> list[Epoch]:
    """Return the epochs, the oldest first, from beside whoever has the key store open; change nothing.

    Returns:
        Nothing where there is no key store.

    Raises:
        DataFolderError: The key store cannot be read.
    """
    with _beside(folder) as connection:
        if connection is None:
            return []
        date = "made_at" if _version(connection) > 2 else "NULL"  # noqa: PLR2004 -- the version that began to date.
        rows = connection.execute(f"SELECT epoch, wrapped, {date} FROM keks ORDER BY epoch")  # noqa: S608 -- ours.
        return [Epoch(number, bytes(wrapped), to_date(made_at)) for number, wrapped, made_at in rows]


def count_documents(folder: Path) -> dict[int, int]:
    """Return how many documents have their key under which epoch, from beside whoever has the key store open.

    Raises:
        DataFolderError: The key store cannot be read.
    """
    with _beside(folder) as connection:
        if connection is None:
            return {}
        chosen = f"WHERE kind = {UNDER_KEK}" if _version(connection) > 1 else ""  # The first version had no others.
        rows = connection.execute(f"SELECT {EPOCH_OF_WRAP}, count(*) FROM wraps {chosen} GROUP BY 1")  # noqa: S608 -- ours.
        return {int.from_bytes(epoch): count for epoch, count in rows}


def to_date(made_at: int | None) -> datetime | None:
    """Return a stored date."""
    return None if made_at is None else datetime.fromtimestamp(made_at, UTC)


@contextmanager
def _beside(folder: Path) -> Iterator[sqlite3.Connection | None]:
    path = folder / KEYS_FILE
    if not path.exists():
        yield None
        return
    with in_words(folder), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
