"""The organisation's recovery: who may make its key, to what somebody consents, and what its code does and does not."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from appliance.crypto import identity
from appliance.errors import OrganisationChangedError, OrganisationCodeError
from appliance.records import organisation, sessions
from appliance.records.accounts import MEMBER
from appliance.records.keystore import Wrap
from appliance.web.security import SESSION_COOKIE
from appliance.worker.consents import CONSENT, has_consented, who_consented
from appliance.worker.enrolling import remove_account
from appliance.worker.library import resume
from tests.organisation import Organisation
from tests.people import Person, text
from tests.web.appliance import ADDRESS, enrolled, issue_link, sign_in
from tests.web.conftest import JSON, Browser
from tests.worker.private import put_privately

LOW_ORDER = bytes(32)


@pytest.fixture
def house(browser: Browser) -> Organisation:
    """An organisation whose key is published."""
    made = Organisation()
    assert browser.json("PUT", "/organisation/key", made.public()).status_code == 204
    return made


@pytest.fixture
def amina(browser: Browser) -> Person:
    return enrolled(browser.workshop, "Amina", MEMBER)


@contextmanager
def as_person(browser: Browser, person: Person, role: str = MEMBER) -> Iterator[None]:
    """Let the browser be that of somebody else meanwhile."""
    before = browser.cookie
    browser.cookie, _ = sign_in(browser.workshop, person.name, role)
    yield
    browser.cookie = before


def nonce_of(browser: Browser, person: Person) -> str:
    return str(browser.json("POST", "/sign-in/begin", {"name": person.name}).json()["nonce"])


def send_consent(browser: Browser, house: Organisation, person: Person, **changed: str) -> Any:
    content = house.consenting(person, nonce_of(browser, person)) | changed
    return browser.json("PUT", "/account/organisation", content)


def consents(browser: Browser, house: Organisation, person: Person) -> None:
    with as_person(browser, person):
        assert send_consent(browser, house, person).status_code == 204


def take_back(browser: Browser, person: Person, seed: bytes) -> Any:
    nonce = nonce_of(browser, person)
    message = identity.consent_message(ADDRESS, base64.b64decode(nonce), None)
    content = {"nonce": nonce, "proof": text(identity.sign(seed, message))}
    return browser.json("POST", "/account/organisation/taken-back", content)


def look_up(browser: Browser, person: Person) -> Any:
    return browser.json("POST", f"/organisation/people/{person.account_id}")


def let_in(browser: Browser, house: Organisation, person: Person, **changed: str) -> tuple[Any, Person]:
    """Let somebody back in; returns the answer, and the person as they are after it."""
    after = replace(person, code=os.urandom(32))
    content = house.letting_in(person, look_up(browser, person).json(), after.code) | changed
    return browser.json("PUT", f"/organisation/people/{person.account_id}", content), after


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_without_a_key_the_account_says_nothing_and_the_page_of_administrators_offers_one(browser: Browser) -> None:
    assert "data-consent" not in browser.get("/account").text
    assert "data-make" in browser.get("/organisation").text
    assert 'href="/organisation"' in browser.get("/people").text


def test_somebody_who_consented_is_let_back_in_and_loses_nothing(
    browser: Browser, house: Organisation, amina: Person
) -> None:
    consents(browser, house, amina)
    answer, after = let_in(browser, house, amina)
    assert answer.status_code == 204
    browser.client.headers.update({"Origin": ADDRESS, **JSON})
    state = after.recover(browser.client, ADDRESS)
    assert state.status_code == 201
    assert amina.opens(base64.b64decode(state.json()["slots"]["passphrase"]))
    assert refused(amina.recover(browser.client, ADDRESS)) == (403, "access.recovery")


def test_the_passphrase_still_lets_in_whoever_remembers_it_after_all(
    browser: Browser, house: Organisation, amina: Person
) -> None:
    consents(browser, house, amina)
    let_in(browser, house, amina)
    browser.client.headers.update({"Origin": ADDRESS, **JSON})
    assert amina.sign_in(browser.client, ADDRESS).status_code == 201


def test_being_let_back_in_ends_every_session(browser: Browser, house: Organisation, amina: Person) -> None:
    consents(browser, house, amina)
    let_in(browser, house, amina)
    with browser.workshop.database.read() as session:
        assert sessions.listing(session, amina.account_id) == []
        assert len(sessions.listing(session, browser.owner_id)) == 1


def test_a_member_neither_makes_the_key_nor_uses_it(browser: Browser, house: Organisation, amina: Person) -> None:
    consents(browser, house, amina)
    with as_person(browser, amina):
        assert browser.get("/organisation").status_code == 403
        for method, path, content in (
            ("PUT", "/organisation/key", Organisation().public()),
            ("DELETE", "/organisation/key", None),
            ("POST", f"/organisation/people/{amina.account_id}", None),
        ):
            assert browser.json(method, path, content).status_code == 403
    assert has_consented(browser.workshop, amina.account_id)


def test_an_administrator_without_the_code_lets_nobody_in(browser: Browser, house: Organisation, amina: Person) -> None:
    consents(browser, house, amina)
    found = look_up(browser, amina).json()
    chosen, _ = house.fresh_code(amina, amina.user_key, os.urandom(32), base64.b64decode(found["nonce"]))
    _, forged = Organisation().fresh_code(amina, amina.user_key, os.urandom(32), base64.b64decode(found["nonce"]))
    content = {
        "recovery_public": text(chosen.recovery_public),
        "slot": text(chosen.slot),
        "nonce": found["nonce"],
        "proof": text(forged),
    }
    answer = browser.json("PUT", f"/organisation/people/{amina.account_id}", content)
    assert refused(answer) == (403, OrganisationCodeError.code)
    browser.client.headers.update({"Origin": ADDRESS, **JSON})
    assert amina.recover(browser.client, ADDRESS).status_code == 201


def test_what_an_administrator_is_handed_opens_nothing_and_holds_no_slot_of_the_passphrase(
    browser: Browser, house: Organisation, amina: Person
) -> None:
    consents(browser, house, amina)
    found = look_up(browser, amina).json()
    assert set(found) == {"account_id", "name", "nonce", "consent", "identity", "ed_public", "x_public"}
    assert base64.b64decode(found["identity"]) != amina.passphrase_slot()


def test_a_signature_is_worth_something_once_and_for_one_person(
    browser: Browser, house: Organisation, amina: Person
) -> None:
    ben = enrolled(browser.workshop, "Ben", MEMBER)
    consents(browser, house, amina)
    consents(browser, house, ben)
    content = house.letting_in(amina, look_up(browser, amina).json(), os.urandom(32))
    assert refused(browser.json("PUT", f"/organisation/people/{ben.account_id}", content)) == (
        409, "access.stale_proof",
    )  # fmt: skip
    path = f"/organisation/people/{amina.account_id}"
    assert browser.json("PUT", path, content).status_code == 204
    assert refused(browser.json("PUT", path, content)) == (409, "access.stale_proof")


def test_a_signed_key_cannot_be_exchanged_for_another(browser: Browser, house: Organisation, amina: Person) -> None:
    consents(browser, house, amina)
    other = text(identity.public_of_seed(os.urandom(32)))
    answer, _ = let_in(browser, house, amina, recovery_public=other)
    assert refused(answer) == (403, OrganisationCodeError.code)


def test_nobody_is_let_in_who_did_not_consent(browser: Browser, house: Organisation, amina: Person) -> None:
    assert look_up(browser, amina).status_code == 404
    assert "Amina" not in browser.get("/organisation").text
    consents(browser, house, amina)
    assert "Amina" in browser.get("/organisation").text
    found = look_up(browser, amina).json()
    with as_person(browser, amina):
        assert take_back(browser, amina, amina.login_seed).status_code == 204
    content = house.letting_in(amina, found, os.urandom(32))
    assert browser.json("PUT", f"/organisation/people/{amina.account_id}", content).status_code == 404


def test_a_session_alone_neither_consents_nor_takes_it_back(
    browser: Browser, house: Organisation, amina: Person
) -> None:
    with as_person(browser, amina):
        forged = text(identity.sign(os.urandom(32), b"not the message"))
        assert refused(send_consent(browser, house, amina, proof=forged)) == (403, "access.sign_in")
        assert not has_consented(browser.workshop, amina.account_id)
        assert send_consent(browser, house, amina).status_code == 204
        assert refused(take_back(browser, amina, os.urandom(32))) == (403, "access.sign_in")
    assert has_consented(browser.workshop, amina.account_id)


def test_who_compared_the_words_of_another_key_consents_to_nothing(
    browser: Browser, house: Organisation, amina: Person
) -> None:
    with as_person(browser, amina):
        assert refused(send_consent(browser, Organisation(), amina)) == (409, OrganisationChangedError.code)
        for other in (Organisation().consent_of(amina), house.consent_of(enrolled(browser.workshop, "Ben", MEMBER))):
            answer = send_consent(browser, house, amina, sealed=text(other))
            assert refused(answer) == (422, "access.keys")
    assert not has_consented(browser.workshop, amina.account_id)


def test_consents_are_worth_nothing_after_the_key_was_withdrawn_even_if_it_comes_back(
    browser: Browser, house: Organisation, amina: Person
) -> None:
    consents(browser, house, amina)
    assert browser.json("DELETE", "/organisation/key").status_code == 204
    assert who_consented(browser.workshop, [amina.account_id]) == set()
    with as_person(browser, amina):
        assert refused(send_consent(browser, house, amina)) == (409, OrganisationChangedError.code)
        assert "data-consent" not in browser.get("/account").text
    house.publish(browser.workshop)
    assert look_up(browser, amina).status_code == 404


def test_a_key_does_not_take_the_place_of_another_unnoticed(browser: Browser, house: Organisation) -> None:
    assert refused(browser.json("PUT", "/organisation/key", Organisation().public())) == (409, "access.conflict")
    with browser.workshop.database.read() as session:
        assert organisation.get(session).x_public == house.keys.x_public


def test_a_key_that_would_open_to_everybody_is_refused(browser: Browser) -> None:
    content = Organisation().public() | {"x_public": text(LOW_ORDER)}
    assert refused(browser.json("PUT", "/organisation/key", content)) == (422, "access.keys")
    assert "data-make" in browser.get("/organisation").text


def test_keys_made_afresh_by_a_link_take_the_consent_away(browser: Browser, house: Organisation, amina: Person) -> None:
    consents(browser, house, amina)
    token = browser.json("POST", f"/people/{amina.account_id}/link").json()["link"].rsplit("/", 1)[1]
    browser.client.headers.update({"Origin": ADDRESS, **JSON})
    assert Person("Amina").enrol(browser.client, token).status_code == 201
    assert not has_consented(browser.workshop, amina.account_id)


def test_of_somebody_who_is_removed_no_consent_stays(browser: Browser, house: Organisation, amina: Person) -> None:
    consents(browser, house, amina)
    let_in(browser, house, amina)
    remove_account(browser.workshop, amina.account_id)
    assert browser.workshop.keystore.held(bytes.fromhex(amina.account_id)) == []
    with browser.workshop.database.read() as session:
        assert organisation.uses(session, amina.account_id) == []


def test_a_withdrawal_that_was_cut_off_is_ended_at_the_next_start(
    browser: Browser, house: Organisation, amina: Person
) -> None:
    consents(browser, house, amina)
    with browser.workshop.database.write() as session:
        organisation.withdraw(session)
    resume(browser.workshop)
    assert who_consented(browser.workshop, [amina.account_id]) == set()


def test_at_a_start_a_consent_stays_and_one_to_other_keys_goes(
    browser: Browser, house: Organisation, amina: Person
) -> None:
    consents(browser, house, amina)
    other = Organisation()
    subject, holder = bytes.fromhex(amina.account_id), identity.organisation_id(other.keys.x_public)
    browser.workshop.keystore.put(Wrap(subject, CONSENT, holder, other.consent_of(amina)))
    resume(browser.workshop)
    held = [wrap.holder for wrap in browser.workshop.keystore.held(subject) if wrap.kind == CONSENT]
    assert held == [identity.organisation_id(house.keys.x_public)]


def test_the_person_is_told_on_every_page_until_they_say_that_they_know(
    browser: Browser, house: Organisation, amina: Person
) -> None:
    told = "The organisation's recovery key was used on your account."
    consents(browser, house, amina)
    with as_person(browser, amina):
        assert told not in browser.get("/").text
    let_in(browser, house, amina)
    with as_person(browser, amina):
        assert all(told in browser.get(path).text.replace("&#39;", "'") for path in ("/", "/account", "/workspaces"))
        assert "owner used the organisation" in browser.get("/account").text
        assert browser.json("POST", "/account/organisation/seen").status_code == 204
        assert told not in browser.get("/").text.replace("&#39;", "'")
        assert "owner used the organisation" in browser.get("/account").text
    assert told not in browser.get("/").text.replace("&#39;", "'")


def test_who_came_in_by_the_code_that_was_made_for_them_cannot_hide_it(
    browser: Browser, house: Organisation, amina: Person
) -> None:
    consents(browser, house, amina)
    _, after = let_in(browser, house, amina)
    browser.client.headers.update({"Origin": ADDRESS, **JSON})
    browser.cookie = after.recover(browser.client, ADDRESS).cookies[SESSION_COOKIE]
    browser.client.cookies.clear()
    assert browser.json("POST", "/account/organisation/seen").status_code == 404
    assert "data-say-seen" not in browser.get("/account").text
    with browser.workshop.database.read() as session:
        assert organisation.unseen(session, amina.account_id)


def test_a_private_transcript_says_that_the_organisation_can_open_it(browser: Browser, house: Organisation) -> None:
    owner = enrolled(browser.workshop)
    recording_id = put_privately(browser.workshop, owner)
    assert browser.json("GET", f"/recordings/{recording_id}/sealed").json()["organisation"] is False
    assert send_consent(browser, house, owner).status_code == 204
    assert browser.json("GET", f"/recordings/{recording_id}/sealed").json()["organisation"] is True


def test_an_administrator_sees_how_many_did_not_choose_it(browser: Browser, house: Organisation, amina: Person) -> None:
    issue_link(browser.workshop, "Invited only", MEMBER)
    assert "2 people have not chosen it" in browser.get("/organisation").text
    consents(browser, house, amina)
    assert "1 person has not chosen it" in browser.get("/organisation").text


def test_an_account_that_is_none_is_not_looked_up(browser: Browser, house: Organisation, amina: Person) -> None:
    consents(browser, house, amina)
    content = house.letting_in(amina, look_up(browser, amina).json(), os.urandom(32))
    unknown = f"/organisation/people/{'00' * 16}"
    assert browser.json("POST", unknown).status_code == 404
    assert browser.json("PUT", unknown, content).status_code == 404
