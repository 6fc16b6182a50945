"""The organisation's recovery in real browsers: the key on paper, who chooses it, who comes back; a lying server."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from appliance.crypto.identity import fingerprint_words
from appliance.crypto.recovery import read_code, write_code
from appliance.records import organisation
from appliance.records.accounts import MEMBER
from appliance.worker.consents import consent_of, has_consented
from tests.browser.private import TITLE, put_private_transcript, unlock
from tests.browser.test_accounts import CHOSEN, code_on, expect_library, sign_in, type_back
from tests.browser.visitor import Visitor
from tests.organisation import Organisation
from tests.people import PASSPHRASE, Person, text
from tests.web.appliance import enrolled

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]


@pytest.fixture
def chief(visit: Visit) -> Visitor:
    """An administrator at a browser."""
    return visit()


@pytest.fixture
def amina(visit: Visit) -> Visitor:
    """A member at a browser, who has a private transcript."""
    visitor = visit(name="Amina", role=MEMBER)
    put_private_transcript(visitor)
    return visitor


def shown_words(page: Page, place: str = "[data-consent], [data-organisation]") -> list[str]:
    words = page.locator(place).locator("[data-words]").first.locator("li")
    expect(words).to_have_count(8)
    return words.all_text_contents()


def make_key(chief: Visitor) -> str:
    """Make the organisation's key by the page; returns the code on the paper."""
    page = chief.open("/organisation")
    page.get_by_role("button", name="Make the key").click()
    code = code_on(page)
    type_back(page, code)
    expect(page.get_by_role("heading", name="Its words")).to_be_visible()
    return code


def open_choice(visitor: Visitor) -> Page:
    page = visitor.open("/account")
    page.get_by_text("Allow the organisation to let me back in", exact=True).click()
    return page


def choose(visitor: Visitor) -> None:
    """Consent by the page."""
    page = open_choice(visitor)
    page.get_by_label("I compared the words, and they are the same").check()
    page.locator("#choosing").fill(PASSPHRASE)
    page.get_by_role("button", name="Choose it").click()
    expect(page.get_by_text("The organisation can let you back in", exact=True)).to_be_visible()


def open_keys(chief: Visitor, code: str, name: str = "Amina") -> Page:
    """Type the organisation's code to let somebody back in."""
    page = chief.open("/organisation")
    page.locator("[data-person]", has_text=name).get_by_role("button", name="Let back in…").click()
    page.get_by_label("Code of the organisation").fill(code)
    page.get_by_role("button", name="Open their keys").click()
    return page


def let_in(chief: Visitor, code: str, name: str = "Amina") -> Page:
    """Let somebody back in, after comparing, up to where their code is shown."""
    page = open_keys(chief, code, name)
    page.locator("[data-comparing]").get_by_label("I compared the words").check()
    page.get_by_role("button", name="Make their code").click()
    return page


def published(visitor: Visitor) -> Organisation:
    """Publish a key past the page."""
    made = Organisation()
    made.publish(visitor.workshop)
    return made


def consented(visitor: Visitor, house: Organisation, name: str = "Amina") -> Person:
    """Let somebody have consented, past the page."""
    person = enrolled(visitor.workshop, name, MEMBER)
    house.consented_by(visitor.workshop, person)
    return person


def test_who_has_lost_everything_comes_back_and_reads_what_is_private(
    visit: Visit, chief: Visitor, amina: Visitor
) -> None:
    code = make_key(chief)
    assert shown_words(chief.page) == shown_words(amina.open("/account"))
    choose(amina)
    page = let_in(chief, code.lower())
    fresh = code_on(page)
    assert fresh != code
    type_back(page, fresh)
    expect(page.get_by_role("heading", name="Who chose it")).to_be_visible()

    back = visit(signed_in=False, name="Amina", role=MEMBER)
    page = back.open("/recover")
    page.locator("#name").fill("Amina")
    page.locator("#code").fill(fresh)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Passphrase", exact=True).fill(CHOSEN)
    page.get_by_label("The same once more").fill(CHOSEN)
    page.get_by_role("button", name="Set the passphrase").click()
    own = code_on(page)
    assert own not in (fresh, code)
    type_back(page, own)
    expect_library(page)
    expect(page.get_by_text("The organisation's recovery key was used on your account.")).to_be_visible()
    page.locator(".recording", has_text=TITLE).get_by_role("link").first.click()
    expect(page.locator(".turn").first).to_contain_text("Good morning")
    expect(page.locator("[data-holder-list]")).to_contain_text("with its recovery key, because you chose so")
    page.get_by_role("link", name="When, and by whom").click()
    expect(page.locator("[data-use]")).to_contain_text("owner used the organisation's recovery key")
    shown_words(page)  # Drawn by the script without which the button does nothing.
    page.get_by_role("button", name="I know about this").click()
    expect(page.locator(".banner--wide")).to_have_count(0)
    expect(page.locator("[data-use]")).to_be_visible()


