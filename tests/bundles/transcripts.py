"""Transcripts as a reference or an engine would write them."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.transcript import Segment, SpeakerTurn, Transcript

Turn = tuple[float, float, str]


def said(text: str, *, language: str = "en", turns: Sequence[Turn] = (), duration_s: float = 30.0) -> Transcript:
    """A transcript of one segment, without one where nothing is said."""
    segment = Segment(id=0, start=0.0, end=duration_s, speaker=None, text=text, words=())
    return Transcript(
        language=language,
        duration_s=duration_s,
        models={},
        speakers=(),
        segments=(segment,) if text else (),
        turns=tuple(SpeakerTurn(start=start, end=end, speaker=speaker) for start, end, speaker in turns),
    )
