"""The spool keeps whole sealed chunks and nothing else, whatever happens to the disk or the server in between."""

from __future__ import annotations

import io
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, open_document, sealed_audio_size
from appliance.errors import (
    AudioGoneError,
    ChunkOrderError,
    ChunkSizeError,
    CryptoError,
    DataFolderError,
    SpoolFullError,
    TamperedError,
    TruncatedError,
    UploadEmptyError,
    WrongContextError,
    WrongKeyError,
)
from appliance.spool import CHUNK_BYTES, SLOT_BYTES, Spool, SpooledAudio, spooled_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = bytes(range(32))
AUDIO = bytes(range(16))
ENOUGH = 2**30
TWO_CHUNKS = random.Random(1).randbytes(CHUNK_BYTES + 70_001)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", ENOUGH)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Give a descriptor of a spooled recording of a full chunk and a part of one; not to be written to."""
    spool = Spool(tmp_path_factory.mktemp("spool"), ENOUGH)
    receive_all(spool, TWO_CHUNKS)
    with opened(spool) as descriptor:
        yield descriptor


def test_a_recording_comes_back_as_it_was(stored: int) -> None:
    assert SpooledAudio(stored, KEY, AUDIO, len(TWO_CHUNKS)).read() == TWO_CHUNKS


def test_any_place_reads_as_in_a_plain_file(stored: int) -> None:
    plain = io.BytesIO(TWO_CHUNKS)
    audio = SpooledAudio(stored, KEY, AUDIO, len(TWO_CHUNKS))
    chosen = random.Random(2)
    places = [chosen.randrange(len(TWO_CHUNKS) + 10) for _ in range(200)]
    borders = [CHUNK_BYTES + step for step in (-16_385, -16_384, -1, 0, 1, 16_384)]
    for place in places + borders:
        length = chosen.choice([1, 7, 4096, 16_384, 32_768, 100_000])
        assert audio.seek(place) == plain.seek(place)
        assert audio.read(length) == plain.read(length)
        assert audio.tell() == plain.tell()


def test_a_recording_of_exactly_one_full_chunk_comes_back(spool: Spool) -> None:
    receive_all(spool, TWO_CHUNKS[:CHUNK_BYTES])
    with opened(spool) as descriptor:
        assert SpooledAudio(descriptor, KEY, AUDIO, CHUNK_BYTES).read() == TWO_CHUNKS[:CHUNK_BYTES]


def test_a_recording_of_many_chunks_is_read_back_and_forth(spool: Spool) -> None:
    first = bytes(CHUNK_BYTES)
    for number in range(6):
        spool.receive(AUDIO, KEY, number, bytes([number]) + first[1:], received=number)
    with opened(spool) as descriptor:
        audio = SpooledAudio(descriptor, KEY, AUDIO, 6 * CHUNK_BYTES)
        for number in (5, 0, 4, 1, 3, 2, 5, 0):
            audio.seek(number * CHUNK_BYTES)
            assert audio.read(1) == bytes([number])


def test_a_descriptor_is_all_that_reading_needs(spool: Spool) -> None:
    receive_all(spool, b"sound")
    with opened(spool) as descriptor:
        spool.erase(AUDIO)
        assert SpooledAudio(descriptor, KEY, AUDIO, 5).read() == b"sound"


@pytest.mark.parametrize("container", ["wav", "mov"])  # A mov file ends with its index, so it is read from both ends.
def test_pyav_decodes_straight_from_the_spool(spool: Spool, container: str) -> None:
    samples = np.random.default_rng(3).integers(-9000, 9000, (1, 5_000_000), dtype=np.int16)
    recording = muxed(samples, container)
    assert len(recording) > CHUNK_BYTES
    receive_all(spool, recording)
    with opened(spool) as descriptor, av.open(SpooledAudio(descriptor, KEY, AUDIO, len(recording)), "r") as source:
        decoded = np.concatenate([frame.to_ndarray() for frame in source.decode(audio=0)], axis=1)
    assert np.array_equal(decoded, samples)


def test_the_file_holds_one_sealed_document_a_chunk(spool: Spool, tmp_path: Path) -> None:
    receive_all(spool, TWO_CHUNKS)
    content = (tmp_path / "spool" / AUDIO.hex()).read_bytes()
    assert len(content) == SLOT_BYTES + sealed_audio_size(70_001)
    assert open_document(KEY, content[SLOT_BYTES:], DocumentType.AUDIO, AUDIO, 1) == TWO_CHUNKS[CHUNK_BYTES:]
    assert TWO_CHUNKS[:64] not in content


def test_the_place_of_a_chunk_is_the_one_of_the_specification() -> None:
    assert (CHUNK_BYTES, SLOT_BYTES) == (8 * 2**20, 8_396_904)


