"""SL1: what opens, which error each fault gives, and what somebody can do who has the public key only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.crypto.hpke import (
    SEALED_KEY_BYTES,
    SealedKeyLabel,
    SealedKeyPurpose,
    open_key,
    read_sealed_label,
    seal_key,
)
from appliance.crypto.identity import x_public_of
from appliance.errors import CryptoError, TruncatedError, UnknownFormatError, WrongContextError, WrongKeyError

PRIVATE = bytes(range(32))
PUBLIC = x_public_of(PRIVATE)
KEY = bytes(range(32, 64))
LABEL = SealedKeyLabel(SealedKeyPurpose.RESULT, bytes(range(16)), bytes(range(16, 32)))
FEW = settings(max_examples=100, deadline=None)
keys = st.binary(min_size=32, max_size=32)
ids = st.binary(min_size=16, max_size=16)
labels = st.builds(SealedKeyLabel, st.sampled_from(list(SealedKeyPurpose)), ids, ids)


@FEW
@given(private=keys, key=keys, label=labels)
def test_any_key_comes_back(private: bytes, key: bytes, label: SealedKeyLabel) -> None:
    sealed = seal_key(x_public_of(private), key, label)
    assert len(sealed) == SEALED_KEY_BYTES == 124
    assert read_sealed_label(sealed) == label
    assert open_key(private, sealed, label) == key


def test_the_same_key_sealed_twice_has_no_byte_in_common_after_the_header() -> None:
    first, second = seal_key(PUBLIC, KEY, LABEL), seal_key(PUBLIC, KEY, LABEL)
    assert first[:44] == second[:44]
    assert first[44:76] != second[44:76]
    assert first[76:] != second[76:]


@FEW
@given(at=st.integers(0, SEALED_KEY_BYTES - 1), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused_with_the_error_of_its_place(at: int, bit: int) -> None:
    sealed = bytearray(seal_key(PUBLIC, KEY, LABEL))
    sealed[at] ^= 1 << bit
    known = {10: (UnknownFormatError, WrongContextError)}  # Another purpose may be a known one.
    places = [(12, UnknownFormatError), (44, WrongContextError), (SEALED_KEY_BYTES, WrongKeyError)]
    expected = known.get(at) or next(error for end, error in places if at < end)
    with pytest.raises(expected):
        open_key(PRIVATE, bytes(sealed), LABEL)


@FEW
@given(kept=st.integers(0, SEALED_KEY_BYTES - 1))
def test_any_truncation_is_refused(kept: int) -> None:
    with pytest.raises(TruncatedError):
        open_key(PRIVATE, seal_key(PUBLIC, KEY, LABEL)[:kept], LABEL)


@FEW
@given(noise=st.binary(max_size=200), magic=st.booleans())
def test_noise_is_refused_with_an_error_of_the_tree(noise: bytes, magic: bool) -> None:  # noqa: FBT001 -- drawn.
    with pytest.raises(CryptoError):
        open_key(PRIVATE, (b"CLS1" if magic else b"") + noise, LABEL)


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(LABEL, purpose=SealedKeyPurpose.WORKSPACE_KEY),
        replace(LABEL, recipient=bytes(16)),
        replace(LABEL, subject=bytes(16)),
    ],
)
def test_a_sealed_key_moved_elsewhere_is_refused_also_with_its_header_rewritten(elsewhere: SealedKeyLabel) -> None:
    sealed = seal_key(PUBLIC, KEY, LABEL)
    with pytest.raises(WrongContextError):
        open_key(PRIVATE, sealed, elsewhere)
    with pytest.raises(WrongKeyError):
        open_key(PRIVATE, seal_key(PUBLIC, KEY, elsewhere)[:44] + sealed[44:], elsewhere)


@FEW
@given(private=keys)
def test_any_other_private_key_is_refused(private: bytes) -> None:
    if x_public_of(private) == PUBLIC:
        return
    with pytest.raises(WrongKeyError):
        open_key(private, seal_key(PUBLIC, KEY, LABEL), LABEL)


def test_who_only_has_the_public_key_can_seal_another_key_and_base_mode_does_not_tell() -> None:
    # This is what FORMAT.md section 8 says base mode does not give; adoption and signed lists stand against it.
    assert open_key(PRIVATE, seal_key(PUBLIC, bytes(32), LABEL), LABEL) == bytes(32)


@pytest.mark.parametrize(
    ("public", "key", "label"),
    [
        (PUBLIC, bytes(31), LABEL),
        (PUBLIC[:-1], KEY, LABEL),
        (PUBLIC, KEY, replace(LABEL, recipient=b"")),
        (PUBLIC, KEY, replace(LABEL, subject=bytes(17))),
    ],
)
def test_what_does_not_fit_the_format_is_a_mistake_of_the_caller(
    public: bytes, key: bytes, label: SealedKeyLabel
) -> None:
    with pytest.raises(ValueError, match="bytes"):
        seal_key(public, key, label)
