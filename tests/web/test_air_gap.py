"""The page, the live test and the report; the appliance here is a real one that nothing has sealed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from appliance.cage import Trial
from appliance.errors import DecoderDiedError, ModelSetMissingError
from appliance.web.languages import language
from appliance.worker import keeper
from appliance.worker.messages import Attempted
from appliance.worker.proof import Proof
from appliance.worker.workshop import Workshop
from tests.doctor.ready import NOW, READY
from tests.web.conftest import Browser

PATHS = ("/air-gap", "/air-gap/report.txt", "/air-gap/report.json")
HELD = (
    Proof("server", NOW, (Trial("connect", True, "EPERM"),)),
    Proof("decoder", NOW, (Trial("bind", True, "EPERM"),)),
)
BROKEN = (*HELD, Proof("engine", NOW, (Trial("socket(AF_INET)", False, "open"),)))

Proved = Callable[[tuple[Proof, ...]], None]


@pytest.fixture
def proved(monkeypatch: pytest.MonkeyPatch) -> Proved:
    """Say beforehand what processes will find when they try."""

    def prove(made: tuple[Proof, ...]) -> None:
        monkeypatch.setattr("appliance.web.pages.air_gap.prove", lambda _workshop: made)

    return prove


@pytest.mark.parametrize("path", PATHS)
def test_who_is_not_signed_in_sees_nothing_of_it(client: TestClient[Litestar], path: str) -> None:
    assert client.get(path, headers={"Accept": "application/json"}).status_code == 401
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (303, "")


def test_the_live_test_wants_a_session_too(client: TestClient[Litestar]) -> None:
    assert client.post("/air-gap/test").status_code in (401, 403)


def test_the_live_test_wants_a_page_of_ours(browser: Browser) -> None:
    assert browser.ask("POST", "/air-gap/test", headers={"X-CSRF-Token": ""}).status_code == 403


def test_a_server_that_is_not_sealed_is_the_verdict(browser: Browser) -> None:
    page = browser.get("/air-gap").text
    assert "The air gap is not whole." in page
    assert "is not sealed: the kernel lets it call out." in page


def test_every_topic_has_its_section(browser: Browser) -> None:
    page = browser.get("/air-gap").text
    for topic in ("seal", "attempts", "network", "models", "tls", "keys", "disk", "memory", "clock", "database"):
        assert f'id="topic-{topic}"' in page


def test_a_real_test_of_this_unsealed_server_finds_its_ways_out_open(browser: Browser) -> None:
    fragment = browser.ask("POST", "/air-gap/test")
    assert fragment.status_code == 200
    assert "A way out was found open." in fragment.text
    assert "<html" not in fragment.text


def test_a_test_in_which_all_is_refused_is_told_by_process_and_call(browser: Browser, proved: Proved) -> None:
    proved(HELD)
    fragment = browser.ask("POST", "/air-gap/test").text
    assert "Each was refused." in fragment
    assert fragment.count("1 of 1 refused") == 2
    assert "<code>connect</code>" in fragment


def test_one_way_out_that_is_open_is_shown_where_it_is(browser: Browser, proved: Proved) -> None:
    proved(BROKEN)
    fragment = browser.ask("POST", "/air-gap/test").text
    assert "1 of 1 open" in fragment
    assert fragment.count("call--open") == 1


def test_a_test_that_cannot_be_made_is_a_problem_in_words(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_workshop: Workshop) -> None:
        raise DecoderDiedError

    monkeypatch.setattr("appliance.web.pages.air_gap.prove", fail)
    assert browser.json("POST", "/air-gap/test").json()["code"] == DecoderDiedError.code
    report = json.loads(browser.get("/air-gap/report.json").text)
    assert str(DecoderDiedError()) in [finding["what"] for finding in report["findings"]]


def test_attempts_that_were_refused_stand_in_a_table(browser: Browser, workshop: Workshop) -> None:
    workshop.warden._note(Attempted(process_id=0, call="sendto", is_trial=False, count=1234))
    page = browser.get("/air-gap").text
    assert "<code>sendto</code>" in page
    assert "1,234" in page


def test_device_and_languages_come_from_the_engine(browser: Browser, workshop: Workshop) -> None:
    workshop.engine._ready = READY
    page = browser.get("/air-gap").text
    assert "There is no NVIDIA GPU" in page
    assert "w2v" in page
    assert "English" in page


def test_why_there_is_no_engine_is_told(browser: Browser, workshop: Workshop) -> None:
    workshop.engine._fault = ModelSetMissingError(folder="/models", reason="set.json is not there")
    assert "There is no usable model set in /models" in browser.get("/air-gap").text


def test_a_certificate_that_cannot_be_read_is_shown(browser: Browser, workshop: Workshop) -> None:
    for name in ("tls.crt", "tls.key"):
        (workshop.settings.keys_folder / name).write_text("nothing")
    assert "The certificate in" in browser.get("/air-gap").text


def test_a_root_key_that_was_taken_away_is_noticed(browser: Browser, workshop: Workshop) -> None:
    (workshop.settings.keys_folder / "root.key").unlink()
    assert "Put the key file back from its backup." in browser.get("/air-gap").text


def test_the_report_is_a_file_with_a_test_of_its_own(browser: Browser, proved: Proved) -> None:
    proved(HELD)
    answer = browser.get("/air-gap/report.txt")
    assert answer.headers["content-disposition"].startswith('attachment; filename="cloister-air-gap-20')
    assert answer.headers["content-type"].startswith("text/plain")
    assert "Server, 2027-03-01 12:00:00 UTC:\n    connect EPERM" in answer.text


def test_the_report_speaks_the_readers_language(browser: Browser, proved: Proved) -> None:
    proved(HELD)
    text = browser.get("/air-gap/report.txt", headers={"Accept-Language": "bn"}).text
    assert language("bn").sentences.gettext("Cloister: report on the air gap") in text
    assert "Findings" not in text


def test_the_facts_are_there_for_machines(browser: Browser, proved: Proved) -> None:
    proved(BROKEN)
    answer = browser.get("/air-gap/report.json")
    assert answer.headers["content-type"].startswith("application/json")
    assert [proof["process"] for proof in answer.json()["proofs"]] == ["server", "decoder", "engine"]


def test_looking_starts_no_engine(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: object, **__: object) -> None:
        raise AssertionError("an engine was started")

    monkeypatch.setattr(keeper, "start_child", start)
    assert browser.get("/air-gap").status_code == 200
