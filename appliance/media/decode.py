"""Decode any recording into the form the models expect.

The story: look at the first bytes, open with the containers and codecs we allow and nothing else, choose a track, then
packet by packet decode, mix down and pass on, until the end or a limit.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import av
import av.logging
from av.audio.stream import AudioStream
from av.container import InputContainer

from appliance.errors import DecodeLimitError, UnreadableMediaError
from appliance.media.limits import SHORTEST_S, DecodeLimits, Meter
from appliance.media.mix import Mixer
from appliance.media.sniff import look
from appliance.media.tracks import choose_track

# Demuxers by FFmpeg's names; none of these follows a reference to another file. "mov" is also 3GP, "asf" WMA.
CONTAINERS = "wav,w64,mp3,mov,mp4,m4a,matroska,webm,ogg,flac,aac,aiff,caf,amr,asf,mpegts"

# Decoders by FFmpeg's names. Every one is a parser that an attacker may talk to, so those for video and pictures are
# not among them: FFmpeg would otherwise run them on the other tracks just to describe them.
CODECS = (
    "aac,aac_latm,ac3,adpcm_g722,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,adpcm_yamaha,alac,amrnb,amrwb,dca,eac3,flac,g722,"
    "g723_1,g726,g729,gsm,gsm_ms,mp1float,mp2float,mp3,mp3float,opus,pcm_alaw,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,"
    "pcm_mulaw,pcm_s16be,pcm_s16le,pcm_s24be,pcm_s24le,pcm_s32be,pcm_s32le,pcm_s8,pcm_u8,speex,truehd,truespeech,vorbis,"
    "wmalossless,wmapro,wmav1,wmav2,wmavoice"
)
OPEN_OPTIONS = {
    "format_whitelist": CONTAINERS,
    "codec_whitelist": CODECS,
    "protocol_whitelist": "none",  # We hand in bytes; whatever a file asks to be opened besides stays shut.
    "max_streams": "64",
}

# What PyAV raises for a file it cannot make sense of. FFmpegError is the root of FFmpeg's own; the others come from
# PyAV's code around it, for streams without a codec or values that do not fit.
LIBRARY_FAULTS = (av.FFmpegError, ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)

# A recording with a scratch loses packets here and there; bytes that only look like one lose nearly all.
DAMAGED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class DecodedAudio:
    """What came out.

    Attributes:
        duration_s: Seconds of sound.
        damaged_packets: Packets that could not be decoded and were left out.
    """

    duration_s: float
    damaged_packets: int


def decode(source: BinaryIO, meter: Meter, progress: Callable[[float], None]) -> DecodedAudio:
    """Decode any recording into the form the models expect.

    Args:
        source: Seekable bytes of an audio or video file in an allowed container.
        meter: Takes int16 samples, mono, 16 000 Hz, up to one second at a time, and stops at a limit.
        progress: Called with the fraction of the source that was read, 0 to 1, after each second of sound.

    Returns:
        How much sound came out.

    Raises:
        UnreadableMediaError: Not a recording, damaged beyond reading, or shorter than a tenth of a second.
        NoAudioError: The container has no audio track.
        ForbiddenFormatError: A playlist, or another text that points to files.
        ImplausibleMediaError: The header claims what no recorder writes.
        DecodeLimitError: A limit was reached; says which, and how far decoding got.
    """
    look(source)
    try:
        track = _choose(source, meter)
        damaged = _decode_track(source, track, meter, progress)
    except MemoryError as exc:  # FFmpeg's own is one too. Before the others, because it is also an FFmpegError.
        raise DecodeLimitError(limit="memory", reached_s=meter.decoded_s) from exc
    except LIBRARY_FAULTS as exc:
        raise UnreadableMediaError from exc
    if meter.decoded_s < SHORTEST_S:
        raise UnreadableMediaError
    return DecodedAudio(duration_s=meter.decoded_s, damaged_packets=damaged)


@contextlib.contextmanager
def open_container(source: BinaryIO) -> Iterator[InputContainer]:
    """Open a recording from its start, with what we allow and nothing else.

    Raises:
        av.FFmpegError: It is nothing that we allow.
    """
    av.logging.set_level(av.logging.PANIC)  # FFmpeg's words quote the file.
    source.seek(0)
    with av.open(source, "r", options=OPEN_OPTIONS, metadata_errors="replace") as container:
        yield container


def _choose(source: BinaryIO, meter: Meter) -> int:
    with open_container(source) as container:
        return choose_track(container, meter)


def _decode_track(source: BinaryIO, track: int, meter: Meter, progress: Callable[[float], None]) -> int:
    """Decode one track to its end; returns how many packets were damaged."""
    size_bytes = source.seek(0, io.SEEK_END)
    mixer = Mixer(meter.write)
    packets = damaged = 0
    with open_container(source) as container:
        _refuse_claimed_length(container, meter.limits)
        stream = container.streams[track]
        stream.codec_context.thread_count = 1
        for packet in _readable_packets(container, track, meter):
            packets += 1
            meter.check_time()
            seconds_before = int(meter.decoded_s)
            try:
                for frame in packet.decode():
                    mixer.push(frame)
            except MemoryError:
                raise
            except av.FFmpegError:
                damaged += 1
            if int(meter.decoded_s) > seconds_before:
                progress(min(1.0, source.tell() / size_bytes))
        mixer.finish()
    if damaged > packets * DAMAGED_SHARE:
        raise UnreadableMediaError
    return damaged


def _readable_packets(container: InputContainer, track: int, meter: Meter) -> Iterator[av.Packet[AudioStream]]:
    """Yield packets up to the place where the container ends or makes no sense any more.

    What was decoded before that place is kept: half of an interrupted recording is worth having.
    """
    stream = container.streams[track]
    assert isinstance(stream, AudioStream)  # noqa: S101 -- only these are chosen; for the type checker.
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except MemoryError:
            raise
        except av.FFmpegError:
            if meter.written_bytes == 0:
                raise
            return
        if packet is None:
            return
        yield packet


def _refuse_claimed_length(container: InputContainer, limits: DecodeLimits) -> None:
    """Refuse before decoding what its own index says is too long.

    A claim can be wrong, so a short one is never believed: the meter counts what comes out. For plain samples FFmpeg
    computes the duration from the bytes that are there, so that a streaming recorder's "4 GB" does no harm.
    """
    claimed_s = (container.duration or 0) / av.time_base
    if claimed_s > limits.max_duration_s + 1:
        raise DecodeLimitError(limit=limits.max_duration_words, reached_s=limits.max_duration_s)
