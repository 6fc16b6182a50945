"""What a recording may claim and cost, and the meter that watches it while it is decoded."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from appliance.errors import DecodeLimitError, ImplausibleMediaError

SAMPLE_RATE_HZ = 16_000  # What the models expect.
BYTES_PER_SECOND = SAMPLE_RATE_HZ * 2

# Wider than any recorder made: telephony starts at 8 kHz, studio gear ends at 384 kHz, SWR_CH_MAX is 64.
LOWEST_RATE_HZ = 4_000
HIGHEST_RATE_HZ = 768_000
MOST_CHANNELS = 64
MOST_BITS = 64

SHORTEST_S = 0.1  # No word is shorter; what is, comes from a header without sound behind it.


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What one recording may cost.

    Processor time grows with the sound that came out, so that a small file which only burns time stops soon, while a
    long one gets what it needs: decoding an hour of sound takes 1 to 20 s on one core, a bomb of packets without sound
    takes for ever.

    Attributes:
        max_duration_s: Longest recording in seconds.
        cpu_start_s: Processor seconds that any file may take.
        cpu_s_per_audio_hour: Processor seconds more for every hour of sound that came out.
    """

    max_duration_s: float
    cpu_start_s: float = 30.0
    cpu_s_per_audio_hour: float = 300.0

    @property
    def max_pcm_bytes(self) -> int:
        """Most decoded bytes: the longest recording as 16 kHz mono s16."""
        return int(self.max_duration_s * BYTES_PER_SECOND)

    @property
    def max_duration_words(self) -> str:
        """The longest duration as people say it."""
        for unit, seconds in (("hour", 3600), ("minute", 60)):
            if self.max_duration_s >= seconds:
                count = self.max_duration_s / seconds
                return f"{count:g} {unit}" if count == 1 else f"{count:g} {unit}s"
        return f"{self.max_duration_s:g} seconds"

    def cpu_allowance_s(self, decoded_s: float) -> float:
        """Return the processor seconds that may be used by the time so much sound came out."""
        return self.cpu_start_s + self.cpu_s_per_audio_hour * decoded_s / 3600


class Meter:
    """Counts what comes out and what it costs, and stops the decoding at a limit."""

    def __init__(self, limits: DecodeLimits, write: Callable[[memoryview], None]) -> None:
        """Start counting.

        Args:
            limits: Where to stop.
            write: Takes the samples that are within the limit.
        """
        self.limits = limits
        self._write = write
        self._started_cpu_s = time.process_time()
        self.written_bytes = 0

    @property
    def decoded_s(self) -> float:
        """Seconds of sound that came out so far."""
        return self.written_bytes / BYTES_PER_SECOND

    def write(self, samples: memoryview) -> None:
        """Pass samples on.

        Raises:
            DecodeLimitError: They go past the longest duration.
        """
        if self.written_bytes + samples.nbytes > self.limits.max_pcm_bytes:
            raise DecodeLimitError(limit=self.limits.max_duration_words, reached_s=self.decoded_s)
        self._write(samples)
        self.written_bytes += samples.nbytes

    def check_time(self, grace_s: float = 0.0) -> None:
        """Compare the processor time with what the sound so far allows.

        Args:
            grace_s: Let this much more pass, for a second watcher that must not be faster than the first.

        Raises:
            DecodeLimitError: It took too long.
        """
        used_s = time.process_time() - self._started_cpu_s
        if used_s > self.limits.cpu_allowance_s(self.decoded_s) + grace_s:
            raise DecodeLimitError(limit="processing time", reached_s=self.decoded_s)


def refuse_implausible(rate_hz: int, channels: int) -> None:
    """Refuse a shape of sound that no recorder makes.

    Raises:
        ImplausibleMediaError: Says what is claimed.
    """
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise ImplausibleMediaError(claim=f"a sample rate of {rate_hz} Hz")
    if not 1 <= channels <= MOST_CHANNELS:
        raise ImplausibleMediaError(claim=f"{channels} channels")
