"""People who share a workspace, each at their own browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import Visitor
from tests.people import PASSPHRASE
from tests.web.appliance import a_transcript, finish_job
from tests.worker.private import finish_privately

NAME = "Ward 7, night shift"
Visit = Callable[..., Visitor]


def unlock_where_asked(page: Page) -> None:
    """Type the passphrase where the vault of this browser is locked."""
    if page.evaluate("sessionStorage.getItem('cloister-vault')") is not None:
        return
    dialog = page.locator("#unlock-dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Passphrase").fill(PASSPHRASE)
    dialog.get_by_role("button", name="Unlock").click()
    expect(dialog).to_be_hidden()


def unlock_here(visitor: Visitor) -> None:
    """Unlock on the account page, as somebody does who has just come."""
    page = visitor.open("/account")
    page.locator("[data-unlock-here]").click()
    unlock_where_asked(page)


def make_workspace(owner: Visitor, name: str = NAME) -> str:
    """Make a workspace by the page; returns its id."""
    page = owner.open("/workspaces")
    page.locator("#workspace-name").fill(name)
    page.get_by_role("button", name="Make the workspace").click()
    unlock_where_asked(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return page.url.rsplit("/", 1)[1]


def take_in(owner: Visitor, workspace: str, name: str, role: str = "editor", *, compared: bool = True) -> None:
    """Take somebody in by the page of the workspace."""
    ask_for(owner, workspace, name, role)
    dialog = owner.page.locator("#compare-dialog")
    if compared:
        dialog.get_by_label("I compared the words").check()
    dialog.get_by_role("button", name="Take in").click()
    expect(dialog).to_be_hidden()
    expect(member(owner.page, name)).to_be_visible()


def ask_for(owner: Visitor, workspace: str, name: str, role: str = "editor") -> None:
    """Look for somebody, until their fingerprint is shown."""
    page = owner.open(f"/workspaces/{workspace}")
    page.locator("#person-name").fill(name)
    page.locator("#person-role").select_option(role)
    page.get_by_role("button", name="Show the fingerprint").click()
    expect(page.locator("#compare-dialog")).to_be_visible()


def member(page: Page, name: str) -> Locator:
    """Return somebody's row on the page of a workspace."""
    return page.locator("[data-members] .entry").filter(has=page.get_by_text(name, exact=True))


def expect_role(page: Page, name: str, role: str) -> None:
    """Wait until somebody has a role on the page; the menu of the row names roles too."""
    expect(member(page, name).locator("[data-role-words]")).to_have_text(role)


def choose_for(page: Page, name: str, action: str) -> None:
    """Choose something from the menu of a member."""
    row = member(page, name)
    row.locator("summary.button").click()
    row.get_by_role("button", name=action).click()


def remove(owner: Visitor, workspace: str, name: str) -> None:
    """Remove somebody by the page of the workspace."""
    page = owner.open(f"/workspaces/{workspace}")
    choose_for(page, name, "Remove…")
    page.locator("#remove-dialog").get_by_role("button", name="Remove").click()
    expect(member(page, name)).to_have_count(0)


def upload_into(visitor: Visitor, workspace: str, title: str, *, private: bool) -> str:
    """Put a recording into a workspace by the library, and end its job; returns its id."""
    page = visitor.open("/")
    page.locator("[data-chosen-workspace]").select_option(workspace)
    page.get_by_role("radio", name="Only the members" if private else "The appliance, for the members").check()
    page.set_input_files("input[type=file]", {"name": title, "mimeType": "audio/wav", "buffer": b"RIFF" * 2000})
    row = page.locator("#recordings .recording", has_text=title)
    expect(row).to_be_visible()
    recording_id = str(row.get_attribute("id")).removeprefix("row-")
    finish = finish_privately if private else finish_job
    finish(visitor.workshop, recording_id, a_transcript())
    return recording_id


def expect_to_read(visitor: Visitor, recording_id: str) -> None:
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator(".turn").nth(1)).to_contain_text("My name is Amina Rahman")


def expect_refused(visitor: Visitor, workspace: str, sentence: str) -> None:
    """The page of a workspace says why it stays closed, and shows nothing of it."""
    page = visitor.open(f"/workspaces/{workspace}")
    expect(page.locator("[data-refused]")).to_contain_text(sentence)
    expect(page.locator("[data-members] .entry")).to_have_count(0)
