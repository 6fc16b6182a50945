"""Word and diarization error, as the evaluation corpus states them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jiwer
from pyannote.core import Annotation, Segment
from pyannote.database.util import load_rttm
from pyannote.metrics.diarization import DiarizationErrorRate
from whisper_normalizer.english import EnglishTextNormalizer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def word_error(reference: str, hypothesis: str) -> float:
    """Return the word error rate of English text after Whisper's normaliser, as a fraction."""
    normalise = EnglishTextNormalizer()
    return float(jiwer.wer(normalise(reference), normalise(hypothesis)))


def diarization_error(rttm: Path, turns: Iterable[tuple[float, float, str]], collar_s: float) -> float:
    """Return the diarization error rate as a fraction.

    Args:
        rttm: The reference, of one recording.
        turns: Start, end and speaker; overlap counts.
        collar_s: Seconds round each edge of the reference that are not scored.
    """
    (reference,) = load_rttm(str(rttm)).values()
    found = Annotation()
    for number, (start, end, speaker) in enumerate(turns):
        found[Segment(start, end), number] = speaker
    return float(DiarizationErrorRate(collar=collar_s)(reference, found))
