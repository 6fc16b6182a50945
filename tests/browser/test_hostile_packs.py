"""An appliance that lies about search packs: no lie is searched, each is shown, and all is found all the same."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from appliance.crypto.envelope import DocumentType, open_document
from appliance.crypto.identity import index_key
from appliance.crypto.keywrap import WrapKind
from appliance.records import indexes, packs
from appliance.records.keystore import Wrap
from appliance.records.packs import SearchPack
from tests.browser.private import put_private_transcript, stored
from tests.browser.test_private_search import expect_found, search, stored_packs, wait_for_packs
from tests.browser.visitor import Visitor
from tests.packs import an_entry, put_pack
from tests.web.appliance import enrolled

pytestmark = pytest.mark.browser

QUERY = "gate voices"
PATIENCE_S = 20


@pytest.fixture
def recording_id(visitor: Visitor) -> str:
    """A private transcript that is in a pack."""
    recording_id = put_private_transcript(visitor)
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator(".turn")).to_have_count(5)
    wait_for_pack_in_index(visitor, 1)
    return recording_id


def wait_for_pack_in_index(visitor: Visitor, version: int) -> None:
    """Wait until the one pack there is has a version, and the index says so."""
    deadline = time.monotonic() + PATIENCE_S
    while [pack["version"] for pack in remembered(visitor)["packs"].values()] != [version]:
        assert time.monotonic() < deadline
        visitor.page.wait_for_timeout(50)
    [kept] = stored_packs(visitor)
    assert kept.version == version


def remembered(visitor: Visitor) -> dict[str, Any]:
    """Open the person's index, as their browser does."""
    with visitor.workshop.database.read() as session:
        row = indexes.find(session, visitor.owner_id)
    if row is None:
        return {"packs": {}}
    key, account_id = index_key(enrolled(visitor.workshop).user_key), bytes.fromhex(visitor.owner_id)
    return dict(json.loads(open_document(key, row.sealed, DocumentType.INDEX, account_id, row.version)))


def rename(page: Page, name: str) -> None:
    page.locator(".turn__name").first.click()
    page.get_by_label("Name, everywhere in this transcript").fill(name)
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.locator(".turn__name").first).to_have_text(name)


def the_pack(visitor: Visitor) -> SearchPack:
    [kept] = stored_packs(visitor)
    with visitor.workshop.database.read() as session:
        return packs.get(session, visitor.owner_id, kept.document_id)


def put_in_its_place(visitor: Visitor, document_id: bytes, version: int, sealed: bytes) -> None:
    """Change a stored pack behind everybody's back."""
    with visitor.workshop.database.write() as session:
        row = session.get_one(SearchPack, document_id)
        row.version, row.sealed = version, sealed


def expect_shown_and_healed(visitor: Visitor) -> None:
    """The lie is shown; the transcript is read again and found; afterwards there is nothing left to show."""
    page = visitor.open("/search")
    search(page, QUERY)
    expect_found(page, 1)
    expect(page.locator("[data-search-lies]")).to_contain_text("not as your vault remembers them: 1")
    expect(page.locator("[data-search-reading]")).to_be_hidden()
    page = visitor.open("/search")
    search(page, QUERY)
    expect_found(page, 1)
    expect(page.locator("[data-search-reading]")).to_be_hidden()
    expect(page.locator("[data-search-lies]")).to_be_hidden()


def test_a_pack_of_another_person_is_not_searched(visitor: Visitor, recording_id: str) -> None:
    mallory = enrolled(visitor.workshop, "Mallory")
    document_id, version, _ = stored(visitor.workshop, recording_id)
    forged = put_pack(
        visitor.workshop, mallory, [an_entry(recording_id, document_id, version, "A forged gate, voices.")]
    )
    [wrap] = visitor.workshop.keystore.held(forged)
    holder = bytes.fromhex(visitor.owner_id)
    visitor.workshop.keystore.put(Wrap(forged, WrapKind.FILE_KEY_UNDER_USER_KEY, holder, wrap.wrapped))
    with visitor.workshop.database.write() as session:
        session.get_one(SearchPack, forged).account_id = visitor.owner_id
    expect_shown_and_healed(visitor)
    expect(visitor.page.locator(".found")).not_to_contain_text("forged")


