"""RTTM: who speaks when, one line a turn, for programs that score or display diarization.

Source: NIST, Rich Transcription 2009 evaluation plan, appendix A. Its fields are separated by spaces.
"""

from __future__ import annotations

from appliance.exports.pieces import speaker_name
from appliance.transcript import SpeakerTurn, Transcript

FILE_ID = "recording"  # The format wants a file's name; a transcript knows none, because titles are sealed apart.


def render(transcript: Transcript) -> bytes:
    """Return one SPEAKER line for each turn; without turns, for each segment that has a speaker."""
    return "".join(_line(transcript, turn) for turn in _turns(transcript)).encode()


def _turns(transcript: Transcript) -> list[SpeakerTurn]:
    turns = list(transcript.turns) or [
        SpeakerTurn(start=segment.start, end=segment.end, speaker=segment.speaker)
        for segment in transcript.segments
        if segment.speaker is not None
    ]
    return sorted((turn for turn in turns if turn.end > turn.start), key=lambda turn: (turn.start, turn.end))


def _line(transcript: Transcript, turn: SpeakerTurn) -> str:
    # A space inside a name would move every later field by one.
    name = speaker_name(transcript, turn.speaker).replace(" ", "_")
    return f"SPEAKER {FILE_ID} 1 {turn.start:.3f} {turn.end - turn.start:.3f} <NA> <NA> {name} <NA> <NA>\n"
