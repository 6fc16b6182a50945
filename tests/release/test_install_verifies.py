"""Attacks on a release between its maker and its receiver: each is refused before anything is loaded or written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts import release_folder, release_key
from tests.release.releases import FINGERPRINT, KEY, OTHER_FINGERPRINT, OTHER_KEY, Target, sign_again

PARTS = "image.tar.zst.00"


def refused(target: Target, release: Path, code: str, *options: str) -> str:
    """Claim that a release is refused with this code, and that nothing has happened."""
    ended = target.install(release, *(options or ("--fingerprint", FINGERPRINT)))
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert f"refused ({code})" in ended.stderr
    assert not target.folder.exists()
    assert target.engine.calls == []
    assert list((target.home / "tmp").iterdir()) == []
    return ended.stderr


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_sound_release_is_verified_without_an_engine(target: Target, release: Path) -> None:
    target.remove("docker")
    ended = target.install(release, "--verify", "--fingerprint", FINGERPRINT)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Nothing was installed" in ended.stdout
    assert not target.folder.exists()


def test_one_flipped_bit_in_any_file_is_refused_by_name(target: Target, release: Path) -> None:
    codes = {"SHA256SUMS": "signature_wrong", "SHA256SUMS.sig": "signature_wrong"}
    assert len(names(release)) > 15
    for name in names(release):
        if name in ("install", "release.pub"):
            continue  # Altered, the one may do anything, and the other is another key: see below.
        whole = (release / name).read_bytes()
        flip(release / name)
        words = refused(target, release, codes.get(name, "file_altered"))
        assert name in words
        (release / name).write_bytes(whole)


def test_an_altered_installer_is_noticed_by_the_installed_one(target: Target, release: Path, newer: Path) -> None:
    assert target.install(release, "--fingerprint", FINGERPRINT).returncode == 0
    (newer / "install").write_text("#!/bin/sh\necho all is well\n")
    ended = target.install(target.folder, "--from", str(newer))
    assert (ended.returncode, "file_altered): install" in ended.stderr) == (3, True)


def test_an_altered_key_is_refused(target: Target, release: Path) -> None:
    (release / "release.pub").write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    refused(target, release, "key_unreadable")


def test_a_key_of_another_kind_is_refused(target: Target, release: Path) -> None:
    # An RSA key of which the fingerprint was never asked for; openssl would take it.
    (release / "release.pub").write_text(
        "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n"
        "9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==\n-----END PUBLIC KEY-----\n"
    )
    refused(target, release, "key_unreadable")


def test_any_missing_file_is_refused_by_name(target: Target, release: Path, tmp_path: Path) -> None:
    for name in names(release):
        if name == "install":
            continue
        shutil.move(release / name, tmp_path / "away")
        assert name in refused(target, release, "file_missing")
        shutil.move(tmp_path / "away", release / name)


@pytest.mark.parametrize(
    "name", ["more.txt", ".hidden", "licences/more.txt", f"{PARTS}9", "with space", "a line\nbreak"]
)
def test_an_added_file_is_refused_by_name(target: Target, release: Path, name: str) -> None:
    (release / name).write_text("surprise")
    assert name.split("\n", maxsplit=1)[0] in refused(target, release, "file_added")


def test_an_added_link_is_refused(target: Target, release: Path) -> None:
    (release / "way-out").symlink_to("/etc")
    refused(target, release, "file_added")


def test_a_file_that_became_a_link_to_the_same_bytes_is_refused(target: Target, release: Path, tmp_path: Path) -> None:
    shutil.move(release / "compose.yaml", tmp_path / "compose.yaml")
    (release / "compose.yaml").symlink_to(tmp_path / "compose.yaml")
    refused(target, release, "file_odd")


def test_parts_that_changed_places_are_refused(target: Target, release: Path) -> None:
    first, second = release / f"{PARTS}1", release / f"{PARTS}2"
    contents = first.read_bytes(), second.read_bytes()
    first.write_bytes(contents[1])
    second.write_bytes(contents[0])
    assert f"{PARTS}1" in refused(target, release, "file_altered")


def test_a_part_that_was_cut_off_is_refused(target: Target, release: Path) -> None:
    part = release / f"{PARTS}2"
    part.write_bytes(part.read_bytes()[:-1])
    assert f"{PARTS}2" in refused(target, release, "file_altered")


def test_a_part_with_a_byte_more_is_refused(target: Target, release: Path) -> None:
    with (release / f"{PARTS}1").open("ab") as part:
        part.write(b"\0")
    refused(target, release, "file_altered")


def test_a_part_of_another_release_is_refused(target: Target, release: Path, newer: Path) -> None:
    shutil.copyfile(newer / f"{PARTS}1", release / f"{PARTS}1")
    refused(target, release, "file_altered")


def test_a_list_that_fits_the_altered_files_but_is_not_signed_is_refused(target: Target, release: Path) -> None:
    flip(release / "compose.yaml")
    signature = (release / "SHA256SUMS.sig").read_bytes()
    sign_again(release)
    (release / "SHA256SUMS.sig").write_bytes(signature)
    refused(target, release, "signature_wrong")


def test_the_list_and_signature_of_another_release_are_refused(target: Target, release: Path, newer: Path) -> None:
    for name in ("SHA256SUMS", "SHA256SUMS.sig"):
        shutil.copyfile(newer / name, release / name)
    refused(target, release, "file_altered")


def test_an_empty_signature_is_refused(target: Target, release: Path) -> None:
    (release / "SHA256SUMS.sig").write_bytes(b"")
    refused(target, release, "signature_wrong")


def test_a_signature_by_another_key_is_refused(target: Target, release: Path) -> None:
    release_folder.sign_sums(release, OTHER_KEY)
    refused(target, release, "signature_wrong")


def test_a_release_that_an_attacker_signed_throughout_is_refused(target: Target, release: Path) -> None:
    (release / "release.pub").write_bytes(release_key.public_text(OTHER_KEY))
    sign_again(release, OTHER_KEY)
    assert OTHER_FINGERPRINT in refused(target, release, "key_other")


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "licences/../../outside", "-rf", "a  b"])
def test_a_signed_list_that_leads_outside_is_refused(target: Target, release: Path, name: str) -> None:
    with (release / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  {name}\n")
    release_folder.sign_sums(release, KEY)
    refused(target, release, "list_malformed")


def test_a_signed_list_that_names_a_file_twice_is_refused(target: Target, release: Path) -> None:
    sums = (release / "SHA256SUMS").read_text()
    (release / "SHA256SUMS").write_text(sums + sums.splitlines()[0] + "\n")
    release_folder.sign_sums(release, KEY)
    refused(target, release, "list_malformed")


def test_a_release_of_an_unknown_format_is_refused_with_the_way_to_install_it(target: Target, release: Path) -> None:
    text = (release / "RELEASE.json").read_text()
    (release / "RELEASE.json").write_text(text.replace('"install_format": 1', '"install_format": 2'))
    sign_again(release)
    assert f"{release}/install" in refused(target, release, "format_unknown")


def test_a_release_without_an_image_is_refused(target: Target, release: Path) -> None:
    for part in release.glob("image.tar.zst*"):
        part.unlink()
    sign_again(release)
    refused(target, release, "release_malformed")
