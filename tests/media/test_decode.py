"""Recordings of every kind, and what only claims to be one."""

from __future__ import annotations

import io
import random
import zlib
from array import array
from collections.abc import Callable

import av
import pytest

from appliance.errors import (
    ApplianceError,
    DecodeLimitError,
    ImplausibleMediaError,
    NoAudioError,
    TamperedError,
    UnreadableMediaError,
)
from appliance.media.decode import DecodedAudio, decode
from appliance.media.limits import BYTES_PER_SECOND, DecodeLimits, Meter
from tests.media.recordings import (
    CONTAINERS,
    encoded,
    interleaved,
    loudness,
    silent_flac,
    tone,
    tracks,
    wave,
)

SINE = 10_000 / 2**0.5  # Loudness of the tone that recordings.py makes.


def decoded(recording: bytes, max_duration_s: float = 60.0) -> tuple[DecodedAudio, bytes]:
    out = bytearray()
    meter = Meter(DecodeLimits(max_duration_s=max_duration_s), out.extend)
    return decode(io.BytesIO(recording), meter, lambda _: None), bytes(out)


# Sound


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_on_the_list_really_opens(name: str) -> None:
    result, pcm = decoded(encoded(name))
    assert result.duration_s == pytest.approx(2.0, abs=0.06)
    assert len(pcm) == round(result.duration_s * BYTES_PER_SECOND)
    assert loudness(pcm) == pytest.approx(SINE, rel=0.25)
    assert result.damaged_packets == 0


def test_a_plain_16_khz_recording_comes_through_unchanged() -> None:
    samples = tone(1.5)
    assert decoded(wave(samples))[1] == samples.tobytes()


@pytest.mark.parametrize("rate_hz", [4_000, 8_000, 11_025, 44_100, 192_000, 768_000])
def test_any_plausible_rate_becomes_16_khz(rate_hz: int) -> None:
    result, pcm = decoded(wave(tone(0.5, rate_hz), rate_hz))
    assert result.duration_s == pytest.approx(0.5, abs=0.01)
    assert loudness(pcm) == pytest.approx(SINE, rel=0.05)