def test_the_key_counts_only_when_its_code_was_typed_back(chief: Visitor) -> None:
    page = chief.open("/organisation")
    page.get_by_role("button", name="Make the key").click()
    code = code_on(page)
    type_back(page, code[:5] + ("AAAA" if code[5:9] != "AAAA" else "BBBB") + code[9:])
    expect(page.get_by_role("alert").filter(has_text="Group 2")).to_be_visible()
    with chief.workshop.database.read() as session:
        assert organisation.find(session) is None
    page.reload()
    expect(page.get_by_role("button", name="Make the key")).to_be_visible()


def test_the_paper_of_the_key_says_its_words_and_nothing_of_the_code_is_sent(chief: Visitor) -> None:
    sent: list[str] = []
    chief.page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    code = make_key(chief)
    secret = Organisation(read_code(code))
    assert shown_words(chief.page) == secret.words
    for form in (
        code,
        code.replace("-", ""),
        text(secret.code),
        text(secret.keys.x_private),
        text(secret.keys.ed_seed),
    ):
        assert all(form not in line for line in sent)


def test_nobody_chooses_it_without_having_compared_or_with_another_passphrase(chief: Visitor, amina: Visitor) -> None:
    published(chief)
    page = open_choice(amina)
    page.locator("#choosing").fill(PASSPHRASE)
    page.get_by_role("button", name="Choose it").click()
    expect(page.get_by_role("alert").filter(has_text="Compare the words first")).to_be_visible()
    page.get_by_label("I compared the words, and they are the same").check()
    page.locator("#choosing").fill("not the passphrase at all")
    page.get_by_role("button", name="Choose it").click()
    expect(page.get_by_role("alert").filter(has_text="The passphrase is not right.")).to_be_visible()
    assert not has_consented(amina.workshop, amina.owner_id)


def test_who_takes_it_back_cannot_be_let_in_any_more(chief: Visitor, amina: Visitor) -> None:
    house = published(chief)
    consented(chief, house)
    page = amina.open("/account")
    page.get_by_text("No longer allow the organisation to let me back in").click()
    page.locator("#taking-back").fill(PASSPHRASE)
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Not chosen", exact=True)).to_be_visible()
    assert not has_consented(amina.workshop, amina.owner_id)
    expect(chief.open("/organisation").get_by_text("Nobody yet.")).to_be_visible()


def test_another_code_lets_nobody_in_and_says_so(chief: Visitor, amina: Visitor) -> None:
    consented(chief, published(chief))
    page = open_keys(chief, write_code(os.urandom(32)))
    expect(page.get_by_role("alert").filter(has_text="not that of the organisation's recovery key")).to_be_visible()
    page.get_by_label("Code of the organisation").fill("ABCD-EFGH")
    page.get_by_role("button", name="Open their keys").click()
    expect(page.get_by_role("alert").filter(has_text="This is not a recovery code")).to_be_visible()
    assert amina.page.goto(f"{amina.live.address}/account") is not None  # Still signed in: nothing has happened.
    expect(amina.page.get_by_role("heading", name="Amina")).to_be_visible()


def test_a_withdrawn_key_opens_nothing_and_everybody_is_as_before(chief: Visitor, amina: Visitor) -> None:
    consented(chief, published(chief))
    page = chief.open("/organisation")
    page.get_by_text("Withdraw the key", exact=True).click()
    page.get_by_role("button", name="Withdraw…").click()
    page.locator("#withdraw-dialog").get_by_role("button", name="Keep").click()
    assert has_consented(amina.workshop, amina.owner_id)
    page.get_by_role("button", name="Withdraw…").click()
    page.locator("#withdraw-dialog").get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("button", name="Make the key")).to_be_visible()
    assert amina.workshop.keystore.held(bytes.fromhex(amina.owner_id)) != []
    expect(amina.open("/account").locator("[data-consent]")).to_have_count(0)


def test_a_swapped_key_of_the_organisation_shows_other_words(chief: Visitor, amina: Visitor) -> None:
    house, forger = published(chief), Organisation()

    def swap(route: Route) -> None:
        """Answer with the page as it is, but with the keys of somebody else: what a lying server would send."""
        answer = route.fetch()
        body = answer.text()
        for own, other in ((house.keys.x_public, forger.keys.x_public), (house.keys.ed_public, forger.keys.ed_public)):
            assert text(own) in body
            body = body.replace(text(own), text(other))
        route.fulfill(response=answer, body=body)

    amina.page.route("**/account", swap)
    words = shown_words(amina.open("/account"))
    assert words == forger.words
    assert words != list(fingerprint_words(house.fingerprint))


