from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from appliance.errors import QueryTooLongError, SearchBusyError, SearchError
from appliance.logs import JsonLines
from appliance.records import access, transcripts
from appliance.records.accounts import MEMBER
from appliance.records.recordings import Recording
from appliance.records.transcripts import SealedTranscript
from appliance.web.problems import status_of
from appliance.worker.library import delete_recording, open_transcript, save_transcript
from appliance.worker.searching import start_indexing
from appliance.worker.workshop import Workshop
from tests.web.appliance import a_transcript, enrolled, finish_job, put_recording
from tests.web.conftest import Browser

SECRET = "zqsecretword"
PATIENCE_S = 20


@pytest.fixture
def indexed(browser: Browser) -> Iterator[Browser]:
    start_indexing(browser.workshop)
    yield browser
    assert browser.workshop.indexing.wait_idle(PATIENCE_S)


def put_hearing(workshop: Workshop, owner_id: str, name: str = "Hearing.wav", text: str = "") -> str:
    recording_id = put_recording(workshop, owner_id, name)
    lines = (("S1", 0.0, 2.0, text),) if text else None
    finish_job(workshop, recording_id, a_transcript(lines) if lines else a_transcript())
    workshop.indexing.changed(recording_id)
    return recording_id


def settle(workshop: Workshop) -> None:
    assert workshop.indexing.wait_idle(PATIENCE_S)


def search(browser: Browser, query: str, **question: object) -> dict[str, Any]:
    answer = browser.json("POST", "/search", {"query": query, **question})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["found"])


def ids(found: dict[str, Any]) -> list[str]:
    return [group["recording"] for group in found["groups"]]


def test_what_was_said_is_found_with_its_moment_and_who_said_it(indexed: Browser) -> None:
    recording_id = put_hearing(indexed.workshop, indexed.owner_id)
    settle(indexed.workshop)
    found = search(indexed, '"mill lane" eleven')
    assert found["places"] == 1
    (group,) = found["groups"]
    assert (group["recording"], group["title"]) == (recording_id, "Hearing.wav")
    (place,) = group["places"]
    assert (place["start"], place["speaker"], place["voice"]) == (8.1, "Speaker 2", 1)
    assert [place["text"][start:end] for start, end in place["marks"]] == ["Mill Lane", "eleven"]


def test_transcripts_from_before_the_start_are_found(browser: Browser) -> None:
    earlier = put_recording(browser.workshop, browser.owner_id, "Earlier.wav")
    finish_job(browser.workshop, earlier, a_transcript())
    answer = browser.json("POST", "/search", {"query": "gate"}).json()
    assert answer["progress"]["is_ready"] is False
    assert answer["found"]["recordings"] == 0
    start_indexing(browser.workshop)
    settle(browser.workshop)
    answer = browser.json("POST", "/search", {"query": "gate"}).json()
    assert answer["progress"] == {"done": 1, "whole": 1, "unreadable": 0, "is_ready": True}
    assert ids(answer["found"]) == [earlier]


def test_another_owners_text_is_never_found_nor_counted(indexed: Browser) -> None:
    mine = put_hearing(indexed.workshop, indexed.owner_id)
    ben = enrolled(indexed.workshop, "Ben", MEMBER)
    theirs = put_hearing(indexed.workshop, ben.account_id, name=SECRET, text=f"The gate, {SECRET}.")
    settle(indexed.workshop)
    found = search(indexed, "gate")
    assert (ids(found), found["recordings"], found["places"]) == ([mine], 1, 1)
    assert search(indexed, SECRET)["recordings"] == 0
    assert search(indexed, "gate", scope={"recording": theirs})["places"] == 0
    answer = indexed.json("POST", "/search", {"query": "gate"}).json()
    assert answer["progress"]["whole"] == 0  # How many recordings others have is nobody's business either.


def test_a_renamed_speaker_is_found_by_the_name_that_counts(indexed: Browser) -> None:
    recording_id = put_hearing(indexed.workshop, indexed.owner_id)
    settle(indexed.workshop)
    path = f"/recordings/{recording_id}/speakers/S2"
    assert indexed.json("PATCH", path, {"name": "Amina Rahman", "version": 1}).status_code == 200
    settle(indexed.workshop)
    assert search(indexed, "speaker:amina gate")["places"] == 1
    assert search(indexed, 'speaker:"speaker 2" gate')["places"] == 0
    assert search(indexed, "gate", speaker="rah")["places"] == 1


