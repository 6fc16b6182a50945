"""The root key file is made once and never again; the keyring opens what belongs to it and nothing else."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from appliance.crypto import keywrap
from appliance.crypto.keyring import Keyring, load_root_key
from appliance.crypto.keywrap import WrapKind, WrapLabel
from appliance.errors import (
    EpochsSpentError,
    RootKeyError,
    RootKeyInvalidError,
    RootKeyMissingError,
    TruncatedError,
    WrongContextError,
    WrongKeyError,
)

if TYPE_CHECKING:
    from pathlib import Path

ROOT = bytes(range(32))
DOCUMENT = bytes(range(16))
FILE_KEY = bytes(range(32, 64))


def test_the_first_start_makes_a_key_that_only_the_owner_may_use(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "root.key"
    root = load_root_key(path, has_data=False)
    assert len(root) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_second_start_reads_the_same_key_and_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    root = load_root_key(path, has_data=False)
    before = path.stat()
    assert load_root_key(path, has_data=True) == root
    assert load_root_key(path, has_data=False) == root
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino


def test_nothing_but_the_key_file_is_left_in_its_folder(tmp_path: Path) -> None:
    load_root_key(tmp_path / "root.key", has_data=False)
    assert os.listdir(tmp_path) == ["root.key"]  # noqa: PTH208 -- hidden files count too.


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    assert load_root_key(tmp_path / "a", has_data=False) != load_root_key(tmp_path / "b", has_data=False)


def test_a_missing_key_over_existing_data_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    with pytest.raises(RootKeyMissingError):
        load_root_key(path, has_data=True)
    assert not path.exists()


def test_a_key_that_appears_in_between_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "root.key"
    link = os.link

    def link_after_another_start(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        other_roots.append(load_root_key(path, has_data=False))
        link(source, target)

    other_roots: list[bytes] = []
    monkeypatch.setattr(os, "link", link_after_another_start)
    assert [load_root_key(path, has_data=False)] == other_roots
    assert os.listdir(tmp_path) == ["root.key"]  # noqa: PTH208 -- hidden files count too.


@pytest.mark.parametrize("kept", [0, 1, 20, 84, 100])
def test_a_truncated_key_file_is_refused_and_left_alone(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "root.key"
    load_root_key(path, has_data=False)
    text = path.read_bytes()[:kept]
    path.write_bytes(text)
    for has_data in (False, True):
        with pytest.raises(RootKeyInvalidError):
            load_root_key(path, has_data)
    assert path.read_bytes() == text


def test_a_key_file_with_a_changed_digit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    load_root_key(path, has_data=False)
    text = bytearray(path.read_bytes())
    text[30] = ord("0") if text[30] != ord("0") else ord("1")
    path.write_bytes(text)
    with pytest.raises(RootKeyInvalidError):
        load_root_key(path, has_data=True)


@pytest.mark.parametrize("foreign", [b"-----BEGIN PRIVATE KEY-----\n", os.urandom(32), bytes(10_000)])
def test_a_foreign_file_is_refused(tmp_path: Path, foreign: bytes) -> None:
    path = private(tmp_path / "root.key", foreign)
    with pytest.raises(RootKeyInvalidError):
        load_root_key(path, has_data=True)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_key_file_open_to_others_is_refused_in_words(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "root.key"
    load_root_key(path, has_data=False)
    path.chmod(mode)
    with pytest.raises(RootKeyError, match=f"mode {mode:04o}.*0600"):
        load_root_key(path, has_data=True)


def test_a_folder_in_place_of_the_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RootKeyError, match="not a regular file"):
        load_root_key(tmp_path, has_data=True)


def test_a_pipe_in_place_of_the_key_file_does_not_stop_the_start(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "root.key", 0o600)
    with pytest.raises(RootKeyError, match="not a regular file"):
        load_root_key(tmp_path / "root.key", has_data=True)


def test_a_key_folder_that_cannot_be_made_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(RootKeyError, match="root key file"):
        load_root_key(tmp_path / "keys" / "root.key", has_data=False)


def test_a_keyring_opens_what_it_wrapped(tmp_path: Path) -> None:
    root = load_root_key(tmp_path / "root.key", has_data=False)
    keyring, wrapped = Keyring.first(root)
    file_key = keyring.wrap_file_key(DOCUMENT, FILE_KEY)
    assert Keyring.open(root, wrapped).unwrap_file_key(DOCUMENT, file_key) == FILE_KEY
    assert keyring.epoch == 1
    assert {epoch: len(kek) for epoch, kek in wrapped.items()} == {1: 144}


def test_another_root_key_opens_no_keyring() -> None:
    _, wrapped = Keyring.first(ROOT)
    with pytest.raises(WrongKeyError):
        Keyring.open(bytes(32), wrapped)


def test_a_key_under_another_epoch_is_refused() -> None:
    _, wrapped = Keyring.first(ROOT)
    with pytest.raises(WrongContextError):
        Keyring.open(ROOT, {2: wrapped[1]})


def test_a_damaged_key_is_refused() -> None:
    _, wrapped = Keyring.first(ROOT)
    with pytest.raises(TruncatedError):
        Keyring.open(ROOT, {1: wrapped[1][:-1]})


def test_a_key_that_is_not_the_one_its_wrap_names_is_refused() -> None:
    label = WrapLabel(WrapKind.KEK_UNDER_ROOT, 1, keywrap.key_id(ROOT), keywrap.key_id(b"another key"))
    with pytest.raises(WrongContextError):
        Keyring.open(ROOT, {1: keywrap.wrap(ROOT, FILE_KEY, label)})


def test_the_epoch_in_the_wrap_chooses_the_key() -> None:
    keyring = keyring_of(1, 2)
    old = keyring_of(1).wrap_file_key(DOCUMENT, FILE_KEY)
    assert keyring.epoch == 2
    assert keywrap.read_label(keyring.wrap_file_key(DOCUMENT, FILE_KEY)).epoch == 2
    assert keyring.unwrap_file_key(DOCUMENT, old) == FILE_KEY


def test_an_unknown_epoch_is_refused() -> None:
    with pytest.raises(WrongKeyError):
        keyring_of(1).unwrap_file_key(DOCUMENT, keyring_of(2).wrap_file_key(DOCUMENT, FILE_KEY))


def test_a_file_key_of_another_document_is_refused() -> None:
    keyring = keyring_of(1)
    with pytest.raises(WrongContextError):
        keyring.unwrap_file_key(bytes(16), keyring.wrap_file_key(DOCUMENT, FILE_KEY))


def test_the_same_epoch_of_another_installation_opens_nothing() -> None:
    one, _ = Keyring.first(ROOT)
    other, _ = Keyring.first(ROOT)
    with pytest.raises(WrongKeyError):
        one.unwrap_file_key(DOCUMENT, other.wrap_file_key(DOCUMENT, FILE_KEY))


def test_a_keyring_without_any_epoch_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="at least one epoch"):
        Keyring.open(ROOT, {})


def test_the_next_epoch_wraps_what_is_new_and_opens_what_is_old() -> None:
    first, stored = Keyring.first(ROOT)
    old = first.wrap_file_key(DOCUMENT, FILE_KEY)
    second, added = Keyring.next(ROOT, stored)
    new = second.wrap_file_key(DOCUMENT, FILE_KEY)

    assert (second.epoch, list(added), keywrap.read_label(new).epoch) == (2, [2], 2)
    assert second.unwrap_file_key(DOCUMENT, old) == second.unwrap_file_key(DOCUMENT, new) == FILE_KEY
    assert Keyring.open(ROOT, stored | added).unwrap_file_key(DOCUMENT, new) == FILE_KEY
    with pytest.raises(WrongKeyError):
        first.unwrap_file_key(DOCUMENT, new)


def test_each_epoch_has_a_key_of_its_own() -> None:
    _, stored = Keyring.first(ROOT)
    _, one = Keyring.next(ROOT, stored)
    _, other = Keyring.next(ROOT, stored)
    ids = {keywrap.read_label(wrapped).subject for wrapped in (*stored.values(), *one.values(), *other.values())}
    assert len(ids) == 3


def test_another_root_key_makes_no_next_epoch() -> None:
    _, stored = Keyring.first(ROOT)
    with pytest.raises(WrongKeyError):
        Keyring.next(bytes(32), stored)


def test_after_the_last_number_no_epoch_is_made() -> None:
    for last, refused in ((65_534, False), (65_535, True)):
        label = WrapLabel(WrapKind.KEK_UNDER_ROOT, last, keywrap.key_id(ROOT), keywrap.key_id(FILE_KEY))
        stored = {last: keywrap.wrap(ROOT, FILE_KEY, label)}
        if refused:
            with pytest.raises(EpochsSpentError, match="epoch 65535 is the last"):
                Keyring.next(ROOT, stored)
        else:
            assert Keyring.next(ROOT, stored)[0].epoch == 65_535


def test_a_key_is_wrapped_again_under_the_newest_epoch_only_where_it_is_not() -> None:
    old = keyring_of(1).wrap_file_key(DOCUMENT, FILE_KEY)
    keyring = keyring_of(1, 2)
    renewed = keyring.renew_file_key(DOCUMENT, old)

    assert renewed is not None
    assert keyring_of(2).unwrap_file_key(DOCUMENT, renewed) == FILE_KEY
    assert keyring.renew_file_key(DOCUMENT, renewed) is None
    with pytest.raises(WrongContextError):
        keyring.renew_file_key(bytes(16), old)


def test_a_forgotten_epoch_opens_nothing_and_the_newest_cannot_be_forgotten() -> None:
    keyring = keyring_of(1, 2, 3)
    old = keyring_of(2).wrap_file_key(DOCUMENT, FILE_KEY)
    assert keyring.without([1]).unwrap_file_key(DOCUMENT, old) == FILE_KEY
    with pytest.raises(WrongKeyError):
        keyring.without([1, 2]).unwrap_file_key(DOCUMENT, old)
    with pytest.raises(ValueError, match="in use"):
        keyring.without([3])


def test_a_keyring_shows_no_key() -> None:
    assert bytes([1] * 32).hex() not in repr(keyring_of(1))
    assert repr(bytes([1] * 32)) not in repr(keyring_of(1))


def keyring_of(*epochs: int) -> Keyring:
    """Return a keyring whose key of each epoch is the same in every test."""
    return Keyring({epoch: bytes([epoch] * 32) for epoch in epochs})


def private(path: Path, content: bytes) -> Path:
    """Write a file that only its owner may read."""
    path.write_bytes(content)
    path.chmod(0o600)
    return path
