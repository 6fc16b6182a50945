"""`appliance bundle` on the models of an appliance: who is trusted, what is listed and refused, under which seal."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.__main__ import main
from appliance.bundles.selftest import TRIAL_FILE
from appliance.bundles.store import Store
from tests import sealed
from tests.bundles.houses import house, release, site_root_file, taken, used
from tests.conftest import REPOSITORY
from tests.simulators.publisher import bundle
from tests.worker.trials import made_up


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("CLOISTER_MODELS", str(tmp_path / "image" / "starter"))
    monkeypatch.setenv("CLOISTER_DATA", str(tmp_path / "data"))
    return house(tmp_path)


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(["bundle", "list", "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_a_fresh_appliance_is_told_whole(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "list", "--history"]) == 0
    said = capsys.readouterr().out
    assert "In use:      the set that came with the appliance" in said
    assert "vendor, list 1, 2 of 3 keys; nothing seen yet" in said
    assert listed(capsys)["active"] == "image"
    assert store.ledger.candidate is None


def test_a_site_is_trusted_by_its_list_and_its_words_are_shown(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site.root.dsse.json").write_bytes(site_root_file())
    assert main(["bundle", "trust", str(tmp_path / "site.root.dsse.json")]) == 0
    assert "Trusted from now on: the line site, list 1. 1 of these must sign:" in capsys.readouterr().out
    assert listed(capsys)["trusted"] == {"vendor": 1, "site": 1}
    assert [root.line for root in store.lines()] == ["vendor", "site"]


def test_what_stands_ready_is_used_left_and_removed(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = taken(store, release(7)).decision.installed
    assert main(["bundle", "activate"]) == 1
    assert "bundle.store.not_tried" in capsys.readouterr().err
    store.keep_beside(chosen, TRIAL_FILE, made_up(passes=False).encode())
    assert main(["bundle", "activate"]) == 1
    assert "bundle.selftest.words" in capsys.readouterr().err
    store.keep_beside(chosen, TRIAL_FILE, made_up().encode())
    assert main(["bundle", "activate"]) == 0
    assert "The server loads it when it starts." in capsys.readouterr().out
    assert main(["bundle", "list"]) == 0
    assert "under watch" in capsys.readouterr().out
    assert main(["bundle", "rollback"]) == 0
    assert main(["bundle", "rollback"]) == 1
    assert "bundle.trust.no_previous" in capsys.readouterr().err
    assert main(["bundle", "discard"]) == 0
    assert main(["bundle", "discard"]) == 1
    assert list(store.releases.iterdir()) == []


def test_a_changed_journal_ends_the_list_with_a_failure(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    used(store, 7)
    journal = store.folder / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"Ada", b"Eve"))
    assert main(["bundle", "list"]) == 1
    said = capsys.readouterr()
    assert "In use:" in said.out
    assert "bundle.store.journal" in said.err


def test_a_folder_without_data_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "list", "--data", str(tmp_path / "mistyped")]) == 1
    assert "it is not there" in capsys.readouterr().err
    assert not (tmp_path / "mistyped").exists()


def test_a_stranger_s_update_is_refused_and_its_words_say_what_to_do(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.cloister").write_bytes(bundle(release(7), by=["mallory"]))
    assert main(["bundle", "install", str(tmp_path / "x.cloister")]) == 1
    assert "Nobody whom this appliance trusts has signed" in capsys.readouterr().err
    assert store.journal.entries()[-1].action == "refused"


WITHIN_THE_SEAL = """
import socket, sys
from pathlib import Path
from appliance.bundles import parts
import appliance.commands.bundle.{verb} as command

def tried(path):
    outcomes = []
    secret, elsewhere = Path("{secret}"), Path("{elsewhere}")
    for act in (socket.socket, secret.read_bytes, elsewhere.touch):
        try:
            act()
            outcomes.append("done")
        except OSError as exc:
            outcomes.append(type(exc).__name__)
    print(outcomes)
    sys.exit(7)

command.open_parts = tried
from appliance.__main__ import main
main(["bundle", "{verb}", "{file}"])
"""


@sealed.needs_whole_seal
@pytest.mark.parametrize("verb", ["install", "verify"])
def test_a_stranger_s_file_is_read_by_a_sealed_process_only(store: Store, tmp_path: Path, verb: str) -> None:
    assert store.folder.is_dir()
    for name in ("secrets", "stick"):
        (tmp_path / name).mkdir()
    (tmp_path / "secrets" / "root.key").write_text("secret")
    file = tmp_path / "stick" / "x.cloister"
    file.write_bytes(bundle(release(7)))
    script = WITHIN_THE_SEAL.format(
        verb=verb, secret=tmp_path / "secrets" / "root.key", elsewhere=tmp_path / "secrets" / "new", file=file
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert ran.returncode == 7, ran.stderr
    assert ran.stdout.strip() == "['PermissionError', 'PermissionError', 'PermissionError']"


def test_the_parts_of_an_update_are_found_beside_each_other(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    used(store, 7)
    made = bundle(release(8))
    for number, at in enumerate(range(0, len(made), 5_000), start=1):
        (tmp_path / f"x.cloister.{number:03}").write_bytes(made[at : at + 5_000])
    (tmp_path / "x.cloister.002").unlink()
    assert main(["bundle", "install", str(tmp_path / "x.cloister.001"), "--stage"]) == 1
    assert "x.cloister.002" in capsys.readouterr().err
    shutil.rmtree(store.staging)
    store.open()
