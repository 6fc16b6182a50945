"""Signing in as an attacker would try it, and as a person does."""

from __future__ import annotations

import base64
import statistics
import time
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from appliance.crypto import identity
from appliance.crypto.kdf import KdfRecord
from appliance.errors import ForeignNameError, RecoveryError, SignInError, StaleProofError, TooManyTriesError
from appliance.records import sessions
from appliance.records.columns import utc_now
from appliance.web.security import KNOWN_COOKIE, SESSION_COOKIE
from appliance.web.visitors import device_in_words
from appliance.worker.throttle import FREE_FAILURES
from appliance.worker.workshop import Workshop
from tests.people import Person, text
from tests.web.appliance import ADDRESS, enrolled
from tests.web.conftest import JSON


@pytest.fixture
def stranger(client: TestClient[Litestar]) -> TestClient[Litestar]:
    client.headers.update({"Origin": ADDRESS, **JSON})
    return client


@pytest.fixture
def amina(workshop: Workshop) -> Person:
    return enrolled(workshop, "Amina")


def begin(stranger: TestClient[Litestar], name: str) -> dict[str, Any]:
    answer = stranger.post("/sign-in/begin", json={"name": name})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def finish(stranger: TestClient[Litestar], name: str, nonce: str, signature: bytes, **given: Any) -> Any:
    proof = {"name": name, "nonce": nonce, "signature": text(signature)}
    return stranger.post("/sign-in/finish", json=proof, **given)


def signed(person: Person, nonce: str, origin: str = ADDRESS) -> bytes:
    return identity.sign(person.login_seed, identity.login_message(origin, base64.b64decode(nonce)))


def refused(answer: Any, error: type[Exception]) -> bool:
    return bool(answer.json()["code"] == error.code)  # type: ignore[attr-defined]


def test_the_passphrase_lets_its_person_in(stranger: TestClient[Litestar], amina: Person) -> None:
    answer = amina.sign_in(stranger, ADDRESS)
    assert answer.status_code == 201
    assert answer.json()["name"] == "Amina"
    assert amina.opens(base64.b64decode(answer.json()["slots"]["passphrase"]))


def test_a_name_may_be_typed_as_people_type(stranger: TestClient[Litestar], amina: Person) -> None:
    amina.name = "  aMINA "
    assert amina.sign_in(stranger, ADDRESS).status_code == 201


def test_an_unknown_name_and_a_wrong_passphrase_get_the_same_words(
    stranger: TestClient[Litestar], amina: Person
) -> None:
    wrong = Person("Amina", "not the right passphrase").sign_in(stranger, ADDRESS)
    unknown = Person("Nobody", "not the right passphrase").sign_in(stranger, ADDRESS)
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.json() == unknown.json() == {"code": "access.sign_in", "message": SignInError.text}
    assert {name for name in wrong.headers if name != "date"} == {name for name in unknown.headers if name != "date"}


def test_an_unknown_name_is_asked_as_steadily_as_a_known_one(stranger: TestClient[Litestar], amina: Person) -> None:
    known, unknown = begin(stranger, "Amina"), begin(stranger, "Nobody")
    assert known.keys() == unknown.keys()
    assert [len(known[name]) for name in known] == [len(unknown[name]) for name in unknown]
    assert (
        KdfRecord.decode(base64.b64decode(unknown["kdf"])).salt != KdfRecord.decode(base64.b64decode(known["kdf"])).salt
    )
    for name, before in (("Amina", known), ("Nobody", unknown), ("NOBODY ", unknown)):
        again = begin(stranger, name)
        assert (again["kdf"], again["account_id"]) == (before["kdf"], before["account_id"])
        assert again["nonce"] != before["nonce"]


def test_somebody_who_was_invited_and_has_not_enrolled_is_answered_as_nobody(
    stranger: TestClient[Litestar], workshop: Workshop
) -> None:
    from appliance.records import accounts  # noqa: PLC0415 -- for this row alone.

    before = begin(stranger, "Late")
    with workshop.database.write() as session:
        session.add(accounts.Account(name="Late", name_key="late", role=accounts.MEMBER))
    assert {**begin(stranger, "Late"), "nonce": ""} == {**before, "nonce": ""}
    assert refused(Person("Late").sign_in(stranger, ADDRESS), SignInError)


