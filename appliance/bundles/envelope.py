"""DSSE: some bytes, what they are, and detached Ed25519 signatures over both. Rules only, no I/O.

Nothing of the payload is parsed before ``verify``. FORMAT.md section 3 is the specification.

Source: DSSE v1.0.2, https://github.com/secure-systems-lab/dsse (protocol.md, envelope.md).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from appliance.bundles import spelling
from appliance.bundles.spelling import Hex32
from appliance.crypto import identity
from appliance.errors import (
    DuplicateSignerError,
    EnvelopeBase64Error,
    EnvelopeFormError,
    EnvelopeSpellingError,
    EnvelopeTooLargeError,
    EnvelopeTypeError,
    ForgedSignatureError,
    ThresholdError,
    UnknownSignerError,
    WrongKeyError,
)

MAX_ENVELOPE_BYTES = 2**20  # An envelope is read before it is trusted, so cap it.
MAX_SIGNATURES = 16  # Each costs a verification before anything is trusted.
KEY_BYTES = 32
SIGNATURE_BYTES = 64
MAX_DETACHED_BYTES = 1_000
DETACHED = "cloister-signature-v1"


class _WireSignature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keyid: Hex32
    sig: str


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"payload_type": "payloadType"}):
    payload_type: str
    payload: str
    signatures: tuple[_WireSignature, ...]


class _WireDetached(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"type": "_type", "payload_type": "payloadType"}
):
    type: str
    payload_type: str
    sha256: Hex32
    keyid: Hex32
    sig: str


@dataclass(frozen=True, slots=True)
class Signature:
    """Somebody's signature.

    Attributes:
        key_id: Of the key that is said to have made it, in hexadecimal.
        signature: 64 bytes.
    """

    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is signed, and by whom it is said to be. Nothing of it is authentic before ``verify`` or ``require``.

    Attributes:
        payload_type: Media type of the payload; signed too.
        payload: Any bytes.
        signatures: In the order in which they were added; no key twice.
    """

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...] = ()

    @classmethod
    def decode(cls, encoded: bytes, payload_type: str, limit_bytes: int = MAX_ENVELOPE_BYTES) -> Envelope:
        """Read an envelope.

        Args:
            encoded: As found.
            payload_type: What the payload must be.
            limit_bytes: Of the whole envelope.

        Raises:
            EnvelopeTooLargeError: It is larger than any.
            EnvelopeFormError: It is not JSON of the right form, has no or too many signatures, or one of another size.
            EnvelopeSpellingError: It is not spelled in the one way.
            EnvelopeTypeError: It carries something else.
            EnvelopeBase64Error: Payload or signature is not plain base64.
            DuplicateSignerError: A key id stands there twice.
        """
        envelope = cls.draft(encoded, payload_type, limit_bytes)
        if not envelope.signatures:
            raise EnvelopeFormError(reason="it has 0 signatures")
        return envelope

    @classmethod
    def draft(cls, encoded: bytes, payload_type: str, limit_bytes: int = MAX_ENVELOPE_BYTES) -> Envelope:
        """Read an envelope that somebody is about to sign: it may have no signature yet. Else as ``decode``."""
        if len(encoded) > limit_bytes:
            raise EnvelopeTooLargeError(size_bytes=len(encoded), limit_bytes=limit_bytes)
        wire = spelling.read(encoded, _Wire, EnvelopeFormError)
        if not spelling.is_spelled(wire, encoded):
            raise EnvelopeSpellingError
        if wire.payload_type != payload_type:
            raise EnvelopeTypeError(found=spelling.shown(wire.payload_type), expected=payload_type)
        if len(wire.signatures) > MAX_SIGNATURES:
            raise EnvelopeFormError(reason=f"it has {len(wire.signatures)} signatures")
        signatures = tuple(Signature(each.keyid, _signature(each.sig)) for each in wire.signatures)
        _refuse_twice(signatures)
        return cls(payload_type, _bytes_of(wire.payload), signatures)

    def encode(self) -> bytes:
        """Return the envelope in its one spelling."""
        signatures = tuple(_WireSignature(each.key_id, _text_of(each.signature)) for each in self.signatures)
        return spelling.write(_Wire(self.payload_type, _text_of(self.payload), signatures))

    @property
    def signed_bytes(self) -> bytes:
        """What a signature is over: PAE, in which no two pairs of type and payload give the same bytes."""
        return pae(self.payload_type, self.payload)

    def signed_by(self, seed: bytes) -> Envelope:
        """Return the envelope with one more signature, made by an Ed25519 seed of 32 bytes.

        Raises:
            DuplicateSignerError: This key has signed it already.
        """
        signature = Signature(key_id(identity.public_of_seed(seed)), identity.sign(seed, self.signed_bytes))
        return self.with_signature(signature)

    def with_signature(self, signature: Signature) -> Envelope:
        """Return the envelope with a signature that somebody made elsewhere.

        Raises:
            DuplicateSignerError: This key has signed it already.
            EnvelopeFormError: It has as many signatures as it can have.
        """
        signatures = (*self.signatures, signature)
        _refuse_twice(signatures)
        if len(signatures) > MAX_SIGNATURES:
            raise EnvelopeFormError(reason=f"it has {len(signatures)} signatures")
        return replace(self, signatures=signatures)

    def verify(self, keys: Mapping[str, bytes]) -> frozenset[str]:
        """Return the ids of those of the given keys that signed it.

        A signature by a key that is not among them counts for nothing and does no harm: after a change of keys an
        envelope may bear old and new ones.

        Args:
            keys: Public keys of 32 bytes by their ids.

        Raises:
            ForgedSignatureError: A signature in the name of one of the keys was not made by it.
        """
        valid = set()
        for each in self.signatures:
            # The key is looked up by its id, and never taken from the envelope.
            if each.key_id in keys:
                _verify_one(keys[each.key_id], self.signed_bytes, each)
                valid.add(each.key_id)
        return frozenset(valid)

    def require(self, keys: Mapping[str, bytes], threshold: int) -> frozenset[str]:
        """Return who signed it, where they are enough.

        Args:
            keys: Public keys of 32 bytes by their ids.
            threshold: How many different keys it takes, at least 1.

        Raises:
            UnknownSignerError: None of the keys signed it.
            ThresholdError: Some did, and they are too few.
            ForgedSignatureError: As in ``verify``.
            ValueError: The threshold would let anything pass.
        """
        if threshold < 1:
            raise ValueError(f"a threshold is at least 1, not {threshold}")
        valid = self.verify(keys)
        if not valid:
            raise UnknownSignerError
        if len(valid) < threshold:
            raise ThresholdError(found=len(valid), needed=threshold)
        return valid

    def detach(self, key: str) -> bytes:
        """Return one signature as a file of its own, to be carried to whoever collects them.

        Raises:
            KeyError: The key has not signed it.
        """
        by_key = {each.key_id: each.signature for each in self.signatures}
        digest = hashlib.sha256(self.payload).hexdigest()
        return spelling.write(_WireDetached(DETACHED, self.payload_type, digest, key, _text_of(by_key[key])))

    def attach(self, detached: bytes) -> Envelope:
        """Return the envelope with a signature from a file of its own.

        Raises:
            EnvelopeTooLargeError, EnvelopeFormError, EnvelopeSpellingError, EnvelopeBase64Error: It is no such file.
            EnvelopeTypeError: It signs something else than this payload.
            DuplicateSignerError: This key has signed it already.
        """
        if len(detached) > MAX_DETACHED_BYTES:
            raise EnvelopeTooLargeError(size_bytes=len(detached), limit_bytes=MAX_DETACHED_BYTES)
        wire = spelling.read(detached, _WireDetached, EnvelopeFormError)
        if not spelling.is_spelled(wire, detached):
            raise EnvelopeSpellingError
        ours = (DETACHED, self.payload_type, hashlib.sha256(self.payload).hexdigest())
        if (wire.type, wire.payload_type, wire.sha256) != ours:
            raise EnvelopeTypeError(
                found=f"{spelling.shown(wire.payload_type)} {wire.sha256[:16]}", expected=ours[2][:16]
            )
        return self.with_signature(Signature(wire.keyid, _signature(wire.sig)))


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding of a payload and its type: with their lengths before them."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def key_id(public: bytes) -> str:
    """Return the id of a public key: the SHA-256 of its 32 bytes, so that nobody chooses it."""
    if len(public) != KEY_BYTES:
        raise ValueError(f"a public key has {KEY_BYTES} bytes, not {len(public)}")
    return hashlib.sha256(public).hexdigest()


def _verify_one(public: bytes, message: bytes, signature: Signature) -> None:
    try:
        identity.verify(public, message, signature.signature)
    except WrongKeyError as exc:
        raise ForgedSignatureError(signer=signature.key_id) from exc


def _refuse_twice(signatures: tuple[Signature, ...]) -> None:
    seen: set[str] = set()
    for each in signatures:
        if each.key_id in seen:
            raise DuplicateSignerError(signer=each.key_id)
        seen.add(each.key_id)


def _signature(text: str) -> bytes:
    signature = _bytes_of(text)
    if len(signature) != SIGNATURE_BYTES:
        raise EnvelopeFormError(reason=f"a signature has {len(signature)} bytes")
    return signature


def _bytes_of(text: str) -> bytes:
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise EnvelopeBase64Error from exc
    # The last character may hold bits that belong to no byte: two texts would then stand for the same bytes.
    if _text_of(decoded) != text:
        raise EnvelopeBase64Error
    return decoded


def _text_of(blob: bytes) -> str:
    return base64.b64encode(blob).decode("ascii")
