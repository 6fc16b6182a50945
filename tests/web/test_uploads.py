from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from appliance.records import jobs, recordings
from appliance.spool import CHUNK_BYTES
from appliance.worker.messages import Choice
from tests.web.appliance import a_transcript, finish_job, put_recording
from tests.web.conftest import Browser, browsing

OPTIONS = {"language": None, "diarize": True, "speakers": None, "min_speakers": None, "max_speakers": None}


def begin(browser: Browser, size_bytes: int, name: str = "hearing.wav", **options: Any) -> httpx.Response:
    content = {"name": name, "size_bytes": size_bytes, "options": OPTIONS | options}
    return browser.json("POST", "/recordings", content)


def put(browser: Browser, recording_id: str, number: int, chunk: bytes) -> httpx.Response:
    headers = {"Accept": "application/json", "Content-Type": "application/octet-stream"}
    return browser.ask("PUT", f"/recordings/{recording_id}/chunks/{number}", content=chunk, headers=headers)


def test_the_last_chunk_makes_the_job(browser: Browser) -> None:
    recording_id = begin(browser, CHUNK_BYTES + 5).json()["id"]
    first = put(browser, recording_id, 0, b"a" * CHUNK_BYTES).json()
    assert first == {"id": recording_id, "next_chunk": 1, "finished": False}
    last = put(browser, recording_id, 1, b"b" * 5).json()
    assert last == {"id": recording_id, "next_chunk": 2, "finished": True}
    with browser.workshop.database.read() as session:
        job = jobs.latest(session, recording_id)
    assert job is not None
    assert job.state == "queued"


def test_a_chunk_that_comes_too_early_is_told_which_one_is_due(browser: Browser) -> None:
    recording_id = begin(browser, CHUNK_BYTES + 5).json()["id"]
    answer = put(browser, recording_id, 1, b"b" * 5)
    assert answer.status_code == 409
    assert answer.json()["code"] == "upload.chunk_order"
    assert browser.json("GET", f"/recordings/{recording_id}/upload").json()["next_chunk"] == 0


def test_a_chunk_sent_twice_is_taken_once(browser: Browser) -> None:
    recording_id = begin(browser, CHUNK_BYTES + 5).json()["id"]
    put(browser, recording_id, 0, b"a" * CHUNK_BYTES)
    assert put(browser, recording_id, 0, b"a" * CHUNK_BYTES).json()["next_chunk"] == 1


def test_a_repeated_chunk_with_other_bytes_is_refused(browser: Browser) -> None:
    recording_id = begin(browser, CHUNK_BYTES + 5).json()["id"]
    put(browser, recording_id, 0, b"a" * CHUNK_BYTES)
    answer = put(browser, recording_id, 0, b"z" * CHUNK_BYTES)
    assert answer.status_code == 409
    assert answer.json()["code"] == "upload.chunk_conflict"


def test_a_chunk_of_another_size_is_refused(browser: Browser) -> None:
    recording_id = begin(browser, 100).json()["id"]
    for chunk in (b"", b"a" * 99, b"a" * 101):
        answer = put(browser, recording_id, 0, chunk)
        assert answer.status_code == 400
        assert answer.json()["code"] == "upload.chunk_size"


def test_a_body_larger_than_any_chunk_is_refused_before_it_is_kept(browser: Browser) -> None:
    recording_id = begin(browser, 2 * CHUNK_BYTES).json()["id"]
    answer = put(browser, recording_id, 0, b"a" * (CHUNK_BYTES + 1))
    assert answer.status_code == 400
    assert answer.json()["code"] == "upload.chunk_size"
    assert browser.workshop.spool.used_bytes() == 0


@pytest.mark.parametrize("number", ["-1", "x", "1e3", "99999999999999999999"])
def test_a_chunk_number_that_is_none_is_refused(browser: Browser, number: str) -> None:
    recording_id = begin(browser, 100).json()["id"]
    answer = browser.ask(
        "PUT",
        f"/recordings/{recording_id}/chunks/{number}",
        content=b"a" * 100,
        headers={"Accept": "application/json", "Content-Type": "application/octet-stream"},
    )
    assert answer.status_code in (400, 404, 409)
    assert browser.json("GET", f"/recordings/{recording_id}/upload").json()["next_chunk"] == 0


def test_an_empty_file_is_refused_in_words(browser: Browser) -> None:
    answer = begin(browser, 0)
    assert answer.status_code == 422
    assert answer.json() == {
        "code": "upload.empty",
        "message": "The file is empty. Choose a recording that has sound in it.",
    }


def test_a_file_past_the_limit_is_refused_before_it_is_sent(browser: Browser) -> None:
    answer = begin(browser, browser.workshop.settings.max_upload_bytes + 1)
    assert answer.status_code == 413
    assert "4,294,967,296" in answer.json()["message"]


@pytest.mark.parametrize(
    "options",
    [{"language": "xx"}, {"speakers": 0}, {"speakers": 51}, {"min_speakers": 4, "max_speakers": 2}],
)
def test_an_option_that_cannot_be_meant_is_refused_by_name(browser: Browser, options: dict[str, Any]) -> None:
    answer = begin(browser, 100, **options)
    assert answer.status_code == 422
    assert answer.json()["code"] == "option"
    assert next(iter(options)) in answer.json()["message"]


