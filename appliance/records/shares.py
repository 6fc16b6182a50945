"""Share links: found by the digest of their access token alone, noted when they are used, removed when they end."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, select, update

from appliance.errors import ConflictError, LinkGoneError, NotFoundError
from appliance.records import access, accounts
from appliance.records.access import Act
from appliance.records.columns import utc_now
from appliance.records.tables import Recording, Share

__all__ = [
    "Share", "add", "digest_of", "ended", "get", "ids", "is_good", "listing", "note_opened", "remove", "remove_of",
    "vain", "working",
]  # fmt: skip


def digest_of(token: bytes) -> bytes:
    """Return all that is ever kept of an access token."""
    return hashlib.sha256(token).digest()


def add(session: Session, share: Share) -> None:
    """Add a link.

    Raises:
        ConflictError: There is one with this id or this token.
    """
    session.add(share)
    try:
        session.flush()
    except IntegrityError as exc:
        raise ConflictError from exc


def working(session: Session, link_id: str, token: bytes, now: datetime) -> Share:
    """Return the link that an access token belongs to.

    The search is by the digest of the token alone, so whoever has not got the token learns nothing: a link that never
    was, one that was revoked and one that is there but has another token are all a digest that is not found, and take
    the same work.

    Raises:
        LinkGoneError: There is none, or it has expired.
    """
    found = session.exec(select(Share).where(Share.token_digest == digest_of(token))).first()
    if found is None or found.id != link_id or found.expires_at <= now:
        raise LinkGoneError
    return found


def get(session: Session, link_id: str, recording_id: str) -> Share:
    """Return a link to a recording.

    Raises:
        NotFoundError: There is none.
    """
    found = session.get(Share, link_id)
    if found is None or found.recording_id != recording_id:
        raise NotFoundError
    return found


def listing(session: Session, recording_id: str, now: datetime | None = None) -> Sequence[Share]:
    """Return the links to a recording that still work, the one made last first."""
    statement = select(Share).where(Share.recording_id == recording_id, Share.expires_at > (now or utc_now()))
    return session.exec(statement.order_by(col(Share.created_at).desc(), col(Share.id))).all()


def ended(session: Session, now: datetime) -> Sequence[Share]:
    """Return the links that have expired."""
    return session.exec(select(Share).where(Share.expires_at <= now)).all()


def is_good(session: Session, share: Share, recording: Recording) -> bool:
    """Tell whether the maker of a link may still share the recording, where it is now."""
    maker = accounts.find(session, share.owner_id)
    is_there = maker is not None and maker.is_enrolled
    return is_there and access.may(session, share.owner_id, recording, Act.SHARE)


def vain(session: Session) -> list[Share]:
    """Return the links whose makers may not share any more what they are for."""
    rows = session.exec(select(Share, Recording).join(Recording, col(Recording.id) == Share.recording_id))
    return [share for share, recording in rows.all() if not is_good(session, share, recording)]


def ids(session: Session) -> set[bytes]:
    """Return the ids of all links, as the key store has them."""
    return {bytes.fromhex(link_id) for link_id in session.exec(select(Share.id))}


def note_opened(session: Session, link_id: str, now: datetime) -> None:
    """Say that somebody came with the whole link."""
    session.exec(update(Share).where(col(Share.id) == link_id).values(opened_at=now))


def remove(session: Session, *link_ids: str) -> None:
    """Remove links; those that are not there are no error."""
    session.exec(delete(Share).where(col(Share.id).in_(link_ids)))


def remove_of(session: Session, recording_id: str) -> bool:
    """Remove every link to a recording; tell whether there was one."""
    return session.exec(delete(Share).where(col(Share.recording_id) == recording_id)).rowcount > 0
