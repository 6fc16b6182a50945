"""The thread that looks after the models goes on, whatever lies on a stick and however that fails."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.bundles.store import BY_ITSELF
from appliance.config import Settings
from appliance.worker import lookout as module
from appliance.worker.imports import Found, found_in
from appliance.worker.lookout import Lookout
from tests.bundles.houses import release
from tests.simulators.publisher import bundle
from tests.worker.test_updates import House


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(module, "ROUNDS_PER_WATCH", 1)
    (tmp_path / "imports").mkdir()
    return House(tmp_path, monkeypatch)


def looked(here: House, imports: Path, until: Callable[[], bool]) -> None:
    """Watch a folder until something has come of it."""
    settings = Settings(data=imports.parent / "data", imports=imports, watch_imports=True)
    lookout = Lookout(here.updates, settings, lambda: None)
    lookout.open()
    try:
        deadline = time.monotonic() + 20
        while not until():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        lookout.close()


def test_an_update_that_comes_is_taken_in_and_one_that_is_none_is_refused_once(here: House, tmp_path: Path) -> None:
    (tmp_path / "imports" / "none.cloister").write_bytes(b"x" * 1000)
    (tmp_path / "imports" / "true.cloister").write_bytes(bundle(release(7)))
    looked(here, tmp_path / "imports", lambda: here.store.ledger.candidate is not None)
    here.settled()
    refused = [entry for entry in here.store.journal.entries() if entry.action == "refused"]
    assert [(entry.actor, entry.object) for entry in refused] == [(BY_ITSELF, "none.cloister")]


def test_a_file_whose_name_is_no_text_is_refused_like_any_other(here: House, tmp_path: Path) -> None:
    (tmp_path / "imports" / os.fsdecode(b"Fr\xfchling.cloister")).write_bytes(b"x" * 1000)
    looked(here, tmp_path / "imports", lambda: here.updates.trouble is not None)
    assert here.store.journal.entries()[-1].object == r"Fr\udcfchling.cloister"


def test_a_stick_that_fails_for_a_moment_does_not_end_the_looking(
    here: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[Path | None] = []

    def failing(folder: Path | None) -> tuple[Found, ...]:
        if len(failures) < 2:
            failures.append(folder)
            raise OSError(errno.EIO, "Input/output error")
        return found_in(folder)

    monkeypatch.setattr(module, "found_in", failing)
    (tmp_path / "imports" / "true.cloister").write_bytes(bundle(release(7)))
    looked(here, tmp_path / "imports", lambda: here.store.ledger.candidate is not None)
    here.settled()
