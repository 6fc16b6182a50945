"""The folder of recordings that a bundle is tried with: what does not belong together is told by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.bundles.clips import Limits, read_clips
from appliance.errors import BundleSourceError
from appliance.transcript import to_json
from tests.simulators.sets import recordings, silence, transcript

USUAL = Limits(wer_max=0.15, der_max=0.2)


def test_pairs_become_clips_in_order_with_their_own_limits(tmp_path: Path) -> None:
    recordings(tmp_path, "ward", "court", limits={"court": {"wer_max": 0.05}})
    found = read_clips(tmp_path, USUAL)
    assert [(one.clip.audio, one.clip.reference) for one in found] == [
        ("selftest/court.wav", "selftest/court.json"),
        ("selftest/ward.wav", "selftest/ward.json"),
    ]
    assert [(one.clip.wer_max, one.clip.der_max) for one in found] == [(0.05, None), (0.15, 0.2)]
    assert found[1].audio == tmp_path / "ward.wav"


@pytest.mark.parametrize(("gone", "named"), [("ward.wav", "ward.json"), ("ward.json", "ward.wav")])
def test_half_a_pair_is_refused_by_name(tmp_path: Path, gone: str, named: str) -> None:
    recordings(tmp_path, "court", "ward")
    (tmp_path / gone).unlink()
    with pytest.raises(BundleSourceError, match=f"{named} cannot go .*: {gone} is missing beside it"):
        read_clips(tmp_path, USUAL)


@pytest.mark.parametrize("name", ["ward.mp3", "notes.txt", ".hidden.wav", "শুনানি.wav", "two words.wav"])
def test_a_file_that_does_not_belong_there_is_refused_by_name(tmp_path: Path, name: str) -> None:
    recordings(tmp_path, "ward")
    (tmp_path / name).touch()
    with pytest.raises(BundleSourceError, match=r"NAME\.wav and NAME\.json"):
        read_clips(tmp_path, USUAL)


def test_a_link_in_the_folder_is_refused(tmp_path: Path) -> None:
    recordings(tmp_path / "clips", "ward")
    (tmp_path / "secret.wav").write_bytes(silence())
    (tmp_path / "clips" / "court.wav").symlink_to(tmp_path / "secret.wav")
    with pytest.raises(BundleSourceError, match="only plain files"):
        read_clips(tmp_path / "clips", USUAL)


def test_a_recording_without_limits_is_refused(tmp_path: Path) -> None:
    recordings(tmp_path, "ward", "court", limits={"ward": {"wer_max": 0.1}})
    with pytest.raises(BundleSourceError, match=r"court\.wav .* how well it must be heard"):
        read_clips(tmp_path, None)


def test_limits_of_a_recording_that_is_not_there_are_refused(tmp_path: Path) -> None:
    recordings(tmp_path, "ward", limits={"word": {"wer_max": 0.1}})
    with pytest.raises(BundleSourceError, match="it names word, and there is no such recording"):
        read_clips(tmp_path, USUAL)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"ward": 1}',
        '{"ward": {}}',
        '{"ward": {"wer_max": "0.1"}}',
        '{"ward": {"wer_max": 1, "x": 2}}',
        "\xff",
    ],
)
def test_limits_of_another_form_are_refused(tmp_path: Path, text: str) -> None:
    recordings(tmp_path, "ward")
    (tmp_path / "limits.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(BundleSourceError, match="wer_max and der_max"):
        read_clips(tmp_path, USUAL)


@pytest.mark.parametrize("limit", [-0.1, 1.5, 0.123456])
@pytest.mark.parametrize("name", ["wer_max", "der_max"])
def test_a_limit_that_no_rate_has_is_refused(tmp_path: Path, limit: float, name: str) -> None:
    recordings(tmp_path, "ward", limits={"ward": {"wer_max": 0.1, name: limit}})
    with pytest.raises(BundleSourceError, match="a limit is 0 to 1"):
        read_clips(tmp_path, USUAL)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\0\0\0\0AVI ", b"#EXTM3U\nfile:///etc/passwd"])
def test_what_is_no_wav_file_is_refused(tmp_path: Path, content: bytes) -> None:
    recordings(tmp_path, "ward")
    (tmp_path / "ward.wav").write_bytes(content)
    with pytest.raises(BundleSourceError, match="not a WAV file"):
        read_clips(tmp_path, USUAL)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff", json.dumps({"schema": 2}).encode(), b'{"text": "what a person typed"}']
)
def test_what_is_no_transcript_is_refused_with_where_to_get_one(tmp_path: Path, content: bytes) -> None:
    recordings(tmp_path, "ward")
    (tmp_path / "ward.json").write_bytes(content)
    with pytest.raises(BundleSourceError, match="export one from Cloister"):
        read_clips(tmp_path, USUAL)


@pytest.mark.parametrize("text", ["", "   "])
def test_a_reference_in_which_nothing_is_said_is_refused(tmp_path: Path, text: str) -> None:
    recordings(tmp_path, "ward")
    (tmp_path / "ward.json").write_bytes(to_json(transcript(text)))
    with pytest.raises(BundleSourceError, match="nothing is said in it"):
        read_clips(tmp_path, USUAL)


def test_speakers_are_judged_only_where_the_reference_tells_them_apart(tmp_path: Path) -> None:
    recordings(tmp_path, "ward")
    (tmp_path / "ward.json").write_bytes(to_json(transcript(with_turns=False)))
    with pytest.raises(BundleSourceError, match="tells no speakers apart"):
        read_clips(tmp_path, USUAL)
    assert read_clips(tmp_path, Limits(wer_max=0.1))[0].clip.der_max is None


def test_a_reference_larger_than_any_transcript_is_not_read(tmp_path: Path) -> None:
    recordings(tmp_path, "ward")
    with (tmp_path / "ward.json").open("r+b") as file:
        file.truncate(2**30)
    with pytest.raises(BundleSourceError, match="at most"):
        read_clips(tmp_path, USUAL)


def test_a_folder_without_recordings_or_with_too_many_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleSourceError, match="0 recordings"):
        read_clips(recordings(tmp_path / "none"), USUAL)
    many = recordings(tmp_path / "many", *(f"clip{number}" for number in range(65)))
    with pytest.raises(BundleSourceError, match="65 recordings"):
        read_clips(many, USUAL)
    with pytest.raises(BundleSourceError, match="cannot be read"):
        read_clips(tmp_path / "nowhere", USUAL)
