"""JSON: the transcript in its contract form."""

from __future__ import annotations

from appliance.transcript import Transcript, to_json


def render(transcript: Transcript) -> bytes:
    """Return the transcript as JSON of schema 1, UTF-8, ended by a line feed."""
    return to_json(transcript) + b"\n"
