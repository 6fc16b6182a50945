from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from appliance.exports import FORMATS
from appliance.worker.library import save_transcript
from tests.browser.visitor import Visitor
from tests.exports.conversations import CONVERSATIONS, ten_hours
from tests.web.appliance import LINES, a_transcript, finish_job, put_recording

pytestmark = pytest.mark.browser

HOSTILE = "<script>alert(1)</script>"
TITLE = "সাক্ষাৎকার: Ämter / 👍🏽 \u202e2.mp3"
STEM = "সাক্ষাৎকার_ Ämter _ 👍🏽 2"
LONG = tuple((f"S{1 + number // 3 % 8}", number * 4.0, number * 4.0 + 3.5, f"Line {number}.") for number in range(6500))


def put_transcript(visitor: Visitor, lines: tuple[tuple[str, float, float, str], ...] = LINES, **given: object) -> str:
    recording_id = put_recording(visitor.workshop, visitor.owner_id, "Hearing.wav")
    finish_job(visitor.workshop, recording_id, a_transcript(lines, **given))  # type: ignore[arg-type]
    return recording_id


@dataclass(frozen=True)
class Saved:
    """A file as the browser saved it."""

    name: str
    content: bytes


def file_of(page: Page, button: str) -> Saved:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Saved(download.value.suggested_filename, download.value.path().read_bytes())


