from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from appliance.errors import ChunkOrderError, ConflictError, NotFoundError
from appliance.options import TranscribeOptions
from appliance.records import access, jobs, recordings, transcripts
from appliance.records.access import Act
from appliance.records.columns import utc_now
from appliance.records.database import Database
from appliance.records.jobs import Job
from appliance.records.recordings import Recording

AddRecording = Callable[..., Recording]
AddJob = Callable[..., Job]


def reload(database: Database, recording_id: str) -> Recording:
    with database.read() as session:
        return session.get_one(Recording, recording_id)


def test_a_recording_begins_as_an_upload(database: Database, add_recording: AddRecording) -> None:
    recording = reload(database, add_recording(size_bytes=5 * 2**32).id)

    assert (recording.state, recording.mode, recording.received_chunks) == ("uploading", "standard", 0)
    assert recording.size_bytes == 5 * 2**32
    assert recording.created_at.utcoffset() == timedelta(0)


def test_a_recording_is_found_by_its_owner(database: Database, add_recording: AddRecording) -> None:
    recording = add_recording("me")
    with database.read() as session:
        assert access.get(session, recording.id, "me", Act.READ).audio_id == recording.audio_id


def test_a_recording_is_not_found_by_anybody_else(database: Database, add_recording: AddRecording) -> None:
    recording = add_recording("me")
    with pytest.raises(NotFoundError), database.read() as session:
        access.get(session, recording.id, "you", Act.READ)


def test_a_recording_that_never_was_is_not_found(database: Database) -> None:
    with pytest.raises(NotFoundError), database.read() as session:
        access.get(session, "0" * 32, "me", Act.READ)


def test_a_state_that_is_not_one_is_refused_by_the_database(database: Database, add_recording: AddRecording) -> None:
    recording = add_recording()
    with pytest.raises(IntegrityError), database.write() as session:
        session.get_one(Recording, recording.id).state = "lost"


def test_counting_the_chunk_that_is_due_makes_the_next_one_due(database: Database, add_recording: AddRecording) -> None:
    recording = add_recording()
    for number in range(3):
        with database.write() as session:
            recordings.count_chunk(session, recording.id, number)
    counted = reload(database, recording.id)

    assert counted.received_chunks == 3
    assert counted.touched_at > recording.touched_at


@pytest.mark.parametrize("number", [0, 2])
def test_a_chunk_that_is_not_due_is_not_counted(database: Database, add_recording: AddRecording, number: int) -> None:
    recording = add_recording()
    with database.write() as session:
        recordings.count_chunk(session, recording.id, 0)
    with pytest.raises(ChunkOrderError) as refusal, database.write() as session:
        recordings.count_chunk(session, recording.id, number)

    assert refusal.value.facts == {"received": number, "expected": 1}


def test_a_complete_recording_takes_no_more_chunks(database: Database, add_recording: AddRecording) -> None:
    recording = add_recording()
    with database.write() as session:
        assert recordings.mark_stored(session, recording.id)
        assert not recordings.mark_stored(session, recording.id)
    with pytest.raises(NotFoundError), database.write() as session:
        recordings.count_chunk(session, recording.id, 0)


def test_the_choice_can_be_changed_until_the_upload_is_complete(
    database: Database, add_recording: AddRecording
) -> None:
    recording, options = add_recording(), TranscribeOptions(language="de", speakers=3)
    with database.write() as session:
        recordings.change_options(session, recording.id, options)
    assert recordings.options_of(reload(database, recording.id)) == options

    with database.write() as session:
        recordings.mark_stored(session, recording.id)
    with pytest.raises(ConflictError), database.write() as session:
        recordings.change_options(session, recording.id, TranscribeOptions())


def test_an_erased_audio_is_marked_once(database: Database, add_recording: AddRecording) -> None:
    recording = add_recording()
    with database.write() as session:
        assert recordings.mark_audio_erased(session, recording.id)
        assert not recordings.mark_audio_erased(session, recording.id)
    assert reload(database, recording.id).state == "audio_erased"