def test_an_unknown_name_takes_as_long_as_a_wrong_passphrase(
    stranger: TestClient[Litestar], workshop: Workshop, amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workshop.throttle, "admit", lambda _attempt: None)
    wrong, unknown = Person("Amina", "not the right passphrase"), Person("Nobody", "not the right passphrase")

    def take(person: Person) -> float:
        asked = begin(stranger, person.name)
        signature = signed(person, asked["nonce"])
        started = time.perf_counter()
        assert finish(stranger, person.name, asked["nonce"], signature).status_code == 403
        return time.perf_counter() - started

    for person in (wrong, unknown):
        take(person)
    pairs = [(take(wrong), take(unknown)) for _ in range(60)]
    times = [statistics.median(times) for times in zip(*pairs, strict=True)]
    difference = statistics.median(one - other for one, other in pairs)
    assert abs(difference) < 0.15 * min(times), times


def test_a_nonce_works_once(stranger: TestClient[Litestar], amina: Person) -> None:
    asked = begin(stranger, "Amina")
    signature = signed(amina, asked["nonce"])
    assert finish(stranger, "Amina", asked["nonce"], signature).status_code == 201
    assert refused(finish(stranger, "Amina", asked["nonce"], signature), StaleProofError)


def test_a_nonce_of_another_name_is_refused(stranger: TestClient[Litestar], amina: Person, workshop: Workshop) -> None:
    asked = begin(stranger, "Nobody")
    assert refused(finish(stranger, "Amina", asked["nonce"], signed(amina, asked["nonce"])), StaleProofError)


def test_a_nonce_for_recovery_does_not_sign_in(stranger: TestClient[Litestar], amina: Person) -> None:
    nonce = stranger.post("/recover/begin", json={"name": "Amina"}).json()["nonce"]
    assert refused(finish(stranger, "Amina", nonce, signed(amina, nonce)), StaleProofError)


def test_a_made_up_nonce_is_refused(stranger: TestClient[Litestar], amina: Person) -> None:
    nonce = text(bytes(32))
    assert refused(finish(stranger, "Amina", nonce, signed(amina, nonce)), StaleProofError)


@pytest.mark.parametrize(
    "origin",
    ["https://elsewhere.example", "http://testserver.local", "https://testserver.local:8443", "https://localhost"],
)
def test_a_signature_for_another_origin_is_refused(stranger: TestClient[Litestar], amina: Person, origin: str) -> None:
    asked = begin(stranger, "Amina")
    assert refused(finish(stranger, "Amina", asked["nonce"], signed(amina, asked["nonce"], origin)), SignInError)


def test_a_site_in_between_cannot_have_people_sign_for_its_own_name(
    stranger: TestClient[Litestar], amina: Person
) -> None:
    asked = begin(stranger, "Amina")
    headers = {"Host": "elsewhere.example", "Origin": "https://elsewhere.example"}
    signature = signed(amina, asked["nonce"], "https://elsewhere.example")
    assert refused(finish(stranger, "Amina", asked["nonce"], signature, headers=headers), ForeignNameError)


def test_a_signature_for_another_purpose_is_refused(stranger: TestClient[Litestar], amina: Person) -> None:
    asked = begin(stranger, "Amina")
    nonce = base64.b64decode(asked["nonce"])
    for message in (
        identity.recovery_message(ADDRESS, nonce),
        identity.passphrase_message(ADDRESS, nonce, amina.keys.login_public),
    ):
        signature = identity.sign(amina.login_seed, message)
        assert refused(finish(stranger, "Amina", asked["nonce"], signature), SignInError)


def test_another_site_cannot_sign_somebody_in(client: TestClient[Litestar], amina: Person) -> None:
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site", **JSON}
    for path in ("/sign-in/begin", "/sign-in/finish", "/recover/begin", "/recover/finish"):
        assert client.post(path, json={"name": "Amina"}, headers=headers).status_code == 403


def test_every_sign_in_begins_a_session_with_another_id_and_ends_the_one_of_before(
    stranger: TestClient[Litestar], workshop: Workshop, amina: Person
) -> None:
    first = amina.sign_in(stranger, ADDRESS).cookies[SESSION_COOKIE]
    stranger.cookies.clear()
    stranger.headers["Cookie"] = f"{SESSION_COOKIE}={first}"
    second = amina.sign_in(stranger, ADDRESS).cookies[SESSION_COOKIE]
    assert first != second
    with workshop.database.read() as session:
        assert not sessions.is_live(session, first, utc_now())
        assert sessions.is_live(session, second, utc_now())


def test_the_printed_recovery_code_lets_its_person_in(stranger: TestClient[Litestar], amina: Person) -> None:
    answer = amina.recover(stranger, ADDRESS)
    assert answer.status_code == 201
    assert len(base64.b64decode(answer.json()["slots"]["recovery"])) == 144


def test_a_wrong_recovery_code_and_an_unknown_name_get_the_same_words(
    stranger: TestClient[Litestar], amina: Person
) -> None:
    wrong, unknown = (Person(name).recover(stranger, ADDRESS) for name in ("Amina", "Nobody"))
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.json() == unknown.json() == {"code": "access.recovery", "message": RecoveryError.text}


