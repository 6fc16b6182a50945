"""Names and terms of a workspace, by its page and behind its back."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from appliance.records.vocabularies import Vocabulary
from tests.browser.visitor import Visitor


def opened_form(visitor: Visitor, workspace: str) -> Page:
    page = visitor.open(f"/workspaces/{workspace}")
    page.locator("summary", has_text="Names and terms").click()
    return page


def save(visitor: Visitor, workspace: str, text: str) -> None:
    page = opened_form(visitor, workspace)
    expect(page.get_by_label("Names and terms")).to_be_editable()
    page.get_by_label("Names and terms").fill(text)
    page.locator("[data-vocabulary]").get_by_role("button", name="Save").click()
    expect(page.locator("#notices")).to_contain_text("Saved")


def choose_file(visitor: Visitor, workspace: str, *, private: bool) -> Page:
    page = visitor.open("/")
    page.locator("[data-chosen-workspace]").select_option(workspace)
    page.get_by_role("radio", name="Only the members" if private else "The appliance, for the members").check()
    page.set_input_files("input[type=file]", {"name": "r.wav", "mimeType": "audio/wav", "buffer": b"RIFF" * 2000})
    return page


def uploaded(page: Page) -> str:
    """Wait until the file is in; return the id of its recording."""
    row = page.locator("#recordings .recording", has_text="r.wav")
    expect(row).to_be_visible()
    return str(row.get_attribute("id")).removeprefix("row-")


def save_another(page: Page, text: str) -> None:
    """Save a list in the place of the one that is refused, once the page lets one write it."""
    expect(page.get_by_label("Names and terms")).to_be_editable()
    page.get_by_label("Names and terms").fill(text)
    page.locator("[data-vocabulary]").get_by_role("button", name="Save").click()
    expect(page.locator("#notices")).to_contain_text("Saved")


def expect_terms(visitor: Visitor, workspace: str, text: str) -> None:
    page = opened_form(visitor, workspace)
    expect(page.get_by_label("Names and terms")).to_have_value(text)
    expect(page.locator("[data-vocabulary] [data-trouble]")).to_be_hidden()


def put_back(visitor: Visitor, workspace: str, **values: object) -> None:
    """Change the stored vocabulary behind everybody's back."""
    with visitor.workshop.database.write() as session:
        row = session.get_one(Vocabulary, workspace)
        for name, value in values.items():
            setattr(row, name, value)
