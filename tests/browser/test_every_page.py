"""Each page, in each language, both schemes and three widths: nothing foreign, nothing refused, nothing cut off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from appliance.errors import UnreadableMediaError
from tests.browser.visitor import Visitor
from tests.organisation import Organisation
from tests.web.appliance import a_transcript, enrolled, fail_job, finish_job, issue_link, put_recording, run_job
from tests.worker.shared import Team

pytestmark = pytest.mark.browser

WIDTHS = {"phone": 390, "half": 640, "desk": 1280}  # 640 is a desk's window at 200 per cent.
LONG_NAME = "A recording with a very long name that nobody wanted to shorten " + "x" * 60 + ".wav"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "bn-BD"])
def test_no_page_scrolls_sideways_or_loads_anything_foreign(
    visit: Callable[..., Visitor], locale: str, scheme: str
) -> None:
    visitor = visit(locale=locale, color_scheme=scheme)
    finished = put_recording(visitor.workshop, visitor.owner_id, LONG_NAME)
    finish_job(visitor.workshop, finished, a_transcript())
    failed = put_recording(visitor.workshop, visitor.owner_id, "broken.wav")
    fail_job(visitor.workshop, failed, UnreadableMediaError())
    running = put_recording(visitor.workshop, visitor.owner_id, "running.wav")
    run_job(visitor.workshop, running)
    invited = f"/setup/{issue_link(visitor.workshop, LONG_NAME[:80], 'member')}"
    together = f"/workspaces/{Team().made_by(visitor.workshop, enrolled(visitor.workshop)).hex}"
    organisation = Organisation()
    organisation.publish(visitor.workshop)
    organisation.consented_by(visitor.workshop, enrolled(visitor.workshop))
    shared = ("/workspaces", together, "/organisation")
    own = (
        "/",
        f"/recordings/{finished}",
        "/search",
        "/air-gap",
        "/account",
        "/people",
        "/models",
        "/your-data",
        *shared,
    )
    for path in (*own, "/what-it-sees", "/recover", invited, "/trust", "/nothing"):
        page = visitor.open(path)
        if path.startswith("/recordings"):
            expect(page.locator(".turn").first).to_be_visible()
        for name, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 800})
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wider == 0, (path, name)
        assert page.evaluate("window.refusals") == []


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/search",
        "/air-gap",
        "/account",
        "/people",
        "/models",
        "/your-data",
        "/workspaces",
        "/organisation",
        "/what-it-sees",
        "/recover",
        "/trust",
        "/setup/token",
        "/nothing",
    ],
)
def test_every_page_has_a_language_a_title_one_heading_and_named_controls(visitor: Visitor, path: str) -> None:
    page = visitor.open(path)
    assert page.evaluate("document.documentElement.lang") == "en"
    assert "Cloister" in page.title()
    assert page.locator("h1").count() == 1
    nameless = page.evaluate(
        """[...document.querySelectorAll('button, a[href], summary')].filter((control) =>
             !(control.getAttribute('aria-label') || control.textContent.trim())).length"""
    )
    assert nameless == 0
    unlabelled = page.evaluate(
        """[...document.querySelectorAll('input:not([type=hidden]), select')]
             .filter((field) => !field.labels.length).length"""
    )
    assert unlabelled == 0


def test_focus_is_visible(visitor: Visitor) -> None:
    page = visitor.open("/")
    for _ in range(5):
        page.keyboard.press("Tab")
        style = page.evaluate(
            """() => {
              const marked = document.activeElement.id === 'files'
                ? document.querySelector('label[for=files]') : document.activeElement;
              return getComputedStyle(marked).outlineStyle;
            }"""
        )
        assert style != "none"


def test_motion_stops_for_who_asked_for_it(visit: Callable[..., Visitor]) -> None:
    page = visit(reduced_motion="reduce").open("/")
    assert page.locator(".button").first.evaluate("button => getComputedStyle(button).transitionDuration") in (
        "0s",
        "0s, 0s, 0s",
    )
