"""The keys of workspaces in the key store: the newest sealed to each member, the earlier ones each under the next.

Keys lie in the key store and lists in the main database, and a change of both can be cut off in between. A next key in
the place of the one before, with a list that does not know it, would lock everybody out. So it is put beside it first,
under a name made of the account and of the key's id; then the list is stored; then it takes its place. Whenever that
stops, the newest list says which of the two is meant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from appliance.crypto.hpke import SealedKeyPurpose
from appliance.crypto.keywrap import WrapKind
from appliance.crypto.members import MemberList
from appliance.errors import NotFoundError
from appliance.records import workspaces
from appliance.records.keystore import SEALED, Wrap
from appliance.worker.workshop import Workshop

MEMBER_KEY = SEALED | SealedKeyPurpose.WORKSPACE_KEY
ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class SentKeys:
    """The keys that come with a list.

    Attributes:
        sealed: The workspace key, sealed to accounts by id (SL1, purpose 2).
        earlier: With a new epoch the key of the one before, under the new one (KW1, kind 11).
    """

    sealed: dict[str, bytes]
    earlier: bytes | None


@dataclass(frozen=True, slots=True)
class EarlierKey:
    """The key of epoch ``epoch - 1`` under the one of ``epoch``."""

    epoch: int
    wrapped: bytes


@contextmanager
def replacing(workshop: Workshop, draft: MemberList, keys: SentKeys, let_in: Sequence[str]) -> Iterator[None]:
    """Put keys beside those of before, run the change of the rows, and let them take their place.

    To be called with ``changing_members`` held, and with what was checked.

    Args:
        workshop: The appliance.
        draft: The list to which the keys belong.
        keys: That came with it.
        let_in: Accounts that have a key afterwards; the keys of all others are taken back.
    """
    subject = bytes.fromhex(draft.workspace)
    waiting = [
        Wrap(subject, MEMBER_KEY, _name_of(account, draft), sealed)
        for account, sealed in keys.sealed.items()
        if account in let_in
    ]
    settled = [
        Wrap(subject, MEMBER_KEY, bytes.fromhex(account), sealed)
        for account, sealed in keys.sealed.items()
        if account in let_in
    ]
    earlier = [Wrap(subject, WrapKind.WORKSPACE_KEY_UNDER_NEXT, _epoch(draft.epoch), keys.earlier or b"")]
    workshop.keystore.put(*waiting, *(earlier if keys.earlier else ()))
    try:
        yield
    except BaseException:
        workshop.keystore.change((), take_back=[*waiting, *(earlier if keys.earlier else ())])
        raise
    gone = [wrap for wrap in _member_keys(workshop, subject) if wrap.holder.hex() not in let_in]
    workshop.keystore.change(settled, take_back=gone)


def key_of(workshop: Workshop, newest: MemberList, account_id: str) -> bytes:
    """Return the newest workspace key as it is sealed to a member.

    Raises:
        NotFoundError: They have none.
    """
    subject = bytes.fromhex(newest.workspace)
    held = {wrap.holder: wrap.wrapped for wrap in _member_keys(workshop, subject)}
    found = held.get(_name_of(account_id, newest)) or held.get(bytes.fromhex(account_id))
    if found is None:
        raise NotFoundError
    return found


def earlier_keys(workshop: Workshop, newest: MemberList) -> tuple[EarlierKey, ...]:
    """Return the keys of earlier epochs, the newest first."""
    subject = bytes.fromhex(newest.workspace)
    kept = [
        EarlierKey(int.from_bytes(wrap.holder), wrap.wrapped)
        for wrap in workshop.keystore.held(subject)
        if wrap.kind == WrapKind.WORKSPACE_KEY_UNDER_NEXT
    ]
    # One of an epoch that no list knows is left over from a change that was cut off.
    return tuple(sorted((key for key in kept if key.epoch <= newest.epoch), key=lambda key: -key.epoch))


def take_back_keys(workshop: Workshop, workspace_id: str, account_id: str) -> None:
    """Take the key of a workspace back from somebody who is not let in any more."""
    subject, holder = bytes.fromhex(workspace_id), bytes.fromhex(account_id)
    workshop.keystore.change((), take_back=[Wrap(subject, MEMBER_KEY, holder, b"")])


def take_back_all_keys(workshop: Workshop, workspace_id: str) -> None:
    """Erase every key of a workspace, the earlier ones too; only its own, whatever else had its id."""
    held = workshop.keystore.held(bytes.fromhex(workspace_id))
    kinds = (MEMBER_KEY, WrapKind.WORKSPACE_KEY_UNDER_NEXT)
    workshop.keystore.change((), take_back=[wrap for wrap in held if wrap.kind in kinds])


def tidy_member_keys(workshop: Workshop) -> None:
    """After a start: end the changes that were cut off. Nothing else changes members meanwhile."""
    with workshop.database.read() as session:
        let_in = {subject: workspaces.members(session, subject.hex()) for subject in workspaces.ids(session)}
        newest = {subject: MemberList.decode(workspaces.newest(session, subject.hex()).body) for subject in let_in}
    for subject, accounts in let_in.items():
        waiting = {_name_of(account, newest[subject]): bytes.fromhex(account) for account in accounts}
        held = _member_keys(workshop, subject)
        settled = [
            Wrap(subject, MEMBER_KEY, waiting[wrap.holder], wrap.wrapped) for wrap in held if wrap.holder in waiting
        ]
        gone = [wrap for wrap in held if wrap.holder.hex() not in accounts]
        if gone:
            workshop.keystore.change(settled, take_back=gone)


def _member_keys(workshop: Workshop, subject: bytes) -> list[Wrap]:
    return [wrap for wrap in workshop.keystore.held(subject) if wrap.kind == MEMBER_KEY]


def _name_of(account_id: str, members: MemberList) -> bytes:
    return hashlib.sha256(bytes.fromhex(account_id) + bytes.fromhex(members.key)).digest()[:ID_BYTES]


def _epoch(epoch: int) -> bytes:
    return epoch.to_bytes(ID_BYTES)