def asked_for(page: Page) -> list[str]:
    """Return a list that fills with what the page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def test_turns_show_who_said_what_and_when(visitor: Visitor) -> None:
    page = visitor.open(f"/recordings/{put_transcript(visitor)}")
    turns = page.locator(".turn")
    expect(turns).to_have_count(5)
    expect(turns.first).to_contain_text("Speaker 1")
    expect(turns.first).to_contain_text("0:00")
    expect(turns.nth(1)).to_contain_text("My name is Amina Rahman")
    colours = {
        turns.nth(index).evaluate("turn => getComputedStyle(turn).borderInlineStartColor") for index in (0, 1, 4)
    }
    assert len(colours) == 3
    assert turns.first.evaluate("turn => getComputedStyle(turn).contentVisibility") == "auto"


def test_the_page_says_which_set_of_models_made_the_transcript(visitor: Visitor) -> None:
    page = visitor.open(f"/recordings/{put_transcript(visitor)}")
    expect(page.locator("[data-facts]")).to_contain_text("Made with whisper-base (starter 1)")


def test_a_renamed_speaker_is_renamed_everywhere(visitor: Visitor) -> None:
    recording_id = put_transcript(visitor)
    page = visitor.open(f"/recordings/{recording_id}")
    page.locator(".turn").get_by_role("button", name="Rename Speaker 2").first.click()
    page.get_by_label("Name, everywhere in this transcript").fill("Amina Rahman")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.locator(".turn__name", has_text="Amina Rahman")).to_have_count(2)
    expect(page.locator(".speakers__name", has_text="Amina Rahman")).to_have_count(1)
    expect(page.locator("#notices")).to_contain_text("Renamed to Amina Rahman")
    assert b"Amina Rahman" in file_of(page, "Download as TXT").content
    page.reload()
    expect(page.locator(".turn__name", has_text="Amina Rahman")).to_have_count(2)
    assert b"Amina Rahman" in file_of(page, "Download as TXT").content


def test_a_rename_over_somebody_elses_change_says_so_and_keeps_the_typed_name(visitor: Visitor) -> None:
    recording_id = put_transcript(visitor)
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator(".turn")).to_have_count(5)
    other = visitor.context.new_page()
    visitor.watch.over(other)
    for tab, name in ((other, "Clerk"), (page, "Judge")):
        tab.goto(f"{visitor.live.address}/recordings/{recording_id}") if tab is other else None
        tab.locator(".turn").get_by_role("button", name="Rename Speaker 1").first.click()
        tab.get_by_label("Name, everywhere in this transcript").fill(name)
        tab.get_by_role("button", name="Rename", exact=True).click()
        if tab is other:
            expect(tab.locator("#notices")).to_contain_text("Renamed to Clerk")
    expect(page.get_by_role("dialog")).to_contain_text("changed somewhere else")
    assert page.get_by_label("Name, everywhere in this transcript").input_value() == "Judge"


@pytest.mark.parametrize("form", FORMATS)
def test_the_browser_makes_the_file_that_the_appliance_would_send(visitor: Visitor, form: str) -> None:
    recording_id = put_recording(visitor.workshop, visitor.owner_id, TITLE)
    finish_job(visitor.workshop, recording_id, CONVERSATIONS["bengali_and_english"])
    page = visitor.open(f"/recordings/{recording_id}")
    address = f"{visitor.live.address}/recordings/{recording_id}/download/{form}"
    sent = visitor.context.request.get(address)
    asked = asked_for(page)
    if page.get_by_role("button", name=f"Download as {form.upper()}").is_hidden():
        page.locator("summary", has_text="More").click()
    made = file_of(page, f"Download as {form.upper()}")
    assert made.content == sent.body()
    assert made.name == f"{STEM}.{form}"
    assert unquote(sent.headers["content-disposition"].split("filename*=UTF-8''")[1]) == made.name
    assert [url for url in asked if not url.startswith("blob:")] == []


def test_only_the_rarest_file_is_in_the_menu(visitor: Visitor) -> None:
    page = visitor.open(f"/recordings/{put_transcript(visitor)}")
    buttons = page.locator("[data-download]")
    assert buttons.evaluate_all("found => found.map((one) => one.dataset.download)") == list(FORMATS)
    assert [button.is_visible() for button in buttons.all()] == [True, True, True, True, False]


def test_a_file_is_made_by_the_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.open(f"/recordings/{put_transcript(visitor)}")
    for key in ("Enter", "Space"):
        page.get_by_role("button", name="Download as SRT").focus()
        with page.expect_download() as download:
            page.keyboard.press(key)
        assert download.value.suggested_filename == "Hearing.srt"
    expect(page.get_by_role("button", name="Download as SRT")).to_be_focused()


def test_a_file_of_a_rename_that_was_refused_has_the_names_that_are_shown(visitor: Visitor) -> None:
    recording_id = put_transcript(visitor)
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator(".turn")).to_have_count(5)
    save_transcript(visitor.workshop, recording_id, a_transcript().rename("S1", "Clerk"), 1)
    page.locator(".turn").get_by_role("button", name="Rename Speaker 1").first.click()
    page.get_by_label("Name, everywhere in this transcript").fill("Judge")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("changed somewhere else")
    page.keyboard.press("Escape")
    content = file_of(page, "Download as TXT").content
    assert b"Speaker 1" in content
    assert b"Judge" not in content


def test_a_transcript_that_did_not_open_makes_no_file_and_says_so(visitor: Visitor) -> None:
    recording_id = put_transcript(visitor)
    visitor.page.route("**/transcript.json", lambda route: route.abort())
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator("[data-loading]")).to_contain_text("does not answer")
    page.get_by_role("button", name="Download as TXT").click()
    expect(page.locator("#problems")).to_contain_text("does not answer")


def test_ten_hours_of_speech_become_subtitles_within_seconds(visitor: Visitor) -> None:
    recording_id = put_recording(visitor.workshop, visitor.owner_id, "Hearing.wav")
    finish_job(visitor.workshop, recording_id, ten_hours())
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator("[data-loading]")).to_have_count(0)
    began = time.monotonic()
    made = file_of(page, "Download as SRT")
    assert time.monotonic() - began < 15
    assert made.content == FORMATS["srt"].render(ten_hours())


def test_whatever_was_said_stays_text(visitor: Visitor) -> None:
    lines = (("S1", 0.0, 1.0, HOSTILE), ("S2", 1.0, 2.0, "<b>bold</b>"))
    recording_id = put_transcript(visitor, lines, names={"S1": HOSTILE, "S2": "<i>x</i>"})
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator(".turn__said").first).to_have_text(HOSTILE)
    expect(page.locator(".turn__name").first).to_have_text(HOSTILE)
    assert page.locator("[data-transcript] script, [data-transcript] b, [data-transcript] i").count() == 0


def test_a_link_to_a_moment_shows_that_moment(visitor: Visitor) -> None:
    page = visitor.open(f"/recordings/{put_transcript(visitor)}#t=15.1")
    expect(page.locator(".turn__text--here")).to_contain_text("At home.")
    page.locator(".turn__time").first.click()
    assert page.url.endswith("#t=0")
    expect(page.locator(".turn__text--here")).to_contain_text("Good morning.")


def test_the_keyboard_walks_renames_and_copies(visitor: Visitor) -> None:
    recording_id = put_transcript(visitor)
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator(".turn")).to_have_count(5)
    for _ in range(2):
        page.keyboard.press("j")
    expect(page.locator(".turn--current")).to_contain_text("My name is Amina Rahman")
    page.keyboard.press("c")
    expect(page.locator("#notices")).to_contain_text("Link copied")
    page.keyboard.press("k")
    page.keyboard.press("r")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.type("Judge")
    page.keyboard.press("Enter")
    expect(page.locator(".turn__name").first).to_have_text("Judge")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


def test_a_hearing_of_6500_segments_does_not_freeze_the_page(visitor: Visitor) -> None:
    page = visitor.open(f"/recordings/{put_transcript(visitor, LONG)}")
    page.evaluate(
        """() => {
          window.longest = 0;
          let last = performance.now();
          const tick = () => {
            const now = performance.now();
            window.longest = Math.max(window.longest, now - last);
            last = now;
            setTimeout(tick);
          };
          tick();
        }"""
    )
    began = time.monotonic()
    expect(page.locator(".turn").last).to_contain_text("Line 6499.")
    assert time.monotonic() - began < 10
    assert page.evaluate("window.longest") < 2000
    began = time.monotonic()
    page.keyboard.press("j")
    expect(page.locator(".turn--current")).to_have_count(1)
    assert time.monotonic() - began < 2


def test_a_recording_without_speech_says_so(visitor: Visitor) -> None:
    recording_id = put_transcript(visitor, (("S1", 0.0, 1.0, " "),))
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.locator("[data-turns]")).to_have_text("No speech was found in this recording.")


def test_deleting_leads_back_to_the_library(visitor: Visitor) -> None:
    page = visitor.open(f"/recordings/{put_transcript(visitor)}")
    page.locator("summary", has_text="More").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="No recordings yet")).to_be_visible()
