"""An appliance that lies about private recordings: each lie is refused or shown, by name."""

from __future__ import annotations

import base64
import json

import pytest
from playwright.sync_api import Page, Route, expect

from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, seal_document
from appliance.crypto.hpke import SealedKeyLabel, SealedKeyPurpose, seal_key
from appliance.records import indexes
from appliance.records.keystore import Wrap
from appliance.records.recordings import Recording
from appliance.transcript import to_json
from appliance.worker.privacy import sealed_transcript
from appliance.worker.recipients import RESULT
from tests.browser.private import put_in_place, put_private_transcript, settle, stored, upload_privately
from tests.browser.visitor import Visitor
from tests.web.appliance import a_transcript, enrolled
from tests.worker.private import opened_result

pytestmark = pytest.mark.browser

FORGED = (("S1", 0.0, 2.0, "I confess everything."),)


@pytest.fixture
def recording_id(visitor: Visitor) -> str:
    """A private transcript that its owner has opened once."""
    recording_id = put_private_transcript(visitor)
    visitor.open(f"/recordings/{recording_id}")
    expect(visitor.page.locator(".turn")).to_have_count(5)
    settle(visitor)
    return recording_id


def rename(page: Page, name: str) -> None:
    page.locator(".turn__name").first.click()
    page.get_by_label("Name, everywhere in this transcript").fill(name)
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.locator(".turn__name").first).to_have_text(name)


def expect_refused(page: Page, sentence: str) -> None:
    page.reload()
    expect(page.locator("[data-loading]")).to_contain_text(sentence)
    expect(page.locator(".turn")).to_have_count(0)


def test_a_replayed_old_version_is_not_shown(visitor: Visitor, recording_id: str) -> None:
    _, version, sealed = stored(visitor.workshop, recording_id)
    rename(visitor.page, "Dr. Rahman")
    put_in_place(visitor.workshop, recording_id, version, sealed)
    expect_refused(visitor.page, "older version")


def test_an_old_version_under_a_new_number_does_not_open(visitor: Visitor, recording_id: str) -> None:
    _, _, sealed = stored(visitor.workshop, recording_id)
    rename(visitor.page, "Dr. Rahman")
    put_in_place(visitor.workshop, recording_id, 4, sealed)
    expect_refused(visitor.page, "does not open with your keys")


def test_the_blob_of_another_document_does_not_open(visitor: Visitor, recording_id: str) -> None:
    other = put_private_transcript(visitor, "other.wav")
    _, version, sealed = stored(visitor.workshop, recording_id)
    _, other_version, other_sealed = stored(visitor.workshop, other)
    put_in_place(visitor.workshop, other, other_version, sealed)
    put_in_place(visitor.workshop, recording_id, version, other_sealed)
    visitor.open(f"/recordings/{recording_id}")
    expect_refused(visitor.page, "somebody exchanged it")
    visitor.open(f"/recordings/{other}")
    expect_refused(visitor.page, "does not open with your keys")


def test_the_document_of_another_recording_is_neither_shared_nor_shown(visitor: Visitor, recording_id: str) -> None:
    other = put_private_transcript(visitor, "other.wav")
    visitor.open(f"/recordings/{other}")
    expect(visitor.page.locator(".turn")).to_have_count(5)
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator(".turn")).to_have_count(5)
    page.route(
        f"**/recordings/{recording_id}/sealed",
        lambda route: route.continue_(url=route.request.url.replace(recording_id, other)),
    )
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this transcript")
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog).to_contain_text("somebody exchanged it")
    expect_refused(page, "somebody exchanged it")


def test_a_truncated_blob_does_not_open(visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor)
    _, version, sealed = stored(visitor.workshop, recording_id)
    put_in_place(visitor.workshop, recording_id, version, sealed[:-40])
    visitor.open(f"/recordings/{recording_id}")
    expect_refused(visitor.page, "does not open with your keys")


def test_a_result_forged_with_the_public_key_alone_is_noticed(visitor: Visitor, recording_id: str) -> None:
    document_id, version, _ = stored(visitor.workshop, recording_id)
    forge(visitor, document_id, recording_id, version)
    expect_refused(visitor.page, "somebody exchanged it")


def test_a_result_forged_under_a_higher_version_is_noticed_too(visitor: Visitor, recording_id: str) -> None:
    document_id, version, _ = stored(visitor.workshop, recording_id)
    forge(visitor, document_id, recording_id, version + 1)
    expect_refused(visitor.page, "somebody exchanged it")


def test_a_later_version_under_the_key_that_the_engine_made_is_refused(visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor)
    document = sealed_transcript(visitor.workshop, visitor.owner_id, recording_id)
    [result] = document.wraps
    key = opened_result(enrolled(visitor.workshop), document.document_id, result.wrapped)
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator(".turn")).to_have_count(5)
    forged = seal_document(key, DocumentType.TRANSCRIPT, document.document_id, 3, to_json(a_transcript(FORGED)))
    put_in_place(visitor.workshop, recording_id, 3, forged)
    expect_refused(page, "does not open with your keys")
    visitor.workshop.keystore.erase(document.document_id)
    visitor.workshop.keystore.put(result)
    expect_refused(page, "somebody exchanged it")


def test_what_was_alone_its_readers_is_not_shown_in_a_workspace(visitor: Visitor, recording_id: str) -> None:
    def misplace(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=json.dumps(answer.json() | {"workspace": "0" * 32}))

    visitor.page.route(f"**/recordings/{recording_id}/sealed", misplace)
    expect_refused(visitor.page, "not where you left it")


