"""How a job ends where nothing goes as it should; the flows tell how it does."""

from __future__ import annotations

import pytest

from appliance.errors import DataFolderError, DiskFullError
from appliance.options import TranscribeOptions
from appliance.records import jobs, recordings
from appliance.records.jobs import Job
from appliance.records.recordings import Recording
from appliance.worker import runner
from appliance.worker.filekeys import erase_file_keys
from appliance.worker.intake import take_chunk
from appliance.worker.library import tidy
from appliance.worker.private_intake import PrivateUpload, begin_private_upload
from appliance.worker.workshop import Workshop
from tests.people import Person
from tests.web.appliance import put_recording
from tests.worker.private import sealed_title


def job_of(workshop: Workshop, recording_id: str) -> Job:
    with workshop.database.read() as session:
        job = jobs.latest(session, recording_id)
    assert job is not None
    return job


def put_unreadable(workshop: Workshop, person: Person) -> Recording:
    """Put in a recording whose audio's key is gone, so that its job fails before any child is needed."""
    recording_id = put_recording(workshop, person.account_id, "Hearing 12.wav")
    with workshop.database.read() as session:
        recording = session.get_one(Recording, recording_id)
    erase_file_keys(workshop, recording.audio_id)
    return recording


@pytest.mark.parametrize("refusal", [DiskFullError(folder="data"), DataFolderError(folder="data", reason="it tires")])
def test_a_failure_that_could_not_be_written_down_is_written_down_later(
    workshop: Workshop, amina: Person, refusal: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = put_unreadable(workshop, amina)

    def refuse(*_given: object) -> None:
        raise refusal

    with monkeypatch.context() as disk:
        disk.setattr(jobs, "fail", refuse)
        runner.run(workshop, job_of(workshop, recording.id).id)
        assert job_of(workshop, recording.id).state == "running"
        tidy(workshop)
        assert job_of(workshop, recording.id).state == "running"
    assert workshop.spool.audio_ids() == {recording.audio_id}
    tidy(workshop)
    ended = job_of(workshop, recording.id)
    assert (ended.state, ended.error_code) == ("failed", "audio_gone")
    assert workshop.spool.audio_ids() == set()
    assert workshop.unended == {}


def test_a_cancel_wins_over_a_failure_that_waits(
    workshop: Workshop, amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = put_unreadable(workshop, amina)

    def refuse(*_given: object) -> None:
        raise DiskFullError(folder="data")

    with monkeypatch.context() as disk:
        disk.setattr(jobs, "fail", refuse)
        runner.run(workshop, job_of(workshop, recording.id).id)
    assert runner.cancel(workshop, recording.id)
    tidy(workshop)
    assert job_of(workshop, recording.id).state == "cancelled"
    assert workshop.spool.audio_ids() == set()
    assert workshop.unended == {}


def test_a_private_recording_may_go_while_its_audio_is_erased(
    workshop: Workshop, amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = PrivateUpload(sealed_title(amina, "Ward 4.wav"), 4000, TranscribeOptions(), survives_restart=False)
    recording = begin_private_upload(workshop, amina.account_id, upload)
    take_chunk(workshop, amina.account_id, recording.id, 0, b"RIFF" * 1000)

    def erase_late(workshop: Workshop, *documents: bytes) -> None:
        erase_file_keys(workshop, *documents)
        workshop.database.remove(lambda session: recordings.remove(session, recording.id))

    monkeypatch.setattr(runner, "erase_file_keys", erase_late)
    runner.erase_audio(workshop, recording.id)
    assert workshop.spool.audio_ids() == set()


def test_a_private_job_that_never_had_its_turn_does_not_count_as_one(workshop: Workshop, amina: Person) -> None:
    upload = PrivateUpload(sealed_title(amina, "Ward 4.wav"), 4000, TranscribeOptions(), survives_restart=False)
    recording = begin_private_upload(workshop, amina.account_id, upload)
    take_chunk(workshop, amina.account_id, recording.id, 0, b"RIFF" * 1000)
    assert runner.cancel(workshop, recording.id)
    job = job_of(workshop, recording.id)
    assert job.started_at is None
    assert job.created_at == job.ended_at


def test_a_job_that_cannot_be_written_down_as_waiting_again_fails_and_is_not_left_running(
    workshop: Workshop, amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = put_unreadable(workshop, amina)

    def refuse(*_given: object) -> None:
        raise DiskFullError(folder="data")

    monkeypatch.setattr(workshop.updates, "blame", lambda *_given: True)
    monkeypatch.setattr(jobs, "put_back", refuse)
    runner.run(workshop, job_of(workshop, recording.id).id)
    assert job_of(workshop, recording.id).state == "failed"
