"""Envelopes: what is signed, by whom, and how signatures come together."""

from __future__ import annotations

import pytest

from appliance.bundles.envelope import (
    MAX_DETACHED_BYTES,
    MAX_ENVELOPE_BYTES,
    MAX_SIGNATURES,
    Envelope,
    Signature,
    key_id,
    pae,
)
from appliance.errors import (
    DuplicateSignerError,
    EnvelopeBase64Error,
    EnvelopeFormError,
    EnvelopeSpellingError,
    EnvelopeTooLargeError,
    EnvelopeTypeError,
    ThresholdError,
    UnknownSignerError,
)
from tests.simulators.publisher import public, seed, signature_of, unwire, wire

TYPE = "application/vnd.cloister.bundle.v1+json"
PLAIN = Envelope(TYPE, b'{"a":1}')
KEYS = {key_id(public(name)): public(name) for name in ("ada", "ben", "cleo")}


def test_the_signed_bytes_are_those_of_the_specification() -> None:
    # The example of DSSE's own protocol.md.
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("\u00e9", b"") == b"DSSEv1 2 \xc3\xa9 0 "  # Lengths are in bytes.


def test_no_two_pairs_of_type_and_payload_have_the_same_signed_bytes() -> None:
    assert pae("a", b"b 1 c") != pae("a b", b"c") != pae("a 1 b", b"c")


def test_what_is_encoded_is_decoded() -> None:
    envelope = PLAIN.signed_by(seed("ada")).signed_by(seed("ben"))
    assert Envelope.decode(envelope.encode(), TYPE) == envelope


def test_two_of_three_are_enough_and_are_named() -> None:
    envelope = PLAIN.signed_by(seed("cleo")).signed_by(seed("ada"))
    assert envelope.require(KEYS, 2) == {key_id(public("cleo")), key_id(public("ada"))}


def test_a_strangers_signature_beside_enough_others_does_no_harm() -> None:
    envelope = PLAIN.signed_by(seed("eve")).signed_by(seed("ada")).signed_by(seed("ben"))
    assert envelope.require(KEYS, 2) == {key_id(public("ada")), key_id(public("ben"))}


def test_too_few_and_nobody_are_told_apart() -> None:
    with pytest.raises(ThresholdError) as few:
        PLAIN.signed_by(seed("ada")).require(KEYS, 2)
    assert (few.value.found, few.value.needed) == (1, 2)
    with pytest.raises(UnknownSignerError):
        PLAIN.signed_by(seed("eve")).require(KEYS, 2)


@pytest.mark.parametrize("threshold", [0, -1])
def test_a_threshold_that_lets_anything_pass_is_a_mistake_of_ours(threshold: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        PLAIN.signed_by(seed("ada")).require(KEYS, threshold)


def test_nobody_signs_twice() -> None:
    with pytest.raises(DuplicateSignerError):
        PLAIN.signed_by(seed("ada")).signed_by(seed("ada"))


def test_more_signatures_than_a_reader_takes_are_not_written() -> None:
    full = PLAIN
    for number in range(MAX_SIGNATURES):
        full = full.signed_by(seed(str(number)))
    assert len(Envelope.decode(full.encode(), TYPE).signatures) == MAX_SIGNATURES
    with pytest.raises(EnvelopeFormError):
        full.signed_by(seed("one more"))


def test_an_envelope_larger_than_any_is_not_even_parsed() -> None:
    with pytest.raises(EnvelopeTooLargeError) as refused:
        Envelope.decode(b"x" * (MAX_ENVELOPE_BYTES + 1), TYPE)
    assert refused.value.limit_bytes == MAX_ENVELOPE_BYTES


def test_signatures_made_on_three_machines_come_together_on_a_fourth() -> None:
    signed = [PLAIN.signed_by(seed(name)) for name in ("ada", "ben", "cleo")]
    together = PLAIN
    for each, name in zip(signed, ("ada", "ben", "cleo"), strict=True):
        together = together.attach(each.detach(key_id(public(name))))
    assert together.require(KEYS, 3) == set(KEYS)
    assert together == PLAIN.signed_by(seed("ada")).signed_by(seed("ben")).signed_by(seed("cleo"))


def test_a_detached_signature_of_something_else_is_not_attached() -> None:
    other = Envelope(TYPE, b'{"a":2}').signed_by(seed("ada")).detach(key_id(public("ada")))
    with pytest.raises(EnvelopeTypeError):
        PLAIN.attach(other)
    as_root = Envelope("application/vnd.cloister.root.v1+json", PLAIN.payload).signed_by(seed("ada"))
    with pytest.raises(EnvelopeTypeError):
        PLAIN.attach(as_root.detach(key_id(public("ada"))))


def test_a_detached_signature_is_read_as_strictly_as_an_envelope() -> None:
    detached = PLAIN.signed_by(seed("ada")).detach(key_id(public("ada")))
    with pytest.raises(EnvelopeTooLargeError):
        PLAIN.attach(detached + b" " * MAX_DETACHED_BYTES)
    with pytest.raises(EnvelopeSpellingError):
        PLAIN.attach(detached + b"\n")
    with pytest.raises(EnvelopeFormError):
        PLAIN.attach(detached[:-1])
    with pytest.raises(EnvelopeBase64Error):
        PLAIN.attach(unwire(wire(detached) | {"sig": "-" * 88}))
    with pytest.raises(DuplicateSignerError):
        PLAIN.attach(detached).attach(detached)


def test_a_detached_signature_of_a_key_that_did_not_sign_does_not_exist() -> None:
    with pytest.raises(KeyError):
        PLAIN.signed_by(seed("ada")).detach(key_id(public("ben")))


def test_a_key_id_is_the_hash_of_the_key_and_nobodys_choice() -> None:
    assert key_id(bytes(32)) == "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
    with pytest.raises(ValueError, match="32 bytes"):
        key_id(bytes(31))


def test_a_signature_counts_under_its_own_key_alone() -> None:
    swapped = signature_of("ada", PLAIN.signed_bytes) | {"keyid": key_id(public("eve"))}
    envelope = PLAIN.with_signature(Signature(swapped["keyid"], bytes(64)))
    with pytest.raises(UnknownSignerError):
        envelope.require(KEYS, 1)
