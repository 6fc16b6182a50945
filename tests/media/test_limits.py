"""What a recording may cost, in figures and in words."""

from __future__ import annotations

import pytest

from appliance.errors import DecodeLimitError
from appliance.media.limits import BYTES_PER_SECOND, DecodeLimits, Meter


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (30, "30 seconds"),
        (60, "1 minute"),
        (90, "1.5 minutes"),
        (3600, "1 hour"),
        (43_200, "12 hours"),
        (5400, "1.5 hours"),
    ],
)
def test_the_longest_duration_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert DecodeLimits(max_duration_s=seconds).max_duration_words == words


def test_processor_time_grows_with_the_sound_that_came_out() -> None:
    limits = DecodeLimits(max_duration_s=10, cpu_start_s=5, cpu_s_per_audio_hour=100)
    assert [limits.cpu_allowance_s(0), limits.cpu_allowance_s(7200)] == [5, 205]


def test_the_last_allowed_sample_is_taken_and_the_next_is_not() -> None:
    taken: list[memoryview] = []
    meter = Meter(DecodeLimits(max_duration_s=2), taken.append)
    second = memoryview(bytes(BYTES_PER_SECOND))
    meter.write(second)
    meter.write(second)
    with pytest.raises(DecodeLimitError):
        meter.write(second[:2])
    assert (len(taken), meter.decoded_s) == (2, 2.0)


def test_grace_lets_the_first_watcher_speak_before_the_second() -> None:
    meter = Meter(DecodeLimits(max_duration_s=2, cpu_start_s=-0.001, cpu_s_per_audio_hour=0), lambda _: None)
    meter.check_time(grace_s=60)
    with pytest.raises(DecodeLimitError):
        meter.check_time()
