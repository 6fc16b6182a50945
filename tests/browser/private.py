"""Somebody with a vault at a real browser, and an appliance that lies to it."""

from __future__ import annotations

from contextlib import closing
from sqlite3 import connect

from playwright.sync_api import Page, expect

from appliance.records import transcripts
from appliance.worker.privacy import sealed_index
from appliance.worker.workshop import Workshop
from tests.browser.visitor import Visitor
from tests.people import PASSPHRASE
from tests.web.appliance import a_transcript
from tests.worker.private import finish_privately

TITLE = "Ward 4, bed 12, Müller.wav"


def unlock(page: Page) -> None:
    """Type the passphrase into the dialog that asks for it."""
    dialog = page.locator("#unlock-dialog")
    dialog.get_by_label("Passphrase").fill(PASSPHRASE)
    dialog.get_by_role("button", name="Unlock").click()
    expect(dialog).to_be_hidden()


def upload_privately(visitor: Visitor, name: str = TITLE, content: bytes = b"RIFF" * 2000) -> str:
    """Upload a recording as "Only I" by the page; returns its id."""
    page = visitor.open("/")
    page.get_by_role("radio", name="Only I").check()
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "audio/wav", "buffer": content})
    if page.evaluate("sessionStorage.getItem('cloister-vault')") is None:
        unlock(page)
    row = page.locator("#recordings .recording", has_text=name)
    expect(row).to_be_visible()
    return str(row.get_attribute("id")).removeprefix("row-")


def put_private_transcript(visitor: Visitor, name: str = TITLE) -> str:
    """Upload a recording privately and end its job; returns its id."""
    recording_id = upload_privately(visitor, name)
    finish_privately(visitor.workshop, recording_id, a_transcript())
    return recording_id


def stored(workshop: Workshop, recording_id: str) -> tuple[bytes, int, bytes]:
    """Return document id, version and bytes of a sealed transcript."""
    with workshop.database.read() as session:
        row = transcripts.get(session, recording_id)
        return row.document_id, row.version, row.sealed


def settle(visitor: Visitor) -> None:
    """Wait until the page has written down all that it saw: packs and titles come a little after the transcript."""
    version = -1
    while version != (now := sealed_index(visitor.workshop, visitor.owner_id)[0]):
        version = now
        visitor.page.wait_for_timeout(1000)


def put_in_place(workshop: Workshop, recording_id: str, version: int, sealed: bytes) -> None:
    """Change a stored transcript behind everybody's back."""
    with workshop.database.write() as session:
        row = transcripts.get(session, recording_id)
        row.version, row.sealed = version, sealed


def every_stored_byte(workshop: Workshop) -> bytes:
    """Return what lies in the data folder, and every column of the database as SQLite shows it."""
    data = workshop.settings.data
    files = [path.read_bytes() for path in data.rglob("*") if path.is_file() and path.suffix != ".ballast"]
    with closing(connect(data / "cloister.db")) as connection:
        rows = [line.encode() for line in connection.iterdump()]
    return b"\n".join([*files, *rows])
