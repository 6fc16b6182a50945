"""What an engine says while it works on a job, up to its last word on it."""

from __future__ import annotations

import os
from collections.abc import Callable

from appliance.errors import EngineError
from appliance.worker.messages import Failed, Progress, Transcribed
from appliance.worker.process import Child, contents_of

SILENCE_LIMIT_S = 1800.0  # Long linkage runs report nothing for minutes; half an hour means it hangs.


def await_result(child: Child, job_id: bytes, progress: Callable[[str, float], None]) -> tuple[Transcribed, bytes]:
    """Wait for the end of a job.

    Args:
        child: The engine.
        job_id: Of the job that it was given.
        progress: Called with the stage and its fraction.

    Returns:
        What may be known of the result, and the sealed transcript.

    Raises:
        ApplianceError: What the engine reported; an EngineError where it answers something else than was asked.
        ChannelClosedError, TimeoutError, msgspec.MsgspecError: It ended, hangs, or speaks nonsense.
    """
    while True:
        message, descriptors = child.channel.receive(SILENCE_LIMIT_S)
        try:
            match message:
                case Progress(stage=stage, fraction=fraction):
                    progress(stage, fraction)
                case Transcribed() if message.job_id == job_id and len(descriptors) == 1:
                    return message, contents_of(descriptors[0])
                case Failed():
                    raise message.error()
                case _:
                    raise EngineError
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
