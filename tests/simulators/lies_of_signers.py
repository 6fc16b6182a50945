"""Lies in envelopes and signatures, and in the lists of those who may sign."""

from __future__ import annotations

import base64

import msgspec

from appliance.bundles.envelope import Envelope, key_id
from appliance.bundles.roots import Root
from appliance.errors import (
    DuplicateSignerError,
    EnvelopeBase64Error,
    EnvelopeFormError,
    EnvelopeSpellingError,
    EnvelopeTypeError,
    ForgedSignatureError,
    RootChainError,
    RootFormError,
    RootKeysError,
    RootPredecessorError,
    RootSelfError,
    ThresholdError,
    UnknownSignerError,
)
from tests.simulators.lies import Lies
from tests.simulators.publisher import (
    World,
    bundle,
    enveloped,
    manifest,
    public,
    signature_of,
    signed,
    unwire,
    vendor_root,
    wire,
    world,
)

ENVELOPE_LIES = Lies("layout")
"""Refused before it is known who signs."""

ROOT_LIES = Lies("signers")
"""Refused before the manifest's signatures are looked at."""

SIGNATURE_LIES = Lies("signatures")
"""Refused before the manifest is parsed."""

HONEST = signed(manifest().envelope(), "ada", "ben")
PAYLOAD = manifest().encode()
TEXT = HONEST.decode()


def with_site() -> World:
    return world(with_site=True)


def bent(**changes: object) -> bytes:
    """Return the honest envelope with some fields replaced."""
    return unwire(wire(HONEST) | changes)


def with_signatures(*signatures: dict[str, str]) -> bytes:
    return bundle(envelope=bent(signatures=list(signatures)))


ADA, BEN = (signature_of(name, manifest().envelope().signed_bytes) for name in ("ada", "ben"))
FULL = wire(HONEST)["payload"]
LEFTOVER = ADA["sig"][:-3] + chr(ord(ADA["sig"][-3]) + 1) + "=="

ENVELOPE_LIES.each(
    EnvelopeFormError,
    lambda encoded: bundle(envelope=encoded),  # type: ignore[arg-type]
    {
        "an empty envelope": b"",
        "no JSON": b"PK\3\4",
        "bytes that are no UTF-8": b'{"payloadType":"\xff"}',
        "arrays in arrays in arrays": b"[" * 200_000,
        "an unknown field": bent(admin=True),
        "a field missing": unwire({"payload": FULL, "signatures": [ADA]}),
        "nobody's signature": bent(signatures=[]),
        "seventeen signatures": bent(signatures=[signature_of(str(n), b"x") for n in range(17)]),
        "a signature of 63 bytes": bent(signatures=[ADA | {"sig": base64.b64encode(bytes(63)).decode()}]),
        "a key beside a signature": bent(signatures=[ADA | {"key": public("eve").hex()}]),
        "a key id in capitals": bent(signatures=[ADA | {"keyid": ADA["keyid"].upper()}]),
        "a short key id": bent(signatures=[ADA | {"keyid": ADA["keyid"][:16]}]),
    },
)
ENVELOPE_LIES.each(
    EnvelopeSpellingError,
    lambda encoded: bundle(envelope=encoded),  # type: ignore[arg-type]
    {
        "white space": TEXT.replace(":", ": ", 1).encode(),
        "a line feed at the end": HONEST + b"\n",
        "a payload twice": TEXT.replace('{"payloadType"', '{"payload":"","payloadType"', 1).encode(),
        "signatures twice": TEXT[:-1].encode() + b',"signatures":[' + unwire(ADA) + b"]}",
        "an escape": TEXT.replace("vnd", "\\u0076nd", 1).encode(),
        "fields in another order": unwire(dict(reversed(wire(HONEST).items()))),
    },
)
ENVELOPE_LIES.each(
    EnvelopeBase64Error,
    lambda encoded: bundle(envelope=encoded),  # type: ignore[arg-type]
    {
        "base64 of the URL kind": bent(signatures=[ADA | {"sig": "-_" + ADA["sig"][2:]}]),
        "base64 without padding": bent(signatures=[ADA | {"sig": ADA["sig"].rstrip("=")}]),
        "base64 with bits left over": bent(signatures=[ADA | {"sig": LEFTOVER}]),
        "base64 with a line feed": bent(payload=str(FULL)[:4] + "\n" + str(FULL)[4:]),
        "letters that are no ASCII": bent(payload="\u09b6" * 4),
    },
)


