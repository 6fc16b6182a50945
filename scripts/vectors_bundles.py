"""Vectors of model bundles: appliance/bundles/FORMAT.md. What is signed is text: its bytes are signed as they are."""

from __future__ import annotations

import hashlib
import io

import msgspec
from vectors_parts import Case, refused

from appliance.bundles import archive, roots
from appliance.bundles.envelope import Envelope, key_id, pae
from appliance.bundles.manifest import PAYLOAD_TYPE, AppRange, Clip, File, Licence, Manifest
from appliance.bundles.roots import Root
from tests.simulators.publisher import CREATED, public, seed, signed, vendor_root

BODIES = {
    "set/set.json": ("json", b'{"schema":1}'),
    "set/asr/model.bin": ("ct2", bytes(600)),
    "selftest/ward.wav": ("wav", b""),
    "selftest/ward.json": ("json", b"{}" * 256),
}


def small_manifest() -> Manifest:
    """Return a manifest that has every field, and every character that is escaped."""
    files = tuple(
        File(path=path, sha256=hashlib.sha256(body).hexdigest(), size=len(body), kind=kind)
        for path, (kind, body) in BODIES.items()
    )
    clip = Clip(audio="selftest/ward.wav", reference="selftest/ward.json", wer_max=0.15, der_max=None)
    return Manifest(
        epoch=2, release=7, min_release=5, version="2026.11", created=CREATED,
        app=AppRange(min="0.1.0", max="0.9.9999"), set="tiny", files=files, selftest=(clip,),
        notes='A "quote", a \\, a line\nand \u09b6\u09cd\u09b0\u09c0\u200c.',
        licenses=(Licence(component="whisper-tiny.en", spdx="MIT"),),
    )  # fmt: skip


def bundle_vectors() -> Case:
    """Return what is signed, lists that follow one another and lists that do not, headers, and a whole bundle."""
    one, two = vendor_root(), vendor_root(2, ("ben", "cleo", "dara"))
    manifest = signed(small_manifest().envelope(), "ben", "dara")
    carried = [(2, signed(two.envelope(), "ada", "ben", "dara"))]
    out = io.BytesIO()
    blobs = [(hashlib.sha256(body).hexdigest(), len(body), [body]) for _, body in BODIES.values()]
    archive.write_bundle(out, manifest, carried, blobs)
    case: Case = {
        "name": "another list of keys",
        "anchor": signed(one.envelope(), "ada", "ben").decode(),
        "carried": [told(*each) for each in carried],
    }
    return {
        "keys": {name: {"seed": seed(name).hex(), "public": public(name).hex(), "id": key_id(public(name))}
                 for name in ("ada", "ben", "cleo", "dara", "eve")},
        "pae": [{"name": name, "type": kind, "payload": payload, "signed": pae(kind, payload.encode()).hex()}
                for name, kind, payload in (("DSSE's own", "http://example.com/HelloWorld", "hello world"),
                                            ("nothing", PAYLOAD_TYPE, ""), ("bytes, not letters", "\u00e9", "\u09b6"))],
        "manifest": small_manifest().encode().decode(),
        "envelope": manifest.decode(),
        "signers": sorted((key_id(public("ben")), key_id(public("dara")))),
        "detached": Envelope.decode(manifest, PAYLOAD_TYPE).detach(key_id(public("dara"))).decode(),
        "roots": [case | {"number": 2, "threshold": 2, "ids": sorted(two.keys)}],
        "roots_refuse": root_refusals(case, two),
        "headers": [{"name": name, "size": size, "header": archive.header(name, size).hex().rstrip("0")}
                    for name, size in (("bundle.dsse.json", 1_234), ("roots/2.root.dsse.json", 0),
                                       (archive.blob_name(blobs[0][0]), archive.MAX_MEMBER_BYTES))],
        "bundle": {"bodies": [body.hex() for _, body in BODIES.values()], "size": len(out.getvalue()),
                   "sha256": hashlib.sha256(out.getvalue()).hexdigest()},
    }  # fmt: skip


def root_refusals(case: Case, two: Root) -> list[Case]:
    """Return lists of keys that do not follow from the first."""
    weak = msgspec.structs.replace(two, public_keys=tuple(sorted((*two.public_keys, "01" + "00" * 31))))
    broken: dict[str, tuple[str, int, bytes]] = {
        "approved by one": ("bundle.root.predecessor", 2, signed(two.envelope(), "ada", "dara")),
        "approved by nobody": ("bundle.signature.unknown", 2, signed(two.envelope(), "dara", "eve")),
        "not signed by itself": ("bundle.root.self", 2, signed(vendor_root(2, ("eve",), 1).envelope(), "ada", "ben")),
        "one left out": ("bundle.root.chain", 3, signed(vendor_root(3).envelope(), "ada", "ben")),
        "of another line": ("bundle.root.chain", 2, signed(vendor_root(2, line="site").envelope(), "ada", "ben")),
        "a key of small order": (
            "bundle.root.keys",
            2,
            signed(Envelope(roots.PAYLOAD_TYPE, weak.encode()), "ada", "ben"),
        ),
        "a manifest": ("bundle.envelope.type", 2, signed(small_manifest().envelope(), "ada", "ben")),
        "a line feed": ("bundle.envelope.spelling", 2, signed(two.envelope(), "ada", "ben") + b"\n"),
    }
    return [refused(case, name, code, carried=[told(number, root)]) for name, (code, number, root) in broken.items()]


def told(number: int, root: bytes) -> Case:
    """Return a list of keys as a bundle carries it."""
    return {"number": number, "root": root.decode()}
