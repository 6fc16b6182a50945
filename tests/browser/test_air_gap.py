"""The Air gap page in a browser: pressed, folded out, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.doctor.ready import READY

pytestmark = pytest.mark.browser


def test_it_is_one_step_from_every_page(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.get_by_role("link", name="Air gap").click()
    expect(page.get_by_role("heading", level=1, name="Air gap")).to_be_visible()
    expect(page.get_by_role("link", name="Air gap")).to_have_attribute("aria-current", "page")


def test_who_is_not_signed_in_is_not_offered_it(visit: Callable[..., Visitor]) -> None:
    page = visit(signed_in=False).open("/trust")
    expect(page.get_by_role("link", name="Air gap")).to_have_count(0)


def test_the_live_test_runs_by_keyboard_and_its_result_is_said(visitor: Visitor) -> None:
    page = visitor.open("/air-gap")
    button = page.get_by_role("button", name="Test now")
    button.focus()
    page.keyboard.press("Enter")
    result = page.locator("#test [role=alert]")
    expect(result).to_contain_text("A way out was found open.")  # Nothing seals the server of these tests.
    expect(button).to_be_enabled()
    expect(page.locator("#test .call--open").first).to_be_visible()


def test_the_languages_fold_out_and_fit_a_phone(visit: Callable[..., Visitor]) -> None:
    visitor = visit(viewport={"width": 390, "height": 800})
    visitor.workshop.engine._ready = READY
    page = visitor.open("/air-gap")
    page.get_by_text("What they do for each language").click()
    expect(page.get_by_role("rowheader", name="English")).to_be_visible()
    page.get_by_text("Interfaces, routes, sockets").click()
    expect(page.get_by_role("rowheader", name="lo", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_the_report_is_downloaded_under_its_date(visitor: Visitor) -> None:
    page = visitor.open("/air-gap")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download report").click()
    assert waiting.value.suggested_filename.startswith("cloister-air-gap-20")
    assert waiting.value.path().read_text().startswith("Cloister: report on the air gap")