def test_uploads_of_that_size_and_owner_can_go_on(database: Database, add_recording: AddRecording) -> None:
    mine = add_recording("me", size_bytes=10)
    complete = add_recording("me", size_bytes=10)
    add_recording("me", size_bytes=11)
    add_recording("you", size_bytes=10)
    with database.write() as session:
        recordings.mark_stored(session, complete.id)
    with database.read() as session:
        assert [found.id for found in recordings.unfinished(session, "me", 10)] == [mine.id]


def test_only_uploads_that_nobody_continued_are_abandoned(database: Database, add_recording: AddRecording) -> None:
    old, complete = add_recording(), add_recording()
    with database.write() as session:
        recordings.mark_stored(session, complete.id)
    between = utc_now()
    add_recording()
    with database.read() as session:
        assert [found.id for found in recordings.abandoned(session, between)] == [old.id]


def test_audio_is_left_to_erase_when_its_job_has_ended(
    database: Database, add_job: AddJob, add_recording: AddRecording
) -> None:
    ended, _waiting, _uploading = add_job(), add_job(), add_recording()
    with database.write() as session:
        jobs.cancel(session, ended.id)
    with database.read() as session:
        assert [left.id for left in recordings.with_ended_job(session)] == [ended.recording_id]
    with database.write() as session:
        recordings.mark_audio_erased(session, ended.recording_id)
    with database.read() as session:
        assert not recordings.with_ended_job(session)


def test_the_ids_of_all_documents_that_should_be_there_are_known(
    database: Database, add_recording: AddRecording
) -> None:
    kept, erased = add_recording(), add_recording()
    with database.write() as session:
        recordings.mark_audio_erased(session, erased.id)
    with database.read() as session:
        assert recordings.audio_ids(session) == {kept.audio_id}
        assert recordings.title_ids(session) == {kept.title_id, erased.title_id}


def test_the_library_shows_the_newest_first_and_nobody_elses(database: Database, add_recording: AddRecording) -> None:
    mine = [add_recording("me").id for _ in range(3)]
    add_recording("you")
    with database.read() as session:
        listed = recordings.listing(session, "me")

    assert [row.recording.id for row in listed] == mine[::-1]
    assert {(row.job, row.has_transcript) for row in listed} == {(None, False)}


def test_the_library_shows_the_latest_job_and_whether_there_is_something_to_read(
    database: Database, add_job: AddJob
) -> None:
    first, other = add_job(), add_job()
    with database.write() as session:
        jobs.cancel(session, first.id)
        second = jobs.enqueue(session, first.recording_id, TranscribeOptions())
        transcripts.store(
            session, recording_id=other.recording_id, document_id=b"d" * 16, sealed=b"", language="en", speakers=1
        )
    with database.read() as session:
        newest, oldest = recordings.listing(session, "owner")

    assert oldest.job is not None
    assert (oldest.job.id, oldest.has_transcript) == (second.id, False)
    assert newest.job is not None
    assert (newest.job.id, newest.has_transcript) == (other.id, True)


def test_the_library_takes_one_query_however_long_it_is(database: Database, add_job: AddJob) -> None:
    for _ in range(5):
        add_job()
    statements: list[str] = []
    with database.read() as session:
        event.listen(session.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
        assert len(recordings.listing(session, "owner")) == 5

    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 1


def test_removing_takes_jobs_and_transcript_along(database: Database, add_job: AddJob) -> None:
    job, other = add_job(), add_job()
    with database.write() as session:
        transcripts.store(
            session, recording_id=job.recording_id, document_id=b"d" * 16, sealed=b"", language="en", speakers=1
        )
    with database.write() as session:
        assert recordings.remove(session, job.recording_id)
        assert not recordings.remove(session, job.recording_id)
    with database.read() as session:
        assert session.get(Job, job.id) is None
        assert transcripts.all_document_ids(session) == set()
        assert [row.recording.id for row in recordings.listing(session, "owner")] == [other.recording_id]


def test_it_is_known_whether_there_is_any_recording(database: Database, add_recording: AddRecording) -> None:
    with database.read() as session:
        assert not recordings.exist(session)
    add_recording()
    with database.read() as session:
        assert recordings.exist(session)
