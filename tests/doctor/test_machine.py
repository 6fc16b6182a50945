from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance import RELEASED
from appliance.config import Settings
from appliance.doctor import machine
from appliance.errors import ClockError
from tests.doctor.saying import said, verdicts

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def test_a_clock_in_1970_is_refused_with_both_dates() -> None:
    with pytest.raises(ClockError, match=rf"1970-01-01 00:00 UTC.*{RELEASED}"):
        machine.require_clock(datetime(1970, 1, 1, tzinfo=UTC))


def test_a_clock_on_the_day_of_the_release_is_right() -> None:
    machine.require_clock(datetime(RELEASED.year, RELEASED.month, RELEASED.day, tzinfo=UTC))


def test_this_release_was_not_made_in_the_future() -> None:
    assert datetime.now(UTC).date() >= RELEASED


def test_a_clock_before_the_release_fails(tmp_path: Path) -> None:
    finding = machine.clock(tmp_path / "none", datetime(1970, 1, 1, tzinfo=UTC))
    assert finding.verdict == "fail"
    assert "1970-01-01" in str(finding.what)


def test_a_clock_behind_what_was_written_fails(tmp_path: Path) -> None:
    database = tmp_path / "cloister.db"
    database.touch()
    later = (NOW + timedelta(days=2)).timestamp()
    os.utime(database, (later, later))
    finding = machine.clock(database, NOW)
    assert finding.verdict == "fail"
    assert "last changed at 2027-03-03 12:00 UTC" in str(finding.what)


def test_a_clock_that_agrees_with_the_database_is_well(tmp_path: Path) -> None:
    database = tmp_path / "cloister.db"
    database.touch()
    os.utime(database, (NOW.timestamp(), NOW.timestamp()))
    assert machine.clock(database, NOW).verdict == "ok"


def test_a_disk_with_room_is_well_before_there_is_a_data_folder(tmp_path: Path) -> None:
    finding = machine.disk(tmp_path / "not" / "yet", 1)
    assert finding.verdict == "ok"
    assert not (tmp_path / "not").exists()


def test_a_disk_with_less_room_than_the_largest_recording_is_a_note(tmp_path: Path) -> None:
    assert machine.disk(tmp_path, 2**60).verdict == "note"


def test_a_disk_that_is_nearly_full_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LEAST_FREE_BYTES", 2**60)
    finding = machine.disk(tmp_path, 1)
    assert finding.verdict == "fail"
    assert "Delete recordings" in str(finding.advice)


@pytest.mark.parametrize(("version", "verdict"), [((3, 40, 1), "note"), ((3, 51, 2), "note"), ((3, 51, 3), "ok")])
def test_sqlite_with_its_old_fault_is_a_note(version: tuple[int, ...], verdict: str) -> None:
    assert machine.sqlite(version).verdict == verdict


def test_little_memory_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LEAST_MEMORY_BYTES", 2**60)
    assert "4 GB or more" in said(machine.memory(), "note")


def test_the_limit_of_a_container_is_what_may_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("3000000000\n")
    monkeypatch.setattr(machine, "MEMORY_LIMITS", (str(limit), str(tmp_path / "none")))
    assert machine.usable_memory_bytes() == 3_000_000_000
    limit.write_text("max\n")
    assert machine.usable_memory_bytes() > 2**30


@pytest.mark.parametrize(
    ("swaps", "files", "may"),
    [
        ("Filename Type Size Used Priority\n", {}, False),
        ("Filename Type Size Used Priority\n/swap file 1 0 -2\n", {}, True),
        ("Filename Type Size Used Priority\n/swap file 1 0 -2\n", {"SWAP_LIMIT": "0"}, False),
        ("Filename Type Size Used Priority\n/swap file 1 0 -2\n", {"SWAP_LIMIT": "4096"}, True),
        ("Filename Type Size Used Priority\n/swap file 1 0 -2\n", {"BOTH_LIMIT": "100", "MEMORY": "100"}, False),
        ("Filename Type Size Used Priority\n/swap file 1 0 -2\n", {"BOTH_LIMIT": "200", "MEMORY": "100"}, True),
    ],
    ids=["no swap", "no limit", "v2 none", "v2 some", "v1 none", "v1 some"],
)
def test_swap_counts_only_where_the_container_may_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swaps: str, files: dict[str, str], *, may: bool
) -> None:
    for name in ("SWAP_LIMIT", "BOTH_LIMIT", "MEMORY"):
        (tmp_path / name).write_text(files[name]) if name in files else None
    (tmp_path / "swaps").write_text(swaps)
    monkeypatch.setattr(machine, "SWAPS", str(tmp_path / "swaps"))
    monkeypatch.setattr(machine, "SWAP_LIMIT", str(tmp_path / "SWAP_LIMIT"))
    monkeypatch.setattr(machine, "BOTH_LIMIT", str(tmp_path / "BOTH_LIMIT"))
    monkeypatch.setattr(machine, "MEMORY_LIMITS", (str(tmp_path / "none"), str(tmp_path / "MEMORY")))
    assert machine.may_swap() is may


def test_this_machine_can_be_looked_at_and_nothing_is_made(tmp_path: Path) -> None:
    findings = list(machine.machine(Settings(data=tmp_path / "data")))
    assert {finding.topic for finding in findings} == {"disk", "memory", "clock", "database"}
    assert "fail" not in verdicts(finding for finding in findings if finding.topic != "disk")
    assert list(tmp_path.iterdir()) == []