def test_files_and_folder_are_their_owners_only(spool: Spool, tmp_path: Path) -> None:
    receive_all(spool, b"sound")
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "spool" / AUDIO.hex()).stat().st_mode) == 0o600


def test_a_half_written_chunk_is_cut_off_before_the_next(spool: Spool, tmp_path: Path) -> None:
    spool.receive(AUDIO, KEY, 0, TWO_CHUNKS[:CHUNK_BYTES], received=0)
    with (tmp_path / "spool" / AUDIO.hex()).open("ab") as file:
        file.write(os.urandom(200_000))
    spool.receive(AUDIO, KEY, 1, TWO_CHUNKS[CHUNK_BYTES:], received=1)
    with opened(spool) as descriptor:
        assert SpooledAudio(descriptor, KEY, AUDIO, len(TWO_CHUNKS)).read() == TWO_CHUNKS


def test_a_chunk_that_was_written_but_not_counted_is_replaced(spool: Spool) -> None:
    spool.receive(AUDIO, KEY, 0, b"first try", received=0)
    spool.receive(AUDIO, KEY, 0, b"again", received=0)
    with opened(spool) as descriptor:
        assert SpooledAudio(descriptor, KEY, AUDIO, 5).read() == b"again"


def test_a_server_killed_while_writing_leaves_every_counted_chunk_whole(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from appliance.spool import Spool, CHUNK_BYTES\n"
        "spool = Spool(Path(sys.argv[1]), 2**40)\n"
        "for number in range(1000):\n"
        "    spool.receive(bytes(16), bytes(32), number, bytes([number % 256]) * CHUNK_BYTES, number)\n"
        "    print(number + 1, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        received = [int(server.stdout.readline()) for _ in range(2)][-1]
        server.send_signal(signal.SIGKILL)
        received = max([received, *map(int, server.stdout.read().split())])
    spool = Spool(tmp_path, ENOUGH)
    spool.receive(bytes(16), bytes(32), received, b"end", received)
    with opened(spool, bytes(16)) as descriptor:
        audio = SpooledAudio(descriptor, bytes(32), bytes(16), received * CHUNK_BYTES + 3)
        for number in range(received):
            audio.seek(number * CHUNK_BYTES)
            assert audio.read(CHUNK_BYTES) == bytes([number % 256]) * CHUNK_BYTES
        assert audio.read() == b"end"


@pytest.mark.parametrize(("number", "received"), [(1, 0), (0, 1), (5, 3)])
def test_a_chunk_out_of_order_is_refused(spool: Spool, number: int, received: int) -> None:
    with pytest.raises(ChunkOrderError):
        spool.receive(AUDIO, KEY, number, b"sound", received)
    assert spool.audio_ids() == set()


def test_an_empty_chunk_is_refused(spool: Spool) -> None:
    with pytest.raises(UploadEmptyError):
        spool.receive(AUDIO, KEY, 0, b"", received=0)
    assert spool.audio_ids() == set()


def test_a_chunk_past_the_size_is_refused(spool: Spool) -> None:
    with pytest.raises(ChunkSizeError):
        spool.receive(AUDIO, KEY, 0, bytes(CHUNK_BYTES + 1), received=0)
    assert spool.audio_ids() == set()


def test_a_chunk_after_lost_ones_is_refused(spool: Spool, tmp_path: Path) -> None:
    with pytest.raises(AudioGoneError):
        spool.receive(AUDIO, KEY, 1, b"sound", received=1)
    spool.receive(AUDIO, KEY, 0, TWO_CHUNKS[:CHUNK_BYTES], received=0)
    os.truncate(tmp_path / "spool" / AUDIO.hex(), SLOT_BYTES - 1)
    with pytest.raises(AudioGoneError):
        spool.receive(AUDIO, KEY, 1, b"sound", received=1)


def test_a_chunk_over_the_quota_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, quota_bytes=sealed_audio_size(1000) - 1)
    with pytest.raises(SpoolFullError) as refused:
        spool.receive(AUDIO, KEY, 0, bytes(1000), received=0)
    assert refused.value.missing_bytes == 1
    assert list(tmp_path.iterdir()) == []


def test_the_quota_counts_all_recordings_and_erasing_gives_room(tmp_path: Path) -> None:
    spool = Spool(tmp_path, quota_bytes=2 * sealed_audio_size(1000))
    others = [new_document_id(), new_document_id()]
    for other in others:
        spool.receive(other, KEY, 0, bytes(1000), received=0)
    with pytest.raises(SpoolFullError):
        spool.receive(AUDIO, KEY, 0, b"sound", received=0)
    spool.erase(others[0])
    spool.receive(AUDIO, KEY, 0, b"sound", received=0)
    assert spool.audio_ids() == {others[1], AUDIO}


