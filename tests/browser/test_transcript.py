from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.web.appliance import LINES, a_transcript, finish_job, put_recording

pytestmark = pytest.mark.browser

HOSTILE = "<script>alert(1)</script>"
LONG = tuple((f"S{1 + number // 3 % 8}", number * 4.0, number * 4.0 + 3.5, f"Line {number}.") for number in range(6500))


def put_transcript(visitor: Visitor, lines: tuple[tuple[str, float, float, str], ...] = LINES, **given: object) -> str:
    recording_id = put_recording(visitor.workshop, visitor.owner_id, "Hearing.wav")
    finish_job(visitor.workshop, recording_id, a_transcript(lines, **given))  # type: ignore[arg-type]
    return recording_id


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


def test_a_renamed_speaker_is_renamed_everywhere(visitor: Visitor) -> None:
    recording_id = put_transcript(visitor)
    page = visitor.open(f"/recordings/{recording_id}")
    page.locator(".turn").get_by_role("button", name="Rename Speaker 2").first.click()
    page.get_by_label("Name, everywhere in this transcript").fill("Amina Rahman")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.locator(".turn__name", has_text="Amina Rahman")).to_have_count(2)
    expect(page.locator(".speakers__name", has_text="Amina Rahman")).to_have_count(1)
    expect(page.locator("#notices")).to_contain_text("Renamed to Amina Rahman")
    page.reload()
    expect(page.locator(".turn__name", has_text="Amina Rahman")).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role("link", name="TXT").click()
    assert download.value.suggested_filename == "Hearing.txt"
    assert "Amina Rahman" in download.value.path().read_text()


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


@pytest.mark.parametrize("form", ["TXT", "SRT", "VTT", "JSON"])
def test_each_file_is_one_click_away(visitor: Visitor, form: str) -> None:
    page = visitor.open(f"/recordings/{put_transcript(visitor)}")
    with page.expect_download() as download:
        page.get_by_role("link", name=form).click()
    assert download.value.suggested_filename == f"Hearing.{form.lower()}"


def test_the_rarer_file_is_in_the_menu(visitor: Visitor) -> None:
    page = visitor.open(f"/recordings/{put_transcript(visitor)}")
    page.locator("summary", has_text="More").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as RTTM").click()
    assert download.value.suggested_filename == "Hearing.rttm"


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