def test_half_of_an_interrupted_recording_is_kept() -> None:
    whole = encoded("mp3", 4.0)
    assert decoded(whole[: len(whole) // 2])[0].duration_s == pytest.approx(2.0, abs=0.2)


def test_a_few_damaged_packets_cost_only_themselves() -> None:
    recording = bytearray(encoded("mp3", 10.0))
    recording[len(recording) // 2 : len(recording) // 2 + 600] = random.Random(1).randbytes(600)
    assert decoded(bytes(recording))[0].duration_s == pytest.approx(10.0, abs=0.5)


def test_progress_rises_to_the_end() -> None:
    fractions: list[float] = []
    meter = Meter(DecodeLimits(60), lambda _: None)
    decode(io.BytesIO(encoded("flac", 5.0)), meter, fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0, abs=0.3)


def test_tags_that_are_no_text_do_no_harm() -> None:
    tag = b"TIT2" + (20).to_bytes(4, "big") + b"\0\0\x03" + b"\xff\xfe\xc3\x28" * 4 + b"\xff\xff\xff"
    recording = b"ID3\x03\0\0\0\0\0" + bytes([len(tag)]) + tag + encoded("mp3")
    assert decoded(recording)[0].duration_s == pytest.approx(2.0, abs=0.1)


# Refusals


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just words, and nothing else " * 200,
        b"<!DOCTYPE html><title>no recording</title>",
        b"\x89PNG\r\n\x1a\n" + bytes(400),
        b"PK\x03\x04" + bytes(4000),
        b"\x1f\x8b\x08" + zlib.compress(bytes(100_000)),
        random.Random(7).randbytes(65_536),
        encoded("m4a")[:9000],
    ],
    ids=["empty", "text", "page", "picture", "zip", "gzip", "random", "no index"],
)
def test_what_is_no_recording_is_unreadable(content: bytes) -> None:
    with pytest.raises(UnreadableMediaError):
        decoded(content)


@pytest.mark.parametrize("samples", [0, 1, 800])
def test_what_is_too_short_for_a_word_is_unreadable(samples: int) -> None:
    with pytest.raises(UnreadableMediaError):
        decoded(wave(array("h", [1000] * samples)))


def test_random_packets_in_a_true_container_are_unreadable() -> None:
    recording = bytearray(encoded("m4a", 4.0))
    index_at = recording.index(b"moov")
    recording[100 : index_at - 4] = random.Random(3).randbytes(index_at - 104)
    with pytest.raises(UnreadableMediaError):
        decoded(bytes(recording))


def test_a_video_without_sound_says_so() -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        container.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(stream.encode(None))
    with pytest.raises(NoAudioError):
        decoded(out.getvalue())


@pytest.mark.parametrize(
    ("lies", "claim"),
    [
        ({"rate_hz": 0}, "a sample rate of 0 Hz"),
        ({"rate_hz": 1}, "a sample rate of 1 Hz"),
        ({"rate_hz": 400_000_000}, "a sample rate of 400000000 Hz"),
        ({"rate_hz": 2**32 - 1}, "a sample rate of 4294967295 Hz"),
        ({"channels": 0}, "0 channels"),
        ({"channels": 65_535}, "65535 channels"),
        ({"bits": 1024}, "1024 bits a sample"),
    ],
)
def test_a_header_that_cannot_be_true_is_refused_with_its_claim(lies: dict[str, int], claim: str) -> None:
    with pytest.raises(ImplausibleMediaError) as refusal:
        decoded(wave(tone(1.0), lies=lies))
    assert refusal.value.claim == claim


def test_an_implausible_rate_is_refused_in_other_containers_too() -> None:
    recording = bytearray(encoded("caf"))
    place = recording.index(b"desc") + 12  # The rate is the first field of this chunk, a double.
    recording[place : place + 8] = b"\x40\x59\x00\x00\x00\x00\x00\x00"  # 100.0
    with pytest.raises(ImplausibleMediaError, match="100 Hz"):
        decoded(bytes(recording))


def test_a_header_that_claims_4_gb_is_believed_only_as_far_as_there_are_bytes() -> None:
    assert decoded(wave(tone(1.0), lies={"data_bytes": 2**32 - 1}))[0].duration_s == 1.0


def test_a_source_that_turns_out_to_be_tampered_with_says_so() -> None:
    class Tampered(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 200_000:
                raise TamperedError
            return super().read(size)

    with pytest.raises(TamperedError):
        decode(Tampered(wave(tone(20.0))), Meter(DecodeLimits(60), lambda _: None), lambda _: None)


# Limits


def test_a_recording_past_the_limit_is_stopped_there() -> None:
    with pytest.raises(DecodeLimitError) as stop:
        decoded(encoded("mp3", 5.0), max_duration_s=2.0)
    assert stop.value.limit == "2 seconds"


def test_100_hours_of_silence_in_less_than_a_megabyte_stop_at_the_limit() -> None:
    written = 0

    def count(samples: memoryview) -> None:
        nonlocal written
        written += samples.nbytes

    bomb = silent_flac(hours=100)
    assert len(bomb) < 1_000_000
    with pytest.raises(DecodeLimitError) as stop:
        decode(io.BytesIO(bomb), Meter(DecodeLimits(max_duration_s=3600), count), lambda _: None)
    assert stop.value.reached_s == pytest.approx(3600, abs=2)
    assert written <= 3600 * BYTES_PER_SECOND


def test_a_length_that_the_header_admits_is_refused_before_anything_is_decoded() -> None:
    written: list[memoryview] = []
    bomb = silent_flac(hours=1, claimed_hours=100)
    with pytest.raises(DecodeLimitError) as stop:
        decode(io.BytesIO(bomb), Meter(DecodeLimits(max_duration_s=12 * 3600), written.append), lambda _: None)
    assert (stop.value.limit, written) == ("12 hours", [])


def test_a_file_that_only_burns_time_is_stopped() -> None:
    limits = DecodeLimits(max_duration_s=60, cpu_start_s=0.0, cpu_s_per_audio_hour=0.0)
    with pytest.raises(DecodeLimitError, match="processing time"):
        decode(io.BytesIO(encoded("mp3")), Meter(limits, lambda _: None), lambda _: None)


def test_a_lack_of_memory_is_a_limit() -> None:
    def full(_: memoryview) -> None:
        raise MemoryError

    with pytest.raises(DecodeLimitError, match="memory"):
        decode(io.BytesIO(encoded("wav")), Meter(DecodeLimits(60), full), lambda _: None)


@pytest.mark.parametrize(
    ("mix", "expected"),
    [
        (lambda one, _: interleaved(one, one), SINE),
        (lambda one, _: interleaved(one, array("h", [-sample for sample in one])), SINE),
        (lambda one, _: interleaved(one, array("h", bytes(2 * len(one)))), SINE / 2),
        (interleaved, SINE / 2**0.5),
    ],
    ids=["alike", "upside down", "one silent", "strangers"],
)
def test_two_channels_never_cancel(mix: Callable[[array[int], array[int]], array[int]], expected: float) -> None:
    stereo = mix(tone(2.0), tone(2.0, hz=311.0))
    assert loudness(decoded(wave(stereo, channels=2))[1]) == pytest.approx(expected, rel=0.02)


def test_a_silent_first_track_gives_way_to_one_with_sound() -> None:
    silence = array("h", bytes(2 * 32_000))
    recording = tracks("matroska", "pcm_s16le", [silence, tone(2.0)], 16_000, default=0)
    assert loudness(decoded(recording)[1]) == pytest.approx(SINE, rel=0.02)


def test_the_error_of_a_damaged_file_never_quotes_it() -> None:
    secret = b"the canary word is heliotrope " * 200
    with pytest.raises(ApplianceError) as refusal:
        decoded(secret)
    assert "heliotrope" not in str(refusal.value)
