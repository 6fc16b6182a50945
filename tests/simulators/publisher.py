"""A publisher of model bundles whose every step can be replaced by a lie. Every run makes the same bytes.

The archive is written here a second time, from FORMAT.md and not by ``appliance.bundles.archive``, so that a mistake in
one shows in the other.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from appliance.bundles import roots
from appliance.bundles.envelope import Envelope, key_id
from appliance.bundles.manifest import AppRange, Clip, File, Licence, Manifest
from appliance.bundles.roots import Root
from appliance.bundles.trust import Appliance, Installed, Mark, Memory
from appliance.crypto import identity

CREATED = "2026-11-20T08:00:00Z"
NOW_S = 1_795_600_000.0  # 2026-11-25
END = bytes(1024)


def seed(name: str) -> bytes:
    """Return an Ed25519 seed that is the same on each run."""
    return hashlib.sha256(f"cloister publisher/{name}".encode()).digest()


def public(name: str) -> bytes:
    """Return the public key of a name."""
    return identity.public_of_seed(seed(name))


def content(path: str, size: int) -> bytes:
    """Return bytes of a file that look random and are the same on each run."""
    return hashlib.shake_128(f"cloister publisher/{path}".encode()).digest(size)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that goes into a bundle."""

    path: str
    kind: str
    body: bytes

    def described(self) -> File:
        """Return its line of the manifest."""
        sha256 = hashlib.sha256(self.body).hexdigest()
        return File(path=self.path, sha256=sha256, size=len(self.body), kind=self.kind)


SOURCES = (
    Source("set/set.json", "json", b'{"schema": 1, "name": "tiny"}'),
    Source("set/asr/model.bin", "ct2", content("model", 3_000)),
    Source("set/asr/tokenizer.json", "json", b"{}" * 256),  # A whole block: no padding.
    Source("set/segmentation/model.safetensors", "safetensors", content("segmentation", 700)),
    Source("set/nltk/punkt_tab/sent_starters.txt", "txt", b""),
    Source("set/licences/whisper-tiny.txt", "txt", b"MIT"),
    Source("selftest/ward.wav", "wav", content("ward", 1_500)),
    Source("selftest/ward.json", "json", b'{"language": "en", "segments": []}'),
)


HONEST = Manifest(
    epoch=1,
    release=7,
    min_release=0,
    version="2026.11",
    created=CREATED,
    app=AppRange(min="0.1.0", max="0.9999.9999"),
    set="tiny",
    files=tuple(source.described() for source in SOURCES),
    selftest=(Clip(audio="selftest/ward.wav", reference="selftest/ward.json", wer_max=0.15, der_max=0.2),),
    notes="Hears Bengali names better: \u09b6\u09cd\u09b0\u09c0\u200c\u09ae\u09a4\u09bf.",
    licenses=(Licence(component="whisper-tiny.en", spdx="MIT"),),
)


@dataclass(frozen=True, slots=True)
class World:
    """The appliance to which a bundle is shown: whom it trusts, what it remembers, where it stands."""

    lines: tuple[Root, ...]
    memories: dict[str, Memory] = field(default_factory=dict)
    appliance: Appliance = field(default_factory=lambda: Appliance("0.1.0", 2**40, NOW_S))

    def remembering(self, release: int, digest: str = "0" * 64, floor: Mark | None = None, epoch: int = 1) -> World:
        """Return the same appliance, which has seen a release of the vendor's."""
        highest = Installed("vendor", Mark(epoch, release), digest)
        return World(self.lines, {"vendor": Memory(highest, floor or Mark(0, 0))}, self.appliance)


def vendor_root(
    number: int = 1, names: Sequence[str] = ("ada", "ben", "cleo"), threshold: int = 2, line: str = "vendor"
) -> Root:
    """Return a list of keys by the names of their owners."""
    return roots.make_root(line, [public(name) for name in names], threshold, CREATED, number)


def signed(envelope: Envelope, *names: str) -> bytes:
    """Return an envelope signed by somebody."""
    for name in names:
        envelope = envelope.signed_by(seed(name))
    return envelope.encode()


