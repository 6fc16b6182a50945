"""Transcripts as a reference or an engine would write them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance.bundles.specimens import Specimen, specimen_of
from appliance.transcript import Segment, SpeakerTurn, Transcript, to_json

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


def put_specimen(
    root: Path, reference: Transcript, *, audio: bytes = b"", wer_max: float | None = None, der_max: float | None = None
) -> Specimen:
    """Write a recording and its reference, and return the specimen that they are."""
    (root / "ward.wav").write_bytes(audio)
    (root / "ward.json").write_bytes(to_json(reference))
    return specimen_of(root, ("ward.wav", "ward.json"), (wer_max, der_max))
