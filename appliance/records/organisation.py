"""The organisation's keys, by which it lets its people back in, and each time that they were used."""

from collections.abc import Sequence

from sqlmodel import Session, col, delete, select, update

from appliance.crypto import identity
from appliance.errors import ConflictError, NotFoundError
from appliance.records.tables_of_people import OrganisationKey, OrganisationUse

__all__ = [
    "OrganisationKey", "OrganisationUse", "find", "get", "holder_of", "note_seen", "note_use", "publish", "unseen",
    "uses", "withdraw",
]  # fmt: skip


def find(session: Session) -> OrganisationKey | None:
    """Return the organisation's public keys, or None where it has none."""
    return session.get(OrganisationKey, 1)


def get(session: Session) -> OrganisationKey:
    """Return the organisation's public keys.

    Raises:
        NotFoundError: It has none.
    """
    found = find(session)
    if found is None:
        raise NotFoundError
    return found


def holder_of(key: OrganisationKey) -> bytes:
    """Return by which id the key store names who can open a consent, 16 bytes."""
    return identity.organisation_id(key.x_public)


def publish(session: Session, ed_public: bytes, x_public: bytes) -> None:
    """Keep the public halves of keys that were just made.

    Raises:
        ConflictError: There are keys already, and somebody may have consented to them.
    """
    if find(session) is not None:
        raise ConflictError
    session.add(OrganisationKey(ed_public=ed_public, x_public=x_public))
    session.flush()


def withdraw(session: Session) -> None:
    """Take the keys away; nobody can consent to them any more."""
    session.exec(delete(OrganisationKey))


def note_use(session: Session, account_id: str, used_by: str) -> None:
    """Write down that somebody was let back in."""
    session.add(OrganisationUse(account_id=account_id, used_by=used_by))
    session.flush()


def uses(session: Session, account_id: str) -> Sequence[OrganisationUse]:
    """Return when the keys were used for a person, the last time first."""
    own = select(OrganisationUse).where(OrganisationUse.account_id == account_id)
    return session.exec(own.order_by(col(OrganisationUse.used_at).desc())).all()


def unseen(session: Session, account_id: str) -> bool:
    """Tell whether the keys were used for a person who has not said yet that they know."""
    own = (OrganisationUse.account_id == account_id, col(OrganisationUse.seen).is_(False))
    return session.exec(select(OrganisationUse.id).where(*own).limit(1)).first() is not None


def note_seen(session: Session, account_id: str) -> None:
    """Write down that a person knows of every use so far."""
    session.exec(update(OrganisationUse).where(col(OrganisationUse.account_id) == account_id).values(seen=True))
