"""Workspaces through HTTP: who is let in to what, role by role and route by route."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance.crypto.members import Role
from appliance.options import TranscribeOptions
from appliance.records import accounts, sessions, transcripts
from appliance.records.recordings import Recording
from appliance.worker import intake
from appliance.worker.places import UNDER_USER_KEY, UNDER_WORKSPACE_KEY
from appliance.worker.workshop import Workshop
from tests.people import Person
from tests.web.appliance import AT_A_DESK, a_transcript, enrolled, finish_job, put_recording
from tests.web.conftest import Browser, browsing
from tests.worker.private import put_privately, wrapped
from tests.worker.shared import Team, line, signed

OPTIONS: dict[str, Any] = {
    "language": None, "diarize": True, "speakers": None, "min_speakers": None, "max_speakers": None,
}  # fmt: skip
KEYS = re.compile(r'data-workspace-name="([0-9a-f]{32})"')


@dataclass
class House:
    """An appliance with a workspace, a standard and a private recording in it, and somebody in each role.

    Attributes:
        browsers: By the name of who uses one.
    """

    workshop: Workshop
    team: Team
    people: dict[str, Person]
    browsers: dict[str, Browser]
    standard: str
    private: str

    def answers(self, name: str, method: str, path: str, content: object = None) -> int:
        return self.browsers[name].json(method, path, content).status_code


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with browsing(tmp_path) as first:
        workshop = first.workshop
        people = {
            name: enrolled(workshop, name, accounts.MEMBER) for name in ("owner2", "anna", "ben", "cleo", "stranger")
        }
        people["administrator"] = enrolled(workshop)
        browsers = {name: _browser(first, person) for name, person in people.items()}
        team = Team().made_by(workshop, people["anna"])
        team.add(workshop, people["anna"], people["ben"], Role.EDITOR)
        team.add(workshop, people["anna"], people["cleo"], Role.VIEWER)
        standard = put_standard(workshop, people["ben"], team)
        private = put_privately(workshop, people["ben"], team)
        yield House(workshop, team, people, browsers, standard, private)


def _browser(first: Browser, person: Person) -> Browser:
    with first.workshop.database.write() as session:
        cookie = sessions.begin(session, person.account_id, AT_A_DESK.device)
    return Browser(first.client, first.workshop, person.account_id, cookie)


def put_standard(workshop: Workshop, person: Person, team: Team) -> str:
    recording = intake.begin_upload(workshop, person.account_id, "Round.wav", 4000, TranscribeOptions(), team.hex)
    intake.take_chunk(workshop, person.account_id, recording.id, 0, b"RIFF" * 1000)
    finish_job(workshop, recording.id, a_transcript())
    return recording.id


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def reading(house: House) -> list[tuple[str, str, object]]:
    """Return every request that reads something of the workspace."""
    at = f"/recordings/{house.standard}"
    return [
        ("GET", f"/workspaces/{house.team.hex}", None),
        ("GET", f"/workspaces/{house.team.hex}/sealed", None),
        ("GET", at, None),
        ("GET", f"{at}/transcript.json", None),
        ("GET", f"{at}/download/txt", None),
        ("GET", f"/recordings/{house.private}", None),
        ("GET", f"/recordings/{house.private}/sealed", None),
    ]


def writing(house: House) -> list[tuple[str, str, object]]:
    """Return every request that changes something in the workspace, each well-formed."""
    standard, private, team = f"/recordings/{house.standard}", f"/recordings/{house.private}", house.team
    with house.workshop.database.read() as session:
        document_id = transcripts.get(session, house.private).document_id
    wrap = text(team.wrapped(document_id, b"k" * 32))
    title = team.sealed_title("x.wav")
    sealed = {"document_id": text(title.document_id), "sealed": text(title.sealed), "wrapped": text(title.wrapped)}
    upload = {"size_bytes": 10, "options": OPTIONS, "workspace": team.hex}
    link = {
        "id": "0" * 32, "token_digest": text(b"d" * 32), "kdf": None, "expires_in_s": 86400,
        "wraps": {"title": text(b"w" * 144), "transcript": text(b"w" * 144)},
    }  # fmt: skip
    return [
        ("POST", "/recordings", {"name": "x.wav", **upload}),
        ("POST", "/recordings/private", {"title": sealed, "survives_restart": False, **upload}),
        ("PATCH", f"{standard}/speakers/S1", {"name": "Dr. Rahman", "version": 1}),
        ("POST", f"{standard}/cancel", None),
        ("POST", f"{private}/adopted", {"wrapped": wrap}),
        ("PUT", f"{private}/sealed", {"from_version": 1, "sealed": text(b"s" * 200)}),
        ("POST", f"{standard}/upload", {"options": OPTIONS}),
        *owning(house, link),
    ]


def owning(house: House, link: object) -> list[tuple[str, str, object]]:
    """Return what only an owner does."""
    standard, private = f"/recordings/{house.standard}", f"/recordings/{house.private}"
    return [
        ("GET", f"{standard}/file-keys", None),
        ("POST", f"{standard}/shares", link),
        ("GET", f"{standard}/shares", None),
        ("DELETE", f"{standard}/shares/{'0' * 32}", None),
        ("PUT", f"{standard}/place", {"workspace": None}),
        ("PUT", f"{private}/place", {"workspace": None, "title": text(b"w" * 144), "transcript": text(b"w" * 144)}),
        ("DELETE", standard, None),
        ("DELETE", private, None),
        ("POST", f"/workspaces/{house.team.hex}/lists", sent_list(house)),
        ("DELETE", f"/workspaces/{house.team.hex}", None),
    ]


def sent_list(house: House) -> dict[str, Any]:
    """Return a list that makes everybody an owner, signed by the only one."""
    anna = house.people["anna"]
    everybody = {person.account_id: line(person, Role.OWNER) for person in house.people.values()}
    here = set(house.team.people())
    draft = house.team.draft(anna, {account: member for account, member in everybody.items() if account in here})
    kept = signed(anna, draft)
    return {"body": text(kept.encoded), "signature": text(kept.signature), "keys": [], "earlier": None}


@pytest.mark.parametrize("name", ["anna", "ben", "cleo"])
def test_every_member_reads(house: House, name: str) -> None:
    for request in reading(house):
        assert house.answers(name, *request) == 200, request
    page = house.browsers[name].get("/").text
    assert house.standard in page
    assert house.private in page
    assert house.team.hex in KEYS.findall(page)


@pytest.mark.parametrize("name", ["stranger", "administrator"])
def test_who_is_no_member_sees_nothing_not_even_as_an_administrator(house: House, name: str) -> None:
    for request in [*reading(house), *writing(house)]:
        assert house.answers(name, *request) == 404, request
    browser = house.browsers[name]
    for page in ("/", "/workspaces", f"/?place={house.team.hex}"):
        shown = browser.get(page).text
        assert house.standard not in shown
        assert house.private not in shown
        assert f'data-workspace-name="{house.team.hex}"' not in shown
    index = browser.json("GET", "/vault/index").json()
    assert (index["documents"], index["workspaces"]) == ([], [])
    found = browser.json("POST", "/search", {"query": "gate"}).json()["found"]
    assert found["groups"] == []


def test_a_removed_member_is_told_at_once_that_nothing_is_there(house: House) -> None:
    ben = house.people["ben"]
    assert house.answers("ben", "GET", f"/recordings/{house.standard}") == 200
    house.team.remove(house.workshop, house.people["anna"], ben)
    for request in [*reading(house), *writing(house)]:
        assert house.answers("ben", *request) == 404, request
    assert house.standard not in house.browsers["ben"].get("/").text
    unfinished = house.answers("ben", "PUT", f"/recordings/{house.standard}/chunks/0")
    assert unfinished == 404


def test_a_viewer_writes_by_no_route(house: House) -> None:
    rows_before = house.browsers["anna"].json("GET", "/vault/index").json()["documents"]
    for request in writing(house):
        assert house.answers("cleo", *request) == 403, request
    assert house.browsers["anna"].json("GET", "/vault/index").json()["documents"] == rows_before
    with house.workshop.database.read() as session:
        assert transcripts.get(session, house.standard).version == 1


def test_an_editor_writes_and_does_not_own(house: House) -> None:
    for request in owning(house, link={}):
        if request[1].endswith("/shares") and request[0] == "POST":
            continue
        assert house.answers("ben", *request) == 403, request
    change = ("PATCH", f"/recordings/{house.standard}/speakers/S1", {"name": "Dr. Rahman", "version": 1})
    assert house.answers("ben", *change) == 200
    assert "Dr. Rahman" in house.browsers["cleo"].get(f"/recordings/{house.standard}/download/txt").text


def test_who_is_demoted_while_uploading_sends_no_more(house: House) -> None:
    workshop, ben = house.workshop, house.people["ben"]
    begun = house.browsers["ben"].json(
        "POST", "/recordings", {"name": "y.wav", "size_bytes": 4, "options": OPTIONS, "workspace": house.team.hex}
    )
    recording_id = begun.json()["id"]
    house.team.change_role(workshop, house.people["anna"], ben, Role.VIEWER)
    chunk = {"headers": {"Content-Type": "application/octet-stream", "Accept": "application/json"}}
    sent = house.browsers["ben"].ask("PUT", f"/recordings/{recording_id}/chunks/0", content=b"RIFF", **chunk)
    assert (sent.status_code, sent.json()["code"]) == (403, "access.role")


def test_another_editor_does_not_go_on_with_somebodys_upload(house: House) -> None:
    house.team.change_role(house.workshop, house.people["anna"], house.people["cleo"], Role.EDITOR)
    begun = house.browsers["ben"].json(
        "POST", "/recordings", {"name": "y.wav", "size_bytes": 4, "options": OPTIONS, "workspace": house.team.hex}
    )
    address = f"/recordings/{begun.json()['id']}"
    assert house.answers("cleo", "GET", f"{address}/upload") == 404
    assert house.answers("cleo", "DELETE", address) == 403
    assert house.answers("ben", "DELETE", address) == 204


def test_the_same_file_goes_into_a_workspace_besides(house: House) -> None:
    ben = house.browsers["ben"]
    content = {"name": "y.wav", "size_bytes": 4, "options": OPTIONS}
    alone = ben.json("POST", "/recordings", content).json()["id"]
    together = ben.json("POST", "/recordings", content | {"workspace": house.team.hex}).json()["id"]
    assert alone != together
    assert ben.json("POST", "/recordings", content).json()["id"] == alone


def test_the_library_shows_one_place(house: House) -> None:
    ben = house.browsers["ben"]
    own = put_recording(house.workshop, ben.owner_id, "Mine.wav")
    assert own in ben.get("/").text
    shown = ben.get(f"/?place={house.team.hex}").text
    assert house.standard in shown
    assert f"row-{own}" not in shown
    assert f'sse-connect="/events?place={house.team.hex}"' in shown
    mine = ben.get(f"/?place={ben.owner_id}").text
    assert f"row-{own}" in mine
    assert house.standard not in mine
    assert f"row-{own}" not in house.browsers["anna"].get(f"/?place={ben.owner_id}").text
    assert ben.get("/?place=../../x").status_code == 400


def test_search_finds_what_members_may_read_and_nothing_after_removal(house: House) -> None:
    from appliance.worker.searching import start_indexing  # noqa: PLC0415 -- only this test starts it.

    start_indexing(house.workshop)
    assert house.workshop.indexing.wait_idle(10)
    question = {"query": "gate"}
    found = house.browsers["cleo"].json("POST", "/search", question).json()["found"]
    assert [group["recording"] for group in found["groups"]] == [house.standard]
    house.team.remove(house.workshop, house.people["anna"], house.people["cleo"])
    assert house.browsers["cleo"].json("POST", "/search", question).json()["found"]["groups"] == []
    assert house.answers("anna", "PUT", f"/recordings/{house.standard}/place", {"workspace": None}) == 204
    assert house.browsers["ben"].json("POST", "/search", question).json()["found"]["groups"] == []
    assert house.workshop.indexing.wait_idle(10)
    assert len(house.browsers["anna"].json("POST", "/search", question).json()["found"]["groups"]) == 1


def test_an_owner_takes_a_standard_recording_out_and_it_is_theirs_alone(house: House) -> None:
    assert house.answers("anna", "PUT", f"/recordings/{house.standard}/place", {"workspace": None}) == 204
    assert house.answers("anna", "GET", f"/recordings/{house.standard}") == 200
    for name in ("ben", "cleo", "administrator"):
        assert house.answers(name, "GET", f"/recordings/{house.standard}") == 404
    back = {"workspace": house.team.hex}
    assert house.answers("anna", "PUT", f"/recordings/{house.standard}/place", back) == 204
    assert house.answers("cleo", "GET", f"/recordings/{house.standard}") == 200
    assert house.answers("anna", "PUT", f"/recordings/{house.standard}/place", back) == 409


def test_a_private_recording_moves_with_its_keys(house: House) -> None:
    ben, workshop, team = house.people["ben"], house.workshop, house.team
    recording_id = put_privately(workshop, ben)
    served = house.browsers["ben"].json("GET", f"/recordings/{recording_id}/sealed").json()
    document_id, title_id = base64.b64decode(served["document_id"]), title_of(workshop, recording_id)
    keys = {
        "title": text(team.wrapped(title_id, b"t" * 32)),
        "transcript": text(team.wrapped(document_id, b"k" * 32)),
    }
    address = f"/recordings/{recording_id}/place"
    assert house.answers("ben", "PUT", address, {"workspace": team.hex}) == 422
    assert house.answers("ben", "PUT", address, {"workspace": team.hex, "title": keys["title"]}) == 422
    assert house.answers("ben", "PUT", address, {"workspace": team.hex, **keys}) == 204
    kinds = {(wrap.kind, wrap.holder) for wrap in workshop.keystore.held(title_id, document_id)}
    assert kinds == {(UNDER_WORKSPACE_KEY, team.id)}
    assert house.answers("cleo", "GET", f"/recordings/{recording_id}/sealed") == 200
    anna = house.people["anna"]
    back = {
        "title": text(wrapped(anna, title_id, b"t" * 32)),
        "transcript": text(wrapped(anna, document_id, b"k" * 32)),
    }
    assert house.answers("anna", "PUT", address, {"workspace": None, **back}) == 204
    kinds = {(wrap.kind, wrap.holder) for wrap in workshop.keystore.held(title_id, document_id)}
    assert kinds == {(UNDER_USER_KEY, bytes.fromhex(anna.account_id))}
    assert house.answers("ben", "GET", f"/recordings/{recording_id}/sealed") == 404


def title_of(workshop: Workshop, recording_id: str) -> bytes:
    with workshop.database.read() as session:
        return session.get_one(Recording, recording_id).title_id


def test_a_recording_whose_job_runs_stays_where_it_is(house: House) -> None:
    own = put_recording(house.workshop, house.people["ben"].account_id, "Mine.wav")
    answer = house.browsers["ben"].json("PUT", f"/recordings/{own}/place", {"workspace": house.team.hex})
    assert (answer.status_code, answer.json()["code"]) == (409, "access.not_movable")


def test_nobody_moves_into_a_workspace_where_they_only_read_or_are_not(house: House) -> None:
    for name, status in (("cleo", 403), ("stranger", 404)):
        own = put_recording(house.workshop, house.people[name].account_id, "Mine.wav")
        finish_job(house.workshop, own, a_transcript())
        assert house.answers(name, "PUT", f"/recordings/{own}/place", {"workspace": house.team.hex}) == status


def test_a_refusal_says_what_to_do(house: House) -> None:
    lists = f"/workspaces/{house.team.hex}/lists"
    answer = house.browsers["cleo"].json("POST", lists, sent_list(house))
    assert answer.json() == {
        "code": "access.role",
        "message": "Your role in this workspace does not allow this. An owner of it can change your role.",
    }
    draft = house.team.draft(house.people["ben"], house.team.people())
    kept = signed(house.people["ben"], draft)
    forged: dict[str, Any] = {
        "body": text(kept.encoded),
        "signature": text(kept.signature),
        "keys": [],
        "earlier": None,
    }
    answer = house.browsers["anna"].json("POST", lists, forged)
    assert (answer.status_code, answer.json()["code"]) == (422, "crypto.member_list.signer")
    answer = house.browsers["anna"].json("POST", f"/workspaces/{house.team.hex}/leave")
    assert (answer.status_code, answer.json()["code"]) == (409, "access.last_owner")
    answer = house.browsers["anna"].json("POST", "/workspaces/people", {"name": "nobody"})
    assert (answer.status_code, answer.json()["code"]) == (404, "access.no_person")
    answer = house.browsers["anna"].json("DELETE", f"/workspaces/{house.team.hex}")
    assert (answer.status_code, answer.json()["code"]) == (409, "access.workspace_not_empty")


def test_a_workspace_made_through_http_is_there(house: House) -> None:
    ben, team = house.people["ben"], Team()
    draft = team.draft(ben, {ben.account_id: line(ben, Role.OWNER)})
    kept = signed(ben, draft)
    keys = [
        {"account": account, "sealed": text(sealed)}
        for account, sealed in team.sealed_to([*draft.members], team.keys[1]).items()
    ]
    sent = {"body": text(kept.encoded), "signature": text(kept.signature), "keys": keys}
    twice = sent | {"keys": keys * 2}
    assert house.browsers["ben"].json("POST", "/workspaces", twice).status_code == 422
    made = house.browsers["ben"].json("POST", "/workspaces", sent)
    assert (made.status_code, made.json()) == (201, {"id": team.hex})
    assert team.hex in house.browsers["ben"].get("/workspaces").text
    assert "Ward 7" not in house.browsers["ben"].get("/workspaces").text