def test_a_title_is_found(indexed: Browser) -> None:
    recording_id = put_hearing(indexed.workshop, indexed.owner_id, name="Witness Café.wav")
    settle(indexed.workshop)
    found = search(indexed, "cafe")
    (group,) = found["groups"]
    assert (group["recording"], group["marks"], group["count"]) == (recording_id, [[8, 12]], 0)


def test_deleted_text_is_not_found_from_the_moment_on(indexed: Browser) -> None:
    recording_id = put_hearing(indexed.workshop, indexed.owner_id, name=SECRET, text=f"The gate, {SECRET}.")
    settle(indexed.workshop)
    assert search(indexed, SECRET)["recordings"] == 1
    delete_recording(indexed.workshop, indexed.owner_id, recording_id)
    assert search(indexed, SECRET)["recordings"] == 0
    settle(indexed.workshop)
    assert SECRET[2:].encode() not in indexed.workshop.indexing.index.image(indexed.owner_id)


def test_a_recording_that_is_deleted_while_it_is_read_does_not_come_back(browser: Browser) -> None:
    recording_id = put_hearing(browser.workshop, browser.owner_id)
    indexing = browser.workshop.indexing
    indexing.changed(recording_id)
    delete_recording(browser.workshop, browser.owner_id, recording_id)
    indexing.changed(recording_id)
    start_indexing(browser.workshop)
    settle(browser.workshop)
    assert search(browser, "gate")["recordings"] == 0


def test_a_private_transcript_is_not_read(browser: Browser) -> None:
    recording_id = put_hearing(browser.workshop, browser.owner_id)
    with browser.workshop.database.write() as session:
        recording = session.get(Recording, recording_id)
        assert recording is not None
        recording.mode = "private"
        session.add(recording)
    start_indexing(browser.workshop)
    settle(browser.workshop)
    answer = browser.json("POST", "/search", {"query": "gate"}).json()
    assert (answer["found"]["recordings"], answer["progress"]["whole"]) == (0, 0)


def test_a_recording_that_becomes_private_is_found_no_more(indexed: Browser) -> None:
    recording_id = put_hearing(indexed.workshop, indexed.owner_id)
    settle(indexed.workshop)
    assert search(indexed, "gate")["recordings"] == 1
    with indexed.workshop.database.write() as session:
        recording = session.get(Recording, recording_id)
        assert recording is not None
        recording.mode = "private"
        session.add(recording)
    indexed.workshop.indexing.changed(recording_id)
    settle(indexed.workshop)
    assert search(indexed, "gate")["recordings"] == 0


def test_a_transcript_that_does_not_open_is_told_and_hinders_no_other(browser: Browser) -> None:
    broken = put_hearing(browser.workshop, browser.owner_id)
    whole = put_hearing(browser.workshop, browser.owner_id)
    with browser.workshop.database.write() as session:
        row = session.get(SealedTranscript, _document_of(browser.workshop, broken))
        assert row is not None
        row.sealed = row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])
        session.add(row)
    start_indexing(browser.workshop)
    settle(browser.workshop)
    answer = browser.json("POST", "/search", {"query": "gate"}).json()
    assert ids(answer["found"]) == [whole]
    assert answer["progress"] == {"done": 2, "whole": 2, "unreadable": 1, "is_ready": True}


def _document_of(workshop: Workshop, recording_id: str) -> bytes:
    with workshop.database.read() as session:
        (document_id,) = transcripts.document_ids(session, recording_id)
        return document_id


def test_the_newest_recording_comes_first_and_dates_narrow(indexed: Browser) -> None:
    now = datetime.now(UTC)
    made = []
    for days in (3, 1, 2):
        made.append(put_hearing(indexed.workshop, indexed.owner_id))
        with indexed.workshop.database.write() as session:
            recording = session.get(Recording, made[-1])
            assert recording is not None
            recording.created_at = now - timedelta(days=days)
            session.add(recording)
        indexed.workshop.indexing.changed(made[-1])
    settle(indexed.workshop)
    assert ids(search(indexed, "gate")) == [made[1], made[2], made[0]]
    boundary_ms = round((now - timedelta(days=1.5)).timestamp() * 1000)
    assert ids(search(indexed, "gate", scope={"since_ms": boundary_ms})) == [made[1]]
    assert ids(search(indexed, "gate", scope={"until_ms": boundary_ms})) == [made[2], made[0]]


@pytest.mark.parametrize(
    "query", ["a" * 10_000, "\u0995 " * 250 + "x", " ".join(f"x{number}*" for number in range(33))]
)
def test_a_query_that_is_too_long_is_refused_in_words(indexed: Browser, query: str) -> None:
    answer = indexed.json("POST", "/search", {"query": query})
    assert (answer.status_code, answer.json()["code"]) == (422, QueryTooLongError.code)
    assert query[:20] not in answer.text


