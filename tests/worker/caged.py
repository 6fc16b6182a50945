"""The caged decoder as a function, started the way the server starts it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from appliance.worker.decoding import decode
from appliance.worker.messages import Decode
from appliance.worker.process import Child

HOURS = 3600


def decode_file(
    path: Path, max_duration_s: float = 12 * HOURS, started: Callable[[Child], None] = lambda _: None
) -> tuple[float, bytes]:
    """Return the seconds and the samples that the caged child makes of a plain file."""
    request = Decode(audio_id=None, file_key=None, size_bytes=path.stat().st_size, max_duration_s=max_duration_s)
    return decode_descriptor(request, os.open(path, os.O_RDONLY), started)


def decode_descriptor(
    request: Decode, audio: int, started: Callable[[Child], None] = lambda _: None
) -> tuple[float, bytes]:
    """Return the same for a descriptor, plain or sealed as the request says; closes it."""
    try:
        pcm = decode(request, audio, lambda _stage, _fraction: None, started, allow_weaker=False)
    finally:
        os.close(audio)
    try:
        return pcm.duration_s, os.pread(pcm.descriptor, os.fstat(pcm.descriptor).st_size, 0)
    finally:
        pcm.close()
