"""Sealed indexes: what each person's browser remembers of their private documents. Nobody else can read one."""

from sqlmodel import Session, col, update

from appliance.errors import ConflictError
from appliance.records.tables_of_people import SealedIndex

__all__ = ["SealedIndex", "find", "replace"]


def find(session: Session, account_id: str) -> SealedIndex | None:
    """Return a person's index, or None before their browser made the first one."""
    return session.get(SealedIndex, account_id)


def replace(session: Session, account_id: str, sealed: bytes, from_version: int) -> None:
    """Put version ``from_version + 1`` in the place of ``from_version``; version 0 is none.

    Raises:
        ConflictError: Another version is the latest: another browser of the same person was quicker.
    """
    if from_version == 0:
        if find(session, account_id) is not None:
            raise ConflictError
        session.add(SealedIndex(account_id=account_id, version=1, sealed=sealed))
        session.flush()
        return
    statement = update(SealedIndex).where(
        col(SealedIndex.account_id) == account_id, col(SealedIndex.version) == from_version
    )
    if not session.exec(statement.values(sealed=sealed, version=from_version + 1)).rowcount:
        raise ConflictError