@pytest.mark.parametrize(
    "body",
    [{"query": 1}, {"query": "x", "owner_id": "f" * 32}, {"scope": {"before": 1}}, {"scope": {"after": "x"}}, []],
)
def test_a_question_that_no_page_asks_is_refused(indexed: Browser, body: object) -> None:
    assert indexed.json("POST", "/search", body).status_code == 400


def test_nothing_asked_is_nothing_found(indexed: Browser) -> None:
    put_hearing(indexed.workshop, indexed.owner_id)
    settle(indexed.workshop)
    assert search(indexed, "")["recordings"] == search(indexed, ' *** "" ')["recordings"] == 0


def test_a_search_needs_a_session_and_our_own_page(indexed: Browser, client: TestClient[Litestar]) -> None:
    assert client.post("/search", json={"query": "x"}).status_code == 401
    foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert indexed.json("POST", "/search", {"query": "x"}, headers=foreign).status_code == 403
    assert indexed.json("POST", "/search", {"query": "x"}, headers={"X-CSRF-Token": ""}).status_code == 403


def test_the_page_takes_no_query_from_an_address(indexed: Browser) -> None:
    for path in ("/search", f"/search?query={SECRET}&q={SECRET}"):
        page = indexed.get(path)
        assert page.status_code == 200
        assert SECRET not in page.text
    assert indexed.get("/search").headers["cache-control"] == "no-store"


def test_every_signed_in_page_has_one_box_that_sends_nothing_by_itself(indexed: Browser) -> None:
    for path in ("/", "/search", "/air-gap"):
        page = indexed.get(path).text
        assert page.count("data-search-box") == 1
        box = (
            page.split("data-search-box")[0].rpartition("<form")[2]
            + page.split("data-search-box")[1].split("</form")[0]
        )
        assert 'method="dialog"' in box
        assert "name=" not in box
        assert "action=" not in box


def test_a_query_is_in_no_log(indexed: Browser, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    put_hearing(indexed.workshop, indexed.owner_id, text=f"It is {SECRET}.")
    settle(indexed.workshop)
    assert search(indexed, SECRET)["places"] == 1
    indexed.json("POST", "/search", {"query": SECRET * 100})
    indexed.workshop.indexing.index._shelves[access.place(None, indexed.owner_id)]._connection.close()
    assert indexed.json("POST", "/search", {"query": SECRET}).status_code == 500
    written = "\n".join(JsonLines().format(record) for record in caplog.records)
    assert "search failed" in written
    assert SECRET not in written
    assert SECRET not in caplog.text
    del indexed.workshop.indexing.index._shelves[access.place(None, indexed.owner_id)]


def test_a_search_leaves_nothing_in_the_data_folder(indexed: Browser) -> None:
    put_hearing(indexed.workshop, indexed.owner_id, name=SECRET, text=f"It is {SECRET}.")
    settle(indexed.workshop)
    assert search(indexed, SECRET)["places"] == 2
    folder = indexed.workshop.settings.data
    written = [path for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert written == []


def test_saving_a_transcript_that_changed_elsewhere_changes_nothing_here(indexed: Browser) -> None:
    recording_id = put_hearing(indexed.workshop, indexed.owner_id)
    transcript, version = open_transcript(indexed.workshop, recording_id)
    save_transcript(indexed.workshop, recording_id, transcript.rename("S1", "Clerk"), version)
    settle(indexed.workshop)
    assert search(indexed, "speaker:clerk morning")["places"] == 1


def test_refusals_of_the_search_have_a_status() -> None:
    assert [status_of(error) for error in (SearchError(), SearchBusyError())] == [422, 429]


def test_the_answer_has_the_names_that_the_script_reads(indexed: Browser) -> None:
    put_hearing(indexed.workshop, indexed.owner_id)
    settle(indexed.workshop)
    answer = json.loads(indexed.json("POST", "/search", {"query": "gate"}).content)
    assert set(answer["found"]) == {"groups", "recordings", "places", "is_counted", "has_more"}
    assert set(answer["found"]["groups"][0]) == {
        "recording", "created_ms", "title", "language", "marks", "count", "places",
    }  # fmt: skip
    assert set(answer["found"]["groups"][0]["places"][0]) == {
        "position", "start", "speaker", "voice", "text", "marks",
    }  # fmt: skip
