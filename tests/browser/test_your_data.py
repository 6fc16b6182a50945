"""Everything of a person in a real browser: taken along opened, taken along sealed and opened offline, and deleted."""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from appliance.__main__ import main
from appliance.crypto.envelope import DocumentType
from appliance.crypto.keywrap import WrapKind
from appliance.crypto.recovery import write_code
from appliance.crypto.sealed_export import SealedExport
from appliance.records import accounts, recordings
from appliance.worker.privacy import sealed_transcript
from appliance.worker.workshop import Workshop
from tests.browser.private import put_in_place, put_private_transcript, stored, unlock
from tests.browser.visitor import Visitor
from tests.people import PASSPHRASE
from tests.web.appliance import a_transcript, enrolled, finish_job, put_recording

pytestmark = pytest.mark.browser

NO_PICKER = "delete window.showSaveFilePicker"
"""As in browsers that do not let a page write into a file."""

PICKER = """
window.showSaveFilePicker = async ({ suggestedName }) => {
  const folder = await navigator.storage.getDirectory();
  return folder.getFileHandle(suggestedName, { create: true });
};
"""
"""The browser's own files, without the dialog, which nobody can press here."""

READ_BACK = """
async () => {
  const folder = await navigator.storage.getDirectory();
  const found = {};
  for await (const [name, handle] of folder.entries()) {
    const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    found[name] = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  }
  return found;
}
"""


def put_standard(visitor: Visitor, name: str) -> str:
    recording_id = put_recording(visitor.workshop, visitor.owner_id, name)
    finish_job(visitor.workshop, recording_id, a_transcript())
    return recording_id


def take_along(page: Page, manner: str) -> Path:
    """Choose a manner and press the button; returns the file."""
    page.get_by_role("radio", name=manner).check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Make the file").click()
    expect(page.locator("[data-status]")).to_contain_text("in the file")
    return Path(download.value.path())


def open_offline(file: Path, code: bytes, folder: Path) -> int:
    """Open a sealed file as a person does who has nothing but it and the paper."""
    code_file = folder / "code.txt"
    code_file.write_text(write_code(code))
    return main(["open", str(file), "--code-file", str(code_file), "--out", str(folder / "out")])


def test_everything_opened_is_a_zip_with_a_folder_for_each_recording(visitor: Visitor) -> None:
    put_standard(visitor, "Ward round.m4a")
    put_standard(visitor, "WARD ROUND.m4a")
    put_private_transcript(visitor)
    visitor.context.add_init_script(NO_PICKER)
    page = visitor.open("/your-data")
    expect(page.locator(".facts")).to_contain_text("3 transcripts")
    archive = zipfile.ZipFile(take_along(page, "Everybody who has it"))
    assert archive.testzip() is None
    folders = ("Ward round", "WARD ROUND (2)", "Ward 4, bed 12, Müller")
    files = {f"{folder}/{folder}.{suffix}" for folder in folders for suffix in ("txt", "srt", "vtt", "json")}
    assert set(archive.namelist()) == files | {"recordings.json"}
    for folder in folders:
        assert "My name is Amina Rahman" in archive.read(f"{folder}/{folder}.txt").decode()
        assert json.loads(archive.read(f"{folder}/{folder}.json"))["speakers"][1]["name"] == "Speaker 2"
    listed = json.loads(archive.read("recordings.json"))
    assert [entry["folder"] for entry in listed] == list(folders)
    assert [entry["mode"] for entry in listed] == ["standard", "standard", "private"]


def test_a_sealed_file_opens_offline_with_the_printed_recovery_code(
    visitor: Visitor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_standard(visitor, "Ward round.m4a")
    put_private_transcript(visitor)
    visitor.context.add_init_script(NO_PICKER)
    file = take_along(visitor.open("/your-data"), "Only your recovery code")
    sealed = file.read_bytes()
    for secret in ("Müller", "Ward", "Amina"):
        assert secret.encode() not in sealed
        assert base64.b64encode(secret.encode())[:6] not in sealed
    person = enrolled(visitor.workshop)
    assert open_offline(file, person.code, tmp_path) == 0
    said = capsys.readouterr().out
    assert said.count("are authentic") == 4
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "Ward round.txt", "Ward round.json", "Ward 4, bed 12, Müller.txt", "Ward 4, bed 12, Müller.json"
    }  # fmt: skip
    assert "My name is Amina Rahman" in (tmp_path / "out" / "Ward 4, bed 12, Müller.txt").read_text()
    assert open_offline(file, bytes(32), tmp_path) == 1


