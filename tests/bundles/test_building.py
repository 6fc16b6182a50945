"""A bundle from folders: every byte as described, the same bytes each time, and nothing half written."""

from __future__ import annotations

import io
import os
import tracemalloc
from pathlib import Path

import pytest

from appliance.bundles import building
from appliance.bundles.building import Source, Terms
from appliance.bundles.checking import check
from appliance.bundles.clips import Limits, read_clips
from appliance.bundles.envelope import Envelope
from appliance.bundles.manifest import AppRange, Manifest
from appliance.bundles.roots import PAYLOAD_TYPE, make_root
from appliance.bundles.writing import appearing, write_file
from appliance.commands.bundle.sets import Built, open_set
from appliance.errors import (
    BundleError,
    BundleFileError,
    BundleSourceError,
    EpochError,
    ManifestFormError,
    RootChainError,
    RootFormError,
    RootPredecessorError,
    WrongProductError,
)
from tests.simulators.publisher import CREATED, bundle, manifest, public, seed, site_root, vendor_root
from tests.simulators.sets import recordings, tiny_set

LARGE_BYTES = 64 * 2**20
TERMS = Terms(3, 0, "2026.11", CREATED, AppRange(min="0.1.0", max="0.9999.9999"), "New.")


def signed_root(number: int, names: tuple[str, ...], by: tuple[str, ...], threshold: int = 1) -> bytes:
    root = make_root("site", [public(name) for name in names], threshold, CREATED, number)
    envelope = Envelope(PAYLOAD_TYPE, root.encode())
    for name in by:
        envelope = envelope.signed_by(seed(name))
    return envelope.encode()


FIRST = signed_root(1, ("site",), ("site",))


@pytest.fixture
def models(tmp_path: Path) -> Built:
    return open_set(tiny_set(tmp_path / "set"))


def described(models: Built, folder: Path) -> tuple[Manifest, tuple[Source, ...]]:
    if not folder.exists():
        recordings(folder, "ward")
    clips = read_clips(folder, Limits(wer_max=0.1))
    sources = building.sources_of(models.folder, models.files, clips)
    return building.manifest_of(models.name, TERMS, 1, sources, clips, models.licences), sources


def built(models: Built, folder: Path) -> bytes:
    made, sources = described(models, folder)
    sink = io.BytesIO()
    building.write(sink, made.envelope().signed_by(seed("site")), (), sources)
    return sink.getvalue()


def test_what_is_built_is_what_the_appliance_takes(models: Built, tmp_path: Path) -> None:
    checked = check(io.BytesIO(built(models, tmp_path / "clips")), (site_root(),))
    assert checked.manifest.set == "court"
    assert checked.manifest.files[0].path == "set/set.json"
    assert {file.path: file.kind for file in checked.manifest.files}["set/asr/model.bin"] == "ct2"
    assert checked.set_file == (models.folder / "set.json").read_bytes()
    assert {each.component: each.spdx for each in checked.manifest.licenses} == {
        "agglomerative": "MIT",
        "campplus": "Apache-2.0",
        "pyannote-3": "MIT",
        "whisper-small.bn": "MIT",
    }


def test_the_same_folders_make_the_same_bytes_whenever_and_wherever(models: Built, tmp_path: Path) -> None:
    first = built(models, tmp_path / "clips")
    for path in models.folder.rglob("*"):
        os.utime(path, (0, 0))
    elsewhere = open_set(tiny_set(tmp_path / "elsewhere" / "copy"))
    assert built(elsewhere, tmp_path / "clips") == first


def test_memory_does_not_grow_with_the_files(tmp_path: Path) -> None:
    models = open_set(tiny_set(tmp_path / "set", files={"embedding/frames.onnx": bytes(LARGE_BYTES)}))
    made, sources = described(models, tmp_path / "clips")
    tracemalloc.start()
    with (tmp_path / "out").open("wb") as sink:
        building.write(sink, made.envelope(), (), sources)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * 2**20


@pytest.mark.parametrize("change", [b"weights" * 499, b"Weights" * 500, b"weights" * 501])
def test_a_file_that_changes_while_it_is_written_ends_everything(models: Built, tmp_path: Path, change: bytes) -> None:
    made, sources = described(models, tmp_path / "clips")
    (models.folder / "asr" / "model.bin").write_bytes(change)
    out = tmp_path / "out" / "court.cloister"
    out.parent.mkdir()
    with pytest.raises(BundleSourceError, match=r"model\.bin .* changed while"), appearing(out) as sink:
        building.write(sink, made.envelope(), (), sources)
    assert list(out.parent.iterdir()) == []


def test_a_file_that_becomes_a_link_is_not_followed(models: Built, tmp_path: Path) -> None:
    made, sources = described(models, tmp_path / "clips")
    weights = models.folder / "asr" / "model.bin"
    weights.rename(tmp_path / "weights")
    weights.symlink_to(tmp_path / "weights")
    with pytest.raises(BundleSourceError, match="cannot be read"):
        building.write(io.BytesIO(), made.envelope(), (), sources)


