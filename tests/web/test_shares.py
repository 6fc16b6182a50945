"""Share links over HTTP: what the owner asks, and what anybody may ask."""

from __future__ import annotations

import base64
import gc
import json
import logging
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from appliance.crypto.members import Role
from appliance.records.accounts import MEMBER
from appliance.records.shares import Share
from appliance.worker.sharing import DAY_S, FileKey, FileKeys, Shared, SharedDocument
from appliance.worker.workshop import Workshop
from tests.links import Link, text
from tests.web.appliance import (
    ADDRESS,
    a_transcript,
    enrolled,
    finish_job,
    open_workshop,
    put_recording,
    serving,
    sign_in,
)
from tests.web.conftest import Browser
from tests.worker.shared import Team

OWN_PAGE = {"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
POST_FROM_ELSEWHERE = """
import base64, json, os, ssl, sys, urllib.request
address, link_id = sys.argv[1:]
token = base64.b64encode(os.urandom(32)).decode()
host = address.removeprefix("https://")
headers = {"Origin": address, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
body = json.dumps({"token": token}).encode()
request = urllib.request.Request(f"{address}/s/{link_id}/open", body, headers)
try:
    urllib.request.urlopen(request, context=ssl._create_unverified_context())
except urllib.error.HTTPError as answer:
    print(json.dumps([token, answer.code]))
"""


@pytest.fixture
def recording_id(browser: Browser) -> str:
    return put_transcript(browser)


def put_transcript(browser: Browser, name: str = "Hearing 12.wav") -> str:
    recording_id = put_recording(browser.workshop, browser.owner_id, name)
    finish_job(browser.workshop, recording_id, a_transcript())
    return recording_id


def keys_of(browser: Browser, recording_id: str) -> FileKeys:
    answer = browser.json("GET", f"/recordings/{recording_id}/file-keys").json()
    title, transcript = (
        FileKey(base64.b64decode(answer[name]["document_id"]), base64.b64decode(answer[name]["key"]))
        for name in ("title", "transcript")
    )
    return FileKeys(title, transcript)


def share(browser: Browser, recording_id: str, link: Link | None = None, lifetime_s: int = DAY_S) -> Link:
    link = link or Link()
    content = link.content(keys_of(browser, recording_id), lifetime_s)
    answer = browser.json("POST", f"/recordings/{recording_id}/shares", content)
    assert answer.status_code == 204, answer.text
    return link


def ask(client: TestClient[Litestar], link_id: str, token: bytes, **headers: str) -> httpx.Response:
    return client.post(f"/s/{link_id}/open", json={"token": text(token)}, headers=OWN_PAGE | headers)


def read(answer: httpx.Response) -> Shared:
    content = answer.json()

    def document(part: dict[str, Any]) -> SharedDocument:
        sealed, wrapped = base64.b64decode(part["sealed"]), base64.b64decode(part["wrapped"])
        return SharedDocument(base64.b64decode(part["document_id"]), part["version"], sealed, wrapped)

    kdf = base64.b64decode(content["kdf"]) if content["kdf"] else None
    title, transcript = document(content["title"]), document(content["transcript"])
    return Shared(kdf, content["expires_at"], content["shared_by"], title, transcript)


def expire(workshop: Workshop, link: Link) -> None:
    with workshop.database.write() as session:
        session.get_one(Share, link.id).expires_at = datetime.now(UTC) - timedelta(seconds=1)


def test_somebody_without_an_account_opens_a_link(
    browser: Browser, client: TestClient[Litestar], recording_id: str
) -> None:
    link = share(browser, recording_id)
    answer = ask(client, link.id, link.token)
    assert answer.status_code == 200
    assert link.opened(read(answer))[0] == "Hearing 12.wav"
    assert answer.json()["shared_by"] == "owner"
    assert answer.headers["cache-control"] == "no-store"


def test_no_visitor_gets_a_cookie(browser: Browser, client: TestClient[Litestar], recording_id: str) -> None:
    link = share(browser, recording_id)
    page = client.get(f"/s/{link.id}")
    for answer in (page, ask(client, link.id, link.token), ask(client, link.id, b"guess")):
        assert "set-cookie" not in answer.headers


def test_the_page_of_a_link_is_the_same_whether_there_is_one_or_not(
    browser: Browser, client: TestClient[Litestar], recording_id: str
) -> None:
    live, expired, revoked, never = share(browser, recording_id), share(browser, recording_id), Link(), Link()
    share(browser, recording_id, revoked)
    expire(browser.workshop, expired)
    browser.json("DELETE", f"/recordings/{recording_id}/shares/{revoked.id}")
    pages = [client.get(f"/s/{link.id}") for link in (live, expired, revoked, never)]
    assert {page.status_code for page in pages} == {404}
    bodies = {page.text.replace(link.id, "") for page, link in zip(pages, (live, expired, revoked, never), strict=True)}
    assert len(bodies) == 1
    headers = {str({**page.headers, "content-length": ""}) for page in pages}
    assert len(headers) == 1


def test_a_stranger_without_the_fragment_reads_a_page_in_words(client: TestClient[Litestar]) -> None:
    page = client.get(f"/s/{Link().id}", headers={"Accept-Language": "bn"})
    assert "শেয়ার করা প্রতিলিপি" in page.text
    assert 'rel="icon"' not in page.text


def test_an_ended_link_answers_as_one_that_never_was(
    browser: Browser, client: TestClient[Litestar], recording_id: str
) -> None:
    live, expired, revoked, never = share(browser, recording_id), share(browser, recording_id), Link(), Link()
    share(browser, recording_id, revoked)
    expire(browser.workshop, expired)
    browser.json("DELETE", f"/recordings/{recording_id}/shares/{revoked.id}")
    answers = [ask(client, link.id, link.token) for link in (expired, revoked, never)]
    answers += [ask(client, live.id, token) for token in (never.token, b"", b"x" * 64, live.secret)]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].json()["code"] == "access.link_gone"
    assert len({str(answer.headers) for answer in answers}) == 1


