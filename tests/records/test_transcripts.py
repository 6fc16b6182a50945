from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.errors import ConflictError, NotFoundError
from appliance.records import jobs, transcripts
from appliance.records.database import Database
from appliance.records.jobs import Job
from appliance.records.recordings import Recording

DOCUMENT_ID = bytes(range(16))


@pytest.fixture
def stored(database: Database, add_recording: Callable[..., Recording]) -> Recording:
    recording = add_recording()
    with database.write() as session:
        transcripts.store(
            session, recording_id=recording.id, document_id=DOCUMENT_ID, sealed=b"one", language="en", speakers=2
        )
    return recording


def test_a_transcript_comes_back_as_it_was_stored(database: Database, stored: Recording) -> None:
    with database.read() as session:
        row = transcripts.get(session, stored.id)

    assert (row.document_id, row.sealed, row.version) == (DOCUMENT_ID, b"one", 1)
    assert (row.language, row.speakers) == ("en", 2)


def test_a_recording_without_a_transcript_has_none(database: Database, add_recording: Callable[..., Recording]) -> None:
    recording = add_recording()
    with pytest.raises(NotFoundError), database.read() as session:
        transcripts.get(session, recording.id)


def test_replacing_makes_the_next_version(database: Database, stored: Recording) -> None:
    with database.write() as session:
        transcripts.replace(session, stored.id, b"two", from_version=1)
    with database.read() as session:
        row = transcripts.get(session, stored.id)

    assert (row.sealed, row.version) == (b"two", 2)
    assert row.changed_at > row.created_at


def test_replacing_an_older_version_is_refused(database: Database, stored: Recording) -> None:
    with database.write() as session:
        transcripts.replace(session, stored.id, b"two", from_version=1)
    with pytest.raises(ConflictError), database.write() as session:
        transcripts.replace(session, stored.id, b"other", from_version=1)
    with database.read() as session:
        assert transcripts.get(session, stored.id).sealed == b"two"


def test_nothing_is_not_replaced(database: Database, add_recording: Callable[..., Recording]) -> None:
    recording = add_recording()
    with pytest.raises(NotFoundError), database.write() as session:
        transcripts.replace(session, recording.id, b"two", from_version=1)


def test_the_documents_of_a_recording_are_known(database: Database, stored: Recording) -> None:
    with database.read() as session:
        assert transcripts.document_ids(session, stored.id) == [DOCUMENT_ID]
        assert transcripts.all_document_ids(session) == {DOCUMENT_ID}


def test_a_transcript_and_the_ending_of_its_job_are_one_fact(database: Database, add_job: Callable[..., Job]) -> None:
    job = add_job()
    with database.write() as session:
        jobs.claim(session, job.id)

    def store_and_stumble() -> None:
        with database.write() as session:
            assert jobs.finish(session, job.id, {}, 1.0)
            transcripts.store(
                session, recording_id=job.recording_id, document_id=DOCUMENT_ID, sealed=b"", language="en", speakers=1
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store_and_stumble()
    with database.read() as session:
        assert transcripts.all_document_ids(session) == set()
        assert session.get_one(Job, job.id).state == "running"
