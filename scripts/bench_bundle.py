"""Part u: a bundle of ten gigabytes taken in, against ``sha256sum`` and ``cp`` of the same file on the same disk."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from appliance.bundles import roots
from appliance.bundles.archive import write_bundle
from appliance.bundles.manifest import AppRange, Clip, File, Manifest
from appliance.bundles.store import Store
from appliance.bundles.taking import take_in
from appliance.crypto import identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench_warm import Bench

WHOLE_BYTES = 10 * 10**9
PIECE_BYTES = 2**20
CREATED = "2026-11-26T08:00:00Z"
SEED = hashlib.sha256(b"cloister bench of bundles").digest()
SMALL = {"set/set.json": (b"{}", "json"), "selftest/a.wav": (b"RIFF", "wav"), "selftest/a.json": (b"{}", "json")}


def measure(bench: Bench) -> tuple[dict[str, Any], Table]:
    """Measure both, in turns, and the memory that taking in needs above an idle process of the same modules."""
    place = bench.out / "bundle"
    place.mkdir(parents=True, exist_ok=True)
    bundle = place / "zeros.cloister"
    make_bundle(bundle, WHOLE_BYTES)
    rounds = [_round(bundle, place) for _ in range(bench.runs)]
    bundle.unlink()
    figures: dict[str, Any] = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    figures |= {
        "runs": bench.runs,
        "bytes": WHOLE_BYTES,
        "share_of_speed": figures["peer_s"] / figures["taken_s"],
        "share_of_speed_with_sync": figures["peer_synced_s"] / figures["taken_s"],
        "memory_mb": figures["peak_mb"] - figures["rest_mb"],
    }
    table = Table(title=f"part u: a bundle of {WHOLE_BYTES / 10**9:.0f} GB, median of {bench.runs}")
    for heading in ("", "seconds", "share of its speed"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("taken in, through to the disk", f"{figures['taken_s']:.1f}", "")
    table.add_row("sha256sum, cp", f"{figures['peer_s']:.1f}", f"{figures['share_of_speed']:.0%}")
    table.add_row(
        "sha256sum, cp, sync", f"{figures['peer_synced_s']:.1f}", f"{figures['share_of_speed_with_sync']:.0%}"
    )
    table.caption = f"memory above rest: {figures['memory_mb']:.0f} MB"
    return figures, table


def _round(bundle: Path, place: Path) -> dict[str, float]:
    copy = place / "copy"
    _forget(bundle)
    started = time.monotonic()
    subprocess.run(["sha256sum", str(bundle)], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cp", str(bundle), str(copy)], check=True)
    peer_s = time.monotonic() - started
    subprocess.run(["sync", str(copy)], check=True)
    peer_synced_s = time.monotonic() - started
    copy.unlink()
    _forget(bundle)
    command = [sys.executable, __file__, str(bundle), str(place / "appliance")]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    subprocess.run(["rm", "-r", str(place / "appliance")], check=True)
    return {"peer_s": peer_s, "peer_synced_s": peer_synced_s, **json.loads(ran.stdout)}


def _forget(bundle: Path) -> None:
    """Let the disk finish what was written, and have the file read from it: a stick is in nobody's memory either."""
    subprocess.run(["sync"], check=True)
    with bundle.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _files(whole_bytes: int) -> list[tuple[File, bytes | None]]:
    half = whole_bytes // 2
    zeros = hashlib.sha256()
    for piece in _zeros(half):
        zeros.update(piece)
    found: list[tuple[File, bytes | None]] = [
        (File(path=path, sha256=hashlib.sha256(body).hexdigest(), size=len(body), kind=kind), body)
        for path, (body, kind) in SMALL.items()
    ]
    for name in ("asr", "segmentation"):
        path = f"set/{name}/model.safetensors"
        found.append((File(path=path, sha256=zeros.hexdigest(), size=half, kind="safetensors"), None))
    return found


def make_bundle(bundle: Path, whole_bytes: int) -> None:
    """Write a bundle whose models are zeros, signed by the key of this module."""
    files = _files(whole_bytes)
    manifest = Manifest(
        epoch=1,
        release=1,
        min_release=0,
        version="1",
        created=CREATED,
        app=AppRange(min="0.0.1", max="9999.0.0"),
        set="zeros",
        files=tuple(file for file, _ in files),
        selftest=(Clip(audio="selftest/a.wav", reference="selftest/a.json", wer_max=1.0, der_max=None),),
        notes="",
        licenses=(),
    )
    envelope = manifest.envelope().signed_by(SEED).encode()
    blobs = ((file.sha256, file.size, _zeros(file.size) if body is None else (body,)) for file, body in files)
    with bundle.open("wb") as sink:
        write_bundle(sink, envelope, (), blobs)


def _zeros(size: int) -> Iterator[bytes]:
    piece = bytes(PIECE_BYTES)
    for start in range(0, size, PIECE_BYTES):
        yield piece[: min(PIECE_BYTES, size - start)]


def _memory_mb(name: str) -> float:
    """Return a figure of this process's memory; the one of getrusage may be its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Take one bundle in, in a process of its own, and print seconds and memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    image_set = given.folder / "image" / "starter"
    image_set.mkdir(parents=True)
    store = Store(given.folder / "data", image_set)
    store.open()
    root = roots.make_root("site", [identity.public_of_seed(SEED)], 1, CREATED)
    store.trust(root.envelope().signed_by(SEED).encode(), "bench")
    rest_mb = _memory_mb("VmRSS")
    started = time.monotonic()
    with given.bundle.open("rb") as stream:
        take_in(store, stream, "bench", given.bundle.name, lambda _done, _total: None)
    taken_s = time.monotonic() - started
    sys.stdout.write(json.dumps({"taken_s": taken_s, "rest_mb": rest_mb, "peak_mb": _memory_mb("VmHWM")}))


if __name__ == "__main__":
    main()
