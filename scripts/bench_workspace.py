"""Part w: taking somebody into a workspace and removing them in real Chromium, with few and with many transcripts."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench_warm import ROOT, BenchError
from playwright.sync_api import Browser, Page, sync_playwright
from rich.table import Table

if TYPE_CHECKING:
    from bench_warm import Bench

sys.path.insert(0, str(ROOT))
from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, seal_document
from appliance.options import TranscribeOptions
from appliance.records import jobs, recordings, transcripts
from appliance.records.keystore import Wrap
from appliance.web.rendering import assets
from appliance.worker.places import UNDER_WORKSPACE_KEY
from appliance.worker.workshop import Workshop
from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.people import PASSPHRASE, Person
from tests.web.appliance import LiveAppliance, enrolled, open_workshop, serving
from tests.worker.shared import Team

SIZES = (10, 10_000)
RUNS = 7
AT_ONCE = 1000

IN_THE_PAGE = """
async ([prefix, workspace, name, runs]) => {
  const load = (path) => import(`${prefix}/js/${path}.js`);
  const [vaults, loading, changes, people, bytes] = await Promise.all(
    ['vault', 'workspaces/loading', 'workspaces/changes', 'workspaces/people', 'crypto/bytes'].map(load));
  const vault = await vaults.openVault();
  const taken = { take_in: [], remove: [] };
  const measure = async (what, work) => {
    const started = performance.now();
    await work();
    taken[what].push(performance.now() - started);
  };
  for (let run = 0; run < runs; run++) {
    const { account, ed, x } = await people.findPerson(name);
    const member = { account: bytes.fromHex(account), ed, x, role: 'editor' };
    const change = (draft) => () => loading.changeWorkspace(vault, workspace, draft);
    await measure('take_in', change((opened) => changes.addMember(opened, member)));
    await measure('remove', change((opened) => changes.removeMember(opened, account)));
  }
  return taken;
}
"""


def measure(bench: Bench) -> tuple[dict[str, Any], Table]:
    """Make a workspace of each size and return the figures of its owner's browser, and their table."""
    if CHROMIUM is None:
        raise BenchError("Chromium is not installed")
    sizes = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            version = browser.version
            for number in SIZES:
                sizes[number] = at_size(browser, bench.out, number)
        finally:
            browser.close()
    figures = {"chromium": version, "runs": RUNS, "transcripts": sizes}
    return figures, table_of(sizes)


def at_size(browser: Browser, out: Path, number: int) -> dict[str, float]:
    """Return the medians in milliseconds for a workspace with a number of private transcripts."""
    with tempfile.TemporaryDirectory(dir=out) as folder:
        workshop = open_workshop(Path(folder))
        try:
            owner, _ = enrolled(workshop, "anna"), enrolled(workshop, "ben")
            team = Team().made_by(workshop, owner)
            fill(workshop, owner, team, number)
            with serving(workshop) as live:
                page = signed_in(browser, live)
                taken = page.evaluate(IN_THE_PAGE, [f"{live.address}{assets()}", team.hex, "ben", RUNS])
                page.context.close()
        finally:
            workshop.close()
    return {what: round(statistics.median(times), 1) for what, times in taken.items()}


def fill(workshop: Workshop, owner: Person, team: Team, number: int) -> None:
    """Put private transcripts into a workspace, as a member who has opened each leaves them."""
    text = b'{"text": "' + os.urandom(500).hex().encode() + b'"}'
    for start in range(0, number, AT_ONCE):
        wraps = []
        with workshop.database.write() as session:
            for _ in range(start, min(start + AT_ONCE, number)):
                title_id, document_id = new_document_id(), new_document_id()
                title_key, file_key = new_file_key(), new_file_key()
                recording = recordings.add(
                    session,
                    owner_id=owner.account_id,
                    workspace_id=team.hex,
                    mode=recordings.PRIVATE,
                    size_bytes=10,
                    audio_id=new_document_id(),
                    title_id=title_id,
                    sealed_title=seal_document(title_key, DocumentType.TITLE, title_id, 1, b"Round.wav"),
                    options=TranscribeOptions(),
                )
                recordings.mark_audio_erased(session, recording.id)
                job = jobs.enqueue(session, recording.id, TranscribeOptions())
                jobs.claim(session, job.id)
                jobs.finish(session, job.id, {}, None)
                sealed = seal_document(file_key, DocumentType.TRANSCRIPT, document_id, 1, text)
                transcripts.store(
                    session, recording_id=recording.id, document_id=document_id, sealed=sealed, language="", speakers=0
                )
                for each, key in ((title_id, title_key), (document_id, file_key)):
                    wraps.append(Wrap(each, UNDER_WORKSPACE_KEY, team.id, team.wrapped(each, key)))
        workshop.keystore.put(*wraps)


def signed_in(browser: Browser, live: LiveAppliance) -> Page:
    """Return the page of the owner, with the vault open."""
    page = browser.new_context(ignore_https_errors=True, locale="en-GB").new_page()
    page.goto(f"{live.address}/sign-in?then=/workspaces")  # Past the library, which draws every recording.
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Sign in").click()
    page.locator("[data-workspace-name]").wait_for()
    return page


def table_of(sizes: dict[int, dict[str, float]]) -> Table:
    """Lay the figures out: a row for each change, a column for each size."""
    table = Table(
        "in the owner's browser, over TLS", *(f"{number:,} transcripts" for number in sizes), title="workspaces"
    )
    for what, words in (("take_in", "take somebody in"), ("remove", "remove somebody, with another key")):
        table.add_row(words, *(f"{sizes[number][what]} ms" for number in sizes))
    return table
