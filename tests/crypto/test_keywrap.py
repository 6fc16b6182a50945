"""KW1: what unwraps, and which error each fault gives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.crypto.keywrap import (
    FIRST_AND_LAST_EPOCH,
    WRAPPED_BYTES,
    WRAPPED_IDENTITY_BYTES,
    WrapKind,
    WrapLabel,
    key_id,
    read_label,
    unwrap,
    wrap,
)
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
RECORD = bytes(range(100, 132))
labels = st.sampled_from(list(WrapKind)).flatmap(
    lambda kind: st.builds(WrapLabel, st.just(kind), st.integers(*FIRST_AND_LAST_EPOCH.get(kind, (1, 1))), ids, ids)
)


@FEW
@given(wrapping_key=keys, key=keys, label=labels)
def test_any_key_comes_back(wrapping_key: bytes, key: bytes, label: WrapLabel) -> None:
    record = RECORD if label.kind is WrapKind.USER_KEY_UNDER_PASSPHRASE else None
    if label.kind is WrapKind.IDENTITY_UNDER_USER_KEY:
        key += key[::-1]
    wrapped = wrap(wrapping_key, key, label, record)
    assert len(wrapped) == (WRAPPED_BYTES if len(key) == 32 else WRAPPED_IDENTITY_BYTES)
    assert (WRAPPED_BYTES, WRAPPED_IDENTITY_BYTES) == (144, 176)
    assert read_label(wrapped) == label
    assert unwrap(wrapping_key, wrapped, label, record) == key


SLOT = WrapLabel(WrapKind.USER_KEY_UNDER_PASSPHRASE, 1, key_id(KEK), bytes(range(16)))


@FEW
@given(at=st.integers(0, 31), bit=st.integers(0, 7))
def test_a_slot_does_not_open_under_a_record_that_differs_in_any_bit(at: int, bit: int) -> None:
    record = bytearray(RECORD)
    record[at] ^= 1 << bit
    with pytest.raises(WrongKeyError):
        unwrap(KEK, wrap(KEK, FILE_KEY, SLOT, RECORD), SLOT, bytes(record))


def test_a_slot_without_its_record_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="record"):
        wrap(KEK, FILE_KEY, SLOT)
    with pytest.raises(ValueError, match="record"):
        unwrap(KEK, wrap(KEK, FILE_KEY, SLOT, RECORD), SLOT)
    with pytest.raises(ValueError, match="record"):
        wrap(KEK, FILE_KEY, SLOT, RECORD[:-1])


@pytest.mark.parametrize("kind", [kind for kind in WrapKind if kind is not WrapKind.USER_KEY_UNDER_PASSPHRASE])
def test_a_record_with_any_other_kind_is_a_mistake_of_the_caller(kind: WrapKind) -> None:
    label = replace(SLOT, kind=kind, epoch=2 if kind is WrapKind.WORKSPACE_KEY_UNDER_NEXT else 1)
    key = bytes(64) if kind is WrapKind.IDENTITY_UNDER_USER_KEY else FILE_KEY
    with pytest.raises(ValueError, match="record"):
        wrap(KEK, key, label, RECORD)
    with pytest.raises(ValueError, match="record"):
        unwrap(KEK, wrap(KEK, key, label), label, RECORD)


@pytest.mark.parametrize("kind", [kind for kind in WrapKind if kind not in FIRST_AND_LAST_EPOCH])
def test_a_kind_without_generations_has_epoch_1_only(kind: WrapKind) -> None:
    key = bytes(64) if kind is WrapKind.IDENTITY_UNDER_USER_KEY else FILE_KEY
    with pytest.raises(ValueError, match="epoch"):
        wrap(KEK, key, replace(SLOT, kind=kind, epoch=2), RECORD if kind == 1 else None)


def test_nothing_comes_before_the_first_workspace_key() -> None:
    with pytest.raises(ValueError, match="epoch"):
        wrap(KEK, FILE_KEY, replace(SLOT, kind=WrapKind.WORKSPACE_KEY_UNDER_NEXT))


def test_an_identity_of_the_size_of_a_key_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        wrap(KEK, FILE_KEY, replace(SLOT, kind=WrapKind.IDENTITY_UNDER_USER_KEY))


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
