"""What an installation leaves behind: the new release whole or the old one untouched, and never a lost secret."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from tests.release.releases import FINGERPRINT, Target, content_of

WRITTEN = {"compose.yaml", "INSTALL.md", "RELEASE.json", "install", "release.pub", ".env"}


def installed(target: Target, release: Path) -> dict[str, tuple[int, bytes]]:
    ended = target.install(release, "--fingerprint", FINGERPRINT)
    assert ended.returncode == 0, ended.stderr
    return content_of(target.folder)


def test_a_first_installation_writes_these_files_and_loads_the_image(target: Target, release: Path) -> None:
    there = installed(target, release)
    assert set(there) == WRITTEN
    assert (target.folder / "settings").is_dir()
    assert there["compose.yaml"][1] == (release / "compose.yaml").read_bytes()
    assert (there[".env"][0], there["install"][0], there["compose.yaml"][0]) == (0o600, 0o755, 0o644)
    assert list(target.engine.images) == ["cloister:1.0.0"]
    assert list((target.home / "tmp").iterdir()) == []


def test_it_says_what_it_did_and_what_to_type_next(target: Target, release: Path) -> None:
    ended = target.install(release, "--fingerprint", FINGERPRINT)
    for words in (
        "Cloister 1.0.0 is installed",
        "written: .env install",
        FINGERPRINT,
        f'cd "{target.folder}" && docker compose up -d',
    ):
        assert words in ended.stdout
    assert ended.stderr == ""


def test_the_compose_file_starts_the_image_of_its_release(target: Target, release: Path) -> None:
    installed(target, release)
    assert "image: cloister:${CLOISTER_VERSION:-1.0.0}\n" in (target.folder / "compose.yaml").read_text()


def test_the_name_of_the_project_outlives_a_renamed_folder(target: Target, release: Path) -> None:
    target.folder = target.home / "My Cloister.2"
    installed(target, release)
    assert "COMPOSE_PROJECT_NAME=mycloister2\n" in (target.folder / ".env").read_text()


def test_spaces_in_every_path_do_no_harm(target: Target, release: Path, tmp_path: Path) -> None:
    stick = Path(shutil.copytree(release, tmp_path / "my stick" / "a release"))
    target.folder = target.home / "our house" / "cloister  two"
    assert set(installed(target, stick)) == WRITTEN


def test_installing_twice_changes_nothing_and_loads_once(target: Target, release: Path) -> None:
    first = installed(target, release)
    assert (installed(target, release), target.engine.loads) == (first, 1)


def test_an_update_keeps_settings_secrets_and_everything_it_does_not_know(
    target: Target, release: Path, newer: Path
) -> None:
    installed(target, release)
    own = {
        ".env": b"CLOISTER_RUNTIME=runc\nCLOISTER_PORT=9443\r\n# without an end",
        "settings/settings.toml": b"max_recording_hours = 8.0\n",
        "keys/root.key": b"secret\n",
        "compose.override.yaml": b"services: {}\n",
        ".secret": b"\0",
    }
    for name, content in own.items():
        (target.folder / name).parent.mkdir(exist_ok=True)
        (target.folder / name).write_bytes(content)
        (target.folder / name).chmod(0o400)
    there = installed(target, newer)
    assert {name: there[name] for name in own} == {name: (0o400, content) for name, content in own.items()}
    assert there["compose.yaml"][1] == (newer / "compose.yaml").read_bytes()
    assert set(target.engine.images) == {"cloister:1.0.0", "cloister:1.1.0"}


def test_an_environment_file_that_is_a_link_is_kept(target: Target, release: Path) -> None:
    target.folder.mkdir()
    (target.folder / ".env").symlink_to(target.home / "elsewhere.env")
    (target.home / "elsewhere.env").write_text("CLOISTER_RUNTIME=runc\n")
    installed(target, release)
    assert (target.folder / ".env").is_symlink()
    assert (target.home / "elsewhere.env").read_text() == "CLOISTER_RUNTIME=runc\n"


def test_no_volume_and_no_container_is_touched(target: Target, release: Path, newer: Path) -> None:
    installed(target, release)
    installed(target, newer)
    assert {call[0] for call in target.engine.calls} == {"version", "info", "image", "load", "compose"}
    assert {call[1] for call in target.engine.calls if call[0] == "image"} == {"inspect"}
    assert {call[1] for call in target.engine.calls if call[0] == "compose"} == {"version"}


def test_a_compose_file_that_somebody_changed_is_kept_beside_the_new_one(
    target: Target, release: Path, newer: Path
) -> None:
    installed(target, release)
    (target.folder / "compose.yaml").write_text("# ours\n")
    there = installed(target, newer)
    assert there["compose.yaml.before-1.1.0"][1] == b"# ours\n"
    (target.folder / "compose.yaml").write_text("# ours again\n")
    there = installed(target, newer)
    assert (there["compose.yaml.before-1.1.0"][1], there["compose.yaml.before-1.1.0.2"][1]) == (
        b"# ours\n",
        b"# ours again\n",
    )


def test_settings_that_stand_in_the_way_are_pointed_out(target: Target, release: Path, newer: Path) -> None:
    installed(target, release)
    (target.folder / ".env").write_text("CLOISTER_RUNTIME=nvidia\nCLOISTER_VERSION=1.0.0\n")
    ended = target.install(newer, "--runtime", "runc")
    assert ended.returncode == 0
    for words in (
        "CLOISTER_VERSION=1.0.0, so that version would start",
        "--runtime runc had no effect",
        "wants the runtime nvidia",
    ):
        assert words in ended.stdout


def test_an_engine_that_does_not_take_the_image_leaves_the_old_installation(
    target: Target, release: Path, newer: Path
) -> None:
    before = installed(target, release)
    target.engine.behave(load="fails")
    ended = target.install(newer)
    assert (ended.returncode, "refused (load_failed)" in ended.stderr) == (5, True)
    assert "no space left on device" in ended.stderr
    assert (content_of(target.folder), list(target.engine.images)) == (before, ["cloister:1.0.0"])


def test_a_failed_first_installation_leaves_nothing(target: Target, release: Path) -> None:
    target.engine.behave(load="fails")
    assert target.install(release, "--fingerprint", FINGERPRINT).returncode == 5
    assert not target.folder.exists()


def test_another_image_than_the_signed_one_is_not_installed(target: Target, release: Path, newer: Path) -> None:
    # A medium that gives other bytes when it is read for the second time.
    before = installed(target, release)
    target.engine.behave(load="other")
    ended = target.install(newer)
    assert (ended.returncode, "refused (image_other)" in ended.stderr) == (3, True)
    assert (content_of(target.folder), list(target.engine.images)) == (before, ["cloister:1.0.0"])


def test_small_files_that_change_after_the_check_are_noticed(target: Target, release: Path, newer: Path) -> None:
    before = installed(target, release)
    # The engine's command runs between the check and the copying, and so may whatever is in the stick.
    command = (target.bin / "docker").read_text()
    target.engine.command("docker", f'#!/bin/sh\necho "# more" >>"{newer}/compose.yaml"\nexec "$0.real" "$@"\n')
    target.engine.command("docker.real", command)
    ended = target.install(newer)
    assert (ended.returncode, "refused (file_altered)" in ended.stderr) == (3, True)
    assert content_of(target.folder) == before


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_an_interrupted_installation_leaves_the_old_one_and_can_be_repeated(
    target: Target, release: Path, newer: Path, how: signal.Signals
) -> None:
    before = installed(target, release)
    target.engine.behave(load="hangs")
    process = subprocess.Popen(
        target.command(newer), env=target.environment, start_new_session=True, stderr=subprocess.DEVNULL
    )
    limit = time.monotonic() + 30
    while not (target.engine.home / "loading").exists():
        assert time.monotonic() < limit
        time.sleep(0.02)
    os.killpg(process.pid, how)
    assert process.wait(timeout=30) != 0
    there = content_of(target.folder)
    assert {name: there[name] for name in before} == before
    if how != signal.SIGKILL:
        assert set(there) == set(before)
    target.engine.behave(load="well")
    assert installed(target, newer)["compose.yaml"][1] == (newer / "compose.yaml").read_bytes()
    assert not (target.folder / ".incoming").exists()


def test_two_installations_at_once_do_not_meet(target: Target, release: Path, newer: Path) -> None:
    installed(target, release)
    (target.folder / ".incoming").mkdir()
    (target.folder / ".incoming" / "pid").write_text(f"{os.getpid()}\n")
    ended = target.install(newer)
    assert (ended.returncode, "refused (busy)" in ended.stderr) == (4, True)
    assert (target.folder / ".incoming" / "pid").exists(), "the other one still needs it"


def test_the_installed_copy_updates_its_own_folder(target: Target, release: Path, newer: Path) -> None:
    installed(target, release)
    ended = subprocess.run(
        ["/bin/sh", str(target.folder / "install"), "--from", str(newer)],
        env=target.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert f"Cloister 1.1.0 is installed in {target.folder}, over 1.0.0" in ended.stdout


def test_the_installed_copy_wants_to_know_what_to_install(target: Target, release: Path) -> None:
    installed(target, release)
    ended = target.install(target.folder)
    assert (ended.returncode, "--from DIRECTORY" in ended.stderr) == (2, True)


def test_a_relative_folder_is_meant_from_where_one_is(target: Target, release: Path) -> None:
    ended = subprocess.run(
        ["/bin/sh", str(release / "install"), "--to", "here", "--fingerprint", FINGERPRINT],
        cwd=target.home, env=target.environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 0
    assert stat.S_ISREG((target.home / "here" / "compose.yaml").stat().st_mode)
