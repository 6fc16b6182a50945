"""Plain text: one paragraph a turn, with its time and its speaker, to be read by people."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.exports.pieces import clean, glue_between, speaker_name
from appliance.transcript import Segment, Transcript

PARAGRAPH_S = 60.0  # A monologue gets a new time mark about every minute.
PAUSE_S = 3.0  # A longer silence starts a paragraph.


def render(transcript: Transcript) -> bytes:
    """Return the transcript as UTF-8 text with a time mark and a name before every paragraph."""
    paragraphs = [_paragraph(transcript, segments) for segments in _grouped(transcript)]
    return "\n".join(paragraphs).encode()


def _grouped(transcript: Transcript) -> Iterator[list[Segment]]:
    """Yield the segments that make one paragraph; segments without text make none."""
    group: list[Segment] = []
    for segment in transcript.segments:
        if not clean(segment.text):
            continue
        if group and _starts_paragraph(group, segment):
            yield group
            group = []
        group.append(segment)
    if group:
        yield group


def _starts_paragraph(group: list[Segment], segment: Segment) -> bool:
    first, last = group[0], group[-1]
    return (
        segment.speaker != first.speaker
        or segment.start - last.end > PAUSE_S
        or segment.end - first.start > PARAGRAPH_S
    )


def _paragraph(transcript: Transcript, segments: list[Segment]) -> str:
    name = speaker_name(transcript, segments[0].speaker)
    heading = f"[{_clock(segments[0].start)}] {name}".rstrip()
    text = glue_between(transcript.language).join(clean(segment.text) for segment in segments)
    return f"{heading}\n{text}\n"


def _clock(seconds: float) -> str:
    """Return hours, minutes and whole seconds."""
    whole = int(max(seconds, 0.0))
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
