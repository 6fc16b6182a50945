from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.errors import ConflictError, DataFolderError, NotFoundError
from appliance.records.keyschema import KEYS_FILE, Epoch, count_documents, read_epochs
from appliance.records.keystore import APPLIANCE, PAGE, SEALED, KeyStore, Wrap

ONE, TWO, THREE = (bytes([number]) * 16 for number in (1, 2, 3))
KEK, UNDER_UK, RESULT = 8, 4, SEALED | 1
SCHEMA_OF_1 = """
    PRAGMA application_id = 1129073497;
    CREATE TABLE wraps (document_id BLOB PRIMARY KEY NOT NULL, wrapped BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE keks (epoch INTEGER PRIMARY KEY NOT NULL, wrapped BLOB NOT NULL);
    INSERT INTO wraps VALUES (zeroblob(16), x'77726170706564');
    INSERT INTO keks VALUES (1, x'6b656b');
    PRAGMA user_version = 1;
"""
SCHEMA_OF_2 = """
    PRAGMA application_id = 1129073497;
    CREATE TABLE wraps (
        subject BLOB NOT NULL, kind INTEGER NOT NULL, holder BLOB NOT NULL, wrapped BLOB NOT NULL,
        PRIMARY KEY (subject, kind, holder)
    ) WITHOUT ROWID;
    CREATE TABLE keks (epoch INTEGER PRIMARY KEY NOT NULL, wrapped BLOB NOT NULL);
    INSERT INTO wraps VALUES (zeroblob(16), 8, zeroblob(16), x'434c573108010001');
    INSERT INTO keks VALUES (1, x'6b656b');
    PRAGMA user_version = 2;
"""


def a_wrap(subject: bytes, wrapped: bytes, kind: int = KEK, holder: bytes = APPLIANCE) -> Wrap:
    return Wrap(subject, kind, holder, wrapped)


def test_a_wrapped_key_comes_back(keystore: KeyStore) -> None:
    keystore.put(a_wrap(ONE, b"wrapped"))

    assert keystore.get(ONE, KEK, APPLIANCE) == b"wrapped"


def test_a_new_wrap_takes_the_place_of_the_old_one(keystore: KeyStore) -> None:
    keystore.put(a_wrap(ONE, b"old"))
    keystore.put(a_wrap(ONE, b"new"))

    assert keystore.get(ONE, KEK, APPLIANCE) == b"new"


def test_a_key_that_was_erased_is_not_found(keystore: KeyStore) -> None:
    keystore.put(a_wrap(ONE, b"wrapped"))
    keystore.erase(ONE)
    with pytest.raises(NotFoundError):
        keystore.get(ONE, KEK, APPLIANCE)


def test_several_keys_are_erased_at_once_and_the_others_stay(keystore: KeyStore) -> None:
    for document_id in (ONE, TWO, THREE):
        keystore.put(a_wrap(document_id, b"wrapped"))
    keystore.erase(ONE, THREE, b"never was there.")

    assert keystore.subjects() == {TWO}


def test_erasing_nothing_is_no_error(keystore: KeyStore) -> None:
    keystore.erase()

    assert keystore.subjects() == set()


def test_an_erased_key_is_nowhere_in_the_files(keystore: KeyStore, tmp_path: Path) -> None:
    canary = os.urandom(144)
    for number in range(20):
        keystore.put(a_wrap(os.urandom(16), os.urandom(144)))
        if number == 10:
            keystore.put(a_wrap(ONE, canary))
    files = [path for path in (tmp_path / "data").iterdir() if path.suffix != ".ballast"]
    assert any(canary in path.read_bytes() for path in files)
    keystore.erase(ONE)

    assert not any(canary[:16] in path.read_bytes() or ONE in path.read_bytes() for path in files)


def test_keys_are_there_after_a_restart(tmp_path: Path) -> None:
    first = KeyStore.open(tmp_path)
    first.put(a_wrap(ONE, b"wrapped"))
    first.put_kek(1, b"kek")
    first.close()
    second = KeyStore.open(tmp_path, has_data=True)

    assert (second.get(ONE, KEK, APPLIANCE), second.keks()) == (b"wrapped", {1: b"kek"})
    second.close()


def test_the_key_of_an_epoch_is_never_overwritten(keystore: KeyStore) -> None:
    keystore.put_kek(1, b"first")
    keystore.put_kek(2, b"second")
    with pytest.raises(ConflictError):
        keystore.put_kek(1, b"other")

    assert keystore.keks() == {1: b"first", 2: b"second"}


def test_the_database_forgets_and_keeps_no_log(keystore: KeyStore) -> None:
    found = {
        name: keystore._connection.execute(f"PRAGMA {name}").fetchone()
        for name in ("journal_mode", "secure_delete", "synchronous", "temp_store")
    }

    assert found == {"journal_mode": ("truncate",), "secure_delete": (1,), "synchronous": (3,), "temp_store": (2,)}


