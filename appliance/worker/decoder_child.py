"""The decoder's process, one for each recording: ``python -m appliance.worker.decoder_child CHANNEL [weaker]``.

It reads what strangers made, so it gives up everything first: calls, then, once its libraries are loaded, files. What
is left is the channel, the descriptor it reads from and the anonymous file it fills.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import logging
import os
import select
import struct
import sys
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, cast

from appliance import cage, rlimits
from appliance.errors import ApplianceError, DecodeLimitError, MediaError
from appliance.logs import start_logging
from appliance.worker.channel import Channel, ChannelClosedError
from appliance.worker.messages import PCM_SEALS, Decode, Decoded, Failed, Progress, Tried, TryWayOut

if TYPE_CHECKING:
    from appliance.media.limits import Meter

log = logging.getLogger(__name__)

# FFmpeg works block by block and stays far below this. A header that makes it ask for more gets an error.
MEMORY_LIMIT_BYTES = 2**30
OPEN_FILES = 32

PROGRESS_EVERY_S = 0.5
WATCH_EVERY_MS = 250
READ_AHEAD_BYTES = 2**16

# Three stop signs for processor time, each behind the last: the decoding loop, which gives the best message; the
# watcher, for a call into FFmpeg that does not come back; the kernel, for one that holds the interpreter as well.
WATCHER_GRACE_S = 5.0
KERNEL_GRACE_S = 15.0

WAVE_HEADER = "<4sI4s4sIHHIIHH4sI"

EXIT_FAILED = 1
EXIT_ORPHANED = 2


def main(arguments: list[str]) -> int:
    """Seal this process, decode what the channel hands in, say what came of it.

    Args:
        arguments: Number of the inherited channel's descriptor; ``weaker`` after it where an administrator accepted a
            kernel that lacks a part of the seal.

    Returns:
        Exit status.
    """
    start_logging(logging.WARNING)
    channel = Channel.inherited(int(arguments[0]))
    try:
        return _run(channel, allow_weaker="weaker" in arguments[1:])
    except ChannelClosedError:
        return EXIT_ORPHANED
    except ApplianceError as error:
        channel.send(Failed.of(error))
    except Exception:  # A child's main loop: whatever happens, the server gets a clean answer.
        log.exception("decoding failed in a way nobody foresaw")
        channel.send(Failed.of(MediaError()))
    return EXIT_FAILED


def _run(channel: Channel, *, allow_weaker: bool) -> int:
    limits = cage.ProcessLimits(memory_bytes=MEMORY_LIMIT_BYTES, open_files=OPEN_FILES)
    cage.seal_decoder(limits, allow_weaker=allow_weaker)
    _warm_up()
    cage.seal_decoder_files()
    request, descriptors = channel.receive()
    if isinstance(request, TryWayOut):
        channel.send(Tried(tried_at=datetime.now(UTC), trials=cage.try_way_out()))
        return 0
    if not isinstance(request, Decode) or len(descriptors) != 2:  # noqa: PLR2004 -- the audio, and where samples go.
        return EXIT_FAILED
    duration_s = _decode(channel, request, *descriptors)
    channel.send(Decoded(duration_s=duration_s))
    return 0


def _warm_up() -> None:
    """Load every library, and what they load when first used, while there are still files to load from."""
    from appliance import spool  # noqa: F401, PLC0415 -- behind the seal's first step, before its second.
    from appliance.media.decode import decode  # noqa: PLC0415 -- behind the seal's first step.
    from appliance.media.limits import DecodeLimits, Meter  # noqa: PLC0415 -- as above.

    header = struct.pack(WAVE_HEADER, b"RIFF", 3236, b"WAVE", b"fmt ", 16, 1, 2, 8000, 32_000, 4, 16, b"data", 3200)
    for file in (header + bytes(3200), bytes(3200)):  # One that decodes, and one that fails.
        with contextlib.suppress(MediaError):
            decode(io.BytesIO(file), Meter(DecodeLimits(max_duration_s=1), lambda _: None), lambda _: None)


def _decode(channel: Channel, request: Decode, audio: int, pcm: int) -> float:
    """Fill the anonymous file with samples and seal it; returns the seconds of sound in it.

    Raises:
        MediaError: What is wrong with the recording.
        CryptoError: What is wrong with its seal.
    """
    from appliance.media.decode import decode  # noqa: PLC0415 -- loaded by the warm-up.
    from appliance.media.limits import DecodeLimits, Meter  # noqa: PLC0415 -- as above.

    limits = DecodeLimits(max_duration_s=request.max_duration_s)
    meter = Meter(limits, lambda samples: _write_all(pcm, samples))
    rlimits.limit_work(limits.cpu_allowance_s(limits.max_duration_s) + KERNEL_GRACE_S, limits.max_pcm_bytes)
    threading.Thread(target=_watch, args=(channel, meter), daemon=True).start()
    try:
        decoded = decode(_source(request, audio), meter, _Reporter(channel))
    except (OSError, MemoryError) as exc:  # Samples are written to memory, so that a failed write is a lack of it.
        raise DecodeLimitError(limit="memory", reached_s=meter.decoded_s) from exc
    fcntl.fcntl(pcm, fcntl.F_ADD_SEALS, PCM_SEALS)
    return decoded.duration_s


def _source(request: Decode, audio: int) -> BinaryIO:
    """Return the recording as seekable bytes, opened as they are read where it is sealed."""
    if request.audio_id is None or request.file_key is None:
        return os.fdopen(audio, "rb", READ_AHEAD_BYTES)
    from appliance.spool import SpooledAudio  # noqa: PLC0415 -- loaded by the warm-up.

    sealed = SpooledAudio(audio, request.file_key, request.audio_id, request.size_bytes)
    return cast("BinaryIO", io.BufferedReader(sealed, READ_AHEAD_BYTES))


def _write_all(descriptor: int, samples: memoryview) -> None:
    while samples:
        samples = samples[os.write(descriptor, samples) :]


class _Reporter:
    """Tells the server how far it is, not more often than a page can show."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._due_s = 0.0

    def __call__(self, fraction: float) -> None:
        if time.monotonic() >= self._due_s:
            self._channel.send(Progress(stage="decode", fraction=fraction))
            self._due_s = time.monotonic() + PROGRESS_EVERY_S


def _watch(channel: Channel, meter: Meter) -> None:
    """End this process when the server is gone, or when a call into FFmpeg does not come back in time."""
    poll = select.poll()
    poll.register(channel.fileno(), select.POLLIN | select.POLLRDHUP)
    while not poll.poll(WATCH_EVERY_MS):  # The server has nothing more to say: whatever comes is its end.
        try:
            meter.check_time(WATCHER_GRACE_S)
        except DecodeLimitError as error:
            with contextlib.suppress(ChannelClosedError):
                channel.send(Failed.of(error))
            os._exit(EXIT_FAILED)
    os._exit(EXIT_ORPHANED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
