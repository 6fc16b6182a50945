"""Who is in a workspace: a list that its owners sign, each chained to the one before. Rules only, no I/O.

FORMAT.md section 9 is the specification.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec

from appliance.crypto import identity, keywrap
from appliance.crypto.kdf import hkdf256
from appliance.errors import (
    MemberListKeyError,
    MemberListOrderError,
    MemberListSignerError,
    UnknownFormatError,
    WrongContextError,
    WrongKeyError,
)

LABEL = b"cloister/members/v1\0"
INBOX_INFO = b"cloister/v1/workspace-x25519"
MAX_LIST_BYTES = 2**20  # A list comes from the server and is read before its signature is checked, so cap it.
MAX_VERSION = 2**53 - 1  # What a number of JavaScript holds exactly.
NO_LIST = "0" * 64

Hex16 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
Hex32 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Role(StrEnum):
    """What a member may do. Only an owner's signature counts; that a viewer does not write is the server's rule."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One person in a workspace.

    Attributes:
        account: Id in hexadecimal.
        ed: Ed25519 public key in hexadecimal.
        x: X25519 public key in hexadecimal.
        role: Owner, editor or viewer.
    """

    account: Hex16
    ed: Hex32
    x: Hex32
    role: Role


class MemberList(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One version of a workspace's members; the order of the fields is the order of the signed bytes.

    Attributes:
        workspace: Id in hexadecimal.
        version: 1, 2, …
        prev: SHA-256 of the list before in hexadecimal, or zeros.
        epoch: Generation of the workspace key, 1 to 65,535.
        key: Id of that key in hexadecimal.
        inbox: X25519 public key to which results are sealed, in hexadecimal.
        name: The workspace's name, a CB1 of type 7 under that key.
        members: At least one owner; nobody twice.
        signer: Account of the owner who signed.
    """

    workspace: Hex16
    version: Annotated[int, msgspec.Meta(ge=1, le=MAX_VERSION)]
    prev: Hex32
    epoch: Annotated[int, msgspec.Meta(ge=1, le=2**16 - 1)]
    key: Hex16
    inbox: Hex32
    name: bytes
    members: tuple[Member, ...]
    signer: Hex16

    @classmethod
    def decode(cls, encoded: bytes) -> MemberList:
        """Read a list. Nothing of it is authentic before ``verify_first``, ``verify_next`` or ``verify_chain``.

        Raises:
            UnknownFormatError: It is not a list, not spelled as this module spells it, has no owner, or has somebody
                twice.
        """
        if len(encoded) > MAX_LIST_BYTES:
            raise UnknownFormatError
        try:
            read = msgspec.json.decode(encoded, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as exc:
            raise UnknownFormatError from exc
        # The bytes are signed as they stand. Were a second spelling taken (a key twice, white space, an escape), two
        # parsers could read two lists out of one signature.
        if read.encode() != encoded or not read.owners or not read.has_nobody_twice:
            raise UnknownFormatError
        return read

    def encode(self) -> bytes:
        """Return the bytes that are signed and hashed."""
        return msgspec.json.encode(self)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the bytes: what the next list names, and what a reader remembers."""
        return hashlib.sha256(self.encode()).digest()

    @property
    def owners(self) -> tuple[Member, ...]:
        """The members whose signature the next list may have."""
        return tuple(member for member in self.members if member.role is Role.OWNER)

    @property
    def has_nobody_twice(self) -> bool:
        """Whether accounts and keys are all different; else a fingerprint would stand for two people."""
        columns = zip(*((member.account, member.ed, member.x) for member in self.members), strict=True)
        return all(len(set(column)) == len(self.members) for column in columns)

    def require_key(self, workspace_key: bytes) -> None:
        """Check that a key is the one this list names, whoever sealed it: HPKE does not say who did.

        Raises:
            WrongContextError: It is another key.
        """
        inbox = identity.x_public_of(inbox_private(workspace_key))
        is_key = hmac.compare_digest(keywrap.key_id(workspace_key), bytes.fromhex(self.key))
        if not is_key or not hmac.compare_digest(inbox, bytes.fromhex(self.inbox)):
            raise WrongContextError


@dataclass(frozen=True, slots=True)
class SignedList:
    """A list as it is stored: its bytes and a signature of 64 bytes."""

    encoded: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader remembers of a workspace: the newest version it saw, and the SHA-256 of that list."""

    version: int
    digest: bytes


def verify_first(signed: SignedList, workspace: bytes) -> MemberList:
    """Return the first list of a workspace, which vouches for itself: fingerprints tell whose key signed it.

    Args:
        signed: As it was found.
        workspace: Id of the workspace that the reader asked for.

    Raises:
        UnknownFormatError: It is not a list.
        WrongContextError: It is the list of another workspace.
        MemberListOrderError: It is not a first list.
        MemberListSignerError: It has several owners, or its owner did not sign it.
    """
    read = MemberList.decode(signed.encoded)
    if read.workspace != workspace.hex():
        raise WrongContextError
    if (read.version, read.prev, read.epoch) != (1, NO_LIST, 1):
        raise MemberListOrderError
    if len(read.owners) != 1:
        raise MemberListSignerError
    _verify_signer(read, signed.signature, read.owners)
    return read


def verify_next(previous: MemberList, signed: SignedList) -> MemberList:
    """Return the list that follows a verified one.

    Raises:
        UnknownFormatError: It is not a list.
        WrongContextError: It is the list of another workspace.
        MemberListOrderError: It does not follow: older, a fork, or one was left out.
        MemberListSignerError: No owner of the list before signed it.
        MemberListKeyError: Somebody is gone and the key stayed, or the key changed without a new epoch.
    """
    read = MemberList.decode(signed.encoded)
    if read.workspace != previous.workspace:
        raise WrongContextError
    if (read.version, read.prev) != (previous.version + 1, previous.digest.hex()):
        raise MemberListOrderError
    # The owners of the list before, not of this one: else whoever adds themselves as an owner could sign it.
    _verify_signer(read, signed.signature, previous.owners)
    _check_key(previous, read)
    return read


def verify_chain(chain: Sequence[SignedList], workspace: bytes, seen: Seen | None = None) -> MemberList:
    """Return the newest list of a workspace, verified back to the first.

    Args:
        chain: Every list from version 1 on.
        workspace: Id of the workspace that the reader asked for.
        seen: What the reader remembers, if it saw this workspace before.

    Raises:
        MemberListOrderError: There is no list, or what the reader remembers is not in the chain (rollback, fork).
        UnknownFormatError, WrongContextError, MemberListSignerError, MemberListKeyError: As in ``verify_next``.
    """
    if not chain:
        raise MemberListOrderError
    newest = verify_first(chain[0], workspace)
    remembers = seen is None or _is_seen(newest, seen)
    for signed in chain[1:]:
        newest = verify_next(newest, signed)
        remembers = remembers or _is_seen(newest, seen)
    if not remembers:
        raise MemberListOrderError
    return newest


def sign_list(ed_seed: bytes, members: MemberList) -> SignedList:
    """Sign a list.

    Raises:
        UnknownFormatError: It breaks a rule that every list keeps, and nobody would take it.
    """
    encoded = MemberList.decode(members.encode()).encode()
    return SignedList(encoded, identity.sign(ed_seed, LABEL + encoded))


def inbox_private(workspace_key: bytes) -> bytes:
    """Return the X25519 private key of a workspace's inbox, which everybody derives who has the workspace key."""
    return hkdf256(workspace_key, INBOX_INFO)


def _verify_signer(read: MemberList, signature: bytes, owners: tuple[Member, ...]) -> None:
    """Check the signature with the key that a list already trusted gives for the signer."""
    signer = next((owner for owner in owners if owner.account == read.signer), None)
    if signer is None:
        raise MemberListSignerError
    try:
        identity.verify(bytes.fromhex(signer.ed), LABEL + read.encode(), signature)
    except WrongKeyError as exc:
        raise MemberListSignerError from exc


def _check_key(previous: MemberList, read: MemberList) -> None:
    """Check that the key changes when somebody is gone, and only with a new epoch."""
    is_new_epoch = read.epoch == previous.epoch + 1
    if not is_new_epoch and read.epoch != previous.epoch:
        raise MemberListKeyError
    if is_new_epoch and (read.key == previous.key or read.inbox == previous.inbox):
        raise MemberListKeyError
    if not is_new_epoch and (read.key, read.inbox) != (previous.key, previous.inbox):
        raise MemberListKeyError
    # Another key of the same account counts as another person: the one before may be in other hands.
    if not is_new_epoch and _people(previous) - _people(read):
        raise MemberListKeyError


def _people(members: MemberList) -> set[tuple[str, str, str]]:
    return {(member.account, member.ed, member.x) for member in members.members}


def _is_seen(members: MemberList, seen: Seen | None) -> bool:
    return seen is not None and (members.version, members.digest) == (seen.version, seen.digest)
