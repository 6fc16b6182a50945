from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from appliance.records.accounts import MEMBER
from appliance.web.app import create_app
from appliance.web.security import CSRF_HEADER, SESSION_COOKIE, csrf_token
from appliance.worker.workshop import Workshop
from tests.web.appliance import ADDRESS, enrolled, put_recording, sign_in
from tests.web.conftest import JSON, Browser

OPEN_TO_ALL = {
    ("GET", "/s/{link_id:uuid}"),
    ("POST", "/s/{link_id:uuid}/open"),
    ("GET", "/health"),
    ("POST", "/preferences"),
    ("GET", "/setup/{token:str}"),
    ("POST", "/setup/{token:str}"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in/begin"),
    ("POST", "/sign-in/finish"),
    ("GET", "/recover"),
    ("POST", "/recover/begin"),
    ("POST", "/recover/finish"),
    ("GET", "/trust"),
    ("GET", "/what-it-sees"),
    ("GET", "/cloister-ca.crt"),
}


def test_every_route_but_these_wants_a_session(workshop: Workshop) -> None:
    open_routes = set()
    for route in create_app(workshop).routes:
        assert isinstance(route, HTTPRoute)
        for handler in route.route_handlers:
            for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                if handler.opt.get("public"):
                    open_routes.add((method, route.path))
    assert {(method, path) for method, path in open_routes if not path.startswith("/static/")} == OPEN_TO_ALL


def test_each_guarded_route_refuses_who_is_signed_out(client: TestClient[Litestar], workshop: Workshop) -> None:
    asked = 0
    for route in create_app(workshop).routes:
        path = re.sub(r"\{\w+:uuid\}", "0" * 32, route.path)
        path = path.replace("{form:str}", "txt").replace("{speaker_id:str}", "S1")
        path = re.sub(r"\{\w+:str\}", "0" * 32, re.sub(r"\{\w+:int\}", "0", path))
        for method in sorted(route.methods - {"OPTIONS", "HEAD"}):
            if (method, route.path) in OPEN_TO_ALL or route.path.startswith("/static/"):
                continue
            answer = client.request(method, path, headers={"Origin": ADDRESS, **JSON})
            assert answer.status_code == 401, (method, path)
            assert answer.json()["code"] == "access.signed_out"
            asked += 1
    assert asked > 10


def test_a_page_of_another_site_changes_nothing(browser: Browser) -> None:
    recording_id = put_recording(browser.workshop, browser.owner_id, "kept.wav")
    for headers in (
        {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": ""},
        {"Origin": ADDRESS, "Sec-Fetch-Site": "same-site"},
        {"Origin": "null", "Sec-Fetch-Site": ""},
        {"Origin": "", "Sec-Fetch-Site": ""},
        {"Origin": "http://testserver.local"},
    ):
        answer = browser.json("DELETE", f"/recordings/{recording_id}", headers=headers)
        assert answer.status_code == 403, headers
    assert browser.json("GET", f"/recordings/{recording_id}/upload").status_code == 200


@pytest.mark.parametrize("token", ["", "0" * 64, "short"])
def test_a_change_without_the_token_of_the_page_is_refused(browser: Browser, token: str) -> None:
    recording_id = put_recording(browser.workshop, browser.owner_id, "kept.wav")
    headers = {CSRF_HEADER: token}
    assert browser.json("DELETE", f"/recordings/{recording_id}", headers=headers).status_code == 403
    assert browser.json("DELETE", f"/recordings/{recording_id}").status_code == 204


def test_the_token_of_another_session_is_refused(browser: Browser) -> None:
    other, _ = sign_in(browser.workshop)
    assert browser.json("POST", "/still-here", headers={CSRF_HEADER: csrf_token(other)}).status_code == 403
    assert browser.json("POST", "/still-here").status_code == 204


def test_a_form_on_our_page_may_send_no_origin_where_the_browser_vouches_for_it(client: TestClient[Litestar]) -> None:
    headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/preferences", data={"theme": "dark"}, headers=headers).status_code == 303


def test_a_session_ends_after_half_an_hour_of_nothing(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert browser.get("/").status_code == 200
    _turn_clock(monkeypatch, timedelta(minutes=31))
    assert browser.json("GET", "/vault").status_code == 401


def test_a_session_that_is_used_lasts_twelve_hours_and_no_longer(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minutes in range(25, 12 * 60, 25):
        _turn_clock(monkeypatch, timedelta(minutes=minutes))
        assert browser.json("POST", "/still-here").status_code == 204
    _turn_clock(monkeypatch, timedelta(hours=12, minutes=1))
    assert browser.json("GET", "/vault").status_code == 401


def test_signing_out_ends_the_session_and_the_cookie(browser: Browser) -> None:
    answer = browser.ask("POST", "/sign-out")
    assert answer.status_code == 204
    assert answer.headers["hx-redirect"] == "/sign-in"
    assert f'{SESSION_COOKIE}=""' in answer.headers["set-cookie"]
    assert answer.headers["clear-site-data"] == '"cache"'
    assert browser.json("GET", "/vault").status_code == 401


def test_somebody_elses_recording_is_not_found(browser: Browser) -> None:
    somebody_else = enrolled(browser.workshop, "Bela", MEMBER)
    foreign = put_recording(browser.workshop, somebody_else.account_id, "theirs.wav")
    for method, path in (
        ("GET", f"/recordings/{foreign}"),
        ("GET", f"/recordings/{foreign}/upload"),
        ("GET", f"/recordings/{foreign}/transcript.json"),
        ("GET", f"/recordings/{foreign}/download/txt"),
        ("POST", f"/recordings/{foreign}/cancel"),
        ("DELETE", f"/recordings/{foreign}"),
    ):
        assert browser.json(method, path).status_code == 404, path


def _turn_clock(monkeypatch: pytest.MonkeyPatch, ahead: timedelta) -> None:
    class Clock:
        @staticmethod
        def now(tz: tzinfo) -> datetime:
            return datetime.now(tz) + ahead

    monkeypatch.setattr("appliance.web.guards.datetime", Clock)
