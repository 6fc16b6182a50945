"""Whatever is tried with jobs, in whatever order: one ending each, and it stays."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from appliance.errors import ConflictError, EngineDiedError
from appliance.options import TranscribeOptions
from appliance.records import jobs, recordings
from appliance.records.database import Database
from appliance.records.jobs import Job

ENDINGS = {"done", "failed", "cancelled"}


class JobLife(RuleBasedStateMachine):
    """A model of what each job's state must be, beside the real rows."""

    recording_ids = Bundle("recording_ids")
    job_ids = Bundle("job_ids")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database.open(Path(self.folder.name) / "data", ballast_bytes=4096)
        self.states: dict[str, str] = {}
        self.recording_of: dict[str, str] = {}

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    @rule(target=recording_ids, owner=st.sampled_from("abc"))
    def upload(self, owner: str) -> str:
        with self.database.write() as session:
            recording = recordings.add(
                session,
                owner_id=owner,
                size_bytes=1,
                audio_id=uuid4().bytes,
                title_id=uuid4().bytes,
                sealed_title=b"",
                options=TranscribeOptions(),
            )
        return recording.id

    @rule(target=job_ids, recording_id=recording_ids)
    def enqueue(self, recording_id: str) -> str:
        open_jobs = [
            job_id
            for job_id, state in self.states.items()
            if state not in ENDINGS and self.recording_of[job_id] == recording_id
        ]
        try:
            with self.database.write() as session:
                job = jobs.enqueue(session, recording_id, TranscribeOptions())
        except ConflictError:
            assert open_jobs
            return open_jobs[0]
        assert not open_jobs
        self.states[job.id], self.recording_of[job.id] = "queued", recording_id
        return job.id

    @rule(job_id=job_ids)
    def claim(self, job_id: str) -> None:
        with self.database.write() as session:
            claimed = jobs.claim(session, job_id) is not None
        self.check_move(job_id, {"queued"}, "running", taken=claimed)

    @rule(job_id=job_ids)
    def finish(self, job_id: str) -> None:
        with self.database.write() as session:
            taken = jobs.finish(session, job_id, {"asr": 1.0}, 2.0)
        self.check_move(job_id, {"running"}, "done", taken=taken)

    @rule(job_id=job_ids)
    def fail(self, job_id: str) -> None:
        with self.database.write() as session:
            taken = jobs.fail(session, job_id, EngineDiedError())
        self.check_move(job_id, {"queued", "running"}, "failed", taken=taken)

    @rule(job_id=job_ids)
    def cancel(self, job_id: str) -> None:
        with self.database.write() as session:
            taken = jobs.cancel(session, job_id)
        self.check_move(job_id, {"queued", "running"}, "cancelled", taken=taken)

    @rule()
    def restart(self) -> None:
        with self.database.write() as session:
            reclaimed = jobs.reclaim_running(session)
        assert set(reclaimed) == {job_id for job_id, state in self.states.items() if state == "running"}
        self.states.update(dict.fromkeys(reclaimed, "queued"))

    def check_move(self, job_id: str, sources: set[str], target: str, *, taken: bool) -> None:
        assert taken == (self.states[job_id] in sources)
        if taken:
            self.states[job_id] = target

    @invariant()
    def rows_agree(self) -> None:
        with self.database.read() as session:
            rows = {job_id: session.get_one(Job, job_id) for job_id in self.states}
            waiting = jobs.positions(session)
        assert {job_id: row.state for job_id, row in rows.items()} == self.states
        assert all((row.ended_at is not None) == (row.state in ENDINGS) for row in rows.values())
        assert set(waiting) == {job_id for job_id, state in self.states.items() if state == "queued"}


TestJobLife = JobLife.TestCase
TestJobLife.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
