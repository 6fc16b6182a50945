"""What an administrator can get wrong with the container, and the words it answers with."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.appliance_client import wait_for
from tests.image.containers import IMAGE, UID, Composed, docker


@pytest.fixture
def volume() -> Iterator[str]:
    name = f"cloister-test-{uuid.uuid4().hex[:12]}"
    docker("volume", "create", name)
    yield name
    docker("volume", "rm", "--force", name)


def start(*options: str) -> tuple[int, str]:
    """Start the image in the foreground, where it ends by itself; returns its status and what it said."""
    ended = docker("run", "--rm", "--network", "none", *options, IMAGE, "serve", check=False, seconds=60)
    return ended.returncode, ended.stderr


def test_a_data_folder_of_another_owner_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    status, said = start("--volume", f"{data}:/data")
    assert status == 1
    assert "[wrong_owner]" in said
    assert f"chown -R {UID}:{UID} /data" in said
    assert list(data.iterdir()) == []


def test_another_uid_than_the_images_is_refused_in_words(volume: str) -> None:
    docker("run", "--rm", "--volume", f"{volume}:/data", "--entrypoint", "true", IMAGE)  # Docker gives it its owner.
    status, said = start("--volume", f"{volume}:/data", "--user", "12345:12345")
    assert status == 1
    assert "[wrong_owner]" in said
    assert "12345" in said


def test_an_empty_key_volume_on_existing_data_is_refused_and_gets_no_key(composed: Composed, volume: str) -> None:
    composed.stop()
    try:
        status, said = start("--volume", f"{composed.project}_data:/data", "--volume", f"{volume}:/keys")
        assert status == 1
        assert "[root_key.missing]" in said
        left = docker("run", "--rm", "--volume", f"{volume}:/keys", "--entrypoint", "ls", IMAGE, "-A", "/keys").stdout
        assert "root.key" not in left
    finally:
        composed.start()


def test_a_wrong_value_in_the_mounted_settings_is_named(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('port = "many"\n')
    tmp_path.chmod(0o755)  # pytest makes it for its own user alone.
    status, said = start("--volume", f"{tmp_path}:/etc/cloister:ro")
    assert status == 2
    assert "The setting port is not usable" in said


def test_an_image_without_a_model_set_says_so_on_the_page_and_keeps_serving(image: str) -> None:
    appliance = Composed(settings={"CLOISTER_MODELS": "/opt/cloister/models/none"})
    try:
        appliance.create()
        appliance.compose("up", "--detach", "appliance")
        with appliance.client() as client:

            def is_told() -> bool:
                return "There is no usable model set" in client.get("/", headers={"Accept": "text/html"}).text

            wait_for(is_told, 60, "the page to say it")
        assert docker("exec", appliance.container, "appliance", "health", check=False).returncode == 0
        assert docker("exec", appliance.container, "appliance", "health", "--ready", check=False).returncode == 1
    finally:
        appliance.end()


def test_a_runtime_that_the_engine_does_not_have_is_named() -> None:
    ended = docker("run", "--rm", "--runtime", "nvidia-missing", IMAGE, "--version", check=False)
    assert ended.returncode != 0
    assert "nvidia-missing" in ended.stderr