def test_a_file_of_a_kind_that_may_hold_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"\x80")
    with pytest.raises(BundleSourceError, match="may hold code"):
        Source.of("set/model.pt", tmp_path / "model.pt")


def test_sizes_over_the_limits_are_refused_before_anything_is_written(models: Built) -> None:
    with pytest.raises(BundleSourceError, match="are the most"):
        building.sources_of(models.folder, {**models.files, "asr/model.bin": ("0" * 64, 2**33)}, ())
    parts = {f"asr/{number}.npz": ("0" * 64, 2**32) for number in range(17)}
    with pytest.raises(BundleSourceError, match="are the most"):
        building.sources_of(models.folder, parts, ())


@pytest.mark.parametrize(
    "terms",
    [
        {"release": 0},
        {"release": 2**31},
        {"min_release": 4},
        {"version": "two words"},
        {"created": "2026-02-30T00:00:00Z"},
        {"app": AppRange(min="0.2.0", max="0.1.0")},
        {"notes": "\u202ereversed"},
        {"notes": "x" * 4_001},
    ],
)
def test_terms_that_nobody_would_take_are_refused_before_anything_is_signed(
    models: Built, tmp_path: Path, terms: dict[str, object]
) -> None:
    clips = read_clips(recordings(tmp_path / "clips", "ward"), Limits(wer_max=0.1))
    sources = building.sources_of(models.folder, models.files, clips)
    changed = Terms(**{name: terms.get(name, getattr(TERMS, name)) for name in TERMS.__dataclass_fields__})  # type: ignore[arg-type]
    with pytest.raises(ManifestFormError):
        building.manifest_of(models.name, changed, 1, sources, clips, models.licences)


def test_the_first_list_of_a_line_never_travels() -> None:
    root, carried = building.newest_of([FIRST])
    assert (root.number, carried) == (1, ())


def test_later_lists_travel_in_their_order_however_they_are_given() -> None:
    second = signed_root(2, ("site", "ada"), ("site",))
    third = signed_root(3, ("ada",), ("site", "ada"))
    root, carried = building.newest_of([third, FIRST, second])
    assert (root.number, carried) == (3, ((2, second), (3, third)))


def test_lists_that_do_not_follow_each_other_are_refused() -> None:
    with pytest.raises(RootChainError):
        building.newest_of([FIRST, signed_root(3, ("site",), ("site",))])
    with pytest.raises(RootFormError, match="same number"):
        building.newest_of([FIRST, FIRST])
    pair = signed_root(1, ("site", "ada"), ("site", "ada"), threshold=2)
    with pytest.raises(RootPredecessorError):
        building.newest_of([pair, signed_root(2, ("site",), ("site",))])


def test_more_lists_than_a_bundle_carries_are_refused() -> None:
    chain = [signed_root(number, ("site",), ("site",)) for number in range(1, 11)]
    with pytest.raises(RootChainError):
        building.newest_of(chain)
    root, carried = building.newest_of(chain[2:])
    assert (root.number, len(carried)) == (10, 8)


def test_a_bundle_for_another_product_or_other_keys_is_not_called_good() -> None:
    with pytest.raises(WrongProductError):
        check(io.BytesIO(bundle(manifest(product="other"))), (vendor_root(),))
    with pytest.raises(EpochError):
        check(io.BytesIO(bundle(manifest(epoch=2))), (vendor_root(),))


def test_every_byte_is_looked_at() -> None:
    whole = bundle()
    for at in range(0, len(whole), 397):
        damaged = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        with pytest.raises(BundleError):
            check(io.BytesIO(damaged), (vendor_root(),))


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def break_off() -> None:
        with appearing(tmp_path / "a") as sink:
            sink.write(b"half")
            raise BundleFileError(path="a", reason="a test says so")

    with pytest.raises(BundleFileError):
        break_off()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_unless_it_is_meant(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    (tmp_path / "a").chmod(0o640)
    with pytest.raises(BundleFileError, match="there already"):
        write_file(tmp_path / "a", b"other")
    write_file(tmp_path / "a", b"other", replace=True)
    assert (tmp_path / "a").read_bytes() == b"other"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_that_comes_meanwhile_is_not_lost(tmp_path: Path) -> None:
    def be_second() -> None:
        with appearing(tmp_path / "a") as sink:
            sink.write(b"ours")
            (tmp_path / "a").write_bytes(b"theirs")

    with pytest.raises(BundleFileError):
        be_second()
    assert (tmp_path / "a").read_bytes() == b"theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BundleFileError, match="cannot be written"):
        write_file(tmp_path / "nowhere" / "a", b"")
