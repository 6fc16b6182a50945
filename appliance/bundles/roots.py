"""Who may sign: lists of keys with a threshold, each signed by enough of the list before and of itself. No I/O.

There is a line of lists for the vendor, whose first is baked into the image, and may be one for the site, whose first
an administrator trusts. FORMAT.md section 4 is the specification.

Source: roots and their rotation after The Update Framework, specification 1.0.33, section 5.3, without expiry: an
appliance on its own has no clock to trust.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from appliance.bundles import spelling
from appliance.bundles.envelope import Envelope, key_id
from appliance.bundles.spelling import Count, Hex32, Instant
from appliance.errors import (
    RootChainError,
    RootFormError,
    RootKeysError,
    RootPredecessorError,
    RootSelfError,
    UnknownSignerError,
)

TYPE = "cloister-root-v1"
PRODUCT = "cloister"
PAYLOAD_TYPE = "application/vnd.cloister.root.v1+json"
MAX_ROOT_BYTES = 2**16
MAX_KEYS = 16
FIELD = 2**255 - 19

# The y coordinates of the eight points whose order divides 8. For such a "key" somebody without any private key can
# make signatures, so it must not be on a list.
WEAK_Y = frozenset(
    {
        0,
        1,
        FIELD - 1,
        int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
        int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
    }
)


class Root(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"type": "_type"}):
    """One list of those who may sign; the order of the fields is the order of the signed bytes.

    Attributes:
        type: What this document is.
        product: Whose bundles it is for.
        line: Name of the line of lists; the same from the first to the last.
        number: 1, 2, …; a bundle's epoch is the number of the list that it was signed under.
        threshold: How many of the keys it takes.
        created: When it was made, for people to read.
        public_keys: Ed25519, in hexadecimal, ascending, none twice.
    """

    type: str = TYPE
    product: str = PRODUCT
    line: Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,31}\Z")]
    number: Count
    threshold: Annotated[int, msgspec.Meta(ge=1, le=MAX_KEYS)]
    created: Instant
    public_keys: Annotated[tuple[Hex32, ...], msgspec.Meta(min_length=1, max_length=MAX_KEYS)]

    @classmethod
    def decode(cls, encoded: bytes) -> Root:
        """Read a list. Nothing of it is authentic before ``anchor`` or ``advance``.

        Raises:
            RootFormError: It is not a list, of another product, or not in the one spelling.
            RootKeysError: A key stands there twice or is none, or the threshold cannot be reached.
        """
        root = spelling.read(encoded, cls, RootFormError)
        if not spelling.is_spelled(root, encoded):
            raise RootFormError(reason="two readers could read different things in it")
        if (root.type, root.product) != (TYPE, PRODUCT):
            raise RootFormError(reason="it is for something else")
        if not spelling.is_instant(root.created):
            raise RootFormError(reason="there is no such date")
        root.require_sound()
        return root

    def require_sound(self) -> None:
        """Check that keys and threshold protect something.

        Raises:
            RootKeysError: They do not.
        """
        if list(self.public_keys) != sorted(set(self.public_keys)):
            raise RootKeysError(reason="its keys are not in order, or one is there twice")
        if self.threshold > len(self.public_keys):
            raise RootKeysError(reason=f"it takes {self.threshold} signatures and has {len(self.public_keys)} keys")
        if any(_is_weak(key) for key in self.public_keys):
            raise RootKeysError(reason="one of its keys is no key: anybody could sign for it")

    def encode(self) -> bytes:
        """Return the bytes that are signed."""
        return spelling.write(self)

    @property
    def keys(self) -> Mapping[str, bytes]:
        """Public keys of 32 bytes by their ids."""
        publics = (bytes.fromhex(key) for key in self.public_keys)
        return {key_id(public): public for public in publics}

    def envelope(self) -> Envelope:
        """Return the list in an envelope that nobody has signed yet.

        Raises:
            RootFormError, RootKeysError: It breaks a rule, and nobody would take it; see ``decode``.
        """
        return Envelope(PAYLOAD_TYPE, Root.decode(self.encode()).encode())


def make_root(line: str, publics: Iterable[bytes], threshold: int, created: str, number: int = 1) -> Root:
    """Return a list for somebody to sign.

    Args:
        line: Lower-case name, such as ``vendor`` or ``site``.
        publics: Ed25519 public keys, 32 bytes each.
        threshold: How many of them it takes; 1 of 1 for a site that builds its own sets.
        created: Such as 2026-11-25T12:00:00Z.
        number: One more than that of the list before.

    Raises:
        RootFormError, RootKeysError: Nobody would take it.
    """
    keys = tuple(sorted(public.hex() for public in publics))
    made = Root(line=line, number=number, threshold=threshold, created=created, public_keys=keys)
    return Root.decode(made.encode())


def anchor(encoded: bytes) -> Root:
    """Return the list that a line begins with here, trusted for where it lies: in the image, or with the administrator.

    Its own signatures prove only that those on it hold their keys, so that nothing unusable is ever trusted.

    Raises:
        EnvelopeError, ForgedSignatureError, RootFormError, RootKeysError: It is no signed list.
        RootSelfError: Too few of those on it signed it.
    """
    envelope = Envelope.decode(encoded, PAYLOAD_TYPE, MAX_ROOT_BYTES)
    root = Root.decode(envelope.payload)
    _require_self(root, envelope)
    return root


def advance(current: Root, carried: Iterable[tuple[int, bytes]]) -> Root:
    """Return the newest list of a line to which a bundle's lists lead step by step; if to none, the given one.

    Args:
        current: The newest list that is trusted.
        carried: Numbers and envelopes, ascending, as members of a bundle name them. Those up to the current number are
            passed over unread: what is trusted is not judged again by what is not.

    Raises:
        RootChainError: One is missing in between, or is of another line or number than it says.
        RootPredecessorError: Too few of the list before signed the next.
        RootSelfError: Too few of those on a list signed it.
        UnknownSignerError: Nobody of the list before signed the next.
        EnvelopeError, ForgedSignatureError, RootFormError, RootKeysError: It is no signed list.
    """
    for number, encoded in carried:
        if number > current.number:
            current = _next(current, number, encoded)
    return current


def require_apart(lines: Iterable[Root]) -> None:
    """Check that no key and no name stands for two lines, so that a signature says whose it is.

    Raises:
        RootKeysError: One does.
    """
    names: set[str] = set()
    keys: set[str] = set()
    for root in lines:
        if root.line in names or keys & set(root.public_keys):
            raise RootKeysError(reason=f"{root.line} has its name or a key from another list")
        names.add(root.line)
        keys |= set(root.public_keys)


def _next(current: Root, number: int, encoded: bytes) -> Root:
    if number != current.number + 1:
        raise RootChainError(number=number, expected=current.number + 1)
    envelope = Envelope.decode(encoded, PAYLOAD_TYPE, MAX_ROOT_BYTES)
    # Those who could sign until now are asked before anything of the new list is read.
    found = len(envelope.verify(current.keys))
    if found == 0:
        raise UnknownSignerError
    if found < current.threshold:
        raise RootPredecessorError(number=number, found=found, needed=current.threshold)
    root = Root.decode(envelope.payload)
    if (root.number, root.line) != (number, current.line):
        raise RootChainError(number=root.number, expected=number)
    _require_self(root, envelope)
    return root


def _require_self(root: Root, envelope: Envelope) -> None:
    found = len(envelope.verify(root.keys))
    if found < root.threshold:
        raise RootSelfError(number=root.number, found=found, needed=root.threshold)


def _is_weak(public_hex: str) -> bool:
    y = int.from_bytes(bytes.fromhex(public_hex), "little") & (2**255 - 1)
    return y in WEAK_Y or y >= FIELD  # Not reduced, it would be a second spelling of a key, with an id of its own.
