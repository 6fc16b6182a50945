"""The Models page in a browser: a true bundle from the file to the next job and back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from appliance.records.accounts import ADMINISTRATOR, MEMBER
from appliance.spool import CHUNK_BYTES
from tests.browser.visitor import Visitor
from tests.web.appliance import LiveAppliance, open_workshop, serving
from tests.web.stages import Trials, image_in, made, settled, tried

pytestmark = pytest.mark.browser

DROP = """
([name, size]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(size).fill(7)], name));
  for (const type of ['dragenter', 'dragover', 'drop']) {
    document.querySelector('main').dispatchEvent(
      new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}
"""


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> Trials:
    return Trials(monkeypatch)


@pytest.fixture
def live(tmp_path: Path, certificates: Path, trials: Trials) -> Iterator[LiveAppliance]:
    imports = tmp_path / "imports"
    imports.mkdir()
    (tmp_path / "keys").symlink_to(certificates)
    workshop = open_workshop(tmp_path, models=image_in(tmp_path), imports=imports)
    with serving(workshop) as appliance:
        yield appliance
    trials.going_on.set()
    workshop.close()


def choose(page: Page, content: bytes, name: str = "spring.cloister") -> None:
    page.set_input_files("#update-file", {"name": name, "mimeType": "application/octet-stream", "buffer": content})


def test_an_update_is_uploaded_tried_used_and_gone_back_from(visitor: Visitor, trials: Trials) -> None:
    trials.result = tried(0.08, 0.11, own=(0.12, 0.19))
    page = visitor.open("/models")
    expect(page.locator("#in-use")).to_contain_text("starter")
    choose(page, made(7, size=CHUNK_BYTES + 500))
    expect(page.locator("#ready")).to_contain_text("Nothing speaks against using it.")
    expect(page.locator("[data-own-upload]")).to_be_hidden()
    expect(page.get_by_role("row", name="ward.wav")).to_contain_text("at most 15%")
    page.get_by_role("button", name="Use it").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("is finished with the old set")
    expect(dialog).to_contain_text("tiny 2026.11")
    dialog.get_by_role("button", name="Not now").click()
    assert visitor.workshop.updates.store.ledger.candidate is not None
    page.get_by_role("button", name="Use it").click()
    page.get_by_role("dialog").get_by_role("button", name="Use it").click()
    expect(page.locator("#in-use")).to_contain_text("Under watch for 3 more recordings")
    assert visitor.workshop.updates.store.active_set() != visitor.workshop.updates.store.image_set
    page.get_by_role("button", name="Go back to starter 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Go back").click()
    expect(page.locator("#in-use")).to_contain_text("It came with the appliance.")
    expect(page.locator("#history")).to_contain_text("back to the set that came with the appliance")


def test_what_a_stranger_signed_is_refused_on_its_row_before_the_rest_is_sent(visitor: Visitor) -> None:
    page = visitor.open("/models")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/chunks/" in request.url else None)
    choose(page, made(7, by=["mallory"], size=2 * CHUNK_BYTES))
    trouble = page.locator("[data-own-upload] [role=alert]")
    expect(trouble).to_contain_text("Nobody whom this appliance trusts has signed this model update.")
    assert len(sent) == 1
    expect(page.locator("#history")).to_contain_text("was refused")
    page.locator("[data-own-upload]").get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-own-upload]")).to_be_hidden()


def test_a_file_of_another_kind_is_not_even_begun(visitor: Visitor) -> None:
    page = visitor.open("/models")
    page.evaluate(DROP, ["holiday.mp4", 100])
    expect(page.locator("#problems")).to_contain_text("holiday.mp4 is no model update")
    page.evaluate(DROP, ["large.cloister.002", 100])
    expect(page.locator("#problems")).to_contain_text("large.cloister.002 is one part of several")
    assert page.url == f"{visitor.live.address}/models"
    page.evaluate(DROP, ["wrong.cloister", 5000])
    expect(page.locator("[data-own-upload] [role=alert]")).to_contain_text("not a model update")


def test_an_upload_goes_on_after_the_connection_broke(visitor: Visitor) -> None:
    page = visitor.open("/models")
    broken = threading.Event()

    def break_once(route: Route) -> None:
        if route.request.url.endswith("/chunks/1") and not broken.is_set():
            broken.set()
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/chunks/*", break_once)
    choose(page, made(7, size=CHUNK_BYTES + 500))
    expect(page.locator("#ready")).to_contain_text("Nothing speaks against using it.")
    assert broken.is_set()


def test_the_same_file_goes_on_after_the_page_was_loaded_again(visitor: Visitor) -> None:
    content = made(7, size=CHUNK_BYTES + 500)
    page = visitor.open("/models")
    page.route("**/chunks/1", lambda route: route.abort("connectionreset"))
    choose(page, content)
    expect(page.locator("[data-own-upload]")).to_contain_text("The connection was lost.")
    expect(page.locator("#underway")).to_be_hidden()  # Its own row says more.
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("[data-arrival]")).to_contain_text("spring.cloister")
    page.unroute("**/chunks/1")
    sent: list[str] = []
    page.on(
        "request", lambda request: sent.append(request.url.rsplit("/", 1)[1]) if "/chunks/" in request.url else None
    )
    choose(page, content)
    expect(page.locator("#ready")).to_contain_text("Nothing speaks against using it.")
    expect(page.locator("[data-arrival]")).to_have_count(0)
    assert sent == ["0", "1"]


def test_an_answer_that_was_lost_does_not_look_like_a_refusal(visitor: Visitor) -> None:
    page = visitor.open("/models")
    lost = threading.Event()

    def lose_once(route: Route) -> None:
        if lost.is_set():
            return route.continue_()
        route.fetch()
        lost.set()
        return route.abort("connectionreset")

    page.route("**/take-in", lose_once)
    choose(page, made(7))
    expect(page.locator("#ready")).to_contain_text("Nothing speaks against using it.")
    expect(page.locator("[data-own-upload]")).to_be_hidden()
    assert lost.is_set()


def test_another_administrator_sees_the_steps_and_stops_them(visit: Callable[..., Visitor], trials: Trials) -> None:
    trials.going_on.clear()
    choose(visit().open("/models"), made(7))
    other = visit(name="Amina", role=ADMINISTRATOR)
    page = other.open("/models")
    expect(page.locator("[data-underway]")).to_contain_text("Trying the update: recording 1 of 2")
    expect(page.locator("[data-underway]")).to_contain_text("owner")
    expect(page.get_by_role("button", name="Discard")).to_be_disabled()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-underway]")).to_have_count(0)
    expect(page.locator("#ready")).to_contain_text("The trial was stopped.")
    expect(page.get_by_role("button", name="Use it")).to_have_count(0)
    trials.going_on.set()
    page.get_by_role("button", name="Try it", exact=True).click()
    expect(page.locator("#ready")).to_contain_text("Nothing speaks against using it.")


def test_a_stick_is_brought_in_and_discarded_by_keyboard(visitor: Visitor) -> None:
    imports = visitor.workshop.settings.imports
    assert imports is not None
    page = visitor.open("/models")
    expect(page.locator("#imports")).to_contain_text("No model update lies in the folder for sticks.")
    (imports / "spring.cloister").write_bytes(made(7))
    button = page.get_by_role("button", name="Bring in spring.cloister")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ready")).to_contain_text("Nothing speaks against using it.")
    page.locator("#discard-update").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    settled(visitor.workshop)
    assert visitor.workshop.updates.store.ledger.candidate is not None
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Discard").press("Enter")
    expect(page.locator("#ready")).to_contain_text("Nothing stands ready.")


def test_the_button_that_has_the_focus_keeps_it_while_progress_comes(visitor: Visitor, trials: Trials) -> None:
    trials.going_on.clear()
    page = visitor.open("/models")
    choose(page, made(7))
    expect(page.locator("[data-underway]")).to_contain_text("Trying the update: recording 1 of 2")
    page.locator("#stop-update").focus()
    visitor.workshop.updates.changed()
    visitor.workshop.updates._advance(0.6, None)
    expect(page.locator("[data-underway]")).to_contain_text("60%")
    expect(page.locator("#stop-update")).to_be_focused()


@pytest.mark.parametrize("locale", ["en-GB", "bn-BD"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_fits_a_phone(visit: Callable[..., Visitor], trials: Trials, locale: str, scheme: str) -> None:
    trials.result = tried(0.08, 0.11, own=(0.3, 0.19))
    visitor = visit(viewport={"width": 390, "height": 844}, locale=locale, color_scheme=scheme)
    page = visitor.open("/models")
    choose(page, made(7, languages=["en"]), name="a-very-long-name-" * 8 + ".cloister")
    expect(page.locator("#use-update")).to_be_visible()
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider == 0
    region = page.locator(".report__table")
    assert region.evaluate("region => region.scrollWidth - region.clientWidth") == 0
    if locale == "bn-BD":
        expect(page.locator("#ready")).to_contain_text("চলতি সেট যেসব ভাষা লেখে, এটি সেগুলো লেখে না")


def test_a_member_is_shown_no_way_in(visit: Callable[..., Visitor], chromium: Browser) -> None:
    assert chromium.is_connected()
    visit()
    page = visit(name="Ben", role=MEMBER).open("/models")
    expect(page.get_by_role("heading", level=1)).to_contain_text("This is not allowed")
    expect(page.locator("input[type=file]")).to_have_count(0)
