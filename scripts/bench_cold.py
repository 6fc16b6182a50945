"""Part a: the warm appliance, over HTTPS, against a cold whisperx command with the same models and options."""

from __future__ import annotations

import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench_warm import ROOT, BenchError, peer_models
from rich.table import Table

if TYPE_CHECKING:
    from bench_warm import Bench

sys.path.insert(0, str(ROOT))
from tests.flows.appliance_process import ApplianceProcess

LEAST_RATIO = 8.0
OK = 200
FFMPEG = "imageio-ffmpeg==0.6.0"  # A static build in a package, since whisperx calls the command.


def measure(bench: Bench) -> tuple[dict[str, Any], Table]:
    """Measure both and return the figures and their table."""
    sample = find_sample()
    cold = whisperx_command(bench, sample)
    with tempfile.TemporaryDirectory() as folder:
        appliance = ApplianceProcess(Path(folder), settings={"CLOISTER_MODELS": str(bench.models.resolve())})
        appliance.start()
        try:
            run_job(appliance, sample)  # The first job also waits for the models.
            runs = [
                {"cold_s": run_cold(cold, bench), "warm_s": run_job(appliance, sample)}
                for _ in range(max(3, bench.runs))
            ]
        finally:
            appliance.end()
    cold_s, warm_s = (statistics.median(run[name] for run in runs) for name in ("cold_s", "warm_s"))
    ratio = cold_s / warm_s
    figures = {
        "audio_s": 30.0,
        "runs": runs,
        "cold_s": round(cold_s, 2),
        "warm_s": round(warm_s, 2),
        "ratio": round(ratio, 2),
        "within_budget": ratio >= LEAST_RATIO,
    }
    return figures, table_of(figures)


def find_sample() -> Path:
    """Return the recording that pyannote.audio brings."""
    spec = importlib.util.find_spec("pyannote")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "audio" / "sample" / "sample.wav"
        if path.is_file():
            return path
    raise BenchError("pyannote.audio brings no sample")


def run_job(appliance: ApplianceProcess, sample: Path) -> float:
    """Return the seconds from the first byte of the upload to the transcript."""
    started = time.perf_counter()
    recording_id = appliance.upload(sample.read_bytes(), "sample.wav", language="en")
    with appliance.client() as client:
        while client.get(f"/recordings/{recording_id}/transcript.json").status_code != OK:
            if appliance.job_state(recording_id) == "failed":
                raise BenchError("the appliance failed the sample")
            time.sleep(0.05)
    return time.perf_counter() - started


def whisperx_command(bench: Bench, sample: Path) -> list[str]:
    """Return the command of the peer."""
    return [
        str(Path(sys.executable).with_name("whisperx")), str(sample), "--model", str((bench.models / "asr").resolve()),
        "--device", "cpu", "--compute_type", "int8", "--language", "en", "--no_align", "--diarize",
        "--diarize_model", str(peer_models(bench).resolve()), "--threads", str(bench.threads),
    ]  # fmt: skip


def run_cold(command: list[str], bench: Bench) -> float:
    """Return the seconds that the command takes from start to end."""
    environment = os.environ | {"PATH": f"{ffmpeg_folder(bench)}:{os.environ['PATH']}", "HF_HUB_OFFLINE": "1"}
    with tempfile.TemporaryDirectory() as out:
        started = time.perf_counter()
        done = subprocess.run(
            [*command, "--output_dir", out], env=environment, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - started
        if done.returncode != 0 or not list(Path(out).glob("*.json")):
            raise BenchError(f"whisperx failed:\n{done.stderr[-2000:]}")
    return seconds


def ffmpeg_folder(bench: Bench) -> Path:
    """Return a folder with an ffmpeg command; fetch a static build where there is none."""
    folder = (bench.out / "ffmpeg").resolve()
    if not (folder / "ffmpeg").exists():
        packages = folder / "packages"
        pip = [sys.executable, "-m", "pip", "--quiet", "install", "--no-deps", "--target", str(packages), FFMPEG]
        if not shutil.which("ffmpeg"):
            subprocess.run(pip, check=True)
        found = shutil.which("ffmpeg") or next((packages / "imageio_ffmpeg" / "binaries").glob("ffmpeg-*"))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ffmpeg").symlink_to(found)
    return folder


def table_of(figures: dict[str, Any]) -> Table:
    """Return the figures side by side."""
    table = Table(
        title="a: the 30 s sample", caption=f"{figures['ratio']:.1f} times as fast (budget {LEAST_RATIO:.0f})"
    )
    table.add_column("")
    table.add_column("median, s", justify="right")
    table.add_row("cold whisperx command", f"{figures['cold_s']:.1f}")
    table.add_row("warm appliance, upload to transcript", f"{figures['warm_s']:.1f}")
    return table
