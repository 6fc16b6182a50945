"""The story of a private recording through HTTP, with the real engine: nobody but its owner ever reads it."""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from appliance.crypto.envelope import DocumentType, open_document
from tests.flows.appliance_client import send, wait_for
from tests.flows.appliance_process import ApplianceProcess
from tests.flows.test_story import CANARY, places_with
from tests.people import text
from tests.worker.private import opened_result, sealed_title

pytestmark = pytest.mark.models

TITLE = "Ward 4, Müller.wav"
LANGUAGE = '"language":"en"'


def begin_privately(
    appliance: ApplianceProcess, client: httpx.Client, content: bytes, *, survives_restart: bool = False
) -> str:
    title = sealed_title(appliance.person, TITLE)
    sent = {
        "title": {
            "document_id": text(title.document_id),
            "sealed": text(title.sealed),
            "wrapped": text(title.wrapped),
        },
        "size_bytes": len(content),
        "options": {"language": "en"},
        "survives_restart": survives_restart,
    }
    answer = client.post("/recordings/private", json=sent)
    answer.raise_for_status()
    return str(answer.json()["id"])


def upload_privately(appliance: ApplianceProcess, content: bytes, *, survives_restart: bool = False) -> str:
    with appliance.client() as client:
        recording_id = begin_privately(appliance, client, content, survives_restart=survives_restart)
        send(client, recording_id, 0, content).raise_for_status()
    return recording_id


def read(appliance: ApplianceProcess, recording_id: str) -> dict[str, object]:
    """Open the sealed transcript as the owner's browser does."""
    with appliance.client() as client:
        served = client.get(f"/recordings/{recording_id}/sealed").json()
    [wrap] = served["wraps"]
    document_id = base64.b64decode(served["document_id"])
    file_key = opened_result(appliance.person, document_id, base64.b64decode(wrap["wrapped"]))
    sealed = base64.b64decode(served["sealed"])
    transcript = json.loads(open_document(file_key, sealed, DocumentType.TRANSCRIPT, document_id, 1))
    assert isinstance(transcript, dict)
    return transcript


@pytest.fixture(scope="module")
def recording_id(shared_appliance: ApplianceProcess, sample: bytes) -> str:
    recording_id = upload_privately(shared_appliance, sample)
    assert shared_appliance.wait_ended(recording_id) == "done"
    wait_for(lambda: shared_appliance.spooled() == [], 5, "the audio to be erased")
    return recording_id


def test_its_owner_opens_what_the_engine_sealed(shared_appliance: ApplianceProcess, recording_id: str) -> None:
    transcript = read(shared_appliance, recording_id)
    segments = transcript["segments"]
    assert isinstance(segments, list)
    assert CANARY in " ".join(segment["text"] for segment in segments)


def test_neither_word_nor_title_nor_choice_is_anywhere_in_the_open(
    shared_appliance: ApplianceProcess, recording_id: str
) -> None:
    for word in (CANARY, "Müller", LANGUAGE):
        assert places_with(word, shared_appliance) == []


def test_no_key_of_its_owner_is_anywhere(shared_appliance: ApplianceProcess, recording_id: str) -> None:
    person = shared_appliance.person
    keys = [person.user_key, person.code, person.wrap_key, person.login_seed, person.identity.x_private]
    for path in (path for path in shared_appliance.folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not any(key in content or key.hex().encode() in content for key in keys), path
        assert person.passphrase.encode() not in content, path


def test_the_appliance_itself_has_no_way_to_it(shared_appliance: ApplianceProcess, recording_id: str) -> None:
    with shared_appliance.client() as client:
        for route in ("transcript.json", "download/txt", "download/json"):
            assert client.get(f"/recordings/{recording_id}/{route}").status_code == 404
        renamed = client.patch(f"/recordings/{recording_id}/speakers/S1", json={"name": "X", "version": 1})
        assert renamed.status_code == 404


def test_the_rows_do_not_tell_what_was_in_it(shared_appliance: ApplianceProcess, recording_id: str) -> None:
    [job] = shared_appliance.rows(
        "select options_json, audio_s, seconds_json from jobs where recording_id = ?", recording_id
    )
    [transcript] = shared_appliance.rows(
        "select language, speakers from sealed_transcripts where recording_id = ?", recording_id
    )
    assert (job, transcript) == (("{}", None, None), ("", 0))


def test_a_power_cut_erases_the_audio_and_the_job_asks_for_the_file_again(
    fresh_appliance: ApplianceProcess, long_sample: bytes
) -> None:
    recording_id = upload_privately(fresh_appliance, long_sample)
    fresh_appliance.kill()
    fresh_appliance.start()
    assert fresh_appliance.wait_ended(recording_id) == "failed"
    [(code,)] = fresh_appliance.rows("select error_code from jobs where recording_id = ?", recording_id)
    assert code == "audio_gone"
    wait_for(lambda: fresh_appliance.spooled() == [], 5, "the audio to be erased")


def test_a_job_that_may_survive_a_power_cut_goes_on(fresh_appliance: ApplianceProcess, sample: bytes) -> None:
    recording_id = upload_privately(fresh_appliance, sample, survives_restart=True)
    fresh_appliance.kill()
    fresh_appliance.start()
    assert fresh_appliance.wait_ended(recording_id) == "done"
    assert read(fresh_appliance, recording_id)["segments"]
