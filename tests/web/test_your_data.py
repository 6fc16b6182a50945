from __future__ import annotations

import base64
from typing import Any

from appliance.crypto import identity
from appliance.records import accounts, recordings
from appliance.records.accounts import MEMBER
from appliance.web.security import SESSION_COOKIE
from tests.people import Person, text
from tests.web.appliance import ADDRESS, a_transcript, enrolled, finish_job, put_recording, sign_in
from tests.web.conftest import Browser
from tests.worker.private import put_privately


def asked(
    browser: Browser, person: Person, *, with_account: bool = False, signed: bool | None = None
) -> dict[str, Any]:
    """Return what the page sends to delete everything; what is signed can be something else."""
    nonce = browser.json("POST", "/sign-in/begin", {"name": person.name}).json()["nonce"]
    amount = with_account if signed is None else signed
    message = identity.deletion_message(ADDRESS, base64.b64decode(nonce), with_account=amount)
    signature = text(identity.sign(person.login_seed, message))
    return {"name": person.name, "with_account": with_account, "nonce": nonce, "signature": signature}


def test_the_page_says_how_much_there_is(browser: Browser) -> None:
    finish_job(browser.workshop, put_recording(browser.workshop, browser.owner_id, "done.wav"), a_transcript())
    put_privately(browser.workshop, enrolled(browser.workshop), title="private.wav")
    put_recording(browser.workshop, browser.owner_id, "waiting.wav")
    page = browser.get("/your-data").text
    assert "3 recordings" in page
    assert "2 transcripts" in page
    assert 'data-private="1"' in page


def test_the_list_has_titles_only_where_the_appliance_can_open_them(browser: Browser) -> None:
    finish_job(browser.workshop, put_recording(browser.workshop, browser.owner_id, "done.wav"), a_transcript())
    put_privately(browser.workshop, enrolled(browser.workshop), title="secret.wav")
    answer = browser.json("GET", "/your-data/recordings")
    assert answer.headers["cache-control"] == "no-store"
    standard, private = answer.json()
    assert (standard["title"], standard["sealed_title"]) == ("done.wav", None)
    assert private["title"] == ""
    assert set(private["sealed_title"]) == {"document_id", "sealed", "wrapped", "workspace"}
    assert "secret" not in answer.text


def test_everything_is_deleted_for_who_proves_the_passphrase(browser: Browser) -> None:
    put_recording(browser.workshop, browser.owner_id, "waiting.wav")
    answer = browser.json("POST", "/your-data/deletion", asked(browser, enrolled(browser.workshop)))
    assert answer.status_code == 200
    assert answer.json() == {"recordings": 1, "said": "Erased for good: 1 recording."}
    assert browser.get("/").status_code == 200
    with browser.workshop.database.read() as session:
        assert recordings.listing(session, browser.owner_id) == []


def test_the_session_alone_deletes_nothing(browser: Browser) -> None:
    put_recording(browser.workshop, browser.owner_id, "kept.wav")
    person = enrolled(browser.workshop)
    content = asked(browser, person)
    for changed in (
        content | {"signature": text(bytes(64))},
        content | {"with_account": True},
        asked(browser, person, with_account=False, signed=True),
    ):
        answer = browser.json("POST", "/your-data/deletion", changed)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.sign_in")
    assert browser.json("POST", "/your-data/deletion", content | {"more": 1}).status_code == 400
    with browser.workshop.database.read() as session:
        assert len(recordings.listing(session, browser.owner_id)) == 1


def test_somebody_elses_passphrase_deletes_nothing_of_either(browser: Browser) -> None:
    bela = enrolled(browser.workshop, "Bela", MEMBER)
    put_recording(browser.workshop, bela.account_id, "of Bela.wav")
    put_recording(browser.workshop, browser.owner_id, "kept.wav")
    answer = browser.json("POST", "/your-data/deletion", asked(browser, bela))
    assert answer.json()["code"] == "access.sign_in"
    with browser.workshop.database.read() as session:
        for owner_id in (bela.account_id, browser.owner_id):
            assert len(recordings.listing(session, owner_id)) == 1


def test_who_leaves_with_the_account_is_signed_out(browser: Browser) -> None:
    cookie, account_id = sign_in(browser.workshop, "Bela", MEMBER)
    leaving = Browser(browser.client, browser.workshop, account_id, cookie)
    answer = leaving.json(
        "POST", "/your-data/deletion", asked(leaving, enrolled(browser.workshop, "Bela"), with_account=True)
    )
    assert answer.status_code == 200
    assert f'{SESSION_COOKIE}=""' in answer.headers["set-cookie"]
    assert leaving.json("GET", "/your-data/recordings").status_code == 401
    with browser.workshop.database.read() as session:
        assert accounts.by_name(session, "Bela") is None


def test_the_last_administrator_is_refused_in_words_and_keeps_everything(browser: Browser) -> None:
    put_recording(browser.workshop, browser.owner_id, "kept.wav")
    assert "You are the last administrator" in browser.get("/your-data").text
    content = asked(browser, enrolled(browser.workshop), with_account=True)
    answer = browser.json("POST", "/your-data/deletion", content)
    assert answer.json()["code"] == "access.last_administrator"
    with browser.workshop.database.read() as session:
        assert len(recordings.listing(session, browser.owner_id)) == 1
