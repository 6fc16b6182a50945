from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.bundles.described import describe, signers_of
from appliance.bundles.envelope import key_id
from appliance.bundles.manifest import SET_FILE
from tests.bundles.houses import house, release, taken
from tests.simulators.publisher import HONEST, public


def described_by(folder: Path, content: bytes) -> Path:
    (folder / "set.json").write_bytes(content)
    return folder


def test_a_set_says_its_models_languages_licences_and_size(tmp_path: Path) -> None:
    roles = {
        "asr": {"id": "whisper", "licence": "MIT", "languages": ["bn", "en"], "path": "asr", "kind": "ct2"},
        "segmentation": {"id": "whisper", "licence": "MIT"},
    }
    files = {"a": {"bytes": 3, "sha256": ""}, "b": {"bytes": 4, "sha256": ""}}
    given = {"name": "n", "release": "2", "roles": roles, "files": files}
    found = describe(described_by(tmp_path, json.dumps(given).encode()))
    assert (found.name, found.release, found.languages, found.size_bytes) == ("n", "2", ("bn", "en"), 7)
    assert found.models == {"asr": "whisper", "segmentation": "whisper"}
    assert found.licences == (("whisper", "MIT"),)
    assert found.dated_at == (tmp_path / "set.json").stat().st_mtime


def test_a_set_transcribes_what_any_of_its_recognisers_does(tmp_path: Path) -> None:
    roles = {"asr": {"languages": ["en"]}, "asr/accurate": {"languages": ["bn", "en"]}, "aligner/de": {}}
    assert describe(described_by(tmp_path, json.dumps({"roles": roles}).encode())).languages == ("bn", "en")
    roles["asr/fast"] = {}
    assert describe(described_by(tmp_path, json.dumps({"roles": roles}).encode())).languages == ()


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"roles": 1}', b'{"name": 1}', b"\xff", b"{}" * 600_000])
def test_a_set_that_says_nothing_legible_is_described_by_empty_fields(tmp_path: Path, content: bytes) -> None:
    found = describe(described_by(tmp_path, content))
    assert (found.name, found.models, found.languages, found.size_bytes) == ("", {}, (), 0)


def test_a_set_that_is_not_there_is_described_by_empty_fields(tmp_path: Path) -> None:
    assert describe(tmp_path / "gone").dated_at == 0


def test_the_description_of_a_set_that_was_taken_in_is_dated_as_its_makers_signed(tmp_path: Path) -> None:
    store = house(tmp_path)
    found = taken(store, release(7))
    assert describe(store.set_of(found.decision.installed)).dated_at == HONEST.created_s
    placed = store.folder_of(found.decision.installed) / SET_FILE
    assert placed.stat().st_mtime == HONEST.created_s  # By which the doctor tells how old the set is.


def test_those_who_signed_are_named_as_long_as_they_are_on_the_list(tmp_path: Path) -> None:
    store = house(tmp_path)
    installed = taken(store, release(7)).decision.installed
    assert signers_of(store, installed) == tuple(sorted(key_id(public(name)) for name in ("ada", "ben")))
    (store.folder_of(installed) / "bundle.dsse.json").write_bytes(b"no envelope")
    assert signers_of(store, installed) == ()
