"""Links that let somebody enrol, once: an invitation for a new person, or a way back for one who has an account.

A token is 32 random bytes. Only its SHA-256 is kept, so that a copy of the database lets nobody in; a digest needs no
salt and no stretching, because nobody can guess what it is the digest of.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, or_, select, update

from appliance.errors import LinkUsedError, NameTakenError
from appliance.records import accounts
from appliance.records.columns import new_id, utc_now
from appliance.records.tables_of_people import Account, SetupLink

__all__ = [
    "LINK_LIFETIME",
    "SetupLink",
    "first_link",
    "invite",
    "is_for",
    "link_for",
    "look",
    "pending",
    "take_back",
    "use",
]

TOKEN_BYTES = 32
LINK_LIFETIME = timedelta(hours=24)


def invite(session: Session, name: str | None, role: str, now: datetime | None = None) -> str:
    """Return the token of a link for somebody new; one for the same name that nobody used stops working.

    Args:
        session: A writing one.
        name: Whom to invite; None lets the bearer choose.
        role: Of the account to be made.
        now: This moment.

    Raises:
        PersonNameError: The name cannot be one.
        NameTakenError: Somebody has it already.
    """
    kept = None if name is None else accounts.checked_name(name)
    key = None if kept is None else accounts.name_key(kept)
    if kept is not None and accounts.by_name(session, kept) is not None:
        raise NameTakenError(name=kept)
    of_nobody_yet = col(SetupLink.account_id).not_in(select(Account.id))
    session.exec(delete(SetupLink).where(of_nobody_yet, col(SetupLink.name_key).is_not_distinct_from(key)))
    token, link = _fresh(now, account_id=new_id(), role=role)
    link.name, link.name_key = kept, key
    return _keep(session, token, link)


def link_for(session: Session, account: Account, now: datetime | None = None) -> str:
    """Return the token of a link by which somebody who has an account enrols afresh; links of before stop working.

    Who never enrolled chooses a name: the row is then that of an owner from before there were names.
    """
    session.exec(delete(SetupLink).where(col(SetupLink.account_id) == account.id))
    token, link = _fresh(now, account_id=account.id, role=account.role)
    link.name, link.reset = account.name if account.is_enrolled else None, account.is_enrolled
    return _keep(session, token, link)


def first_link(session: Session, now: datetime | None = None) -> str | None:
    """Return the token of the link by which the first administrator comes in, or None where there is one."""
    if accounts.has_administrator(session):
        return None
    owner = accounts.unenrolled_administrator(session)
    return link_for(session, owner, now) if owner else invite(session, None, accounts.ADMINISTRATOR, now)


def look(session: Session, token: str, now: datetime | None = None) -> SetupLink:
    """Return what a link is for, without using it: a preview or a scanner that opens it uses nothing up.

    Raises:
        LinkUsedError: It was used, has expired, was replaced, or never was.
    """
    link = session.get(SetupLink, _digest(token))
    if link is None or link.used_at is not None or link.expires_at <= (now or utc_now()):
        raise LinkUsedError
    return link


def is_for(session: Session, account_id: str) -> bool:
    """Tell whether a link is for this account, or will make it."""
    return session.exec(select(SetupLink.token_digest).where(SetupLink.account_id == account_id)).first() is not None


def use(session: Session, token: str, now: datetime | None = None) -> SetupLink:
    """Use a link, once, and return what it is for.

    Raises:
        LinkUsedError: It was used, has expired, was replaced, or never was.
    """
    now = now or utc_now()
    still_good = (col(SetupLink.token_digest) == _digest(token), col(SetupLink.used_at).is_(None))
    statement = update(SetupLink).where(*still_good, col(SetupLink.expires_at) > now).values(used_at=now)
    if session.exec(statement).rowcount != 1:
        raise LinkUsedError
    return session.exec(select(SetupLink).where(SetupLink.token_digest == _digest(token))).one()


def pending(session: Session, now: datetime | None = None) -> Sequence[SetupLink]:
    """Return the invitations that still work for people who have no account yet, the newest first."""
    working = (col(SetupLink.used_at).is_(None), col(SetupLink.expires_at) > (now or utc_now()))
    of_nobody_yet = col(SetupLink.account_id).not_in(select(Account.id))
    return session.exec(
        select(SetupLink).where(*working, of_nobody_yet).order_by(col(SetupLink.expires_at).desc())
    ).all()


def take_back(session: Session, account_id: str) -> None:
    """Let an invitation work no more; nothing happens where it was used or taken back before."""
    session.exec(delete(SetupLink).where(col(SetupLink.account_id) == account_id, col(SetupLink.used_at).is_(None)))


def _fresh(now: datetime | None, account_id: str, role: str) -> tuple[str, SetupLink]:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = (now or utc_now()) + LINK_LIFETIME
    return token, SetupLink(token_digest=_digest(token), account_id=account_id, role=role, expires_at=expires_at)


def _keep(session: Session, token: str, link: SetupLink) -> str:
    ended = or_(col(SetupLink.used_at).is_not(None), col(SetupLink.expires_at) <= link.expires_at - LINK_LIFETIME)
    session.exec(delete(SetupLink).where(ended))
    session.add(link)
    session.flush()
    return token


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