@pytest.mark.parametrize("size", [1, 1000, CHUNK_BYTES - 1, CHUNK_BYTES, len(TWO_CHUNKS)])
def test_a_recording_is_let_begin_exactly_where_all_of_it_fits_the_quota(tmp_path: Path, size: int) -> None:
    Spool(tmp_path, quota_bytes=spooled_size(size)).check_room(size)
    with pytest.raises(SpoolFullError) as refused:
        Spool(tmp_path, quota_bytes=spooled_size(size) - 1).check_room(size)
    assert refused.value.missing_bytes == 1


def test_a_recording_larger_than_the_disk_is_refused_before_its_first_chunk(small_disk: Path) -> None:
    with pytest.raises(SpoolFullError):
        Spool(small_disk / "spool", ENOUGH).check_room(2 * len(TWO_CHUNKS))


def test_a_disk_that_runs_full_keeps_the_chunks_before_and_the_upload_goes_on(small_disk: Path) -> None:
    spool = Spool(small_disk, ENOUGH)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(6 * 2**20))
    spool.receive(AUDIO, KEY, 0, TWO_CHUNKS[:CHUNK_BYTES], received=0)
    with pytest.raises(SpoolFullError) as refused:
        spool.receive(AUDIO, KEY, 1, TWO_CHUNKS[:CHUNK_BYTES], received=1)
    assert 0 < refused.value.missing_bytes < SLOT_BYTES
    assert spool.used_bytes() == SLOT_BYTES
    ballast.unlink()
    spool.receive(AUDIO, KEY, 1, TWO_CHUNKS[CHUNK_BYTES:], received=1)
    with opened(spool) as descriptor:
        assert SpooledAudio(descriptor, KEY, AUDIO, len(TWO_CHUNKS)).read() == TWO_CHUNKS


def test_a_first_chunk_that_finds_the_disk_full_leaves_no_file(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(14 * 2**20))
    spool = Spool(small_disk / "spool", ENOUGH)
    with pytest.raises(SpoolFullError):
        spool.receive(AUDIO, KEY, 0, TWO_CHUNKS[:CHUNK_BYTES], received=0)
    assert list((small_disk / "spool").iterdir()) == []