def forge(visitor: Visitor, document_id: bytes, recording_id: str, version: int) -> None:
    """Seal another transcript to the person's public key, in the place of the one that they have opened."""
    person, file_key = enrolled(visitor.workshop), new_file_key()
    holder = bytes.fromhex(person.account_id)
    label = SealedKeyLabel(SealedKeyPurpose.RESULT, recipient=holder, subject=document_id)
    sealed_key = seal_key(person.identity.x_public, file_key, label)
    plain = to_json(a_transcript(FORGED))
    visitor.workshop.keystore.erase(document_id)
    visitor.workshop.keystore.put(Wrap(document_id, RESULT, holder, sealed_key))
    sealed = seal_document(file_key, DocumentType.TRANSCRIPT, document_id, version, plain)
    put_in_place(visitor.workshop, recording_id, version, sealed)


def test_a_recording_that_is_gone_without_its_owner_is_missed(visitor: Visitor, recording_id: str) -> None:
    with visitor.workshop.database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM sealed_transcripts")
    page = visitor.open("/")
    notice = page.locator("[data-vault-notices] [role=alert]")
    expect(notice).to_contain_text("1 private recordings that your vault remembers are not here any more")
    notice.get_by_role("button", name="I deleted them").click()
    expect(notice).to_have_count(0)
    page = visitor.open("/")
    page.wait_for_timeout(500)
    expect(page.locator("[data-vault-notices] [role=alert]")).to_have_count(0)


def test_a_rolled_back_recording_shows_in_the_library(visitor: Visitor, recording_id: str) -> None:
    _, version, sealed = stored(visitor.workshop, recording_id)
    rename(visitor.page, "Dr. Rahman")
    put_in_place(visitor.workshop, recording_id, version, sealed)
    page = visitor.open("/")
    expect(page.locator("[data-vault-notices] [role=alert]")).to_contain_text("older version than you have seen")


def test_an_index_that_is_set_back_is_noticed_by_this_browser(visitor: Visitor, recording_id: str) -> None:
    with visitor.workshop.database.read() as session:
        before = indexes.find(session, visitor.owner_id)
    assert before is not None
    rename(visitor.page, "Dr. Rahman")
    with visitor.workshop.database.write() as session:
        now = session.get_one(indexes.SealedIndex, visitor.owner_id)
        now.version, now.sealed = before.version, before.sealed
    expect_refused(visitor.page, "older state of your vault")
    page = visitor.open("/")
    expect(page.locator("[data-vault-notices] [role=alert]")).to_contain_text("older state of your vault")


def test_an_index_that_was_altered_is_said_to_be(visitor: Visitor, recording_id: str) -> None:
    with visitor.workshop.database.write() as session:
        now = session.get_one(indexes.SealedIndex, visitor.owner_id)
        now.sealed = now.sealed[:-1] + bytes([now.sealed[-1] ^ 1])
    page = visitor.open("/")
    expect(page.locator("[data-vault-notices] [role=alert]")).to_contain_text("another state of your vault")
    page.evaluate("localStorage.clear()")  # As in a browser that has not seen the true one.
    page = visitor.open("/")
    expect(page.locator("[data-vault-notices] [role=alert]")).to_contain_text("cannot be read")


def test_a_key_of_the_appliance_on_a_private_document_shows(visitor: Visitor, recording_id: str) -> None:
    def add_key(route: Route) -> None:
        answer = route.fetch()
        served = answer.json()
        holder = base64.b64encode(bytes(16)).decode()
        served["wraps"].append({**served["wraps"][0], "kind": 8, "holder": holder})
        route.fulfill(response=answer, body=json.dumps(served))

    visitor.page.route(f"**/recordings/{recording_id}/sealed", add_key)
    visitor.page.reload()
    who = visitor.page.get_by_role("region", name="Who can read this")
    expect(who).to_contain_text("holds a key, although this recording is private")
    expect(who).not_to_contain_text("they have no key to it")


def test_a_title_that_was_altered_is_said_to_be(visitor: Visitor, recording_id: str) -> None:
    with visitor.workshop.database.write() as session:
        session.connection().exec_driver_sql("UPDATE recordings SET title_version = 1, sealed_title = x'434c4231'")
    page = visitor.open("/")
    expect(page.locator("#recordings")).to_contain_text("A title that does not open")


def test_the_title_of_another_recording_is_not_shown(visitor: Visitor, recording_id: str) -> None:
    other = upload_privately(visitor, "other.wav")
    settle(visitor)
    with visitor.workshop.database.write() as session:
        one, two = (session.get_one(Recording, each) for each in (recording_id, other))
        mine = (one.title_id, one.sealed_title)
        two_title = (two.title_id, two.sealed_title)
        two.title_id = new_document_id()
        session.flush()
        one.title_id, one.sealed_title = two_title
        session.flush()
        two.title_id, two.sealed_title = mine
    page = visitor.open("/")
    expect(page.locator(f"#row-{recording_id}")).to_contain_text("somebody exchanged it")
    expect(page.locator(f"#row-{other}")).to_contain_text("somebody exchanged it")
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator("[data-loading]")).to_contain_text("not the title that you have seen")
    expect(page.locator(".turn")).to_have_count(0)


def test_swapped_public_keys_of_the_person_are_refused_at_unlocking(visitor: Visitor, recording_id: str) -> None:
    def swap(route: Route) -> None:
        answer = route.fetch()
        served = answer.json() | {"x_public": base64.b64encode(bytes(range(32))).decode()}
        route.fulfill(response=answer, body=json.dumps(served))

    visitor.page.route("**/vault", swap)
    visitor.page.reload()
    expect(visitor.page.locator(".turn")).to_have_count(0)
    expect(visitor.page.locator("[data-loading]")).not_to_be_empty()
