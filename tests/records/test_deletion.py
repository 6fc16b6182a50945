"""What was deleted is gone from the files, and deleting works on a full disk."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest

from appliance.errors import DiskFullError
from appliance.options import TranscribeOptions
from appliance.records import recordings, transcripts
from appliance.records.ballast import Ballast
from appliance.records.database import BALLAST_FILE, Database
from appliance.records.keystore import APPLIANCE, KeyStore, Wrap
from appliance.records.recordings import Recording

MEBIBYTE = 2**20
DISK_BYTES = 8 * MEBIBYTE
BALLAST_BYTES = 2 * MEBIBYTE


def bytes_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix != ".ballast")


def add_with_transcript(database: Database, sealed_title: bytes, sealed: bytes) -> str:
    with database.write() as session:
        recording = recordings.add(
            session,
            owner_id="owner",
            size_bytes=1,
            audio_id=uuid4().bytes,
            title_id=uuid4().bytes,
            sealed_title=sealed_title,
            options=TranscribeOptions(),
        )
        transcripts.store(
            session, recording_id=recording.id, document_id=uuid4().bytes, sealed=sealed, language="en", speakers=1
        )
        return recording.id


def test_nothing_of_a_deleted_recording_is_left_in_the_files(database: Database, tmp_path: Path) -> None:
    title, transcript = os.urandom(60), os.urandom(40) * 1000
    for _ in range(3):
        add_with_transcript(database, os.urandom(60), os.urandom(5000))
    recording_id = add_with_transcript(database, title, transcript)
    with database.write() as session:
        transcripts.replace(session, recording_id, transcript[1:], from_version=1)
    traces = (title[:16], transcript[:16], recording_id.encode())
    before = bytes_on_disk(tmp_path / "data")
    assert all(trace in before for trace in traces)

    database.remove(lambda session: recordings.remove(session, recording_id))

    after = bytes_on_disk(tmp_path / "data")
    assert not any(trace in after for trace in traces)


def test_purging_waits_for_a_reader_to_leave(database: Database, add_recording: Callable[..., Recording]) -> None:
    recording = add_recording(sealed_title=b"a canary in a sealed title")
    with database.read() as session:
        session.get(Recording, recording.id)
        removal = Thread(target=database.remove, args=(lambda session: recordings.remove(session, recording.id),))
        removal.start()
        removal.join(0.3)
        assert removal.is_alive()
    removal.join()

    assert database.purge()


def test_a_reader_that_does_not_leave_is_told_of(
    database: Database, add_recording: Callable[..., Recording], monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = add_recording()
    with database.read() as session:
        session.get(Recording, recording.id)
        add_recording()
        with database._writer.raw_connection() as impatient:
            impatient.cursor().execute("PRAGMA busy_timeout = 10")
        assert not database.purge()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = f"size={DISK_BYTES}"
    mounting = ["mount", "-t", "tmpfs", "-o", options, "cloister-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("this test needs to mount a small file system, which is not allowed here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    """Write until not one byte more fits."""
    with (folder / "filler").open("ab", buffering=0) as filler:
        for size_bytes in (65536, 4096, 1):
            try:
                while True:
                    filler.write(b"\0" * size_bytes)
            except OSError:
                continue


def free_bytes(folder: Path) -> int:
    figures = os.statvfs(folder)
    return figures.f_bavail * figures.f_frsize


def test_the_ballast_is_real_room(small_disk: Path) -> None:
    before = free_bytes(small_disk)
    database = Database.open(small_disk, ballast_bytes=BALLAST_BYTES)

    assert before - free_bytes(small_disk) >= BALLAST_BYTES
    database.close()


def test_a_recording_can_be_deleted_on_a_full_disk(small_disk: Path) -> None:
    data = small_disk / "data"
    database = Database.open(data, ballast_bytes=BALLAST_BYTES)
    keystore = KeyStore.open(data, ballast_bytes=MEBIBYTE)
    sealed = os.urandom(300_000)
    recording_id = add_with_transcript(database, b"title", sealed)
    keystore.put(Wrap(b"d" * 16, 8, APPLIANCE, b"w" * 144))
    database.purge()
    fill(small_disk)
    assert free_bytes(small_disk) == 0

    keystore.erase(b"d" * 16)
    database.remove(lambda session: recordings.remove(session, recording_id))

    assert keystore.subjects() == set()
    with database.read() as session:
        assert not recordings.exist(session)
    assert sealed[:16] not in bytes_on_disk(data)
    assert (data / BALLAST_FILE).stat().st_size == BALLAST_BYTES
    keystore.close()
    database.close()


def test_without_its_ballast_a_full_disk_refuses_in_words(small_disk: Path) -> None:
    data = small_disk / "data"
    database = Database.open(data, ballast_bytes=0)
    recording_id = add_with_transcript(database, b"title", os.urandom(300_000))
    database.purge()
    fill(small_disk)
    with pytest.raises(DiskFullError):
        database.remove(lambda session: recordings.remove(session, recording_id))
    (small_disk / "filler").unlink()

    with database.read() as session:
        assert recordings.exist(session)
    database.close()


def test_what_is_not_a_deletion_leaves_half_of_the_ballast(small_disk: Path) -> None:
    database = Database.open(small_disk, ballast_bytes=BALLAST_BYTES)
    recording_id = add_with_transcript(database, b"title", b"sealed")
    fill(small_disk)
    added = 0
    with pytest.raises(DiskFullError):  # noqa: PT012 -- one of many must be the last to fit.
        for _ in range(40):
            add_with_transcript(database, b"title", os.urandom(100_000))
            added += 1

    assert added > 0
    assert (small_disk / BALLAST_FILE).stat().st_size >= BALLAST_BYTES // 2
    database.remove(lambda session: recordings.remove(session, recording_id))
    with database.read() as session:
        assert len(recordings.listing(session, "owner")) == added
    database.close()


def test_the_appliance_starts_on_a_disk_that_is_full_and_deletes(small_disk: Path) -> None:
    database = Database.open(small_disk, ballast_bytes=BALLAST_BYTES)
    recording_id = add_with_transcript(database, b"title", b"sealed")
    database.close()
    fill(small_disk)
    database = Database.open(small_disk, ballast_bytes=BALLAST_BYTES)
    database.remove(lambda session: recordings.remove(session, recording_id))

    with database.read() as session:
        assert not recordings.exist(session)
    database.close()


@pytest.mark.parametrize("open_store", [Database.open, KeyStore.open])
def test_nothing_is_begun_on_a_disk_without_room(
    small_disk: Path, open_store: Callable[..., Database | KeyStore]
) -> None:
    with pytest.raises(DiskFullError):
        open_store(small_disk / "data", ballast_bytes=2 * DISK_BYTES)

    assert list(small_disk.iterdir()) == []


def test_the_ballast_takes_back_what_is_to_be_had(small_disk: Path) -> None:
    ballast = Ballast(small_disk / "ballast", DISK_BYTES // 2)
    ballast.refill()
    with ballast.lent(keep_bytes=0, even_unasked=True):
        (small_disk / "thief").write_bytes(b"\0" * (DISK_BYTES - 3 * MEBIBYTE))

    assert 2.9 * MEBIBYTE < ballast.held_bytes <= 3 * MEBIBYTE
    (small_disk / "thief").unlink()
    ballast.refill()
    assert ballast.held_bytes == DISK_BYTES // 2
    ballast.close()


def test_a_ballast_is_not_lent_while_there_is_room(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "ballast", 4096)
    ballast.refill()
    with ballast.lent(keep_bytes=0):
        assert ballast.held_bytes == 4096
    ballast.close()
