"""Chunked encryption: sizes, refusals, random access, and agreement with the implementation in ``cryptography``."""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.crypto.chunked import CHUNK_BYTES, SealedReader, open_sealed, plaintext_size, seal, sealed_size
from appliance.errors import CryptoError, TamperedError, TruncatedError, UnknownFormatError, WrongKeyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = bytes(range(32))
CONTEXT = b"a test"
EDGES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES]
sizes = st.one_of(st.sampled_from(EDGES), st.integers(0, 3 * CHUNK_BYTES))
FEW = settings(max_examples=60, deadline=None)  # A loaded machine is not a fault of the code.


@pytest.mark.parametrize("size", EDGES)
def test_what_was_sealed_opens_at_every_chunk_border(size: int) -> None:
    plaintext = os.urandom(size)
    sealed = seal(KEY, CONTEXT, plaintext)
    assert len(sealed) == sealed_size(size)
    assert open_sealed(KEY, CONTEXT, sealed) == plaintext


@FEW
@given(key=st.binary(min_size=32, max_size=32), context=st.binary(max_size=80), size=sizes)
def test_any_message_comes_back(key: bytes, context: bytes, size: int) -> None:
    plaintext = os.urandom(size)
    assert open_sealed(key, context, seal(key, context, plaintext)) == plaintext


@FEW
@given(size=sizes)
def test_the_sizes_are_each_others_inverse(size: int) -> None:
    assert plaintext_size(sealed_size(size)) == size


def test_sealing_twice_gives_other_bytes() -> None:
    assert seal(KEY, CONTEXT, b"same") != seal(KEY, CONTEXT, b"same")


@FEW
@given(size=sizes, data=st.data())
def test_any_truncation_is_refused(size: int, data: st.DataObject) -> None:
    sealed = seal(KEY, CONTEXT, os.urandom(size))
    kept = data.draw(st.integers(0, len(sealed) - 1))
    # Only the length can tell a cut from a change: where it is one that a message can have, the tag fails instead.
    rest = (kept - 56) % (CHUNK_BYTES + 16)
    expected = TruncatedError if kept < 56 or rest < 16 else TamperedError
    with pytest.raises(expected):
        open_sealed(KEY, CONTEXT, sealed[:kept])


@FEW
@given(size=sizes, data=st.data())
def test_any_flipped_bit_is_refused(size: int, data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, CONTEXT, os.urandom(size)))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(WrongKeyError if at < 56 else TamperedError):
        open_sealed(KEY, CONTEXT, sealed)


@FEW
@given(key=st.binary(min_size=32, max_size=32).filter(lambda key: key != KEY), size=sizes)
def test_any_other_key_is_refused(key: bytes, size: int) -> None:
    with pytest.raises(WrongKeyError):
        open_sealed(key, CONTEXT, seal(KEY, CONTEXT, bytes(size)))


@FEW
@given(context=st.binary(max_size=60).filter(lambda context: context != CONTEXT))
def test_any_other_context_is_refused(context: bytes) -> None:
    with pytest.raises(WrongKeyError):
        open_sealed(KEY, context, seal(KEY, CONTEXT, b"text"))


@FEW
@given(noise=st.binary(max_size=300))
def test_noise_is_refused_with_an_error_of_the_tree(noise: bytes) -> None:
    with pytest.raises(CryptoError):
        open_sealed(KEY, CONTEXT, noise)


