"""The browser that all these tests drive is the one that they mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import WITHOUT
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser
SWITCH = "--disable-features="


def test_nothing_that_playwright_switches_off_is_on_again(chromium: Browser) -> None:
    processes = chromium.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    number = next(process["id"] for process in processes if process["type"] == "browser")
    given = Path(f"/proc/{number}/cmdline").read_text().split("\0")
    playwrights, ours = (argument.removeprefix(SWITCH).split(",") for argument in given if argument.startswith(SWITCH))
    assert tuple(ours) == WITHOUT
    assert set(playwrights) < set(ours)


def test_a_visit_opens_no_page_but_the_one_of_the_test(chromium: Browser, visitor: Visitor) -> None:
    visitor.open("/trust")
    every_kind: list[dict[str, object]] = [{}]
    targets = chromium.new_browser_cdp_session().send("Target.getTargets", {"filter": every_kind})["targetInfos"]
    assert {target["url"] for target in targets if target["type"] != "browser"} == {f"{visitor.live.address}/trust"}


def test_styles_and_scripts_come_from_the_cache_at_the_second_visit(visitor: Visitor) -> None:
    page = visitor.open("/trust")
    visitor.open("/trust")
    loaded = page.evaluate("performance.getEntriesByType('resource').map((entry) => [entry.name, entry.transferSize])")
    fetched = {name: size > 0 for name, size in loaded if name.endswith((".css", ".js"))}
    assert fetched
    assert not any(fetched.values())
