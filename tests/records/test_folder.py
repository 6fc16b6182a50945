"""A folder or a file that cannot be ours is refused in words, and left as it was."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.errors import DataFolderError
from appliance.options import TranscribeOptions
from appliance.records import recordings
from appliance.records.database import DATABASE_FILE, Database

BALLAST_BYTES = 2**16


def open_database(folder: Path) -> Database:
    return Database.open(folder, ballast_bytes=BALLAST_BYTES)


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    connection = sqlite3.connect(tmp_path / DATABASE_FILE)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(DataFolderError, match="newer version of Cloister"):
        open_database(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["cloister.ballast", DATABASE_FILE]


def foreign_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name)")
    connection.commit()
    connection.close()


def damaged_header(path: Path) -> None:
    path.write_bytes(os.urandom(8192))


def a_line_of_text(path: Path) -> None:
    path.write_bytes(b"hello")


def a_folder(path: Path) -> None:
    path.mkdir()


def a_link(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [foreign_database, damaged_header, a_line_of_text, a_folder, a_link, a_pipe])
def test_something_else_by_that_name_is_refused_and_left_alone(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / DATABASE_FILE
    make(path)
    before = (path.lstat().st_size, path.lstat().st_mtime_ns, path.lstat().st_mode)
    with pytest.raises(DataFolderError) as refusal:
        open_database(tmp_path)

    assert refusal.value.folder == str(tmp_path)
    assert [found.name for found in tmp_path.iterdir()] == [DATABASE_FILE]
    assert (path.lstat().st_size, path.lstat().st_mtime_ns, path.lstat().st_mode) == before


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    with (tmp_path / DATABASE_FILE).open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(3 * 4096))
    with pytest.raises(DataFolderError, match="damaged"):
        open_database(tmp_path)


def test_a_database_that_lost_its_end_is_refused(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    os.truncate(tmp_path / DATABASE_FILE, 5 * 4096)
    with pytest.raises(DataFolderError, match="damaged"):
        open_database(tmp_path)


def test_damage_in_a_database_too_large_to_check_is_told_when_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(tmp_path)
    with database.write() as session:
        recordings.add(
            session,
            owner_id="owner",
            size_bytes=1,
            audio_id=b"a" * 16,
            title_id=b"t" * 16,
            sealed_title=bytes(40 * 4096),
            options=TranscribeOptions(),
        )
    database.close()
    with (tmp_path / DATABASE_FILE).open("r+b") as file:
        file.seek(-20 * 4096, os.SEEK_END)
        file.write(os.urandom(20 * 4096))
    monkeypatch.setattr("appliance.records.database.MOST_CHECKED_BYTES", 0)
    database = open_database(tmp_path)
    with pytest.raises(DataFolderError, match="damaged"), database.read() as session:
        recordings.listing(session, "owner")
    database.close()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(DataFolderError, match="not a folder"):
        open_database(tmp_path / "data")


def test_a_folder_inside_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderError, match="not a folder"):
        open_database(tmp_path / "file" / "data")


@pytest.fixture
def read_only_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that cannot be written to; as root only a read-only file system is one."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)
        return
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "ro", "cloister-test", folder], check=False, capture_output=True
    ).returncode:
        pytest.skip("as root this test needs to mount a read-only file system, which is not allowed here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_folder_that_cannot_be_written_to_is_refused(read_only_folder: Path) -> None:
    with pytest.raises(DataFolderError, match=r"read-only|may not"):
        open_database(read_only_folder)

    assert list(read_only_folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused(read_only_folder: Path) -> None:
    with pytest.raises(DataFolderError, match=r"read-only|may not"):
        open_database(read_only_folder / "data")
