"""Figures of one set on recordings: errors, limits and time, or why there are none. No I/O."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from appliance.bundles.scoring import Counts, SpeakerErrors
from appliance.errors import ApplianceError, Fact, SelftestSpeakersError, SelftestWordsError, from_wire

DECIMALS = 4  # Of a rate, as a limit has them.


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of what is kept of a trial."""


class Refusal(Record, frozen=True):
    """Why there are no figures: an error by its code and facts, so that a page can say it in its own language."""

    code: str
    facts: dict[str, Fact]

    @classmethod
    def of(cls, error: ApplianceError) -> Refusal:
        """Note an error."""
        return cls(code=error.code, facts=error.facts)

    def error(self) -> ApplianceError:
        """Return the error that was noted."""
        return from_wire(self.code, self.facts)


class ClipResult(Record, frozen=True):
    """How one set did on one recording.

    Attributes:
        name: Of the recording.
        language: Of its reference.
        audio_s: Its length in seconds, or 0 where it was not heard.
        seconds: What the decoder and the engine took for it, without waiting for others.
        words: Word errors, or None where there are no figures.
        speakers: Diarization errors, or None where nobody is told apart in its reference.
        wer_max: Limit that its makers signed, or None for a site's own.
        der_max: As above, for speakers.
        refusal: Why there are no figures.
    """

    name: str
    language: str
    audio_s: float = 0.0
    seconds: float = 0.0
    words: Counts | None = None
    speakers: SpeakerErrors | None = None
    wer_max: float | None = None
    der_max: float | None = None
    refusal: Refusal | None = None

    @property
    def wer(self) -> float | None:
        """Word error rate in steps of a limit, or None where it was not measured."""
        return None if self.words is None else round(self.words.rate, DECIMALS)

    @property
    def der(self) -> float | None:
        """Diarization error rate in steps of a limit, or None where it was not measured."""
        return None if self.speakers is None else round(self.speakers.rate, DECIMALS)

    @property
    def passed(self) -> bool:
        """Whether every limit that there is was measured and kept."""
        return _within(self.wer, self.wer_max) and _within(self.der, self.der_max)

    def require(self) -> None:
        """Refuse a set that hears this recording worse than was promised.

        Raises:
            SelftestWordsError: Of its words.
            SelftestSpeakersError: Of its speakers.
            ApplianceError: There is a limit, and why nothing was measured.
        """
        if self.passed:
            return
        if self.refusal is not None:
            raise self.refusal.error()
        if not _within(self.wer, self.wer_max):
            raise SelftestWordsError(
                name=self.name, measured_percent=_percent(self.wer), limit_percent=_percent(self.wer_max)
            )
        raise SelftestSpeakersError(
            name=self.name, measured_percent=_percent(self.der), limit_percent=_percent(self.der_max)
        )


class Totals(Record, frozen=True):
    """Several recordings together, weighted by what is said in them.

    Attributes:
        clips: How many were measured.
        audio_s: Their length in seconds.
        seconds: What the decoder and the engine took.
        wer: Word error rate, or None where nothing was measured.
        der: Diarization error rate, or None where nothing was measured.
    """

    clips: int
    audio_s: float
    seconds: float
    wer: float | None
    der: float | None

    @classmethod
    def of(cls, clips: Iterable[ClipResult]) -> Totals:
        """Sum up those that have figures."""
        heard = [clip for clip in clips if clip.words is not None]
        words = [clip.words for clip in heard if clip.words is not None]
        speakers = [clip.speakers for clip in heard if clip.speakers is not None]
        all_words = Counts(errors=sum(one.errors for one in words), words=sum(one.words for one in words))
        all_speakers = SpeakerErrors(
            speech_s=sum(one.speech_s for one in speakers),
            missed_s=sum(one.missed_s for one in speakers),
            invented_s=sum(one.invented_s for one in speakers),
            confused_s=sum(one.confused_s for one in speakers),
        )
        return cls(
            clips=len(heard),
            audio_s=sum(clip.audio_s for clip in heard),
            seconds=sum(clip.seconds for clip in heard),
            wer=round(all_words.rate, DECIMALS) if words else None,
            der=round(all_speakers.rate, DECIMALS) if speakers else None,
        )

    @property
    def speed(self) -> float | None:
        """How many times as fast as the recordings themselves, or None where nothing was measured."""
        return self.audio_s / self.seconds if self.seconds else None


def _within(measured: float | None, limit: float | None) -> bool:
    return limit is None or (measured is not None and measured <= limit)


def _percent(rate: float | None) -> float:
    return 100 * (rate or 0.0)
