"""A newer release over an older one, on a real engine: what a person had stays, and the newer one runs."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.image.containers import docker, inspect
from tests.image.installed import Installed, released
from tests.release.releases import FINGERPRINT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

OLDER, NEWER = "0.0.1", "0.0.2"  # Of no real release, so that the image of this checkout keeps its name.


@dataclass(frozen=True, slots=True)
class Updated:
    """An installation on which the newer release was installed and started.

    Attributes:
        installed: As it is now.
        older: The release that was installed first.
        newer: The release that was installed over it.
        recording_id: Of what was transcribed before.
        transcript: As it was before.
        root_key: As it was before.
        settings: The bytes of ``.env`` before.
        image_id: Of the container that ran before.
    """

    installed: Installed
    older: Path
    newer: Path
    recording_id: str
    transcript: dict[str, Any]
    root_key: str
    settings: bytes
    image_id: str


@pytest.fixture(scope="module")
def updated(image: str, sample: bytes) -> Iterator[Updated]:
    """Both releases are made, the older one is used, the newer one is installed over it."""
    with ExitStack() as ending:
        home = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="cloister-upgrade-")))
        for version in (OLDER, NEWER):
            ending.callback(docker, "rmi", "--force", f"cloister:{version}", check=False)
        older, newer = (released(version, home / "stick") for version in (OLDER, NEWER))

        installed = Installed(folder=home / home.name)  # Compose names the volumes after the folder.
        assert "loading the image" in succeed(installed, older, "--fingerprint", FINGERPRINT, "--runtime", "runc")
        installed.set(CLOISTER_PORT=installed.port, CLOISTER_MEMORY="6g")
        ending.callback(installed.compose, "down", "--volumes", "--timeout", "5")
        installed.start()
        recording_id = installed.upload(sample, "Interview.wav", language="en")
        transcript = installed.transcript_of(recording_id)
        root_key, settings, image_id = installed.root_key, installed.settings_file.read_bytes(), installed.image_id

        assert "loading the image" in succeed(installed, newer)
        installed.start()
        yield Updated(installed, older, newer, recording_id, transcript, root_key, settings, image_id)


def succeed(installed: Installed, folder: Path, *options: str) -> str:
    """Install a release; returns what the installer said."""
    ended = installed.install(folder, *options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def described(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "RELEASE.json").read_text()))


def test_the_newer_image_runs_where_the_older_one_did(updated: Updated) -> None:
    for folder, image_id in ((updated.older, updated.image_id), (updated.newer, updated.installed.image_id)):
        said = described(folder)
        assert image_id in (said["image_config"], said["image_manifest"])
    assert updated.installed.image_id == inspect(f"cloister:{NEWER}")["Id"] != updated.image_id
    assert updated.installed.execute("appliance", "--version").strip() == f"Cloister {NEWER}"


def test_the_same_transcript_still_opens_in_the_same_session(updated: Updated) -> None:
    assert "Yankee" in " ".join(segment["text"] for segment in updated.transcript["segments"])
    assert updated.installed.transcript_of(updated.recording_id) == updated.transcript


def test_the_root_key_and_the_settings_are_the_same_bytes(updated: Updated) -> None:
    assert updated.root_key.strip()
    assert updated.installed.root_key == updated.root_key
    assert updated.installed.settings_file.read_bytes() == updated.settings


def test_a_recording_is_transcribed_after_the_update_as_before(updated: Updated, sample: bytes) -> None:
    recording_id = updated.installed.upload(sample, "Interview.wav", language="en")
    assert updated.installed.transcript_of(recording_id)["speakers"]


def test_the_older_release_is_refused_and_the_newer_one_stays(updated: Updated) -> None:
    ended = updated.installed.install(updated.older)
    assert (ended.returncode, "refused (older)" in ended.stderr) == (3, True), ended.stdout + ended.stderr
    assert described(updated.installed.folder)["version"] == NEWER
    assert (updated.installed.folder / "compose.yaml").read_bytes() == (updated.newer / "compose.yaml").read_bytes()


def test_going_back_on_request_keeps_everything_too(updated: Updated) -> None:
    succeed(updated.installed, updated.older, "--allow-older")
    updated.installed.start()
    assert updated.installed.image_id == updated.image_id
    assert updated.installed.transcript_of(updated.recording_id) == updated.transcript
    assert updated.installed.root_key == updated.root_key
    assert updated.installed.settings_file.read_bytes() == updated.settings
