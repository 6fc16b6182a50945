"""Part f: search over 1,000 hours, in the appliance's index and by the browser's scan; synthetic text of real words."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench_warm import BenchError
from rich.table import Table

if TYPE_CHECKING:
    from bench_warm import Bench

SCRIPTS = Path(__file__).resolve().parent
WORK = {"hours": 1000, "words_an_hour": 10_000, "queries": 2000, "runs": 9}
SCAN_BUDGET_MS = 350
NEW_WORD = "Ġ"
"""What a word begins with in the recognizer's vocabulary, whose order is about that of frequency."""


def measure(bench: Bench) -> tuple[dict[str, Any], Table]:
    """Measure both sides, each in a process of its own, and return the figures and their table."""
    words = read_words(bench.models)
    index = run([sys.executable, "-W", "ignore", str(SCRIPTS / "bench_search_side.py")], {**WORK, "words": words})
    node = shutil.which("node")
    if node is None:
        raise BenchError("node is not installed, so the browser's half cannot be measured")
    scan = run([node, str(SCRIPTS / "bench_search.mjs")], {**WORK, "words": words, "queries": scanned(words)})
    within = max(found["median_ms"][0] for found in scan["scans"].values()) < SCAN_BUDGET_MS
    return {"work": WORK, "index": index, "scan": scan, "within_budget": within}, table_of(index, scan)


def read_words(models: Path) -> list[str]:
    """Return some twenty thousand real words, the frequent ones first."""
    path = models / "asr" / "vocabulary.json"
    if not path.exists():
        raise BenchError(f"{path} is not there: scripts/setup makes it")
    known = (word.removeprefix(NEW_WORD) for word in json.loads(path.read_text()) if word.startswith(NEW_WORD))
    return list(dict.fromkeys(word.lower() for word in known if word.isalpha() and word.isascii() and len(word) > 1))


def scanned(words: list[str]) -> list[str]:
    """Return what is scanned for: from the most frequent word to what nobody said."""
    often, some, rare = words[0], words[100], words[5000]
    return [
        often,
        some,
        rare,
        f"{often} {some}",
        f'"{words[1]} {words[2]}"',
        f"{some[:3]}*",
        f"speaker:2 {some}",
        "zzzz",
    ]


def run(command: list[str], request: dict[str, Any]) -> dict[str, Any]:
    """Return a side's answer."""
    ran = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, check=False)
    if ran.returncode:
        raise BenchError(ran.stderr[-1000:])
    return dict(json.loads(ran.stdout))


def table_of(index: dict[str, Any], scan: dict[str, Any]) -> Table:
    """Return the figures."""
    table = Table(title=f"f: search over {WORK['hours']} hours, {WORK['hours'] * WORK['words_an_hour']:,} words")
    for name in ("", "by the clock", "of the processor"):
        table.add_column(name, justify="right" if name else "left")
    table.add_row("index: open 1,000 transcripts", *both(index["open_s"], "s"))
    table.add_row("index: build", *both(index["build_s"], "s"))
    table.add_row("index: database in memory", f"{index['database_mb']:.0f} MB")
    table.add_row("index: growth of the process", f"{index['grown_mb']:.0f} MB")
    table.add_row("index: a query, median", *both(index["median_ms"], "ms"))
    table.add_row("index: a query, 99th percentile", *both(index["p99_ms"], "ms"))
    table.add_row("index: a query, slowest", *both(index["slowest_ms"], "ms"))
    table.add_row("index: clear away a deleted hour", *both(index["settle_s"], "s"))
    table.add_row("index: its longest step", *both(index["step_ms"], "ms"))
    table.add_row("scan: folded text", f"{scan['characters'] / 1e6:.0f} MB")
    table.add_row("scan: fold it, once", *both(scan["prepare_ms"], "ms"))
    for query, found in scan["scans"].items():
        table.add_row(f"scan: {query} ({found['places']:,} places), median", *both(found["median_ms"], "ms"))
    return table


def both(figures: list[float], unit: str) -> tuple[str, str]:
    """Return a figure by the clock and of the processor, which differ on a busy machine."""
    wall, cpu = (f"{figure:,.1f} {unit}" for figure in figures)
    return wall, cpu
