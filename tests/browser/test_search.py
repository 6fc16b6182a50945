from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, expect

from appliance.worker.library import delete_recording
from appliance.worker.searching import start_indexing
from tests.browser.visitor import Visitor
from tests.web.appliance import LINES, a_transcript, finish_job, put_recording

pytestmark = pytest.mark.browser

PATIENCE_S = 20
SECRET = "zqsecretword"
BENGALI = (("S1", 0.0, 3.0, "শুভ সকাল। আপনার নাম কী?"), ("S2", 3.2, 8.0, "আমার নাম আমিনা রহমান, আমি এগারো বছর মিল লেনে থাকি।"))
HOSTILE = "<img src=x onerror=alert(1)> <b>bold</b>"


@pytest.fixture
def searcher(visit: Callable[..., Visitor]) -> Visitor:
    visitor = visit()
    start_indexing(visitor.workshop)
    return visitor


def put_hearing(
    visitor: Visitor,
    name: str = "Hearing.wav",
    lines: tuple[tuple[str, float, float, str], ...] = LINES,
    **given: object,
) -> str:
    recording_id = put_recording(visitor.workshop, visitor.owner_id, name)
    finish_job(visitor.workshop, recording_id, a_transcript(lines, **given))  # type: ignore[arg-type]
    visitor.workshop.indexing.changed(recording_id)
    assert visitor.workshop.indexing.wait_idle(PATIENCE_S)
    return recording_id


def ask(page: Page, query: str) -> None:
    if page.evaluate("document.activeElement.id") != "search-query":
        page.keyboard.press("/")
    page.keyboard.type(query)
    page.keyboard.press("Enter")


def test_a_moment_is_found_from_any_page_and_one_click_away(searcher: Visitor) -> None:
    recording_id = put_hearing(searcher)
    page = searcher.open("/")
    ask(page, "gate voices")
    expect(page.locator("[data-search-status]")).to_have_text("1 place in 1 recording")
    expect(page.locator(".found__title")).to_have_text("Hearing.wav")
    expect(page.locator(".found__time")).to_have_text("0:15")
    expect(page.locator(".found__who")).to_have_text("Speaker 2")
    expect(page.locator(".found mark")).to_have_text(["gate", "voices", "gate"])
    expect(page.locator("#main")).to_be_hidden()
    page.locator(".found__place").click()
    page.wait_for_url(f"**/recordings/{recording_id}#t=15.1")
    expect(page.locator(".turn__text--here")).to_contain_text("At home.")


def test_the_query_is_in_no_address_and_no_history(searcher: Visitor) -> None:
    put_hearing(searcher, lines=(("S1", 0.0, 1.0, f"It is {SECRET}."),))
    seen: list[Request] = []
    searcher.page.on("request", lambda request: seen.append(request))  # noqa: PLW0108 -- Playwright marks its listener.
    page = searcher.open("/")
    entries = page.evaluate("history.length")
    ask(page, SECRET)
    expect(page.locator(".found mark")).to_have_text(SECRET)
    assert page.evaluate("history.length") == entries
    assert page.evaluate("history.state") is None
    assert SECRET not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    page.locator(".found__place").click()
    expect(page.locator(".turn__text--here")).to_be_visible()
    assert [request.url for request in seen if SECRET in request.url] == []
    assert [request.method for request in seen if SECRET.encode() in (request.post_data_buffer or b"")] == ["POST"]
    page.go_back()
    expect(page.get_by_role("heading", name="Recordings")).to_be_visible()
    assert page.locator("#search-query").input_value() == ""
    assert SECRET not in page.content()


def test_without_scripts_the_box_goes_nowhere(visit: Callable[..., Visitor]) -> None:
    page = visit(java_script_enabled=False).open("/search")
    page.locator("#search-query").fill(SECRET)
    page.locator("#search-query").press("Enter")
    page.wait_for_timeout(300)
    assert page.url.endswith("/search")


