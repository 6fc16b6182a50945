"""CB1: what opens, and which error each fault gives."""

from __future__ import annotations

import os
import random
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.crypto import envelope
from appliance.crypto.envelope import (
    MAX_TEXT_BYTES,
    DocumentType,
    audio_reader,
    new_document_id,
    new_file_key,
    open_document,
    padded_size,
    seal_document,
    sealed_audio_size,
)
from appliance.errors import (
    CryptoError,
    TamperedError,
    TruncatedError,
    UnknownFormatError,
    WrongContextError,
    WrongKeyError,
)

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(32))
SUBJECT = bytes(range(16))
TEXT = DocumentType.TRANSCRIPT
FEW = settings(max_examples=60, deadline=None)
kinds = st.sampled_from(list(DocumentType))
texts = st.one_of(
    st.binary(max_size=600), st.integers(0, 40_000).map(lambda size: random.Random(size).randbytes(size // 2) * 2)
)


@FEW
@given(kind=kinds, version=st.integers(0, 2**64 - 1), text=texts)
def test_any_document_comes_back(kind: DocumentType, version: int, text: bytes) -> None:
    sealed = seal_document(KEY, kind, SUBJECT, version, text)
    assert open_document(KEY, sealed, kind, SUBJECT, version) == text


@FEW
@given(kind=kinds, text=texts, data=st.data())
def test_any_flipped_bit_is_refused_with_the_error_of_its_place(
    kind: DocumentType, text: bytes, data: st.DataObject
) -> None:
    sealed = bytearray(seal_document(KEY, kind, SUBJECT, 5, text))
    at = data.draw(st.one_of(st.integers(0, 87), st.integers(0, len(sealed) - 1)))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(error_of_flip(at)):
        open_document(KEY, sealed, kind, SUBJECT, 5)


@FEW
@given(kind=kinds, text=texts, data=st.data())
def test_any_truncation_is_refused(kind: DocumentType, text: bytes, data: st.DataObject) -> None:
    sealed = seal_document(KEY, kind, SUBJECT, 5, text)
    kept = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises((TruncatedError, TamperedError)):
        open_document(KEY, sealed[:kept], kind, SUBJECT, 5)


def test_a_cut_text_is_called_truncated_where_its_length_is_none_of_the_padding() -> None:
    sealed = seal_document(KEY, TEXT, SUBJECT, 1, os.urandom(1000))
    with pytest.raises(TruncatedError):
        open_document(KEY, sealed[:-1], TEXT, SUBJECT, 1)


@FEW
@given(key=st.binary(min_size=32, max_size=32).filter(lambda key: key != KEY), kind=kinds)
def test_any_other_key_is_refused(key: bytes, kind: DocumentType) -> None:
    sealed = seal_document(KEY, kind, SUBJECT, 1, b"text")
    with pytest.raises(WrongKeyError):
        open_document(key, sealed, kind, SUBJECT, 1)


@pytest.mark.parametrize(
    ("kind", "subject", "version"),
    [(DocumentType.SUMMARY, SUBJECT, 1), (DocumentType.AUDIO, SUBJECT, 1), (TEXT, bytes(16), 1), (TEXT, SUBJECT, 2)],
)
def test_a_document_in_the_place_of_another_is_refused(kind: DocumentType, subject: bytes, version: int) -> None:
    sealed = seal_document(KEY, TEXT, SUBJECT, 1, b"text")
    with pytest.raises(WrongContextError):
        open_document(KEY, sealed, kind, subject, version)


def test_a_header_rewritten_to_fit_another_place_is_refused() -> None:
    sealed = seal_document(KEY, TEXT, SUBJECT, 1, b"text")
    moved = seal_document(KEY, TEXT, bytes(16), 1, b"text")[:32] + sealed[32:]
    with pytest.raises(WrongKeyError):
        open_document(KEY, moved, TEXT, bytes(16), 1)


@FEW
@given(noise=st.binary(max_size=300), magic=st.booleans())
def test_noise_is_refused_with_an_error_of_the_tree(noise: bytes, magic: bool) -> None:  # noqa: FBT001 -- drawn.
    with pytest.raises(CryptoError):
        open_document(KEY, (b"CLB1" if magic else b"") + noise, TEXT, SUBJECT, 1)


@pytest.mark.parametrize("size", [0, 100, 100_000])
def test_text_is_deflated_before_it_is_sealed(size: int) -> None:
    assert len(seal_document(KEY, TEXT, SUBJECT, 1, b"a" * size)) < 300


def test_texts_of_similar_length_have_the_same_sealed_length() -> None:
    lengths = {len(seal_document(KEY, TEXT, SUBJECT, 1, os.urandom(size))) for size in range(10_000, 10_200)}
    assert len(lengths) <= 2


@settings(max_examples=500, deadline=None)
@given(size=st.integers(1, 2**40))
def test_padding_costs_at_most_12_percent(size: int) -> None:
    assert size <= padded_size(size) <= 1.12 * size


@FEW
@given(size=st.integers(0, 2**40))
def test_padding_a_padded_size_adds_nothing(size: int) -> None:
    assert padded_size(padded_size(size)) == padded_size(size)


@pytest.mark.parametrize(("size", "padded"), [(0, 0), (1, 1), (9, 10), (100, 104), (1000, 1024), (10**6, 1015808)])
def test_the_padded_sizes_are_those_of_the_publication(size: int, padded: int) -> None:
    assert padded_size(size) == padded


@pytest.mark.parametrize("size", [MAX_TEXT_BYTES + 1, 4 * MAX_TEXT_BYTES])
def test_a_decompression_bomb_is_refused(size: int) -> None:
    with pytest.raises(UnknownFormatError):
        open_document(KEY, sealed_body(deflated(bytes(size))), TEXT, SUBJECT, 1)


def test_the_longest_text_is_still_taken() -> None:
    text = bytes(MAX_TEXT_BYTES)
    assert open_document(KEY, seal_document(KEY, TEXT, SUBJECT, 1, text), TEXT, SUBJECT, 1) == text


def test_a_longer_text_is_not_sealed() -> None:
    with pytest.raises(ValueError, match="at most"):
        seal_document(KEY, TEXT, SUBJECT, 1, bytes(MAX_TEXT_BYTES + 1))


@pytest.mark.parametrize(
    "packed",
    [b"", b"\0", b"\x03\x00", b"\xff\xff\x80", b"\x80", b"\x03\x00x\x80", b"\x03\x00\x80" + bytes(13)],
)
def test_authentic_bytes_that_are_not_of_the_format_are_refused(packed: bytes) -> None:
    with pytest.raises(UnknownFormatError):
        open_document(KEY, sealed_body(packed), TEXT, SUBJECT, 1)


@pytest.mark.parametrize("subject", [b"", bytes(15), bytes(17)])
def test_an_id_of_another_length_is_a_mistake_of_the_caller(subject: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        seal_document(KEY, TEXT, subject, 1, b"")


@pytest.mark.parametrize("version", [-1, 2**64])
def test_a_version_out_of_range_is_a_mistake_of_the_caller(version: int) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        seal_document(KEY, TEXT, SUBJECT, version, b"")


def test_keys_and_ids_are_fresh() -> None:
    assert len({new_file_key() for _ in range(20)}) == 20
    assert {len(new_file_key()), len(new_document_id())} == {32, 16}


def test_an_audio_reader_reads_a_chunk_in_the_middle_of_a_file(tmp_path: Path) -> None:
    audio = os.urandom(50_000)
    sealed = seal_document(KEY, DocumentType.AUDIO, SUBJECT, 3, audio)
    path = tmp_path / "audio"
    path.write_bytes(b"abc" + sealed + b"def")
    with path.open("rb") as file:
        assert len(sealed) == sealed_audio_size(50_000)
        assert audio_reader(file.fileno(), 3, len(sealed), KEY, SUBJECT, 3).read() == audio


def test_an_audio_reader_refuses_a_chunk_in_the_place_of_another(tmp_path: Path) -> None:
    path = tmp_path / "audio"
    path.write_bytes(seal_document(KEY, DocumentType.AUDIO, SUBJECT, 3, b"sound"))
    with path.open("rb") as file, pytest.raises(WrongContextError):
        audio_reader(file.fileno(), 0, sealed_audio_size(5), KEY, SUBJECT, 4)


def error_of_flip(at: int) -> type[CryptoError] | tuple[type[CryptoError], ...]:
    """Return the error of FORMAT.md for a changed bit at an offset of a CB1; a changed type may be a known type."""
    places: list[tuple[int, type[CryptoError] | tuple[type[CryptoError], ...]]] = [
        (4, UnknownFormatError),
        (5, (UnknownFormatError, WrongContextError)),
        (8, UnknownFormatError),
        (32, WrongContextError),
        (88, WrongKeyError),
    ]
    return next((error for end, error in places if at < end), TamperedError)


def deflated(text: bytes) -> bytes:
    """Return packed text, as a writer without our limit makes it."""
    deflate = zlib.compressobj(wbits=-15)
    marked = deflate.compress(text) + deflate.flush() + b"\x80"
    return marked.ljust(padded_size(len(marked)), b"\0")


def sealed_body(packed: bytes) -> bytes:
    """Return a transcript with this packed content."""
    return envelope._seal_body(KEY, envelope._header(TEXT, SUBJECT, 1), packed, os.urandom(24))
