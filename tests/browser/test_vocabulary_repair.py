"""A list of names and terms that does not open: said in words, replaced by a member, and no upload is held up by it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from appliance.crypto.envelope import DocumentType, seal_document
from appliance.records.recordings import Recording
from appliance.records.vocabularies import Vocabulary
from appliance.worker.terms import terms_of
from tests.browser.shared import Visit, make_workspace, take_in, unlock_here
from tests.browser.terms import choose_file, expect_terms, opened_form, put_back, save, save_another, uploaded
from tests.browser.visitor import Visitor
from tests.web.appliance import enrolled
from tests.worker.shared import Team

pytestmark = pytest.mark.browser


def test_a_damaged_list_is_replaced_by_whoever_writes_and_the_versions_go_on(
    anna: Visitor, ben: Visitor, workspace: str
) -> None:
    save(ben, workspace, "First")
    put_back(anna, workspace, version=2, sealed=b"CLB1" + bytes(300))
    page = opened_form(anna, workspace)
    trouble = page.locator("[data-vocabulary] [data-trouble]")
    expect(trouble).to_contain_text("do not open: they are damaged, or something else was put in their place")
    expect(page.get_by_label("Names and terms")).not_to_be_editable()
    expect(page.locator("[data-saving]")).to_be_hidden()
    page.get_by_role("button", name="Write a new list").click()
    expect(trouble).to_contain_text("takes the place of the list that is not used")
    save_another(page, "Second")
    expect(trouble).to_be_hidden()
    expect_terms(ben, workspace, "Second")
    with anna.workshop.database.read() as session:
        assert session.get_one(Vocabulary, workspace).version == 3


def test_a_list_of_what_no_list_may_hold_is_replaced(anna: Visitor, ben: Visitor, workspace: str) -> None:
    save(anna, workspace, "First")
    team = Team.of(anna.workshop, enrolled(anna.workshop, "anna"), workspace)
    unfit = seal_document(team.key, DocumentType.VOCABULARY, team.id, 2, b"Amina\n<|endoftext|>")
    put_back(anna, workspace, version=2, sealed=unfit)
    page = opened_form(ben, workspace)
    expect(page.locator("[data-vocabulary] [data-trouble]")).to_contain_text("hold what no list may hold")
    page.get_by_role("button", name="Write a new list").click()
    save_another(page, "Second")
    expect_terms(anna, workspace, "Second")


def test_an_exchanged_list_is_not_shown_and_is_replaced(anna: Visitor, workspace: str) -> None:
    save(anna, workspace, "First")
    team = Team.of(anna.workshop, enrolled(anna.workshop, "anna"), workspace)
    put_back(anna, workspace, sealed=seal_document(team.key, DocumentType.VOCABULARY, team.id, 1, b"Forged"))
    page = opened_form(anna, workspace)
    page.get_by_role("button", name="Write a new list").click()
    expect(page.get_by_label("Names and terms")).to_have_value("")
    save_another(page, "Second")
    expect_terms(anna, workspace, "Second")


def test_over_an_older_list_one_is_saved_only_by_who_knows_of_a_backup_and_all_take_it_who_saw_the_newer_one(
    anna: Visitor, ben: Visitor, workspace: str
) -> None:
    save(anna, workspace, "First")
    with anna.workshop.database.read() as session:
        first = session.get_one(Vocabulary, workspace)
    for text in ("Second", "Third"):
        save(anna, workspace, text)
    expect_terms(ben, workspace, "Third")
    put_back(anna, workspace, version=1, sealed=first.sealed)
    page = opened_form(anna, workspace)
    page.get_by_role("button", name="Write a new list").click()
    dialog = page.locator("#backup-dialog")
    expect(dialog).to_contain_text("Is it known that a backup was put back?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_label("Names and terms")).not_to_be_editable()
    expect(page.get_by_label("Names and terms")).to_have_value("")
    page.get_by_role("button", name="Write a new list").click()
    dialog.get_by_role("button", name="Yes, a backup was put back").click()
    expect(page.get_by_label("Names and terms")).to_have_value("First")
    expect(page.locator("[data-vocabulary] [data-trouble]")).to_contain_text("This is the older list")
    save_another(page, "First\nFourth")
    for visitor in (anna, ben):
        expect_terms(visitor, workspace, "First\nFourth")
    with anna.workshop.database.read() as session:
        assert session.get_one(Vocabulary, workspace).version == 4


def test_a_list_that_is_gone_is_written_anew(anna: Visitor, workspace: str) -> None:
    save(anna, workspace, "First")
    save(anna, workspace, "Second")
    with anna.workshop.database.write() as session:
        session.delete(session.get_one(Vocabulary, workspace))
    page = opened_form(anna, workspace)
    page.get_by_role("button", name="Write a new list").click()
    page.locator("#backup-dialog").get_by_role("button", name="Yes, a backup was put back").click()
    save_another(page, "Third")
    expect_terms(anna, workspace, "Third")


def test_who_only_reads_is_told_who_can_replace_a_list_that_does_not_open(anna: Visitor, visit: Visit) -> None:
    cleo = visit(name="cleo")
    unlock_here(cleo)
    workspace = make_workspace(anna)
    take_in(anna, workspace, "cleo", "viewer")
    save(anna, workspace, "Rahman")
    put_back(anna, workspace, sealed=bytes(300))
    page = opened_form(cleo, workspace)
    expect(page.locator("[data-vocabulary] [data-trouble]")).to_contain_text("Somebody who may write")
    expect(page.get_by_role("button", name="Write a new list")).to_be_hidden()


@pytest.mark.parametrize("private", [True, False], ids=["private", "standard"])
def test_where_the_list_does_not_open_a_recording_goes_without_it_only_if_the_person_says_so(
    anna: Visitor, workspace: str, *, private: bool
) -> None:
    save(anna, workspace, "Amina Rahman")
    put_back(anna, workspace, version=2, sealed=b"CLB1" + bytes(300))
    page = choose_file(anna, workspace, private=private)
    trouble = page.locator("[data-upload-list] [data-trouble]")
    expect(trouble).to_contain_text("do not open")
    expect(trouble).to_contain_text("Nothing of this recording was sent")
    with anna.workshop.database.read() as session:
        assert session.exec(select(Recording)).all() == []
    page.get_by_role("button", name="Try again").click()
    expect(trouble).to_contain_text("do not open")
    page.get_by_role("button", name="Send without names and terms").click()
    recording_id = uploaded(page)
    with anna.workshop.database.read() as session:
        assert session.get_one(Recording, recording_id).sealed_terms is None


def test_once_the_list_is_replaced_the_recording_that_waited_goes_with_it(
    anna: Visitor, ben: Visitor, workspace: str
) -> None:
    save(anna, workspace, "Amina Rahman")
    put_back(anna, workspace, version=2, sealed=b"CLB1" + bytes(300))
    page = choose_file(anna, workspace, private=False)
    expect(page.get_by_role("button", name="Send without names and terms")).to_be_visible()
    mending = opened_form(ben, workspace)
    mending.get_by_role("button", name="Write a new list").click()
    save_another(mending, "Mill Lane")
    page.get_by_role("button", name="Try again").click()
    recording_id = uploaded(page)
    with anna.workshop.database.read() as session:
        recording = session.get_one(Recording, recording_id)
    assert terms_of(anna.workshop, recording) == ("Mill Lane",)