def site_root() -> Root:
    """Return the list of a site that builds its own sets: one key."""
    return vendor_root(names=("site",), threshold=1, line="site")


def world(*, with_site: bool = False) -> World:
    """Return an appliance fresh from the box."""
    return World((vendor_root(), site_root()) if with_site else (vendor_root(),))


def manifest(**changes: object) -> Manifest:
    """Return an honest manifest, with some fields changed."""
    return msgspec.structs.replace(HONEST, **changes)


def raw_header(name: bytes, size: int, kind: bytes = b"0", /, **fields: bytes) -> bytes:
    """Return a ustar header in which any field may hold anything; its checksum is right unless given."""
    layout = {
        "name": (100, name), "mode": (8, b"0000644\0"), "uid": (8, b"0000000\0"), "gid": (8, b"0000000\0"),
        "size": (12, b"%011o\0" % size), "mtime": (12, b"00000000000\0"), "checksum": (8, b" " * 8),
        "kind": (1, kind), "link": (100, b""), "magic": (8, b"ustar\x0000"), "uname": (32, b""), "gname": (32, b""),
        "devmajor": (8, b""), "devminor": (8, b""), "prefix": (155, b""), "rest": (12, b""),
    }  # fmt: skip
    block = b"".join(fields.get(key, value).ljust(width, b"\0")[:width] for key, (width, value) in layout.items())
    checksum = fields.get("checksum", b"%06o\0 " % sum(block))
    return block[:148] + checksum + block[156:]


def member(name: str, body: bytes, kind: bytes = b"0", **fields: bytes) -> bytes:
    """Return a member: header, content, zeros."""
    return raw_header(name.encode(), len(body), kind, **fields) + body + bytes(-len(body) % 512)


def envelope_member(encoded: bytes) -> bytes:
    """Return the first member."""
    return member("bundle.dsse.json", encoded)


def root_member(number: int, encoded: bytes) -> bytes:
    """Return the member of a root."""
    return member(f"roots/{number}.root.dsse.json", encoded)


def blob_member(body: bytes) -> bytes:
    """Return the member of a file."""
    return member(f"blobs/{hashlib.sha256(body).hexdigest()}", body)


def blobs(sources: Iterable[Source] = SOURCES) -> bytes:
    """Return the members of all files."""
    return b"".join(blob_member(source.body) for source in sources)


def bundle(
    of: Manifest | bytes | None = None,
    by: Sequence[str] = ("ada", "ben"),
    *,
    envelope: bytes | None = None,
    carried: Iterable[tuple[int, bytes]] = (),
    files: bytes | None = None,
    end: bytes = END,
) -> bytes:
    """Return a bundle; an honest one where nothing is given.

    Args:
        of: The manifest, or the bytes that are signed in its place.
        by: Who signs.
        envelope: In the place of the signed manifest.
        carried: Numbers and envelopes of roots.
        files: Members in the place of the blobs.
        end: In the place of the end.
    """
    if envelope is None:
        envelope = signed(enveloped(manifest() if of is None else of), *by)
    middle = b"".join(root_member(number, encoded) for number, encoded in carried)
    return envelope_member(envelope) + middle + (blobs() if files is None else files) + end


def enveloped(of: Manifest | bytes) -> Envelope:
    """Return a manifest, or any bytes that pose as one, in an envelope that nobody has signed."""
    return Envelope("application/vnd.cloister.bundle.v1+json", of.encode() if isinstance(of, Manifest) else of)


def wire(envelope: bytes) -> dict[str, object]:
    """Return an envelope as plain values, to be bent."""
    return dict(json.loads(envelope))


def unwire(values: object) -> bytes:
    """Return plain values in the spelling of envelopes, manifests and roots."""
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()


def signature_of(name: str, message: bytes) -> dict[str, str]:
    """Return a signature over any bytes, as an envelope spells it."""
    signature = identity.sign(seed(name), message)
    return {"keyid": key_id(public(name)), "sig": base64.b64encode(signature).decode()}