def test_a_message_past_the_limit_of_the_specification_is_refused() -> None:
    with pytest.raises(UnknownFormatError):
        plaintext_size(sealed_size(2**38 * CHUNK_BYTES))


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_a_key_of_another_length_is_a_mistake_of_the_caller(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal(key, CONTEXT, b"text")


@pytest.mark.parametrize("size", EDGES)
def test_the_library_opens_what_we_seal(size: int) -> None:
    plaintext = os.urandom(size)
    decryptor = Cobblestone256Decryptor(KEY, CONTEXT)
    assert decryptor.update(seal(KEY, CONTEXT, plaintext)) + decryptor.finalize() == plaintext


@pytest.mark.parametrize("size", EDGES)
def test_we_open_what_the_library_seals(size: int) -> None:
    plaintext = os.urandom(size)
    encryptor = Cobblestone256Encryptor(KEY, CONTEXT)
    assert open_sealed(KEY, CONTEXT, encryptor.update(plaintext) + encryptor.finalize()) == plaintext


def test_the_library_refuses_our_message_under_another_context() -> None:
    decryptor = Cobblestone256Decryptor(KEY, b"another")
    with pytest.raises(InvalidTag):
        decryptor.update(seal(KEY, CONTEXT, b"text")) + decryptor.finalize()


@pytest.mark.parametrize("size", EDGES)
def test_a_reader_gives_the_whole_message(tmp_path: Path, size: int) -> None:
    plaintext = os.urandom(size)
    with region(tmp_path, seal(KEY, CONTEXT, plaintext)) as (descriptor, offset, length):
        assert SealedReader(descriptor, KEY, CONTEXT, offset, length).read() == plaintext


@FEW
@given(data=st.data())
def test_a_reader_reads_like_a_file_in_memory(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    plaintext = os.urandom(data.draw(sizes))
    plain = io.BytesIO(plaintext)
    with region(tmp_path_factory.mktemp("sealed"), seal(KEY, CONTEXT, plaintext)) as place:
        reader = SealedReader(place[0], KEY, CONTEXT, *place[1:])
        for _ in range(data.draw(st.integers(1, 8))):
            position = data.draw(st.integers(0, len(plaintext) + 10))
            length = data.draw(st.sampled_from([0, 1, 100, CHUNK_BYTES, 40_000]))
            assert reader.seek(position) == plain.seek(position)
            assert reader.read(length) == plain.read(length)
            assert reader.tell() == plain.tell()


def test_a_reader_seeks_from_each_end(tmp_path: Path) -> None:
    with region(tmp_path, seal(KEY, CONTEXT, b"0123456789")) as (descriptor, offset, length):
        reader = SealedReader(descriptor, KEY, CONTEXT, offset, length)
        assert reader.seek(-3, os.SEEK_END) == 7
        assert reader.read(1) == b"7"
        assert reader.seek(-1, os.SEEK_CUR) == 7
        with pytest.raises(ValueError, match="negative position"):
            reader.seek(-1)


def test_a_reader_leaves_position_and_descriptor_alone(tmp_path: Path) -> None:
    with region(tmp_path, seal(KEY, CONTEXT, bytes(40_000))) as (descriptor, offset, length):
        with SealedReader(descriptor, KEY, CONTEXT, offset, length) as reader:
            reader.read()
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 0


@pytest.mark.parametrize("lost", [1, 15, 16, 17, 16_400, 33_000])
def test_a_reader_notices_truncation_at_opening(tmp_path: Path, lost: int) -> None:
    with (
        region(tmp_path, seal(KEY, CONTEXT, bytes(40_000))) as (descriptor, offset, length),
        pytest.raises((TruncatedError, TamperedError)),
    ):
        SealedReader(descriptor, KEY, CONTEXT, offset, length - lost)


def test_a_reader_notices_that_the_file_is_shorter_than_its_region(tmp_path: Path) -> None:
    with region(tmp_path, seal(KEY, CONTEXT, bytes(40_000))) as (descriptor, offset, length):
        os.ftruncate(descriptor, offset + length - 1)
        with pytest.raises(TruncatedError):
            SealedReader(descriptor, KEY, CONTEXT, offset, length)


def test_a_reader_refuses_a_changed_chunk_and_reads_the_others(tmp_path: Path) -> None:
    sealed = bytearray(seal(KEY, CONTEXT, bytes(40_000)))
    sealed[56 + 16_400 + 5] ^= 1
    with region(tmp_path, bytes(sealed)) as (descriptor, offset, length):
        reader = SealedReader(descriptor, KEY, CONTEXT, offset, length)
        assert reader.read(CHUNK_BYTES) == bytes(CHUNK_BYTES)
        with pytest.raises(TamperedError):
            reader.read(1)


def test_a_reader_refuses_another_key(tmp_path: Path) -> None:
    with (
        region(tmp_path, seal(KEY, CONTEXT, b"text")) as (descriptor, offset, length),
        pytest.raises(WrongKeyError),
    ):
        SealedReader(descriptor, bytes(32), CONTEXT, offset, length)


@contextmanager
def region(folder: Path, sealed: bytes) -> Iterator[tuple[int, int, int]]:
    """Put sealed bytes in the middle of a file; give its descriptor, where they begin and how many they are."""
    path = folder / "file"
    path.write_bytes(b"before" + sealed + b"after")
    descriptor = os.open(path, os.O_RDWR)
    try:
        yield descriptor, 6, len(sealed)
    finally:
        os.close(descriptor)