def test_a_result_that_was_never_opened_is_adopted_before_it_is_taken_along(visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor)
    visitor.context.add_init_script(NO_PICKER)
    file = take_along(visitor.open("/your-data"), "Only your recovery code")
    kept = sealed_transcript(visitor.workshop, visitor.owner_id, recording_id)
    assert [wrap.kind for wrap in kept.wraps] == [WrapKind.FILE_KEY_UNDER_USER_KEY]
    taken = SealedExport.decode(file.read_bytes())
    [transcript] = [one for one in taken.documents if one.type == DocumentType.TRANSCRIPT]
    assert (bytes.fromhex(transcript.id), transcript.sealed) == (kept.document_id, kept.sealed)


@pytest.mark.parametrize("part_bytes", [1])
def test_a_large_library_becomes_several_sealed_files_that_each_open(
    visitor: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_bytes: int
) -> None:
    monkeypatch.setattr("appliance.web.pages.your_data.PART_BYTES", part_bytes)
    for name in ("one.wav", "two.wav"):
        put_standard(visitor, name)
    put_private_transcript(visitor)
    visitor.context.add_init_script(NO_PICKER)
    archive = zipfile.ZipFile(take_along(visitor.open("/your-data"), "Only your recovery code"))
    assert archive.testzip() is None
    assert archive.namelist() == [f"cloister-sealed-00{number}.json" for number in (1, 2, 3)]
    user_key = enrolled(visitor.workshop).user_key
    for name in archive.namelist():
        documents = SealedExport.decode(archive.read(name)).documents
        assert [document.type for document in documents] == [DocumentType.TITLE, DocumentType.TRANSCRIPT]
        assert b"Amina Rahman" in documents[1].open(user_key)


def test_where_the_browser_lets_a_page_write_a_file_it_is_written_piece_by_piece(visitor: Visitor) -> None:
    put_standard(visitor, "Ward round.m4a")
    visitor.context.add_init_script(PICKER)
    page = visitor.open("/your-data")
    page.get_by_role("button", name="Make the file").click()
    expect(page.locator("[data-status]")).to_contain_text("in the file cloister-opened-")
    [(name, content)] = page.evaluate(READ_BACK).items()
    (written := visitor.workshop.settings.data / name).write_bytes(base64.b64decode(content))
    assert "Ward round/Ward round.txt" in zipfile.ZipFile(written).namelist()


def test_who_stops_it_keeps_no_file(visitor: Visitor) -> None:
    for name in ("one.wav", "two.wav"):
        put_standard(visitor, name)
    visitor.context.add_init_script(PICKER)
    page = visitor.open("/your-data")
    page.route("**/transcript.json", lambda _: None)  # It never answers.
    page.get_by_role("button", name="Make the file").click()
    expect(page.locator("[data-status]")).to_have_text("0 of 2")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-status]")).to_contain_text("No file was kept")
    expect(page.get_by_role("button", name="Make the file")).to_be_enabled()
    assert page.evaluate(READ_BACK) == {}


