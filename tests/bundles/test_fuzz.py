"""Whatever the bytes, reading them ends in what was signed or in one of the declared errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.bundles import roots
from appliance.bundles.envelope import Envelope, key_id
from appliance.bundles.manifest import PAYLOAD_TYPE, Manifest
from appliance.bundles.roots import Root
from appliance.errors import BundleError, EnvelopeError, ManifestError, RootError
from tests.bundles.mutations import bent, bent_archive
from tests.bundles.opened import show
from tests.simulators.publisher import bundle, manifest, public, seed, signed, vendor_root, world

FEW = settings(max_examples=100, deadline=None)
LONG_CASES = 1_000_000

HONEST = manifest()
ENCODED = HONEST.encode()
ENVELOPE = HONEST.envelope().signed_by(seed("ada")).signed_by(seed("ben"))
SIGNED = ENVELOPE.encode()
DETACHED = ENVELOPE.detach(key_id(public("ben")))
ROOT = vendor_root(2)
CARRIED = signed(ROOT.envelope(), "ada", "ben")
BUNDLE = bundle(manifest(epoch=2), carried=[(2, CARRIED)])
WORLD = world()

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@contextmanager
def refusal(family: type[BundleError]) -> Iterator[None]:
    """Take an error of one family for an answer, where its sentence has no place without a fact."""
    try:
        yield
    except family as error:
        if not str(error).isprintable():
            pytest.fail(ascii(str(error)))


def read_manifest(encoded: bytes) -> None:
    with refusal(ManifestError):
        assert Manifest.decode(encoded).encode() == encoded


def read_envelope(encoded: bytes) -> None:
    with refusal(BundleError):
        envelope = Envelope.decode(encoded, PAYLOAD_TYPE)
        assert envelope.encode() == encoded
        envelope.require(vendor_root().keys, 2)
        assert envelope.payload == ENCODED


def read_root(encoded: bytes) -> None:
    with refusal(RootError):
        assert Root.decode(encoded).encode() == encoded


def read_anchor(encoded: bytes) -> None:
    with refusal(BundleError):
        assert roots.anchor(encoded) == ROOT


def attach(encoded: bytes) -> None:
    with refusal(EnvelopeError):
        HONEST.envelope().attach(encoded)


def read_bundle(encoded: bytes) -> None:
    with refusal(BundleError):
        show(encoded, WORLD)
        assert encoded == BUNDLE


def read_signed(payload: bytes) -> None:
    """Read a bundle whose publisher truly signed something bent."""
    with refusal(BundleError):
        shown = show(bundle(payload), WORLD)
        assert shown.manifest is not None
        assert shown.manifest.encode() == payload


CASES: dict[str, tuple[Callable[[bytes], None], Callable[[Random], bytes]]] = {
    "a manifest": (read_manifest, lambda random: bent(random, ENCODED)),
    "an envelope": (read_envelope, lambda random: bent(random, SIGNED)),
    "a list of keys": (read_root, lambda random: bent(random, ROOT.encode())),
    "a signed list of keys": (read_anchor, lambda random: bent(random, CARRIED)),
    "a signature by itself": (attach, lambda random: bent(random, DETACHED)),
    "an archive": (read_bundle, lambda random: bent_archive(random, BUNDLE)),
    "a manifest that was signed": (read_signed, lambda random: bent(random, ENCODED, 1)),
}


def test_what_is_bent_was_taken_before() -> None:
    assert Manifest.decode(ENCODED) == HONEST
    assert Envelope.decode(SIGNED, PAYLOAD_TYPE).require(vendor_root().keys, 2)
    assert roots.anchor(CARRIED) == Root.decode(ROOT.encode()) == ROOT
    assert HONEST.envelope().attach(DETACHED).signatures
    assert show(BUNDLE, WORLD).stage == show(bundle(ENCODED), WORLD).stage == "done"


@pytest.mark.parametrize("case", CASES)
@FEW
@given(random=st.randoms(use_true_random=False))
def test_what_was_bent_is_refused_in_words(case: str, random: Random) -> None:
    read, make = CASES[case]
    read(make(random))


@pytest.mark.parametrize("read", [read_manifest, read_envelope, read_root, read_anchor, attach, read_bundle])
@FEW
@given(noise=st.binary(max_size=2_000))
def test_noise_is_refused_in_words(read: Callable[[bytes], None], noise: bytes) -> None:
    read(noise)


@FEW
@given(field=st.sampled_from(sorted(json.loads(ENCODED))), value=JSON)
def test_any_value_in_any_field_of_a_manifest_is_refused_in_words_or_taken(field: str, value: object) -> None:
    values = json.loads(ENCODED) | {field: value}
    read_manifest(json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass"))


@FEW
@given(path=st.text(max_size=40), kind=st.text(max_size=12), size=st.integers())
def test_any_file_in_a_manifest_is_refused_in_words_or_lies_inside(path: str, kind: str, size: int) -> None:
    values = json.loads(ENCODED)
    values["files"].append({"path": path, "sha256": "0" * 64, "size": size, "kind": kind})
    read_manifest(json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass"))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_a_million_bent_inputs_end_in_words(part: int) -> None:
    for number in range(part, LONG_CASES, 4):
        case = list(CASES)[number // 4 % len(CASES)]
        read, make = CASES[case]
        encoded = make(Random(number))
        try:
            read(encoded)
        except Exception as exc:
            raise AssertionError(f"{case} number {number}: {encoded[:400]!r}") from exc
