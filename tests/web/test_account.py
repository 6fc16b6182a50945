from __future__ import annotations

import pytest

from appliance.crypto.identity import fingerprint_words
from appliance.records import accounts, sessions
from tests.web.appliance import enrolled, sign_in
from tests.web.conftest import Browser


def ids(browser: Browser, account_id: str) -> list[str]:
    with browser.workshop.database.read() as session:
        return [live.id for live in sessions.listing(session, account_id)]


def test_the_page_shows_name_and_role_and_leaves_the_words_of_ones_keys_to_the_browser(browser: Browser) -> None:
    """What the server says that somebody's keys are is what others compare: the words come from the keys themselves."""
    owner = enrolled(browser.workshop)
    page = browser.get("/account").text
    assert "<bdi>owner</bdi>" in page
    assert "Administrator" in page
    assert not any(f">{word}<" in page for word in fingerprint_words(owner.identity.fingerprint))


def test_the_sessions_are_listed_and_this_one_is_marked(browser: Browser) -> None:
    sign_in(browser.workshop)
    sign_in(browser.workshop, "Ben", accounts.MEMBER)
    page = browser.get("/account").text
    assert page.count("Firefox, Linux") == 2
    assert page.count("This one") == 1
    assert "End all the others" in page


def test_a_session_can_be_ended_with_its_half(browser: Browser) -> None:
    sign_in(browser.workshop)
    page = browser.get("/account").text
    both = ids(browser, browser.owner_id)
    [this] = [live for live in both if f'data-end="{live}"' not in page]
    [other] = [live for live in both if live != this]
    browser.workshop.halves.made_for(other)
    assert browser.json("DELETE", f"/account/sessions/{other}").status_code == 204
    assert ids(browser, browser.owner_id) == [this]
    assert browser.workshop.halves.get(other) is None


def test_all_others_can_be_ended_at_once(browser: Browser) -> None:
    for _ in range(3):
        sign_in(browser.workshop)
    assert browser.json("DELETE", "/account/sessions").status_code == 204
    assert len(ids(browser, browser.owner_id)) == 1
    assert browser.get("/account").status_code == 200


def test_nobody_ends_a_session_of_somebody_else(browser: Browser) -> None:
    _, ben = sign_in(browser.workshop, "Ben", accounts.MEMBER)
    [foreign] = ids(browser, ben)
    assert browser.json("DELETE", f"/account/sessions/{foreign}").status_code == 404
    assert ids(browser, ben) == [foreign]


@pytest.mark.parametrize("role", [accounts.ADMINISTRATOR, accounts.MEMBER])
def test_only_an_administrator_sees_the_way_to_the_list_of_people(browser: Browser, role: str) -> None:
    browser.cookie, _ = sign_in(browser.workshop, "Ben", role)
    assert ('href="/people"' in browser.get("/account").text) == (role == accounts.ADMINISTRATOR)