def test_another_sites_page_cannot_ask(browser: Browser, client: TestClient[Litestar], recording_id: str) -> None:
    link = share(browser, recording_id)
    foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert ask(client, link.id, link.token, **foreign).status_code == 403


def test_the_owner_sees_links_and_takes_them_back(
    browser: Browser, client: TestClient[Litestar], recording_id: str
) -> None:
    plain, with_pin = share(browser, recording_id), share(browser, recording_id, Link(pin="seven brown owls"))
    ask(client, plain.id, plain.token)
    listed = browser.get(f"/recordings/{recording_id}/shares").text
    assert listed.count("Revoke") == 2
    assert listed.count("Last opened") == 2  # Of the one link, and in the note below.
    assert listed.count("Not opened yet") == 1
    assert listed.count("with PIN") == 1
    left = browser.ask("DELETE", f"/recordings/{recording_id}/shares/{plain.id}")
    assert left.status_code == 200
    assert plain.id not in left.text
    assert with_pin.id in left.text
    assert ask(client, plain.id, plain.token).status_code == 404
    browser.ask("DELETE", f"/recordings/{recording_id}/shares/{with_pin.id}")
    assert "There is no link that works." in browser.get(f"/recordings/{recording_id}/shares").text


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "file-keys"), ("GET", "shares"), ("POST", "shares"), ("DELETE", "shares/LINK")],
)
def test_nobody_but_the_owner_comes_near(browser: Browser, recording_id: str, method: str, path: str) -> None:
    link = share(browser, recording_id)
    content = Link().content(keys_of(browser, recording_id)) if method == "POST" else None
    address = f"/recordings/{recording_id}/{path.replace('LINK', link.id)}"
    stranger = browser.client.request(method, address, json=content, headers=OWN_PAGE)
    assert stranger.status_code == 401
    cookie, other_id = sign_in(browser.workshop, "Somebody else")
    other = Browser(browser.client, browser.workshop, other_id, cookie)
    assert other.json(method, address, content).status_code == 404
    assert link.opened(read(ask(browser.client, link.id, link.token)))


def test_a_change_without_the_token_of_our_page_is_refused(browser: Browser, recording_id: str) -> None:
    content = Link().content(keys_of(browser, recording_id))
    answer = browser.json("POST", f"/recordings/{recording_id}/shares", content, headers={"X-CSRF-Token": ""})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"expires_in_s": 12}, 422),
        ({"kdf": text(bytes(32))}, 422),
        ({"token_digest": text(b"short")}, 400),
        ({"id": "../../etc/passwd"}, 400),
        ({"secret": text(bytes(32))}, 400),
        ({"wraps": {"title": text(bytes(144)), "transcript": text(bytes(144))}}, 422),
    ],
)
def test_a_link_that_does_not_fit_is_refused_in_words(
    browser: Browser, recording_id: str, changed: dict[str, Any], status: int
) -> None:
    content = Link().content(keys_of(browser, recording_id)) | changed
    answer = browser.json("POST", f"/recordings/{recording_id}/shares", content)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_an_address_that_is_no_link_is_not_found(client: TestClient[Litestar]) -> None:
    for path in ("/s/", "/s/nothing", f"/s/{Link().id}/more"):
        assert client.get(path).status_code == 404