def test_the_keyboard_walks_through_the_results_and_back(searcher: Visitor) -> None:
    recording_id = put_hearing(searcher)
    page = searcher.open("/")
    ask(page, "gate")
    expect(page.locator(".found")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".found__title a")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".found__place")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#search-query")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator("#search-query")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#main")).to_be_visible()
    expect(page.locator("[data-search]")).to_be_hidden()
    page.locator("#search-query").fill("gate")
    page.keyboard.press("Enter")
    expect(page.locator(".found__place")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/recordings/{recording_id}#t=15.1")


def test_a_hit_in_the_open_transcript_is_behind_the_results(searcher: Visitor) -> None:
    page = searcher.open(f"/recordings/{put_hearing(searcher)}")
    expect(page.locator(".turn")).to_have_count(5)
    ask(page, "mill")
    page.locator(".found__place").click()
    expect(page.locator("[data-search]")).to_be_hidden()
    expect(page.locator(".turn__text--here")).to_contain_text("Mill Lane")
    page.keyboard.press("Enter")
    page.locator(".found__place").click()
    expect(page.locator("[data-search]")).to_be_hidden()


def test_keys_of_the_transcript_rest_while_results_are_shown(searcher: Visitor) -> None:
    page = searcher.open(f"/recordings/{put_hearing(searcher)}")
    expect(page.locator(".turn")).to_have_count(5)
    ask(page, "gate")
    expect(page.locator(".found")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".found__title a")).to_be_focused()
    for key in ("j", "r", "?"):
        page.keyboard.press(key)
    assert page.locator("dialog[open]").count() == 0


def test_a_slash_that_is_typed_stays_a_slash(searcher: Visitor) -> None:
    page = searcher.open("/search")
    page.locator("[data-search-speaker]").fill("")
    page.locator("[data-search-speaker]").press("/")
    assert page.locator("[data-search-speaker]").input_value() == "/"


def test_filters_narrow_what_is_found(searcher: Visitor) -> None:
    put_hearing(searcher)
    page = searcher.open("/search")
    expect(page.locator("#search-query")).to_be_focused()
    page.keyboard.type("the")
    page.keyboard.press("Enter")
    status = page.locator("[data-search-status]")
    expect(status).to_have_text("3 places in 1 recording")
    page.get_by_label("Speaker").fill("speaker 2")
    page.get_by_label("Speaker").press("Enter")
    expect(status).to_have_text("1 place in 1 recording")
    page.get_by_label("From").fill("2100-01-01")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(status).to_have_text("Nothing was found.")
    page.get_by_label("From").fill("")
    page.get_by_label("Until").fill(page.evaluate("new Date().toLocaleDateString('sv')"))
    page.get_by_role("button", name="Search", exact=True).click()
    expect(status).to_have_text("1 place in 1 recording")


def test_whatever_was_said_and_named_stays_text(searcher: Visitor) -> None:
    put_hearing(searcher, HOSTILE, (("S1", 0.0, 1.0, HOSTILE),), names={"S1": HOSTILE})
    page = searcher.open("/search")
    ask(page, "bold")
    expect(page.locator(".found__said")).to_have_text(HOSTILE)
    expect(page.locator(".found__who")).to_have_text(HOSTILE)
    assert page.locator("[data-search-results] :is(img, b, script)").count() == 0
    expect(page.locator(".found mark")).to_have_text(["bold", "bold"])


def test_more_places_and_older_recordings_come_on_request(searcher: Visitor) -> None:
    lines = tuple(("S1", number * 2.0, number * 2.0 + 1, f"Again, number {number}.") for number in range(60))
    for number in range(12):
        put_hearing(searcher, f"Talk {number}.wav", lines)
    page = searcher.open("/search")
    ask(page, "again")
    expect(page.locator("[data-search-status]")).to_have_text("720 places in 12 recordings")
    expect(page.locator(".found")).to_have_count(10)
    first = page.locator(".found").first
    expect(first.locator(".found__place")).to_have_count(3)
    first.get_by_role("button", name="Show more places").click()
    expect(first.locator(".found__place")).to_have_count(53)
    expect(first.locator(".found__place").nth(3)).to_be_focused()
    first.get_by_role("button", name="Show more places").click()
    expect(first.locator(".found__place")).to_have_count(60)
    expect(first.locator(".found__place").last).to_contain_text("number 59")
    expect(first.get_by_role("button", name="Show more places")).to_be_hidden()
    page.get_by_role("button", name="Show older recordings").click()
    expect(page.locator(".found")).to_have_count(12)
    expect(page.get_by_role("button", name="Show older recordings")).to_be_hidden()
    titles = page.locator(".found__title").all_text_contents()
    assert [title.strip() for title in titles] == [f"Talk {number}.wav" for number in reversed(range(12))]


