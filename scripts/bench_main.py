"""The command behind scripts/bench: runs the chosen parts, prints a table of each and writes its figures as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bench_bundle
import bench_cold
import bench_container
import bench_private
import bench_quality
import bench_rotation
import bench_search
import bench_spool
import bench_vault
import bench_warm
import bench_workspace
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench_warm import Bench
    from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent

# A part takes the choices of this run and returns its figures and the table that shows them.
PARTS: dict[str, Callable[[Bench], tuple[dict[str, Any], Table]]] = {
    "a": bench_cold.measure,
    "b": bench_warm.measure,
    "c": bench_spool.measure,
    "d": bench_quality.measure,
    "e": bench_container.measure,
    "f": bench_search.measure,
    "g": bench_private.measure,
    "r": bench_rotation.measure,
    "u": bench_bundle.measure,
    "v": bench_vault.measure,
    "w": bench_workspace.measure,
}
MEASURED_WITH = ("torch", "ctranslate2", "faster-whisper", "whisperx", "pyannote.audio", "onnxruntime")


def main() -> int:
    """Run the parts; returns the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "--part",
        action="append",
        choices=sorted(PARTS),
        help="a: the warm appliance against a cold whisperx command; b: the pipeline against whisperx and pyannote, "
        "both warm; c: the spool; d: words and speakers on the corpus; e: the container, built before; "
        "f: search over 1,000 hours; g: the same over private ones, in Chromium; r: a new key above 100,000 file keys; "
        "u: a model update of 10 GB; "
        "v: the vault in Chromium; w: members of a workspace with 10,000 transcripts. "
        "Default: every part",
    )
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared" / "corpus", help="the evaluation corpus")
    parser.add_argument("--item", default="syn_4spk_10min", help="recording of the corpus that part b measures on")
    parser.add_argument("--models", type=Path, default=ROOT / "models" / "starter", help="folder of the model set")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="CPU threads of each side")
    parser.add_argument("--runs", type=int, default=1, help="repetitions, each side in turn; the median counts")
    parser.add_argument("--out", type=Path, default=ROOT / "bench", help="folder for figures and for the peer's models")
    given = parser.parse_args()
    bench = bench_warm.Bench(
        corpus=given.corpus, item=given.item, models=given.models, threads=given.threads, runs=given.runs, out=given.out
    )
    given.out.mkdir(parents=True, exist_ok=True)
    console = Console()
    for part in given.part or sorted(PARTS):
        try:
            figures, table = PARTS[part](bench)
        except bench_warm.BenchError as error:
            console.print(f"part {part}: {error}", style="red")
            return 1
        console.print(table)
        path = given.out / f"part-{part}.json"
        path.write_text(json.dumps({"machine": machine(), **figures}, indent=1) + "\n", encoding="utf-8")
        console.print(f"figures: {path}")
    return 0


def machine() -> dict[str, Any]:
    """Describe what the figures were measured on, and with."""
    cpu = [line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if "model name" in line]
    return {
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": cpu[0].partition(":")[2].strip() if cpu else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load_1min": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": {name: version(name) for name in MEASURED_WITH},
    }


if __name__ == "__main__":
    sys.exit(main())
