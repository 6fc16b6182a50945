from __future__ import annotations

from pathlib import Path

from litestar import Litestar
from litestar.testing import TestClient

from appliance.web.security import SESSION_COOKIE
from appliance.worker.workshop import Workshop
from tests.web.appliance import ADDRESS, issue_link
from tests.web.conftest import Browser, browsing


def test_opening_the_link_uses_nothing_up_and_the_button_signs_in(
    client: TestClient[Litestar], workshop: Workshop
) -> None:
    link = f"/setup/{issue_link(workshop)}"
    for _ in range(2):
        assert "Open my library" in client.get(link).text
    answer = client.post(link, headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    for attribute in ("Path=/", "Secure", "HttpOnly", "SameSite=strict", "Max-Age=43200"):
        assert attribute in cookie
    assert "Domain" not in cookie
    token = cookie.split("=", 1)[1].split(";", 1)[0]
    assert client.get("/", headers={"Cookie": f"{SESSION_COOKIE}={token}"}).status_code == 200


def test_a_link_works_once(client: TestClient[Litestar], workshop: Workshop) -> None:
    link = f"/setup/{issue_link(workshop)}"
    assert client.post(link, headers={"Origin": ADDRESS}).status_code == 303
    assert client.post(link, headers={"Origin": ADDRESS}).status_code == 410


def test_health_says_whether_the_engine_is_ready(client: TestClient[Litestar]) -> None:
    assert client.get("/health").json() == {"ready": False}


def test_a_weaker_seal_is_shown_on_every_page(tmp_path: Path) -> None:
    with browsing(tmp_path, weaknesses=("Landlock network rules",)) as browser:
        html = browser.get("/").text
    assert "The air gap is weaker than it should be." in html
    assert "Landlock network rules" in html


def test_a_whole_seal_shows_no_warning(browser: Browser) -> None:
    assert "The air gap is weaker" not in browser.get("/").text


def test_a_chosen_language_stays(client: TestClient[Litestar]) -> None:
    answer = client.post("/preferences", data={"language": "bn", "back": "/trust"}, headers={"Origin": ADDRESS})
    assert answer.headers["location"] == "/trust"
    cookie = answer.headers["set-cookie"].split(";")[0]
    assert '<html lang="bn"' in client.get("/trust", headers={"Cookie": cookie, "Accept-Language": "en"}).text


def test_a_chosen_appearance_stays(client: TestClient[Litestar]) -> None:
    answer = client.post("/preferences", data={"theme": "dark"}, headers={"Origin": ADDRESS})
    cookie = answer.headers["set-cookie"].split(";")[0]
    assert 'data-theme="dark"' in client.get("/trust", headers={"Cookie": cookie}).text


def test_a_preference_leads_back_to_our_own_pages_only(client: TestClient[Litestar]) -> None:
    for back in ("//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "elsewhere", "/a\nb"):
        answer = client.post("/preferences", data={"theme": "dark", "back": back}, headers={"Origin": ADDRESS})
        assert answer.headers["location"] == "/", back


def test_an_unknown_preference_is_not_understood(client: TestClient[Litestar]) -> None:
    answer = client.post("/preferences", data={"language": "xx"}, headers={"Origin": ADDRESS})
    assert answer.status_code == 400
