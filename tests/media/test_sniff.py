"""The first look at a file's bytes."""

from __future__ import annotations

import io

import pytest

from appliance.errors import ForbiddenFormatError, ImplausibleMediaError
from appliance.media.sniff import look
from tests.media.recordings import CONTAINERS, encoded, tone, wave


@pytest.mark.parametrize("name", CONTAINERS)
def test_true_recordings_pass(name: str) -> None:
    source = io.BytesIO(encoded(name, 0.3))
    look(source)
    assert source.tell() == 0


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf", b"\n\n  \t", b"\xef\xbb\xbf\r\n"])
def test_a_playlist_is_known_behind_blanks_and_byte_order_marks(prefix: bytes) -> None:
    with pytest.raises(ForbiddenFormatError):
        look(io.BytesIO(prefix + b"#extm3U\nother.ts\n"))


def test_a_text_that_merely_mentions_a_playlist_is_not_one() -> None:
    look(io.BytesIO(b"Dear Sir, your playlist #EXTM3U and v=0 arrived."))


def test_a_format_chunk_behind_others_is_found() -> None:
    recording = wave(tone(0.1), lies={"bits": 1024})
    moved = recording[:12] + b"JUNK\x05\x00\x00\x0012345\x00" + recording[12:]
    with pytest.raises(ImplausibleMediaError):
        look(io.BytesIO(moved))


@pytest.mark.parametrize("kept", range(12, 44))
def test_a_wav_header_that_breaks_off_is_left_to_ffmpeg(kept: int) -> None:
    look(io.BytesIO(wave(tone(0.1))[:kept]))


def test_a_chunk_that_claims_4_gb_reads_nothing_beyond_the_head() -> None:
    look(io.BytesIO(b"RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xff" + bytes(5000)))
