"""What a visitor's browser keeps of a link on its disk, in a profile that lasts."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import CHROMIUM
from tests.browser.sharing import expect_transcript, make_link, put_transcript
from tests.browser.visitor import Visitor
from tests.links import Link

pytestmark = pytest.mark.browser

PIN = "seven brown owls"
WRITES_EVERY_S = 11  # Chromium writes its history and its open tabs down every ten seconds.

# It writes the address of a page down before the page's first script runs, and no page can take that back: a line of
# the history that it does not show, the file from which it opens tabs again, and its own statistics. SECURITY.md says
# so; the page can only do without everything else, and offers to send the key apart.
KEEPS_THE_FIRST_ADDRESS = re.compile(r"Default/History(-journal)?|Default/Sessions/\w+|segmentation_platform/ukm_db.*")


@contextmanager
def lasting(chromium: Browser, arguments: list[str], profile: Path) -> Iterator[Page]:
    """Open a browser that keeps what any browser keeps."""
    context = chromium.browser_type.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=arguments, locale="en-GB"
    )
    page = context.new_page()
    yield page
    page.wait_for_timeout(WRITES_EVERY_S * 1000)
    context.close()


def files_with(profile: Path, text: str) -> set[str]:
    spellings = (text.encode(), text.encode("utf-16-le"))
    files = (path for path in profile.rglob("*") if path.is_file())
    return {
        path.relative_to(profile).as_posix()
        for path in files
        if any(spelling in path.read_bytes() for spelling in spellings)
    }


def shown_history(profile: Path) -> list[tuple[str, str]]:
    """Return addresses and titles that the history shows and suggests from."""
    with closing(sqlite3.connect(profile / "Default" / "History")) as history:
        return history.execute("SELECT url, title FROM urls WHERE NOT hidden").fetchall()


def test_the_history_that_is_shown_has_neither_key_nor_title(
    chromium: Browser, arguments: list[str], visitor: Visitor, tmp_path: Path
) -> None:
    profile = tmp_path / "profile"
    link = make_link(visitor, put_transcript(visitor), PIN)
    with lasting(chromium, arguments, profile) as page:
        page.goto(link)
        page.get_by_label("PIN").fill(PIN)
        page.keyboard.press("Enter")
        expect_transcript(page)
        page.locator(".turn__time").last.click()
    key = Link.parse(link).fragment
    shown = shown_history(profile)
    assert {address.partition("#")[0] for address, _ in shown} == {link.partition("#")[0]}
    assert not [address for address, _ in shown if key in address]
    assert {title[: len("Shared transcript")] for _, title in shown} == {"Shared transcript"}
    assert {name for name in files_with(profile, key) if not KEEPS_THE_FIRST_ADDRESS.fullmatch(name)} == set()
    for text in ("Müller", "Hearing 12", "Mill Lane", PIN):
        assert files_with(profile, text) == set(), text


def test_a_key_that_was_sent_apart_is_nowhere(
    chromium: Browser, arguments: list[str], visitor: Visitor, tmp_path: Path
) -> None:
    profile = tmp_path / "profile"
    address, _, key = make_link(visitor, put_transcript(visitor)).partition("#")
    with lasting(chromium, arguments, profile) as page:
        page.goto(address)
        page.get_by_label("The whole link, or its key").fill(key)
        page.keyboard.press("Enter")
        expect_transcript(page)
    assert files_with(profile, address.rpartition("/")[2])  # What is looked for can be found.
    assert files_with(profile, key) == set()


def test_another_language_leaves_no_key_in_the_history_that_is_shown(
    chromium: Browser, arguments: list[str], visitor: Visitor, tmp_path: Path
) -> None:
    profile = tmp_path / "profile"
    address, _, key = make_link(visitor, put_transcript(visitor)).partition("#")
    with lasting(chromium, arguments, profile) as page:
        page.goto(f"{address}#{key}")
        expect_transcript(page)
        page.locator("summary", has_text="Language and appearance").click()
        page.get_by_role("button", name="বাংলা").click()
        page.wait_for_selector("html[lang=bn]")
        expect_transcript(page)
    shown = shown_history(profile)
    assert shown
    assert not [address for address, _ in shown if key in address]
