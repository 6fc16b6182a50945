"""Workspaces in real browsers: several people read what the appliance cannot."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from appliance.crypto import keywrap
from appliance.crypto.keywrap import WrapKind
from appliance.records import transcripts
from tests.browser.private import every_stored_byte, put_private_transcript
from tests.browser.shared import (
    NAME,
    Visit,
    ask_for,
    choose_for,
    expect_role,
    expect_to_read,
    make_workspace,
    member,
    remove,
    take_in,
    unlock_here,
    unlock_where_asked,
    upload_into,
)
from tests.browser.visitor import Visitor
from tests.web.appliance import enrolled, put_recording
from tests.worker.private import unwrapped
from tests.worker.shared import Team

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("private", [True, False], ids=["private", "standard"])
def test_what_one_member_puts_in_the_other_reads(anna: Visitor, ben: Visitor, workspace: str, *, private: bool) -> None:
    recording_id = upload_into(anna, workspace, "Round at five.wav", private=private)
    expect_to_read(anna, recording_id)
    page = ben.open("/")
    row = page.locator(f"#row-{recording_id}")
    expect(row.get_by_role("link", name="Round at five.wav")).to_be_visible()
    expect(row).to_contain_text(NAME)
    expect_to_read(ben, recording_id)
    expect(ben.page.get_by_role("heading", level=1)).to_have_text("Round at five.wav")
    who = ben.page.get_by_role("region", name="Who can read this")
    expect(who).to_contain_text("The members of its workspace")
    expect(who).to_contain_text("Not the appliance, not an administrator" if private else "whoever has its root key")


def test_nothing_of_a_private_workspace_is_stored_in_the_open(anna: Visitor, ben: Visitor, workspace: str) -> None:
    recording_id = upload_into(anna, workspace, "Bed 12, Müller.wav", private=True)
    expect_to_read(ben, recording_id)
    team = Team.of(anna.workshop, enrolled(anna.workshop, "anna"), workspace)
    stored = every_stored_byte(anna.workshop)
    for secret in [NAME.encode(), "Müller".encode(), b"Amina", b"Mill Lane", *team.keys.values()]:
        assert secret not in stored
        assert secret.hex().encode() not in stored


def test_the_first_member_who_opens_a_result_adopts_it_for_all(anna: Visitor, ben: Visitor, workspace: str) -> None:
    recording_id = upload_into(anna, workspace, "Round.wav", private=True)
    expect_to_read(ben, recording_id)
    with anna.workshop.database.read() as session:
        document_id = transcripts.get(session, recording_id).document_id
    [wrap] = anna.workshop.keystore.held(document_id)
    assert (wrap.kind, wrap.holder.hex()) == (WrapKind.FILE_KEY_UNDER_WORKSPACE_KEY, workspace)
    expect_to_read(anna, recording_id)


def test_a_viewer_reads_and_the_page_says_so(visit: Visit, anna: Visitor, workspace: str) -> None:
    recording_id = upload_into(anna, workspace, "Round.wav", private=True)
    cleo = visit(name="cleo")
    take_in(anna, workspace, "cleo", "viewer")
    unlock_here(cleo)
    for _ in range(2):  # A viewer leaves the sealed key where it is, and reads again what they have seen.
        expect_to_read(cleo, recording_id)
    cleo.page.locator(".turn__name").first.click()
    expect(cleo.page.locator("#notices")).to_contain_text("In this workspace you read")
    for button in ("Move…", "Delete", "Share"):
        expect(cleo.page.get_by_role("button", name=button, exact=True)).to_have_count(0)
    page = cleo.open("/")
    expect(page.locator("[data-chosen-workspace] option")).to_have_count(1)
    page = cleo.open(f"/workspaces/{workspace}")
    expect_role(page, "cleo", "Viewer")
    expect(page.locator("#person-name")).to_be_hidden()


def test_who_is_removed_reads_nothing_and_the_next_version_has_a_key_they_never_had(
    anna: Visitor, ben: Visitor, workspace: str
) -> None:
    recording_id = upload_into(anna, workspace, "Round.wav", private=True)
    expect_to_read(ben, recording_id)
    known = Team.of(anna.workshop, enrolled(anna.workshop, "ben"), workspace)
    remove(anna, workspace, "ben")
    ben.page.reload()
    expect(ben.page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    page = ben.open("/")
    expect(page.locator("[data-vault-notices] [role=alert]")).to_contain_text(
        "1 of your workspaces are not here any more"
    )
    expect_to_read(anna, recording_id)
    anna.page.locator(".turn__name").first.click()
    anna.page.get_by_label("Name, everywhere in this transcript").fill("Dr. Rahman")
    anna.page.get_by_role("button", name="Rename", exact=True).click()
    expect(anna.page.locator(".turn__name").first).to_have_text("Dr. Rahman")
    with anna.workshop.database.read() as session:
        document_id = transcripts.get(session, recording_id).document_id
    [wrap] = anna.workshop.keystore.held(document_id)
    assert keywrap.read_label(wrap.wrapped).epoch == 2
    assert keywrap.read_label(wrap.wrapped).wrapping_key_id != keywrap.key_id(known.key)
    expect_to_read(anna, recording_id)
    expect(anna.page.locator(".turn__name").first).to_have_text("Dr. Rahman")


def test_the_words_of_somebody_are_those_on_their_own_page(anna: Visitor, ben: Visitor) -> None:
    workspace = make_workspace(anna)
    ask_for(anna, workspace, "ben")
    shown = anna.page.locator("#compare-dialog [data-words] li").all_inner_texts()
    ben.open("/account")  # Its vault was opened before.
    assert len(shown) == 8
    expect(ben.page.locator(".words li")).to_have_text(shown)


def test_a_member_that_was_not_compared_is_marked_until_it_is(anna: Visitor, ben: Visitor) -> None:
    workspace = make_workspace(anna)
    take_in(anna, workspace, "ben", compared=False)
    expect(member(anna.page, "ben")).to_contain_text("fingerprint not compared yet")
    choose_for(anna.page, "ben", "I compared the words")
    expect(member(anna.page, "ben")).to_contain_text("fingerprint compared")
    page = ben.open(f"/workspaces/{workspace}")
    expect(page.locator("[data-first-visit]")).to_be_visible()
    expect(member(page, "anna")).to_contain_text("fingerprint not compared yet")
    page.reload()
    expect(member(page, "anna")).to_be_visible()
    expect(page.locator("[data-first-visit]")).to_be_hidden()


def test_roles_and_names_change_and_the_history_tells(anna: Visitor, ben: Visitor, workspace: str) -> None:
    page = anna.open(f"/workspaces/{workspace}")
    choose_for(page, "ben", "Change role to Owner")
    expect_role(page, "ben", "Owner")
    page.get_by_text("Another name").click()
    page.locator("#next-name").fill("Ward 8")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ward 8")
    page = ben.open(f"/workspaces/{workspace}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ward 8")
    page.get_by_text("What was changed").click()
    history = page.locator("[data-history] li span")
    expect(history).to_have_text(
        [
            "anna gave it another name",
            "anna changed the role of ben to Owner",
            "anna took in ben as Editor",
            "anna made the workspace",
        ]
    )


def test_the_last_owner_neither_leaves_nor_steps_down(anna: Visitor, ben: Visitor, workspace: str) -> None:
    page = anna.open(f"/workspaces/{workspace}")
    choose_for(page, "anna", "Change role to Editor")
    expect(page.locator("#problems")).to_contain_text("A workspace needs an owner")
    page.get_by_text("Leave, or delete").click()
    page.get_by_role("button", name="Leave", exact=True).click()
    page.locator("#leave-dialog").get_by_role("button", name="Leave").click()
    expect(page.locator("#problems")).to_contain_text("A workspace needs an owner")
    expect_role(page, "anna", "Owner")


def test_who_leaves_is_out_and_the_owners_see_it(anna: Visitor, ben: Visitor, workspace: str) -> None:
    page = ben.open(f"/workspaces/{workspace}")
    page.get_by_text("Leave, or delete").click()
    page.get_by_role("button", name="Leave", exact=True).click()
    page.locator("#leave-dialog").get_by_role("button", name="Leave").click()
    expect(page.get_by_text("You are in no workspace yet.")).to_be_visible()
    page = anna.open(f"/workspaces/{workspace}")
    expect(member(page, "ben")).to_contain_text("left, or has other keys by now")
    remove(anna, workspace, "ben")


def test_a_private_transcript_moves_in_and_out_again(anna: Visitor, ben: Visitor, workspace: str) -> None:
    recording_id = put_private_transcript(anna, "Mine.wav")
    expect_to_read(anna, recording_id)
    move(anna.page, workspace)
    expect(anna.page.locator("[data-facts]")).to_contain_text(NAME)
    expect_to_read(ben, recording_id)
    expect(ben.page.get_by_role("heading", level=1)).to_have_text("Mine.wav")
    with anna.workshop.database.read() as session:
        document_id = transcripts.get(session, recording_id).document_id
    team = Team.of(anna.workshop, enrolled(anna.workshop, "ben"), workspace)
    [wrap] = anna.workshop.keystore.held(document_id)
    known_to_ben = team.unwrapped(document_id, wrap.wrapped)
    anna.open(f"/recordings/{recording_id}")
    move(anna.page, "")
    expect(anna.page.locator("[data-facts]")).to_contain_text("Only you")
    ben.page.reload()
    expect(ben.page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    expect_to_read(anna, recording_id)
    [wrap] = anna.workshop.keystore.held(document_id)
    assert wrap.kind == WrapKind.FILE_KEY_UNDER_USER_KEY
    assert unwrapped(enrolled(anna.workshop, "anna"), document_id, wrap.wrapped) != known_to_ben


def test_what_another_owner_moved_is_shown_once_its_reader_knows(anna: Visitor, ben: Visitor, workspace: str) -> None:
    other = make_workspace(anna, "Ward 9")
    take_in(anna, other, "ben")
    recording_id = upload_into(anna, workspace, "Round.wav", private=True)
    expect_to_read(ben, recording_id)
    expect_to_read(anna, recording_id)
    move(anna.page, other)
    expect(anna.page.locator("[data-facts]")).to_contain_text("Ward 9")
    page = ben.open(f"/recordings/{recording_id}")
    expect(page.locator("[data-loading]")).to_contain_text("it was in another workspace")
    expect(page.locator(".turn")).to_have_count(0)
    page.get_by_role("button", name="I know that it was moved").click()
    expect(page.locator(".turn")).to_have_count(5)
    expect_to_read(ben, recording_id)


def move(page: Page, target: str) -> None:
    """Move the transcript of the page by its menu."""
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Move…").click()
    dialog = page.locator("#move-dialog")
    dialog.get_by_label("Where it belongs").select_option(target)
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(dialog).to_be_hidden()


def test_the_library_shows_one_workspace_by_its_name(anna: Visitor, ben: Visitor, workspace: str) -> None:
    inside = upload_into(anna, workspace, "Round.wav", private=False)
    own = put_recording(anna.workshop, anna.owner_id, "Mine.wav")
    page = anna.open("/")
    places = page.get_by_role("navigation", name="Whose recordings")
    places.get_by_role("link", name=NAME).click()
    expect(page.locator(f"#row-{inside}")).to_be_visible()
    expect(page.locator(f"#row-{own}")).to_have_count(0)
    expect(page.locator("[data-chosen-workspace]")).to_have_value(workspace)
    places.get_by_role("link", name="Mine alone").click()
    expect(page.locator(f"#row-{own}")).to_be_visible()
    expect(page.locator(f"#row-{inside}")).to_have_count(0)


def test_a_locked_vault_shows_no_name_and_offers_to_unlock(anna: Visitor, workspace: str) -> None:
    page = anna.open("/account")
    page.locator("[data-lock]").click()
    page = anna.open(f"/workspaces/{workspace}")
    expect(page.locator("[data-locked]")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("A workspace")
    page.locator("[data-locked]").get_by_role("button", name="Unlock").click()
    unlock_where_asked(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
