"""An upload: only the chunk that is due, the same chunk again, nothing else; and nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.config import Settings
from appliance.errors import (
    ChunkConflictError,
    ChunkOrderError,
    ChunkSizeError,
    ConflictError,
    NotFoundError,
    RootKeyMissingError,
    RootKeyWrongError,
    SpoolFullError,
    UploadEmptyError,
    UploadTooLargeError,
)
from appliance.options import TranscribeOptions
from appliance.records import accounts, jobs, recordings
from appliance.records.accounts import Account
from appliance.records.recordings import Recording
from appliance.spool import CHUNK_BYTES
from appliance.worker.filekeys import keep_file_key
from appliance.worker.intake import begin_upload, take_chunk
from appliance.worker.library import delete_recording, open_title, resume, tidy
from appliance.worker.workshop import Workshop

OWNER = "a" * 32
TWO_CHUNKS = bytes(range(256)) * (CHUNK_BYTES // 256) + b"the end"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", max_upload_bytes=3 * CHUNK_BYTES, spool_quota_bytes=5 * CHUNK_BYTES)


@pytest.fixture
def workshop(settings: Settings) -> Iterator[Workshop]:
    workshop = opened(settings)
    yield workshop
    workshop.close()


def opened(settings: Settings) -> Workshop:
    """Open an appliance at which the owner has an account."""
    workshop = Workshop.open(settings)
    with workshop.database.write() as session:
        session.add(Account(id=OWNER, name="Amina", name_key="amina", role=accounts.MEMBER, login_public=bytes(32)))
    return workshop


def begin(workshop: Workshop, content: bytes, name: str = "Gespräch.wav") -> Recording:
    return begin_upload(workshop, OWNER, name, len(content), TranscribeOptions())


def send(workshop: Workshop, recording: Recording, number: int, content: bytes) -> int:
    chunk = content[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES]
    return take_chunk(workshop, OWNER, recording.id, number, chunk)


def job_count(workshop: Workshop) -> int:
    with workshop.database.read() as session:
        return len(jobs.positions(session))


def test_the_last_chunk_makes_the_job(workshop: Workshop) -> None:
    recording = begin(workshop, TWO_CHUNKS)
    assert send(workshop, recording, 0, TWO_CHUNKS) == 1
    assert job_count(workshop) == 0
    assert send(workshop, recording, 1, TWO_CHUNKS) == 2
    assert job_count(workshop) == 1


def test_a_chunk_before_its_turn_is_refused_and_the_answer_says_which_is_due(workshop: Workshop) -> None:
    recording = begin(workshop, TWO_CHUNKS)
    with pytest.raises(ChunkOrderError) as caught:
        send(workshop, recording, 1, TWO_CHUNKS)
    assert caught.value.expected == 0


def test_the_same_chunk_twice_is_taken_once(workshop: Workshop) -> None:
    recording = begin(workshop, TWO_CHUNKS)
    send(workshop, recording, 0, TWO_CHUNKS)
    used = workshop.spool.used_bytes()
    assert send(workshop, recording, 0, TWO_CHUNKS) == 1
    assert workshop.spool.used_bytes() == used


def test_the_last_chunk_twice_makes_one_job(workshop: Workshop) -> None:
    recording = begin(workshop, b"short")
    send(workshop, recording, 0, b"short")
    assert send(workshop, recording, 0, b"short") == 1
    assert job_count(workshop) == 1


def test_a_chunk_that_comes_again_with_other_bytes_is_refused(workshop: Workshop) -> None:
    recording = begin(workshop, TWO_CHUNKS)
    send(workshop, recording, 0, TWO_CHUNKS)
    with pytest.raises(ChunkConflictError):
        send(workshop, recording, 0, b"X" + TWO_CHUNKS[1:])


def test_a_chunk_of_another_size_than_agreed_is_refused(workshop: Workshop) -> None:
    recording = begin(workshop, TWO_CHUNKS)
    with pytest.raises(ChunkSizeError):
        take_chunk(workshop, OWNER, recording.id, 0, b"too short")
    send(workshop, recording, 0, TWO_CHUNKS)
    with pytest.raises(ChunkSizeError):
        take_chunk(workshop, OWNER, recording.id, 1, b"longer than agreed")
    assert job_count(workshop) == 0


def test_a_chunk_after_the_last_one_is_refused(workshop: Workshop) -> None:
    recording = begin(workshop, b"short")
    send(workshop, recording, 0, b"short")
    with pytest.raises(ConflictError):
        take_chunk(workshop, OWNER, recording.id, 1, b"more")


def test_an_empty_file_and_one_past_the_limit_are_refused_before_anything_is_made(workshop: Workshop) -> None:
    with pytest.raises(UploadEmptyError):
        begin(workshop, b"")
    with pytest.raises(UploadTooLargeError):
        begin_upload(workshop, OWNER, "long.wav", 3 * CHUNK_BYTES + 1, TranscribeOptions())
    assert workshop.keystore.subjects() == set()


def test_a_recording_that_cannot_fit_is_refused_before_its_first_chunk(workshop: Workshop) -> None:
    first = begin_upload(workshop, OWNER, "a", 3 * CHUNK_BYTES, TranscribeOptions())
    for number in range(3):
        take_chunk(workshop, OWNER, first.id, number, bytes(CHUNK_BYTES))
    with pytest.raises(SpoolFullError):
        begin_upload(workshop, OWNER, "b", 2 * CHUNK_BYTES, TranscribeOptions())


def test_the_same_file_begun_again_goes_on_where_it_stopped(workshop: Workshop) -> None:
    recording = begin(workshop, TWO_CHUNKS)
    send(workshop, recording, 0, TWO_CHUNKS)
    again = begin(workshop, TWO_CHUNKS)
    assert (again.id, again.received_chunks) == (recording.id, 1)
    other = begin(workshop, TWO_CHUNKS, "Another.wav")
    assert other.id != recording.id


def test_nobody_else_can_send_to_an_upload(workshop: Workshop) -> None:
    recording = begin(workshop, TWO_CHUNKS)
    with pytest.raises(NotFoundError):
        take_chunk(workshop, "f" * 32, recording.id, 0, TWO_CHUNKS[:CHUNK_BYTES])


def test_a_title_is_kept_sealed_and_opens(workshop: Workshop) -> None:
    recording = begin(workshop, TWO_CHUNKS, "  Verhör <Zeuge>.wav ")
    assert open_title(workshop, recording) == "Verhör <Zeuge>.wav"
    assert b"Verh" not in (workshop.settings.data / "cloister.db-wal").read_bytes()


def test_a_deleted_upload_leaves_no_key_no_audio_and_no_row(workshop: Workshop) -> None:
    recording = begin(workshop, TWO_CHUNKS)
    send(workshop, recording, 0, TWO_CHUNKS)
    delete_recording(workshop, OWNER, recording.id)
    assert workshop.keystore.subjects() == set()
    assert workshop.spool.audio_ids() == set()
    with workshop.database.read() as session:
        assert not recordings.exist(session)


def test_an_upload_that_nobody_continues_is_erased(tmp_path: Path) -> None:
    workshop = opened(Settings(data=tmp_path / "data", upload_idle_hours=1e-9))
    recording = begin(workshop, TWO_CHUNKS)
    send(workshop, recording, 0, TWO_CHUNKS)
    tidy(workshop)
    assert workshop.spool.audio_ids() == set()
    with workshop.database.read() as session:
        assert not recordings.exist(session)
    workshop.close()


def test_after_a_start_keys_and_audio_without_a_row_are_erased(workshop: Workshop) -> None:
    kept = begin(workshop, TWO_CHUNKS)
    send(workshop, kept, 0, TWO_CHUNKS)
    nobodys = bytes(16)
    keep_file_key(workshop, nobodys, bytes(32))
    workshop.spool.receive(nobodys, bytes(32), 0, b"audio", 0)
    resume(workshop)
    assert workshop.keystore.subjects() == {kept.audio_id, kept.title_id}
    assert workshop.spool.audio_ids() == {kept.audio_id}


def test_the_root_key_is_never_made_anew_over_data(settings: Settings) -> None:
    Workshop.open(settings).close()
    key = settings.keys_folder / "root.key"
    moved = key.rename(key.with_suffix(".bak"))
    with pytest.raises(RootKeyMissingError):
        Workshop.open(settings)
    assert not key.exists()
    moved.rename(key)
    Workshop.open(settings).close()


def test_the_root_key_of_another_appliance_is_refused(settings: Settings, tmp_path: Path) -> None:
    Workshop.open(settings).close()
    other = Settings(data=tmp_path / "other" / "data")
    Workshop.open(other).close()
    (settings.keys_folder / "root.key").write_bytes((other.keys_folder / "root.key").read_bytes())
    with pytest.raises(RootKeyWrongError):
        Workshop.open(settings)
