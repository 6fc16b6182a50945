"""The manifest: honest ones are read as they were written."""

from __future__ import annotations

import json

import pytest

from appliance.bundles.manifest import MAX_FILE_BYTES, MAX_TOTAL_BYTES, Clip, Manifest
from appliance.bundles.paths import KINDS, check_places
from appliance.engine.models import CT2_WEIGHTS, SAFE_SUFFIXES
from appliance.errors import ManifestFormError, ManifestKindError
from tests.simulators.publisher import SOURCES, manifest

HONEST = manifest()


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert Manifest.decode(HONEST.encode()) == HONEST


def test_another_json_writer_spells_the_same_manifest() -> None:
    plain = json.loads(HONEST.encode())
    assert json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode() == HONEST.encode()


@pytest.mark.parametrize("limit", [0.0, 0.0001, 0.0012, 0.05, 0.15, 0.9999, 1.0])
def test_a_limit_is_spelled_alike_by_every_writer(limit: float) -> None:
    clip = Clip(audio="selftest/ward.wav", reference="selftest/ward.json", wer_max=limit, der_max=None)
    encoded = manifest(selftest=(clip,)).encode()
    assert Manifest.decode(encoded).selftest[0].wer_max == limit
    assert f'"wer_max":{json.dumps(limit)}'.encode() in encoded


def test_two_files_may_have_the_same_bytes() -> None:
    twin = manifest().files[4]
    files = (*HONEST.files, type(twin)(path="set/nltk/other.txt", sha256=twin.sha256, size=twin.size, kind="txt"))
    assert Manifest.decode(manifest(files=files).encode()).files == files


def test_a_manifest_that_nobody_would_take_is_not_given_to_anybody_to_sign() -> None:
    with pytest.raises(ManifestFormError):
        manifest(min_release=8).envelope()


def test_sizes_are_summed() -> None:
    assert HONEST.total_bytes == sum(len(source.body) for source in SOURCES)
    assert MAX_FILE_BYTES < MAX_TOTAL_BYTES


@pytest.mark.parametrize("suffix", sorted(SAFE_SUFFIXES))
def test_what_the_engine_loads_has_a_kind(suffix: str) -> None:
    assert [kind for kind, name in KINDS.items() if name.fullmatch(f"x{suffix}")] != []


def test_the_engine_loads_nothing_of_a_kind_that_is_not_taken() -> None:
    check_places([(f"set/asr/{CT2_WEIGHTS}", "ct2")])
    for name in ("pytorch_model.bin", "model.pt", "model.pkl", "model.ckpt", "model.npy", "model.h5"):
        for kind in KINDS:
            with pytest.raises(ManifestKindError):
                check_places([(f"set/asr/{name}", kind)])