def test_a_limit_on_file_size_is_refused_like_a_full_disk(spool: Spool) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(SpoolFullError):
            spool.receive(AUDIO, KEY, 0, TWO_CHUNKS[:CHUNK_BYTES], received=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert spool.audio_ids() == set()


def test_a_folder_that_is_gone_is_refused_in_words(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "spool").rmdir()
    (tmp_path / "spool").write_text("a file")
    with pytest.raises(DataFolderError, match="Not a directory"):
        spool.receive(AUDIO, KEY, 0, b"sound", received=0)
    with pytest.raises(DataFolderError, match="Not a directory"):
        spool.check_room(1)
    with pytest.raises(DataFolderError, match="File exists"):
        Spool(tmp_path / "spool", ENOUGH)


def test_a_repeated_chunk_is_known_by_its_bytes(spool: Spool) -> None:
    receive_all(spool, TWO_CHUNKS)
    assert spool.repeats(AUDIO, KEY, 0, TWO_CHUNKS[:CHUNK_BYTES])
    assert spool.repeats(AUDIO, KEY, 1, TWO_CHUNKS[CHUNK_BYTES:])
    assert not spool.repeats(AUDIO, KEY, 1, TWO_CHUNKS[CHUNK_BYTES:-1])
    assert not spool.repeats(AUDIO, KEY, 0, bytes(CHUNK_BYTES))


def test_a_repeated_chunk_is_not_compared_with_a_damaged_one(spool: Spool, tmp_path: Path) -> None:
    receive_all(spool, b"sound")
    flip(tmp_path / "spool" / AUDIO.hex(), -1)
    with pytest.raises(TamperedError):
        spool.repeats(AUDIO, KEY, 0, b"sound")


def test_a_repeat_of_a_recording_that_is_gone_is_refused(spool: Spool) -> None:
    with pytest.raises(AudioGoneError):
        spool.repeats(AUDIO, KEY, 0, b"sound")


def test_erasing_removes_the_file_and_may_be_repeated(spool: Spool) -> None:
    receive_all(spool, b"sound")
    spool.erase(AUDIO)
    spool.erase(AUDIO)
    assert spool.used_bytes() == 0
    with pytest.raises(AudioGoneError):
        spool.descriptor(AUDIO)


def test_what_is_in_the_folder_is_listed_and_foreign_files_are_not(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "spool" / "lost+found").mkdir()
    (tmp_path / "spool" / "notes.txt").write_text("not ours")
    other = new_document_id()
    for audio_id in (AUDIO, other):
        spool.receive(audio_id, KEY, 0, b"sound", received=0)
    assert spool.audio_ids() == {AUDIO, other}
    assert spool.used_bytes() == 2 * sealed_audio_size(5)


def test_another_key_does_not_open_a_recording(stored: int) -> None:
    with pytest.raises(WrongKeyError):
        SpooledAudio(stored, new_file_key(), AUDIO, len(TWO_CHUNKS)).read(1)


def test_a_recording_in_the_place_of_another_is_refused(stored: int) -> None:
    with pytest.raises(WrongContextError):
        SpooledAudio(stored, KEY, bytes(16), len(TWO_CHUNKS)).read(1)


def test_chunks_that_changed_places_are_refused(spool: Spool, tmp_path: Path) -> None:
    receive_all(spool, bytes(2 * CHUNK_BYTES))
    path = tmp_path / "spool" / AUDIO.hex()
    content = path.read_bytes()
    path.write_bytes(content[SLOT_BYTES:] + content[:SLOT_BYTES])
    with opened(spool) as descriptor, pytest.raises(WrongContextError):
        SpooledAudio(descriptor, KEY, AUDIO, 2 * CHUNK_BYTES).read(1)


@pytest.mark.parametrize("lost", [1, 20, 20_000, SLOT_BYTES])
def test_a_file_that_lost_its_end_is_refused_at_opening(spool: Spool, tmp_path: Path, lost: int) -> None:
    receive_all(spool, TWO_CHUNKS)
    path = tmp_path / "spool" / AUDIO.hex()
    os.truncate(path, path.stat().st_size - lost)
    with opened(spool) as descriptor, pytest.raises(TruncatedError):
        SpooledAudio(descriptor, KEY, AUDIO, len(TWO_CHUNKS))


def test_a_file_that_grew_is_refused_at_opening(spool: Spool, tmp_path: Path) -> None:
    receive_all(spool, b"sound")
    with (tmp_path / "spool" / AUDIO.hex()).open("ab") as file:
        file.write(b"\0")
    with opened(spool) as descriptor, pytest.raises(TamperedError):
        SpooledAudio(descriptor, KEY, AUDIO, 5)


def test_a_size_that_is_not_the_true_one_is_refused(stored: int) -> None:
    for size in (1, CHUNK_BYTES, len(TWO_CHUNKS) - 1, len(TWO_CHUNKS) + 1, 2**40):
        with pytest.raises(CryptoError):
            SpooledAudio(stored, KEY, AUDIO, size).read()


def test_a_recording_without_bytes_is_refused(stored: int) -> None:
    with pytest.raises(UploadEmptyError):
        SpooledAudio(stored, KEY, AUDIO, 0)


def test_a_changed_byte_is_refused_where_it_is_reached(spool: Spool, tmp_path: Path) -> None:
    receive_all(spool, bytes(100_000))
    flip(tmp_path / "spool" / AUDIO.hex(), 88 + 16_400 * 2)
    with opened(spool) as descriptor:
        audio = SpooledAudio(descriptor, KEY, AUDIO, 100_000)
        assert audio.read(32_768) == bytes(32_768)
        with pytest.raises(TamperedError):
            audio.read(1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give the folder of a file system of 16 MiB."""
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root can mount the tmpfs that runs full")
    folder = tmp_path / "disk"
    folder.mkdir()
    ran = subprocess.run([mount, "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], capture_output=True, check=False)
    if ran.returncode != 0:
        pytest.skip("this kernel or container does not let root mount a tmpfs")
    yield folder
    subprocess.run(["umount", folder], check=True)


@contextmanager
def opened(spool: Spool, audio_id: bytes = AUDIO) -> Iterator[int]:
    """Give a descriptor of a spooled recording, then close it."""
    descriptor = spool.descriptor(audio_id)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def receive_all(spool: Spool, recording: bytes) -> None:
    """Upload a recording chunk by chunk."""
    for number, start in enumerate(range(0, len(recording), CHUNK_BYTES)):
        spool.receive(AUDIO, KEY, number, recording[start : start + CHUNK_BYTES], received=number)


def flip(path: Path, at: int) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def muxed(samples: np.ndarray, container: str) -> bytes:
    """Return mono 16 kHz samples, int16 (1, n), as a PCM file of a container."""
    target = io.BytesIO()
    with av.open(target, "w", format=container) as sink:
        stream = sink.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for start in range(0, samples.shape[1], 160_000):
            frame = av.AudioFrame.from_ndarray(samples[:, start : start + 160_000], format="s16", layout="mono")
            frame.sample_rate, frame.pts = 16_000, start
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return target.getvalue()
