"""Exports: a transcript in, the bytes of a file out; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.exports import json, rttm, srt, txt, vtt
from appliance.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Export:
    """One file format.

    Attributes:
        render: Makes the whole file; the same transcript always gives the same bytes.
        media_type: What a browser is told, with the character set.
        suffix: End of the file's name, with its dot.
    """

    render: Callable[[Transcript], bytes]
    media_type: str
    suffix: str


FORMATS: dict[str, Export] = {
    "txt": Export(txt.render, "text/plain; charset=utf-8", ".txt"),
    "srt": Export(srt.render, "application/x-subrip; charset=utf-8", ".srt"),
    "vtt": Export(vtt.render, "text/vtt; charset=utf-8", ".vtt"),
    "json": Export(json.render, "application/json", ".json"),
    "rttm": Export(rttm.render, "text/plain; charset=utf-8", ".rttm"),
}
"""Every format by the name that pages and commands use for it."""
