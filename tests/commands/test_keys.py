"""`appliance keys`, as an administrator runs it beside a stopped server or a running one."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.worker.workshop import Workshop
from tests.conftest import REPOSITORY
from tests.worker.rotating import add, opens, settings


@pytest.fixture
def documents(tmp_path: Path) -> list[bytes]:
    """Some documents of an appliance that is stopped."""
    workshop = Workshop.open(settings(tmp_path))
    added = add(workshop, 12)
    workshop.close()
    return added


def keys(folder: Path, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "appliance", "keys", *arguments, "--data", str(folder / "data")]
    return subprocess.run(
        command, env={**os.environ, **given}, capture_output=True, text=True, timeout=60, cwd=REPOSITORY, check=False
    )


def listed(folder: Path) -> list[dict[str, object]]:
    answer = keys(folder, "list", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    return list(json.loads(answer.stdout))


def test_a_rotation_says_what_it_did_and_everything_opens_after_it(tmp_path: Path, documents: list[bytes]) -> None:
    answer = keys(tmp_path, "rotate")

    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("Epoch 2 is in use; 12 file keys were wrapped under it in ")
    assert answer.stdout.endswith("The key of epoch 1 is erased.\n")
    workshop = Workshop.open(settings(tmp_path))
    assert (workshop.keyring.epoch, set(workshop.keystore.keks())) == (2, {2})
    assert opens(workshop, documents)
    workshop.close()


def test_the_list_shows_epochs_dates_and_documents_without_changing_anything(
    tmp_path: Path, documents: list[bytes]
) -> None:
    before = (tmp_path / "data" / "keys.db").read_bytes()
    [epoch] = listed(tmp_path)
    made_at = datetime.fromisoformat(str(epoch["made_at"]))

    assert (epoch["epoch"], epoch["documents"]) == (1, len(documents))
    assert abs((datetime.now(UTC) - made_at).total_seconds()) < 60
    said = keys(tmp_path, "list").stdout
    assert said == f"epoch 1  made {made_at:%Y-%m-%d %H:%M:%S+00:00}  documents 12\n"
    assert (tmp_path / "data" / "keys.db").read_bytes() == before


@pytest.mark.usefixtures("documents")
def test_an_epoch_without_a_date_is_listed_as_such(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "data" / "keys.db")
    connection.execute("UPDATE keks SET made_at = NULL")
    connection.commit()
    connection.close()

    assert keys(tmp_path, "list").stdout == "epoch 1  made unknown  documents 12\n"


def test_while_a_server_runs_the_keys_are_listed_but_not_rotated(tmp_path: Path) -> None:
    workshop = Workshop.open(settings(tmp_path))
    documents = add(workshop, 3)
    answer = keys(tmp_path, "rotate")

    assert answer.returncode == 1
    assert "another Cloister is running on it. [data_folder]" in answer.stderr
    assert [epoch["documents"] for epoch in listed(tmp_path)] == [3]
    assert opens(workshop, documents)
    workshop.close()


@pytest.mark.parametrize("action", ["rotate", "list"])
def test_a_folder_without_keys_is_refused_and_nothing_is_made(tmp_path: Path, action: str) -> None:
    answer = keys(tmp_path, action)

    assert answer.returncode == 1
    assert "there is no keys.db in it that could be read" in answer.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("documents")
def test_without_the_root_key_nothing_is_rotated(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "root.key"
    path.unlink()
    answer = keys(tmp_path, "rotate")

    assert answer.returncode == 1
    assert "[root_key.missing]" in answer.stderr
    assert not path.exists()
    assert [epoch["epoch"] for epoch in listed(tmp_path)] == [1]


def test_a_damaged_key_is_told_and_the_exit_status_says_so(tmp_path: Path, documents: list[bytes]) -> None:
    connection = sqlite3.connect(tmp_path / "data" / "keys.db")
    connection.execute(
        "UPDATE wraps SET wrapped = CAST(substr(wrapped, 1, 143) || x'00' AS BLOB) WHERE subject = ?", (documents[0],)
    )
    connection.commit()
    connection.close()
    answer = keys(tmp_path, "rotate")

    assert answer.returncode == 1
    assert "1 file keys do not open: they are damaged." in answer.stdout
    assert [(epoch["epoch"], epoch["documents"]) for epoch in listed(tmp_path)] == [(1, 1), (2, 11)]


@pytest.mark.usefixtures("documents")
def test_a_number_of_days_that_cannot_be_is_refused(tmp_path: Path) -> None:
    answer = keys(tmp_path, "list", CLOISTER_KEY_ROTATION_DAYS="-1")

    assert (answer.returncode, "[settings]" in answer.stderr) == (2, True)
