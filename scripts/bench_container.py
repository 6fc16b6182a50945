"""Part e: the container: its size, how long it takes to start, what it needs at rest, and a job in it."""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench_warm import ROOT, BenchError
from rich.table import Table

if TYPE_CHECKING:
    from bench_warm import Bench

sys.path.insert(0, str(ROOT))
from tests.flows.appliance_client import wait_for
from tests.image.containers import IMAGE, Composed, docker, engine_answers, image_is_there, inspect

GIGABYTE = 1_000_000_000
REST_S = 5.0  # After the models are loaded, until what is not needed has been given back.


def measure(bench: Bench) -> tuple[dict[str, Any], Table]:
    """Start the image on its compose file a few times and return the figures and their table."""
    if not (engine_answers() and image_is_there()):
        raise BenchError(f"there is no container engine with the image {IMAGE}; run scripts/build")
    runs = [one_run() for _ in range(max(3, bench.runs))]
    figures: dict[str, Any] = {name: round(statistics.median(run[name] for run in runs), 2) for name in runs[0]}
    figures["image, GB"] = round(inspect(IMAGE)["Size"] / GIGABYTE, 2)
    return {"container": figures, "runs": runs}, table_of(figures)


def one_run() -> dict[str, float]:
    """Return the figures of one fresh installation."""
    spec = importlib.util.find_spec("pyannote.audio")
    assert spec is not None  # noqa: S101 -- the lock has it.
    assert spec.origin is not None  # noqa: S101 -- as above.
    sample = (Path(spec.origin).parent / "sample" / "sample.wav").read_bytes()
    appliance = Composed()
    try:
        appliance.create()
        started = time.perf_counter()
        appliance.compose("up", "--detach", "appliance")
        wait_for(lambda: answers(appliance), 60, "pages")
        pages_s = time.perf_counter() - started
        wait_for(appliance.is_ready, 120, "the models")
        ready_s = time.perf_counter() - started
        time.sleep(REST_S)
        rest_mib = memory_mib(appliance)
        began = time.perf_counter()
        appliance.transcript_of(appliance.upload(sample, language="en"))
        return {
            "pages after, s": pages_s,
            "first job accepted after, s": ready_s,
            "memory at rest, MiB": rest_mib,
            "a job of 30 s, s": time.perf_counter() - began,
        }
    finally:
        appliance.end()


def answers(appliance: Composed) -> bool:
    """Tell whether pages are served."""
    return docker("exec", appliance.container, "appliance", "health", check=False).returncode == 0


def memory_mib(appliance: Composed) -> float:
    """Return the memory of the container without the cache of files, as the engine counts it."""
    used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", appliance.container).stdout.split("/")[0].strip()
    unit = used.lstrip("0123456789.")
    return float(used.removesuffix(unit)) * {"B": 2**-20, "KiB": 2**-10, "MiB": 1, "GiB": 2**10}[unit]


def table_of(figures: dict[str, Any]) -> Table:
    """Return the figures, a line each."""
    table = Table(title="e: the container, median of its runs")
    table.add_column("")
    table.add_column("measured", justify="right")
    for name, figure in figures.items():
        table.add_row(name, f"{figure:.1f}")
    return table
