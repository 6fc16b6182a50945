from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.bundles.journal import JOURNAL_FILE
from appliance.bundles.ledger import LEDGER_FILE
from appliance.bundles.store import Store
from appliance.config import Settings
from appliance.doctor.updates import updates
from tests.bundles.houses import house, used
from tests.doctor.saying import said, verdicts


def settings_of(folder: Path) -> Settings:
    return Settings(data=folder / "data", models=folder / "image" / "starter")


def test_an_appliance_that_never_started_has_nothing_to_say_of_updates(tmp_path: Path) -> None:
    assert list(updates(settings_of(tmp_path))) == []


def test_who_is_trusted_is_told(tmp_path: Path) -> None:
    house(tmp_path)
    findings = list(updates(settings_of(tmp_path)))
    assert verdicts(findings) == ["ok"]
    assert "signed by: vendor" in said(findings)


def test_that_nobody_is_trusted_is_told(tmp_path: Path) -> None:
    house(tmp_path, with_vendor=False)
    assert "nobody's signature is trusted" in said(updates(settings_of(tmp_path)), "ok")


def test_a_set_under_watch_is_a_note(tmp_path: Path) -> None:
    used(house(tmp_path), 7)
    assert "next 3 jobs" in said(updates(settings_of(tmp_path)), "note")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda store: (store.folder / JOURNAL_FILE).write_bytes(b""), "journal of the model sets is not as"),
        (lambda store: (store.folder / LEDGER_FILE).write_bytes(b"{"), "what the appliance remembers"),
        (lambda store: (store.active_set() / "set.json").unlink(), "is not on the disk as it was taken in"),
    ],
    ids=["journal", "ledger", "set"],
)
def test_what_somebody_changed_is_a_failure_in_words(
    tmp_path: Path, harm: Callable[[Store], object], words: str
) -> None:
    store = house(tmp_path)
    used(store, 7)
    harm(store)
    assert words in said(updates(settings_of(tmp_path)), "fail").lower()
