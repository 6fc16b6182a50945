"""Killed in the middle of its writing, the database is whole, and what was told to somebody is in it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.records import jobs, transcripts
from appliance.records.database import DATABASE_FILE, Database
from appliance.records.jobs import Job
from appliance.records.keystore import KeyStore

WRITER = """
import os, sys
from pathlib import Path
from appliance.options import TranscribeOptions
from appliance.records import jobs, recordings, transcripts
from appliance.records.database import Database
from appliance.records.keystore import APPLIANCE, KeyStore, Wrap

folder = Path(sys.argv[1])
database, keystore = Database.open(folder, ballast_bytes=65536), KeyStore.open(folder, ballast_bytes=65536)
options = TranscribeOptions()
while True:
    audio_id, title_id, document_id = (os.urandom(16) for _ in range(3))
    keystore.put(Wrap(document_id, 8, APPLIANCE, document_id))
    with database.write() as session:
        recording = recordings.add(session, owner_id="owner", size_bytes=1, audio_id=audio_id, title_id=title_id,
                                   sealed_title=b"title", options=options)
        recordings.mark_stored(session, recording.id)
        job = jobs.enqueue(session, recording.id, options)
        jobs.claim(session, job.id)
    with database.write() as session:
        jobs.finish(session, job.id, {}, 1.0)
        transcripts.store(session, recording_id=recording.id, document_id=document_id, sealed=os.urandom(9000),
                          language="en", speakers=1)
    print(job.id, flush=True)
"""


@pytest.mark.parametrize("after_s", [0.0, 0.013, 0.101])
def test_a_kill_in_the_middle_of_writing_loses_nothing_that_was_told(tmp_path: Path, after_s: float) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    told = [writer.stdout.readline().strip() for _ in range(3)]
    time.sleep(after_s)
    writer.send_signal(signal.SIGKILL)
    told += [line.strip() for line in writer.stdout if line.endswith("\n")]
    writer.stdout.close()
    writer.wait()

    database, keystore = Database.open(tmp_path, ballast_bytes=65536), KeyStore.open(tmp_path, has_data=True)
    with database.write() as session:
        interrupted = jobs.reclaim_running(session)
        documents = transcripts.all_document_ids(session)
        states = {job_id: session.get_one(Job, job_id).state for job_id in told}
    database.close()

    assert set(states.values()) == {"done"}
    assert len(interrupted) <= 1
    assert len(documents) >= len(told)
    assert documents <= keystore.subjects()
    keystore.close()
    connection = sqlite3.connect(tmp_path / DATABASE_FILE)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    half_done = (
        "SELECT count(*) FROM jobs LEFT JOIN sealed_transcripts USING (recording_id)"
        " WHERE (state = 'done') != (document_id IS NOT NULL)"
    )
    assert connection.execute(half_done).fetchone() == (0,)
    connection.close()
