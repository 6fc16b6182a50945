"""The routes of search packs: what a browser stores comes back, and nobody else's."""

from __future__ import annotations

import base64
from uuid import UUID

from appliance.crypto.envelope import DocumentType, seal_document
from appliance.options import TranscribeOptions
from appliance.worker.packs import MAX_PACK_BYTES
from appliance.worker.private_intake import PrivateUpload, begin_private_upload
from tests.packs import put_pack, sealed_pack
from tests.web.appliance import enrolled, put_recording
from tests.web.conftest import Browser
from tests.worker.private import sealed_title, unwrapped


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def address(document_id: bytes) -> str:
    return f"/vault/packs/{UUID(bytes=document_id)}"


def test_a_pack_is_begun_listed_read_saved_and_deleted(browser: Browser) -> None:
    person = enrolled(browser.workshop)
    document_id, sealed, wrap = sealed_pack(person)
    begun = browser.json("POST", address(document_id), {"sealed": text(sealed), "wrapped": text(wrap)})
    assert (begun.status_code, begun.json()) == (201, {"version": 1})
    [listed] = browser.json("GET", "/vault/index").json()["packs"]
    assert listed == {
        "document_id": text(document_id),
        "version": 1,
        "size_bytes": len(sealed),
        "wrapped": text(wrap),
    }
    read = browser.get(f"{address(document_id)}/1")
    assert (read.content, read.headers["content-type"]) == (sealed, "application/octet-stream")
    assert read.headers["cache-control"] == "no-store"
    key = unwrapped(person, document_id, wrap)
    second = seal_document(key, DocumentType.SEARCH_PACK, document_id, 2, b"second")
    content = {"sealed": text(second), "from_version": 1}
    assert browser.json("PUT", address(document_id), content).json() == {"version": 2}
    assert browser.json("PUT", address(document_id), content).json()["code"] == "access.conflict"
    assert browser.json("DELETE", f"{address(document_id)}/1").status_code == 409
    assert browser.json("DELETE", f"{address(document_id)}/2").status_code == 204
    assert browser.json("GET", "/vault/index").json()["packs"] == []


def test_a_pack_of_somebody_else_is_as_if_it_were_not_there(browser: Browser) -> None:
    other = put_pack(browser.workshop, enrolled(browser.workshop, "other"), [])
    missing = browser.get(f"/vault/packs/{UUID(int=7)}/1", headers={"Accept": "application/json"})
    foreign = browser.get(f"{address(other)}/1", headers={"Accept": "application/json"})
    assert (foreign.status_code, foreign.json()) == (missing.status_code, missing.json()) == (404, missing.json())
    assert browser.json("DELETE", f"{address(other)}/1").status_code == 404
    assert browser.json("GET", "/vault/index").json()["packs"] == []


def test_who_is_signed_out_gets_nothing(browser: Browser) -> None:
    pack = put_pack(browser.workshop, enrolled(browser.workshop), [])
    for method, path in [("GET", f"{address(pack)}/1"), ("PUT", address(pack)), ("DELETE", f"{address(pack)}/1")]:
        assert browser.json(method, path, {}, headers={"Cookie": ""}).status_code in (401, 403)


def test_what_is_no_pack_is_refused_in_words(browser: Browser) -> None:
    document_id, sealed, wrap = sealed_pack(enrolled(browser.workshop))
    for content in (
        {"sealed": text(sealed)},
        {"sealed": text(sealed), "wrapped": text(wrap[:-1])},
        {"sealed": text(sealed), "wrapped": text(wrap), "more": 1},
        {"sealed": "§", "wrapped": text(wrap)},
    ):
        assert browser.json("POST", address(document_id), content).status_code == 400
    large = {"sealed": text(bytes(MAX_PACK_BYTES + 3)), "wrapped": text(wrap)}
    refused = browser.json("POST", address(document_id), large)
    assert refused.json()["code"] == "upload.sealed_too_large"
    over = browser.json("POST", address(document_id), {"sealed": "A" * (MAX_PACK_BYTES * 2), "wrapped": text(wrap)})
    assert over.status_code == 413


def test_a_title_is_handed_out_to_its_owner_alone(browser: Browser) -> None:
    titles = {}
    for name in ("owner", "other"):
        person = enrolled(browser.workshop, name)
        titles[name] = sealed_title(person, "Ward 4.wav")
        upload = PrivateUpload(titles[name], 400, TranscribeOptions(), survives_restart=False)
        recording = begin_private_upload(browser.workshop, person.account_id, upload)
        answer = browser.json("GET", f"/recordings/{UUID(recording.id)}/title")
        assert answer.status_code == (200 if name == "owner" else 404)
        if name == "owner":
            assert answer.json()["sealed"] == text(titles[name].sealed)
            assert answer.json()["wrapped"] == text(titles[name].wrapped)


def test_a_standard_recording_has_no_sealed_title(browser: Browser) -> None:
    recording_id = put_recording(browser.workshop, browser.owner_id, "Hearing.wav")
    assert browser.json("GET", f"/recordings/{UUID(recording_id)}/title").status_code == 404
