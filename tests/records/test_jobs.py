from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from threading import Barrier

import pytest

from appliance.errors import ApplianceError, ConflictError, DecodeLimitError, JobCancelled, NoAudioError
from appliance.options import TranscribeOptions
from appliance.records import jobs, recordings
from appliance.records.database import Database
from appliance.records.jobs import Job
from appliance.records.recordings import Recording

AddJob = Callable[..., Job]


def state_of(database: Database, job_id: str) -> str:
    with database.read() as session:
        job = session.get(Job, job_id)
        assert job is not None
        return job.state


def claim(database: Database, job_id: str) -> Job | None:
    with database.write() as session:
        return jobs.claim(session, job_id)


def race(*contestants: Callable[[], object]) -> list[object]:
    """Run all of them at the same moment, each in its thread; return what each returned."""
    start = Barrier(len(contestants))

    def run(contestant: Callable[[], object]) -> object:
        start.wait()
        return contestant()

    with ThreadPoolExecutor(len(contestants)) as pool:
        return list(pool.map(run, contestants))


def test_a_job_begins_in_the_queue(add_job: AddJob) -> None:
    job = add_job()

    assert (job.state, job.attempt, job.started_at, job.ended_at) == ("queued", 0, None, None)


def test_the_options_come_back_as_they_were_chosen(add_job: AddJob) -> None:
    options = TranscribeOptions(language="bn", diarize=False)

    assert jobs.options_of(add_job(options=options)) == options


def test_claiming_a_job_makes_it_run(database: Database, add_job: AddJob) -> None:
    before = datetime.now(UTC)
    job = claim(database, add_job().id)

    assert job is not None
    assert (job.state, job.attempt) == ("running", 1)
    assert job.started_at is not None
    assert before <= job.started_at <= datetime.now(UTC)


def test_a_job_cannot_be_claimed_twice(database: Database, add_job: AddJob) -> None:
    job = add_job()
    claim(database, job.id)

    assert claim(database, job.id) is None


def test_of_two_threads_that_claim_a_job_one_gets_it(database: Database, add_job: AddJob) -> None:
    for _ in range(10):
        job = add_job()
        claims = race(partial(claim, database, job.id), partial(claim, database, job.id))
        assert [claimed is not None for claimed in claims].count(True) == 1


def test_of_a_cancel_and_a_finish_at_the_same_moment_one_wins(database: Database, add_job: AddJob) -> None:
    for _ in range(10):
        job = add_job()
        claim(database, job.id)

        def finish(job_id: str = job.id) -> bool:
            with database.write() as session:
                return jobs.finish(session, job_id, {"asr": 1.0}, 30.0)

        def cancel(job_id: str = job.id) -> bool:
            with database.write() as session:
                return jobs.cancel(session, job_id)

        finished, cancelled = race(finish, cancel)
        assert finished != cancelled
        assert state_of(database, job.id) == ("done" if finished else "cancelled")


def test_a_cancel_that_read_the_job_as_running_does_not_undo_its_ending(database: Database, add_job: AddJob) -> None:
    job = add_job()
    claim(database, job.id)
    with database.read() as early:
        stale = early.get(Job, job.id)
        with database.write() as session:
            assert jobs.finish(session, job.id, {}, 1.0)
        assert stale is not None
        assert stale.state == "running"
    with database.write() as session:
        assert not jobs.cancel(session, stale.id)


def test_a_queued_job_cannot_finish(database: Database, add_job: AddJob) -> None:
    job = add_job()
    with database.write() as session:
        assert not jobs.finish(session, job.id, {}, 1.0)


def test_a_finished_job_says_how_long_each_stage_took(database: Database, add_job: AddJob) -> None:
    job = add_job()
    claim(database, job.id)
    with database.write() as session:
        jobs.finish(session, job.id, {"decode": 0.5, "asr": 2.0}, 60.0)
    with database.read() as session:
        finished = session.get_one(Job, job.id)

    assert (jobs.seconds_of(finished), finished.audio_s) == ({"decode": 0.5, "asr": 2.0}, 60.0)
    assert finished.ended_at is not None