def test_what_does_not_open_is_named_and_does_not_stop_the_others(visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor, "damaged.wav")
    put_standard(visitor, "whole.wav")
    _, version, sealed = stored(visitor.workshop, recording_id)
    put_in_place(visitor.workshop, recording_id, version, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    visitor.context.add_init_script(NO_PICKER)
    page = visitor.open("/your-data")
    archive = zipfile.ZipFile(take_along(page, "Everybody who has it"))
    expect(page.locator("[data-left-out] li")).to_have_count(1)
    expect(page.locator("[data-left-out]")).to_contain_text("damaged.wav")
    [damaged, whole] = json.loads(archive.read("recordings.json"))
    assert "left_out" in damaged
    assert whole["folder"] == "whole"


def test_a_locked_vault_is_unlocked_first_and_who_does_not_want_to_is_told(visitor: Visitor) -> None:
    put_private_transcript(visitor)
    visitor.context.add_init_script(NO_PICKER)
    visitor.page.evaluate("sessionStorage.clear()")
    page = visitor.open("/your-data")
    page.get_by_role("button", name="Make the file").click()
    page.locator("#unlock-dialog").get_by_role("button", name="Not now").click()
    expect(page.locator("[data-take-along] [data-trouble]")).to_contain_text("Your vault is locked")
    with page.expect_download():
        page.get_by_role("button", name="Make the file").click()
        unlock(page)


def test_who_has_nothing_yet_is_told_so(visitor: Visitor) -> None:
    page = visitor.open("/your-data")
    expect(page.get_by_role("button", name="Make the file")).to_be_disabled()
    expect(page.locator("[data-take-along]")).to_contain_text("There is no transcript yet")


def delete_all(page: Page, name: str = "owner", passphrase: str = PASSPHRASE) -> None:
    page.get_by_text("Delete everything", exact=True).last.click()
    page.get_by_label("Your name, as it stands here").fill(name)
    page.locator("[data-delete-all]").get_by_label("Passphrase").fill(passphrase)
    page.get_by_role("button", name="Delete everything for good").click()


def nothing_is_left(workshop: Workshop, owner_id: str) -> bool:
    with workshop.database.read() as session:
        rows = recordings.listing(session, owner_id)
        known = accounts.ids(session)
    return not rows and workshop.keystore.subjects() <= known and not workshop.spool.audio_ids()


def test_everything_is_erased_and_the_vault_misses_nothing_afterwards(visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor)
    visitor.open(f"/recordings/{recording_id}")
    expect(visitor.page.locator(".turn")).to_have_count(5)
    put_standard(visitor, "done.wav")
    put_recording(visitor.workshop, visitor.owner_id, "waiting.wav")
    page = visitor.open("/your-data")
    delete_all(page)
    expect(page.locator("[data-end]")).to_contain_text("Erased for good: 3 recordings.")
    assert nothing_is_left(visitor.workshop, visitor.owner_id)
    page.get_by_role("link", name="To the library").click()
    expect(page.get_by_role("heading", name="No recordings yet")).to_be_visible()
    page.wait_for_timeout(500)
    expect(page.locator("[data-vault-notices] [role=alert]")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "passphrase", "said"),
    [
        ("somebody", PASSPHRASE, "That is not your name"),
        ("owner", "another passphrase than mine", "The passphrase is not right."),
    ],
)
def test_another_name_or_passphrase_erases_nothing(visitor: Visitor, name: str, passphrase: str, said: str) -> None:
    put_standard(visitor, "kept.wav")
    page = visitor.open("/your-data")
    delete_all(page, name, passphrase)
    expect(page.locator("[data-delete-all] [data-trouble]")).to_contain_text(said)
    with visitor.workshop.database.read() as session:
        assert len(recordings.listing(session, visitor.owner_id)) == 1


def test_the_last_administrator_is_told_why_the_account_stays(visitor: Visitor) -> None:
    page = visitor.open("/your-data")
    page.get_by_text("Delete everything", exact=True).last.click()
    expect(page.get_by_label("And my account")).to_be_disabled()
    expect(page.locator("[data-delete-all]")).to_contain_text("You are the last administrator")


def test_who_wants_it_leaves_with_the_account(visit: Callable[..., Visitor]) -> None:
    visit()
    leaving = visit(name="Bela")
    put_private_transcript(leaving)
    page = leaving.open("/your-data")
    page.get_by_text("Delete everything", exact=True).last.click()
    page.get_by_label("And my account").check()
    page.get_by_text("Delete everything", exact=True).last.click()  # Closed again; what was ticked stays.
    delete_all(page, "Bela")
    expect(page.locator("[data-end]")).to_contain_text("Erased for good: 1 recording.")
    assert page.evaluate("sessionStorage.getItem('cloister-vault')") is None
    with leaving.workshop.database.read() as session:
        assert accounts.by_name(session, "Bela") is None
    leaving.open("/your-data")
    expect(page.get_by_role("button", name="Make the file")).to_have_count(0)
