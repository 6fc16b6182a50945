"""An owner who makes a link by the page, and a visitor who has nothing but that link."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Locator, Page, expect

from appliance.records.shares import Share
from tests.browser.conftest import TIMEOUT_MS
from tests.browser.visitor import Visitor
from tests.web.appliance import a_transcript, finish_job, put_recording

TITLE = "Hearing 12, Müller.wav"


def put_transcript(visitor: Visitor, title: str = TITLE) -> str:
    recording_id = put_recording(visitor.workshop, visitor.owner_id, title)
    finish_job(visitor.workshop, recording_id, a_transcript())
    return recording_id


def open_dialog(owner: Visitor, recording_id: str) -> Locator:
    page = owner.open(f"/recordings/{recording_id}")
    expect(page.locator(".turn")).to_have_count(5, timeout=TIMEOUT_MS)
    page.get_by_role("button", name="Share", exact=True).click()
    return page.get_by_role("dialog", name="Share this transcript")


def make_link(owner: Visitor, recording_id: str, pin: str = "") -> str:
    """Make a link by the dialog, and return it as the page shows it."""
    dialog = open_dialog(owner, recording_id)
    dialog.get_by_label("PIN").fill(pin)
    dialog.get_by_role("button", name="Make a link").click()
    shown = dialog.locator("#share-link")
    expect(shown).to_contain_text("#", timeout=TIMEOUT_MS)
    return shown.inner_text()


def expire(owner: Visitor, link: str) -> None:
    with owner.workshop.database.write() as session:
        share = session.get_one(Share, link.partition("#")[0].rpartition("/")[2])
        share.expires_at = datetime.now(UTC) - timedelta(seconds=1)


def expect_transcript(page: Page, title: str = TITLE) -> None:
    expect(page.locator(".turn")).to_have_count(5, timeout=TIMEOUT_MS)
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator(".turn").nth(1)).to_contain_text("My name is Amina Rahman")
