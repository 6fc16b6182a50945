"""A model update in a running appliance, with real sets and a real engine: brought in, used, left again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from appliance.bundles.store import BY_ITSELF, PROBATION_JOBS, Store
from appliance.spool import CHUNK_BYTES
from tests.bundles.site import Made, make_update, run
from tests.flows.appliance_client import wait_for
from tests.flows.appliance_process import ApplianceProcess
from tests.flows.test_kills import ENGINE, assert_settled, in_the_engine, kill

pytestmark = [pytest.mark.models, pytest.mark.timeout(600)]

STARTER, TINY = "whisper-base", "whisper-tiny.en"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, sample_wav: Path, starter_set: Path) -> Made:
    assert starter_set
    return make_update(tmp_path_factory.mktemp("site"), sample_wav)


@pytest.fixture
def appliance(tmp_path: Path, starter_set: Path, made: Made) -> Iterator[ApplianceProcess]:
    """An appliance that trusts the site and looks after a folder of imports."""
    (tmp_path / "imports").mkdir()
    settings = {"CLOISTER_IMPORTS": str(tmp_path / "imports"), "CLOISTER_WATCH_IMPORTS": "true"}
    started = ApplianceProcess(tmp_path, settings=settings)
    started.start()
    run("bundle", "trust", str(made.root), "--data", str(started.data))
    yield started
    started.end()


def store_of(appliance: ApplianceProcess, starter_set: Path) -> Store:
    return Store(appliance.data, starter_set)


def upload_update(client: httpx.Client, bundle: Path) -> None:
    content = bundle.read_bytes()
    begun = client.post("/models/uploads", json={"name": bundle.name, "size_bytes": len(content)}).raise_for_status()
    for number in range(-(-len(content) // CHUNK_BYTES)):
        chunk = content[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES]
        client.put(f"/models/uploads/{begun.json()['id']}/chunks/{number}", content=chunk).raise_for_status()
    client.post(f"/models/uploads/{begun.json()['id']}/take-in").raise_for_status()


def wait_tried(store: Store) -> None:
    wait_for(lambda: any(entry.action == "tried" for entry in store.journal.entries()), 180, "the update to be tried")
    assert store.journal.entries()[-1].facts.get("passed") == 1, store.journal.entries()[-1]


def heard_by(appliance: ApplianceProcess, recording_id: str) -> str:
    with appliance.client() as client:
        answer = client.get(f"/recordings/{recording_id}/transcript.json").raise_for_status()
    return str(answer.json()["transcript"]["models"]["asr"])


def test_jobs_that_wait_during_a_switch_run_on_the_new_set(
    appliance: ApplianceProcess, made: Made, starter_set: Path, sample: bytes, long_sample: bytes
) -> None:
    store = store_of(appliance, starter_set)
    with appliance.client() as client:
        upload_update(client, made.bundle)
        wait_tried(store)
        at_work = appliance.upload(long_sample, "at work.wav", language="en")
        wait_for(lambda: in_the_engine(appliance, at_work), 60, "the engine to work on it")
        waits = appliance.upload(sample, "waits.wav", language="en")
        client.post("/models/use").raise_for_status()
        assert appliance.wait_ended(at_work) == appliance.wait_ended(waits) == "done"
        assert (heard_by(appliance, at_work), heard_by(appliance, waits)) == (STARTER, TINY)
        assert store.ledger.probation == PROBATION_JOBS - 1
        client.post("/models/back").raise_for_status()
    wait_for(lambda: len(appliance.logged("another model set")) == 2, 60, "the engine to change its set again")
    gone_back = appliance.upload(sample, "gone back.wav", language="en")
    assert appliance.wait_ended(gone_back) == "done"
    assert heard_by(appliance, gone_back) == STARTER


def test_a_new_set_at_whose_first_job_the_engine_dies_is_left_and_the_job_still_done(
    appliance: ApplianceProcess, made: Made, starter_set: Path, long_sample: bytes
) -> None:
    store = store_of(appliance, starter_set)
    shutil.copy(made.bundle, appliance.folder / "imports")  # The folder is watched.
    wait_tried(store)
    with appliance.client() as client:
        client.post("/models/use").raise_for_status()
    wait_for(lambda: appliance.logged("another model set"), 60, "the engine to change its set")
    recording_id = appliance.upload(long_sample, language="en")
    kill(appliance, ENGINE, when=lambda: in_the_engine(appliance, recording_id))
    kill(appliance, ENGINE, when=lambda: in_the_engine(appliance, recording_id, attempt=2))
    assert appliance.wait_ended(recording_id) == "done"
    assert heard_by(appliance, recording_id) == STARTER
    last = store.journal.entries()[-1]
    assert (last.actor, last.action, last.code, last.object) == (BY_ITSELF, "rolled_back", "engine.died", "image")
    assert store.ledger.candidate is not None  # It stands ready, for whoever finds out what it was.
    assert_settled(appliance, recording_id)


def test_a_server_killed_in_the_middle_of_an_update_goes_on_serving_and_takes_it_in_the_next_time(
    appliance: ApplianceProcess, made: Made, starter_set: Path, sample: bytes
) -> None:
    store = store_of(appliance, starter_set)
    with appliance.client() as client:
        upload_update(client, made.bundle)
    appliance.kill()
    appliance.start()
    recording_id = appliance.upload(sample, language="en", diarize=False)
    assert appliance.wait_ended(recording_id) == "done"
    assert heard_by(appliance, recording_id) == STARTER
    with appliance.client() as client:
        if store.ledger.candidate is None:
            upload_update(client, made.bundle)
        else:
            client.post("/models/try").raise_for_status()
    wait_tried(store)


def test_no_log_line_and_no_entry_names_a_recording(
    appliance: ApplianceProcess, made: Made, starter_set: Path, sample: bytes
) -> None:
    own = appliance.folder / "imports" / "own-recordings"
    own.mkdir()
    (own / "Amina against the city.wav").write_bytes(sample)
    shutil.copy(made.bundle.parent / "selftest" / "call.json", own / "Amina against the city.json")
    shutil.copy(made.bundle, appliance.folder / "imports")
    store = store_of(appliance, starter_set)
    wait_tried(store)
    candidate = store.ledger.candidate
    assert candidate is not None
    trial = json.loads((store.folder_of(candidate) / "trial.json").read_bytes())
    assert len(trial["candidate"]["own"]) == 1
    for path in (appliance.log, *store.folder.rglob("*.json*")):
        assert b"Amina" not in path.read_bytes()
