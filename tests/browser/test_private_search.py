"""The search box over private recordings: found in the browser, marked, and nothing of it anywhere else."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Route, expect

from appliance.crypto.keywrap import WrapKind
from appliance.records import packs
from appliance.worker.library import delete_recording
from appliance.worker.privacy import sealed_transcript
from appliance.worker.searching import start_indexing
from tests.browser.private import (
    TITLE,
    every_stored_byte,
    put_in_place,
    put_private_transcript,
    stored,
    unlock,
    upload_privately,
)
from tests.browser.shared import Visit, make_workspace, remove, take_in, unlock_here, upload_into
from tests.browser.visitor import Visitor
from tests.web.appliance import a_transcript, enrolled, finish_job, put_recording
from tests.worker.private import finish_privately

pytestmark = pytest.mark.browser

SECRET = "zqcanaryword"
SPOKEN = (("S1", 0.0, 4.0, f"The gate of {SECRET} stood open."), ("S2", 4.5, 9.0, "Two voices I did not know."))


def put_spoken(visitor: Visitor, name: str = "Ward 4, Müller.wav") -> str:
    recording_id = upload_privately(visitor, name)
    finish_privately(visitor.workshop, recording_id, a_transcript(SPOKEN))
    return recording_id


def search(page: Page, query: str) -> None:
    page.locator("#search-query").fill(query)
    page.locator("#search-query").press("Enter")


def expect_found(page: Page, number: int) -> None:
    expect(page.locator(".found")).to_have_count(number)


def stored_packs(visitor: Visitor) -> list[packs.KeptPack]:
    with visitor.workshop.database.read() as session:
        return packs.listing(session, visitor.owner_id)


def wait_for_packs(visitor: Visitor, *versions: int) -> None:
    """Wait until the packs that are stored have these versions."""
    deadline = time.monotonic() + 15
    while sorted(pack.version for pack in stored_packs(visitor)) != list(versions):
        assert time.monotonic() < deadline, stored_packs(visitor)
        visitor.page.wait_for_timeout(50)


def requests_of(page: Page) -> list[Request]:
    seen: list[Request] = []
    page.on("request", lambda request: seen.append(request))  # noqa: PLW0108 -- Playwright marks its listener.
    return seen


@pytest.fixture
def searcher(visit: Callable[..., Visitor]) -> Visitor:
    visitor = visit()
    start_indexing(visitor.workshop)
    return visitor


def test_private_and_standard_recordings_are_one_list_with_the_newest_first(searcher: Visitor) -> None:
    old = put_recording(searcher.workshop, searcher.owner_id, "Hearing.wav")
    private_id = put_private_transcript(searcher)
    new = put_recording(searcher.workshop, searcher.owner_id, "Later.wav")
    for recording_id in (old, new):
        finish_job(searcher.workshop, recording_id, a_transcript())
        searcher.workshop.indexing.changed(recording_id)
    assert searcher.workshop.indexing.wait_idle(20)
    page = searcher.open("/")
    search(page, "gate voices")
    expect_found(page, 3)
    assert [title.strip() for title in page.locator(".found__title").all_text_contents()] == [
        "Later.wav",
        TITLE,
        "Hearing.wav",
    ]
    expect(page.locator("[data-search-status]")).to_have_text("3 places in 3 recordings")
    expect(page.locator(".found [data-private]:visible")).to_have_count(1)
    private = page.locator(".found").nth(1)
    expect(private).to_contain_text("Only you")
    expect(private.locator("mark")).to_have_text(["gate", "voices", "gate"])
    private.locator(".found__place").click()
    page.wait_for_url(f"**/recordings/{private_id}#t=15.1")
    expect(page.locator(".turn__text--here")).to_contain_text("At home.")


def test_the_same_query_language_works_on_private_recordings(searcher: Visitor) -> None:
    put_private_transcript(searcher)
    page = searcher.open("/search")
    for query, places in [
        ('"two voices"', 1),
        ('"voices two"', 0),
        ("voic*", 1),
        ("speaker:2 gate", 1),
        ("speaker:1 gate", 0),
        ("muller", 1),  # In the title alone.
    ]:
        search(page, query)
        counted = f"{places} place in 1 recording" if places else "Nothing was found."
        expect(page.locator("[data-search-status]")).to_have_text(counted)
    search(page, "gate")
    expect_found(page, 1)
    page.get_by_label("From").fill("2100-01-01")
    page.get_by_role("button", name="Search", exact=True).click()
    expect_found(page, 0)


def test_a_result_that_came_while_the_tab_was_closed_is_read_at_the_first_search(searcher: Visitor) -> None:
    recording_id = put_spoken(searcher)
    page = searcher.open("/search")
    search(page, SECRET)
    expect_found(page, 1)
    wait_for_packs(searcher, 1)
    document = sealed_transcript(searcher.workshop, searcher.owner_id, recording_id)
    assert [wrap.kind for wrap in document.wraps] == [WrapKind.FILE_KEY_UNDER_USER_KEY]
    expect(page.locator("[data-search-reading]")).to_be_hidden()
    seen = requests_of(page)
    page.reload()
    search(page, SECRET)
    expect_found(page, 1)
    assert [request.url for request in seen if "/sealed" in request.url] == []


def test_reading_for_the_first_time_is_told_while_it_lasts(searcher: Visitor) -> None:
    for number in range(2):
        put_spoken(searcher, f"Talk {number}.wav")
    page = searcher.open("/search")
    waiting: list[Route] = []
    page.route("**/sealed", lambda route: waiting.append(route) if route.request.method == "GET" else route.continue_())
    search(page, SECRET)
    reading = page.locator("[data-search-reading]")
    expect(reading).to_have_text(re.compile("0 of 2 private recordings are being read for the first time"))
    waiting.pop().continue_()
    expect(reading).to_have_text(re.compile("1 of 2 private recordings"))
    waiting.pop().continue_()
    expect_found(page, 2)
    expect(reading).to_be_hidden()


def test_opening_a_transcript_and_saving_it_bring_it_into_a_pack(searcher: Visitor) -> None:
    recording_id = put_spoken(searcher)
    page = searcher.open(f"/recordings/{recording_id}")
    expect(page.locator(".turn")).to_have_count(2)
    wait_for_packs(searcher, 1)
    page.locator(".turn__name").first.click()
    page.get_by_label("Name, everywhere in this transcript").fill("Zephyrine")
    page.get_by_role("button", name="Rename", exact=True).click()
    wait_for_packs(searcher, 2)
    seen = requests_of(page)
    search(page, "speaker:zephyrine")
    expect_found(page, 1)
    expect(page.locator(".found__who").first).to_have_text("Zephyrine")
    search(page, 'speaker:"speaker 1"')
    expect_found(page, 0)
    assert [request.url for request in seen if "/sealed" in request.url] == []


def test_an_opened_transcript_that_has_not_changed_changes_no_pack(searcher: Visitor) -> None:
    recording_id = put_spoken(searcher)
    page = searcher.open(f"/recordings/{recording_id}")
    wait_for_packs(searcher, 1)
    seen = requests_of(page)
    page.reload()
    expect(page.locator(".turn")).to_have_count(2)
    page.wait_for_timeout(500)
    assert [request.method for request in seen if "/vault/packs" in request.url and request.method != "GET"] == []


def test_a_second_transcript_goes_into_the_same_pack(searcher: Visitor) -> None:
    for number in range(2):
        page = searcher.open(f"/recordings/{put_spoken(searcher, f'Talk {number}.wav')}")
        expect(page.locator(".turn")).to_have_count(2)
        wait_for_packs(searcher, number + 1)
    search(page, SECRET)
    expect_found(page, 2)


def test_words_of_private_recordings_are_in_no_row_file_or_log(
    searcher: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    recording_id = put_spoken(searcher)
    page = searcher.open("/search")
    with caplog.at_level(logging.DEBUG):
        search(page, SECRET)
        expect_found(page, 1)
        wait_for_packs(searcher, 1)
    delivered = every_stored_byte(searcher.workshop)
    for secret in (SECRET, "voices", "Müller", enrolled(searcher.workshop).user_key.hex()):
        assert secret.encode() not in delivered
    assert enrolled(searcher.workshop).user_key not in delivered
    assert SECRET not in caplog.text
    assert recording_id.encode() in delivered  # So the dump is a dump.


def test_what_is_searched_only_privately_leaves_the_browser_in_no_way(searcher: Visitor) -> None:
    put_spoken(searcher)
    page = searcher.open("/search")
    seen = requests_of(page)
    page.get_by_label("Only private recordings").check()
    entries = page.evaluate("history.length")
    search(page, SECRET)
    expect_found(page, 1)
    page.locator(".found__place").click()
    expect(page.locator(".turn__text--here")).to_be_visible()
    page.go_back()
    assert [request.url for request in seen if SECRET in request.url] == []
    assert [request.url for request in seen if SECRET.encode() in (request.post_data_buffer or b"")] == []
    assert [request.url for request in seen if request.method == "POST" and request.url.endswith("/search")] == []
    assert page.evaluate("history.length") == entries + 1  # The transcript that was opened.
    kept = page.evaluate(
        "async () => JSON.stringify([{...localStorage}, {...sessionStorage}, await caches.keys(), "
        "(await indexedDB.databases()).map(({ name }) => name)])"
    )
    assert SECRET not in kept
    assert json.loads(kept)[2:] == [[], []]


def test_more_places_of_a_private_recording_are_not_asked_of_the_appliance(searcher: Visitor) -> None:
    lines = tuple(("S1", number * 2.0, number * 2.0 + 1, f"Again, number {number}.") for number in range(8))
    recording_id = upload_privately(searcher, "Talk.wav")
    finish_privately(searcher.workshop, recording_id, a_transcript(lines))
    page = searcher.open("/search")
    search(page, "again")
    expect(page.locator(".found__place")).to_have_count(3)
    expect(page.locator("[data-search-reading]")).to_be_hidden()
    seen = requests_of(page)
    page.get_by_role("button", name="Show more places").click()
    expect(page.locator(".found__place")).to_have_count(8)
    assert [request.url for request in seen] == []


def test_a_locked_vault_shows_the_others_at_once_and_offers_to_unlock(searcher: Visitor) -> None:
    put_private_transcript(searcher)
    standard = put_recording(searcher.workshop, searcher.owner_id, "Hearing.wav")
    finish_job(searcher.workshop, standard, a_transcript())
    searcher.workshop.indexing.changed(standard)
    assert searcher.workshop.indexing.wait_idle(20)
    searcher.page.evaluate("sessionStorage.clear()")
    page = searcher.open("/search")
    search(page, "gate")
    expect_found(page, 1)
    locked = page.locator("[data-search-locked]")
    expect(locked).to_contain_text("Unlock to search your private recordings too.")
    assert stored_packs(searcher) == []
    locked.get_by_role("button", name="Unlock").click()
    unlock(page)
    expect(locked).to_be_hidden()
    expect_found(page, 2)


def test_who_has_nothing_private_is_not_asked_to_unlock(searcher: Visitor) -> None:
    standard = put_recording(searcher.workshop, searcher.owner_id, "Hearing.wav")
    finish_job(searcher.workshop, standard, a_transcript())
    searcher.workshop.indexing.changed(standard)
    assert searcher.workshop.indexing.wait_idle(20)
    page = searcher.open("/search")
    seen = requests_of(page)
    search(page, "gate")
    expect_found(page, 1)
    page.wait_for_timeout(800)
    expect(page.locator("[data-search-locked]")).to_be_hidden()
    expect(page.locator("[data-search-private-choice]")).to_be_hidden()
    assert [request.url for request in seen if "search_worker" in request.url] == []


def test_a_deleted_recording_is_taken_out_of_its_pack(searcher: Visitor) -> None:
    first, second = put_spoken(searcher, "One.wav"), put_spoken(searcher, "Two.wav")
    page = searcher.open("/search")
    search(page, SECRET)
    expect_found(page, 2)
    wait_for_packs(searcher, 1)
    page = searcher.open(f"/recordings/{first}")
    delete_by_page(page)
    wait_for_packs(searcher, 2)
    search(page, SECRET)
    expect_found(page, 1)
    expect(page.locator(".found__title")).to_have_text("Two.wav")
    page = searcher.open(f"/recordings/{second}")
    delete_by_page(page)
    wait_for_packs(searcher)
    assert not [wrap for wrap in searcher.workshop.keystore.subjects() if wrap in pack_ids(searcher)]


def test_what_is_deleted_while_the_vault_is_locked_leaves_its_pack_at_the_next_unlocking(searcher: Visitor) -> None:
    first = put_spoken(searcher, "One.wav")
    put_spoken(searcher, "Two.wav")
    page = searcher.open("/search")
    search(page, SECRET)
    expect_found(page, 2)
    wait_for_packs(searcher, 1)
    page.evaluate("sessionStorage.clear()")
    delete_recording(searcher.workshop, searcher.owner_id, first)
    page = searcher.open("/")
    page.locator("[data-locked]").get_by_role("button", name="Unlock").click()
    unlock(page)
    wait_for_packs(searcher, 2)
    search(page, SECRET)
    expect_found(page, 1)
    expect(page.locator("[data-search-lies]")).to_be_hidden()


def test_a_recording_deleted_elsewhere_is_found_no_more(searcher: Visitor) -> None:
    recording_id = put_spoken(searcher)
    page = searcher.open("/search")
    search(page, SECRET)
    expect_found(page, 1)
    delete_recording(searcher.workshop, searcher.owner_id, recording_id)
    search(page, SECRET)
    expect_found(page, 0)
    wait_for_packs(searcher)


def test_two_tabs_that_search_at_once_read_each_transcript_once(searcher: Visitor) -> None:
    for number in range(3):
        put_spoken(searcher, f"Talk {number}.wav")
    page = searcher.open("/search")
    other = searcher.context.new_page()
    other.goto(page.url)
    seen = [requests_of(page), requests_of(other)]
    for tab in (page, other):
        search(tab, SECRET)
    for tab in (page, other):
        expect_found(tab, 3)
    read = [request.method for requests in seen for request in requests if request.url.endswith("/sealed")]
    assert sorted(read) == ["GET"] * 3 + ["PUT"] * 3  # Each is adopted once.
    wait_for_packs(searcher, 1)


def test_a_transcript_that_does_not_open_is_counted_and_the_others_are_found(searcher: Visitor) -> None:
    damaged = put_spoken(searcher, "Damaged.wav")
    put_spoken(searcher, "Whole.wav")
    document_id, version, sealed = stored(searcher.workshop, damaged)
    put_in_place(searcher.workshop, damaged, version, sealed[:-40])
    assert document_id
    page = searcher.open("/search")
    search(page, SECRET)
    expect_found(page, 1)
    expect(page.locator("[data-search-unreadable]")).to_contain_text("not searched: 1")


def test_another_person_finds_nothing_of_it(visit: Callable[..., Visitor]) -> None:
    owner = visit()
    put_spoken(owner)
    page = owner.open("/search")
    search(page, SECRET)
    expect_found(page, 1)
    wait_for_packs(owner, 1)
    stranger = visit(name="Bela")
    page = stranger.open("/search")
    search(page, SECRET)
    expect(page.locator("[data-search-status]")).to_have_text("Nothing was found.")


def test_what_is_private_in_a_workspace_is_found_by_its_members_and_said_to_be_there(visit: Visit) -> None:
    anna, ben = visit(name="anna"), visit(name="ben")
    unlock_here(ben)
    workspace = make_workspace(anna)
    take_in(anna, workspace, "ben")
    upload_into(anna, workspace, "Round at five.wav", private=True)
    for member in (anna, ben):
        page = member.open("/search")
        search(page, "gate voices")
        expect_found(page, 1)
        expect(page.locator(".found__title")).to_have_text("Round at five.wav")
        expect(page.locator(".found [data-shared]")).to_be_visible()
        expect(page.locator(".found [data-private]")).to_be_hidden()
    remove(anna, workspace, "ben")
    search(ben.page, "gate voices")
    expect_found(ben.page, 0)
    wait_for_packs(ben)


def delete_by_page(page: Page) -> None:
    expect(page.locator(".turn").first).to_be_visible()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    page.wait_for_url("**/")


def pack_ids(visitor: Visitor) -> set[bytes]:
    return {pack.document_id for pack in stored_packs(visitor)}