def test_a_failed_job_tells_its_error_again_with_its_facts(database: Database, add_job: AddJob) -> None:
    job = add_job()
    claim(database, job.id)
    with database.write() as session:
        assert jobs.fail(session, job.id, DecodeLimitError(limit="12 hours", reached_s=43200.0))
    with database.read() as session:
        error = jobs.error_of(session.get_one(Job, job.id))

    assert isinstance(error, DecodeLimitError)
    assert "12 hours" in str(error)


def test_a_job_that_did_not_fail_has_no_error(database: Database, add_job: AddJob) -> None:
    job = add_job()
    with database.write() as session:
        jobs.cancel(session, job.id)
    with database.read() as session:
        assert jobs.error_of(session.get_one(Job, job.id)) is None


def test_an_error_that_this_version_does_not_know_is_still_an_error(add_job: AddJob) -> None:
    job = add_job()
    job.error_code, job.error_facts_json = "from.the.future", '{"fact":1}'

    assert type(jobs.error_of(job)) is ApplianceError


@pytest.mark.parametrize("error", [NoAudioError(), JobCancelled()])
def test_a_job_that_has_ended_does_not_fail(database: Database, add_job: AddJob, error: ApplianceError) -> None:
    job = add_job()
    with database.write() as session:
        jobs.cancel(session, job.id)
        assert not jobs.fail(session, job.id, error)
    assert state_of(database, job.id) == "cancelled"


def test_a_recording_has_at_most_one_job_that_has_not_ended(database: Database, add_job: AddJob) -> None:
    job = add_job()
    with pytest.raises(ConflictError), database.write() as session:
        jobs.enqueue(session, job.recording_id, TranscribeOptions())


def test_a_recording_can_have_another_job_after_an_ending(database: Database, add_job: AddJob) -> None:
    first = add_job()
    with database.write() as session:
        jobs.cancel(session, first.id)
        second = jobs.enqueue(session, first.recording_id, TranscribeOptions())
    with database.read() as session:
        latest = jobs.latest(session, first.recording_id)

    assert latest is not None
    assert latest.id == second.id


def test_a_recording_that_was_deleted_gets_no_job(database: Database, add_recording: Callable[..., Recording]) -> None:
    recording = add_recording()
    database.remove(lambda session: recordings.remove(session, recording.id))
    with pytest.raises(ConflictError), database.write() as session:
        jobs.enqueue(session, recording.id, TranscribeOptions())


def test_running_jobs_go_back_into_the_queue_at_start(database: Database, add_job: AddJob) -> None:
    interrupted, waiting, ended = add_job(), add_job(), add_job()
    claim(database, interrupted.id)
    with database.write() as session:
        jobs.cancel(session, ended.id)
    with database.write() as session:
        assert jobs.reclaim_running(session) == [interrupted.id]

    states = [state_of(database, job.id) for job in (interrupted, waiting, ended)]
    assert states == ["queued", "queued", "cancelled"]


def test_a_job_that_is_claimed_again_counts_its_attempts(database: Database, add_job: AddJob) -> None:
    job = add_job()
    claim(database, job.id)
    with database.write() as session:
        jobs.reclaim_running(session)
    again = claim(database, job.id)

    assert again is not None
    assert again.attempt == 2


def test_nothing_waits_in_an_empty_queue(database: Database) -> None:
    with database.read() as session:
        assert jobs.next_queued(session) is None


def run_all(database: Database) -> list[str]:
    """Claim and end every job that waits; return the order."""
    order: list[str] = []
    while True:
        with database.write() as session:
            job = jobs.next_queued(session)
            if job is None:
                return order
            jobs.claim(session, job.id)
            jobs.cancel(session, job.id)
        order.append(job.id)


