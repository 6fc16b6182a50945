"""The root key, looked at without touching anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.config import Settings
from appliance.crypto.keyring import Keyring, load_root_key
from appliance.doctor.keys import keys
from appliance.errors import RootKeyInvalidError, RootKeyMissingError, RootKeyWrongError
from appliance.records.keystore import KeyStore
from appliance.worker.workshop import Workshop
from tests.doctor.saying import said, verdicts


def settings(folder: Path) -> Settings:
    return Settings(data=folder / "data", keys=folder / "keys")


@contextmanager
def running(folder: Path) -> Iterator[Settings]:
    """An appliance that has started once on a folder, and is open."""
    given = settings(folder)
    given.keys_folder.mkdir(parents=True)
    workshop = Workshop.open(given)
    try:
        yield given
    finally:
        workshop.close()


def date_back(given: Settings, days: int | None) -> None:
    """Make the key look so many days old, or as if nobody had written its date down."""
    made_at = None if days is None else (datetime.now(UTC) - timedelta(days=days)).timestamp()
    connection = sqlite3.connect(given.data / "keys.db")
    connection.execute("UPDATE keks SET made_at = ?", (made_at and int(made_at),))
    connection.commit()
    connection.close()


def started(folder: Path) -> Settings:
    with running(folder) as given:
        return given


def test_before_the_first_start_nothing_is_made(tmp_path: Path) -> None:
    assert verdicts(keys(settings(tmp_path))) == ["note"]
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_opens_the_data_is_well(tmp_path: Path) -> None:
    given = started(tmp_path)
    assert verdicts(keys(given)) == ["ok", "ok"]
    assert f"under epoch 1, made on {datetime.now(UTC).date()}; age in days: 0." in said(keys(given), "ok")


def test_the_key_can_be_looked_at_while_the_appliance_runs(tmp_path: Path) -> None:
    with running(tmp_path) as given:
        assert verdicts(keys(given)) == ["ok", "ok"]


def test_a_key_that_should_have_been_replaced_is_a_note(tmp_path: Path) -> None:
    given = started(tmp_path)
    date_back(given, 40)
    assert verdicts(keys(given)) == ["ok", "note"]
    assert "age in days: 40." in said(keys(given), "note")
    only_by_command = Settings(data=given.data, keys=given.keys, key_rotation_days=0)
    assert verdicts(keys(only_by_command)) == ["ok", "ok"]


def test_a_key_of_a_version_that_wrote_no_dates_is_a_note(tmp_path: Path) -> None:
    given = started(tmp_path)
    date_back(given, None)
    assert "under epoch 1, which has no date" in said(keys(given), "note")


def test_a_rotation_that_has_not_finished_is_a_note(tmp_path: Path) -> None:
    with running(tmp_path) as given:
        store = KeyStore.open(given.data)
        root = load_root_key(given.keys_folder / "root.key", has_data=True)
        store.put_kek(2, Keyring.next(root, store.keks())[1][2])
        store.close()
        assert verdicts(keys(given)) == ["ok", "ok", "note"]
        assert "Older epochs that are still there, because something may be under them: 1." in said(keys(given), "note")


def test_an_empty_keys_volume_on_existing_data_fails_and_no_key_is_made(tmp_path: Path) -> None:
    given = started(tmp_path)
    path = given.keys_folder / "root.key"
    path.unlink()
    assert said(keys(given), "fail") == str(RootKeyMissingError(path=str(path)))
    assert not path.exists()


def test_the_key_of_another_installation_fails(tmp_path: Path) -> None:
    given, other = started(tmp_path / "one"), started(tmp_path / "other")
    path = given.keys_folder / "root.key"
    path.write_bytes((other.keys_folder / "root.key").read_bytes())
    assert said(keys(given), "fail") == str(RootKeyWrongError(path=str(path)))


def test_a_key_that_others_may_read_fails(tmp_path: Path) -> None:
    given = started(tmp_path)
    (given.keys_folder / "root.key").chmod(0o644)
    assert "others than its owner may use it (mode 0644)" in said(keys(given), "fail")


def test_a_truncated_key_fails(tmp_path: Path) -> None:
    given = started(tmp_path)
    path = given.keys_folder / "root.key"
    path.write_bytes(path.read_bytes()[:40])
    assert said(keys(given), "fail") == str(RootKeyInvalidError(path=str(path)))


def test_a_damaged_key_store_fails_in_words(tmp_path: Path) -> None:
    given = started(tmp_path)
    (given.data / "keys.db").write_bytes(b"no database" * 1000)
    assert "damaged" in said(keys(given), "fail")


def test_keys_inside_the_data_folder_are_a_note(tmp_path: Path) -> None:
    inside = Settings(data=tmp_path / "data", keys=tmp_path / "data" / "keys")
    assert "a copy of the data opens itself" in said(keys(inside), "note")
