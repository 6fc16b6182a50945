"""A bundle in several files is the bundle, or it is said which part is wrong."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from appliance.bundles import parts
from appliance.bundles.checking import check
from appliance.bundles.parts import MIN_PART_BYTES, Parts, open_parts, split
from appliance.errors import (
    ArchiveError,
    ArchiveTruncatedError,
    BlobAlteredError,
    BundleFileError,
    PartMissingError,
    PartSizeError,
)
from tests.simulators import publisher
from tests.simulators.publisher import Source, bundle, vendor_root

LARGE = Source("set/asr/model.bin", "ct2", publisher.content("large", 3 * MIN_PART_BYTES + 5_000))
SOURCES = (*(source for source in publisher.SOURCES if source.path != LARGE.path), LARGE)


def large_bundle(release: int = 7) -> bytes:
    manifest = publisher.manifest(files=tuple(source.described() for source in SOURCES), release=release)
    return bundle(manifest, files=publisher.blobs(SOURCES))


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "court.cloister"
    path.write_bytes(large_bundle())
    return path


@pytest.fixture
def made(whole: Path) -> tuple[Path, ...]:
    """Its parts; the whole is gone."""
    found = split(whole, whole.parent, MIN_PART_BYTES)
    whole.unlink()
    return found


def read(stream: Parts, size: int = 70_000) -> bytes:
    found = b""
    while piece := stream.read(size):
        found += piece
    return found


def verify(path: Path) -> None:
    with open_parts(path) as stream:
        check(stream, (vendor_root(),))


def test_a_whole_bundle_is_read_as_it_is(whole: Path) -> None:
    with open_parts(whole) as stream:
        assert (stream.name, stream.size_bytes) == ("court.cloister", whole.stat().st_size)
        assert read(stream) == whole.read_bytes()
        assert stream.position == stream.size_bytes


def test_parts_are_the_bytes_and_nothing_else(whole: Path) -> None:
    made = split(whole, whole.parent, MIN_PART_BYTES)
    assert [path.name for path in made] == [f"court.cloister.00{number}" for number in (1, 2, 3, 4)]
    assert [path.stat().st_size for path in made[:3]] == [MIN_PART_BYTES] * 3
    assert b"".join(path.read_bytes() for path in made) == whole.read_bytes()


@pytest.mark.parametrize("named", ["court.cloister", "court.cloister.001", "court.cloister.003"])
def test_parts_are_found_by_any_of_their_names(made: tuple[Path, ...], named: str) -> None:
    with open_parts(made[0].with_name(named)) as stream:
        assert read(stream) == large_bundle()
    verify(made[0].with_name(named))


def test_a_stream_of_parts_says_its_size_and_how_far_it_is(made: tuple[Path, ...]) -> None:
    with open_parts(made[0]) as stream:
        stream.read(10)
        assert (stream.position, stream.size_bytes) == (10, len(large_bundle()))


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_a_missing_part_before_the_last_is_named(made: tuple[Path, ...], gone: int) -> None:
    made[gone - 1].unlink()
    with pytest.raises(PartMissingError, match=rf"court\.cloister\.00{gone}"):
        open_parts(made[-1])


@pytest.mark.parametrize("last", [1, 2, 3])
def test_a_missing_end_is_named_when_it_is_reached(made: tuple[Path, ...], last: int) -> None:
    for path in made[last:]:
        path.unlink()
    if last == 1:  # One part by itself cannot be told from a whole file that was cut.
        with pytest.raises(ArchiveTruncatedError):
            verify(made[0])
        return
    with pytest.raises(PartMissingError, match=rf"court\.cloister\.00{last + 1}"):
        verify(made[0])


def test_a_part_that_was_cut_short_is_named_with_both_sizes(made: tuple[Path, ...]) -> None:
    with made[1].open("r+b") as file:
        file.truncate(1_000)
    with pytest.raises(PartSizeError) as refused:
        open_parts(made[0])
    assert (refused.value.name, refused.value.size_bytes) == ("court.cloister.002", 1_000)
    assert refused.value.expected_bytes == MIN_PART_BYTES


@pytest.mark.parametrize("size", [0, MIN_PART_BYTES + 1])
def test_a_last_part_that_is_empty_or_longer_than_the_others_is_refused(made: tuple[Path, ...], size: int) -> None:
    with made[-1].open("r+b") as file:
        file.truncate(size)
    with pytest.raises(PartSizeError, match=r"court\.cloister\.004"):
        open_parts(made[0])


def test_parts_in_another_order_are_no_bundle(made: tuple[Path, ...]) -> None:
    made[1].rename(made[1].with_name("kept"))
    made[2].rename(made[1])
    made[1].with_name("kept").rename(made[2])
    with pytest.raises(BlobAlteredError, match=r"model\.bin"):
        verify(made[0])


def test_a_part_of_another_bundle_is_no_part_of_this_one(made: tuple[Path, ...]) -> None:
    foreign = bytearray(made[1].read_bytes())
    foreign[::2] = publisher.content("foreign", len(foreign[::2]))
    made[1].write_bytes(foreign)
    with pytest.raises(ArchiveError):
        verify(made[0])


def test_the_beginning_of_another_release_is_refused(made: tuple[Path, ...], tmp_path: Path) -> None:
    (tmp_path / "court.cloister").write_bytes(large_bundle(release=8))
    folder = tmp_path / "b"
    folder.mkdir()
    other = split(tmp_path / "court.cloister", folder, MIN_PART_BYTES)
    (tmp_path / "court.cloister").unlink()
    shutil.copy(other[0], made[0])
    shutil.copy(other[1], made[1])
    verify(made[0])  # The files are the same, so the other release is whole as well.
    with open_parts(made[0]) as stream:
        assert check(stream, (vendor_root(),)).manifest.release == 8


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
@pytest.mark.parametrize("number", [0, 2])
def test_only_plain_files_are_read_and_nothing_is_waited_for(made: tuple[Path, ...], kind: str, number: int) -> None:
    place = made[number - 1] if number else made[0].with_name("other.cloister")
    place.unlink(missing_ok=True)
    if kind == "link":
        place.symlink_to(made[0])
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    with pytest.raises(BundleFileError, match="link" if kind == "link" else "not a file"):
        open_parts(place)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for name in ("none.cloister", "none.cloister.001"):
        with pytest.raises(BundleFileError, match=f"{name} cannot be used: it is not there"):
            open_parts(tmp_path / name)
    with pytest.raises(BundleFileError, match="folder cannot be read"):
        open_parts(tmp_path / "nowhere" / "none.cloister")


def test_a_part_that_changed_after_it_was_counted_is_refused(made: tuple[Path, ...]) -> None:
    with open_parts(made[0]) as stream:
        stream.read(10)
        with made[1].open("r+b") as file:
            file.truncate(5)
        with pytest.raises(PartSizeError):
            read(stream)


def test_files_that_only_look_like_parts_do_no_harm(made: tuple[Path, ...]) -> None:
    for name in ("court.cloister.1", "court.cloister.0005", "court.cloister.abc", "yard.cloister.001", ".001"):
        made[0].with_name(name).touch()
    verify(made[0])


def test_splitting_overwrites_nothing_and_leaves_nothing_behind(whole: Path) -> None:
    taken = whole.with_name("court.cloister.003")
    taken.write_text("mine")
    with pytest.raises(BundleFileError, match=r"court\.cloister\.003 cannot be used: it is there already"):
        split(whole, whole.parent, MIN_PART_BYTES)
    assert taken.read_text() == "mine"
    assert sorted(path.name for path in whole.parent.iterdir()) == ["court.cloister", "court.cloister.003"]


@pytest.mark.parametrize("size", [0, MIN_PART_BYTES - 1, parts.MAX_PART_BYTES + 1])
def test_a_size_that_no_part_has_is_refused(whole: Path, size: int) -> None:
    with pytest.raises(ValueError, match="a part has"):
        split(whole, whole.parent, size)


def test_more_parts_than_can_be_named_are_refused_before_one_is_written(tmp_path: Path) -> None:
    huge = tmp_path / "huge.cloister"
    with huge.open("wb") as file:
        file.truncate(1_000 * MIN_PART_BYTES)
    with pytest.raises(ValueError, match="999 parts"):
        split(huge, tmp_path, MIN_PART_BYTES)
    assert [path.name for path in tmp_path.iterdir()] == ["huge.cloister"]


def test_the_largest_part_fits_the_file_system_of_sticks() -> None:
    assert parts.MAX_PART_BYTES == 4 * 2**30 - 1
