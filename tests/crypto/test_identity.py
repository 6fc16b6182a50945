"""A person's keys: nothing that the server sees opens anything, and no signature serves another purpose."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.crypto import identity
from appliance.crypto.identity import Identity
from appliance.errors import WrongKeyError

FEW = settings(max_examples=60, deadline=None)
keys = st.binary(min_size=32, max_size=32)
ORIGIN = "https://cloister.example:8443"
NONCE = bytes(range(32))
SEED = bytes(range(32, 64))


@FEW
@given(x_private=keys, ed_seed=keys)
def test_any_identity_comes_back_from_its_64_bytes(x_private: bytes, ed_seed: bytes) -> None:
    person = Identity(x_private, ed_seed)
    assert len(person.encode()) == 64
    assert Identity.decode(person.encode()) == person


def test_two_fresh_identities_share_no_key() -> None:
    one, other = Identity.fresh(), Identity.fresh()
    assert len({one.x_private, one.ed_seed, other.x_private, other.ed_seed}) == 4


def test_an_identity_does_not_print_its_keys() -> None:
    assert NONCE.hex() not in repr(Identity(NONCE, SEED))
    assert repr(NONCE) not in repr(Identity(NONCE, SEED))


@pytest.mark.parametrize("size", [0, 32, 63, 65])
def test_an_identity_of_another_size_is_a_mistake_of_the_caller(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Identity.decode(bytes(size))


@FEW
@given(key=keys)
def test_no_two_derivations_of_one_key_are_the_same(key: bytes) -> None:
    derived = {*identity.person_keys(key), *identity.recovery_keys(key), identity.index_key(key), key}
    assert len(derived) == 6


def test_there_are_the_2048_words_of_bip_39_and_no_two_begin_alike() -> None:
    words = identity.words()
    assert len(words) == 2048
    assert list(words) == sorted(words)
    assert len({word[:4] for word in words}) == 2048  # So that a word misheard at its end is still the same word.
    listed = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"  # Of english.txt in BIP-39.
    assert hashlib.sha256(identity.WORDS_FILE.read_bytes()).hexdigest() == listed


@FEW
@given(value=st.binary(min_size=32, max_size=32))
def test_eight_words_tell_the_first_88_bits_and_nothing_else(value: bytes) -> None:
    number = 0
    for word in identity.fingerprint_words(value):
        number = number * 2048 + identity.words().index(word)
    assert number.to_bytes(11, "big") == value[:11]


def test_a_swapped_public_key_changes_the_words() -> None:
    person, other = Identity.fresh(), Identity.fresh()
    true = identity.fingerprint(person.ed_public, person.x_public)
    for swapped in (
        identity.fingerprint(other.ed_public, person.x_public),
        identity.fingerprint(person.ed_public, other.x_public),
        identity.fingerprint(person.x_public, person.ed_public),
    ):
        assert identity.fingerprint_words(swapped) != identity.fingerprint_words(true)


def test_a_fingerprint_of_half_a_key_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        identity.fingerprint(bytes(64), b"")


def test_no_signature_serves_another_purpose() -> None:
    messages = [
        identity.login_message(ORIGIN, NONCE),
        identity.recovery_message(ORIGIN, NONCE),
        identity.passphrase_message(ORIGIN, NONCE, SEED),
        identity.recovery_change_message(ORIGIN, NONCE, SEED),
        b"cloister/members/v1\0{}",
    ]
    public = identity.public_of_seed(SEED)
    for signed in messages:
        signature = identity.sign(SEED, signed)
        for message in messages:
            if message == signed:
                identity.verify(public, message, signature)
            else:
                with pytest.raises(WrongKeyError):
                    identity.verify(public, message, signature)


@pytest.mark.parametrize(
    ("origin", "nonce"), [("", NONCE), ("https://caf\u00e9.example", NONCE), ("a\0b", NONCE), (ORIGIN, NONCE[:-1])]
)
def test_what_could_be_read_in_two_ways_is_never_signed(origin: str, nonce: bytes) -> None:
    with pytest.raises(ValueError, match=r"origin|nonce"):
        identity.login_message(origin, nonce)


def test_a_change_names_a_whole_public_key() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        identity.passphrase_message(ORIGIN, NONCE, b"")