def test_what_is_still_being_built_is_told_and_comes_in_by_itself(visitor: Visitor) -> None:
    recording_id = put_recording(visitor.workshop, visitor.owner_id, "Hearing.wav")
    finish_job(visitor.workshop, recording_id, a_transcript())
    page = visitor.open("/search")
    ask(page, "gate")
    expect(page.locator("[data-search-building]")).to_contain_text("still being built")
    expect(page.locator("[data-search-status]")).to_have_text("Nothing was found.")
    start_indexing(visitor.workshop)
    expect(page.locator(".found__place")).to_have_count(1)
    expect(page.locator("[data-search-building]")).to_be_hidden()


def test_a_deleted_recording_is_found_no_more(searcher: Visitor) -> None:
    recording_id = put_hearing(searcher)
    page = searcher.open("/search")
    ask(page, "gate")
    expect(page.locator(".found")).to_have_count(1)
    delete_recording(searcher.workshop, searcher.owner_id, recording_id)
    page.keyboard.press("Enter")
    expect(page.locator("[data-search-status]")).to_have_text("Nothing was found.")
    expect(page.locator(".found")).to_have_count(0)
    expect(page.locator("[data-search-tips]")).to_be_visible()


def test_a_refusal_is_told_in_words(searcher: Visitor) -> None:
    page = searcher.open("/search")
    ask(page, " ".join(f"w{number}" for number in range(40)))
    expect(page.locator("#problems")).to_contain_text("32 words")


def test_a_signed_out_search_says_so(searcher: Visitor) -> None:
    page = searcher.open("/search")
    searcher.context.clear_cookies()
    ask(page, "gate")
    expect(page.locator("#problems")).to_contain_text("signed out")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "bn-BD"])
def test_results_fit_every_width_in_each_language_and_scheme(
    visit: Callable[..., Visitor], locale: str, scheme: str
) -> None:
    visitor = visit(locale=locale, color_scheme=scheme)
    start_indexing(visitor.workshop)
    put_hearing(visitor, "শুনানি " + "দীর্ঘ" * 30, BENGALI, language="bn")
    page = visitor.open("/search")
    ask(page, "আমিনা লেনে")
    expect(page.locator(".found mark")).to_have_text(["আমিনা", "লেনে"])
    if locale == "bn-BD":
        expect(page.locator("[data-search-status]")).to_have_text("১টি রেকর্ডিং, ১টি জায়গা")
        expect(page.locator(".found__time")).to_have_text("\u09e6:\u09e6\u09e9")
    for width in (360, 390, 640, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, width
    text, ground = page.evaluate(
        """() => {
          const style = getComputedStyle(document.querySelector('.found mark'));
          return [style.color, style.backgroundColor];
        }"""
    )
    assert text != ground


def test_the_page_has_one_heading_and_named_controls(searcher: Visitor) -> None:
    page = searcher.open("/search")
    assert page.locator("h1").count() == 1
    unlabelled = page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden])')].filter((field) => !field.labels.length).length"
    )
    assert unlabelled == 0
    assert page.locator("[data-search-status]").get_attribute("role") == "status"


def test_another_source_is_merged_in(searcher: Visitor) -> None:
    put_hearing(searcher)
    page = searcher.open("/search")
    page.evaluate(
        """async () => {
          const script = [...document.scripts].find((one) => one.src.endsWith('/js/page.js')).src;
          const { addSource } = await import(script.replace('page.js', 'search.js'));
          const place = { position: 0, start: 3, speaker: null, voice: null, text: 'a locked gate', marks: [[9, 13]] };
          const group = { recording: '0'.repeat(32), created_ms: Date.now() + 5000, title: 'Private', language: 'en',
            marks: [], count: 1, places: [place] };
          const counts = { recordings: 1, places: 1, is_counted: true, has_more: false };
          addSource(async ({ query }) => ({
            found: { groups: query === 'gate' ? [group] : [], ...counts },
            progress: { done: 1, whole: 1, unreadable: 0, is_ready: true },
          }));
          addSource(async () => { throw new Error('locked'); });
        }"""
    )
    ask(page, "gate")
    expect(page.locator("[data-search-status]")).to_have_text("2 places in 2 recordings")
    assert [title.strip() for title in page.locator(".found__title").all_text_contents()] == ["Private", "Hearing.wav"]
    expect(page.locator("#problems")).to_contain_text("Something went wrong in this page")
