"""SubRip subtitles: numbered cues, the speaker's name where the speaker changes."""

from __future__ import annotations

from appliance.exports.cues import Cue, clock, cues
from appliance.transcript import Transcript


def render(transcript: Transcript) -> bytes:
    """Return the subtitles as UTF-8 without a byte order mark."""
    return "\n".join(
        _block(number, cue) for number, cue in enumerate(cues(transcript, name_on_change=True), start=1)
    ).encode()


def _block(number: int, cue: Cue) -> str:
    # The format has no escapes, and some readers take any line with its arrow for a new cue.
    text = "\n".join(cue.lines).replace("-->", "→")
    return f"{number}\n{clock(cue.start_ms, ',')} --> {clock(cue.end_ms, ',')}\n{text}\n"
