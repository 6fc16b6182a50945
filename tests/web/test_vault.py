"""What a session may do with a person's keys, and what a stolen one may not."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from appliance.crypto import identity
from appliance.errors import RecoveryError, SignInError, StaleProofError
from appliance.records import accounts, sessions
from appliance.records.columns import utc_now
from appliance.records.keystore import Wrap
from appliance.web.security import SESSION_COOKIE
from tests.people import Person, text
from tests.web.appliance import ADDRESS, enrolled, sign_in
from tests.web.conftest import JSON, Browser


@pytest.fixture
def owner(browser: Browser) -> Person:
    return enrolled(browser.workshop)


def changed(person: Person) -> Person:
    return replace(person, passphrase="seven swans a-swimming", record=replace(person.record, salt=b"another salt 16b"))


def nonce_of(browser: Browser, person: Person, by: str = "sign-in") -> str:
    return str(browser.json("POST", f"/{by}/begin", {"name": person.name}).json()["nonce"])


def send_passphrase(browser: Browser, person: Person, seed: bytes, by: str = "sign-in", **given: Any) -> Any:
    """Send another passphrase for a person, proved by some key."""
    nonce = nonce_of(browser, person, by)
    message = identity.passphrase_message(ADDRESS, base64.b64decode(nonce), person.keys.login_public)
    content = {
        "kdf": text(person.keys.kdf),
        "login_public": text(person.keys.login_public),
        "slot": text(person.passphrase_slot()),
        "nonce": nonce,
        "proof": text(identity.sign(seed, message)),
    }
    return browser.json("PUT", "/vault/passphrase", content | given)


def send_recovery(browser: Browser, person: Person, seed: bytes, by: str = "sign-in") -> Any:
    nonce = nonce_of(browser, person, by)
    message = identity.recovery_change_message(ADDRESS, base64.b64decode(nonce), person.keys.recovery_public)
    content = {
        "recovery_public": text(person.keys.recovery_public),
        "slot": text(person.recovery_slot()),
        "nonce": nonce,
        "proof": text(identity.sign(seed, message)),
    }
    return browser.json("PUT", "/vault/recovery", content)


def wraps(browser: Browser) -> dict[tuple[int, bytes], Wrap]:
    held = browser.workshop.keystore.held(bytes.fromhex(browser.owner_id))
    return {(wrap.kind, wrap.holder): wrap for wrap in held}


def row(browser: Browser) -> dict[str, Any]:
    with browser.workshop.database.read() as session:
        return accounts.get(session, browser.owner_id).model_dump()


def recovered(browser: Browser, person: Person) -> None:
    """Let the browser's session be one that the recovery code began."""
    browser.client.headers.update({"Origin": ADDRESS, **JSON})
    browser.cookie = person.recover(browser.client, ADDRESS).cookies[SESSION_COOKIE]
    browser.client.cookies.clear()


def test_the_vault_is_handed_out_sealed(browser: Browser, owner: Person) -> None:
    state = browser.json("GET", "/vault").json()
    assert owner.opens(base64.b64decode(state["slots"]["passphrase"]))
    assert len(base64.b64decode(state["slots"]["identity"])) == 176
    assert (state["account_id"], state["name"], state["role"]) == (browser.owner_id, "owner", "administrator")
    assert base64.b64decode(state["x_public"]) == owner.identity.x_public


def test_a_passphrase_change_touches_one_wrap_the_record_and_the_login_key(browser: Browser, owner: Person) -> None:
    wraps_before, row_before = wraps(browser), row(browser)
    assert send_passphrase(browser, changed(owner), owner.login_seed).status_code == 204
    wraps_after, row_after = wraps(browser), row(browser)
    assert {kind for kind in wraps_before if wraps_before[kind] != wraps_after[kind]} == {
        (1, bytes.fromhex(browser.owner_id))
    }
    assert len(wraps_after[1, bytes.fromhex(browser.owner_id)].wrapped) == 144
    assert {name for name in row_before if row_before[name] != row_after[name]} == {"kdf", "login_public"}
    browser.client.headers.update({"Origin": ADDRESS, **JSON})
    assert owner.sign_in(browser.client, ADDRESS).json()["code"] == SignInError.code
    assert changed(owner).sign_in(browser.client, ADDRESS).status_code == 201


def test_a_passphrase_change_ends_every_other_session_and_no_ones_elses(browser: Browser, owner: Person) -> None:
    other, _ = sign_in(browser.workshop)
    foreign, _ = sign_in(browser.workshop, "Ben", accounts.MEMBER)
    with browser.workshop.database.read() as session:
        other_id = sessions.present(session, other, utc_now()).live.id
    browser.workshop.halves.made_for(other_id)
    assert send_passphrase(browser, changed(owner), owner.login_seed).status_code == 204
    with browser.workshop.database.read() as session:
        assert not sessions.is_live(session, other, utc_now())
        assert sessions.is_live(session, foreign, utc_now())
    assert browser.workshop.halves.get(other_id) is None
    assert browser.json("GET", "/vault").status_code == 200