def test_a_consent_that_holds_another_key_is_refused_before_anything_is_sent(chief: Visitor, amina: Visitor) -> None:
    house = published(chief)
    person = consented(chief, house)
    forged = Person("Amina", account_id=person.account_id)  # The server seals a user key of its own choice.
    house.consented_by(chief.workshop, forged)
    sent: list[str] = []
    chief.page.on("request", lambda request: sent.append(request.method))
    page = open_keys(chief, write_code(house.code))
    expect(page.get_by_role("alert").filter(has_text="does not open their keys")).to_be_visible()
    assert "PUT" not in sent
    assert amina.owner_id == person.account_id


def test_the_consent_of_somebody_else_in_its_place_is_refused(chief: Visitor, amina: Visitor) -> None:
    house = published(chief)
    person, ben = consented(chief, house), consented(chief, house, "Ben")
    bens = consent_of(chief.workshop, ben.account_id)

    def exchange(route: Route) -> None:
        answer = route.fetch()
        found = json.loads(answer.text()) | {"consent": base64.b64encode(bens).decode()}
        route.fulfill(response=answer, body=json.dumps(found))

    chief.page.route(f"**/organisation/people/{person.account_id}", exchange)
    page = open_keys(chief, write_code(house.code))
    expect(page.get_by_role("alert").filter(has_text="does not open their keys")).to_be_visible()
    assert amina.owner_id == person.account_id


def test_keys_under_the_name_of_somebody_else_show_their_own_words(chief: Visitor, amina: Visitor) -> None:
    """Who says that they are locked out, and has the server put another's id beside their name, gets no code unseen."""
    house = published(chief)
    person, ben = consented(chief, house), consented(chief, house, "Ben")

    def exchange(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace(person.account_id, ben.account_id))

    chief.page.route("**/organisation", exchange)
    page = open_keys(chief, write_code(house.code))
    words = shown_words(page, "[data-comparing]")
    assert words == list(fingerprint_words(ben.identity.fingerprint))
    assert words != list(fingerprint_words(person.identity.fingerprint))
    page.get_by_role("button", name="Make their code").click()
    expect(page.get_by_role("alert").filter(has_text="Compare the words first")).to_be_visible()
    with chief.workshop.database.read() as session:
        assert organisation.uses(session, ben.account_id) == []


def test_ones_own_words_are_made_of_the_keys_and_hidden_while_they_are_locked(chief: Visitor, amina: Visitor) -> None:
    page = amina.open("/account")
    own = list(fingerprint_words(enrolled(amina.workshop, "Amina", MEMBER).identity.fingerprint))
    expect(page.locator("[data-account-page] .words li")).to_have_text(own)  # Unlocked since the upload.
    page.locator("[data-lock]").click()
    expect(page.locator("[data-account-page] .words li").first).to_be_empty()
    assert "".join(page.locator("[data-account-page] section").first.locator(".words li").all_text_contents()) == ""
    assert own[0] not in chief.open("/people").locator("main").inner_text().split()


def test_an_administrator_does_not_read_by_letting_somebody_in(chief: Visitor, amina: Visitor) -> None:
    """What their browser opened is gone with the page: no vault of somebody else stays there."""
    house = published(chief)
    consented(chief, house)
    page = let_in(chief, write_code(house.code))
    type_back(page, code_on(page))
    expect(page.get_by_role("heading", name="Who chose it")).to_be_visible()
    kept = page.evaluate("[...Object.keys(sessionStorage), ...Object.keys(localStorage)]")
    assert kept == ["htmx-current-path-for-history"]
    chief.open("/")
    expect(chief.page.locator(".recording")).to_have_count(0)


def test_a_locked_out_person_sees_no_organisation_where_there_is_none(amina: Visitor) -> None:
    page = amina.open("/account")
    expect(page.locator("[data-consent]")).to_have_count(0)
    expect(page.get_by_text("If you lose passphrase")).to_have_count(0)


def test_somebody_unlocks_as_before_after_choosing(chief: Visitor, amina: Visitor) -> None:
    published(chief)
    choose(amina)
    page = amina.page
    page.locator("[data-lock]").click()
    page.locator("[data-unlock-here]").click()
    unlock(page)
    expect(page.locator("[data-vault]").first).to_have_attribute("data-vault", "open")


def test_the_passphrase_lets_in_whoever_was_let_in_without_asking(visit: Visit, chief: Visitor, amina: Visitor) -> None:
    """An administrator who uses the key behind somebody's back cannot do it unseen."""
    house = published(chief)
    consented(chief, house)
    page = let_in(chief, write_code(house.code))
    type_back(page, code_on(page))
    expect(page.get_by_role("heading", name="Who chose it")).to_be_visible()
    amina.open("/")
    expect(amina.page.get_by_role("heading", name="Sign in")).to_be_visible()  # Every session has ended.
    again = visit(signed_in=False, name="Amina", role=MEMBER)
    sign_in(again.open("/sign-in"), "Amina", PASSPHRASE)
    expect(again.page.get_by_text("The organisation's recovery key was used on your account.")).to_be_visible()
