"""KW1: what unwraps, and which error each fault gives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.crypto.keywrap import WRAPPED_BYTES, WrapKind, WrapLabel, key_id, read_label, unwrap, wrap
from appliance.errors import (
    CryptoError,
    TamperedError,
    TruncatedError,
    UnknownFormatError,
    WrongContextError,
    WrongKeyError,
)

KEK = bytes(range(32))
FILE_KEY = bytes(range(32, 64))
LABEL = WrapLabel(WrapKind.FILE_KEY_UNDER_KEK, 3, key_id(KEK), bytes(range(16)))
FEW = settings(max_examples=60, deadline=None)
keys = st.binary(min_size=32, max_size=32)
ids = st.binary(min_size=16, max_size=16)
labels = st.builds(WrapLabel, st.sampled_from(list(WrapKind)), st.integers(1, 2**16 - 1), ids, ids)


@FEW
@given(wrapping_key=keys, key=keys, label=labels)
def test_any_key_comes_back(wrapping_key: bytes, key: bytes, label: WrapLabel) -> None:
    wrapped = wrap(wrapping_key, key, label)
    assert len(wrapped) == WRAPPED_BYTES == 144
    assert read_label(wrapped) == label
    assert unwrap(wrapping_key, wrapped, label) == key


@FEW
@given(at=st.integers(0, WRAPPED_BYTES - 1), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused_with_the_error_of_its_place(at: int, bit: int) -> None:
    wrapped = bytearray(wrap(KEK, FILE_KEY, LABEL))
    wrapped[at] ^= 1 << bit
    with pytest.raises(error_of_flip(at)):
        unwrap(KEK, bytes(wrapped), LABEL)


@FEW
@given(kept=st.integers(0, WRAPPED_BYTES - 1))
def test_any_truncation_is_refused(kept: int) -> None:
    with pytest.raises(TruncatedError):
        unwrap(KEK, wrap(KEK, FILE_KEY, LABEL)[:kept], LABEL)


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(UnknownFormatError):
        unwrap(KEK, wrap(KEK, FILE_KEY, LABEL) + b"\0", LABEL)


@FEW
@given(key=keys.filter(lambda key: key != KEK))
def test_any_other_key_is_refused(key: bytes) -> None:
    with pytest.raises(WrongKeyError):
        unwrap(key, wrap(KEK, FILE_KEY, LABEL), LABEL)


@pytest.mark.parametrize(
    "expected",
    [
        replace(LABEL, kind=WrapKind.KEK_UNDER_ROOT),
        replace(LABEL, epoch=4),
        replace(LABEL, subject=bytes(16)),
    ],
)
def test_a_wrap_in_the_place_of_another_is_refused(expected: WrapLabel) -> None:
    with pytest.raises(WrongContextError):
        unwrap(KEK, wrap(KEK, FILE_KEY, LABEL), expected)


def test_a_label_rewritten_to_fit_another_place_is_refused() -> None:
    elsewhere = replace(LABEL, subject=bytes(16))
    moved = wrap(KEK, FILE_KEY, elsewhere)[:40] + wrap(KEK, FILE_KEY, LABEL)[40:]
    with pytest.raises(WrongKeyError):
        unwrap(KEK, moved, elsewhere)


@FEW
@given(noise=st.binary(max_size=200), magic=st.booleans())
def test_noise_is_refused_with_an_error_of_the_tree(noise: bytes, magic: bool) -> None:  # noqa: FBT001 -- drawn.
    with pytest.raises(CryptoError):
        unwrap(KEK, (b"CLW1" if magic else b"") + noise, LABEL)


@pytest.mark.parametrize(
    ("key", "label"),
    [
        (bytes(31), LABEL),
        (FILE_KEY, replace(LABEL, epoch=0)),
        (FILE_KEY, replace(LABEL, epoch=2**16)),
        (FILE_KEY, replace(LABEL, subject=b"")),
        (FILE_KEY, replace(LABEL, wrapping_key_id=b"")),
    ],
)
def test_what_does_not_fit_the_format_is_a_mistake_of_the_caller(key: bytes, label: WrapLabel) -> None:
    with pytest.raises(ValueError, match=r"bytes|epoch"):
        wrap(KEK, key, label)


def test_the_id_of_a_key_is_not_a_part_of_it() -> None:
    assert key_id(KEK) != key_id(FILE_KEY)
    assert key_id(KEK) not in KEK


def error_of_flip(at: int) -> type[CryptoError] | tuple[type[CryptoError], ...]:
    """Return the error of FORMAT.md for a changed bit at an offset of a KW1; a changed kind may be a known kind."""
    places: list[tuple[int, type[CryptoError] | tuple[type[CryptoError], ...]]] = [
        (4, UnknownFormatError),
        (5, (UnknownFormatError, WrongContextError)),
        (6, UnknownFormatError),
        (8, WrongContextError),
        (24, WrongKeyError),
        (40, WrongContextError),
        (96, WrongKeyError),
    ]
    return next((error for end, error in places if at < end), TamperedError)