def test_only_the_appliance_can_read_the_files(keystore: KeyStore, tmp_path: Path) -> None:
    keystore.put(a_wrap(ONE, b"wrapped"))

    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()} == {0o600}
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_missing_key_store_is_not_made_anew_where_data_is(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    with pytest.raises(DataFolderError, match=r"keys\.db is missing"):
        KeyStore.open(tmp_path, has_data=True)

    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_a_newer_key_store_is_refused(tmp_path: Path) -> None:
    KeyStore.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / KEYS_FILE)
    connection.execute("PRAGMA user_version = 4")
    connection.close()
    with pytest.raises(DataFolderError, match="newer version"):
        KeyStore.open(tmp_path)


def test_a_foreign_key_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / KEYS_FILE).write_bytes(b"my passwords")
    with pytest.raises(DataFolderError, match="not a database of Cloister"):
        KeyStore.open(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [KEYS_FILE]
    assert (tmp_path / KEYS_FILE).read_bytes() == b"my passwords"


def test_a_start_that_was_cut_short_is_made_good(tmp_path: Path) -> None:
    (tmp_path / KEYS_FILE).touch()
    keystore = KeyStore.open(tmp_path)

    assert keystore.keks() == {}
    keystore.close()


def test_a_key_is_held_in_several_ways_and_all_of_them_go_at_once(keystore: KeyStore) -> None:
    wraps = [a_wrap(ONE, b"kek"), a_wrap(ONE, b"mine", UNDER_UK, TWO), a_wrap(ONE, b"yours", UNDER_UK, THREE)]
    keystore.put(*wraps, a_wrap(TWO, b"other"))

    assert sorted(keystore.held(ONE), key=lambda wrap: wrap.wrapped) == wraps
    keystore.erase(ONE)
    assert keystore.held(ONE, TWO) == [a_wrap(TWO, b"other")]


def test_a_result_is_adopted_in_one_step(keystore: KeyStore) -> None:
    sealed, adopted = a_wrap(ONE, b"sealed", RESULT, TWO), a_wrap(ONE, b"adopted", UNDER_UK, TWO)
    keystore.put(sealed, a_wrap(ONE, b"theirs", RESULT, THREE))
    keystore.change([adopted], take_back=[sealed])

    assert keystore.held(ONE) == [adopted, a_wrap(ONE, b"theirs", RESULT, THREE)]


def test_the_keys_of_more_subjects_than_a_statement_takes_are_found(keystore: KeyStore) -> None:
    subjects = [number.to_bytes(16) for number in range(1, 1202)]
    keystore.put(*(a_wrap(subject, b"w") for subject in subjects))

    assert {wrap.subject for wrap in keystore.held(*subjects)} == set(subjects)


def test_a_key_store_of_the_first_version_is_brought_up_to_date_once(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / KEYS_FILE)
    connection.executescript(SCHEMA_OF_1)
    connection.close()
    for _ in range(2):
        keystore = KeyStore.open(tmp_path, has_data=True)
        assert keystore.held(bytes(16)) == [a_wrap(bytes(16), b"wrapped")]
        assert keystore.keks() == {1: b"kek"}
        keystore.close()
    assert b"wraps_of_1" not in (tmp_path / KEYS_FILE).read_bytes()


def under(epoch: int, rest: bytes = b"") -> bytes:
    """Return what stands where a wrap of an epoch has its magic, kind, algorithm and epoch."""
    return b"CLW1\x08\x01" + epoch.to_bytes(2) + rest


def test_a_key_store_of_the_second_version_gets_dates_and_its_old_epoch_has_none(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / KEYS_FILE)
    connection.executescript(SCHEMA_OF_2)
    connection.close()
    assert read_epochs(tmp_path) == [Epoch(1, b"kek", None)]
    for _ in range(2):
        keystore = KeyStore.open(tmp_path, has_data=True)
        assert keystore.kek_made_at(1) is None
        assert keystore.get(bytes(16), KEK, APPLIANCE) == under(1)
        keystore.close()
    assert read_epochs(tmp_path) == [Epoch(1, b"kek", None)]


@pytest.mark.parametrize("schema", [SCHEMA_OF_1, SCHEMA_OF_2])
def test_a_key_store_of_an_older_version_can_be_looked_at_before_it_is_brought_up_to_date(
    tmp_path: Path, schema: str
) -> None:
    connection = sqlite3.connect(tmp_path / KEYS_FILE)
    connection.executescript(schema)
    connection.execute("UPDATE wraps SET wrapped = ?", (under(1),))
    connection.commit()
    connection.close()
    before = (tmp_path / KEYS_FILE).read_bytes()

    assert read_epochs(tmp_path) == [Epoch(1, b"kek", None)]
    assert count_documents(tmp_path) == {1: 1}
    assert (tmp_path / KEYS_FILE).read_bytes() == before


def test_an_epoch_has_the_date_on_which_it_was_made(keystore: KeyStore, tmp_path: Path) -> None:
    keystore.put_kek(1, b"kek")
    made_at = keystore.kek_made_at(1)

    assert made_at is not None
    assert timedelta(0) <= datetime.now(UTC) - made_at < timedelta(seconds=10)
    assert read_epochs(tmp_path / "data") == [Epoch(1, b"kek", made_at)]
    assert keystore.kek_made_at(2) is None


def test_where_there_is_no_key_store_there_are_no_epochs(tmp_path: Path) -> None:
    assert (read_epochs(tmp_path), count_documents(tmp_path)) == ([], {})


def test_the_wraps_of_a_kind_are_gone_through_in_pages_even_where_one_is_erased_on_the_way(keystore: KeyStore) -> None:
    subjects = [number.to_bytes(16) for number in range(1, 11)]
    keystore.put(*(a_wrap(subject, b"w") for subject in subjects))
    keystore.put(*(a_wrap(subject, b"other", UNDER_UK, TWO) for subject in subjects))
    found, last = [], None
    while page := keystore.page(KEK, last, 3):
        last = page[-1]
        keystore.erase(last.subject)
        found += page

    assert found == [a_wrap(subject, b"w") for subject in subjects]


def test_a_page_is_found_by_the_key_of_the_table_and_not_by_reading_all_of_it(keystore: KeyStore) -> None:
    plan = keystore._connection.execute(f"EXPLAIN QUERY PLAN {PAGE}", (8, ONE, TWO, 3)).fetchall()
    steps = [step[3] for step in plan]

    assert steps[0].startswith("SEARCH wraps USING PRIMARY KEY (subject>")
    assert "USE TEMP B-TREE FOR ORDER BY" not in steps  # Only those of one subject may be sorted.


def test_a_wrap_that_was_erased_since_it_was_read_is_not_brought_back(keystore: KeyStore) -> None:
    keystore.put(a_wrap(ONE, b"old"), a_wrap(TWO, b"old"))
    read = keystore.page(KEK, None, 10)
    keystore.erase(ONE)

    assert keystore.replace([(wrap, b"new") for wrap in read]) == 1
    assert keystore.held(ONE, TWO) == [a_wrap(TWO, b"new")]


def test_a_wrap_that_was_replaced_since_it_was_read_stays_as_it_was_replaced(keystore: KeyStore) -> None:
    keystore.put(a_wrap(ONE, b"old"))
    read = keystore.page(KEK, None, 10)
    keystore.put(a_wrap(ONE, b"another key"))

    assert keystore.replace([(wrap, b"new") for wrap in read]) == 0
    assert keystore.get(ONE, KEK, APPLIANCE) == b"another key"


def test_a_replaced_wrap_is_nowhere_in_the_files(keystore: KeyStore, tmp_path: Path) -> None:
    keystore.put(*(a_wrap(os.urandom(16), os.urandom(144)) for _ in range(200)))
    before = keystore.page(KEK, None, 500)
    keystore.replace([(wrap, os.urandom(144)) for wrap in before])
    content = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir() if path.suffix != ".ballast")

    assert [wrap for wrap in before if wrap.wrapped[:16] in content] == []


def test_the_key_of_an_epoch_that_a_wrap_needs_is_not_erased(keystore: KeyStore, tmp_path: Path) -> None:
    keks = {epoch: os.urandom(144) for epoch in (1, 2, 259)}
    for epoch, kek in keks.items():
        keystore.put_kek(epoch, kek)
    keystore.put(a_wrap(ONE, under(2, b"needed")), a_wrap(TWO, under(1), kind=UNDER_UK))

    assert keystore.erase_unused_keks([1, 2]) == {1}
    assert set(keystore.keks()) == {2, 259}
    assert keystore.erase_unused_keks([]) == set()
    keystore.erase(ONE)
    assert keystore.erase_unused_keks([2]) == {2}
    content = (tmp_path / "data" / KEYS_FILE).read_bytes()
    assert [epoch for epoch, kek in keks.items() if kek[:16] in content] == [259]


def test_documents_are_counted_by_epoch(keystore: KeyStore, tmp_path: Path) -> None:
    keystore.put(a_wrap(ONE, under(1)), a_wrap(TWO, under(259)), a_wrap(THREE, under(259)))
    keystore.put(a_wrap(THREE, under(1), kind=UNDER_UK))

    assert count_documents(tmp_path / "data") == {1: 1, 259: 2}
