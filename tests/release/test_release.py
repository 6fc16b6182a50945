"""Making a release: whole or not at all, of one commit, and the same bytes every time."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from scripts import release_folder, release_image
from scripts.release_contents import ReleaseError
from scripts.release_main import Choices, main
from tests.conftest import REPOSITORY
from tests.release.releases import COMMIT, FINGERPRINT, KEY, Target, Workshop, config_of, image_archive, inventory

CREATED_S = 1795428000  # 2026-11-23T10:00:00Z


def refused(workshop: Workshop, out: Path, words: str, *, changes: bool = True, part_bytes: int | None = 1500) -> None:
    """Claim that no release is made, that the reason is given, and that nothing is left."""
    with pytest.raises(ReleaseError, match=words):
        workshop.release("1.0.0", out, part_bytes=part_bytes, changes=changes)
    assert not out.exists() or list(out.iterdir()) == []


def test_a_release_holds_these_files(made: Path) -> None:
    there = {
        path.relative_to(made / "cloister-1.0.0").as_posix()
        for path in (made / "cloister-1.0.0").rglob("*")
        if path.is_file()
    }
    parts = {name for name in there if name.startswith("image.tar.zst.0")}
    licences = {name for name in there if name.startswith("licences/")}
    assert there - parts - licences == {
        "INSTALL.md", "LICENSE", "README.md", "RELEASE.json", "SHA256SUMS", "SHA256SUMS.sig", "compose.yaml", "install",
        "release.pub", "sbom.cdx.json",
    }  # fmt: skip
    assert len(parts) > 2
    assert "licences/NOTICES.txt" in licences


def test_the_description_says_what_the_release_is(made: Path, workshop: Workshop) -> None:
    said = json.loads((made / "cloister-1.0.0" / "RELEASE.json").read_text())
    archive = (workshop.engine.home / "image.tar").read_bytes()
    parts = (made / "cloister-1.0.0").glob("image.tar.zst*")
    assert said.items() >= {
        "version": "1.0.0", "commit": COMMIT, "created": "2026-11-23T10:00:00Z", "image": "cloister:1.0.0",
        "image_config": config_of(archive), "install_format": 1,
    }.items()  # fmt: skip
    assert said["packed_bytes"] == sum(part.stat().st_size for part in parts)
    assert (said["image_bytes"], said["archive_bytes"]) == (5000, 20480)


def test_one_commit_and_image_give_one_list_of_checksums(workshop: Workshop, tmp_path: Path) -> None:
    first = workshop.release("1.0.0", tmp_path / "first")
    second = workshop.release("1.0.0", tmp_path / "second")
    assert (first / "SHA256SUMS").read_bytes() == (second / "SHA256SUMS").read_bytes()
    dates = {path.stat().st_mtime for path in (first, *first.rglob("*"))}
    assert dates == {CREATED_S}


def test_the_list_names_every_other_file_in_order(made: Path) -> None:
    folder = made / "cloister-1.0.0"
    names = [line[66:] for line in (folder / "SHA256SUMS").read_text().splitlines()]
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == sorted(there - {"SHA256SUMS", "SHA256SUMS.sig"})


def test_the_signature_is_plain_ed25519_over_the_list(made: Path) -> None:
    folder = made / "cloister-1.0.0"
    signature = (folder / "SHA256SUMS.sig").read_bytes()
    KEY.public_key().verify(signature, (folder / "SHA256SUMS").read_bytes())
    assert len(signature) == 64


def test_every_name_fits_on_a_stick_that_knows_no_capitals(made: Path) -> None:
    folder = made / "cloister-1.0.0"
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    assert len({name.lower() for name in names}) == len(names)
    assert [
        name for name in names if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)*", name)
    ] == []


def test_parts_are_as_large_as_asked_for_and_join_to_the_whole(workshop: Workshop, tmp_path: Path) -> None:
    parts = sorted(workshop.release("1.0.0", tmp_path / "parts", part_bytes=1000).glob("image.tar.zst.*"))
    (whole,) = workshop.release("1.0.0", tmp_path / "whole", part_bytes=None).glob("image.tar.zst*")
    assert [part.name for part in parts] == [f"image.tar.zst.{number:03}" for number in range(1, len(parts) + 1)]
    assert {part.stat().st_size for part in parts[:-1]} == {1000}
    assert whole.name == "image.tar.zst"
    assert b"".join(part.read_bytes() for part in parts) == whole.read_bytes()


def test_a_release_in_one_piece_installs_too(workshop: Workshop, target: Target, tmp_path: Path) -> None:
    folder = workshop.release("1.0.0", tmp_path / "whole", part_bytes=None)
    ended = target.install(folder, "--fingerprint", FINGERPRINT)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("text", "size"), [("4G", 4_000_000_000), ("700m", 700_000_000), ("64K", 64_000), ("5000", 5000)]
)
def test_sizes_of_parts_are_powers_of_a_thousand(
    text: str, size: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    chosen: list[int | None] = []

    def made(choices: Choices, _key: object) -> Path:
        chosen.append(choices.part_bytes)
        return tmp_path

    monkeypatch.setattr("scripts.release_key.load_key", lambda *_given: KEY)
    monkeypatch.setattr("scripts.release_main.release", made)
    monkeypatch.setattr("sys.argv", ["release", "--key", "k", "--part-size", text])
    assert main() == 0
    assert chosen == [size]
    assert FINGERPRINT in capsys.readouterr().out


def test_a_part_of_four_fits_the_largest_file_of_fat32() -> None:
    assert 4_000_000_000 < 2**32 - 1


@pytest.mark.parametrize("text", ["0", "999", "4T", "-1", "G", "1.5G"])
def test_sizes_that_are_none_are_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["release", "--key", "k", "--part-size", text])
    with pytest.raises(SystemExit, match="2"):
        main()


def test_a_release_is_never_written_over(workshop: Workshop, tmp_path: Path) -> None:
    folder = workshop.release("1.0.0", tmp_path / "out")
    with pytest.raises(ReleaseError, match="exists"):
        workshop.release("1.0.0", tmp_path / "out")
    assert (folder / "SHA256SUMS.sig").exists()


def test_an_image_of_another_version_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    workshop.build("2.0.0")
    workshop.engine.hold({"cloister:1.0.0": workshop.engine.images["cloister:2.0.0"]})
    refused(workshop, tmp_path / "out", "says it is 2.0.0")


def test_an_image_without_a_date_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    workshop.build("1.0.0", created="")
    refused(workshop, tmp_path / "out", "of what date")


def test_an_image_that_is_not_there_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    workshop.engine.hold({})
    refused(workshop, tmp_path / "out", "Run scripts/build first")


def test_an_image_for_another_platform_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    image = workshop.engine.images["cloister:1.0.0"]
    workshop.engine.hold({"cloister:1.0.0": image | {"Architecture": "arm64"}})
    refused(workshop, tmp_path / "out", "linux/arm64")


def in_git(workshop: Workshop) -> str:
    """Make the small checkout a real one with one commit, and return that."""
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "All"]):
        subprocess.run([*git, *command], cwd=workshop.root, check=True)
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=workshop.root, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_an_image_of_the_checkout_s_commit_is_taken(workshop: Workshop, tmp_path: Path) -> None:
    workshop.build("1.0.0", revision=in_git(workshop))
    assert workshop.release("1.0.0", tmp_path / "out", changes=False).is_dir()


def test_an_image_of_another_commit_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    head = in_git(workshop)
    refused(workshop, tmp_path / "out", f"the checkout of {head}", changes=False)


def test_a_checkout_with_changes_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    workshop.build("1.0.0", revision=in_git(workshop))
    (workshop.root / "compose.yaml").write_text("services: {}\n")
    refused(workshop, tmp_path / "out", "differs from its commit", changes=False)


def test_a_checkout_that_git_does_not_know_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    refused(workshop, tmp_path / "out", "git cannot tell", changes=False)


def test_an_image_with_a_package_that_is_not_locked_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    found = inventory()
    found["wheels"] += [found["wheels"][0] | {"name": "stranger", "version": "6.6.6"}]
    (workshop.engine.home / "inventory.json").write_text(json.dumps(found))
    refused(workshop, tmp_path / "out", "does not name: stranger 6.6.6")


def test_an_image_with_another_version_than_the_locked_one_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    found = inventory()
    found["wheels"][0]["version"] = "1.2.4"
    (workshop.engine.home / "inventory.json").write_text(json.dumps(found))
    refused(workshop, tmp_path / "out", "Small_Wheel 1.2.4")


def test_an_image_without_a_model_set_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    (workshop.engine.home / "inventory.json").write_text(json.dumps(inventory() | {"sets": []}))
    refused(workshop, tmp_path / "out", "what the image says about itself")


def test_a_missing_wheel_is_named(workshop: Workshop, tmp_path: Path) -> None:
    (workshop.root / "offline_wheels" / "small_wheel-1.2.3-py3-none-any.whl").unlink()
    refused(workshop, tmp_path / "out", "lacks small-wheel 1.2.3")


def test_a_wheel_that_the_lock_does_not_know_is_named(workshop: Workshop, tmp_path: Path) -> None:
    (workshop.root / "offline_wheels" / "small_wheel-1.2.3-py3-none-any.whl").write_bytes(b"other bytes")
    refused(workshop, tmp_path / "out", "not a wheel that the lock knows")


def test_an_engine_that_stops_while_it_saves_leaves_nothing(workshop: Workshop, tmp_path: Path) -> None:
    workshop.engine.behave(save="fails")
    refused(workshop, tmp_path / "out", "the engine stopped")


def test_an_image_that_changes_while_it_is_saved_is_noticed(workshop: Workshop, tmp_path: Path) -> None:
    before = workshop.engine.images
    workshop.build("1.0.0", created="2026-11-24T10:00:00Z")
    workshop.engine.hold(before)
    refused(workshop, tmp_path / "out", "another image")


def test_a_zstd_that_dies_leaves_nothing(workshop: Workshop, tmp_path: Path) -> None:
    workshop.engine.command("zstd", "#!/bin/sh\nhead -c 100\nexit 1\n")
    refused(workshop, tmp_path / "out", "zstd failed|cannot be saved")


def test_too_many_parts_are_refused(workshop: Workshop, tmp_path: Path) -> None:
    refused(workshop, tmp_path / "out", "more than 999 parts", part_bytes=1)


def test_a_disk_that_is_full_is_named_and_nothing_hangs(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> tuple[str, bytes]:
        raise OSError(28, "No space left on device")

    content = os.urandom(3_000_000)  # More than the pipes hold, so that zstd would wait for a reader.
    (workshop.engine.home / "image.tar").write_bytes(image_archive(content, "cloister:1.0.0"))
    monkeypatch.setattr(release_image, "_write_part", full)
    refused(workshop, tmp_path / "out", "No space left on device")


def test_a_release_that_fails_its_own_check_is_not_handed_out(workshop: Workshop, tmp_path: Path) -> None:
    (workshop.root / "scripts" / "install").write_text("#!/bin/sh\necho no >&2\nexit 3\n")
    refused(workshop, tmp_path / "out", "does not pass its own check: no")


def test_a_compose_file_that_cannot_be_pinned_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    (workshop.root / "compose.yaml").write_text("services: {appliance: {image: cloister}}\n")
    refused(workshop, tmp_path / "out", "compose.yaml does not name the image")


def test_the_repository_s_own_compose_file_is_pinned_everywhere() -> None:
    text = release_folder.pinned_compose((REPOSITORY / "compose.yaml").read_text(), "1.2.3")
    assert "latest" not in text
    assert set(re.findall(r"cloister:\$\{[^}]*\}", text)) == {"cloister:${CLOISTER_VERSION:-1.2.3}"}


def test_a_missing_program_is_named(workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = shutil.which
    monkeypatch.setattr("scripts.release_main.shutil.which", lambda name: None if name == "zstd" else known(name))
    refused(workshop, tmp_path / "out", "program zstd is missing")


def test_the_inventory_runs_in_a_container_that_can_do_nothing_else(workshop: Workshop, tmp_path: Path) -> None:
    workshop.release("1.0.0", tmp_path / "out")
    (call,) = [call for call in workshop.engine.calls if call[0] == "run"]
    for option in ("--rm", "--read-only", "none", "ALL", "no-new-privileges"):
        assert option in call


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.0.0rc1", "1.0.0"),
        ("1.0.0a2", "1.0.0b1"),
        ("1.0.0rc2", "1.0.0rc10"),
        ("1.9.0", "1.10.0"),
        ("0.9.9", "1.0.0a1"),
    ],
)
def test_versions_sort_as_they_follow_each_other(older: str, newer: str) -> None:
    assert release_folder.order_of(older, 2_000_000_000) < release_folder.order_of(newer, 1_000_000_000)


def test_of_one_version_the_later_commit_is_newer() -> None:
    assert release_folder.order_of("1.0.0", 999_999_999) < release_folder.order_of("1.0.0", 1_000_000_000)


@pytest.mark.parametrize("version", ["1.0", "1.0.0.dev1", "v1.0.0", "1.0.0+local", "", "1.0.0-rc1"])
def test_versions_that_cannot_be_ordered_are_refused(version: str) -> None:
    with pytest.raises(ReleaseError, match="no version of a release"):
        release_folder.order_of(version, 0)


def test_files_have_modes_that_everybody_can_read(made: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (made / "cloister-1.0.0").iterdir()}
    assert {name for name, mode in modes.items() if mode == 0o755} == {"install", "licences"}
    assert set(modes.values()) == {0o755, 0o644}
