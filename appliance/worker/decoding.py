"""Have one recording decoded: start a decoder, hand it the audio, take sealed PCM back."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from appliance.errors import DecoderDiedError
from appliance.worker.channel import ChannelClosedError
from appliance.worker.messages import PCM_SEALS, Decode, Decoded, Failed, Progress
from appliance.worker.process import Child, anonymous_file, start_child

SILENCE_LIMIT_S = 120.0  # The decoder reports at least every few seconds; one that says nothing for so long hangs.


@dataclass(frozen=True, slots=True)
class Pcm:
    """Decoded audio in anonymous RAM: 16 kHz mono s16. The server forwards the descriptor and never maps it."""

    descriptor: int
    duration_s: float

    def close(self) -> None:
        """Give the RAM back."""
        os.close(self.descriptor)


def decode(
    request: Decode,
    audio: int,
    progress: Callable[[str, float], None],
    started: Callable[[Child], None],
    *,
    allow_weaker: bool,
) -> Pcm:
    """Decode a recording in a caged process of its own.

    Args:
        request: What to read, and how much of it at most.
        audio: Descriptor of the recording, sealed or plain as the request says; stays the caller's.
        progress: Called with the stage and its fraction; may raise to stop.
        started: Called with the running child, so that somebody else can end it.
        allow_weaker: Let it run on a kernel that lacks a part of the seal.

    Returns:
        Samples that nobody can change any more.

    Raises:
        MediaError: What is wrong with the recording.
        DecoderDiedError: The process ended without an answer, or answered what it must not.
    """
    pcm = anonymous_file("pcm")
    child = start_child("appliance.worker.decoder_child", threads=1, allow_weaker=allow_weaker, mute=True)
    try:
        started(child)
        child.channel.send(request, [audio, pcm])
        duration_s = _await_answer(child, progress)
        _check_sealed(pcm)
    except (ChannelClosedError, TimeoutError, msgspec.MsgspecError) as exc:
        os.close(pcm)
        raise DecoderDiedError from exc
    except BaseException:
        os.close(pcm)
        raise
    finally:
        child.kill()
    return Pcm(pcm, duration_s)


def _await_answer(child: Child, progress: Callable[[str, float], None]) -> float:
    while True:
        message, descriptors = child.channel.receive(SILENCE_LIMIT_S)
        for descriptor in descriptors:
            os.close(descriptor)  # The decoder has nothing to give us; one that sends descriptors is not ours any more.
        match message:
            case Progress(stage=stage, fraction=fraction):
                progress(stage, fraction)
            case Decoded(duration_s=duration_s):
                return duration_s
            case Failed():
                raise message.error()
            case _:
                raise DecoderDiedError


def _check_sealed(pcm: int) -> None:
    """Refuse samples that the decoder could still change or shrink under the engine's feet."""
    if fcntl.fcntl(pcm, fcntl.F_GET_SEALS) & PCM_SEALS != PCM_SEALS:
        raise DecoderDiedError
