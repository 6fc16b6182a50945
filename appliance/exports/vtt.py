"""WebVTT subtitles: every cue says in a voice tag who speaks.

Source: W3C, WebVTT: The Web Video Text Tracks Format, sections 4.2 and 4.3.
"""

from __future__ import annotations

from appliance.exports.cues import Cue, clock, cues
from appliance.exports.pieces import speaker_name
from appliance.transcript import Transcript


def render(transcript: Transcript) -> bytes:
    """Return the subtitles as UTF-8, text and names escaped."""
    blocks = ["WEBVTT\n"]
    blocks += [_block(transcript, cue) for cue in cues(transcript, name_on_change=False)]
    return "\n".join(blocks).encode()


def _block(transcript: Transcript, cue: Cue) -> str:
    name = speaker_name(transcript, cue.speaker)
    voice = f"<v {_escaped(name)}>" if name else ""
    text = _escaped("\n".join(cue.lines))
    return f"{clock(cue.start_ms, '.')} --> {clock(cue.end_ms, '.')}\n{voice}{text}\n"


def _escaped(text: str) -> str:
    """Return text in which no character starts a tag, an escape or the arrow of a timing line."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
