"""The main database: SQLite with one writer, deletion that deletes, and room for it on a full disk.

The only module that knows that the database is SQLite.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Lock, get_ident

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlmodel import Session

from appliance.errors import DataFolderError, DiskFullError
from appliance.records.ballast import Ballast
from appliance.records.folder import check_whole, in_words, leaving_nothing, prepare_folder, private_file

log = logging.getLogger(__name__)

DATABASE_FILE = "cloister.db"
BALLAST_FILE = "cloister.ballast"
BALLAST_BYTES = 64 * 2**20
APPLICATION_ID = int.from_bytes(b"CLDB")
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_S = 5.0
READERS = 8
MOST_CHECKED_BYTES = 64 * 2**20  # A slow disk reads as much in a second; in a larger file damage shows when it is read.

PRAGMAS = (
    "PRAGMA secure_delete = ON",  # Deleted content becomes zeros; the log forgets it when it is emptied.
    "PRAGMA mmap_size = 0",  # A page that is mapped can outlive its deletion, and a disk fault would kill the process.
    "PRAGMA temp_store = MEMORY",  # No sorting in files that nobody wipes.
    "PRAGMA synchronous = FULL",  # An ending that was told to somebody survives a power cut.
)


class Database:
    """The rows of this appliance, for many threads: readers never wait, writers wait for one another."""

    def __init__(self, folder: Path, ballast: Ballast) -> None:
        """Take a folder whose database is up to date; ``open`` sees to that."""
        self._folder = folder
        self._ballast = ballast
        self._lock = Lock()
        self._writing_thread: int | None = None
        path = folder / DATABASE_FILE
        self._writer = _engine(path, "PRAGMA foreign_keys = ON", begin="BEGIN IMMEDIATE", connections=1)
        self._readers = _engine(path, "PRAGMA query_only = ON", begin="BEGIN", connections=READERS)
        self._writer.connect().close()  # From now on a reader is never the last to close, and never empties the log.

    @classmethod
    def open(cls, folder: Path, ballast_bytes: int = BALLAST_BYTES) -> "Database":
        """Open the database in a folder; make it at the first start, bring it up to date after an upgrade.

        Args:
            folder: The data folder; made if it is missing.
            ballast_bytes: Room to keep for a full disk.

        Raises:
            DataFolderError: The folder or the database in it cannot be used; says why, and nothing new is left behind.
            DiskFullError: There is no room for a new database.
        """
        with leaving_nothing(folder, DATABASE_FILE, [BALLAST_FILE]), ExitStack() as on_failure:
            prepare_folder(folder, DATABASE_FILE)
            is_new = private_file(folder / DATABASE_FILE, APPLICATION_ID)
            ballast = Ballast(folder / BALLAST_FILE, ballast_bytes)
            on_failure.callback(ballast.close)
            with ballast.locked():
                with ballast.lent(keep_bytes=0):
                    _bring_up_to_date(folder, is_new=is_new)
                    database = cls(folder, ballast)
                    on_failure.callback(database._dispose)
                ballast.refill()
            if is_new and ballast.held_bytes < ballast_bytes:
                raise DiskFullError(folder=str(folder))
            if ballast.held_bytes < ballast_bytes:
                log.warning("the disk is nearly full", extra={"missing": ballast_bytes - ballast.held_bytes})
            on_failure.pop_all()
        return database

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session that sees one moment of the database and cannot change it.

        What it loads can be used after it ends. Keep it short: an old view keeps the log from being emptied.

        Raises:
            DataFolderError: The database is damaged, or its disk refuses.
        """
        with in_words(self._folder), Session(self._readers, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Yield the one session that may change things: all of it at the end, or nothing if anything is raised.

        Raises:
            DiskFullError: There is no room; nothing was changed.
            DataFolderError: The database is damaged, or its disk refuses.
        """
        with self._transaction(keep_ballast_bytes=self._ballast.whole_bytes // 2) as session:
            yield session

    def remove(self, work: Callable[[Session], object]) -> None:
        """Run a deletion in one transaction, and then make sure that what it deleted is gone from the disk too.

        On a full disk it may use the whole ballast, where other writes get half of it.

        Args:
            work: Deletes rows; runs a second time in another session where the disk was full.

        Raises:
            DiskFullError: Not even the ballast was enough; nothing was deleted.
            DataFolderError: The database is damaged, or its disk refuses.
        """
        try:
            with self.write() as session:
                work(session)
        except DiskFullError:
            with self._transaction(keep_ballast_bytes=0, even_unasked=True) as session:
                work(session)
        self.purge()

    def purge(self) -> bool:
        """Move the log into the database and empty it: until then it holds copies of what was deleted.

        Returns:
            Whether the log is empty; a reader that stays for seconds can be in the way.
        """
        with self._alone(), self._ballast.lent(keep_bytes=0):
            emptied = self._empty_log()
            self._ballast.refill()
        if not emptied:
            log.warning("a reader kept the log from being emptied")
        return emptied

    def close(self) -> None:
        """Close everything, the writer last: whoever closes last removes the log."""
        with self._alone():
            self._empty_log()
            self._dispose()
        self._ballast.close()

    def _dispose(self) -> None:
        self._readers.dispose()
        self._writer.dispose()

    @contextmanager
    def _transaction(self, keep_ballast_bytes: int, *, even_unasked: bool = False) -> Iterator[Session]:
        with (
            self._alone(),
            self._ballast.lent(keep_ballast_bytes, even_unasked=even_unasked),
            Session(self._writer, expire_on_commit=False) as session,
        ):
            yield session
            session.commit()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads and other processes from writing, and from emptying the log while we write.

        SQLite before 3.51.3 can lose a transaction when one connection writes while another one restarts the log.
        """
        if self._writing_thread == get_ident():
            raise RuntimeError("a write inside a write would wait for itself")
        with self._lock, in_words(self._folder), self._ballast.locked():
            self._writing_thread = get_ident()
            try:
                yield
            finally:
                self._writing_thread = None

    def _empty_log(self) -> bool:
        with closing(self._writer.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            is_busy = bool((cursor.fetchone() or [1])[0])
        return not is_busy


def _bring_up_to_date(folder: Path, *, is_new: bool) -> None:
    """Check the database, switch its log on and run the migrations that are missing, all or nothing."""
    path = folder / DATABASE_FILE
    with closing(_connect(path)) as connection:
        if is_new:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        elif path.stat().st_size <= MOST_CHECKED_BYTES:
            check_whole(connection)
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise DataFolderError(folder=str(folder), reason="its disk does not allow the database's log")
    engine = _engine(path, "PRAGMA foreign_keys = OFF", begin="BEGIN IMMEDIATE", connections=1)
    try:
        with engine.begin() as migrating:
            _migrate(migrating, folder)
    finally:
        engine.dispose()


def _migrate(connection: Connection, folder: Path) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        reason = "a newer version of Cloister wrote its database. Install that version or a newer one"
        raise DataFolderError(folder=str(folder), reason=reason)
    command.upgrade(config, "head")


def _engine(path: Path, *pragmas: str, begin: str, connections: int) -> Engine:
    """Return an engine whose transactions begin when SQLAlchemy says so.

    Python's driver would wait with it for the first change of a row, and leave changes of tables out of it.
    """
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(path, *pragmas),
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _connect(path: Path, *pragmas: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    for pragma in (*PRAGMAS, *pragmas):
        connection.execute(pragma)
    return connection
