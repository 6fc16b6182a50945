"""A large bundle is taken in with the memory of a small one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.bench_bundle import WHOLE_BYTES, make_bundle

ROOT = Path(__file__).resolve().parents[2]
LIMIT_MB = 200


@pytest.mark.parametrize("whole_bytes", [2**28, pytest.param(WHOLE_BYTES, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_bundle(tmp_path: Path, whole_bytes: int) -> None:
    bundle = tmp_path / "zeros.cloister"
    make_bundle(bundle, whole_bytes)
    command = [sys.executable, str(ROOT / "scripts" / "bench_bundle.py"), str(bundle), str(tmp_path / "appliance")]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    said = json.loads(ran.stdout)
    assert said["peak_mb"] - said["rest_mb"] < LIMIT_MB
    taken = tmp_path.glob("appliance/data/models/releases/*/set/asr/model.safetensors")
    assert [path.stat().st_size for path in taken] == [whole_bytes // 2]
