"""The real caged decoder, started the way the server starts it."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import cage, landlock
from appliance.crypto.envelope import new_document_id, new_file_key
from appliance.errors import (
    CageError,
    CryptoError,
    DecodeLimitError,
    DecoderDiedError,
    ForbiddenFormatError,
    WrongKeyError,
)
from appliance.media.limits import DecodeLimits, Meter
from appliance.spool import CHUNK_BYTES, Spool
from appliance.worker import decoder_child
from appliance.worker.channel import Channel
from appliance.worker.decoding import decode
from appliance.worker.messages import Decode, Failed
from appliance.worker.process import Child, anonymous_file, start_child
from tests.media.recordings import OpenWatch, encoded, loudness, silent_flac, tone, wave
from tests.sealed import inside, needs_whole_seal
from tests.worker.caged import HOURS, decode_descriptor, decode_file

pytestmark = needs_whole_seal

MODULE = "appliance.worker.decoder_child"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording"
    path.write_bytes(wave(tone(2.0)))
    return path


def test_a_plain_file_comes_back_as_sealed_samples(recording: Path) -> None:
    assert decode_file(recording) == (2.0, tone(2.0).tobytes())


def test_nobody_can_change_the_samples_any_more(recording: Path) -> None:
    request = Decode(audio_id=None, file_key=None, size_bytes=recording.stat().st_size, max_duration_s=60)
    with recording.open("rb") as audio:
        pcm = decode(request, audio.fileno(), lambda _stage, _fraction: None, lambda _: None, allow_weaker=False)
    with pytest.raises(PermissionError):
        os.pwrite(pcm.descriptor, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(pcm.descriptor, 0)
    pcm.close()


# Sealed recordings


class Spooled:
    """A recording in a real spool."""

    def __init__(self, folder: Path, recording: bytes) -> None:
        self.audio_id, self.file_key, self.size_bytes = new_document_id(), new_file_key(), len(recording)
        self.spool = Spool(folder, 2**30)
        for number, start in enumerate(range(0, len(recording), CHUNK_BYTES)):
            chunk = recording[start : start + CHUNK_BYTES]
            self.spool.receive(self.audio_id, self.file_key, number, chunk, received=number)

    def decode(self, file_key: bytes | None = None) -> tuple[float, bytes]:
        request = Decode(
            audio_id=self.audio_id,
            file_key=file_key or self.file_key,
            size_bytes=self.size_bytes,
            max_duration_s=HOURS,
        )
        return decode_descriptor(request, self.spool.descriptor(self.audio_id))


def test_a_sealed_recording_is_decoded_without_ever_being_plain_on_disk(tmp_path: Path) -> None:
    assert Spooled(tmp_path, wave(tone(2.0))).decode() == (2.0, tone(2.0).tobytes())


def test_a_sealed_file_with_its_index_at_the_end_is_decoded(tmp_path: Path) -> None:
    duration_s, pcm = Spooled(tmp_path, encoded("m4a", 3.0)).decode()
    assert duration_s == pytest.approx(3.0, abs=0.1)
    assert loudness(pcm) == pytest.approx(7071, rel=0.05)


def test_a_sealed_recording_of_several_chunks_is_decoded(tmp_path: Path) -> None:
    samples = tone(1.0) * 280
    duration_s, pcm = Spooled(tmp_path, wave(samples)).decode()
    assert (duration_s, pcm == samples.tobytes()) == (280.0, True)


def test_a_wrong_key_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(WrongKeyError):
        Spooled(tmp_path, wave(tone(2.0))).decode(new_file_key())


def test_a_changed_byte_in_the_spool_is_an_error_of_the_seal(tmp_path: Path) -> None:
    spooled = Spooled(tmp_path, wave(tone(20.0)))
    (file,) = [path for path in tmp_path.iterdir() if path.stat().st_size > 1000]
    with file.open("r+b") as sealed:
        sealed.seek(300_000)
        sealed.write(secrets.token_bytes(16))
    with pytest.raises(CryptoError):
        spooled.decode()


# Limits


def test_100_hours_of_silence_end_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(silent_flac(hours=100))
    with pytest.raises(DecodeLimitError) as stop:
        decode_file(tmp_path / "bomb", max_duration_s=HOURS)
    assert stop.value.limit == "1 hour"


def test_long_recordings_take_no_more_memory_than_short_ones(tmp_path: Path) -> None:
    def peak_bytes(hours: float) -> int:
        path = tmp_path / f"{hours}"
        path.write_bytes(silent_flac(hours=hours))
        seen: list[int] = []

        def look(_stage: str, _fraction: float) -> None:
            status = Path(f"/proc/{children[0].process.pid}/status").read_text()
            seen.extend(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))

        children: list[Child] = []
        request = Decode(audio_id=None, file_key=None, size_bytes=path.stat().st_size, max_duration_s=12 * HOURS)
        with path.open("rb") as audio:
            decode(request, audio.fileno(), look, children.append, allow_weaker=False).close()
        return max(seen)

    assert peak_bytes(6.0) < peak_bytes(0.1) + 16 * 2**20


def test_a_call_that_never_comes_back_is_reported_by_the_watcher() -> None:
    ours, theirs = Channel.pair()
    expired = Meter(DecodeLimits(max_duration_s=1, cpu_start_s=-60, cpu_s_per_audio_hour=0), lambda _: None)

    assert inside(lambda: None, lambda: decoder_child._watch(theirs, expired)) == ("exit", decoder_child.EXIT_FAILED)
    message, _ = ours.receive(5)
    assert isinstance(message, Failed)
    assert isinstance(message.error(), DecodeLimitError)
    ours.close()
    theirs.close()


# Death on either side


@pytest.fixture
def idle_child() -> Iterator[Child]:
    child = start_child(MODULE, threads=1, allow_weaker=False)
    yield child
    child.kill()


def test_an_idle_decoder_ends_when_the_server_hangs_up(idle_child: Child) -> None:
    idle_child.channel.close()
    assert idle_child.process.wait(10) == decoder_child.EXIT_ORPHANED


def test_a_working_decoder_ends_at_once_when_the_server_dies(idle_child: Child, tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(silent_flac(hours=100))
    request = Decode(audio_id=None, file_key=None, size_bytes=660_000, max_duration_s=100 * HOURS)
    pcm = anonymous_file("pcm")
    with (tmp_path / "long").open("rb") as audio:
        idle_child.channel.send(request, [audio.fileno(), pcm])
    os.close(pcm)
    idle_child.channel.receive(20)  # The first progress: it is in the middle of its work.
    idle_child.channel.close()
    assert idle_child.process.wait(3) == decoder_child.EXIT_ORPHANED


def test_a_decoder_that_is_killed_leaves_a_clean_error(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(silent_flac(hours=100))

    def kill(child: Child) -> None:
        child.process.send_signal(signal.SIGKILL)

    with pytest.raises(DecoderDiedError):
        decode_file(tmp_path / "long", started=kill)


def test_a_decoder_that_is_asked_something_else_refuses(idle_child: Child, recording: Path) -> None:
    request = Decode(audio_id=None, file_key=None, size_bytes=1, max_duration_s=1)
    with recording.open("rb") as audio:
        idle_child.channel.send(request, [audio.fileno()])  # One descriptor where two are due.
    assert idle_child.process.wait(10) == decoder_child.EXIT_FAILED


# The cage around it


def test_a_waiting_decoder_is_sealed_as_the_kernel_sees_it(idle_child: Child) -> None:
    deadline = time.monotonic() + 10
    while cage.state(idle_child.process.pid).filters == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    state = cage.state(idle_child.process.pid)
    assert (state.seccomp, state.no_new_privs) == ("filter", True)


def test_a_kernel_that_lacks_a_part_is_told_through_the_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = Channel.pair()
    monkeypatch.setattr(landlock, "WHOLE_ABI", 1000)
    assert inside(lambda: None, lambda: decoder_child.main([str(os.dup(theirs.fileno()))])) == (
        "value",
        decoder_child.EXIT_FAILED,
    )
    message, _ = ours.receive(5)
    assert isinstance(message, Failed)
    assert isinstance(message.error(), CageError)
    ours.close()
    theirs.close()


def test_a_playlist_opens_nothing_and_the_decoder_says_why(tmp_path: Path) -> None:
    canary = tmp_path / "canary.wav"
    canary.write_bytes(wave(tone(2.0)))
    (tmp_path / "list").write_text(f"ffconcat version 1.0\nfile {canary.name}\n")
    watch = OpenWatch(canary)
    with pytest.raises(ForbiddenFormatError):
        decode_file(tmp_path / "list")
    assert not watch.opened()
    watch.close()
