"""What is checked of a member list that a browser sends: signature, chain, roles, and that the keys fit the people."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlmodel import Session

from appliance.crypto import hpke, keywrap, members
from appliance.crypto.envelope import DocumentType, require_form
from appliance.crypto.hpke import SealedKeyLabel, SealedKeyPurpose
from appliance.crypto.keywrap import WrapKind
from appliance.crypto.members import Member, MemberList, SignedList
from appliance.errors import (
    ConflictError,
    CryptoError,
    KeysRefusedError,
    LastOwnerError,
    MemberListError,
    MemberListSignerError,
)
from appliance.records import accounts
from appliance.records.accounts import Account
from appliance.worker.member_keys import SentKeys

MAX_NAME_BYTES = 1024  # Sealed: a name of 80 characters takes at most half of it.


def check_first(session: Session, account_id: str, signed: SignedList, keys: SentKeys) -> MemberList:
    """Return the first list of a workspace that somebody makes for themselves.

    Raises:
        MemberListError: And its kin: nobody would accept the list.
        KeysRefusedError: It names anybody else, or what came with it does not fit.
    """
    read = _read(signed)
    draft = _verified(lambda: members.verify_first(signed, bytes.fromhex(read.workspace)))
    if [member.account for member in draft.members] != [account_id]:
        raise KeysRefusedError
    _check_people(session, draft, draft.members)
    _check_keys(draft, draft.members, keys, needs_earlier=False)
    return draft


def check_change(
    session: Session, account_id: str, previous: MemberList, signed: SignedList, keys: SentKeys
) -> MemberList:
    """Return the list that follows the newest one of a workspace, signed by who sends it.

    Raises:
        ConflictError: It follows another list than the newest.
        LastOwnerError: It names no owner.
        MemberListError: And its kin: nobody would accept the list.
        KeysRefusedError: What came with it does not fit.
    """
    read = _read(signed)
    if not read.owners:
        raise LastOwnerError
    if (read.workspace, read.version, read.prev) != (
        previous.workspace,
        previous.version + 1,
        previous.digest.hex(),
    ):
        raise ConflictError
    if read.signer != account_id:
        raise MemberListSignerError
    draft = _verified(lambda: members.verify_next(previous, signed))
    before = {triple(member) for member in previous.members}
    added = tuple(member for member in draft.members if triple(member) not in before)
    is_new_epoch = draft.epoch != previous.epoch
    _check_people(session, draft, added)
    _check_keys(draft, draft.members if is_new_epoch else added, keys, needs_earlier=is_new_epoch)
    return draft


def triple(member: Member) -> tuple[str, str, str]:
    """Return what makes somebody in a list the same one in the next: the account with its keys."""
    return (member.account, member.ed, member.x)


def has_keys(account: Account, member: Member) -> bool:
    """Tell whether somebody has the keys that a list gives for them."""
    return (account.ed_public, account.x_public) == (bytes.fromhex(member.ed), bytes.fromhex(member.x))


def _read(signed: SignedList) -> MemberList:
    """Read a list only to see what it is about; nothing of it counts before it is verified."""
    try:
        return msgspec.json.decode(signed.encoded, type=MemberList)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as exc:
        raise KeysRefusedError from exc


def _verified(verify: Callable[[], MemberList]) -> MemberList:
    try:
        return verify()
    except MemberListError:
        raise
    except CryptoError as exc:
        raise KeysRefusedError from exc


def _check_people(session: Session, draft: MemberList, added: tuple[Member, ...]) -> None:
    """Make sure that who comes in has these keys, and that the name is sealed as one."""
    for member in added:
        account = accounts.find(session, member.account)
        if account is None or not has_keys(account, member):
            raise KeysRefusedError
    if len(draft.name) > MAX_NAME_BYTES:
        raise KeysRefusedError
    try:
        require_form(draft.name, DocumentType.NAME, bytes.fromhex(draft.workspace), draft.version)
    except CryptoError as exc:
        raise KeysRefusedError from exc


def _check_keys(draft: MemberList, due: tuple[Member, ...], keys: SentKeys, *, needs_earlier: bool) -> None:
    """Make sure that there is one key for each who needs one, each labelled as theirs, and the earlier one."""
    subject = bytes.fromhex(draft.workspace)
    if set(keys.sealed) != {member.account for member in due} or (keys.earlier is not None) != needs_earlier:
        raise KeysRefusedError
    try:
        for account, sealed in keys.sealed.items():
            label = SealedKeyLabel(SealedKeyPurpose.WORKSPACE_KEY, recipient=bytes.fromhex(account), subject=subject)
            if hpke.read_sealed_label(sealed) != label:
                raise KeysRefusedError
        if keys.earlier is not None:
            keywrap.require_label(keys.earlier, WrapKind.WORKSPACE_KEY_UNDER_NEXT, subject)
            found = keywrap.read_label(keys.earlier)
            if (found.epoch, found.wrapping_key_id.hex()) != (draft.epoch, draft.key):
                raise KeysRefusedError
    except CryptoError as exc:
        raise KeysRefusedError from exc
