"""Channels mixed down: nothing cancels, nothing is lost."""

from __future__ import annotations

from array import array
from fractions import Fraction

import av
import pytest

from appliance.errors import ImplausibleMediaError
from appliance.media.mix import BLOCK_SAMPLES, Mixer
from tests.media.recordings import interleaved, loudness, tone

SINE = 10_000 / 2**0.5


def frame(samples: array[int], layout: str, rate_hz: int = 16_000) -> av.AudioFrame:
    count = av.AudioLayout(layout).nb_channels
    made = av.AudioFrame("s16", layout, len(samples) // count)
    made.planes[0].update(samples.tobytes())
    made.sample_rate = rate_hz
    made.time_base = Fraction(1, rate_hz)
    return made


def mixed(*frames: av.AudioFrame) -> bytes:
    out = bytearray()
    mixer = Mixer(out.extend)
    for piece in frames:
        mixer.push(piece)
    mixer.finish()
    return bytes(out)


def with_one_voice(channels: int, speaking: int, seconds: float = 1.0) -> array[int]:
    silence = array("h", bytes(2 * int(seconds * 16_000)))
    return interleaved(*(tone(seconds) if number == speaking else silence for number in range(channels)))


@pytest.mark.parametrize(
    "layout", ["mono", "1 channels", "stereo", "2 channels", "5.1", "5.1(side)", "7.1", "6 channels"]
)
def test_a_voice_in_any_one_channel_is_heard(layout: str) -> None:
    named = av.AudioLayout(layout)
    for speaking in range(named.nb_channels):
        if named.channels[speaking].name == "LFE":
            continue  # The bass channel carries no speech, and FFmpeg leaves it out.
        assert loudness(mixed(frame(with_one_voice(named.nb_channels, speaking), layout))) > SINE / 15


def test_64_channels_without_a_place_are_all_heard() -> None:
    row = tone(0.5)
    everywhere = interleaved(*[row] * 64)
    assert loudness(mixed(frame(everywhere, "64 channels"))) == pytest.approx(SINE, rel=0.02)


def test_the_difference_of_crossed_wires_is_the_left_channel_exactly() -> None:
    left = tone(2.0)
    crossed = interleaved(left, array("h", [-sample for sample in left]))
    assert mixed(frame(crossed, "stereo")) == left.tobytes()


def test_wires_crossed_in_one_part_are_put_right_in_that_part() -> None:
    left = tone(1.0)
    alike, crossed = interleaved(left, left), interleaved(left, array("h", [-sample for sample in left]))
    assert mixed(frame(alike + crossed, "stereo")) == (left + left).tobytes()


def test_sound_comes_in_blocks_of_one_second() -> None:
    sizes: list[int] = []
    mixer = Mixer(lambda samples: sizes.append(samples.nbytes // 2))
    mixer.push(frame(tone(2.5), "mono"))
    mixer.finish()
    assert sizes == [BLOCK_SAMPLES, BLOCK_SAMPLES, BLOCK_SAMPLES // 2]


def test_sound_that_changes_its_shape_goes_on() -> None:
    pcm = mixed(frame(tone(1.0), "mono"), frame(interleaved(tone(1.0, 8_000), tone(1.0, 8_000)), "stereo", 8_000))
    assert len(pcm) / 2 == pytest.approx(2 * 16_000, abs=100)


def test_a_frame_with_an_implausible_rate_is_refused() -> None:
    with pytest.raises(ImplausibleMediaError, match="2000 Hz"):
        mixed(frame(tone(0.1), "mono", 2_000))


def test_nothing_gives_nothing() -> None:
    assert mixed() == b""