def test_the_jobs_of_one_owner_run_oldest_first(database: Database, add_job: AddJob) -> None:
    added = [add_job().id for _ in range(4)]

    assert run_all(database) == added


def test_somebody_with_one_recording_does_not_wait_for_all_of_another(database: Database, add_job: AddJob) -> None:
    a1, a2, a3 = (add_job("a").id for _ in range(3))
    b1 = add_job("b").id

    assert run_all(database) == [a1, b1, a2, a3]


def test_whoever_had_a_turn_waits_for_those_who_came_later(database: Database, add_job: AddJob) -> None:
    a1, a2 = (add_job("a").id for _ in range(2))
    claim(database, a1)
    b1 = add_job("b").id

    assert run_all(database) == [b1, a2]


def test_the_positions_are_the_order_in_which_jobs_run(database: Database, add_job: AddJob) -> None:
    claim(database, add_job("b").id)
    for owner_id in ("a", "a", "a", "b", "b", "c"):
        add_job(owner_id)
    with database.read() as session:
        positions = jobs.positions(session)

    assert sorted(positions.values()) == [1, 2, 3, 4, 5, 6]
    assert sorted(positions, key=positions.__getitem__) == run_all(database)


def test_a_job_that_does_not_wait_has_no_position(database: Database, add_job: AddJob) -> None:
    running, waiting = add_job(), add_job()
    claim(database, running.id)
    with database.read() as session:
        assert (jobs.position(session, running.id), jobs.position(session, waiting.id)) == (0, 1)


def done(database: Database, job: Job, work_s: float, audio_s: float, model: str = "base") -> None:
    claim(database, job.id)
    with database.write() as session:
        jobs.finish(session, job.id, {"decode": work_s / 4, "asr": work_s * 3 / 4}, audio_s, model)


def test_no_speed_is_known_before_a_job_was_done(database: Database, add_job: AddJob) -> None:
    job = add_job()
    claim(database, job.id)
    with database.read() as session:
        assert jobs.measured_speed(session, "base", diarize=True) is None


def test_the_speed_is_the_median_of_the_jobs_with_the_same_choice(database: Database, add_job: AddJob) -> None:
    for speed in (2.0, 4.0, 100.0):
        done(database, add_job(), work_s=10.0, audio_s=10.0 * speed)
    done(database, add_job(options=TranscribeOptions(diarize=False)), work_s=1.0, audio_s=9.0)
    with database.read() as session:
        assert jobs.measured_speed(session, "base", diarize=True) == pytest.approx(4.0)
        assert jobs.measured_speed(session, "base", diarize=False) == pytest.approx(9.0)


def test_each_model_has_a_speed_of_its_own_and_a_new_one_has_none(database: Database, add_job: AddJob) -> None:
    done(database, add_job(), work_s=10.0, audio_s=120.0, model="tiny")
    done(database, add_job(), work_s=10.0, audio_s=20.0)
    with database.read() as session:
        assert jobs.measured_speed(session, "tiny", diarize=True) == pytest.approx(12.0)
        assert jobs.measured_speed(session, "base", diarize=True) == pytest.approx(2.0)
        assert jobs.measured_speed(session, "large", diarize=True) is None


def test_the_speed_forgets_all_but_the_last_twenty_jobs(database: Database, add_job: AddJob) -> None:
    job = add_job()
    for number in range(41):
        done(database, job, work_s=10.0, audio_s=10.0 if number < 21 else 30.0)
        with database.write() as session:
            job = jobs.enqueue(session, job.recording_id, TranscribeOptions())
    with database.read() as session:
        assert jobs.measured_speed(session, "base", diarize=True) == pytest.approx(3.0)


def test_a_job_without_measured_work_says_nothing_about_the_speed(database: Database, add_job: AddJob) -> None:
    done(database, add_job(), work_s=0.0, audio_s=10.0)
    with database.read() as session:
        assert jobs.measured_speed(session, "base", diarize=True) is None
