"""The story of a recording, from the upload to the transcript, its files and its deletion."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.config import scratch_folder
from appliance.exports import FORMATS
from tests.flows.appliance_client import wait_for
from tests.flows.appliance_process import ApplianceProcess

pytestmark = pytest.mark.models

CANARY = "Yankee"  # Said in the sample; stands in no program and no log.


@pytest.fixture(scope="module")
def watcher(shared_appliance: ApplianceProcess) -> Iterator[list[str]]:
    """Looks for the canary wherever it could leak, again and again while the tests run."""
    found: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            found.extend(places_with(CANARY, shared_appliance))
            time.sleep(0.3)

    thread = threading.Thread(target=watch)
    thread.start()
    yield found
    stop.set()
    thread.join()


@pytest.fixture(scope="module")
def recording_id(shared_appliance: ApplianceProcess, sample: bytes, watcher: list[str]) -> str:
    recording_id = shared_appliance.upload(sample, "Interview with Müller.wav", language="en")
    assert shared_appliance.wait_ended(recording_id) == "done"
    return recording_id


def test_a_recording_becomes_a_transcript_with_its_two_speakers(
    shared_appliance: ApplianceProcess, recording_id: str
) -> None:
    with shared_appliance.client() as client:
        transcript = client.get(f"/recordings/{recording_id}/transcript.json").json()["transcript"]
    assert [speaker["name"] for speaker in transcript["speakers"]] == ["Speaker 1", "Speaker 2"]
    assert CANARY in " ".join(segment["text"] for segment in transcript["segments"])


def test_its_audio_is_gone_when_the_job_has_ended(shared_appliance: ApplianceProcess, recording_id: str) -> None:
    wait_for(lambda: shared_appliance.spooled() == [], 5, "the audio to be erased")
    [(state,)] = shared_appliance.rows("select state from recordings where id = ?", recording_id)
    assert state == "audio_erased"


@pytest.mark.parametrize("form", FORMATS)
def test_every_file_form_can_be_downloaded(shared_appliance: ApplianceProcess, recording_id: str, form: str) -> None:
    with shared_appliance.client() as client:
        answer = client.get(f"/recordings/{recording_id}/download/{form}")
    assert answer.status_code == 200
    assert "Interview%20with%20M%C3%BCller" in answer.headers["content-disposition"]
    assert answer.content


def test_a_new_speaker_name_is_in_every_file(shared_appliance: ApplianceProcess, recording_id: str) -> None:
    with shared_appliance.client() as client:
        version = client.get(f"/recordings/{recording_id}/transcript.json").json()["version"]
        answer = client.patch(
            f"/recordings/{recording_id}/speakers/S1", json={"name": "Dr. Rahman", "version": version}
        )
        assert answer.status_code == 200
        for form in ("txt", "srt", "vtt", "json"):
            assert "Dr. Rahman" in client.get(f"/recordings/{recording_id}/download/{form}").text
        stale = client.patch(f"/recordings/{recording_id}/speakers/S2", json={"name": "X", "version": version})
    assert stale.status_code == 409


def test_the_job_says_how_long_each_stage_took(shared_appliance: ApplianceProcess, recording_id: str) -> None:
    [(seconds,)] = shared_appliance.rows("select seconds_json from jobs where recording_id = ?", recording_id)
    assert {"decode", "segment", "asr", "diarize", "assign"} <= set(json.loads(seconds))


def test_a_spoken_word_and_the_file_name_are_nowhere_in_the_open_during_and_after_the_job(
    shared_appliance: ApplianceProcess, recording_id: str, watcher: list[str]
) -> None:
    assert watcher == []
    assert places_with(CANARY, shared_appliance) == []
    assert places_with("Müller", shared_appliance) == []
    assert places_with("Dr. Rahman", shared_appliance) == []


def test_a_deleted_recording_is_gone_and_so_are_its_keys(shared_appliance: ApplianceProcess, sample: bytes) -> None:
    recording_id = shared_appliance.upload(sample, language="en", diarize=False)
    assert shared_appliance.wait_ended(recording_id) == "done"
    [(sealed, document_id)] = shared_appliance.rows(
        "select sealed, document_id from sealed_transcripts where recording_id = ?", recording_id
    )
    with shared_appliance.client() as client:
        assert client.delete(f"/recordings/{recording_id}").is_success
        assert client.get(f"/recordings/{recording_id}").status_code == 404
    for path in everything_below(shared_appliance.data):
        content = path.read_bytes()
        assert sealed[88:120] not in content, path
        assert document_id not in content, path


def test_many_recordings_at_once_each_end_once(shared_appliance: ApplianceProcess, sample: bytes) -> None:
    recordings = [shared_appliance.upload(sample, f"{number}.wav", language="en") for number in range(3)]
    assert [shared_appliance.wait_ended(recording_id) for recording_id in recordings] == ["done"] * 3


def places_with(word: str, appliance: ApplianceProcess) -> list[str]:
    """Files that hold a word in the open: data folder, log, temporary folders."""
    needles = [word.encode(), word.encode("utf-16-le")]
    folders = [appliance.folder, scratch_folder()]
    found = []
    for path in (path for folder in folders for path in everything_below(folder)):
        try:
            content = path.read_bytes()
        except OSError:
            continue  # It went while we looked.
        if any(needle in content for needle in needles):
            found.append(str(path))
    return found


def everything_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
