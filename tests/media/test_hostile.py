"""Files made to do harm: lists that point to other files or machines, and bytes mutated at random."""

from __future__ import annotations

import io
import socket
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance import cage
from appliance.errors import ForbiddenFormatError, MediaError
from appliance.media.decode import DecodedAudio, decode, open_container
from appliance.media.limits import DecodeLimits, Meter
from tests.media.recordings import OpenWatch, encoded, tone, wave
from tests.sealed import inside, needs_whole_seal


def decode_all(recording: bytes) -> DecodedAudio:
    return decode(io.BytesIO(recording), Meter(DecodeLimits(60), lambda _: None), lambda _: None)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    path = tmp_path / "canary.wav"
    path.write_bytes(wave(tone(3.0)))
    return path


def playlists(target: str) -> dict[str, str]:
    """Return texts that make a player open the target."""
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
        "hls key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n',
        "concat": f"ffconcat version 1.0\nfile '{target}'\n",
        "pls": f"[playlist]\nFile1={target}\nNumberOfEntries=1\n",
        "m3u": f"{target}\n",
        "asx": f'<asx version="3.0"><entry><ref href="{target}"/></entry></asx>',
        "xspf": f'<?xml version="1.0"?><playlist version="1"><trackList><track><location>{target}</location></track>'
        "</trackList></playlist>",
        "dash": f'<?xml version="1.0"?><MPD type="static" profiles="urn:mpeg:dash:profile:isoff-live:2011"><Period>'
        f"<AdaptationSet><Representation><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>",
        "sdp": f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\na={target}\r\n"
        "m=audio 5004 RTP/AVP 0\r\n",
    }


@pytest.mark.parametrize("kind", playlists(""))
def test_a_list_opens_no_file(kind: str, canary: Path) -> None:
    watch = OpenWatch(canary)
    with pytest.raises(ForbiddenFormatError):
        decode_all(playlists(f"file://{canary}")[kind].encode())
    assert not watch.opened()
    watch.close()


@pytest.mark.parametrize("kind", playlists(""))
def test_a_list_opens_no_file_even_if_it_is_not_recognised(kind: str, canary: Path) -> None:
    """The allow-list of containers holds alone, without our look at the first bytes."""
    watch = OpenWatch(canary)
    for target in (str(canary), canary.name, f"file://{canary}"):
        with (
            pytest.raises((av.FFmpegError, ValueError)),
            open_container(io.BytesIO(playlists(target)[kind].encode())) as container,
        ):
            list(container.decode(audio=0))
    assert not watch.opened()
    watch.close()


def test_the_watch_would_see_it(canary: Path) -> None:
    """What plain FFmpeg does with such a file, so that the two tests above can fail."""
    watch = OpenWatch(canary)
    script = canary.with_name("concat.txt")
    script.write_text(playlists(canary.name)["concat"])
    with av.open(str(script)) as container:
        assert len(list(container.decode(audio=0))) > 0
    assert watch.opened()
    watch.close()


@pytest.mark.parametrize("kind", playlists(""))
def test_a_list_connects_nowhere(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        target = f"http://127.0.0.1:{listener.getsockname()[1]}/secret.ts"
        with pytest.raises(ForbiddenFormatError):
            decode_all(playlists(target)[kind].encode())
        with (
            pytest.raises((av.FFmpegError, ValueError)),
            open_container(io.BytesIO(playlists(target)[kind].encode())) as container,
        ):
            list(container.decode(audio=0))
        with pytest.raises(BlockingIOError):
            listener.accept()


SEEDS = {
    name: encoded(name, 0.5) for name in ("wav", "flac", "m4a", "ogg", "webm", "mp3", "wma", "caf", "aiff", "mpegts")
}


@needs_whole_seal
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(sorted(SEEDS)),
    edits=st.lists(st.tuples(st.integers(0, 2000), st.binary(min_size=1, max_size=8)), max_size=6),
    kept=st.floats(0.05, 1.0),
)
def test_whatever_the_bytes_the_outcome_is_sound_or_an_error_of_the_tree(
    name: str, edits: list[tuple[int, bytes]], kept: float
) -> None:
    recording = bytearray(SEEDS[name])
    for place, change in edits:
        start = place % len(recording)
        recording[start : start + len(change)] = change
    mutated = bytes(recording[: int(len(recording) * kept)])

    def attempt() -> str:
        try:
            return type(decode_all(mutated)).__name__
        except MediaError as error:
            return MediaError.__name__ if str(error) else "no words"

    kind, outcome = inside(caged, attempt)
    assert (kind, outcome) in [("value", "DecodedAudio"), ("value", "MediaError")]


def caged() -> None:
    cage.seal_decoder(cage.ProcessLimits(memory_bytes=2**33, open_files=64))
    cage.seal_decoder_files()
