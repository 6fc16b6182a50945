"""A workspace as its owners' browsers make and change it, with real keys and signatures."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import msgspec

from appliance.crypto import hpke, identity, keywrap, members
from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, seal_document
from appliance.crypto.hpke import SealedKeyLabel, SealedKeyPurpose
from appliance.crypto.keywrap import WrapKind, WrapLabel
from appliance.crypto.members import Member, MemberList, Role, SignedList
from appliance.worker.member_keys import SentKeys
from appliance.worker.privacy import SealedTitle
from appliance.worker.workshop import Workshop
from appliance.worker.workspaces import change, make, sealed_workspace
from tests.people import Person


@dataclass
class Team:
    """A workspace as its members know it.

    Attributes:
        keys: Workspace keys by epoch.
        lists: From the first on.
    """

    id: bytes = field(default_factory=lambda: os.urandom(16))
    name: str = "Ward 7"
    keys: dict[int, bytes] = field(default_factory=lambda: {1: os.urandom(32)})
    lists: list[MemberList] = field(default_factory=list)

    @classmethod
    def of(cls, workshop: Workshop, person: Person, workspace_id: str) -> Team:
        """Return a workspace that a browser made, as one of its members knows it."""
        served = sealed_workspace(workshop, person.account_id, workspace_id)
        team = cls(id=bytes.fromhex(workspace_id), lists=[MemberList.decode(each.body) for each in served.lists])
        team.keys = {team.newest.epoch: opened_key(person, team, served.key)}
        for earlier in served.earlier:
            above = team.keys[earlier.epoch]
            label = WrapLabel(WrapKind.WORKSPACE_KEY_UNDER_NEXT, earlier.epoch, keywrap.key_id(above), team.id)
            team.keys[earlier.epoch - 1] = keywrap.unwrap(above, earlier.wrapped, label)
        return team

    @property
    def hex(self) -> str:
        return self.id.hex()

    @property
    def newest(self) -> MemberList:
        return self.lists[-1]

    @property
    def key(self) -> bytes:
        return self.keys[self.newest.epoch]

    def draft(self, by: Person, people: dict[str, Member], *, new_key: bytes | None = None) -> MemberList:
        """Return the next list, unsigned."""
        epoch = (self.newest.epoch if self.lists else 1) + (1 if new_key else 0)
        key = new_key or self.keys[epoch]
        version = len(self.lists) + 1
        return MemberList(
            workspace=self.hex,
            version=version,
            prev=self.newest.digest.hex() if self.lists else members.NO_LIST,
            epoch=epoch,
            key=keywrap.key_id(key).hex(),
            inbox=identity.x_public_of(members.inbox_private(key)).hex(),
            name=seal_document(key, DocumentType.NAME, self.id, version, self.name.encode()),
            members=tuple(people.values()),
            signer=by.account_id,
        )

    def sealed_to(self, people: list[Member], key: bytes) -> dict[str, bytes]:
        """Seal a workspace key to some people."""
        return {
            person.account: hpke.seal_key(
                bytes.fromhex(person.x),
                key,
                SealedKeyLabel(SealedKeyPurpose.WORKSPACE_KEY, bytes.fromhex(person.account), self.id),
            )
            for person in people
        }

    def earlier(self, key: bytes) -> bytes:
        """Wrap the newest key under the next one."""
        label = WrapLabel(WrapKind.WORKSPACE_KEY_UNDER_NEXT, self.newest.epoch + 1, keywrap.key_id(key), self.id)
        return keywrap.wrap(key, self.key, label)

    def people(self) -> dict[str, Member]:
        return {member.account: member for member in self.newest.members}

    def made_by(self, workshop: Workshop, owner: Person) -> Team:
        draft = self.draft(owner, {owner.account_id: line(owner, Role.OWNER)})
        make(
            workshop,
            owner.account_id,
            signed(owner, draft),
            SentKeys(self.sealed_to([*draft.members], self.keys[1]), None),
        )
        self.lists.append(draft)
        return self

    def add(self, workshop: Workshop, by: Person, person: Person, role: Role = Role.EDITOR) -> None:
        member = line(person, role)
        draft = self.draft(by, self.people() | {person.account_id: member})
        self._store(workshop, by, draft, SentKeys(self.sealed_to([member], self.key), None))

    def change_role(self, workshop: Workshop, by: Person, person: Person, role: Role) -> None:
        draft = self.draft(by, self.people() | {person.account_id: line(person, role)})
        self._store(workshop, by, draft, SentKeys({}, None))

    def remove(self, workshop: Workshop, by: Person, person: Person) -> None:
        draft, keys, key = self.removal(by, person)
        self._store(workshop, by, draft, keys)
        self.keys[draft.epoch] = key

    def removal(self, by: Person, person: Person) -> tuple[MemberList, SentKeys, bytes]:
        """Return what an owner sends to remove somebody, and the next key."""
        key = os.urandom(32)
        stay = {account: member for account, member in self.people().items() if account != person.account_id}
        draft = self.draft(by, stay, new_key=key)
        return draft, SentKeys(self.sealed_to([*stay.values()], key), self.earlier(key)), key

    def sealed_title(self, title: str) -> SealedTitle:
        document_id, file_key = new_document_id(), new_file_key()
        sealed = seal_document(file_key, DocumentType.TITLE, document_id, 1, title.encode())
        return SealedTitle(document_id, sealed, self.wrapped(document_id, file_key))

    def wrapped(self, document_id: bytes, file_key: bytes, epoch: int | None = None) -> bytes:
        """Wrap a file key for the members."""
        epoch = epoch or self.newest.epoch
        return keywrap.wrap(self.keys[epoch], file_key, self._label(document_id, epoch))

    def unwrapped(self, document_id: bytes, wrap: bytes) -> bytes:
        epoch = keywrap.read_label(wrap).epoch
        return keywrap.unwrap(self.keys[epoch], wrap, self._label(document_id, epoch))

    def opened_result(self, document_id: bytes, sealed_key: bytes) -> bytes:
        label = SealedKeyLabel(SealedKeyPurpose.RESULT, recipient=self.id, subject=document_id)
        return hpke.open_key(members.inbox_private(self.key), sealed_key, label)

    def _store(self, workshop: Workshop, by: Person, draft: MemberList, keys: SentKeys) -> None:
        change(workshop, by.account_id, self.hex, signed(by, draft), keys)
        self.lists.append(draft)

    def _label(self, document_id: bytes, epoch: int) -> WrapLabel:
        kind = WrapKind.FILE_KEY_UNDER_WORKSPACE_KEY
        return WrapLabel(kind, epoch, keywrap.key_id(self.keys[epoch]), document_id)


def line(person: Person, role: Role) -> Member:
    """Return somebody's line in a list."""
    ed, x = person.identity.ed_public.hex(), person.identity.x_public.hex()
    return Member(account=person.account_id, ed=ed, x=x, role=role)


def signed(by: Person, draft: MemberList) -> SignedList:
    """Sign a list, whether it keeps the rules or not."""
    encoded = msgspec.json.encode(draft)
    return SignedList(encoded, identity.sign(by.identity.ed_seed, members.LABEL + encoded))


def opened_key(person: Person, team: Team, sealed: bytes) -> bytes:
    """Open the workspace key that was sealed to somebody."""
    label = SealedKeyLabel(SealedKeyPurpose.WORKSPACE_KEY, bytes.fromhex(person.account_id), team.id)
    return hpke.open_key(person.identity.x_private, sealed, label)
