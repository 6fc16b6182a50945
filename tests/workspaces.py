"""A small workspace whose owners act by the rules, and the means to break each of them. Every run has the same bytes.

For tests and scripts/vectors: keys come from names, and salts are chosen, as no writer may do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from appliance.crypto import envelope, identity, keywrap, members
from appliance.crypto.envelope import DocumentType
from appliance.crypto.identity import Identity
from appliance.crypto.members import Member, MemberList, Role, SignedList


def drawn(name: str, size: int = 32) -> bytes:
    """Return bytes that look random and are the same on each run."""
    return hashlib.sha256(f"cloister workspaces/{name}".encode()).digest()[:size]


WORKSPACE = drawn("workspace", 16)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account and an identity."""

    account: bytes
    identity: Identity

    def as_member(self, role: Role) -> Member:
        """Return this person's line in a list."""
        return Member(
            account=self.account.hex(),
            ed=self.identity.ed_public.hex(),
            x=self.identity.x_public.hex(),
            role=role,
        )


def person(name: str) -> Person:
    """Return the person of a name."""
    return Person(drawn(f"account {name}", 16), Identity(drawn(f"x {name}"), drawn(f"ed {name}")))


def workspace_key(epoch: int, workspace: bytes = WORKSPACE) -> bytes:
    """Return the workspace key of an epoch."""
    return drawn(f"workspace key {workspace.hex()} {epoch}")


def first(owner: str = "anna", workspace: bytes = WORKSPACE) -> MemberList:
    """Return the first list of a workspace, with its owner alone."""
    alone = (person(owner).as_member(Role.OWNER),)
    return _list(workspace, 1, members.NO_LIST, 1, alone, person(owner).account)


def following(previous: MemberList, by: str, people: dict[str, Role], *, new_epoch: bool = False) -> MemberList:
    """Return the list that an owner makes after another one."""
    return _list(
        bytes.fromhex(previous.workspace),
        previous.version + 1,
        previous.digest.hex(),
        previous.epoch + new_epoch,
        tuple(person(name).as_member(role) for name, role in people.items()),
        person(by).account,
    )


def signed(draft: MemberList, by: str) -> SignedList:
    """Sign a list, whether it keeps the rules or not."""
    return signed_bytes(draft.encode(), by)


def signed_bytes(encoded: bytes, by: str) -> SignedList:
    """Sign any bytes."""
    return SignedList(encoded, identity.sign(person(by).identity.ed_seed, members.LABEL + encoded))


def changed(draft: MemberList, **fields: object) -> MemberList:
    """Return a list with other values in some fields."""
    return msgspec.structs.replace(draft, **fields)


def _list(
    workspace: bytes, version: int, prev: str, epoch: int, people: tuple[Member, ...], signer: bytes
) -> MemberList:
    key = workspace_key(epoch, workspace)
    return MemberList(
        workspace=workspace.hex(),
        version=version,
        prev=prev,
        epoch=epoch,
        key=keywrap.key_id(key).hex(),
        inbox=identity.x_public_of(members.inbox_private(key)).hex(),
        name=_name(key, workspace, version),
        members=people,
        signer=signer.hex(),
    )


def _name(key: bytes, workspace: bytes, version: int) -> bytes:
    """Seal a name with a salt of its own that is the same on each run."""
    text = b"Ward 7"
    stored = b"\1" + len(text).to_bytes(2, "little") + (0xFFFF - len(text)).to_bytes(2, "little") + text
    marked = stored + envelope.PADDING_MARK
    body = marked.ljust(envelope.padded_size(len(marked)), b"\0")
    header = envelope._header(DocumentType.NAME, workspace, version)
    return envelope._seal_body(key, header, body, drawn(f"salt {workspace.hex()} {version}", 24))
