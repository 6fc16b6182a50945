"""Who may come in: the owner, one-time links, and signed-in browsers.

Tokens are 32 random bytes. Only their SHA-256 is kept, so that a copy of the database signs nobody in; a digest needs
no salt and no stretching, because nobody can guess what it is the digest of.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, or_, select, update

from appliance.errors import DiskFullError, LinkUsedError, SignedOutError
from appliance.records.columns import utc_now
from appliance.records.database import Database
from appliance.records.tables import Account, LiveSession, SetupLink

__all__ = [
    "Account", "LiveSession", "SetupLink", "end_all_sessions", "end_session", "has_live_session", "is_live",
    "issue_link", "redeem_link", "session_account", "signed_in",
]  # fmt: skip

TOKEN_BYTES = 32
LINK_LIFETIME = timedelta(hours=24)
SESSION_LIFETIME = timedelta(hours=12)
SESSION_IDLE = timedelta(minutes=30)
SEEN_STEP = timedelta(minutes=1)  # A write for every request would cost more than a minute's precision is worth.
OWNER = "owner"


def issue_link(session: Session, now: datetime | None = None) -> str:
    """Return the token of a new link that signs the owner in; links that nobody used before stop working."""
    now = now or utc_now()
    owner = _owner(session)
    session.exec(delete(SetupLink).where(col(SetupLink.account_id) == owner.id))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(SetupLink(token_digest=_digest(token), account_id=owner.id, expires_at=now + LINK_LIFETIME))
    session.flush()
    return token


def redeem_link(session: Session, token: str, now: datetime | None = None) -> str:
    """Exchange a link's token, once, for the token of a session cookie.

    Raises:
        LinkUsedError: It was used, has expired, was replaced, or never was.
    """
    now = now or utc_now()
    digest = _digest(token)
    still_good = (col(SetupLink.token_digest) == digest, col(SetupLink.used_at).is_(None))
    statement = update(SetupLink).where(*still_good, col(SetupLink.expires_at) > now).values(used_at=now)
    if session.exec(statement).rowcount != 1:
        raise LinkUsedError
    account_id = session.exec(select(SetupLink.account_id).where(SetupLink.token_digest == digest)).one()
    _forget_ended(session, now)
    cookie_token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(LiveSession(token_digest=_digest(cookie_token), account_id=account_id, created_at=now, seen_at=now))
    session.flush()
    return cookie_token


def signed_in(database: Database, cookie_token: str, now: datetime) -> Account:
    """Return whose request this is, and note at most once a minute that it came.

    Most requests only read, so that they never wait for a writer.

    Raises:
        SignedOutError: The session has ended, or never was.
    """
    with database.read() as session:
        account, seen_at = _live(session, cookie_token, now)
    if now - seen_at < SEEN_STEP:
        return account
    try:
        with database.write() as session:
            return session_account(session, cookie_token, now)
    except DiskFullError:
        return account  # Who cannot come in when the disk is full cannot delete anything either.


def session_account(session: Session, cookie_token: str, now: datetime) -> Account:
    """Return the account of a live session; in a writing transaction, because it may move ``seen_at``.

    Raises:
        SignedOutError: The session has ended, or never was.
    """
    account, seen_at = _live(session, cookie_token, now)
    if now - seen_at >= SEEN_STEP:
        statement = update(LiveSession).where(col(LiveSession.token_digest) == _digest(cookie_token))
        session.exec(statement.where(col(LiveSession.seen_at) < now).values(seen_at=now))
    return account


def is_live(session: Session, cookie_token: str, now: datetime) -> bool:
    """Tell whether a session still lasts, without noting that somebody asked: to be sent news is not to be active."""
    try:
        _live(session, cookie_token, now)
    except SignedOutError:
        return False
    return True


def end_session(session: Session, cookie_token: str) -> None:
    """Sign a browser out; nothing happens where it is not signed in."""
    session.exec(delete(LiveSession).where(col(LiveSession.token_digest) == _digest(cookie_token)))


def end_all_sessions(session: Session) -> None:
    """Sign every browser out, and take back every link that was not used."""
    session.exec(delete(LiveSession))
    session.exec(delete(SetupLink))


def has_live_session(session: Session, now: datetime | None = None) -> bool:
    """Tell whether anybody is signed in."""
    now = now or utc_now()
    alive = (LiveSession.created_at > now - SESSION_LIFETIME, LiveSession.seen_at > now - SESSION_IDLE)
    return session.exec(select(LiveSession.account_id).where(*alive).limit(1)).first() is not None


def _owner(session: Session) -> Account:
    owner = session.exec(select(Account).where(Account.role == OWNER)).first()
    if owner is None:
        owner = Account(role=OWNER)
        session.add(owner)
        session.flush()
    return owner


def _live(session: Session, cookie_token: str, now: datetime) -> tuple[Account, datetime]:
    found = session.exec(
        select(Account, LiveSession)
        .join(LiveSession, col(LiveSession.account_id) == Account.id)
        .where(LiveSession.token_digest == _digest(cookie_token))
    ).first()
    if found is None:
        raise SignedOutError
    account, live = found
    if now - live.created_at >= SESSION_LIFETIME or now - live.seen_at >= SESSION_IDLE:
        raise SignedOutError
    return account, live.seen_at


def _forget_ended(session: Session, now: datetime) -> None:
    too_old = col(LiveSession.created_at) <= now - SESSION_LIFETIME
    too_idle = col(LiveSession.seen_at) <= now - SESSION_IDLE
    session.exec(delete(LiveSession).where(or_(too_old, too_idle)))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
