"""``appliance doctor``: look at everything once, say how it is and what to do; status 1 if somebody has to act."""

from __future__ import annotations

import argparse
import logging
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appliance import cage
from appliance.bundles.readiness import set_to_load
from appliance.bundles.store import Store
from appliance.config import Settings, load_settings
from appliance.doctor.attempts import proof_of
from appliance.doctor.checkup import Checkup, Subject, examine
from appliance.doctor.findings import Finding, Verdict
from appliance.doctor.processes import processes_on
from appliance.doctor.report import TOPICS, as_json
from appliance.errors import ApplianceError
from appliance.logs import start_logging
from appliance.worker.keeper import EngineKeeper
from appliance.worker.messages import Ready
from appliance.worker.workshop import is_claimed

MARKS: dict[Verdict, tuple[str, str]] = {
    "ok": ("ok", "green"),
    "note": ("note", "yellow"),
    "fail": ("FAIL", "bold red"),
}
PLAIN_WIDTH = 120  # Where nobody says how wide a line may be, as in a file or a log.


def run(given: argparse.Namespace) -> int:
    """Print a checkup; status 1 if something in it has failed."""
    settings = load_settings(data=given.data, keys=given.keys, models=given.models)
    start_logging(logging.CRITICAL)  # What an engine that cannot start would log, the checkup says in words.
    checkup = _of_running(settings) if _is_running(settings) else _of_resting(settings)
    if given.json:
        sys.stdout.write(as_json(checkup))
    else:
        _print(checkup)
    return 1 if checkup.failed else 0


def _is_running(settings: Settings) -> bool:
    try:
        return is_claimed(settings.data.resolve())
    except ApplianceError:
        return False  # The folder cannot be looked at; the checkup says why.


def _of_running(settings: Settings) -> Checkup:
    """Look from beside a running appliance: a second engine would take the memory of the first."""
    processes = processes_on(settings.data.resolve())
    return examine(Subject(settings, cage.check_kernel(allow_weaker=True), processes, runs_elsewhere=True))


def _of_resting(settings: Settings) -> Checkup:
    """Look at everything, with an engine started as the server starts it: that proves that the set loads."""
    weaknesses = cage.check_kernel(allow_weaker=True)
    models, _ = set_to_load(Store(settings.data, settings.models))
    engine = EngineKeeper(models, settings.threads, allow_weaker=settings.allow_weaker_cage)
    engine.open()
    try:
        ready, fault = _wait(engine)
        pid = engine.pid
        processes = {pid: "engine"} if ready and pid else {}
        made = (proof_of(ready),) if ready else ()
        return examine(Subject(settings, weaknesses, processes, ready, fault, proofs=made))
    finally:
        engine.close()


def _wait(engine: EngineKeeper) -> tuple[Ready | None, ApplianceError | None]:
    try:
        return engine.wait_ready(), None
    except ApplianceError as error:
        return None, error


def _print(checkup: Checkup) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for finding in checkup.findings:
        word, style = MARKS[finding.verdict]
        table.add_row(Text(word, style), Text(str(TOPICS[finding.topic])), _words(finding))
    console.print(table)
    console.print()
    console.print(Text(str(checkup.verdict), "bold red" if checkup.failed else "bold green"))


def _words(finding: Finding) -> Text:
    words = Text(str(finding.what))
    if finding.advice:
        words.append(f"\n→ {finding.advice}", "bold")
    return words