def test_a_truncated_pack_is_not_searched(visitor: Visitor, recording_id: str) -> None:
    pack = the_pack(visitor)
    put_in_its_place(visitor, pack.document_id, pack.version, pack.sealed[:-40])
    expect_shown_and_healed(visitor)


def test_a_truncated_pack_that_nobody_has_seen_does_not_open(visitor: Visitor, recording_id: str) -> None:
    pack = the_pack(visitor)
    put_in_its_place(visitor, pack.document_id, pack.version + 1, pack.sealed[:-40])
    expect_shown_and_healed(visitor)


def test_a_replayed_old_pack_is_not_searched(visitor: Visitor, recording_id: str) -> None:
    old = the_pack(visitor)
    rename(visitor.page, "Zephyrine")
    wait_for_pack_in_index(visitor, 2)
    put_in_its_place(visitor, old.document_id, old.version, old.sealed)
    expect_shown_and_healed(visitor)
    search(visitor.page, "speaker:zephyrine")
    expect_found(visitor.page, 1)


def test_an_old_pack_under_a_new_number_is_not_searched(visitor: Visitor, recording_id: str) -> None:
    old = the_pack(visitor)
    rename(visitor.page, "Zephyrine")
    wait_for_pack_in_index(visitor, 2)
    put_in_its_place(visitor, old.document_id, 3, old.sealed)
    expect_shown_and_healed(visitor)


def test_packs_that_are_swapped_are_not_searched(visitor: Visitor, recording_id: str) -> None:
    document_id, version, _ = stored(visitor.workshop, recording_id)
    other = put_pack(visitor.workshop, enrolled(visitor.workshop), [an_entry(recording_id, document_id, version)])
    [one, two] = [packs_row(visitor, kept.document_id) for kept in stored_packs(visitor)]
    put_in_its_place(visitor, one.document_id, one.version, two.sealed)
    put_in_its_place(visitor, two.document_id, two.version, one.sealed)
    assert other in (one.document_id, two.document_id)
    page = visitor.open("/search")
    search(page, QUERY)
    expect_found(page, 1)
    expect(page.locator("[data-search-lies]")).to_contain_text("not as your vault remembers them: 2")
    expect(page.locator(".found")).not_to_contain_text("forged")


def test_a_pack_that_is_left_out_is_missed_and_its_transcripts_are_read_again(
    visitor: Visitor, recording_id: str
) -> None:
    with visitor.workshop.database.write() as session:
        packs.remove(session, the_pack(visitor).document_id)
    expect_shown_and_healed(visitor)


def test_a_pack_says_nothing_about_a_transcript_in_another_version(visitor: Visitor, recording_id: str) -> None:
    document_id, version, _ = stored(visitor.workshop, recording_id)
    old = [an_entry(recording_id, document_id, version - 1), an_entry("0" * 32, bytes(16))]
    put_pack(visitor.workshop, enrolled(visitor.workshop), old)
    page = visitor.open("/search")
    search(page, "forged")
    expect(page.locator("[data-search-status]")).to_have_text("Nothing was found.")
    wait_for_packs(visitor, 1)  # What says nothing that is true is deleted.


def test_packs_beside_an_older_index_are_not_searched(visitor: Visitor, recording_id: str) -> None:
    with visitor.workshop.database.read() as session:
        before = indexes.find(session, visitor.owner_id)
    assert before is not None
    rename(visitor.page, "Zephyrine")
    wait_for_pack_in_index(visitor, 2)
    with visitor.workshop.database.write() as session:
        now = session.get_one(indexes.SealedIndex, visitor.owner_id)
        now.version, now.sealed = before.version, before.sealed
    page = visitor.open("/search")
    search(page, QUERY)
    expect(page.locator("[data-search-reading]")).to_contain_text("older state of your vault")
    expect_found(page, 0)


def packs_row(visitor: Visitor, document_id: bytes) -> SearchPack:
    with visitor.workshop.database.read() as session:
        return packs.get(session, visitor.owner_id, document_id)
