from __future__ import annotations

import json
import threading

import pytest
from playwright.sync_api import Page, Route, expect

from appliance.records import jobs, recordings
from appliance.spool import CHUNK_BYTES
from appliance.worker.messages import Choice
from appliance.worker.progress import Standing
from tests.browser.visitor import Visitor
from tests.web.appliance import a_transcript, finish_job, put_recording, run_job, serving

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>.mp3"
DROP = """
([names, size]) => {
  const transfer = new DataTransfer();
  for (const name of names) transfer.items.add(new File([new Uint8Array(size).fill(7)], name, { type: 'audio/wav' }));
  for (const type of ['dragenter', 'dragover', 'drop']) {
    document.querySelector('main').dispatchEvent(
      new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}
"""


def choose(page: Page, name: str, content: bytes) -> None:
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "audio/wav", "buffer": content})


def test_two_dropped_files_are_uploaded_and_wait(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.evaluate(DROP, [["one.wav", "two.wav"], 1000])
    expect(page.locator("#recordings .recording__title")).to_have_text(["two.wav", "one.wav"])
    expect(page.locator("#recordings")).to_contain_text("Next in the queue")
    expect(page.locator("#recordings")).to_contain_text("Waiting for 1 recording")
    expect(page.locator("[data-upload-section]")).to_be_hidden()


def test_a_dropped_file_does_not_replace_the_page(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.evaluate(DROP, [["one.wav"], 10])
    expect(page.locator("#recordings")).to_contain_text("one.wav")
    assert page.url == f"{visitor.live.address}/"


def test_the_choices_travel_with_the_file(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.get_by_label("Spoken language").select_option("bn")
    page.get_by_role("combobox", name="Speakers").select_option("range")
    page.get_by_label("At least").fill("3")
    page.get_by_label("At most").fill("5")
    choose(page, "chosen.wav", b"x" * 100)
    expect(page.locator("#recordings")).to_contain_text("chosen.wav")
    with visitor.workshop.database.read() as session:
        listed = recordings.listing(session, visitor.owner_id)[0]
    assert listed.job is not None
    options = jobs.options_of(listed.job)
    assert (options.language, options.min_speakers, options.max_speakers) == ("bn", 3, 5)


def test_a_model_is_chosen_and_one_that_lacks_the_language_takes_no_file(visitor: Visitor) -> None:
    visitor.workshop.engine._choices = (
        Choice(name="", model="whisper-base", languages=("en", "bn"), weights_bytes=150_000_000),
        Choice(name="fast", model="whisper-tiny.en", languages=("en",), weights_bytes=75_000_000),
    )
    page = visitor.open("/")
    page.get_by_role("radio", name="whisper-tiny.en").check()
    page.get_by_label("Spoken language").select_option("bn")
    expect(page.locator("[data-language-trouble]")).to_contain_text("whisper-tiny.en does not know this language")
    choose(page, "chosen.wav", b"x" * 100)
    page.get_by_label("Spoken language").select_option("en")
    expect(page.locator("[data-language-trouble]")).to_be_hidden()
    choose(page, "taken.wav", b"x" * 100)
    expect(page.locator("#recordings")).to_contain_text("taken.wav")
    expect(page.locator("#recordings")).not_to_contain_text("chosen.wav")
    with visitor.workshop.database.read() as session:
        [listed] = recordings.listing(session, visitor.owner_id)
    assert listed.job is not None
    assert (jobs.options_of(listed.job).model, jobs.options_of(listed.job).language) == ("fast", "en")


def test_numbers_that_cannot_be_meant_are_stopped_at_the_field(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.get_by_role("combobox", name="Speakers").select_option("range")
    page.get_by_label("At least").fill("6")
    page.get_by_label("At most").fill("2")
    choose(page, "chosen.wav", b"x" * 100)
    assert not page.get_by_label("At most").evaluate("field => field.validity.valid")
    expect(page.locator("[data-upload-section]")).to_be_hidden()


def test_a_refused_file_says_why_on_its_row_and_the_next_one_goes_on(visitor: Visitor) -> None:
    page = visitor.open("/")
    choose(page, "empty.wav", b"")
    expect(page.locator("[data-upload-list]")).to_contain_text("The file is empty.")
    choose(page, "full.wav", b"x" * 100)
    expect(page.locator("#recordings")).to_contain_text("full.wav")
    refused = page.locator("[data-upload-list] > *").filter(has_text="empty.wav")  # The other row may still be leaving.
    refused.get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-upload-section]")).to_be_hidden()


def test_an_upload_goes_on_after_the_connection_broke(visitor: Visitor) -> None:
    page = visitor.open("/")
    broken = threading.Event()

    def break_once(route: Route) -> None:
        if route.request.url.endswith("/chunks/1") and not broken.is_set():
            broken.set()
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/chunks/*", break_once)
    choose(page, "long.wav", b"x" * (CHUNK_BYTES + 500))
    expect(page.locator("#recordings")).to_contain_text("long.wav")
    assert broken.is_set()


def test_an_upload_goes_on_after_the_page_was_loaded_again(visitor: Visitor) -> None:
    content = b"x" * (CHUNK_BYTES + 500)
    page = visitor.open("/")
    page.route("**/chunks/1", lambda route: route.abort("connectionreset"))
    choose(page, "long.wav", content)
    expect(page.locator("[data-upload-list]")).to_contain_text("The connection was lost.")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute("**/chunks/1")
    expect(page.locator("[data-unfinished]")).to_contain_text("long.wav")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url.rsplit("/", 1)[1]) if "chunks" in request.url else None)
    choose(page, "long.wav", content)
    expect(page.locator("#recordings")).to_contain_text("long.wav")
    expect(page.locator("[data-unfinished]")).to_have_count(0)
    assert sent == ["0", "1"]  # The last one that was taken is compared, then the upload goes on.


def test_another_file_of_the_same_name_and_size_is_noticed(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.route("**/chunks/1", lambda route: route.abort("connectionreset"))
    choose(page, "long.wav", b"x" * (CHUNK_BYTES + 500))
    expect(page.locator("[data-upload-list]")).to_contain_text("The connection was lost.")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute("**/chunks/1")
    choose(page, "long.wav", b"z" * (CHUNK_BYTES + 500))
    expect(page.locator("[data-upload-list]")).to_contain_text("it is another file")
    page.get_by_role("button", name="Start a new upload").click()
    expect(page.locator("#recordings")).to_contain_text("long.wav")


def test_an_upload_is_cancelled_and_nothing_of_it_stays(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.route("**/chunks/1", lambda route: route.abort("connectionreset"))
    choose(page, "long.wav", b"x" * (CHUNK_BYTES + 500))
    expect(page.locator("[data-upload-list]")).to_contain_text("The connection was lost.")
    with page.expect_response(lambda response: response.request.method == "DELETE") as deleted:
        page.locator("[data-upload-list]").get_by_role("button", name="Cancel").click()
    assert deleted.value.status == 204
    expect(page.locator("[data-upload-section]")).to_be_hidden()
    assert visitor.workshop.spool.audio_ids() == set()


def test_progress_and_ending_come_without_loading_the_page(visitor: Visitor) -> None:
    recording_id = put_recording(visitor.workshop, visitor.owner_id, "talk.wav")
    page = visitor.open("/")
    expect(page.locator("#recordings")).to_contain_text("Next in the queue")
    run_job(visitor.workshop, recording_id, "diarize", 0.5)
    percent = str(round(Standing("diarize", 0.5, 0.0).fraction * 100))
    expect(page.locator("#recordings")).to_contain_text("Telling the speakers apart")
    expect(page.locator(f"#row-{recording_id} progress")).to_have_attribute("value", percent)
    finish_job(visitor.workshop, recording_id, a_transcript())
    page.get_by_role("link", name="talk.wav").click()
    expect(page.get_by_role("heading", name="talk.wav")).to_be_visible()


def test_a_page_that_was_cut_off_says_so_and_then_shows_the_truth_again(visitor: Visitor) -> None:
    recording_id = put_recording(visitor.workshop, visitor.owner_id, "talk.wav")
    page = visitor.open("/")
    expect(page.locator("#recordings")).to_contain_text("talk.wav")
    visitor.live.stop()
    expect(page.locator("[data-cut-off]")).to_be_visible()
    finish_job(visitor.workshop, recording_id, a_transcript())
    with serving(visitor.workshop, visitor.live.port):
        expect(page.get_by_role("link", name="talk.wav")).to_be_visible(timeout=20_000)
        expect(page.locator("[data-cut-off]")).to_be_hidden()


def test_a_waiting_job_is_cancelled(visitor: Visitor) -> None:
    put_recording(visitor.workshop, visitor.owner_id, "wrong.wav")
    page = visitor.open("/")
    page.locator("#recordings").get_by_role("button", name="Cancel").click()
    expect(page.locator("#recordings")).to_contain_text("Cancelled")


def test_a_recording_is_deleted_only_after_the_person_said_so(visitor: Visitor) -> None:
    put_recording(visitor.workshop, visitor.owner_id, "private.wav")
    page = visitor.open("/")
    page.get_by_role("button", name="Delete private.wav").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("private.wav")
    dialog.get_by_role("button", name="Keep it").click()
    expect(page.locator("#recordings")).to_contain_text("private.wav")
    page.get_by_role("button", name="Delete private.wav").click()
    dialog.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="No recordings yet")).to_be_visible()


def test_a_hostile_file_name_stays_text(visitor: Visitor) -> None:
    page = visitor.open("/")
    choose(page, HOSTILE, b"x" * 100)
    expect(page.locator("#recordings .recording__title")).to_have_text([HOSTILE])
    page.get_by_role("button", name=f"Delete {HOSTILE}").click()
    expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
    assert page.locator("img").count() == 0


def test_the_sample_is_one_click_away(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.get_by_role("button", name="Try the sample").click()
    expect(page.locator("#recordings")).to_contain_text("sample.wav")


def test_signing_out_leaves_nothing_open(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.wait_for_load_state("load")
    page.locator("header details.menu").last.click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert json.dumps(visitor.context.cookies()).count("__Host-cloister") == 0


def test_appearance_changes_in_place_and_stays(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.get_by_text("Language and appearance").click()
    with page.expect_response("**/preferences"):
        page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).colorScheme || document.documentElement.dataset.theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_language_is_one_click_away(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.get_by_text("Language and appearance").click()
    page.get_by_role("button", name="বাংলা").click()
    expect(page.get_by_role("heading", name="রেকর্ডিং", exact=True)).to_be_visible()


def test_everything_in_the_library_works_by_keyboard_alone(visitor: Visitor) -> None:
    recording_id = put_recording(visitor.workshop, visitor.owner_id, "talk.wav")
    finish_job(visitor.workshop, recording_id, a_transcript())
    page = visitor.open("/")
    expect(page.get_by_role("link", name="talk.wav")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    reached = []
    for _ in range(7):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.name"))
    form = ["files", "mode", "language", "voices"]
    assert reached[:6] == [*form, f"open-{recording_id}", f"delete-{recording_id}"]
    page.locator(f"#delete-{recording_id}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == f"delete-{recording_id}"
    page.locator(f"#open-{recording_id}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="talk.wav")).to_be_visible()
