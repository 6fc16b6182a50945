"""The sealed vocabularies of workspaces: one each, replaced as a whole."""

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, update

from appliance.errors import ConflictError
from appliance.records.tables import Vocabulary

__all__ = ["Vocabulary", "find", "replace"]


def find(session: Session, workspace_id: str) -> Vocabulary | None:
    """Return the vocabulary of a workspace, or None before it has one."""
    return session.get(Vocabulary, workspace_id)


def replace(session: Session, workspace_id: str, from_version: int, *, epoch: int, sealed: bytes) -> None:
    """Store the next version; the first follows version 0.

    Raises:
        ConflictError: Somebody saved another one since ``from_version`` was opened.
    """
    if from_version == 0:
        session.add(Vocabulary(workspace_id=workspace_id, version=1, epoch=epoch, sealed=sealed))
        try:
            session.flush()
        except IntegrityError as exc:
            raise ConflictError from exc
        return
    statement = update(Vocabulary).where(
        col(Vocabulary.workspace_id) == workspace_id, col(Vocabulary.version) == from_version
    )
    if not session.exec(statement.values(version=from_version + 1, epoch=epoch, sealed=sealed)).rowcount:
        raise ConflictError
