"""Kill -9 while bundles are taken in, put to use and gone back from: the set in use is whole, whenever that comes."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.bundles.ledger import IMAGE
from appliance.bundles.manifest import Manifest
from appliance.bundles.store import Store, name_of
from appliance.bundles.trust import Installed
from tests.bundles.houses import house
from tests.bundles.installing import sources_of

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 0.6  # Some rounds.


def kill_at_random(folder: Path, chance: random.Random) -> None:
    """Let the process work for a moment that nobody chose, and kill it."""
    command = [sys.executable, "-m", "tests.bundles.installing", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.read(1), process.stderr and process.stderr.read().decode()
        time.sleep(chance.uniform(0, LONGEST_S))
        assert process.poll() is None
        process.kill()


def require_whole(store: Store, installed: Installed) -> None:
    """Look at every byte of a release."""
    manifest: Manifest = store.manifest_of(installed)
    true = {source.path: source.body for source in sources_of(installed.mark.release)}
    for file in manifest.files:
        assert (store.folder_of(installed) / file.path).read_bytes() == true[file.path]


def look_after(folder: Path) -> str:
    """Start as the appliance does after a kill, and return the state that was found."""
    begun = any((folder / "data" / "models" / "staging").iterdir())
    store = house(folder)
    store.journal.check(store.ledger.entry)
    ledger = store.ledger
    for installed in ledger.in_use():
        require_whole(store, installed)
    kept = {name_of(installed) for installed in ledger.in_use()}
    assert {place.name for place in store.releases.iterdir()} == kept
    if ledger.active == IMAGE:
        return "image"
    return "begun" if begun else "candidate" if ledger.candidate else "settled"


def kill_many(folder: Path, times: int) -> set[str]:
    chance = random.Random(times)
    states = set()
    for _ in range(times):
        kill_at_random(folder, chance)
        states.add(look_after(folder))
    return states


def test_fifty_kills_leave_no_set_that_is_not_whole(tmp_path: Path) -> None:
    states = kill_many(tmp_path, 50)
    assert {"begun", "settled"} <= states  # The kills came at different steps.


@pytest.mark.slow
def test_a_thousand_kills_leave_no_set_that_is_not_whole(tmp_path: Path) -> None:
    assert len(kill_many(tmp_path, 1_000)) > 1
