"""A model update in the container: brought in on a mounted folder, tried, used by the next job, gone back from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bundles.site import Made, make_update
from tests.flows.appliance_client import wait_for
from tests.image.containers import Composed, docker

pytestmark = [pytest.mark.timeout(900), pytest.mark.models]

STARTER, TINY = "whisper-base", "whisper-tiny.en"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, sample_wav: Path) -> Made:
    return make_update(tmp_path_factory.mktemp("site"), sample_wav)


@pytest.fixture
def appliance(image: str, made: Made) -> Iterator[Composed]:
    """An appliance with the update in its folder of imports."""
    assert image
    composed = Composed()
    try:
        imports = composed.folder / "imports"
        imports.mkdir(mode=0o755)
        for path in (made.root, made.bundle):
            shutil.copy(path, imports)
            (imports / path.name).chmod(0o644)
        composed.folder.chmod(0o755)
        composed.create()
        composed.start()
        yield composed
    finally:
        composed.end()


def bundle_command(appliance: Composed, *arguments: str) -> str:
    return appliance.execute("appliance", "bundle", *arguments)


def listed(appliance: Composed) -> dict[str, Any]:
    return dict(json.loads(bundle_command(appliance, "list", "--json")))


def model_of_next_job(appliance: Composed, sample: bytes, name: str) -> str:
    """Have a recording transcribed, and return the speech model that its transcript names."""
    recording_id = appliance.upload(sample, name, language="en")
    transcript = appliance.transcript_of(recording_id)
    assert transcript["segments"]
    return str(transcript["models"]["asr"])


def loaded(appliance: Composed, folder: str) -> None:
    """Wait until the engine has the set of a folder."""
    wait_for(
        lambda: f'"another model set", "folder": "{folder}"' in appliance.log(), 60, "the engine to change its set"
    )
    wait_for(appliance.is_ready, 120, "the engine to be ready")


def test_an_update_is_taken_in_used_by_the_next_job_and_gone_back_from(
    appliance: Composed, made: Made, sample: bytes
) -> None:
    assert model_of_next_job(appliance, sample, "before.wav") == STARTER
    stranger = docker(
        "exec", appliance.container, "appliance", "bundle", "install", f"/imports/{made.bundle.name}", check=False
    )
    assert stranger.returncode == 1
    assert "bundle.signature.unknown" in stranger.stderr
    bundle_command(appliance, "trust", f"/imports/{made.root.name}")
    assert "In use" in bundle_command(appliance, "install", f"/imports/{made.bundle.name}")
    active = str(listed(appliance)["active"])
    loaded(appliance, active)
    assert model_of_next_job(appliance, sample, "with the update.wav") == TINY
    appliance.kill()
    appliance.start()
    assert model_of_next_job(appliance, sample, "after a power cut.wav") == TINY
    bundle_command(appliance, "rollback")
    loaded(appliance, "models")
    assert model_of_next_job(appliance, sample, "gone back.wav") == STARTER
    actions = [entry["action"] for entry in listed(appliance)["history"]]
    assert actions == ["refused", "trusted", "taking_in", "taken_in", "tried", "activated", "rolled_back"]
