from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from appliance.records import accounts, invitations
from appliance.records.columns import utc_now
from appliance.web.security import KNOWN_COOKIE, SESSION_COOKIE
from appliance.worker.workshop import Workshop
from tests.people import Person
from tests.web.appliance import ADDRESS, NAMES, issue_link
from tests.web.conftest import JSON, Browser, browsing


@pytest.fixture
def stranger(client: TestClient[Litestar]) -> TestClient[Litestar]:
    """A browser that is not signed in, on our own page."""
    client.headers.update({"Origin": ADDRESS, **JSON})
    return client


def test_opening_the_link_uses_nothing_up_and_enrolling_signs_in(
    stranger: TestClient[Litestar], workshop: Workshop
) -> None:
    token = issue_link(workshop)
    for _ in range(2):
        assert "Welcome to Cloister" in stranger.get(f"/setup/{token}").text
    amina = Person("Amina Rahman")
    answer = amina.enrol(stranger, token)
    assert answer.status_code == 201, answer.text
    assert answer.json()["account_id"] == amina.account_id
    cookies = {cookie.split("=", 1)[0]: cookie for cookie in answer.headers.get_list("set-cookie")}
    assert set(cookies) == {SESSION_COOKIE, KNOWN_COOKIE}
    for cookie, lifetime_s in ((cookies[SESSION_COOKIE], 43200), (cookies[KNOWN_COOKIE], 31536000)):
        for attribute in ("Path=/", "Secure", "HttpOnly", "SameSite=strict", f"Max-Age={lifetime_s}"):
            assert attribute in cookie
        assert "Domain" not in cookie
    session = cookies[SESSION_COOKIE].split(";")[0]
    assert stranger.get("/", headers={"Cookie": session}).status_code == 200


def test_a_link_works_once(stranger: TestClient[Litestar], workshop: Workshop) -> None:
    token = issue_link(workshop, "Amina")
    assert Person("Amina").enrol(stranger, token).status_code == 201
    assert stranger.get(f"/setup/{token}").status_code == 410
    again = Person("Amina", account_id="a" * 32)
    assert stranger.post(f"/setup/{token}", json=again.enrolment()).json()["code"] == "access.link_used"


def test_a_link_that_has_expired_says_what_to_do(client: TestClient[Litestar], workshop: Workshop) -> None:
    with workshop.database.write() as session:
        token = invitations.invite(session, "Amina", accounts.MEMBER, utc_now() - timedelta(hours=25))
    answer = client.get(f"/setup/{token}")
    assert answer.status_code == 410
    assert "Ask an administrator for another one." in answer.text
    assert 'href="/sign-in"' in answer.text


def test_an_invitation_shows_the_name_and_takes_no_other(stranger: TestClient[Litestar], workshop: Workshop) -> None:
    token = issue_link(workshop, "Amina Rahman", accounts.MEMBER)
    page = stranger.get(f"/setup/{token}").text
    assert 'value="Amina Rahman"' in page
    assert "readonly" in page
    answer = Person("Somebody else").enrol(stranger, token).json()
    assert (answer["name"], answer["role"]) == ("Amina Rahman", "member")


def test_a_name_that_is_taken_leaves_the_link_as_good_as_before(browser: Browser) -> None:
    token = issue_link(browser.workshop)
    browser.client.headers.update({"Origin": ADDRESS, **JSON})
    answer = Person("OWNER").enrol(browser.client, token)
    assert (answer.status_code, answer.json()["code"]) == (409, "access.name_taken")
    assert Person("Another").enrol(browser.client, token).status_code == 201


def test_a_link_for_somebody_whose_passphrase_is_lost_says_plainly_what_is_lost_and_offers_recovery_first(
    browser: Browser,
) -> None:
    with browser.workshop.database.write() as session:
        token = invitations.link_for(session, accounts.get(session, browser.owner_id))
    page = browser.client.get(f"/setup/{token}").text
    assert "your private transcripts cannot be opened any more, by nobody" in page
    assert page.index('href="/recover"') < page.index('<form class="stack" data-form')


def test_what_is_sent_about_keys_has_one_size_and_nothing_beside_it(
    stranger: TestClient[Litestar], workshop: Workshop
) -> None:
    token = issue_link(workshop, "Amina")
    whole = Person("Amina", account_id="a" * 32).enrolment()
    for wrong in (
        whole | {"login_public": whole["login_public"][:-8] + "AAA="},
        whole | {"kdf": "AAAA"},
        whole | {"passphrase": "four grey herons"},
        whole | {"slots": whole["slots"] | {"recovery": whole["slots"]["identity"]}},
        {name: value for name, value in whole.items() if name != "x_public"},
    ):
        assert stranger.post(f"/setup/{token}", json=wrong).status_code == 400
    assert stranger.post(f"/setup/{token}", json=whole).json()["code"] == "access.keys"  # Keys of another account.
    assert stranger.get(f"/setup/{token}").status_code == 200


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


AWAY = ("//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "elsewhere", "/a\nb")


def test_a_preference_leads_back_to_our_own_pages_only(client: TestClient[Litestar]) -> None:
    for back in AWAY:
        answer = client.post("/preferences", data={"theme": "dark", "back": back}, headers={"Origin": ADDRESS})
        assert answer.headers["location"] == "/", back


def test_an_unknown_preference_is_not_understood(client: TestClient[Litestar]) -> None:
    answer = client.post("/preferences", data={"language": "xx"}, headers={"Origin": ADDRESS})
    assert answer.status_code == 400


def test_signing_in_leads_on_to_our_own_pages_only(browser: Browser) -> None:
    for then in AWAY:
        assert browser.get("/sign-in", params={"then": then}).headers["location"] == "/", then
        assert 'data-then="/"' in browser.client.get("/sign-in", params={"then": then}).text
    assert browser.get("/sign-in", params={"then": "/people"}).headers["location"] == "/people"


@pytest.mark.parametrize("path", ["/sign-in", "/recover"])
def test_a_name_that_is_not_ours_leads_to_no_form(client: TestClient[Litestar], path: str) -> None:
    for host in ("elsewhere.example", "testserver.local.elsewhere.example", "192.0.2.1:8443", ""):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 421, host
        assert "CLOISTER_NAMES" in answer.text
        assert NAMES[1] in answer.text
    for host in ("testserver.local", "TestServer.Local:8443", "localhost:9443", "127.0.0.1:8443"):
        assert client.get(path, headers={"Host": host}).status_code == 200, host
