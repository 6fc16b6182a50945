"""Part b: the warm pipeline against whisperx and pyannote called in one warm process, with the same models.

Each side runs in a process of its own with the same threads, hears thirty seconds to get warm, and then the recording.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_score import diarization_error, word_error
from rich.table import Table

from appliance.config import child_environment
from appliance.engine.convert import build_peer

ROOT = Path(__file__).resolve().parent.parent
SIDES = {"peer": "whisperx + pyannote", "ours": "Cloister"}
MAX_TIME_RATIO = 0.5
MAX_ERROR_MARGIN = 0.005  # Half a percentage point.


class BenchError(Exception):
    """The part cannot be measured here; says why."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The choices of one run of scripts/bench.

    Attributes:
        corpus: Folder of the evaluation corpus.
        item: The recording that is measured on.
        models: Folder of the model set.
        threads: CPU threads of each side.
        runs: Repetitions of each side.
        out: Folder for figures and for the peer's models.
    """

    corpus: Path
    item: str
    models: Path
    threads: int
    runs: int
    out: Path


def measure(bench: Bench) -> tuple[dict[str, Any], Table]:
    """Measure both sides and return the figures and their table."""
    item = find_item(bench)
    peer = peer_models(bench)
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for _ in range(bench.runs):
        for side in SIDES:
            found[side].append(run_side(side, bench, peer, bench.corpus / item["path"]))
    sides = {side: score(median_run(runs), item, bench.corpus) for side, runs in found.items()}
    ratio = sides["ours"]["total_s"] / sides["peer"]["total_s"]
    figures = {
        "item": bench.item,
        "audio_s": item["seconds"],
        "threads": bench.threads,
        "runs_s": {side: [run["total_s"] for run in runs] for side, runs in found.items()},
        "sides": sides,
        "time_ratio": round(ratio, 3),
        "within_budget": ratio <= MAX_TIME_RATIO
        and all(sides["ours"][name] <= sides["peer"][name] + MAX_ERROR_MARGIN for name in ("wer", "der")),
    }
    return figures, table_of(figures)


def find_item(bench: Bench) -> dict[str, Any]:
    """Return what the corpus says about the recording."""
    manifest = bench.corpus / "manifest.json"
    if not manifest.exists():
        raise BenchError(f"there is no evaluation corpus in {bench.corpus}; name it with --corpus")
    for item in json.loads(manifest.read_text(encoding="utf-8"))["items"]:
        is_scored = "rttm" in item and ("transcript" in item or "transcript_path" in item)
        if item["id"] == bench.item and item["language"] == "en" and is_scored:
            return dict(item)
    raise BenchError(f"the corpus has no English recording {bench.item} with both words and turns")


def peer_models(bench: Bench) -> Path:
    """Return the folder from which plain pyannote runs the same models; build it the first time."""
    folder = bench.out / "peer"
    if not (folder / "config.yaml").exists():
        build_peer(ROOT / "models" / "catalog.toml", ROOT / "offline_wheels", folder)
    return folder


def run_side(side: str, bench: Bench, peer: Path, recording: Path) -> dict[str, Any]:
    """Run one side in a process of its own and return what it measured."""
    request = {
        "side": side,
        "models": str(bench.models.resolve()),
        "peer": str(peer.resolve()),
        "recording": str(recording),
        "threads": bench.threads,
    }
    with tempfile.TemporaryDirectory() as scratch:
        environment = child_environment(bench.threads) | {"PYTHONPATH": str(ROOT)}
        answer = Path(scratch) / "answer.json"
        command = [
            sys.executable,
            "-W",
            "ignore",
            str(ROOT / "scripts" / "bench_side.py"),
            json.dumps(request),
            str(answer),
        ]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"{SIDES[side]} failed:\n{done.stderr[-2000:]}")
        return dict(json.loads(answer.read_text(encoding="utf-8")))


def median_run(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the run of median time; of an even number the slower one of the middle."""
    middle = statistics.median_high([run["total_s"] for run in runs])
    return next(run for run in runs if run["total_s"] == middle)


def score(run: dict[str, Any], item: dict[str, Any], corpus: Path) -> dict[str, Any]:
    """Add word and diarization error to a run, and drop its text."""
    text = item.get("transcript") or (corpus / item["transcript_path"]).read_text(encoding="utf-8")
    collar_s = 0.25 if item["kind"] == "diar_real" else 0.1
    return {name: value for name, value in run.items() if name not in ("text", "turns")} | {
        "wer": round(word_error(text, run["text"]), 4),
        "der": round(diarization_error(corpus / item["rttm"], run["turns"], collar_s), 4),
        "speakers": len({speaker for _, _, speaker in run["turns"]}),
    }


def table_of(figures: dict[str, Any]) -> Table:
    """Return the figures side by side."""
    peer, ours = (figures["sides"][side] for side in SIDES)
    title = f"b: {figures['item']}, {figures['audio_s']:.0f} s of audio, {figures['threads']} threads, both warm"
    table = Table(title=title, caption=f"time ratio {figures['time_ratio']:.2f} (budget {MAX_TIME_RATIO})")
    table.add_column("")
    for name in SIDES.values():
        table.add_column(name, justify="right")
    for stage in dict.fromkeys([*peer["seconds"], *ours["seconds"]]):
        cells = [side["seconds"].get(stage) for side in (peer, ours)]
        table.add_row(f"{stage}, s", *("" if cell is None else f"{cell:.1f}" for cell in cells))
    table.add_row("total, s", f"{peer['total_s']:.1f}", f"{ours['total_s']:.1f}", style="bold")
    table.add_row("load, s", f"{peer['load_s']:.1f}", f"{ours['load_s']:.1f}")
    table.add_row("peak memory, MB", f"{peer['peak_mb']:.0f}", f"{ours['peak_mb']:.0f}")
    table.add_row("WER, %", f"{100 * peer['wer']:.1f}", f"{100 * ours['wer']:.1f}")
    table.add_row("DER, %", f"{100 * peer['der']:.1f}", f"{100 * ours['der']:.1f}")
    table.add_row("speakers found", str(peer["speakers"]), str(ours["speakers"]))
    return table
