"""`appliance doctor` as an administrator runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.worker.workshop import claim_folder
from tests.conftest import REPOSITORY
from tests.sealed import needs_whole_seal


def doctor(folder: Path, *arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "appliance", "doctor", "--data", str(folder / "data"), *map(str, arguments)]
    environment = {**os.environ, **settings}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=180, cwd=REPOSITORY, check=False
    )


def test_an_image_without_a_model_set_fails_in_words_and_leaves_nothing(tmp_path: Path) -> None:
    answer = doctor(tmp_path, "--models", tmp_path / "none")
    assert answer.returncode == 1
    assert "FAIL  Models" in answer.stdout
    assert "set.json is not there" in " ".join(answer.stdout.split())
    assert answer.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_a_running_appliance_is_told_and_no_second_engine_is_started(tmp_path: Path) -> None:
    claim = claim_folder(tmp_path / "data")
    try:
        answer = doctor(tmp_path, "--json", "--models", tmp_path / "none")
    finally:
        os.close(claim)
    told = json.loads(answer.stdout)
    assert "An appliance is running on this data folder" in answer.stdout
    assert told["plan"] is None
    assert [process["pid"] for process in told["processes"]] == [os.getpid()]
    assert answer.returncode == 1  # The process that holds the claim is this test's, and nothing seals it.
    assert f"server ({os.getpid()}) is not sealed" in answer.stdout


def test_a_setting_that_cannot_be_is_refused_before_anything_is_looked_at(tmp_path: Path) -> None:
    answer = doctor(tmp_path, CLOISTER_PORT="-1")
    assert answer.returncode == 2
    assert "[settings]" in answer.stderr


@pytest.mark.models
@needs_whole_seal
def test_a_machine_that_is_well_is_told_so_by_an_engine_that_loaded_the_set(tmp_path: Path, starter_set: Path) -> None:
    answer = doctor(tmp_path, "--json", "--models", starter_set)
    told = json.loads(answer.stdout)
    assert (answer.returncode, told["ok"]) == (0, True), answer.stdout
    assert told["plan"]["device"] in ("cpu", "cuda")
    assert [process["name"] for process in told["processes"]] == ["engine"]
    assert all(trial["refused"] for proof in told["proofs"] for trial in proof["trials"])
    assert "en" in [language["code"] for language in told["languages"]]
    assert list(tmp_path.iterdir()) == []
