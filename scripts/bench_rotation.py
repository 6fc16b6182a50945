"""Part r: how long it takes to replace the key above 100,000 file keys, and how long somebody who writes waits."""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench_warm import BenchError
from rich.table import Table

from appliance.config import Settings
from appliance.crypto.envelope import new_document_id, new_file_key
from appliance.crypto.keywrap import WrapKind
from appliance.records.keystore import APPLIANCE, Wrap
from appliance.worker import rotation
from appliance.worker.filekeys import file_key, keep_file_key
from appliance.worker.workshop import Workshop

if TYPE_CHECKING:
    from bench_warm import Bench

DOCUMENTS = 100_000
BUDGET_S = 60
ALONE_S = 3
PAUSE_S = 0.005  # Between two changes of the writer beside: a busy appliance makes a few in a second.


def measure(bench: Bench) -> tuple[dict[str, Any], Table]:
    """Fill a key store, write to it alone and beside rotations, and return the figures and their table."""
    seconds: list[float] = []
    beside_ms: list[float] = []
    with tempfile.TemporaryDirectory(dir=bench.out) as folder:  # On the disk of the checkout, not on a RAM disk.
        workshop = open_workshop(Path(folder))
        try:
            documents = fill(workshop)
            alone = Writer(workshop)
            time.sleep(ALONE_S)
            alone_ms = alone.stop()
            for _ in range(bench.runs):
                beside = Writer(workshop)
                started = time.perf_counter()
                rotated = rotation.rotate(workshop)
                seconds.append(round(time.perf_counter() - started, 1))
                beside_ms += beside.stop()
                check(workshop, documents, rotated)
            size_bytes = (Path(folder) / "data" / "keys.db").stat().st_size
        finally:
            workshop.close()
    figures = {
        "documents": DOCUMENTS,
        "batch": rotation.BATCH,
        "keys_db_bytes": size_bytes,
        "rotation_s": statistics.median(seconds),
        "put_alone_ms": spread(alone_ms),
        "put_beside_ms": spread(beside_ms),
        "within_budget": statistics.median(seconds) < BUDGET_S,
    }
    return figures, table_of(figures)


def spread(waits_ms: list[float]) -> dict[str, float]:
    """Return how long a change takes: mostly, in the worst hundredth, at worst."""
    return {
        "median": round(statistics.median(waits_ms), 1),
        "p99": round(statistics.quantiles(waits_ms, n=100)[-1], 1),
        "longest": max(waits_ms),
    }


def open_workshop(folder: Path) -> Workshop:
    """Open an appliance of its own, without its processes."""
    settings = Settings(data=folder / "data", keys=folder / "keys")
    settings.keys_folder.mkdir()
    return Workshop.open(settings)


def fill(workshop: Workshop) -> list[bytes]:
    """Store the file keys of many documents, in the order in which they came: by random ids."""
    documents = [new_document_id() for _ in range(DOCUMENTS)]
    kind = WrapKind.FILE_KEY_UNDER_KEK
    for start in range(0, DOCUMENTS, 5000):
        some = documents[start : start + 5000]
        wraps = (Wrap(each, kind, APPLIANCE, workshop.keyring.wrap_file_key(each, each + each)) for each in some)
        workshop.keystore.put(*wraps)
    return documents


def check(workshop: Workshop, documents: list[bytes], rotated: rotation.Rotated) -> None:
    """Make sure that what was measured was the whole work: everything opens, and only under the newest epoch."""
    whole = rotated.finished and rotated.count >= len(documents) and not rotated.unopened
    alone = list(workshop.keystore.keks()) == [rotated.epoch]
    if not (whole and alone and all(file_key(workshop, each) == each + each for each in documents[::97])):
        raise BenchError("the rotation left something under an older key")


class Writer:
    """Somebody who stores one file key after the other, as uploads and jobs do, and measures how long each takes."""

    def __init__(self, workshop: Workshop) -> None:
        """Begin at once, in a thread."""
        self._workshop = workshop
        self._done = threading.Event()
        self._waits_ms: list[float] = []
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def stop(self) -> list[float]:
        """Return how long each change took."""
        self._done.set()
        self._thread.join()
        return self._waits_ms

    def _write(self) -> None:
        while not self._done.wait(PAUSE_S):
            started = time.perf_counter()
            keep_file_key(self._workshop, new_document_id(), new_file_key())
            self._waits_ms.append(round((time.perf_counter() - started) * 1000, 1))


def table_of(figures: dict[str, Any]) -> Table:
    """Return the figures with their budget."""
    table = Table(title=f"r: a new key above {figures['documents']:,} file keys ({os.cpu_count()} processors)")
    for name in ("", "figure", "budget"):
        table.add_column(name, justify="right" if name else "left")
    table.add_row("rotation", f"{figures['rotation_s']:.1f} s", f"{BUDGET_S} s")
    for name, said in (("alone", "a change alone"), ("beside", "a change beside it")):
        for which, figure in figures[f"put_{name}_ms"].items():
            table.add_row(f"{said}, {which}", f"{figure:.1f} ms", "")
    return table