@ENVELOPE_LIES.add(EnvelopeTypeError)
def a_root_in_the_place_of_the_manifest() -> bytes:
    return bundle(envelope=signed(vendor_root().envelope(), "ada", "ben"))


@ENVELOPE_LIES.add(EnvelopeTypeError)
def another_makers_payload_type() -> bytes:
    return bundle(envelope=signed(Envelope("application/vnd.in-toto+json", PAYLOAD), "ada", "ben"))


@ENVELOPE_LIES.add(EnvelopeTypeError)
def a_payload_type_that_writes_its_own_line_into_a_log() -> bytes:
    return bundle(envelope=signed(Envelope("x\nappliance: all is well\u202e", PAYLOAD), "ada", "ben"))


@ENVELOPE_LIES.add(DuplicateSignerError)
def one_signer_twice() -> bytes:
    return with_signatures(ADA, ADA)


@SIGNATURE_LIES.add(ThresholdError)
def one_signer_where_two_are_needed() -> bytes:
    return bundle(by=["ada"])


@SIGNATURE_LIES.add(ThresholdError)
def a_stranger_as_the_second_signer() -> bytes:
    return bundle(by=["ada", "eve"])


@SIGNATURE_LIES.add(ThresholdError, with_site)
def the_sites_key_as_the_vendors_second_signer() -> bytes:
    return bundle(by=["site", "ada"])


@SIGNATURE_LIES.add(ForgedSignatureError)
def a_strangers_signature_in_the_name_of_a_signer() -> bytes:
    forged = signature_of("eve", manifest().envelope().signed_bytes) | {"keyid": BEN["keyid"]}
    return with_signatures(ADA, forged)


@SIGNATURE_LIES.add(ForgedSignatureError)
def a_forged_third_signature_beside_two_true_ones() -> bytes:
    return with_signatures(ADA, BEN, BEN | {"keyid": key_id(public("cleo"))})


@SIGNATURE_LIES.add(ForgedSignatureError)
def a_signature_over_the_payload_without_its_type() -> bytes:
    return with_signatures(signature_of("ada", PAYLOAD), signature_of("ben", PAYLOAD))


@SIGNATURE_LIES.add(ForgedSignatureError)
def a_signature_of_another_release() -> bytes:
    other = manifest(release=6).envelope().signed_bytes
    return with_signatures(signature_of("ada", other), signature_of("ben", other))


@SIGNATURE_LIES.add(ForgedSignatureError)
def a_signature_of_the_same_bytes_as_a_root() -> bytes:
    as_root = Envelope("application/vnd.cloister.root.v1+json", PAYLOAD).signed_bytes
    return with_signatures(signature_of("ada", as_root), signature_of("ben", as_root))


@SIGNATURE_LIES.add(ForgedSignatureError)
def a_release_number_changed_after_signing() -> bytes:
    swapped = PAYLOAD.replace(b'"release":7', b'"release":9')
    return bundle(envelope=bent(payload=base64.b64encode(swapped).decode()))


@SIGNATURE_LIES.add(ForgedSignatureError)
def a_signature_of_nothing_but_zeros() -> bytes:
    return with_signatures(ADA, BEN | {"sig": base64.b64encode(bytes(64)).decode()})


@SIGNATURE_LIES.add(ForgedSignatureError)
def a_payload_that_would_break_the_parser_and_is_not_signed() -> bytes:
    return bundle(envelope=bent(payload=base64.b64encode(b"[" * 100_000).decode()))


def after_rotation() -> World:
    """Ada's key was stolen and is no longer on the list."""
    return World((vendor_root(2, ("ben", "cleo", "dara")),))


@SIGNATURE_LIES.add(ThresholdError, after_rotation)
def a_key_that_was_taken_away() -> bytes:
    return bundle(manifest(epoch=2), by=["ada", "ben"])


@ROOT_LIES.add(UnknownSignerError)
def strangers_alone() -> bytes:
    return bundle(by=["eve", "mallory"])


@ROOT_LIES.add(UnknownSignerError)
def the_sites_bundle_where_no_site_is_trusted() -> bytes:
    return bundle(by=["site"])


