"""Kill -9 at every point: each job still ends exactly once, and no audio stays without a job."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from appliance.spool import CHUNK_BYTES
from tests.flows.appliance_client import begin, send, wait_for
from tests.flows.appliance_process import ApplianceProcess

pytestmark = pytest.mark.models

ENGINE, DECODER = "appliance.worker.engine_child", "appliance.worker.decoder_child"


def test_a_killed_engine_is_replaced_and_the_job_still_done(
    fresh_appliance: ApplianceProcess, long_sample: bytes
) -> None:
    recording_id = fresh_appliance.upload(long_sample, language="en")
    kill(fresh_appliance, ENGINE, when=lambda: in_the_engine(fresh_appliance, recording_id))
    assert fresh_appliance.wait_ended(recording_id) == "done"
    assert_settled(fresh_appliance, recording_id)


def test_an_engine_that_dies_twice_on_a_job_fails_it_in_words_and_serves_the_next(
    fresh_appliance: ApplianceProcess, long_sample: bytes, sample: bytes
) -> None:
    recording_id = fresh_appliance.upload(long_sample, language="en")
    kill(fresh_appliance, ENGINE, when=lambda: in_the_engine(fresh_appliance, recording_id))
    kill(fresh_appliance, ENGINE, when=lambda: in_the_engine(fresh_appliance, recording_id, attempt=2))
    assert fresh_appliance.wait_ended(recording_id) == "failed"
    [(code,)] = fresh_appliance.rows("select error_code from jobs where recording_id = ?", recording_id)
    assert code == "engine.died"
    assert_settled(fresh_appliance, recording_id)
    following = fresh_appliance.upload(sample, "next.wav", language="en", diarize=False)
    assert fresh_appliance.wait_ended(following) == "done"


def test_a_killed_decoder_is_tried_again(fresh_appliance: ApplianceProcess, long_sample: bytes) -> None:
    recording_id = fresh_appliance.upload(long_sample, language="en", diarize=False)
    kill(fresh_appliance, DECODER, when=lambda: True)
    assert fresh_appliance.wait_ended(recording_id) == "done"
    assert_settled(fresh_appliance, recording_id)


def test_a_server_killed_during_an_upload_goes_on_with_it(fresh_appliance: ApplianceProcess, sample: bytes) -> None:
    content = sample + bytes(CHUNK_BYTES)  # A WAV with a tail that nobody reads: two chunks.
    with fresh_appliance.client() as client:
        recording_id = begin(client, "talk.wav", len(content), language="en", diarize=False)
        send(client, recording_id, 0, content).raise_for_status()
    fresh_appliance.kill()
    spool_file = fresh_appliance.data / "spool" / fresh_appliance.spooled()[0]
    with spool_file.open("ab") as torn:
        torn.write(b"half a chunk that was being written")
    fresh_appliance.start()
    with fresh_appliance.client() as client:
        assert begin(client, "talk.wav", len(content), language="en", diarize=False) == recording_id
        assert client.get(f"/recordings/{recording_id}/upload").json()["next_chunk"] == 1
        send(client, recording_id, 0, content).raise_for_status()
        send(client, recording_id, 1, content).raise_for_status()
    assert fresh_appliance.wait_ended(recording_id) == "done"
    assert_settled(fresh_appliance, recording_id)


@pytest.mark.parametrize("state", ["queued", "decoding", "transcribing", "ending"])
def test_a_server_killed_in_any_state_of_a_job_ends_it_once_after_the_restart(
    fresh_appliance: ApplianceProcess, long_sample: bytes, state: str
) -> None:
    recording_id = fresh_appliance.upload(long_sample, language="en", diarize=False)
    reached: dict[str, Callable[[], object]] = {
        "queued": lambda: True,
        "decoding": lambda: fresh_appliance.children(DECODER),
        "transcribing": lambda: in_the_engine(fresh_appliance, recording_id),
        "ending": lambda: fresh_appliance.job_state(recording_id) == "done",
    }
    wait_for(reached[state], 90, f"the job to be {state}")
    children = fresh_appliance.children("appliance.worker")
    fresh_appliance.kill()
    wait_for(lambda: not any(alive(child) for child in children), 5, "the children to end with their server")
    fresh_appliance.start()
    assert fresh_appliance.wait_ended(recording_id) == "done"
    assert_settled(fresh_appliance, recording_id)
    with fresh_appliance.client() as client:
        assert client.get(f"/recordings/{recording_id}/transcript.json").json()["transcript"]["segments"]


def test_a_cancelled_job_stops_in_seconds_and_its_audio_goes(
    fresh_appliance: ApplianceProcess, long_sample: bytes, sample: bytes
) -> None:
    recording_id = fresh_appliance.upload(long_sample, language="en")
    following = fresh_appliance.upload(sample, "next.wav", language="en", diarize=False)
    wait_for(lambda: in_the_engine(fresh_appliance, recording_id), 60, "the engine to work on it")
    with fresh_appliance.client() as client:
        assert client.post(f"/recordings/{recording_id}/cancel").is_success
    assert fresh_appliance.job_state(recording_id) == "cancelled"
    wait_for(lambda: len(fresh_appliance.spooled()) <= 1, 10, "its audio to be erased")
    assert fresh_appliance.wait_ended(following) == "done"
    assert_settled(fresh_appliance, recording_id)


def test_a_stop_in_the_middle_leaves_the_job_to_the_next_start(
    fresh_appliance: ApplianceProcess, long_sample: bytes
) -> None:
    recording_id = fresh_appliance.upload(long_sample, language="en", diarize=False)
    wait_for(lambda: in_the_engine(fresh_appliance, recording_id), 60, "the engine to work on it")
    assert fresh_appliance.stop() == 0
    assert fresh_appliance.job_state(recording_id) == "running"
    fresh_appliance.start()
    assert fresh_appliance.wait_ended(recording_id) == "done"


def kill(appliance: ApplianceProcess, module: str, when: Callable[[], object]) -> None:
    wait_for(lambda: when() and appliance.children(module), 60, f"a child that runs {module}")
    os.kill(appliance.children(module)[0], signal.SIGKILL)


def in_the_engine(appliance: ApplianceProcess, recording_id: str, attempt: int = 1) -> bool:
    [(job_id,)] = appliance.rows("select id from jobs where recording_id = ?", recording_id)
    return bool(appliance.logged("job in the engine", job=job_id, attempt=attempt))


def assert_settled(appliance: ApplianceProcess, recording_id: str) -> None:
    """One ending, no audio, no key that nobody needs."""
    wait_for(lambda: appliance.spooled() == [], 10, "all audio to be erased")
    endings = appliance.rows("select count(*) from jobs where recording_id = ? and ended_at is not null", recording_id)
    assert endings == [(1,)]
    assert appliance.rows("select count(*) from jobs where state in ('queued', 'running')") == [(0,)]


def alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True