def test_a_stolen_session_cannot_change_the_passphrase(browser: Browser, owner: Person) -> None:
    thief = changed(owner)
    before = (wraps(browser), row(browser))
    for seed in (thief.login_seed, bytes(32), owner.recovery_seed):
        assert send_passphrase(browser, thief, seed).json()["code"] == SignInError.code
    assert send_passphrase(browser, thief, owner.login_seed, by="recover").json()["code"] == StaleProofError.code
    assert (wraps(browser), row(browser)) == before


def test_a_stolen_session_cannot_change_the_recovery_code(browser: Browser, owner: Person) -> None:
    thief = replace(owner, code=bytes(32))
    before = (wraps(browser), row(browser))
    for seed in (thief.recovery_seed, bytes(32), owner.recovery_seed):
        assert send_recovery(browser, thief, seed).json()["code"] == SignInError.code
    assert (wraps(browser), row(browser)) == before


def test_a_proof_for_one_key_does_not_set_another(browser: Browser, owner: Person) -> None:
    answer = send_passphrase(browser, changed(owner), owner.login_seed, login_public=text(Person().identity.ed_public))
    assert answer.json()["code"] == SignInError.code


def test_a_proof_of_a_sign_in_does_not_set_a_passphrase(browser: Browser, owner: Person) -> None:
    nonce = nonce_of(browser, owner)
    proof = identity.sign(owner.login_seed, identity.login_message(ADDRESS, base64.b64decode(nonce)))
    answer = send_passphrase(browser, changed(owner), owner.login_seed, nonce=nonce, proof=text(proof))
    assert answer.json()["code"] == SignInError.code


def test_a_proof_cannot_be_sent_twice(browser: Browser, owner: Person) -> None:
    nonce = nonce_of(browser, owner)
    person = changed(owner)
    message = identity.passphrase_message(ADDRESS, base64.b64decode(nonce), person.keys.login_public)
    proof = text(identity.sign(owner.login_seed, message))
    assert send_passphrase(browser, person, owner.login_seed, nonce=nonce, proof=proof).status_code == 204
    again = send_passphrase(browser, person, owner.login_seed, nonce=nonce, proof=proof)
    assert again.json()["code"] == StaleProofError.code


def test_a_slot_that_is_not_this_accounts_is_refused(browser: Browser, owner: Person) -> None:
    before = (wraps(browser), row(browser))
    foreign = replace(changed(owner), account_id="9" * 32)
    assert send_passphrase(browser, foreign, owner.login_seed).json()["code"] == "access.keys"
    weak = bytearray(owner.keys.kdf)
    weak[8:12] = (1024).to_bytes(4, "big")
    answer = send_passphrase(browser, changed(owner), owner.login_seed, kdf=text(bytes(weak)))
    assert answer.json()["code"] == "access.keys"
    assert (wraps(browser), row(browser)) == before


def test_after_recovery_the_code_sets_a_passphrase_and_then_the_passphrase_sets_a_code(
    browser: Browser, owner: Person
) -> None:
    recovered(browser, owner)
    person = changed(owner)
    assert send_passphrase(browser, person, person.login_seed).json()["code"] == StaleProofError.code
    assert send_passphrase(browser, person, person.login_seed, by="recover").json()["code"] == RecoveryError.code
    assert send_passphrase(browser, person, owner.recovery_seed, by="recover").status_code == 204
    fresh = replace(person, code=b"another code of thirty-two bytes")
    assert send_recovery(browser, fresh, owner.recovery_seed, by="recover").json()["code"] == StaleProofError.code
    assert send_recovery(browser, fresh, person.login_seed).status_code == 204
    browser.client.headers.update({"Origin": ADDRESS, **JSON})
    assert owner.recover(browser.client, ADDRESS).json()["code"] == RecoveryError.code
    assert fresh.recover(browser.client, ADDRESS).status_code == 201


def test_guessing_the_passphrase_of_an_open_session_is_slowed_down_too(browser: Browser, owner: Person) -> None:
    codes = [send_passphrase(browser, changed(owner), bytes(32)).json()["code"] for _ in range(7)]
    assert codes == ["access.sign_in"] * 5 + ["access.too_many"] * 2


def test_a_half_is_one_a_session_and_only_in_memory(browser: Browser, owner: Person) -> None:
    assert browser.json("GET", "/vault/half").status_code == 204
    half = browser.json("POST", "/vault/half").json()["half"]
    assert len(base64.b64decode(half)) == 32
    assert browser.json("POST", "/vault/half").json()["half"] == half
    assert browser.json("GET", "/vault/half").json()["half"] == half
    data = browser.workshop.settings.data
    kept = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert base64.b64decode(half) not in kept


def test_a_half_is_forgotten_when_its_person_signs_out(browser: Browser, owner: Person) -> None:
    with browser.workshop.database.read() as session:
        live_id = sessions.present(session, browser.cookie, utc_now()).live.id
    browser.json("POST", "/vault/half")
    browser.ask("POST", "/sign-out")
    assert browser.workshop.halves.get(live_id) is None


def test_another_session_gets_another_half(browser: Browser, owner: Person) -> None:
    half = browser.json("POST", "/vault/half").json()["half"]
    browser.cookie, _ = sign_in(browser.workshop)
    assert browser.json("GET", "/vault/half").status_code == 204
    assert browser.json("POST", "/vault/half").json()["half"] != half
