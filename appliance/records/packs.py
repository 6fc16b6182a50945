"""Search packs: the words of a person's private transcripts, sealed by their browser. Nobody else can read one."""

from dataclasses import dataclass

from sqlmodel import Session, col, delete, func, select, update

from appliance.errors import ConflictError, NotFoundError
from appliance.records.tables_of_people import SearchPack

__all__ = ["KeptPack", "SearchPack", "add", "all_document_ids", "get", "listing", "remove", "replace"]


@dataclass(frozen=True, slots=True)
class KeptPack:
    """A pack that is there.

    Attributes:
        size_bytes: Sealed.
    """

    document_id: bytes
    version: int
    size_bytes: int


def listing(session: Session, account_id: str) -> list[KeptPack]:
    """Return which packs of a person are there, without their bytes."""
    statement = select(SearchPack.document_id, SearchPack.version, func.length(SearchPack.sealed))
    ordered = statement.where(SearchPack.account_id == account_id).order_by(col(SearchPack.document_id))
    return [KeptPack(*row) for row in session.exec(ordered)]


def get(session: Session, account_id: str, document_id: bytes) -> SearchPack:
    """Return a person's pack.

    Raises:
        NotFoundError: There is none of that id, or it is somebody else's.
    """
    found = session.get(SearchPack, document_id)
    if found is None or found.account_id != account_id:
        raise NotFoundError
    return found


def add(session: Session, account_id: str, document_id: bytes, sealed: bytes) -> None:
    """Store the first version of a pack.

    Raises:
        ConflictError: There is a pack of that id.
    """
    if session.get(SearchPack, document_id) is not None:
        raise ConflictError
    session.add(SearchPack(document_id=document_id, account_id=account_id, version=1, sealed=sealed))
    session.flush()


def replace(session: Session, account_id: str, document_id: bytes, sealed: bytes, from_version: int) -> None:
    """Put version ``from_version + 1`` in the place of ``from_version``.

    Raises:
        ConflictError: Another version is the latest: another browser of the same person was quicker.
        NotFoundError: There is none of that id, or it is somebody else's.
    """
    get(session, account_id, document_id)
    statement = update(SearchPack).where(
        col(SearchPack.document_id) == document_id, col(SearchPack.version) == from_version
    )
    if not session.exec(statement.values(sealed=sealed, version=from_version + 1)).rowcount:
        raise ConflictError


def remove(session: Session, *document_ids: bytes) -> None:
    """Remove the rows of packs."""
    session.exec(delete(SearchPack).where(col(SearchPack.document_id).in_(document_ids)))


def all_document_ids(session: Session) -> set[bytes]:
    """Return the ids of all packs."""
    return set(session.exec(select(SearchPack.document_id)))
