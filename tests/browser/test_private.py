"""Privacy mode in a real browser: one person reads, the appliance cannot."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from appliance.crypto.keywrap import WrapKind
from appliance.records import jobs, recordings
from appliance.worker.privacy import sealed_transcript
from tests.browser.private import (
    TITLE,
    every_stored_byte,
    put_private_transcript,
    unlock,
    upload_privately,
)
from tests.browser.visitor import Visitor
from tests.web.appliance import enrolled
from tests.worker.private import opened_result, unwrapped

pytestmark = pytest.mark.browser


def test_a_recording_goes_in_privately_and_only_its_owner_reads_it(visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor)
    page = visitor.page
    row = page.locator(f"#row-{recording_id}")
    expect(row.get_by_role("link")).to_have_text(TITLE)
    expect(row).to_contain_text("Only you")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page).not_to_have_title(re.compile(re.escape(TITLE)))  # Browsers write it into their history.
    expect(page.locator(".turn").nth(1)).to_contain_text("My name is Amina Rahman")
    expect(page.locator("[data-facts]")).to_contain_text("Speakers: 3")
    expect(page.locator("[data-facts]")).to_contain_text("Made with whisper-base (starter 1)")
    who = page.get_by_role("region", name="Who can read this")
    expect(who).to_contain_text("with your passphrase")
    expect(who).to_contain_text("Not the appliance, not an administrator")


def test_the_first_opening_seals_it_anew_in_whichever_tab_was_quicker(visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor)
    person = enrolled(visitor.workshop)
    before = sealed_transcript(visitor.workshop, visitor.owner_id, recording_id)
    key = opened_result(person, before.document_id, before.wraps[0].wrapped)
    other = visitor.context.new_page()
    tabs = [visitor.page, other]
    for tab in tabs:
        tab.goto(f"{visitor.live.address}/recordings/{recording_id}", wait_until="commit")
    for tab in tabs:
        expect(tab.locator(".turn")).to_have_count(5)
    document = sealed_transcript(visitor.workshop, visitor.owner_id, recording_id)
    [wrap] = document.wraps
    assert (document.version, wrap.kind) == (2, WrapKind.FILE_KEY_UNDER_USER_KEY)
    assert unwrapped(person, document.document_id, wrap.wrapped) != key
    for tab in tabs:
        tab.reload()
        expect(tab.locator(".turn")).to_have_count(5)


def test_nothing_private_is_stored_in_the_open(visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor)
    page = visitor.open(f"/recordings/{recording_id}")
    page.locator(".turn__name").first.click()
    page.get_by_label("Name, everywhere in this transcript").fill("Dr. Rahman")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.locator(".turn__name").first).to_have_text("Dr. Rahman")
    person = enrolled(visitor.workshop)
    stored = every_stored_byte(visitor.workshop)
    secrets = [person.user_key, person.code, person.identity.x_private, person.identity.ed_seed]
    for secret in [TITLE.encode(), "Müller".encode(), b"Amina", b"Mill Lane", b"Dr. Rahman", *secrets]:
        assert secret not in stored
        assert secret.hex().encode() not in stored


def test_a_new_name_of_a_speaker_is_kept_and_is_in_the_files(visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor)
    page = visitor.open(f"/recordings/{recording_id}")
    page.locator(".turn__name").first.click()
    page.get_by_label("Name, everywhere in this transcript").fill("  Dr.   Rahman ")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.locator(".turn__name").first).to_have_text("Dr. Rahman")
    page.reload()
    expect(page.locator(".turn__name").first).to_have_text("Dr. Rahman")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as TXT").click()
    assert "Dr. Rahman" in download.value.path().read_text()
    assert download.value.suggested_filename == "Ward 4, bed 12, Müller.txt"


def test_a_change_in_two_tabs_is_refused_in_the_slower_one(visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor)
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator(".turn")).to_have_count(5)
    other = visitor.context.new_page()
    other.goto(page.url)
    expect(other.locator(".turn")).to_have_count(5)
    for tab, name in ((page, "First"), (other, "Second")):
        tab.locator(".turn__name").first.click()
        tab.get_by_label("Name, everywhere in this transcript").fill(name)
        tab.get_by_role("button", name="Rename", exact=True).click()
    expect(page.locator(".turn__name").first).to_have_text("First")
    expect(other.locator("#rename-dialog [data-trouble]")).to_be_visible()
    other.reload()
    expect(other.locator(".turn__name").first).to_have_text("First")


def test_in_a_locked_vault_titles_are_hidden_until_the_passphrase_is_given(visitor: Visitor) -> None:
    put_private_transcript(visitor)
    visitor.page.evaluate("sessionStorage.clear()")
    page = visitor.open("/")
    expect(page.locator("#recordings")).to_contain_text("Private recording")
    expect(page.locator("#recordings")).not_to_contain_text("Ward 4")
    page.locator("[data-locked]").get_by_role("button", name="Unlock").click()
    unlock(page)
    expect(page.locator("#recordings")).to_contain_text(TITLE)
    expect(page.locator("[data-locked]")).to_be_hidden()


def test_who_closes_the_dialog_sees_why_nothing_is_shown(visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor)
    visitor.page.evaluate("sessionStorage.clear()")
    page = visitor.open(f"/recordings/{recording_id}")
    page.locator("#unlock-dialog").get_by_role("button", name="Not now").click()
    expect(page.locator("[data-loading]")).to_contain_text("Your vault is locked")
    expect(page.locator(".turn")).to_have_count(0)


def test_a_broken_private_upload_goes_on_and_is_known_by_its_title(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.route("**/chunks/0", lambda route: route.abort())
    page.get_by_role("radio", name="Only I").check()
    content = {"name": TITLE, "mimeType": "audio/wav", "buffer": b"R" * 5000}
    page.set_input_files("input[type=file]", content)  # type: ignore[arg-type]
    unlock(page)
    expect(page.locator("[data-upload-list]")).to_contain_text("The connection was lost")
    page.unroute("**/chunks/0")
    page = visitor.open("/")
    unfinished = page.locator("[data-unfinished]")
    expect(unfinished).to_contain_text(TITLE)
    page.get_by_role("radio", name="Only I").check()
    page.set_input_files("input[type=file]", content)  # type: ignore[arg-type]
    expect(page.locator("#recordings .recording__title")).to_have_text([TITLE])
    with visitor.workshop.database.read() as session:
        assert len(recordings.listing(session, visitor.owner_id)) == 1


def test_the_audios_key_is_stored_only_where_that_was_chosen(visitor: Visitor) -> None:
    upload_privately(visitor, "fleeting.wav")
    page = visitor.open("/")
    expect(page.get_by_label("Go on after a restart")).to_be_hidden()
    page.get_by_role("radio", name="Only I").check()
    page.get_by_label("Go on after a restart").check()
    page.set_input_files("input[type=file]", {"name": "lasting.wav", "mimeType": "audio/wav", "buffer": b"R" * 500})
    expect(page.locator("#recordings")).to_contain_text("lasting.wav")
    with visitor.workshop.database.read() as session:
        newest, older = recordings.listing(session, visitor.owner_id)
    assert len(visitor.workshop.keystore.held(newest.recording.audio_id)) == 1
    assert visitor.workshop.keystore.held(older.recording.audio_id) == []
    assert list(visitor.workshop.fleeting_keys) == [older.recording.audio_id]


def test_a_deleted_private_recording_is_named_and_not_missed_afterwards(visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor)
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator(".turn")).to_have_count(5)
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#delete-dialog")).to_contain_text(TITLE)
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="No recordings yet")).to_be_visible()
    page.wait_for_timeout(500)
    expect(page.locator("[data-vault-notices] [role=alert]")).to_have_count(0)


def test_what_was_chosen_is_forgotten_with_the_job(visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor)
    with visitor.workshop.database.read() as session:
        job = jobs.latest(session, recording_id)
    assert job is not None
    assert json.loads(job.options_json) == {}


def test_a_second_person_sees_nothing_of_it(visit: Callable[..., Visitor]) -> None:
    owner = visit()
    recording_id = put_private_transcript(owner)
    stranger = visit(name="Bela")
    page = stranger.open(f"/recordings/{recording_id}")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    page = stranger.open("/")
    expect(page.get_by_role("heading", name="No recordings yet")).to_be_visible()


@pytest.mark.parametrize("live", [{"privacy": "private"}], indirect=True)
def test_where_the_policy_is_private_nobody_has_to_choose(visitor: Visitor) -> None:
    page = visitor.open("/")
    expect(page.get_by_role("radio", name="Only I")).to_have_count(0)
    expect(page.locator("form[data-uploads]")).to_contain_text("Here every recording is private")
    page.get_by_role("button", name="Try the sample").click()
    unlock(page)
    expect(page.locator("#recordings")).to_contain_text("sample.wav")
    with visitor.workshop.database.read() as session:
        assert [listed.recording.mode for listed in recordings.listing(session, visitor.owner_id)] == ["private"]
