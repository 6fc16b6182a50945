from __future__ import annotations

import re

from litestar.routes import HTTPRoute

from appliance.records import accounts, invitations
from appliance.records.accounts import ADMINISTRATOR, MEMBER
from appliance.web.app import create_app
from tests.people import Person
from tests.web.appliance import ADDRESS, a_transcript, enrolled, finish_job, put_recording, sign_in
from tests.web.conftest import JSON, Browser

SAID = "My name is Amina Rahman"


def link_of(answer: dict[str, str]) -> str:
    assert answer["link"].startswith(f"{ADDRESS}/setup/")
    return answer["link"].removeprefix(f"{ADDRESS}/setup/")


def test_an_administrator_invites_somebody_who_then_enrols(browser: Browser) -> None:
    answer = browser.json("POST", "/people", {"name": "Amina Rahman", "role": "member"})
    assert answer.status_code == 201
    token = link_of(answer.json())
    assert "Amina Rahman" in browser.get("/people").text
    browser.client.headers.update({"Origin": ADDRESS, **JSON})
    assert Person("Amina Rahman").enrol(browser.client, token).json()["role"] == "member"
    page = browser.get("/people").text
    assert "Invited" not in page
    assert "Amina Rahman" in page


def test_the_page_says_that_an_administrator_cannot_read_private_transcripts(browser: Browser) -> None:
    assert "an administrator cannot read private transcripts of others" in browser.get("/people").text


def test_a_name_that_somebody_has_is_not_invited(browser: Browser) -> None:
    answer = browser.json("POST", "/people", {"name": "OWNER", "role": "member"})
    assert (answer.status_code, answer.json()["code"]) == (409, "access.name_taken")
    answer = browser.json("POST", "/people", {"name": " ", "role": "member"})
    assert (answer.status_code, answer.json()["code"]) == (422, "access.name")
    assert "1 to 80 characters" in answer.json()["message"]


def test_a_role_that_is_none_is_not_understood(browser: Browser) -> None:
    assert browser.json("POST", "/people", {"name": "Amina", "role": "owner"}).status_code == 400


def test_an_invitation_can_be_taken_back(browser: Browser) -> None:
    token = link_of(browser.json("POST", "/people", {"name": "Amina", "role": "member"}).json())
    [invited] = re.findall(r'data-take-back="([0-9a-f]{32})"', browser.get("/people").text)
    assert browser.json("DELETE", f"/people/invitations/{invited}").status_code == 204
    assert browser.client.get(f"/setup/{token}").status_code == 410


def test_a_link_for_a_lost_passphrase_changes_nothing_until_it_is_used(browser: Browser) -> None:
    ben = enrolled(browser.workshop, "Ben", MEMBER)
    token = link_of(browser.json("POST", f"/people/{ben.account_id}/link").json())
    browser.client.headers.update({"Origin": ADDRESS, **JSON})
    assert ben.sign_in(browser.client, ADDRESS).status_code == 201
    afresh = Person("Ben", "another passphrase it is")
    assert afresh.enrol(browser.client, token).json()["account_id"] == ben.account_id
    assert ben.sign_in(browser.client, ADDRESS).json()["code"] == "access.sign_in"
    assert afresh.sign_in(browser.client, ADDRESS).status_code == 201


def test_roles_can_be_changed_but_an_administrator_stays(browser: Browser) -> None:
    ben = enrolled(browser.workshop, "Ben", MEMBER)
    answer = browser.json("PUT", f"/people/{browser.owner_id}/role", {"role": "member"})
    assert (answer.status_code, answer.json()["code"]) == (409, "access.last_administrator")
    assert browser.json("PUT", f"/people/{ben.account_id}/role", {"role": "administrator"}).status_code == 204
    assert browser.json("PUT", f"/people/{browser.owner_id}/role", {"role": "member"}).status_code == 204
    assert browser.json("GET", "/people").status_code == 403  # From the very next request on.


def test_the_last_administrator_cannot_be_removed(browser: Browser) -> None:
    assert browser.json("DELETE", f"/people/{browser.owner_id}").json()["code"] == "access.last_administrator"
    assert browser.get("/people").status_code == 200


def test_somebody_who_is_removed_is_signed_out_and_gone(browser: Browser) -> None:
    cookie, ben = sign_in(browser.workshop, "Ben", MEMBER)
    recording_id = put_recording(browser.workshop, ben, "of Ben.wav")
    assert browser.json("DELETE", f"/people/{ben}").status_code == 204
    assert browser.json("DELETE", f"/people/{ben}").status_code == 404
    assert "Ben" not in browser.get("/people").text
    browser.cookie = cookie
    assert browser.json("GET", f"/recordings/{recording_id}/upload").status_code == 401


def test_a_member_does_nothing_that_is_an_administrators(browser: Browser) -> None:
    browser.cookie, ben = sign_in(browser.workshop, "Ben", MEMBER)
    with browser.workshop.database.write() as session:
        invitations.invite(session, "Late", MEMBER)
    asked = 0
    for route in create_app(browser.workshop).routes:
        if not route.path.startswith("/people"):
            continue
        path = route.path.replace("{account_id:str}", browser.owner_id)
        for method in sorted(route.methods - {"OPTIONS", "HEAD"}):
            answer = browser.json(method, path, {"name": "Eve", "role": "administrator"})
            assert (answer.status_code, answer.json()["code"]) == (403, "access"), (method, path)
            asked += 1
    assert asked == 6
    with browser.workshop.database.read() as session:
        assert accounts.get(session, ben).role == MEMBER
        assert len(invitations.pending(session)) == 1


def test_an_administrator_opens_nobody_elses_recording_by_any_route(browser: Browser) -> None:
    _, ben = sign_in(browser.workshop, "Ben", MEMBER)
    foreign = put_recording(browser.workshop, ben, "Interview of the witness.wav")
    finish_job(browser.workshop, foreign, a_transcript())
    assert enrolled(browser.workshop).account_id == browser.owner_id
    with browser.workshop.database.read() as session:
        assert accounts.get(session, browser.owner_id).role == ADMINISTRATOR
    asked = 0
    for route in create_app(browser.workshop).routes:
        assert isinstance(route, HTTPRoute)
        if route.path.startswith("/static/") or route.path in ("/events", "/models/events", "/sign-out"):
            continue  # Endless streams, which have tests of their own; and the way out.
        path = re.sub(r"\{recording_id:\w+\}", foreign, route.path)
        path = path.replace("{number:int}", "0").replace("{form:str}", "txt").replace("{speaker_id:str}", "S1")
        path = re.sub(r"\{account_id:\w+\}|\{session_id:\w+\}|\{token:\w+\}|\{\w+:\w+\}", ben, path)
        for method in ("GET", "PATCH", "PUT", "POST"):
            if method not in route.methods:
                continue
            for accept in ("application/json", "text/html"):
                answer = browser.ask(method, path, json={"name": "x", "version": 1}, headers={"Accept": accept})
                assert SAID not in answer.text, (method, path)
                assert "Interview of the witness" not in answer.text, (method, path)
                asked += 1
            if foreign in path:
                assert answer.status_code in (400, 404), (method, path)
    assert asked > 60
    assert browser.json("DELETE", f"/recordings/{foreign}").status_code == 404
    browser.cookie, _ = sign_in(browser.workshop, "Ben", MEMBER)
    assert SAID in browser.json("GET", f"/recordings/{foreign}/transcript.json").text