def test_the_passphrase_is_no_recovery_code(stranger: TestClient[Litestar], amina: Person) -> None:
    nonce = stranger.post("/recover/begin", json={"name": "Amina"}).json()["nonce"]
    message = identity.recovery_message(ADDRESS, base64.b64decode(nonce))
    proof = {"name": "Amina", "nonce": nonce, "signature": text(identity.sign(amina.login_seed, message))}
    assert refused(stranger.post("/recover/finish", json=proof), RecoveryError)


def test_guessing_is_slowed_down_and_says_how_long_to_wait(stranger: TestClient[Litestar], amina: Person) -> None:
    wrong = Person("Amina", "not the right passphrase")
    for _ in range(FREE_FAILURES + 1):
        assert refused(wrong.sign_in(stranger, ADDRESS), SignInError)
    answer = amina.sign_in(stranger, ADDRESS)
    assert (answer.status_code, answer.json()["code"]) == (429, TooManyTriesError.code)
    assert "Try again in 30 seconds." in answer.json()["message"]


def test_an_unknown_name_is_slowed_down_alike(stranger: TestClient[Litestar], amina: Person) -> None:
    nobody = Person("Nobody", "not the right passphrase")
    for _ in range(FREE_FAILURES + 1):
        assert refused(nobody.sign_in(stranger, ADDRESS), SignInError)
    assert refused(nobody.sign_in(stranger, ADDRESS), TooManyTriesError)


def test_who_is_known_in_this_browser_comes_in_while_somebody_else_guesses(
    stranger: TestClient[Litestar], amina: Person
) -> None:
    known = amina.sign_in(stranger, ADDRESS).cookies[KNOWN_COOKIE]
    stranger.cookies.clear()
    wrong = Person("Amina", "not the right passphrase")
    for _ in range(FREE_FAILURES + 1):
        wrong.sign_in(stranger, ADDRESS)
    assert refused(amina.sign_in(stranger, ADDRESS), TooManyTriesError)
    stranger.headers["Cookie"] = f"{KNOWN_COOKIE}={known}"
    assert amina.sign_in(stranger, ADDRESS).status_code == 201


def test_trying_many_names_is_slowed_down_for_the_address_that_does_it(
    stranger: TestClient[Litestar], workshop: Workshop, amina: Person
) -> None:
    answers = []
    for number in range(130):
        asked = begin(stranger, f"name {number}")
        answers.append(finish(stranger, f"name {number}", asked["nonce"], bytes(64)).json()["code"])
    assert answers[:100] == [SignInError.code] * 100
    assert answers.count(TooManyTriesError.code) >= 15
    assert set(answers) == {SignInError.code, TooManyTriesError.code}


def test_a_colleague_at_the_same_address_comes_in_while_one_is_forgetful(
    stranger: TestClient[Litestar], workshop: Workshop, amina: Person
) -> None:
    wrong = Person("Amina", "not the right passphrase")
    for _ in range(40):
        wrong.sign_in(stranger, ADDRESS)
    assert enrolled(workshop, "Ben").sign_in(stranger, ADDRESS).status_code == 201


def test_a_name_with_half_a_character_or_without_end_is_refused_in_order(stranger: TestClient[Litestar]) -> None:
    assert stranger.post("/sign-in/begin", json={"name": "x" * 401}).status_code == 400
    half = stranger.post("/sign-in/begin", content=b'{"name":"\\ud800"}', headers={"Content-Type": "application/json"})
    assert half.status_code in (200, 400)


def test_the_first_visitor_is_told_where_the_way_in_stands(tmp_path: Any) -> None:
    from appliance.web.app import create_app  # noqa: PLC0415 -- an appliance of its own.
    from tests.web.appliance import open_workshop  # noqa: PLC0415 -- as above.

    workshop = open_workshop(tmp_path)
    try:
        with TestClient(create_app(workshop), base_url=ADDRESS) as client:
            assert "by the link that the appliance printed when it started" in client.get("/").text
    finally:
        workshop.close()


def test_the_forms_are_ones_that_password_managers_know_and_that_send_nothing_by_themselves(
    client: TestClient[Litestar], amina: Person
) -> None:
    page = client.get("/sign-in").text
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    form = page[page.index("data-form") : page.index("</form>", page.index("data-form"))]
    assert "name=" not in form.replace("data-name", "")  # A field without a name is never sent by the browser itself.


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
            "Chromium, Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36", "Chromium, Android"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_a_device_is_named_in_two_words_that_we_know(agent: str, said: str) -> None:
    assert device_in_words(agent) == said
