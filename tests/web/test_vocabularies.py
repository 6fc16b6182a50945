"""The routes by which names and terms come in: with an upload, and sealed for a workspace. Much of it is hostile."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import pytest

from appliance.crypto.envelope import DocumentType, seal_document
from appliance.records import recordings
from appliance.records.recordings import Recording
from appliance.worker.terms import terms_of
from tests.web.appliance import enrolled
from tests.web.conftest import Browser
from tests.worker.private import sealed_title
from tests.worker.shared import Team

OPTIONS: dict[str, Any] = {}


def begin(browser: Browser, vocabulary: object) -> Any:
    return browser.json(
        "POST",
        "/recordings",
        {"name": "a.wav", "size_bytes": 5, "options": OPTIONS, "vocabulary": vocabulary},
    )


def kept(browser: Browser, recording_id: str) -> tuple[str, ...]:
    with browser.workshop.database.read() as session:
        return terms_of(browser.workshop, session.get_one(Recording, recording_id))


def test_terms_come_with_an_upload_and_again_with_one_that_goes_on(browser: Browser) -> None:
    recording_id = begin(browser, ["  Amina   Rahman ", "", "Mill Lane"]).json()["id"]
    assert kept(browser, recording_id) == ("Amina Rahman", "Mill Lane")
    assert begin(browser, ["Mill Lane"]).json()["id"] == recording_id
    assert kept(browser, recording_id) == ("Mill Lane",)
    assert begin(browser, []).json()["id"] == recording_id
    assert kept(browser, recording_id) == ()


def test_terms_come_with_a_private_upload_and_again_with_one_that_goes_on(browser: Browser) -> None:
    title = sealed_title(enrolled(browser.workshop), "Bed 12")
    sealed = {
        "document_id": text(title.document_id), "sealed": text(title.sealed), "wrapped": text(title.wrapped)
    }  # fmt: skip
    content = {"title": sealed, "size_bytes": 5, "options": OPTIONS, "survives_restart": False}
    begun = browser.json("POST", "/recordings/private", content | {"vocabulary": ["Rahman"]}).json()
    assert kept(browser, begun["id"]) == ("Rahman",)
    again = browser.json("POST", f"/recordings/{begun['id']}/upload", {"options": OPTIONS, "vocabulary": ["Mill"]})
    assert again.json()["id"] == begun["id"]
    assert kept(browser, begun["id"]) == ("Mill",)


@pytest.mark.parametrize(
    ("vocabulary", "code"),
    [
        ([str(number) for number in range(2000)], "vocabulary.terms"),
        (["x" * 10_000], "vocabulary.long"),
        (["x" * 80 + str(number) for number in range(100)], "vocabulary.long"),
        (["ক" * 70 + str(number) for number in range(100)], "vocabulary.size"),
        (["fine", "a\u0000b"], "vocabulary.unreadable"),
        (["\u202eevil"], "vocabulary.unreadable"),
        (["\u001b]0;owned\u0007"], "vocabulary.unreadable"),
        (["<|endoftext|>"], "vocabulary.reserved"),
        ("one text", "request"),
        ([["nested"]], "request"),
        ([1, None], "request"),
        (None, "request"),
    ],
)
def test_a_hostile_vocabulary_is_refused_and_nothing_is_begun(browser: Browser, vocabulary: object, code: str) -> None:
    answer = begin(browser, vocabulary)
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] == code
    assert len(answer.text) < 500
    assert "evil" not in answer.text
    with browser.workshop.database.read() as session:
        assert not recordings.exist(session)


@pytest.mark.parametrize("vocabulary", [[f"term {number}" for number in range(10_000)], ["x" * 5_000_000]])
def test_a_vocabulary_larger_than_any_request_is_refused_before_it_is_read(
    browser: Browser, vocabulary: list[str]
) -> None:
    answer = begin(browser, vocabulary)
    assert answer.status_code == 413
    assert len(answer.text) < 500
    with browser.workshop.database.read() as session:
        assert not recordings.exist(session)


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.fixture
def team(browser: Browser) -> Team:
    return Team().made_by(browser.workshop, enrolled(browser.workshop))


def address(team: Team) -> str:
    return f"/workspaces/{UUID(bytes=team.id)}/vocabulary"


def next_version(team: Team, version: int, **changed: object) -> dict[str, object]:
    sealed = seal_document(team.key, DocumentType.VOCABULARY, team.id, version, b"Rahman")
    return {"from_version": version - 1, "epoch": 1, "sealed": text(sealed)} | changed


def test_a_vocabulary_is_saved_and_handed_out_as_it_came(browser: Browser, team: Team) -> None:
    assert browser.json("GET", address(team)).json() == {"version": 0, "epoch": 0, "sealed": ""}
    first = next_version(team, 1)
    assert browser.json("PUT", address(team), first).json() == {"version": 1}
    assert browser.json("GET", address(team)).json() == {"version": 1, "epoch": 1, "sealed": first["sealed"]}
    assert browser.json("PUT", address(team), first).json()["code"] == "access.conflict"


@pytest.mark.parametrize(
    "changed",
    [
        {"sealed": text(b"x" * 100_000)},
        {"sealed": text(bytes(200))},
        {"sealed": "no base64!"},
        {"from_version": -1},
        {"from_version": 2**70},
        {"epoch": 0},
        {"epoch": 2**80},
        {"terms": ["in clear"]},
    ],
)
def test_what_no_page_sends_changes_nothing(browser: Browser, team: Team, changed: dict[str, object]) -> None:
    answer = browser.json("PUT", address(team), next_version(team, 1, **changed))
    assert 400 <= answer.status_code <= 500
    assert browser.json("GET", address(team)).json()["version"] == 0


def test_to_who_is_not_in_it_the_workspace_does_not_exist(browser: Browser) -> None:
    stranger = Team().made_by(browser.workshop, enrolled(browser.workshop, "ben"))
    assert browser.json("GET", address(stranger)).status_code == 404
    assert browser.json("PUT", address(stranger), next_version(stranger, 1)).status_code == 404
