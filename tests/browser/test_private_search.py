"""The search box over private recordings: found in the browser, marked, and nothing of it anywhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, expect

from appliance.worker.library import delete_recording
from appliance.worker.searching import start_indexing
from tests.browser.conftest import Visitor
from tests.browser.private import every_stored_byte, put_private_transcript, unlock, upload_privately
from tests.web.appliance import LINES, a_transcript, finish_job, put_recording
from tests.worker.private import finish_privately

pytestmark = pytest.mark.browser

SECRET = "zqcanaryword"
SPOKEN = (("S1", 0.0, 4.0, f"The gate of {SECRET} stood open."), ("S2", 4.5, 9.0, "Two voices I did not know."))


def put_spoken(visitor: Visitor, name: str = "Ward 4, Müller.wav") -> str:
    recording_id = upload_privately(visitor, name)
    finish_privately(visitor.workshop, recording_id, a_transcript(SPOKEN))
    return recording_id


def search(page: Page, query: str) -> None:
    page.locator("#search-query").fill(query)
    page.locator("#search-query").press("Enter")


def expect_found(page: Page, number: int) -> None:
    expect(page.locator(".found")).to_have_count(number)


def test_first(visitor: Visitor) -> None:
    put_spoken(visitor)
    page = visitor.open("/search")
    page.on("console", lambda m: print("CONSOLE", m.text))
    page.on("pageerror", lambda m: print("ERR", m))
    search(page, SECRET)
    try:
        expect(page.locator(".found")).to_have_count(1, timeout=8000)
    finally:
        print(page.locator("[data-search]").inner_text())
