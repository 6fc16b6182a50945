from __future__ import annotations

import logging

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from appliance import errors
from appliance.web import problems
from tests.web.conftest import JSON, Browser


def test_every_error_has_a_status() -> None:
    assert {problems.status_of(error()) for error in (errors.NotFoundError, errors.SignedOutError)} == {404, 401}
    for error in errors.type_registry.values():
        assert any(ancestor in problems.STATUS for ancestor in error.__mro__), error


def test_an_unknown_address_shows_a_page_that_leads_back(client: TestClient[Litestar]) -> None:
    answer = client.get("/nothing/here")
    assert answer.status_code == 404
    assert "<h1>There is nothing here</h1>" in answer.text
    assert 'href="/"' in answer.text


def test_a_script_is_answered_with_code_and_words(browser: Browser) -> None:
    answer = browser.json("GET", f"/recordings/{'0' * 32}/transcript.json")
    assert answer.status_code == 404
    assert answer.json() == {
        "code": "access.not_found",
        "message": "This page or recording does not exist, or it was deleted.",
    }


def test_htmx_is_answered_with_a_notice_that_replaces_nothing(browser: Browser) -> None:
    answer = browser.ask("POST", f"/recordings/{'0' * 32}/cancel", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert answer.headers["hx-retarget"] == "#problems"
    assert "<html" not in answer.text


def test_a_wrong_method_is_refused(browser: Browser) -> None:
    assert browser.json("PATCH", "/").status_code == 405


def test_who_is_signed_out_is_led_to_the_door_and_back_again(client: TestClient[Litestar]) -> None:
    for path, door in (("/", "/sign-in"), ("/account", "/sign-in?then=%2Faccount")):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, door)
    assert 'data-then="/account"' in client.get("/sign-in?then=%2Faccount").text


def test_a_script_of_who_is_signed_out_is_told_so(client: TestClient[Litestar]) -> None:
    answer = client.get("/", headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (401, "access.signed_out")


def test_a_link_from_another_site_comes_back_by_itself_for_its_strict_cookie(client: TestClient[Litestar]) -> None:
    answer = client.get("/", headers={"Sec-Fetch-Site": "cross-site"})
    assert '<meta http-equiv="refresh" content="0">' in answer.text
    assert "set-cookie" not in answer.headers


def test_a_fault_tells_nobody_its_words(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("secret.wav")

    monkeypatch.setattr("appliance.web.pages.library.Shelf.rows", break_down)
    with caplog.at_level(logging.ERROR, logger="appliance.web.problems"):
        answer = browser.json("GET", "/")
    assert answer.status_code == 500
    assert answer.json()["code"] == "appliance"
    assert "secret.wav" not in answer.text
    assert caplog.records[0].getMessage() == "request failed"


def test_a_used_link_is_a_clear_page(client: TestClient[Litestar]) -> None:
    answer = client.get("/setup/never-was")
    assert answer.status_code == 410
    assert "This link was used already or has expired." in answer.text


def test_a_problem_speaks_the_readers_language(client: TestClient[Litestar]) -> None:
    answer = client.get("/nothing", headers={**JSON, "Accept-Language": "bn-BD,bn;q=0.9,en;q=0.5"})
    assert answer.json()["message"] == "এই পাতা বা রেকর্ডিং নেই, অথবা মুছে ফেলা হয়েছে।"
