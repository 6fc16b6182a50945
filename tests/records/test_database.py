from __future__ import annotations

import fcntl
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from appliance.errors import DataFolderError
from appliance.records import recordings
from appliance.records.database import APPLICATION_ID, BALLAST_FILE, DATABASE_FILE, Database
from appliance.records.recordings import Recording

BALLAST_BYTES = 2**16


def open_database(folder: Path) -> Database:
    return Database.open(folder, ballast_bytes=BALLAST_BYTES)


def pragma(session: Session, name: str) -> object:
    return session.connection().execute(text(f"PRAGMA {name}")).scalar()


def test_what_is_written_is_there_after_a_restart(tmp_path: Path) -> None:
    first = open_database(tmp_path)
    with first.write() as session:
        statement = (
            "INSERT INTO accounts (id, name, name_key, role, created_at) "
            "VALUES ('id', 'owner', 'owner', 'member', '2024-05-01 12:00:00.000000')"
        )
        session.connection().execute(text(statement))
    first.close()
    second = open_database(tmp_path)
    with second.read() as session:
        assert session.connection().execute(text("SELECT id FROM accounts")).scalar() == "id"
    second.close()


def test_the_writer_forgets_what_it_deletes_and_keeps_a_log(database: Database) -> None:
    names = ("journal_mode", "secure_delete", "mmap_size", "synchronous", "temp_store", "foreign_keys", "query_only")
    with database.write() as session:
        found = {name: pragma(session, name) for name in names}

    assert found.pop("mmap_size") == 0
    assert found == {
        "journal_mode": "wal",
        "secure_delete": 1,
        "synchronous": 2,
        "temp_store": 2,
        "foreign_keys": 1,
        "query_only": 0,
    }


def test_a_reader_cannot_change_anything(database: Database) -> None:
    with pytest.raises((OperationalError, DataFolderError)), database.read() as session:
        session.connection().execute(text("DELETE FROM accounts"))


def test_nothing_is_written_when_something_is_raised(
    database: Database, add_recording: Callable[..., Recording]
) -> None:
    recording = add_recording()

    def stumble() -> None:
        with database.write() as session:
            recordings.mark_stored(session, recording.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    with database.read() as session:
        assert session.get_one(Recording, recording.id).state == "uploading"


def test_the_next_write_works_after_one_that_failed(
    database: Database, add_recording: Callable[..., Recording]
) -> None:
    with pytest.raises(OperationalError), database.write() as session:
        session.connection().execute(text("no SQL"))

    assert add_recording().id


def test_a_write_inside_a_write_is_refused_at_once(database: Database) -> None:
    with database.write(), pytest.raises(RuntimeError, match="inside"), database.write():
        pass


def test_a_reader_sees_one_moment_while_others_write(
    database: Database, add_recording: Callable[..., Recording]
) -> None:
    add_recording()
    with database.read() as session:
        before = len(recordings.listing(session, "owner"))
        writer = Thread(target=add_recording)
        writer.start()
        writer.join()
        assert len(recordings.listing(session, "owner")) == before
    with database.read() as session:
        assert len(recordings.listing(session, "owner")) == before + 1


def test_threads_that_write_wait_for_one_another(database: Database, add_recording: Callable[..., Recording]) -> None:
    recording = add_recording()

    def touch() -> None:
        for _ in range(10):
            with database.write() as session:
                row = session.get_one(Recording, recording.id)
                row.received_chunks += 1

    threads = [Thread(target=touch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.get_one(Recording, recording.id).received_chunks == 40


COUNT_TWENTY = """
import sys
from pathlib import Path
from appliance.records.database import Database
from appliance.records.recordings import Recording

database = Database.open(Path(sys.argv[1]), ballast_bytes=65536)
print("ready", flush=True)
for _ in range(20):
    with database.write() as session:
        session.get_one(Recording, sys.argv[2]).received_chunks += 1
database.close()
"""


def test_processes_that_write_wait_for_one_another(
    database: Database, add_recording: Callable[..., Recording], tmp_path: Path
) -> None:
    recording = add_recording()
    command = [sys.executable, "-c", COUNT_TWENTY, str(tmp_path / "data"), recording.id]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"ready\n"
        for _ in range(20):
            with database.write() as session:
                session.get_one(Recording, recording.id).received_chunks += 1
    assert other.returncode == 0
    with database.read() as session:
        assert session.get_one(Recording, recording.id).received_chunks == 40


def test_while_somebody_writes_no_other_process_can_empty_the_log(database: Database, tmp_path: Path) -> None:
    with (tmp_path / "data" / BALLAST_FILE).open("rb") as elsewhere:
        with database.write(), pytest.raises(BlockingIOError):
            fcntl.flock(elsewhere, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(elsewhere, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_only_the_appliance_can_read_the_files(
    database: Database, add_recording: Callable[..., Recording], tmp_path: Path
) -> None:
    add_recording()
    data = tmp_path / "data"

    assert {path.name for path in data.iterdir()} > {DATABASE_FILE, f"{DATABASE_FILE}-wal"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()} == {0o600}
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_a_folder_with_other_things_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.txt").touch()
    open_database(tmp_path).close()

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_the_log_is_gone_after_closing(tmp_path: Path) -> None:
    open_database(tmp_path).close()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["cloister.ballast", DATABASE_FILE]


def test_a_percent_sign_in_the_path_is_just_a_character(tmp_path: Path) -> None:
    open_database(tmp_path / "100%(data)s").close()

    assert (tmp_path / "100%(data)s" / DATABASE_FILE).exists()


def test_a_start_that_was_cut_short_is_made_good(tmp_path: Path) -> None:
    (tmp_path / DATABASE_FILE).touch()
    open_database(tmp_path).close()
    connection = sqlite3.connect(tmp_path / DATABASE_FILE)
    connection.execute("DELETE FROM alembic_version")
    made = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'")
    for (table,) in made.fetchall():
        connection.execute(f"DROP TABLE {table}")
    connection.commit()
    connection.close()
    database = open_database(tmp_path)
    with database.read() as session:
        assert not recordings.exist(session)
    database.close()


def test_our_database_says_that_it_is_ours(database: Database) -> None:
    with database.read() as session:
        assert pragma(session, "application_id") == APPLICATION_ID