def test_the_log_says_nothing_of_a_link(
    browser: Browser, client: TestClient[Litestar], recording_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        link = share(browser, recording_id, Link(pin="seven brown owls"))
        ask(client, link.id, link.token)
        ask(client, link.id, b"guess")
        ask(client, link.id, link.token, **{"Content-Type": "text/nonsense"})
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]  # The client's.
    said = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in ours).encode()
    assert b"link made" in said
    for spelling in (*link.spellings, link.id.encode(), b"seven brown owls"):
        assert spelling not in said


def test_the_server_holds_no_token_when_the_request_is_over(tmp_path: Path) -> None:
    """The token comes from another process, which tells it only afterwards: here it is only if the server kept it."""
    workshop = open_workshop(tmp_path)
    with serving(workshop) as live:
        command = [sys.executable, "-c", POST_FROM_ELSEWHERE, live.address, Link().id]
        done = subprocess.run(command, capture_output=True, check=True, timeout=60)
        token, status = json.loads(done.stdout)
        assert status == 404
        spellings = (token.encode(), base64.b64decode(token))
        own = {id(done.stdout), id(token), *map(id, spellings)}
        assert holders_of(spellings, own) == []
        workshop.halves.kept_by_mistake = {"token": base64.b64decode(token)}  # type: ignore[attr-defined]
        assert holders_of(spellings, own) == ["dict"]
    workshop.close()


def holders_of(spellings: tuple[bytes, ...], own: set[int]) -> list[str]:
    """Return the types of all living objects that hold a text or bytes with one of the spellings in it."""
    gc.collect()
    found = []
    waiting: list[object] = gc.get_objects()
    seen = set(map(id, waiting))
    while waiting:
        holder = waiting.pop()
        for value in gc.get_referents(holder):
            kind = type(value)  # Not isinstance, which asks the object too, and one of torch's answers with a warning.
            if issubclass(kind, (bytes, bytearray, str)):
                content = value.encode(errors="replace") if issubclass(kind, str) else value
                if id(value) not in own and any(spelling in content for spelling in spellings):
                    found.append(type(holder).__name__)
            elif id(value) not in seen:  # The collector leaves out what cannot be part of a circle.
                seen.add(id(value))
                waiting.append(value)
    return found


def test_the_links_of_somebody_who_is_no_owner_any_more_answer_as_ones_that_never_were(
    browser: Browser, client: TestClient[Litestar]
) -> None:
    workshop = browser.workshop
    owner, other = enrolled(workshop), enrolled(workshop, "other", MEMBER)
    team = Team().made_by(workshop, owner)
    team.add(workshop, owner, other, Role.OWNER)
    recording_id = put_transcript(browser)
    moved = browser.json("PUT", f"/recordings/{recording_id}/place", {"workspace": team.hex})
    assert moved.status_code == 204, moved.text
    cookie, other_id = sign_in(workshop, "other")
    theirs = share(Browser(client, workshop, other_id, cookie), recording_id)
    own = share(browser, recording_id)
    assert ask(client, theirs.id, theirs.token).status_code == 200
    removed = browser.json("DELETE", f"/people/{other_id}")
    assert removed.status_code == 204, removed.text
    answer, never = ask(client, theirs.id, theirs.token), ask(client, Link().id, Link().token)
    assert (answer.status_code, answer.text) == (404, never.text)
    assert ask(client, own.id, own.token).status_code == 200


def test_a_link_does_not_follow_its_recording_to_another_place(
    browser: Browser, client: TestClient[Litestar], recording_id: str
) -> None:
    team = Team().made_by(browser.workshop, enrolled(browser.workshop))
    link = share(browser, recording_id)
    browser.json("PUT", f"/recordings/{recording_id}/place", {"workspace": team.hex})
    assert ask(client, link.id, link.token).status_code == 404
    assert "There is no link that works." in browser.get(f"/recordings/{recording_id}/shares").text
