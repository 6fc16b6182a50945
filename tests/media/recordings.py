"""Recordings that tests make for themselves: plain ones, lying ones, explosive ones."""

from __future__ import annotations

import ctypes
import io
import math
import os
import struct
from array import array
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

CONTAINERS = {
    # Name: FFmpeg's muxer, encoder, rate in Hz.
    "wav": ("wav", "pcm_s16le", 16_000),
    "w64": ("w64", "pcm_s24le", 48_000),
    "mp3": ("mp3", "libmp3lame", 44_100),
    "m4a": ("ipod", "aac", 44_100),
    "alac": ("ipod", "alac", 44_100),
    "3gp": ("3gp", "libopencore_amrnb", 8_000),
    "mov": ("mov", "pcm_s16be", 48_000),
    "mkv": ("matroska", "libopus", 48_000),
    "webm": ("webm", "libopus", 48_000),
    "ogg": ("ogg", "libopus", 48_000),
    "flac": ("flac", "flac", 44_100),
    "aac": ("adts", "aac", 44_100),
    "aiff": ("aiff", "pcm_s16be", 44_100),
    "caf": ("caf", "pcm_s16le", 22_050),
    "amr": ("amr", "libopencore_amrnb", 8_000),
    "wma": ("asf", "wmav2", 44_100),
    "mpegts": ("mpegts", "aac", 44_100),
}


def tone(seconds: float, rate_hz: int = 16_000, hz: float = 440.0, amplitude: int = 10_000) -> array[int]:
    """Return a sine as s16 samples."""
    step = 2 * math.pi * hz / rate_hz
    return array("h", (round(amplitude * math.sin(step * n)) for n in range(int(seconds * rate_hz))))


def interleaved(*channels: array[int]) -> array[int]:
    """Return channels of equal length as one row of samples."""
    return array("h", (sample for together in zip(*channels, strict=True) for sample in together))


def wave(
    samples: array[int], rate_hz: int = 16_000, channels: int = 1, lies: Mapping[str, int] = MappingProxyType({})
) -> bytes:
    """Return a WAV file; lies replace the header's ``rate_hz``, ``channels``, ``bits`` or ``data_bytes``."""
    data = samples.tobytes()
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        min(36 + lies.get("data_bytes", len(data)), 2**32 - 1),
        b"WAVE",
        b"fmt ",
        16,
        1,
        lies.get("channels", channels),
        lies.get("rate_hz", rate_hz),
        rate_hz * channels * 2,
        channels * 2,
        lies.get("bits", 16),
        b"data",
        lies.get("data_bytes", len(data)),
    )
    return header + data


def encoded(name: str, seconds: float = 2.0) -> bytes:
    """Return a tone in one of the CONTAINERS."""
    muxer, codec, rate_hz = CONTAINERS[name]
    return tracks(muxer, codec, [tone(seconds, rate_hz)], rate_hz)


def tracks(muxer: str, codec: str, sounds: list[array[int]], rate_hz: int, default: int | None = None) -> bytes:
    """Return a file with a mono track for each sound.

    Args:
        muxer: FFmpeg's name of the container.
        codec: FFmpeg's name of the encoder.
        sounds: Samples, one array a track.
        rate_hz: Of all of them.
        default: Which track is flagged as the default one, where the container knows flags.
    """
    out = io.BytesIO()
    with av.open(out, "w", format=muxer) as container:
        streams = [_audio_track(container, codec, rate_hz) for _ in sounds]
        for number, stream in enumerate(streams):
            if default is not None:
                stream.disposition = av.stream.Disposition.default if number == default else av.stream.Disposition(0)
        for stream, sound in zip(streams, sounds, strict=True):
            resampler = av.AudioResampler(stream.format, "mono", rate_hz, frame_size=stream.frame_size or 1024)
            frame = av.AudioFrame("s16", "mono", len(sound))
            frame.planes[0].update(sound.tobytes())
            frame.sample_rate = rate_hz
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(stream.encode(piece))
            container.mux(stream.encode(None))
    return out.getvalue()


def _audio_track(container: OutputContainer, codec: str, rate_hz: int) -> AudioStream:
    stream = container.add_stream(codec, rate=rate_hz, layout="mono")
    assert isinstance(stream, AudioStream)
    stream.bit_rate = 64_000  # The WMA encoder has no rate of its own accord.
    return stream


def silent_flac(hours: float, claimed_hours: float = 0.0) -> bytes:
    """Return FLAC of silence at 8 kHz, 660 kB for 100 hours: every 8 seconds are one constant of 15 bytes.

    Args:
        hours: How much comes out.
        claimed_hours: What the header says; 0 is unknown.
    """
    block = 65_535
    claimed = int(claimed_hours * 3600 * 8000)
    rate_channels_bits_total = (8000 << 44) | (0 << 41) | (15 << 36) | claimed
    streaminfo = struct.pack(">HH6xQ16x", block, block, rate_channels_bits_total)
    frames = (_silent_frame(number, block) for number in range(int(hours * 3600 * 8000 / block)))
    return b"fLaC\x80\x00\x00\x22" + streaminfo + b"".join(frames)


def _silent_frame(number: int, block: int) -> bytes:
    coded = chr(number).encode("utf-8", "surrogatepass")  # FLAC numbers its frames the way UTF-8 numbers letters.
    header = b"\xff\xf8\x74\x08" + coded + struct.pack(">H", block - 1)
    body = header + bytes([_crc(header, 0x07, 8)]) + b"\x00\x00\x00"
    return body + struct.pack(">H", _crc(body, 0x8005, 16))


def _crc(octets: bytes, polynomial: int, width: int) -> int:
    value, mask, table = 0, (1 << width) - 1, _crc_table(polynomial, width)
    for octet in octets:
        value = (value << 8) & mask ^ table[value >> (width - 8) ^ octet]
    return value


@cache
def _crc_table(polynomial: int, width: int) -> list[int]:
    top, mask, table = 1 << (width - 1), (1 << width) - 1, []
    for octet in range(256):
        value = octet << (width - 8)
        for _ in range(8):
            value = ((value << 1) ^ polynomial if value & top else value << 1) & mask
        table.append(value)
    return table


def loudness(pcm: bytes) -> float:
    """Return the root mean square of s16 samples."""
    samples = array("h", pcm)
    return math.sqrt(sum(sample * sample for sample in samples) / max(1, len(samples)))


class OpenWatch:
    """Tells whether anybody opened a file, by the kernel's own account (inotify)."""

    def __init__(self, path: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        in_open = 0x20
        assert libc.inotify_add_watch(self._descriptor, os.fsencode(path), in_open) > 0

    def opened(self) -> bool:
        """Tell whether it was opened since the last time somebody asked."""
        try:
            return bool(os.read(self._descriptor, 4096))
        except BlockingIOError:
            return False

    def close(self) -> None:
        """Stop watching."""
        os.close(self._descriptor)
