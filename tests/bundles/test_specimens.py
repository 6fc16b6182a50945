"""Recordings to try a set on: those of a bundle, those of a site, and everything else that may lie there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from appliance.bundles import own, specimens
from appliance.bundles.manifest import Clip, Manifest
from appliance.bundles.own import OwnRecordings, own_specimens
from appliance.bundles.specimens import Specimen, signed_specimens
from appliance.errors import (
    DataFolderError,
    OwnAudioMissingError,
    OwnAudioTwiceError,
    OwnTranscriptMissingError,
    SelftestFileError,
    SelftestReferenceError,
    TooManyOwnError,
)
from appliance.transcript import Transcript, to_json
from tests.bundles.transcripts import said
from tests.simulators.publisher import manifest

SPOKEN = said("Hello there.", turns=[(0, 9, "S1")])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "own-recordings"
    made.mkdir()
    return made


def put(folder: Path, name: str, content: bytes = b"RIFF") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def put_pair(folder: Path, stem: str = "ward", ending: str = ".wav", reference: Transcript = SPOKEN) -> None:
    put(folder, stem + ending)
    put(folder, stem + ".json", to_json(reference))


def found(folder: Path, max_bytes: int = 1_000) -> OwnRecordings:
    return own_specimens(folder, max_bytes)


def read(specimen: Specimen) -> bytes:
    with specimen.opened() as descriptor:
        return os.read(descriptor, 100)


@pytest.mark.parametrize("ending", [".wav", ".MP3", ".m4a", ".unknown", ""])
def test_a_recording_and_its_transcript_are_a_pair_whatever_the_recording_is_called(folder: Path, ending: str) -> None:
    put_pair(folder, "আদালত 12", ending)
    (only,) = found(folder).specimens
    assert (only.name, only.language, only.duration_s, only.has_speakers) == (f"আদালত 12{ending}", "en", 30.0, True)
    assert not only.is_signed
    assert only.reference() == SPOKEN
    assert read(only) == b"RIFF"


def test_pairs_come_by_name(folder: Path) -> None:
    for stem in ("b", "a", "c"):
        put_pair(folder, stem)
    assert [specimen.name for specimen in found(folder).specimens] == ["a.wav", "b.wav", "c.wav"]


def test_a_folder_that_is_not_there_is_no_fault(folder: Path) -> None:
    assert found(folder / "none") == OwnRecordings((), ())


def test_what_systems_leave_behind_on_a_stick_is_passed_over(folder: Path) -> None:
    put(folder, ".DS_Store")
    put(folder, "._ward.wav")
    assert found(folder) == OwnRecordings((), ())


def a_lonely_recording(folder: Path) -> None:
    put(folder, "bad.wav")


def a_lonely_transcript(folder: Path) -> None:
    put(folder, "bad.json", to_json(SPOKEN))


def two_recordings(folder: Path) -> None:
    put_pair(folder, "bad")
    put(folder, "bad.mp3")


def two_transcripts(folder: Path) -> None:
    put_pair(folder, "bad")
    put(folder, "bad.JSON", b"{}")


def no_transcript(folder: Path) -> None:
    put_pair(folder, "bad")
    put(folder, "bad.json", b'{"segments": []}')


def no_text(folder: Path) -> None:
    put_pair(folder, "bad")
    put(folder, "bad.json", b"\xff\xfe\x00")


def an_unknown_language(folder: Path) -> None:
    put_pair(folder, "bad", reference=msgspec.structs.replace(SPOKEN, language="xx"))


def no_length(folder: Path) -> None:
    put_pair(folder, "bad", reference=msgspec.structs.replace(SPOKEN, duration_s=0.0))


def turns_backwards(folder: Path) -> None:
    put_pair(folder, "bad", reference=said("a", turns=[(9, 3, "S1")]))


def a_crowd(folder: Path) -> None:
    put_pair(folder, "bad", reference=said("a", turns=[(n, n + 1, f"S{n}") for n in range(51)]))


def too_many_words(folder: Path) -> None:
    put_pair(folder, "bad", reference=said("a " * (specimens.MAX_WORDS + 1)))


def too_many_turns(folder: Path) -> None:
    put_pair(folder, "bad", reference=said("a", turns=[(0, 1, "S1")] * (specimens.MAX_TURNS + 1)))


def a_large_recording(folder: Path) -> None:
    put_pair(folder, "bad")
    put(folder, "bad.wav", bytes(1_001))


def a_link_to_a_recording(folder: Path) -> None:
    put_pair(folder, "bad")
    outside = put(folder.parent, "outside.wav")
    (folder / "bad.wav").unlink()
    (folder / "bad.wav").symlink_to(outside)


def a_link_to_a_transcript(folder: Path) -> None:
    put_pair(folder, "bad")
    (folder / "bad.json").rename(folder.parent / "outside.json")
    (folder / "bad.json").symlink_to(folder.parent / "outside.json")


def a_pipe(folder: Path) -> None:
    put_pair(folder, "bad")
    (folder / "bad.json").unlink()
    os.mkfifo(folder / "bad.json")


def a_folder(folder: Path) -> None:
    put_pair(folder, "bad")
    (folder / "bad.wav").unlink()
    (folder / "bad.wav").mkdir()


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (a_lonely_recording, OwnTranscriptMissingError, r"bad\.wav has no transcript beside it"),
        (a_lonely_transcript, OwnAudioMissingError, r"bad\.json has no recording beside it"),
        (two_recordings, OwnAudioTwiceError, "2 recordings for the transcript bad"),
        (two_transcripts, OwnAudioTwiceError, "bad"),
        (no_transcript, SelftestReferenceError, r"bad\.json .* not a transcript as Cloister exports"),
        (no_text, SelftestReferenceError, "not a transcript as Cloister exports"),
        (an_unknown_language, SelftestReferenceError, "language"),
        (no_length, SelftestReferenceError, "without length"),
        (turns_backwards, SelftestReferenceError, "after having ended"),
        (a_crowd, SelftestReferenceError, "more than 50 speakers"),
        (too_many_words, SelftestReferenceError, "more than 120000 words"),
        (too_many_turns, SelftestReferenceError, "more than 20000 turns"),
        (a_large_recording, SelftestFileError, "larger than the limit of 1000 bytes"),
        (a_link_to_a_recording, SelftestFileError, r"bad\.wav .* it is a link"),
        (a_link_to_a_transcript, SelftestFileError, r"bad\.json .* it is a link"),
        (a_pipe, SelftestFileError, "not a plain file"),
        (a_folder, SelftestFileError, "not a plain file"),
    ],
)
def test_what_cannot_be_used_is_told_in_words_and_the_rest_is_taken(
    folder: Path, spoil: Callable[[Path], None], error: type[Exception], words: str
) -> None:
    put_pair(folder, "good")
    spoil(folder)
    looked = found(folder)
    assert [specimen.name for specimen in looked.specimens] == ["good.wav"]
    (refused,) = looked.refused
    assert isinstance(refused, error)
    with pytest.raises(error, match=words):
        raise refused


def test_a_transcript_larger_than_any_is_not_read_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specimens, "MAX_REFERENCE_BYTES", 50)
    put_pair(folder)
    assert "larger than any transcript" in str(found(folder).refused[0])


def test_only_so_many_pairs_are_taken_and_that_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "MAX_OWN", 2)
    for stem in ("a", "b", "c"):
        put_pair(folder, stem)
    looked = found(folder)
    assert [specimen.name for specimen in looked.specimens] == ["a.wav", "b.wav"]
    assert isinstance(looked.refused[0], TooManyOwnError)


def test_an_endless_folder_is_not_read_to_its_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "MAX_ENTRIES", 4)
    for stem in ("a", "b", "c"):
        put_pair(folder, stem)
    assert "more than 4 files" in str(found(folder).refused[0])


def test_a_name_that_would_not_show_itself_is_not_shown(folder: Path) -> None:
    put(folder, "evil\u202egnp.wav")
    (folder / os.fsdecode(b"\xff.wav")).write_bytes(b"")
    for error in found(folder).refused:
        assert "a file with an unreadable name" in str(error)
        assert str(error).isprintable()


def test_a_folder_that_is_a_link_is_not_looked_through(folder: Path) -> None:
    put_pair(folder)
    (folder.parent / "link").symlink_to(folder)
    with pytest.raises(DataFolderError, match="link"):
        found(folder.parent / "link")


def test_a_recording_that_becomes_a_link_later_is_not_followed(folder: Path) -> None:
    put_pair(folder)
    (only,) = found(folder).specimens
    (folder / "ward.wav").unlink()
    (folder / "ward.wav").symlink_to(put(folder.parent, "outside.wav"))
    with pytest.raises(SelftestFileError, match="it is a link"):
        read(only)


def released(root: Path, reference: Transcript, der_max: float | None = 0.2) -> Manifest:
    (root / "selftest" / "calls").mkdir(parents=True)
    (root / "selftest" / "calls" / "ward.wav").write_bytes(b"RIFF")
    (root / "selftest" / "ward.json").write_bytes(to_json(reference))
    clip = Clip(audio="selftest/calls/ward.wav", reference="selftest/ward.json", wer_max=0.25, der_max=der_max)
    return manifest(selftest=(clip,))


def test_the_recordings_of_a_release_have_their_limits(tmp_path: Path) -> None:
    (only,) = signed_specimens(tmp_path, released(tmp_path, SPOKEN))
    assert (only.name, only.wer_max, only.der_max, only.is_signed) == ("ward.wav", 0.25, 0.2, True)
    assert read(only) == b"RIFF"


def test_a_limit_for_speakers_needs_a_reference_that_tells_them(tmp_path: Path) -> None:
    with pytest.raises(SelftestReferenceError, match="who speaks when"):
        signed_specimens(tmp_path, released(tmp_path, said("Hello.")))


def test_a_recording_of_silence_needs_no_turns(tmp_path: Path) -> None:
    (only,) = signed_specimens(tmp_path, released(tmp_path, said("")))
    assert only.has_speakers


def test_without_turns_and_without_a_limit_speakers_are_not_told_apart(tmp_path: Path) -> None:
    (only,) = signed_specimens(tmp_path, released(tmp_path, said("Hello."), der_max=None))
    assert not only.has_speakers


def test_a_release_that_lost_a_reference_is_told(tmp_path: Path) -> None:
    described = released(tmp_path, SPOKEN)
    (tmp_path / "selftest" / "ward.json").unlink()
    with pytest.raises(SelftestFileError, match=r"ward\.json .* No such file"):
        signed_specimens(tmp_path, described)


def test_no_link_is_followed_on_the_way_to_a_file_of_a_release(tmp_path: Path) -> None:
    described = released(tmp_path / "release", SPOKEN)
    (tmp_path / "release" / "selftest").rename(tmp_path / "elsewhere")
    (tmp_path / "release" / "selftest").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SelftestFileError, match="it is a link"):
        signed_specimens(tmp_path / "release", described)
