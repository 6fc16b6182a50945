"""The KDF record: what a hostile server may not ask for, and what a passphrase gives."""

from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.crypto import kdf
from appliance.crypto.kdf import KdfAlgorithm, KdfRecord, stretch
from appliance.errors import CryptoError, TruncatedError, UnknownFormatError, WeakKdfError

SALT = bytes(range(16))
FEW = settings(max_examples=100, deadline=None)
salts = st.binary(min_size=16, max_size=16)
records = st.one_of(
    st.builds(
        KdfRecord,
        st.just(KdfAlgorithm.ARGON2ID),
        st.integers(1, kdf.MOST_LANES),
        st.integers(kdf.LEAST_MEMORY_KIB, kdf.MOST_MEMORY_KIB),
        st.integers(1, kdf.MOST_PASSES),
        salts,
    ),
    st.builds(
        KdfRecord,
        st.just(KdfAlgorithm.PBKDF2),
        st.just(0),
        st.integers(kdf.LEAST_ITERATIONS, kdf.MOST_ITERATIONS),
        st.just(0),
        salts,
    ),
)


@FEW
@given(record=records)
def test_any_record_comes_back(record: KdfRecord) -> None:
    assert len(record.encode()) == 32
    assert KdfRecord.decode(record.encode()) == record


@FEW
@given(kept=st.integers(0, 31))
def test_any_truncation_is_refused(kept: int) -> None:
    with pytest.raises(TruncatedError):
        KdfRecord.decode(KdfRecord.fresh(KdfAlgorithm.ARGON2ID).encode()[:kept])


@FEW
@given(memory=st.integers(0, kdf.LEAST_MEMORY_KIB - 1), passes=st.integers(1, kdf.MOST_PASSES))
def test_a_server_cannot_lower_the_memory_whatever_it_offers_in_passes(memory: int, passes: int) -> None:
    with pytest.raises(WeakKdfError):
        KdfRecord.decode(struct.pack(">4sBBHII16s", b"CLK1", 1, 1, 4, memory, passes, SALT))


@FEW
@given(iterations=st.integers(0, kdf.LEAST_ITERATIONS - 1))
def test_a_server_cannot_lower_the_iterations(iterations: int) -> None:
    with pytest.raises(WeakKdfError):
        KdfRecord.decode(struct.pack(">4sBBHII16s", b"CLK1", 2, 1, 0, iterations, 0, SALT))


@FEW
@given(noise=st.binary(max_size=40), magic=st.booleans())
def test_noise_is_a_record_that_can_be_used_or_an_error_of_the_tree(noise: bytes, magic: bool) -> None:  # noqa: FBT001 -- drawn.
    encoded = (b"CLK1" if magic else b"") + noise
    try:
        assert KdfRecord.decode(encoded).encode() == encoded
    except CryptoError:
        return


def test_a_weak_record_cannot_even_be_made() -> None:
    with pytest.raises(WeakKdfError):
        KdfRecord(KdfAlgorithm.ARGON2ID, 1, 1024, 1, SALT)
    with pytest.raises(UnknownFormatError):
        KdfRecord(KdfAlgorithm.PBKDF2, 4, 1_000_000, 0, SALT)
    with pytest.raises(ValueError, match="16 bytes"):
        KdfRecord(KdfAlgorithm.PBKDF2, 0, 1_000_000, 0, b"")


@pytest.mark.parametrize("algorithm", list(KdfAlgorithm))
def test_a_fresh_record_is_above_the_floor_and_has_a_salt_of_its_own(algorithm: KdfAlgorithm) -> None:
    record = KdfRecord.fresh(algorithm)
    assert record.salt != KdfRecord.fresh(algorithm).salt
    assert (record.lanes, record.cost, record.passes) in {(4, 65_536, 3), (0, 1_000_000, 0)}


def test_pbkdf2_is_the_one_of_the_standard_library() -> None:
    record = KdfRecord(KdfAlgorithm.PBKDF2, 0, 600_000, 0, SALT)
    assert stretch("passphrase", record) == hashlib.pbkdf2_hmac("sha256", b"passphrase", SALT, 600_000)


def test_the_same_words_typed_on_another_keyboard_give_the_same_key() -> None:
    record = KdfRecord(KdfAlgorithm.ARGON2ID, 1, kdf.LEAST_MEMORY_KIB, 1, SALT)
    assert stretch("caf\u00e9 \ufb01", record) == stretch("cafe\u0301 fi", record)
    assert stretch("caf\u00e9 fi", record) != stretch("cafe fi", record)
