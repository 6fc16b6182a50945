"""The vectors of bundles hold, for the modules and for anybody who has JSON, SHA-256 and Ed25519."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from appliance.bundles import archive, roots
from appliance.bundles.envelope import Envelope, key_id, pae
from appliance.bundles.manifest import PAYLOAD_TYPE, Manifest
from appliance.bundles.opening import read_head
from appliance.crypto import identity
from appliance.errors import BundleError
from tests.simulators.publisher import vendor_root

Case = dict[str, Any]
VECTORS: Case = json.loads((Path(__file__).resolve().parent.parent / "vectors" / "bundles.json").read_text())


def named(group: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in VECTORS[group]]


def lists(case: Case) -> list[tuple[int, bytes]]:
    return [(each["number"], each["root"].encode()) for each in case["carried"]]


@pytest.mark.parametrize("case", named("pae"))
def test_signed_bytes(case: Case) -> None:
    assert pae(case["type"], case["payload"].encode()).hex() == case["signed"]


def test_keys_have_their_ids() -> None:
    for each in VECTORS["keys"].values():
        public = identity.public_of_seed(bytes.fromhex(each["seed"]))
        assert (public.hex(), key_id(public)) == (each["public"], each["id"])


def test_the_manifest_is_read_and_spelled_so() -> None:
    encoded = VECTORS["manifest"].encode()
    assert Manifest.decode(encoded).encode() == encoded
    assert json.dumps(json.loads(encoded), separators=(",", ":"), ensure_ascii=False).encode() == encoded


def test_an_envelope_is_verified_by_hand() -> None:
    wire = json.loads(VECTORS["envelope"])
    payload = base64.b64decode(wire["payload"])
    assert payload.decode() == VECTORS["manifest"]
    kind = wire["payloadType"].encode()
    message = b" ".join((b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload))
    publics = {each["id"]: bytes.fromhex(each["public"]) for each in VECTORS["keys"].values()}
    for each in wire["signatures"]:
        identity.verify(publics[each["keyid"]], message, base64.b64decode(each["sig"]))
    assert sorted(each["keyid"] for each in wire["signatures"]) == VECTORS["signers"]


def test_a_signature_by_itself_belongs_to_the_manifest() -> None:
    attached = Envelope(PAYLOAD_TYPE, VECTORS["manifest"].encode()).attach(VECTORS["detached"].encode())
    assert attached.signatures[0] in Envelope.decode(VECTORS["envelope"].encode(), PAYLOAD_TYPE).signatures


@pytest.mark.parametrize("case", named("roots"))
def test_a_list_of_keys_follows(case: Case) -> None:
    root = roots.advance(roots.anchor(case["anchor"].encode()), lists(case))
    assert (root.number, root.threshold, sorted(root.keys)) == (case["number"], case["threshold"], case["ids"])


@pytest.mark.parametrize("case", named("roots_refuse"))
def test_a_list_of_keys_is_refused_with_its_code(case: Case) -> None:
    with pytest.raises(BundleError) as refused:
        roots.advance(roots.anchor(case["anchor"].encode()), lists(case))
    assert refused.value.code == case["code"]


@pytest.mark.parametrize("case", named("headers"))
def test_a_header(case: Case) -> None:
    assert archive.header(case["name"], case["size"]).hex() == case["header"].ljust(1024, "0")


def test_a_whole_bundle_is_put_together_and_taken_apart() -> None:
    bodies = [bytes.fromhex(body) for body in VECTORS["bundle"]["bodies"]]
    out = io.BytesIO()
    blobs = [(hashlib.sha256(body).hexdigest(), len(body), [body]) for body in bodies]
    archive.write_bundle(out, VECTORS["envelope"].encode(), lists(VECTORS["roots"][0]), blobs)
    assert len(out.getvalue()) == VECTORS["bundle"]["size"]
    assert hashlib.sha256(out.getvalue()).hexdigest() == VECTORS["bundle"]["sha256"]
    head = read_head(io.BytesIO(out.getvalue()))
    manifest = head.manifest(head.newest_root([vendor_root()]))
    assert [b"".join(pieces) for _, pieces in head.files(manifest)] == bodies
