from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from appliance.options import TranscribeOptions
from appliance.records import jobs, recordings
from appliance.records.database import Database
from appliance.records.jobs import Job
from appliance.records.keystore import KeyStore
from appliance.records.recordings import Recording

SMALL_BALLAST_BYTES = 2**20


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "data", ballast_bytes=SMALL_BALLAST_BYTES)
    yield opened
    opened.close()


@pytest.fixture
def keystore(tmp_path: Path) -> Iterator[KeyStore]:
    opened = KeyStore.open(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def add_recording(database: Database) -> Callable[..., Recording]:
    """Return what adds a recording to the database."""

    def add(owner_id: str = "owner", sealed_title: bytes = b"sealed", size_bytes: int = 1000) -> Recording:
        with database.write() as session:
            return recordings.add(
                session,
                owner_id=owner_id,
                size_bytes=size_bytes,
                audio_id=uuid4().bytes,
                title_id=uuid4().bytes,
                sealed_title=sealed_title,
                options=TranscribeOptions(),
            )

    return add


@pytest.fixture
def add_job(database: Database, add_recording: Callable[..., Recording]) -> Callable[..., Job]:
    """Return what adds a recording that is stored, with a queued job."""

    def add(owner_id: str = "owner", options: TranscribeOptions | None = None) -> Job:
        recording = add_recording(owner_id)
        with database.write() as session:
            recordings.mark_stored(session, recording.id)
            return jobs.enqueue(session, recording.id, options or TranscribeOptions())

    return add
