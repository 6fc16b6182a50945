"""Part c: how fast audio goes into the spool and out of it, in MB/s."""

from __future__ import annotations

import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench_warm import ROOT
from rich.table import Table

from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, open_document, seal_document
from appliance.spool import CHUNK_BYTES, Spool, SpooledAudio

if TYPE_CHECKING:
    from bench_warm import Bench

sys.path.insert(0, str(ROOT))
from tests.flows.appliance_client import begin, send
from tests.flows.appliance_process import ApplianceProcess

CHUNKS = 32
RUNS = 5
BUDGETS = {"seal": 150, "open": 200}
MEGABYTE = 1_000_000


def measure(bench: Bench) -> tuple[dict[str, Any], Table]:
    """Measure each way and return the figures and their table."""
    key, audio_id, chunk = new_file_key(), new_document_id(), os.urandom(CHUNK_BYTES)
    sealed = seal_document(key, DocumentType.AUDIO, audio_id, 0, chunk)
    figures = {
        "seal": rate(lambda: seal_document(key, DocumentType.AUDIO, audio_id, 0, chunk), CHUNK_BYTES),
        "open": rate(lambda: open_document(key, sealed, DocumentType.AUDIO, audio_id, 0), CHUNK_BYTES),
    }
    with tempfile.TemporaryDirectory(dir=bench.out) as folder:  # On the disk of the checkout, not on a RAM disk.
        spool = Spool(Path(folder), 2 * CHUNKS * CHUNK_BYTES)
        figures["seal, write and fsync"] = rate(lambda: fill(spool, audio_id, key, chunk), CHUNKS * CHUNK_BYTES)
        figures["read and open"] = rate(lambda: drain(spool, audio_id, key), CHUNKS * CHUNK_BYTES)
    figures["upload over TLS"] = upload_rate(bench, chunk)
    within = all(figures[name] >= budget for name, budget in BUDGETS.items())
    return {"mb_per_s": figures, "within_budget": within}, table_of(figures)


def rate(work: Callable[[], object], size_bytes: int) -> float:
    """Return the median MB/s of a few runs."""
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return round(size_bytes / MEGABYTE / statistics.median(seconds), 1)


def fill(spool: Spool, audio_id: bytes, key: bytes, chunk: bytes) -> None:
    """Receive a whole recording, as an upload does."""
    spool.erase(audio_id)
    for number in range(CHUNKS):
        spool.receive(audio_id, key, number, chunk, number)


def drain(spool: Spool, audio_id: bytes, key: bytes) -> None:
    """Read a whole recording, as the decoder does."""
    descriptor = spool.descriptor(audio_id)
    try:
        audio = io.BufferedReader(SpooledAudio(descriptor, key, audio_id, CHUNKS * CHUNK_BYTES), 2**16)
        while audio.read(2**16):
            pass
    finally:
        os.close(descriptor)


def upload_rate(bench: Bench, chunk: bytes) -> float:
    """Return the MB/s of an upload from a client on this machine, which shares its processors."""
    content = chunk * (CHUNKS // 4)
    with tempfile.TemporaryDirectory(dir=bench.out) as folder:
        appliance = ApplianceProcess(Path(folder), settings={"CLOISTER_MODELS": str(bench.models.resolve())})
        appliance.start()
        try:
            appliance.wait_engine()
            with appliance.client() as client:
                recording_id = begin(client, "noise", len(content) + 1)  # One byte is never sent: no job starts.
                started = time.perf_counter()
                for number in range(CHUNKS // 4):
                    send(client, recording_id, number, content).raise_for_status()
                return round(len(content) / MEGABYTE / (time.perf_counter() - started), 1)
        finally:
            appliance.end()


def table_of(figures: dict[str, float]) -> Table:
    """Return the figures with their budgets."""
    table = Table(title="c: spool")
    for name in ("", "MB/s", "budget"):
        table.add_column(name, justify="right" if name else "left")
    for name, figure in figures.items():
        table.add_row(name, f"{figure:.0f}", str(BUDGETS.get(name, "")))
    return table
