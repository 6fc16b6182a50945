from __future__ import annotations

from appliance.errors import NoAudioError
from appliance.worker.progress import Standing
from tests.web.appliance import a_transcript, fail_job, finish_job, put_recording, run_job
from tests.web.conftest import Browser

HOSTILE = "<img src=x onerror=alert(1)>.mp3"


def put_finished(browser: Browser, name: str = "Hearing.wav") -> str:
    recording_id = put_recording(browser.workshop, browser.owner_id, name)
    finish_job(browser.workshop, recording_id, a_transcript())
    return recording_id


def test_a_finished_recording_leads_to_its_transcript(browser: Browser) -> None:
    recording_id = put_finished(browser)
    assert f'href="/recordings/{recording_id}"' in browser.get("/").text
    page = browser.get(f"/recordings/{recording_id}")
    assert "Hearing.wav" in page.text
    assert "Good morning" not in page.text  # The words come as JSON and are drawn by the script.
    opened = browser.json("GET", f"/recordings/{recording_id}/transcript.json").json()
    assert opened["version"] == 1
    assert opened["transcript"]["segments"][0]["text"].startswith("Good morning")


def test_a_recording_without_a_transcript_has_no_page(browser: Browser) -> None:
    recording_id = put_recording(browser.workshop, browser.owner_id, "waits.wav")
    assert browser.get(f"/recordings/{recording_id}").status_code == 404


def test_a_hostile_file_name_stays_text(browser: Browser) -> None:
    recording_id = put_finished(browser, HOSTILE)
    for path in ("/", f"/recordings/{recording_id}"):
        html = browser.get(path).text
        assert "<img" not in html
        assert "&lt;img src=x onerror=alert(1)&gt;.mp3" in html


def test_a_new_name_is_everywhere(browser: Browser) -> None:
    recording_id = put_finished(browser)
    answer = browser.json(
        "PATCH", f"/recordings/{recording_id}/speakers/S2", {"name": "  Amina   Rahman ", "version": 1}
    )
    assert answer.json() == {"version": 2, "name": "Amina Rahman"}
    for form in ("txt", "srt", "vtt", "json"):
        assert b"Amina Rahman" in browser.get(f"/recordings/{recording_id}/download/{form}").content, form


def test_a_name_typed_over_another_persons_change_is_refused(browser: Browser) -> None:
    recording_id = put_finished(browser)
    path = f"/recordings/{recording_id}/speakers/S1"
    assert browser.json("PATCH", path, {"name": "Judge", "version": 1}).status_code == 200
    answer = browser.json("PATCH", path, {"name": "Clerk", "version": 1})
    assert answer.status_code == 409
    assert answer.json()["code"] == "access.conflict"


def test_a_name_that_is_none_is_refused(browser: Browser) -> None:
    recording_id = put_finished(browser)
    for name in ("", "   ", "x" * 81, "two\x00parts"):
        answer = browser.json("PATCH", f"/recordings/{recording_id}/speakers/S1", {"name": name, "version": 1})
        assert answer.status_code == 422, name


def test_an_unknown_speaker_is_not_found(browser: Browser) -> None:
    recording_id = put_finished(browser)
    answer = browser.json("PATCH", f"/recordings/{recording_id}/speakers/S9", {"name": "Nobody", "version": 1})
    assert answer.status_code == 404


def test_a_download_is_named_after_the_recording(browser: Browser) -> None:
    recording_id = put_finished(browser, "সাক্ষাৎকার.mp3")
    answer = browser.get(f"/recordings/{recording_id}/download/srt")
    assert answer.headers["content-type"].startswith("application/x-subrip")
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''%E0%A6%B8" in answer.headers["content-disposition"]


def test_an_unknown_form_is_not_found(browser: Browser) -> None:
    recording_id = put_finished(browser)
    assert browser.get(f"/recordings/{recording_id}/download/exe").status_code == 404


def test_a_waiting_job_is_cancelled(browser: Browser) -> None:
    recording_id = put_recording(browser.workshop, browser.owner_id, "wrong.wav")
    answer = browser.ask("POST", f"/recordings/{recording_id}/cancel", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Cancelled" in answer.text
    assert f'id="row-{recording_id}"' in answer.text
    assert "/cancel" not in answer.text


def test_cancelling_what_is_done_changes_nothing(browser: Browser) -> None:
    recording_id = put_finished(browser)
    assert "recording--done" in browser.ask("POST", f"/recordings/{recording_id}/cancel").text


def test_a_deleted_recording_is_gone(browser: Browser) -> None:
    recording_id = put_finished(browser)
    assert browser.json("DELETE", f"/recordings/{recording_id}").status_code == 204
    assert browser.get(f"/recordings/{recording_id}").status_code == 404
    assert browser.json("DELETE", f"/recordings/{recording_id}").status_code == 404
    assert "Hearing.wav" not in browser.get("/").text


def test_a_row_says_stage_percent_and_place_in_the_queue(browser: Browser) -> None:
    running = put_recording(browser.workshop, browser.owner_id, "now.wav")
    put_recording(browser.workshop, browser.owner_id, "next.wav")
    put_recording(browser.workshop, browser.owner_id, "later.wav")
    run_job(browser.workshop, running, "asr", 0.5)
    html = browser.get("/").text
    assert "Writing down what is said" in html
    assert f"{Standing('asr', 0.5, 0.0).fraction:.0%}" in html
    assert "Next in the queue" in html
    assert "Waiting for 1 recording" in html


def test_a_time_left_is_shown_only_when_there_is_something_to_measure(browser: Browser) -> None:
    running = put_recording(browser.workshop, browser.owner_id, "now.wav")
    run_job(browser.workshop, running, "decode", 0.1)
    assert "left" not in browser.get("/").text
    run_job(browser.workshop, running, "asr", 0.5)
    assert "about 1 minute left" in browser.get("/").text


def test_a_failed_job_says_why_and_what_to_do(browser: Browser) -> None:
    recording_id = put_recording(browser.workshop, browser.owner_id, "silent.mp4")
    fail_job(browser.workshop, recording_id, NoAudioError())
    html = browser.get("/").text
    assert "This did not work" in html
    assert "This file has no sound track." in html


def test_an_empty_library_offers_the_sample(browser: Browser) -> None:
    assert "Try the sample" in browser.get("/").text
    put_recording(browser.workshop, browser.owner_id, "first.wav")
    assert "Try the sample" not in browser.get("/").text
