"""What the machine lacks is said in words, before anything is loaded or written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.release.releases import FINGERPRINT, Target, change_field


def lacks(target: Target, release: Path, code: str, *options: str, to: Path | None = None) -> str:
    """Claim that the installer stops with this code and has done nothing."""
    ended = target.install(release, "--fingerprint", FINGERPRINT, *options, to=to)
    assert ended.returncode == 4, ended.stdout + ended.stderr
    assert f"refused ({code})" in ended.stderr
    assert not target.folder.exists()
    assert target.engine.loads == 0
    return ended.stderr


def test_without_openssl_nothing_is_verified_and_nothing_installed(target: Target, release: Path) -> None:
    target.remove("openssl")
    assert "apt-get install openssl" in lacks(target, release, "openssl_missing")


@pytest.mark.parametrize("said", ["OpenSSL 1.1.1w  11 Sep 2023", "LibreSSL 3.8.2", "OpenSSL 0.9.8zh", ""])
def test_an_openssl_that_cannot_check_the_signature_is_refused(target: Target, release: Path, said: str) -> None:
    target.engine.command("openssl", f"#!/bin/sh\necho '{said}'\n")
    lacks(target, release, "openssl_old")


@pytest.mark.parametrize("tool", ["sha256sum", "find", "df"])
def test_a_missing_tool_is_named(target: Target, release: Path, tool: str) -> None:
    target.remove(tool)
    assert tool in lacks(target, release, "tool_missing")


def test_without_docker(target: Target, release: Path) -> None:
    target.remove("docker")
    lacks(target, release, "docker_missing")


def test_an_engine_that_does_not_answer(target: Target, release: Path) -> None:
    target.engine.behave(reachable=False)
    assert "Cannot connect to the Docker daemon" in lacks(target, release, "docker_unreachable")


def test_an_engine_of_another_platform(target: Target, release: Path) -> None:
    target.engine.behave(platform="linux/arm64")
    assert "linux/arm64" in lacks(target, release, "engine_unfit")


def test_an_old_engine_without_zstd_is_told_how_to_go_on(target: Target, release: Path) -> None:
    target.remove("zstd")
    target.engine.behave(server="20.10.24+dfsg1")
    assert "apt-get install zstd" in lacks(target, release, "zstd_missing")


def test_an_engine_of_unknown_version_without_zstd_is_refused_too(target: Target, release: Path) -> None:
    target.remove("zstd")
    target.engine.behave(server="dev")
    lacks(target, release, "zstd_missing")


def test_an_old_engine_with_zstd_takes_the_image(target: Target, release: Path) -> None:
    target.engine.behave(server="20.10.24+dfsg1")
    assert target.install(release, "--fingerprint", FINGERPRINT).returncode == 0
    assert "cloister:1.0.0" in target.engine.images


def test_a_newer_engine_takes_the_image_without_zstd(target: Target, release: Path) -> None:
    target.remove("zstd")
    target.engine.behave(server="28.2.2")
    ended = target.install(release, "--fingerprint", FINGERPRINT)
    assert ended.returncode == 0, ended.stderr
    assert "cloister:1.0.0" in target.engine.images


def test_an_engine_that_names_images_by_their_manifest_is_understood(target: Target, release: Path) -> None:
    target.engine.behave(store="manifest")
    ended = target.install(release, "--fingerprint", FINGERPRINT)
    assert ended.returncode == 0, ended.stderr


def test_without_room_for_the_image(target: Target, release: Path) -> None:
    change_field(release, archive_bytes=10**18)
    words = lacks(target, release, "no_room")
    assert f"{10**18 // 512 // 1024 + 512} MiB" in words


def test_room_that_cannot_be_measured_is_not_assumed(target: Target, release: Path) -> None:
    target.engine.behave(root="/nowhere/on/this/machine")
    lacks(target, release, "engine_elsewhere")


def test_a_disk_that_df_says_nothing_about_counts_as_full(target: Target, release: Path) -> None:
    target.engine.command("df", "#!/bin/sh\necho Filesystem\n")
    lacks(target, release, "no_room")


def test_a_gpu_runtime_that_docker_does_not_know(target: Target, release: Path) -> None:
    assert "nvidia-ctk" in lacks(target, release, "runtime_missing", "--runtime", "nvidia")


@pytest.mark.parametrize("place", ["/proc/cloister", "/dev/null", "/dev/null/cloister"])
def test_a_folder_that_cannot_be_written_to(target: Target, release: Path, place: str) -> None:
    assert place in lacks(target, release, "folder_unwritable", to=Path(place))


def test_a_folder_inside_the_release_is_refused(target: Target, release: Path) -> None:
    (release / "licences" / "here").mkdir()
    ended = target.install(release, "--fingerprint", FINGERPRINT, to=release / "licences" / "here")
    assert (ended.returncode, "inside the release" in ended.stderr) == (2, True)


@pytest.mark.parametrize("options", [("--what",), ("--runtime", "docker"), ("--to",), ("--from", "/nowhere/at/all")])
def test_options_that_cannot_be_read(target: Target, release: Path, options: tuple[str, ...]) -> None:
    ended = target.install(release, *options)
    assert (ended.returncode, "refused (usage)" in ended.stderr) == (2, True)


def test_help_names_every_option(target: Target, release: Path) -> None:
    ended = target.install(release, "--help")
    assert ended.returncode == 0
    for option in (
        "--to",
        "--from",
        "--runtime",
        "--fingerprint",
        "--new-key-fingerprint",
        "--allow-older",
        "--verify",
    ):
        assert option in ended.stdout


@pytest.mark.parametrize(("runtimes", "chosen"), [("runc", "runc"), ("nvidia runc", "nvidia")])
def test_the_runtime_is_the_one_that_docker_has(target: Target, release: Path, runtimes: str, chosen: str) -> None:
    target.engine.behave(runtimes=runtimes)
    assert target.install(release, "--fingerprint", FINGERPRINT).returncode == 0
    assert f"CLOISTER_RUNTIME={chosen}\n" in (target.folder / ".env").read_text()


def test_the_runtime_may_be_chosen(target: Target, release: Path) -> None:
    target.engine.behave(runtimes="nvidia runc")
    assert target.install(release, "--fingerprint", FINGERPRINT, "--runtime", "runc").returncode == 0
    assert "CLOISTER_RUNTIME=runc\n" in (target.folder / ".env").read_text()


def test_a_machine_without_compose_is_told(target: Target, release: Path) -> None:
    target.engine.behave(compose=False)
    ended = target.install(release, "--fingerprint", FINGERPRINT)
    assert (ended.returncode, "Compose plugin is missing" in ended.stdout) == (0, True)


def test_the_older_compose_is_named_where_it_is_the_one(target: Target, release: Path) -> None:
    target.engine.behave(compose=False)
    target.engine.command("docker-compose", "#!/bin/sh\n")
    assert "docker-compose up -d" in target.install(release, "--fingerprint", FINGERPRINT).stdout