def rotated(root: Root | bytes, *by: str, number: int = 2) -> bytes:
    """Return a bundle that brings a list of keys, and is signed by those on it."""
    payload = root.encode() if isinstance(root, Root) else root
    carried = signed(Envelope("application/vnd.cloister.root.v1+json", payload), *by)
    return bundle(manifest(epoch=2), by=["ada", "eve"], carried=[(number, carried)])


COUP = vendor_root(2, ("eve", "mallory"), 1)
NEXT = vendor_root(2, ("ben", "cleo", "dara"))
NEXT_FIELDS = wire(NEXT.encode())
EDGE = bytes([1]) + bytes(31)


def next_with(**changes: object) -> bytes:
    return unwire(NEXT_FIELDS | changes)


def changed(**changes: object) -> Root:
    return msgspec.structs.replace(NEXT, **changes)


@ROOT_LIES.add(UnknownSignerError)
def a_list_of_keys_signed_only_by_those_on_it() -> bytes:
    return rotated(COUP, "eve", "mallory")


@ROOT_LIES.add(RootPredecessorError)
def a_list_of_keys_approved_by_one_of_two() -> bytes:
    return rotated(COUP, "ada", "eve", "mallory")


@ROOT_LIES.add(ForgedSignatureError)
def a_list_of_keys_approved_in_a_signers_name() -> bytes:
    values = wire(signed(COUP.envelope(), "eve", "mallory"))
    forged = signature_of("eve", COUP.envelope().signed_bytes) | {"keyid": key_id(public("ada"))}
    values["signatures"] = [forged]
    return bundle(by=["ada", "eve"], carried=[(2, unwire(values))])


ROOT_LIES.each(
    RootSelfError,
    lambda by: rotated(NEXT, *by),  # type: ignore[misc]
    {"a list of keys that those on it did not sign": ("ada", "ben"), "the same with a stranger": ("ada", "ben", "eve")},
)
ROOT_LIES.each(
    RootChainError,
    lambda lie: rotated(lie[0], "ada", "ben", "cleo", number=lie[1]),  # type: ignore[index]
    {
        "a list of keys left out": (changed(number=3), 3),
        "a list of keys that says another number than its name": (changed(number=3), 2),
        "a list of keys of another line": (changed(line="site"), 2),
    },
)
ROOT_LIES.each(
    RootKeysError,
    lambda lie: rotated(lie, "ada", "ben", "cleo"),  # type: ignore[arg-type]
    {
        "a key that anybody can sign for": changed(public_keys=tuple(sorted((EDGE.hex(), *NEXT.public_keys)))),
        "a key spelled as another one": changed(public_keys=(*NEXT.public_keys[:2], "f" * 62 + "ff")),
        "a key twice on the list": changed(public_keys=(NEXT.public_keys[0], *NEXT.public_keys)),
        "keys out of order": changed(public_keys=tuple(reversed(NEXT.public_keys))),
        "a threshold that nobody reaches": changed(threshold=4),
    },
)
ROOT_LIES.each(
    RootFormError,
    lambda lie: rotated(lie, "ada", "ben", "cleo"),  # type: ignore[arg-type]
    {
        "a list of keys with threshold 0": next_with(threshold=0),
        "a list of keys without keys": next_with(public_keys=[]),
        "seventeen keys": next_with(public_keys=[public(str(n)).hex() for n in range(17)]),
        "a list of keys for another product": next_with(product="chalet"),
        "a list of keys of another type": next_with(_type="cloister-root-v2"),
        "a list of keys with a field too many": next_with(expires="2027-01-01T00:00:00Z"),
        "a list of keys with a key of 31 bytes": next_with(public_keys=["00" * 31]),
        "a list of keys with two thresholds": NEXT.encode().replace(b'"threshold":2', b'"threshold":1,"threshold":2'),
        "a list of keys from a day that never was": next_with(created="2026-02-30T00:00:00Z"),
        "a list of keys that is no JSON": b"\x00",
    },
)


@ROOT_LIES.add(EnvelopeTypeError)
def a_manifest_in_the_place_of_a_list_of_keys() -> bytes:
    return bundle(carried=[(2, signed(enveloped(manifest()), "ada", "ben"))])
