"""Browsers that are signed in: begun with a token of their own, noted while they are used, ended one by one or all.

Of a token only the SHA-256 is kept, as of a link's. A session also has an id, which opens nothing, so that pages and
the server's memory can name it.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, or_, select, update

from appliance.errors import DiskFullError, NotFoundError, SignedOutError
from appliance.records.columns import utc_now
from appliance.records.database import Database
from appliance.records.tables_of_people import Account, LiveSession

__all__ = [
    "Account", "LiveSession", "SignedIn", "begin", "end", "end_all", "end_one", "end_others", "forget_recovery", "ids",
    "is_live", "listing", "present", "signed_in",
]  # fmt: skip

TOKEN_BYTES = 32
SESSION_LIFETIME = timedelta(hours=12)
SESSION_IDLE = timedelta(minutes=30)
SEEN_STEP = timedelta(minutes=1)  # A write for every request would cost more than a minute's precision is worth.


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose request this is, and in which session it came."""

    account: Account
    live: LiveSession


def begin(
    session: Session, account_id: str, device: str = "", *, recovered: bool = False, now: datetime | None = None
) -> str:
    """Begin a session and return the token of its cookie, always a new one.

    Args:
        session: A writing one.
        account_id: Who signed in.
        device: Browser and system in words.
        recovered: Whether by the recovery code.
        now: This moment.
    """
    now = now or utc_now()
    too_old = col(LiveSession.created_at) <= now - SESSION_LIFETIME
    too_idle = col(LiveSession.seen_at) <= now - SESSION_IDLE
    session.exec(delete(LiveSession).where(or_(too_old, too_idle)))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    begun = LiveSession(
        token_digest=_digest(token),
        account_id=account_id,
        created_at=now,
        seen_at=now,
        device=device,
        recovered=recovered,
    )
    session.add(begun)
    session.flush()
    return token


def signed_in(database: Database, token: str, now: datetime) -> SignedIn:
    """Return whose request this is, and note at most once a minute that it came.

    Most requests only read, so that they never wait for a writer.

    Raises:
        SignedOutError: The session has ended, or never was.
    """
    with database.read() as session:
        found = _live(session, token, now)
    if now - found.live.seen_at < SEEN_STEP:
        return found
    try:
        with database.write() as session:
            return present(session, token, now)
    except DiskFullError:
        return found  # Who cannot come in when the disk is full cannot delete anything either.


def present(session: Session, token: str, now: datetime) -> SignedIn:
    """Return whose session this is; in a writing transaction, because it may move ``seen_at``.

    Raises:
        SignedOutError: The session has ended, or never was.
    """
    found = _live(session, token, now)
    if now - found.live.seen_at >= SEEN_STEP:
        statement = update(LiveSession).where(col(LiveSession.token_digest) == _digest(token))
        session.exec(statement.where(col(LiveSession.seen_at) < now).values(seen_at=now))
    return found


def is_live(session: Session, token: str, now: datetime) -> bool:
    """Tell whether a session still lasts, without noting that somebody asked: to be sent news is not to be active."""
    try:
        _live(session, token, now)
    except SignedOutError:
        return False
    return True


def listing(session: Session, account_id: str, now: datetime | None = None) -> Sequence[LiveSession]:
    """Return the sessions of a person that last, the one used last first."""
    statement = select(LiveSession).where(LiveSession.account_id == account_id, *_lasting(now or utc_now()))
    return session.exec(statement.order_by(col(LiveSession.seen_at).desc())).all()


def ids(session: Session, now: datetime | None = None) -> set[str]:
    """Return the ids of all sessions that last."""
    return set(session.exec(select(LiveSession.id).where(*_lasting(now or utc_now()))))


def end(session: Session, token: str) -> None:
    """Sign a browser out; nothing happens where it is not signed in."""
    session.exec(delete(LiveSession).where(col(LiveSession.token_digest) == _digest(token)))


def end_one(session: Session, account_id: str, session_id: str) -> None:
    """End one session of a person.

    Raises:
        NotFoundError: There is none with this id, or it is somebody else's.
    """
    chosen = (col(LiveSession.id) == session_id, col(LiveSession.account_id) == account_id)
    if not session.exec(delete(LiveSession).where(*chosen)).rowcount:
        raise NotFoundError


def end_others(session: Session, account_id: str, kept_id: str) -> None:
    """End every session of a person but one."""
    others = (col(LiveSession.account_id) == account_id, col(LiveSession.id) != kept_id)
    session.exec(delete(LiveSession).where(*others))


def end_all(session: Session, account_id: str) -> None:
    """End every session of a person."""
    session.exec(delete(LiveSession).where(col(LiveSession.account_id) == account_id))


def forget_recovery(session: Session, session_id: str) -> None:
    """Let a session that was begun by the recovery code be like any other: a passphrase has been set in it."""
    session.exec(update(LiveSession).where(col(LiveSession.id) == session_id).values(recovered=False))


def _live(session: Session, token: str, now: datetime) -> SignedIn:
    found = session.exec(
        select(Account, LiveSession)
        .join(LiveSession, col(LiveSession.account_id) == Account.id)
        .where(LiveSession.token_digest == _digest(token))
    ).first()
    if found is None:
        raise SignedOutError
    account, live = found
    if now - live.created_at >= SESSION_LIFETIME or now - live.seen_at >= SESSION_IDLE:
        raise SignedOutError
    return SignedIn(account, live)


def _lasting(now: datetime) -> tuple[bool, bool]:
    return (LiveSession.created_at > now - SESSION_LIFETIME, LiveSession.seen_at > now - SESSION_IDLE)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
