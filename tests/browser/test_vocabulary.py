"""Names and terms of a workspace in real browsers: members share them, uploads bring them, and a liar is seen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from appliance.crypto.envelope import DocumentType, open_document, seal_document
from appliance.records import vocabularies
from appliance.records.recordings import Recording
from appliance.records.vocabularies import Vocabulary
from appliance.worker.terms import terms_of
from appliance.worker.vocabularies import sealed_vocabulary
from tests.browser.private import every_stored_byte
from tests.browser.shared import Visit, make_workspace, remove, take_in, unlock_here
from tests.browser.terms import choose_file, expect_terms, opened_form, put_back, save, save_another, uploaded
from tests.browser.visitor import Visitor
from tests.web.appliance import enrolled
from tests.worker.shared import Team

pytestmark = pytest.mark.browser


def test_what_an_editor_saves_the_owner_reads_and_the_appliance_cannot(
    anna: Visitor, ben: Visitor, workspace: str
) -> None:
    save(ben, workspace, "  Amina   Rahman\n\nMill Lane\nMill Lane")
    page = opened_form(anna, workspace)
    expect(page.get_by_label("Names and terms")).to_have_value("Amina Rahman\nMill Lane")
    assert b"Rahman" not in every_stored_byte(anna.workshop)
    person = enrolled(anna.workshop, "anna")
    team = Team.of(anna.workshop, person, workspace)
    served = sealed_vocabulary(anna.workshop, person.account_id, workspace)
    text = open_document(team.key, served.sealed, DocumentType.VOCABULARY, team.id, 1)
    assert text == b"Amina Rahman\nMill Lane"


@pytest.mark.parametrize("private", [True, False], ids=["private", "standard"])
def test_an_upload_into_the_workspace_brings_its_terms(
    anna: Visitor, ben: Visitor, workspace: str, *, private: bool
) -> None:
    save(anna, workspace, "Amina Rahman\nMill Lane")
    recording_id = uploaded(choose_file(ben, workspace, private=private))
    with ben.workshop.database.read() as session:
        recording = session.get_one(Recording, recording_id)
    assert terms_of(ben.workshop, recording) == ("Amina Rahman", "Mill Lane")
    assert b"Rahman" not in every_stored_byte(ben.workshop)


def test_an_upload_to_oneself_brings_none(anna: Visitor, workspace: str) -> None:
    save(anna, workspace, "Amina Rahman")
    page = anna.open("/")
    page.set_input_files("input[type=file]", {"name": "r.wav", "mimeType": "audio/wav", "buffer": b"RIFF" * 2000})
    recording_id = uploaded(page)
    with anna.workshop.database.read() as session:
        recording = session.get_one(Recording, recording_id)
    assert recording.sealed_terms is None


def test_a_line_that_cannot_be_a_term_is_named_and_what_was_typed_stays(anna: Visitor, workspace: str) -> None:
    page = opened_form(anna, workspace)
    field = page.get_by_label("Names and terms")
    expect(field).to_be_editable()
    field.fill("Rahman\n<|endoftext|>")
    page.locator("[data-vocabulary]").get_by_role("button", name="Save").click()
    expect(page.locator("[data-vocabulary] [data-trouble]")).to_contain_text("Line 2 has “<|” or “|>” in it")
    expect(field).to_have_value("Rahman\n<|endoftext|>")
    with anna.workshop.database.read() as session:
        assert vocabularies.find(session, workspace) is None


def test_who_saves_over_somebody_elses_change_is_told_and_keeps_what_was_typed(
    anna: Visitor, ben: Visitor, workspace: str
) -> None:
    page = opened_form(anna, workspace)
    expect(page.get_by_label("Names and terms")).to_be_editable()
    save(ben, workspace, "Ben's")
    page.get_by_label("Names and terms").fill("Anna's")
    page.locator("[data-vocabulary]").get_by_role("button", name="Save").click()
    expect(page.locator("[data-vocabulary] [data-trouble]")).to_be_visible()
    expect(page.get_by_label("Names and terms")).to_have_value("Anna's")


def test_an_older_vocabulary_or_none_is_not_used(anna: Visitor, workspace: str) -> None:
    save(anna, workspace, "First")
    with anna.workshop.database.read() as session:
        first = session.get_one(Vocabulary, workspace)
    save(anna, workspace, "Second")
    put_back(anna, workspace, version=1, sealed=first.sealed)
    page = opened_form(anna, workspace)
    expect(page.locator("[data-vocabulary] [data-trouble]")).to_contain_text("older names and terms")
    expect(page.get_by_label("Names and terms")).not_to_be_editable()
    expect(page.locator("[data-saving]")).to_be_hidden()
    page = choose_file(anna, workspace, private=True)
    expect(page.locator("[data-upload-list] [data-trouble]")).to_contain_text("older names and terms")
    with anna.workshop.database.write() as session:
        session.delete(session.get_one(Vocabulary, workspace))
    page = opened_form(anna, workspace)
    expect(page.locator("[data-vocabulary] [data-trouble]")).to_contain_text("or none any more")


def test_an_exchanged_vocabulary_is_not_used(anna: Visitor, workspace: str) -> None:
    save(anna, workspace, "First")
    team = Team.of(anna.workshop, enrolled(anna.workshop, "anna"), workspace)
    forged = seal_document(team.key, DocumentType.VOCABULARY, team.id, 1, b"Forged")
    put_back(anna, workspace, sealed=forged)
    page = opened_form(anna, workspace)
    expect(page.locator("[data-vocabulary] [data-trouble]")).to_contain_text("somebody exchanged them")


def test_after_a_removal_it_is_sealed_anew_and_the_removed_member_cannot_pass_off_another(
    anna: Visitor, ben: Visitor, workspace: str
) -> None:
    save(anna, workspace, "First")
    before = Team.of(anna.workshop, enrolled(anna.workshop, "anna"), workspace)
    remove(anna, workspace, "ben")
    save(anna, workspace, "Second")
    served = sealed_vocabulary(anna.workshop, anna.owner_id, workspace)
    assert (served.version, served.epoch) == (2, 2)
    forged = seal_document(before.key, DocumentType.VOCABULARY, before.id, 3, b"Forged")
    put_back(anna, workspace, version=3, epoch=1, sealed=forged)
    page = opened_form(anna, workspace)
    expect(page.locator("[data-vocabulary] [data-trouble]")).to_contain_text("older names and terms")
    page.get_by_role("button", name="Write a new list").click()
    page.locator("#backup-dialog").get_by_role("button", name="Yes, a backup was put back").click()
    expect(page.get_by_label("Names and terms")).to_be_editable()
    expect(page.get_by_label("Names and terms")).to_have_value("")
    save_another(page, "Third")
    served = sealed_vocabulary(anna.workshop, anna.owner_id, workspace)
    assert (served.version, served.epoch) == (4, 2)
    expect_terms(anna, workspace, "Third")


def test_who_only_reads_sees_them_and_cannot_change_them(anna: Visitor, visit: Visit) -> None:
    cleo = visit(name="cleo")
    unlock_here(cleo)
    workspace = make_workspace(anna)
    take_in(anna, workspace, "cleo", "viewer")
    save(anna, workspace, "Rahman")
    page = opened_form(cleo, workspace)
    expect(page.get_by_label("Names and terms")).to_have_value("Rahman")
    expect(page.get_by_label("Names and terms")).not_to_be_editable()
    expect(page.locator("[data-saving]")).to_be_hidden()
