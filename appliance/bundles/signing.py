"""Signing: of a whole bundle, of its envelope carried to a machine without a network, and of a list of signing keys.

Whoever signs vouches for what the payload says, so it is read first, and what would be refused is not signed. Of a
bundle, every file is held against the manifest while the file is written anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.bundles import manifest as manifests
from appliance.bundles import roots
from appliance.bundles.archive import Sink, Stream, write_bundle
from appliance.bundles.envelope import MAX_DETACHED_BYTES, MAX_ENVELOPE_BYTES, Envelope, key_id
from appliance.bundles.manifest import Manifest
from appliance.bundles.opening import Head, read_head
from appliance.bundles.parts import open_parts
from appliance.bundles.roots import MAX_ROOT_BYTES, Root
from appliance.bundles.writing import appearing, write_file
from appliance.crypto import identity
from appliance.errors import BundleFileError, SigningError

FIRST_ROOT = 1


@dataclass(frozen=True, slots=True)
class Signable:
    """Something that can be signed, as it lies in a file.

    Attributes:
        path: Of the file.
        envelope: With the signatures that it has.
        document: What the payload says.
        is_bundle: Whether the file is a whole bundle, and not an envelope alone.
        root: The list that tells who may sign it; None where the file does not hold it.
    """

    path: Path
    envelope: Envelope
    document: Manifest | Root
    is_bundle: bool
    root: Root | None

    @classmethod
    def open(cls, path: Path, root: Root | None = None) -> Signable:
        """Read a file that somebody is about to sign.

        Args:
            path: A bundle, ``bundle.dsse.json`` of one, or a list of signing keys.
            root: The list that tells who may sign, where it is known from elsewhere.

        Raises:
            BundleFileError: It cannot be read, or is in parts.
            ArchiveError, EnvelopeError, ManifestError, RootError: It is nothing that anybody would take.
        """
        with open_parts(path) as stream:
            first = stream.read(1)
            is_in_parts = stream.name != path.name or not path.is_file()
        if first != b"{":
            if is_in_parts:
                raise BundleFileError(path=str(path), reason="it is in parts; join them, sign, and split it again")
            return cls._of_bundle(path, root)
        encoded = read_small(path, MAX_ENVELOPE_BYTES)
        if roots.PAYLOAD_TYPE.encode() in encoded[:200]:
            envelope = Envelope.draft(encoded, roots.PAYLOAD_TYPE, MAX_ROOT_BYTES)
            found = Root.decode(envelope.payload)
            return cls(path, envelope, found, is_bundle=False, root=root or (found if _is_first(found) else None))
        envelope = Envelope.draft(encoded, manifests.PAYLOAD_TYPE)
        return cls(path, envelope, Manifest.decode(envelope.payload), is_bundle=False, root=root)

    @classmethod
    def _of_bundle(cls, path: Path, root: Root | None) -> Signable:
        with open_parts(path) as stream:
            head = read_head(stream, Envelope.draft)
        manifest = Manifest.decode(head.envelope.payload)
        return cls(path, head.envelope, manifest, is_bundle=True, root=root or _carried_root(head, manifest))

    def signed_by(self, seeds: Iterable[bytes]) -> Signable:
        """Return it with more signatures, by Ed25519 seeds of 32 bytes.

        Raises:
            SigningError: A key is not among those that may sign.
            DuplicateSignerError: A key has signed it already.
        """
        envelope = self.envelope
        for seed in seeds:
            self._require_listed(key_id(identity.public_of_seed(seed)))
            envelope = envelope.signed_by(seed)
        return replace(self, envelope=envelope)

    def with_detached(self, detached: bytes) -> Signable:
        """Return it with a signature that was made elsewhere.

        Raises:
            EnvelopeError: It is no signature of this, or a second one by its key.
            SigningError: Its key is not among those that may sign.
            ForgedSignatureError: It was not made by the key that it names.
        """
        envelope = self.envelope.attach(detached)
        self._require_listed(envelope.signatures[-1].key_id)
        signed = replace(self, envelope=envelope)
        signed.signers()
        return signed

    def signers(self) -> frozenset[str]:
        """Return who of those that may sign has signed; nobody, where it is not known who may.

        Raises:
            ForgedSignatureError: A signature in the name of one of them is another's.
        """
        keys = self.root.keys if self.root else {}
        if isinstance(self.document, Root):
            keys = {**keys, **self.document.keys}
        return self.envelope.verify(keys)

    def store(self) -> None:
        """Write it with its signatures in the place of what is there.

        Raises:
            BundleFileError: It cannot be written; what is there stays.
            ArchiveError: A file of the bundle is not what its manifest says.
        """
        encoded = self.envelope.encode()
        if not self.is_bundle:
            write_file(self.path, encoded, replace=True)
            return
        with open_parts(self.path) as stream, appearing(self.path, replace=True) as sink:
            rewrite(stream, sink, encoded)

    def _require_listed(self, signer: str) -> None:
        is_own_list = isinstance(self.document, Root) and signer in self.document.keys
        if self.root is not None and signer not in self.root.keys and not is_own_list:
            raise SigningError(
                reason=f"the key {signer[:16]}… is not on list number {self.root.number} of the line {self.root.line}"
            )


def read_small(path: Path, limit_bytes: int = MAX_DETACHED_BYTES) -> bytes:
    """Return a file of bounded size.

    Raises:
        BundleFileError: It cannot be read, or is larger.
    """
    with open_parts(path) as stream:
        if stream.size_bytes > limit_bytes:
            raise BundleFileError(path=str(path), reason=f"it is larger than {limit_bytes} bytes")
        found = b""
        while piece := stream.read(limit_bytes):
            found += piece
        return found


def rewrite(stream: Stream, sink: Sink, envelope: bytes | None = None) -> Manifest:
    """Copy a bundle, with another envelope where one is given, and hold every file against its own manifest.

    Whether anybody should trust that manifest is not asked here.

    Raises:
        ArchiveError, EnvelopeError, ManifestError: It is not a bundle, or a file in it is not what it says.
    """
    head = read_head(stream, Envelope.draft)
    manifest = Manifest.decode(head.envelope.payload)
    blobs = ((file.sha256, file.size, pieces) for file, pieces in head.files(manifest))
    write_bundle(sink, envelope or head.encoded, head.carried, blobs)
    return manifest


def _is_first(root: Root) -> bool:
    """Tell whether a list has nobody but itself to be signed by."""
    return root.number == FIRST_ROOT


def _carried_root(head: Head, manifest: Manifest) -> Root | None:
    """Return the list of keys that a bundle brings for its own epoch, unproven: it only keeps from signing in vain."""
    for number, encoded in head.carried:
        if number == manifest.epoch:
            return Root.decode(Envelope.decode(encoded, roots.PAYLOAD_TYPE, MAX_ROOT_BYTES).payload)
    return None
