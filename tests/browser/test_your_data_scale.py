"""A thousand recordings taken along and deleted: the page stays alive, and its memory does not grow with them.

Figures: ``pytest -s -m slow tests/browser/test_your_data_scale.py`` prints them.
"""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from appliance.crypto.sealed_export import SealedExport
from appliance.records import accounts, recordings
from tests.browser.private import unlock
from tests.browser.test_your_data import NO_PICKER, delete_all
from tests.browser.visitor import Visitor
from tests.web.appliance import LINES, a_transcript, enrolled, finish_job, put_recording
from tests.worker.private import put_privately

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1500)]

EACH = 500  # Of each mode.
PATIENCE_MS = 600_000
MOST_GAP_MS = 1000  # On a machine that others use too; longer than this, a page seems to hang.
MOST_HEAP_BYTES = 100 * 2**20

HEARTBEAT = """
window.gap = 0;
window.most = 0;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  window.gap = Math.max(window.gap, now - last);
  window.most = Math.max(window.most, performance.memory.usedJSHeapSize);
  last = now;
}, 20);
"""


@pytest.fixture
def filled(visitor: Visitor) -> Visitor:
    person = enrolled(visitor.workshop)
    spoken = a_transcript(LINES * 20)
    for number in range(EACH):
        finish_job(visitor.workshop, put_recording(visitor.workshop, visitor.owner_id, f"Ward {number}.wav"), spoken)
        put_privately(visitor.workshop, person, title=f"Private {number}.wav")
    visitor.context.add_init_script(NO_PICKER)
    return visitor


def test_a_thousand_recordings_are_taken_along_and_deleted(filled: Visitor) -> None:
    page = filled.open("/your-data")
    page.evaluate(HEARTBEAT)
    unlocking = True
    for manner in ("Everybody who has it", "Only your recovery code"):
        file = _taken(page, manner, unlocking=unlocking)
        unlocking = False
        if manner.startswith("Everybody"):
            archive = zipfile.ZipFile(file)
            assert archive.testzip() is None
            assert len(archive.namelist()) == 2 * EACH * 4 + 1
        else:
            taken = SealedExport.decode(file.read_bytes())
            assert len(taken.documents) == 2 * EACH * 2
    started = time.monotonic()
    delete_all(page)
    expect(page.locator("[data-end]")).to_contain_text("Erased for good: 1,000 recordings.", timeout=PATIENCE_MS)
    print(f"deletion: {time.monotonic() - started:.1f} s")  # noqa: T201 -- a figure.
    with filled.workshop.database.read() as session:
        assert recordings.listing(session, filled.owner_id) == []
        assert filled.workshop.keystore.subjects() == accounts.ids(session)


def _taken(page: Page, manner: str, *, unlocking: bool) -> Path:
    page.evaluate("window.gap = window.most = 0")
    page.get_by_role("radio", name=manner).check()
    started = time.monotonic()
    with page.expect_download(timeout=PATIENCE_MS) as download:
        page.get_by_role("button", name="Make the file").click()
        if unlocking:
            unlock(page)
    file = Path(download.value.path())
    elapsed_s = time.monotonic() - started
    gap_ms, heap_bytes = page.evaluate("[window.gap, window.most]")
    size = file.stat().st_size
    print(f"{manner}: {elapsed_s:.1f} s, {size:,} bytes, longest gap {gap_ms:.0f} ms, heap {heap_bytes:,} bytes")  # noqa: T201
    assert gap_ms < MOST_GAP_MS
    assert heap_bytes < MOST_HEAP_BYTES
    return file
