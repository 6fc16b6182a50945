"""Rotation: when it is due, what it changes, what stops it, and that everything opens before, during and after it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.errors import (
    DiskFullError,
    EpochsSpentError,
    RootKeyMissingError,
    RootKeyWrongError,
)
from appliance.records.keystore import APPLIANCE, KeyStore, Wrap
from appliance.worker import rotation
from appliance.worker.consumer import working
from appliance.worker.workshop import Workshop
from tests.flows.appliance_client import wait_for
from tests.worker.rotating import KIND, add, epochs_in_use, opens, settings

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    opened = Workshop.open(settings(tmp_path))
    yield opened
    opened.close()


def date(workshop: Workshop, epoch: int, made_at: datetime | None) -> None:
    """Change when an epoch was made, beside the appliance."""
    connection = sqlite3.connect(workshop.settings.data / "keys.db")
    stamp = None if made_at is None else int(made_at.timestamp())
    connection.execute("UPDATE keks SET made_at = ? WHERE epoch = ?", (stamp, epoch))
    connection.commit()
    connection.close()


def test_everything_opens_under_the_next_epoch_and_the_old_key_is_gone(workshop: Workshop, tmp_path: Path) -> None:
    documents = add(workshop, 3 * rotation.BATCH + 7)
    old_kek = workshop.keystore.keks()[1]
    rotated = rotation.rotate(workshop)

    assert (rotated.epoch, rotated.count, rotated.unopened, rotated.erased) == (2, len(documents), 0, (1,))
    assert (epochs_in_use(workshop), set(workshop.keystore.keks())) == ({2}, {2})
    assert opens(workshop, documents)
    assert old_kek[:24] not in (tmp_path / "data" / "keys.db").read_bytes()


def test_everything_opens_after_a_restart_too(tmp_path: Path) -> None:
    first = Workshop.open(settings(tmp_path))
    documents = add(first, 10)
    rotation.rotate(first)
    first.close()
    second = Workshop.open(settings(tmp_path))
    documents += add(second, 10)

    assert (second.keyring.epoch, epochs_in_use(second)) == (2, {2})
    assert opens(second, documents)
    second.close()


def test_wraps_that_others_hold_are_left_alone(workshop: Workshop) -> None:
    [document_id] = add(workshop, 1)
    others = [Wrap(document_id, 4, os.urandom(16), b"under their own key"), Wrap(document_id, 0x101, APPLIANCE, b"x")]
    workshop.keystore.put(*others)
    rotation.rotate(workshop)

    assert [wrap for wrap in workshop.keystore.held(document_id) if wrap.kind != KIND] == others


def test_a_damaged_wrap_keeps_its_key_and_holds_nobody_up(workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    documents = add(workshop, 10)
    wrapped = bytearray(workshop.keystore.get(documents[0], KIND, APPLIANCE))
    wrapped[-1] ^= 1
    workshop.keystore.put(Wrap(documents[0], KIND, APPLIANCE, bytes(wrapped)))
    rotated = rotation.rotate(workshop)

    assert (rotated.count, rotated.unopened, rotated.erased) == (9, 1, ())
    assert set(workshop.keystore.keks()) == {1, 2}
    assert workshop.keystore.get(documents[0], KIND, APPLIANCE) == bytes(wrapped)
    assert opens(workshop, documents[1:])
    assert "wrapped keys do not open" in caplog.text
    workshop.keystore.erase(documents[0])
    rotation.look(workshop, lambda: True)
    assert set(workshop.keystore.keks()) == {2}


def test_a_rotation_that_is_asked_to_stop_is_finished_by_the_next_look(workshop: Workshop) -> None:
    documents = add(workshop, 3 * rotation.BATCH)
    answers = iter([True, True, False])
    rotation.begin(workshop)
    stopped = rotation.finish(workshop, lambda: next(answers))

    assert (stopped.finished, stopped.count, stopped.erased) == (False, 2 * rotation.BATCH, ())
    assert (epochs_in_use(workshop), set(workshop.keystore.keks())) == ({1, 2}, {1, 2})
    assert opens(workshop, documents)
    rotation.look(workshop, lambda: True)
    assert (epochs_in_use(workshop), set(workshop.keystore.keks())) == ({2}, {2})
    assert opens(workshop, documents)


def test_a_root_key_that_was_exchanged_since_the_start_wraps_nothing(workshop: Workshop, tmp_path: Path) -> None:
    other = Workshop.open(settings(tmp_path / "other"))
    other.close()
    path = tmp_path / "keys" / "root.key"
    path.write_bytes((tmp_path / "other" / "keys" / "root.key").read_bytes())

    with pytest.raises(RootKeyWrongError):
        rotation.rotate(workshop)
    assert (set(workshop.keystore.keks()), workshop.keyring.epoch) == ({1}, 1)


def test_a_root_key_that_was_taken_away_is_asked_for_and_none_is_made(
    workshop: Workshop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    documents = add(workshop, 3)
    date(workshop, 1, None)
    (tmp_path / "keys" / "root.key").unlink()

    with pytest.raises(RootKeyMissingError):
        rotation.rotate(workshop)
    rotation.look(workshop, lambda: True)
    assert [record.code for record in caplog.records if record.levelname == "ERROR"] == [RootKeyMissingError.code]  # type: ignore[attr-defined]
    assert not (tmp_path / "keys" / "root.key").exists()
    assert opens(workshop, documents)


def test_the_root_key_is_held_by_nothing_that_lives_on(workshop: Workshop, tmp_path: Path) -> None:
    rotation.rotate(workshop)
    root = bytes.fromhex((tmp_path / "keys" / "root.key").read_text().split(":")[1])
    held = [getattr(workshop.keyring, name) for name in workshop.keyring.__slots__]
    held += [getattr(workshop, name) for name in Workshop.__slots__]

    assert repr(root) not in repr(held)


def test_where_no_number_is_left_an_unfinished_rotation_is_finished_all_the_same(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    documents = add(workshop, 5)
    rotation.begin(workshop)
    date(workshop, 2, None)
    monkeypatch.setattr("appliance.crypto.keyring.LAST_EPOCH", 2)
    rotation.look(workshop, lambda: True)

    assert set(workshop.keystore.keks()) == {2}
    assert opens(workshop, documents)
    assert [record.code for record in caplog.records if record.levelname == "ERROR"] == [EpochsSpentError.code]  # type: ignore[attr-defined]
    with pytest.raises(EpochsSpentError):
        rotation.rotate(workshop)


def test_on_a_full_disk_nothing_is_lost_and_the_next_look_goes_on(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    documents = add(workshop, 3 * rotation.BATCH)
    replace, calls = KeyStore.replace, iter([True, False])

    def replace_until_full(store: KeyStore, changes: list[tuple[Wrap, bytes]]) -> int:
        if not next(calls):
            raise DiskFullError(folder="data")
        return replace(store, changes)

    date(workshop, 1, None)
    with monkeypatch.context() as full:
        full.setattr(KeyStore, "replace", replace_until_full)
        rotation.look(workshop, lambda: True)
    assert [record.code for record in caplog.records if record.levelname == "ERROR"] == [DiskFullError.code]  # type: ignore[attr-defined]
    assert opens(workshop, documents)
    rotation.look(workshop, lambda: True)
    assert (epochs_in_use(workshop), set(workshop.keystore.keks())) == ({2}, {2})
    assert opens(workshop, documents)


@pytest.mark.parametrize(
    ("age_days", "limit_days", "due"),
    [
        (0, 30, False),
        (29.9, 30, False),
        (30, 30, True),
        (400, 30, True),
        (None, 30, True),
        (400, 0, False),
        (None, 0, False),
        (-0.5, 30, False),
        (-2, 30, True),
        (1, 1, True),
    ],
)
def test_a_key_is_due_by_its_age(tmp_path: Path, age_days: float | None, limit_days: int, due: object) -> None:
    workshop = Workshop.open(settings(tmp_path, key_rotation_days=limit_days))
    date(workshop, 1, None if age_days is None else NOW - timedelta(days=age_days))

    assert rotation.is_due(workshop, NOW) is due
    workshop.close()


def test_a_look_replaces_a_key_that_is_old_and_leaves_a_young_one(workshop: Workshop) -> None:
    documents = add(workshop, 3)
    rotation.look(workshop, lambda: True)
    assert set(workshop.keystore.keks()) == {1}
    date(workshop, 1, datetime.now(UTC) - timedelta(days=31))
    for _ in range(2):
        rotation.look(workshop, lambda: True)
        assert set(workshop.keystore.keks()) == {2}
    assert opens(workshop, documents)


def test_a_second_look_leaves_while_a_first_one_works(workshop: Workshop) -> None:
    date(workshop, 1, None)
    with workshop.rotating:
        rotation.look(workshop, lambda: True)

    assert set(workshop.keystore.keks()) == {1}


def test_a_server_looks_at_its_keys_when_it_starts(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = add(workshop, 3)
    date(workshop, 1, None)
    monkeypatch.setattr(type(workshop.engine), "open", lambda _: None)
    with working(workshop):
        wait_for(lambda: set(workshop.keystore.keks()) == {2}, 10, "the keys to be rotated")

    assert opens(workshop, documents)
