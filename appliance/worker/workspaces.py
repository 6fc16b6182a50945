"""Workspaces: made, changed and left. The server stores what owners signed, and cannot sign anything itself.

Browsers trust none of this: they verify every list themselves. What is checked here keeps a broken browser from storing
a list that others would refuse, or keys that lock somebody out.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from appliance.crypto.members import MemberList, Role, SignedList
from appliance.errors import LastOwnerError, NotFoundError, RoleError, WorkspaceNotEmptyError
from appliance.records import accounts, workspaces
from appliance.worker.ids import require_fresh
from appliance.worker.member_keys import (
    EarlierKey,
    SentKeys,
    earlier_keys,
    key_of,
    replacing,
    take_back_all_keys,
    take_back_keys,
)
from appliance.worker.sent_lists import check_change, check_first, has_keys, triple
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptList:
    """A list as browsers verify it, and when it came; the moment is the server's word."""

    body: bytes
    signature: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """What the server says about somebody in a list.

    Attributes:
        name: Empty where the account is gone.
        is_let_in: Whether they may come in: not who left, nor who has other keys than the list says.
    """

    account: str
    name: str
    is_let_in: bool


@dataclass(frozen=True, slots=True)
class SealedWorkspace:
    """All that a member's browser needs to open a workspace.

    Attributes:
        lists: From the first to the newest.
        key: The workspace key, sealed to whoever asks (SL1, purpose 2).
        earlier: Keys of earlier epochs, each under the one after it.
        people: Everybody whom a list names.
    """

    id: str
    lists: tuple[KeptList, ...]
    key: bytes
    earlier: tuple[EarlierKey, ...]
    people: tuple[Named, ...]


def sealed_workspace(workshop: Workshop, account_id: str, workspace_id: str) -> SealedWorkspace:
    """Return a workspace to one of its members.

    Raises:
        NotFoundError: There is none, or they are not let in.
    """
    with workshop.database.read() as session:
        _role(session, workspace_id, account_id)
        lists = workspaces.chain(session, workspace_id)
        newest = MemberList.decode(lists[-1].body)
        named = {member.account for each in lists for member in MemberList.decode(each.body).members}
        let_in = workspaces.members(session, workspace_id)
        people = tuple(_named(session, account, is_let_in=account in let_in) for account in sorted(named))
    return SealedWorkspace(
        id=workspace_id,
        lists=tuple(KeptList(each.body, each.signature, each.created_at) for each in lists),
        key=key_of(workshop, newest, account_id),
        earlier=earlier_keys(workshop, newest),
        people=people,
    )


def make(workshop: Workshop, account_id: str, signed: SignedList, keys: SentKeys) -> str:
    """Make a workspace whose only member is who asks; return its id.

    Raises:
        MemberListError: And its kin: nobody would accept the list.
        KeysRefusedError: What the browser sent does not fit together.
        ConflictError: Something else has this id.
        SignedOutError: Their account is being removed.
    """
    with workshop.changing_members:
        with workshop.database.read() as session:
            draft = check_first(session, account_id, signed, keys)
            require_fresh(workshop, session, bytes.fromhex(draft.workspace))
        with replacing(workshop, draft, keys, [account_id]), workshop.database.write() as session:
            accounts.require_open(session, account_id)
            workspaces.add(session, draft.workspace, account_id)
            workspaces.append(session, draft.workspace, draft.version, signed)
            workspaces.set_members(session, draft.workspace, {account_id: Role.OWNER})
    log.info("workspace made")
    return draft.workspace


def change(workshop: Workshop, account_id: str, workspace_id: str, signed: SignedList, keys: SentKeys) -> int:
    """Store the next list, with the keys that it needs; return its version. Who is gone from it is out at once.

    Raises:
        NotFoundError: There is no such workspace, or they are not let in.
        RoleError: They are no owner.
        ConflictError: The list does not follow the newest one: another owner was quicker.
        LastOwnerError: Nobody would be left who can change the members.
        MemberListError: And its kin: nobody would accept the list.
        KeysRefusedError: What the browser sent does not fit together.
    """
    with workshop.changing_members:
        with workshop.database.read() as session:
            _require_owner(session, workspace_id, account_id)
            previous = newest_list(session, workspace_id)
            draft = check_change(session, account_id, previous, signed, keys)
            roles = _let_in(session, previous, draft)
        with replacing(workshop, draft, keys, list(roles)), workshop.database.write() as session:
            workspaces.append(session, workspace_id, draft.version, signed)
            workspaces.set_members(session, workspace_id, roles)
    workshop.board.publish("", None)  # Pages that stay open show what is readable now, and no more.
    log.info("workspace changed")
    return draft.version


def leave(workshop: Workshop, account_id: str, workspace_id: str) -> None:
    """Let somebody out who wants to go. The list names them until an owner signs one that does not.

    Raises:
        NotFoundError: There is no such workspace, or they are not let in.
        LastOwnerError: They are its only owner.
    """
    with workshop.changing_members:
        with workshop.database.write() as session:
            _role(session, workspace_id, account_id)
            roles = workspaces.members(session, workspace_id)
            del roles[account_id]
            if Role.OWNER not in roles.values():
                raise LastOwnerError
            workspaces.set_members(session, workspace_id, roles)
        take_back_keys(workshop, workspace_id, account_id)
    workshop.board.publish("", None)
    log.info("member left")


def close(workshop: Workshop, account_id: str, workspace_id: str) -> None:
    """Remove a workspace in which there is nothing left, for good: its keys first.

    Raises:
        NotFoundError: There is no such workspace, or they are not let in.
        RoleError: They are no owner.
        WorkspaceNotEmptyError: There are recordings in it.
    """
    with workshop.changing_members:
        with workshop.database.read() as session:
            _require_owner(session, workspace_id, account_id)
            if workspaces.has_recordings(session, workspace_id):
                raise WorkspaceNotEmptyError
        remove(workshop, workspace_id)


def remove(workshop: Workshop, workspace_id: str) -> None:
    """Erase the keys of a workspace, then its rows; to be called with ``changing_members`` held."""
    take_back_all_keys(workshop, workspace_id)
    workshop.database.remove(lambda session: workspaces.remove(session, workspace_id))
    log.info("workspace removed")


def newest_list(session: Session, workspace_id: str) -> MemberList:
    """Return the newest list of a workspace, which was verified when it came.

    Raises:
        NotFoundError: There is no such workspace.
    """
    return MemberList.decode(workspaces.newest(session, workspace_id).body)


def _role(session: Session, workspace_id: str, account_id: str) -> Role:
    role = workspaces.role_of(session, workspace_id, account_id)
    if role is None:
        raise NotFoundError
    return role


def _require_owner(session: Session, workspace_id: str, account_id: str) -> None:
    if _role(session, workspace_id, account_id) is not Role.OWNER:
        raise RoleError


def _let_in(session: Session, previous: MemberList, draft: MemberList) -> dict[str, Role]:
    """Return whom a list lets in: not who has other keys by now, nor who left and was only not struck off yet."""
    inside = workspaces.members(session, draft.workspace)
    before = {triple(member) for member in previous.members}
    roles = {}
    for member in draft.members:
        account = accounts.find(session, member.account)
        has_left = triple(member) in before and member.account not in inside
        if account is not None and has_keys(account, member) and not has_left:
            roles[member.account] = member.role
    if Role.OWNER not in roles.values():
        raise LastOwnerError
    return roles


def _named(session: Session, account_id: str, *, is_let_in: bool) -> Named:
    account = accounts.find(session, account_id)
    return Named(account_id, account.name if account else "", is_let_in)