def offer_two_models(browser: Browser) -> None:
    browser.workshop.engine._choices = (
        Choice(name="", model="whisper-base", languages=("en", "bn"), weights_bytes=150_000_000),
        Choice(name="fast", model="whisper-tiny.en", languages=("en",), weights_bytes=75_000_000),
    )


def test_the_chosen_model_travels_with_the_job(browser: Browser) -> None:
    offer_two_models(browser)
    recording_id = begin(browser, 5, model="fast").json()["id"]
    put(browser, recording_id, 0, b"a" * 5)
    with browser.workshop.database.read() as session:
        job = jobs.latest(session, recording_id)
    assert job is not None
    assert jobs.options_of(job).model == "fast"


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"model": "gone"}, "choice.model", "There are: default, fast."),
        ({"model": "fast", "language": "bn"}, "choice.language", "this language: Bangla."),
        ({"language": "de"}, "choice.language", "whisper-base does not know this language: German."),
        ({"model": "../x"}, "option", "model"),
    ],
)
def test_a_choice_that_the_set_does_not_have_is_refused_before_anything_is_sent(
    browser: Browser, options: dict[str, Any], code: str, said: str
) -> None:
    offer_two_models(browser)
    answer = begin(browser, 5, **options)
    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert said in answer.json()["message"]
    with browser.workshop.database.read() as session:
        assert not recordings.exist(session)


def test_an_upload_that_goes_on_is_asked_about_its_choice_too(browser: Browser) -> None:
    offer_two_models(browser)
    recording_id = begin(browser, 5).json()["id"]
    assert begin(browser, 5, model="gone").json()["code"] == "choice.model"
    assert begin(browser, 5, model="fast").json()["id"] == recording_id
    put(browser, recording_id, 0, b"a" * 5)
    with browser.workshop.database.read() as session:
        job = jobs.latest(session, recording_id)
    assert job is not None
    assert jobs.options_of(job).model == "fast"


def test_the_form_offers_models_only_where_there_are_several(browser: Browser) -> None:
    assert 'name="model"' not in browser.get("/").text
    offer_two_models(browser)
    shown = browser.get("/").text
    for words in ("Speech model", "whisper-tiny.en", "speed not measured here yet", "150 MB of weights", "English"):
        assert words in shown
    browser.workshop.engine._choices = browser.workshop.engine._choices[:1]
    alone = browser.get("/").text
    assert "Speech model" not in alone
    assert 'data-languages="en bn"' in alone


def test_the_form_tells_a_measured_speed_and_not_another_model_s(browser: Browser) -> None:
    offer_two_models(browser)
    put_recording(browser.workshop, browser.owner_id, "a.wav")
    transcript = a_transcript()
    finish_job(browser.workshop, put_recording(browser.workshop, browser.owner_id, "b.wav"), transcript)
    shown = browser.get("/").text
    assert "about 12 times as fast as the recording" in shown
    assert "speed not measured here yet" in shown


@pytest.mark.parametrize("content", [None, [], {"name": "x"}, {"name": 1, "size_bytes": "many", "options": {}}])
def test_a_request_that_no_page_sends_is_not_understood(browser: Browser, content: object) -> None:
    answer = browser.json("POST", "/recordings", content)
    assert answer.status_code == 400
    assert answer.json()["code"] == "request"


def test_the_same_file_goes_on_where_it_stopped(browser: Browser) -> None:
    first = begin(browser, 2 * CHUNK_BYTES).json()
    put(browser, first["id"], 0, b"a" * CHUNK_BYTES)
    again = begin(browser, 2 * CHUNK_BYTES).json()
    assert again == {"id": first["id"], "next_chunk": 1, "finished": False}
    assert begin(browser, 2 * CHUNK_BYTES, name="other.wav").json()["id"] != first["id"]


def test_an_unfinished_upload_stands_on_the_page(browser: Browser) -> None:
    recording_id = begin(browser, 4 * CHUNK_BYTES, name="council.mp4").json()["id"]
    put(browser, recording_id, 0, b"a" * CHUNK_BYTES)
    html = browser.get("/").text
    assert f'data-unfinished="{recording_id}"' in html
    assert "25% received" in html


def test_bodies_are_small_everywhere_else(browser: Browser) -> None:
    answer = browser.json("POST", "/recordings", {"name": "x" * 70_000, "size_bytes": 1, "options": OPTIONS})
    assert answer.status_code == 413


def test_a_full_spool_says_what_to_do(tmp_path: Path) -> None:
    with browsing(tmp_path, spool_quota_bytes=1000) as browser:
        answer = begin(browser, 5000)
    assert answer.status_code == 507
    assert answer.json()["code"] == "upload.no_space"
    assert "wait until the queue is shorter" in answer.json()["message"]


def test_the_sample_is_handed_out_for_the_page_to_send(browser: Browser) -> None:
    answer = browser.get("/sample")
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.content.startswith(b"RIFF")


def test_a_finished_recording_takes_no_more_chunks(browser: Browser) -> None:
    recording_id = put_recording(browser.workshop, browser.owner_id, "done.wav", b"a" * 100)
    assert put(browser, recording_id, 1, b"b").status_code in (400, 409)
