"""Whose signature counts: a person vouches for a key once, and from then on only that key is taken."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from scripts import release_key
from tests.release.releases import (
    FINGERPRINT,
    KEY,
    OTHER_FINGERPRINT,
    OTHER_KEY,
    Target,
    change_field,
    content_of,
    sign_again,
)


def sign_with_other_key(release: Path) -> None:
    (release / "release.pub").write_bytes(release_key.public_text(OTHER_KEY))
    sign_again(release, OTHER_KEY)


def answer(target: Target, release: Path, text: str) -> tuple[int, str]:
    """Install at a terminal, type one line; returns the exit status and everything that was shown."""
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        target.command(release),
        env=target.environment,
        stdin=end,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    os.close(end)
    os.write(terminal, f"{text}\n".encode())
    shown, _ = process.communicate(timeout=60)
    os.close(terminal)
    return process.returncode, shown


def test_a_first_installation_where_nobody_can_answer_wants_the_fingerprint(target: Target, release: Path) -> None:
    ended = target.install(release)
    assert (ended.returncode, "refused (key_unconfirmed)" in ended.stderr) == (3, True)
    assert FINGERPRINT not in ended.stderr, "it would be copied from here instead of from the letter"
    assert not target.folder.exists()


def test_a_person_who_types_yes_vouches_for_the_key_that_is_shown(target: Target, release: Path) -> None:
    status, shown = answer(target, release, "yes")
    assert status == 0, shown
    assert FINGERPRINT in shown
    assert (target.folder / "release.pub").read_bytes() == release_key.public_text(KEY)


@pytest.mark.parametrize("text", ["no", "", "y", "Yes please"])
def test_anything_but_yes_is_no(target: Target, release: Path, text: str) -> None:
    status, shown = answer(target, release, text)
    assert (status, "refused (key_unconfirmed)" in shown) == (3, True)
    assert not target.folder.exists()


def test_a_fingerprint_may_be_typed_as_it_is_printed(target: Target, release: Path) -> None:
    typed = " ".join(FINGERPRINT[start : start + 4] for start in range(0, 64, 4)).upper()
    assert target.install(release, "--fingerprint", typed).returncode == 0


@pytest.mark.parametrize("typed", [FINGERPRINT[:63], FINGERPRINT + "0", FINGERPRINT[:8], "g" * 64, "*", ""])
def test_a_part_of_a_fingerprint_is_none(target: Target, release: Path, typed: str) -> None:
    ended = target.install(release, "--fingerprint", typed)
    assert (ended.returncode, "refused (usage)" in ended.stderr) == (2, True)


def test_an_update_by_the_same_key_asks_nobody(target: Target, release: Path, newer: Path) -> None:
    assert target.install(release, "--fingerprint", FINGERPRINT).returncode == 0
    ended = target.install(newer)
    assert ended.returncode == 0, ended.stderr
    assert "over 1.0.0" in ended.stdout


def test_an_update_by_another_key_is_refused(target: Target, release: Path, newer: Path) -> None:
    assert target.install(release, "--fingerprint", FINGERPRINT).returncode == 0
    before = content_of(target.folder)
    sign_with_other_key(newer)
    ended = target.install(newer)
    assert (ended.returncode, "refused (key_changed)" in ended.stderr) == (3, True)
    assert (content_of(target.folder), target.engine.loads) == (before, 1)


def test_the_fingerprint_of_a_first_installation_does_not_replace_a_key(
    target: Target, release: Path, newer: Path
) -> None:
    assert target.install(release, "--fingerprint", FINGERPRINT).returncode == 0
    sign_with_other_key(newer)
    ended = target.install(newer, "--fingerprint", OTHER_FINGERPRINT)
    assert (ended.returncode, "refused (key_changed)" in ended.stderr) == (3, True)


def test_a_key_is_replaced_when_that_is_said_in_so_many_words(target: Target, release: Path, newer: Path) -> None:
    assert target.install(release, "--fingerprint", FINGERPRINT).returncode == 0
    sign_with_other_key(newer)
    ended = target.install(newer, "--new-key-fingerprint", OTHER_FINGERPRINT)
    assert ended.returncode == 0, ended.stderr
    assert (target.folder / "release.pub").read_bytes() == release_key.public_text(OTHER_KEY)
    sign_again(newer, KEY)
    (newer / "release.pub").write_bytes(release_key.public_text(KEY))
    sign_again(newer, KEY)
    assert "refused (key_changed)" in target.install(newer).stderr, "the key of before counts no more"


def test_a_new_key_that_is_not_the_announced_one_is_refused(target: Target, release: Path, newer: Path) -> None:
    assert target.install(release, "--fingerprint", FINGERPRINT).returncode == 0
    sign_with_other_key(newer)
    ended = target.install(newer, "--new-key-fingerprint", "ab" * 32)
    assert (ended.returncode, "refused (key_other)" in ended.stderr) == (3, True)


def test_a_damaged_remembered_key_is_not_replaced_silently(target: Target, release: Path, newer: Path) -> None:
    assert target.install(release, "--fingerprint", FINGERPRINT).returncode == 0
    (target.folder / "release.pub").write_text("")
    ended = target.install(newer, "--fingerprint", FINGERPRINT)
    assert (ended.returncode, "refused (key_unreadable)" in ended.stderr) == (3, True)


def test_an_older_release_is_refused(target: Target, release: Path, newer: Path) -> None:
    assert target.install(newer, "--fingerprint", FINGERPRINT).returncode == 0
    before = content_of(target.folder)
    ended = target.install(release)
    assert (ended.returncode, "refused (older)" in ended.stderr) == (3, True)
    assert "1.1.0 of 2027-01-10" in ended.stderr
    assert (content_of(target.folder), target.engine.loads) == (before, 1)


def test_an_older_build_of_the_same_version_is_refused(target: Target, release: Path) -> None:
    assert target.install(release, "--fingerprint", FINGERPRINT).returncode == 0
    change_field(release, order="000001.000000.000000.z.000000.001600000000")
    assert "refused (older)" in target.install(release).stderr


def test_an_older_release_is_taken_when_it_is_wanted(target: Target, release: Path, newer: Path) -> None:
    assert target.install(newer, "--fingerprint", FINGERPRINT).returncode == 0
    ended = target.install(release, "--allow-older")
    assert ended.returncode == 0, ended.stderr
    assert "cloister:${CLOISTER_VERSION:-1.0.0}" in (target.folder / "compose.yaml").read_text()
