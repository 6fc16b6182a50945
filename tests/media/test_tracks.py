"""Which of several tracks is the one to transcribe."""

from __future__ import annotations

import io
from array import array

import pytest

from appliance.media.decode import decode
from appliance.media.limits import DecodeLimits, Meter
from tests.media.recordings import loudness, tone, tracks

LOUD, QUIET = tone(2.0, amplitude=20_000), tone(2.0, amplitude=2_000)
SILENCE = array("h", bytes(2 * len(LOUD)))


def chosen(sounds: list[array[int]], default: int | None = None) -> str:
    out = bytearray()
    recording = tracks("matroska", "pcm_s16le", sounds, 16_000, default)
    decode(io.BytesIO(recording), Meter(DecodeLimits(60), out.extend), lambda _: None)
    level = loudness(bytes(out))
    return "loud" if level > 10_000 else "quiet" if level > 1_000 else "silence"


@pytest.mark.parametrize("default", [0, 1])
def test_the_default_track_is_taken(default: int) -> None:
    assert chosen([LOUD, QUIET], default) == ("loud", "quiet")[default]


def test_without_a_default_the_first_is_taken() -> None:
    assert chosen([QUIET, LOUD]) == "quiet"


@pytest.mark.parametrize("default", [0, 1, 2])
def test_a_silent_track_is_taken_only_if_all_are(default: int) -> None:
    assert chosen([SILENCE, SILENCE, LOUD], default) == "loud"
    assert chosen([SILENCE, SILENCE, SILENCE], default) == "silence"


def test_a_track_that_starts_with_a_pause_is_not_taken_for_silent() -> None:
    pause_first = array("h", bytes(2 * 16_000)) + tone(2.0, amplitude=2_000)
    assert chosen([pause_first, tone(3.0, amplitude=20_000)], default=0) == "quiet"
