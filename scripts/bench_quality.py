"""Part d: `appliance transcribe` on English read speech, against plain faster-whisper; and the sample's speakers."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench_cold import find_sample
from bench_score import diarization_error, word_error
from bench_warm import BenchError
from faster_whisper import WhisperModel
from rich.table import Table

if TYPE_CHECKING:
    from bench_warm import Bench

MAX_WER_MARGIN = 0.01
MAX_SAMPLE_DER = 0.1


def measure(bench: Bench) -> tuple[dict[str, Any], Table]:
    """Measure both sides and return the figures and their table."""
    manifest = json.loads((bench.corpus / "manifest.json").read_text(encoding="utf-8"))
    items = [item for item in manifest["items"] if item["kind"] == "asr_real" and item["language"] == "en"]
    paths = [bench.corpus / item["path"] for item in items]
    ours = [" ".join(segment["text"] for segment in transcript["segments"]) for transcript in transcribe(bench, paths)]
    plain = recognize_plainly(bench, paths)
    errors = {
        side: statistics.mean(word_error(item["transcript"], text) for item, text in zip(items, texts, strict=True))
        for side, texts in (("ours", ours), ("plain", plain))
    }
    sample = find_sample()
    (transcript,) = transcribe(bench, [sample])
    turns = [(turn["start"], turn["end"], turn["speaker"]) for turn in transcript["turns"]]
    figures = {
        "clips": len(items),
        "mean_wer": {side: round(error, 4) for side, error in errors.items()},
        "sample_der": round(diarization_error(sample.with_suffix(".rttm"), turns, 0.0), 4),
        "sample_speakers": len(transcript["speakers"]),
    }
    figures["within_budget"] = (
        errors["ours"] <= errors["plain"] + MAX_WER_MARGIN
        and figures["sample_der"] <= MAX_SAMPLE_DER
        and figures["sample_speakers"] == 2  # noqa: PLR2004 -- two women on a telephone.
    )
    return figures, table_of(figures)


def transcribe(bench: Bench, paths: list[Path]) -> list[dict[str, Any]]:
    """Return what the command makes of the recordings."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "appliance", "transcribe", *map(str, paths), "--language", "en", "--out", out]
        done = subprocess.run([*command, "--models", str(bench.models)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"appliance transcribe failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
        outputs = [json.loads(line)["outputs"][0] for line in done.stdout.splitlines()]
        return [json.loads(Path(output).read_text(encoding="utf-8")) for output in outputs]


def recognize_plainly(bench: Bench, paths: list[Path]) -> list[str]:
    """Return what faster-whisper makes of them with its defaults: beam 5, no voice activity detection."""
    model = WhisperModel(str(bench.models / "asr"), device="cpu", compute_type="int8", cpu_threads=bench.threads)
    found = (model.transcribe(str(path), language="en", condition_on_previous_text=False)[0] for path in paths)
    return [" ".join(segment.text for segment in segments) for segments in found]


def table_of(figures: dict[str, Any]) -> Table:
    """Return the figures."""
    table = Table(title=f"d: {figures['clips']} English read clips, and the sample")
    table.add_column("")
    table.add_column("%", justify="right")
    table.add_row("mean WER, plain faster-whisper", f"{100 * figures['mean_wer']['plain']:.2f}")
    table.add_row("mean WER, appliance transcribe", f"{100 * figures['mean_wer']['ours']:.2f}")
    table.add_row(
        f"DER of the sample, {figures['sample_speakers']} speakers, no collar", f"{100 * figures['sample_der']:.1f}"
    )
    return table
