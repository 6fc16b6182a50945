"""A first look at a file's own bytes, before any library sees them: lists of other files, and RIFF headers that lie.

This decides nothing about safety, which is the demuxer allow-list's part and the seal's; it finds the right words.
FFmpeg answers a playlist, a picture and a broken header by the same error number.
"""

from __future__ import annotations

import io
import re
import struct
from typing import BinaryIO

from appliance.errors import ForbiddenFormatError, ImplausibleMediaError
from appliance.media.limits import MOST_BITS, refuse_implausible

HEAD_BYTES = 4096

# Texts that tell a player to open something else. Playlists begin with their mark; XML ones have it further on.
LIST_BEGINNINGS = (
    b"#extm3u", b"#ext-x-", b"ffconcat ", b"[playlist]", b"[reference]", b"rtsptext", b"file:", b"http:", b"https:",
    b"rtsp:", b"rtmp:", b"mms:",
)  # fmt: skip
XML_LIST = re.compile(rb"<\s*(mpd|playlist|asx|smil|smoothstreamingmedia)[\s>]")
SESSION_DESCRIPTION = re.compile(rb"v=0\r?\n(?s:.*)\n?[ocm]=")

RIFF_MARKS = (b"RIFF", b"RF64", b"BW64")
FORMAT_CHUNK_BYTES = 16


def look(source: BinaryIO) -> None:
    """Look at the first bytes; leaves the source at its start.

    Args:
        source: Seekable bytes.

    Raises:
        ForbiddenFormatError: A playlist, a stream description or the like.
        ImplausibleMediaError: A WAV header whose figures no recorder writes.
    """
    source.seek(0)
    head = source.read(HEAD_BYTES)
    source.seek(0)
    _refuse_list(head)
    if head[:4] in RIFF_MARKS and head[8:12] == b"WAVE":
        _refuse_riff_claims(head)


def _refuse_list(head: bytes) -> None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    is_xml_list = text.startswith(b"<") and XML_LIST.search(text)
    if text.startswith(LIST_BEGINNINGS) or is_xml_list or SESSION_DESCRIPTION.match(text):
        raise ForbiddenFormatError


def _refuse_riff_claims(head: bytes) -> None:
    """Read the format chunk, if it lies within the head, where every recorder puts it."""
    reader = io.BytesIO(head[12:])
    while len(prefix := reader.read(8)) == 8:  # noqa: PLR2004 -- a chunk's mark and size, 4 bytes each.
        mark, size = struct.unpack("<4sI", prefix)
        if mark != b"fmt ":
            reader.seek(size + size % 2, io.SEEK_CUR)  # Beyond the head the next read is empty.
            continue
        chunk = reader.read(FORMAT_CHUNK_BYTES)
        if len(chunk) == FORMAT_CHUNK_BYTES:
            _, channels, rate_hz, _, _, bits = struct.unpack("<HHIIHH", chunk)
            refuse_implausible(rate_hz, channels)
            if bits > MOST_BITS:
                raise ImplausibleMediaError(claim=f"{bits} bits a sample")
        return
