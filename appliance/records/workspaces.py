"""Workspaces: their signed lists, one after the other, and who is let in because of the newest one."""

from collections.abc import Mapping, Sequence

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, exists, func, select

from appliance.crypto.members import Role, SignedList
from appliance.errors import ConflictError, NotFoundError
from appliance.records.tables import Recording, StoredList, Vocabulary, Workspace, WorkspaceMember

__all__ = [
    "StoredList", "Workspace", "add", "append", "chain", "forget_account", "has_recordings", "ids", "joined", "members",
    "newest", "of_account", "of_nobody", "of_nobody_else", "remove", "role_of", "set_members",
]  # fmt: skip


def add(session: Session, workspace_id: str, created_by: str) -> None:
    """Add a workspace; its first list comes in the same transaction.

    Raises:
        ConflictError: There is one with this id.
    """
    session.add(Workspace(id=workspace_id, created_by=created_by))
    try:
        session.flush()
    except IntegrityError as exc:
        raise ConflictError from exc


def append(session: Session, workspace_id: str, version: int, signed: SignedList) -> None:
    """Store the next list.

    Raises:
        ConflictError: There is one of this version: another owner was quicker.
    """
    row = StoredList(workspace_id=workspace_id, version=version, body=signed.encoded, signature=signed.signature)
    session.add(row)
    try:
        session.flush()
    except IntegrityError as exc:
        raise ConflictError from exc


def newest(session: Session, workspace_id: str) -> StoredList:
    """Return the newest list of a workspace.

    Raises:
        NotFoundError: There is no such workspace.
    """
    statement = select(StoredList).where(StoredList.workspace_id == workspace_id)
    found = session.exec(statement.order_by(col(StoredList.version).desc()).limit(1)).first()
    if found is None:
        raise NotFoundError
    return found


def chain(session: Session, workspace_id: str) -> Sequence[StoredList]:
    """Return every list of a workspace, from the first to the newest."""
    statement = select(StoredList).where(StoredList.workspace_id == workspace_id)
    return session.exec(statement.order_by(col(StoredList.version))).all()


def members(session: Session, workspace_id: str) -> dict[str, Role]:
    """Return who is let in, by account id."""
    rows = session.exec(select(WorkspaceMember).where(WorkspaceMember.workspace_id == workspace_id))
    return {row.account_id: Role(row.role) for row in rows}


def set_members(session: Session, workspace_id: str, roles: Mapping[str, Role]) -> None:
    """Say who is let in from now on."""
    session.exec(delete(WorkspaceMember).where(col(WorkspaceMember.workspace_id) == workspace_id))
    session.add_all(
        WorkspaceMember(workspace_id=workspace_id, account_id=account_id, role=role.value)
        for account_id, role in roles.items()
    )
    session.flush()


def role_of(session: Session, workspace_id: str, account_id: str) -> Role | None:
    """Return what somebody may do in a workspace, or None where they are not let in, or there is none."""
    found = session.get(WorkspaceMember, (workspace_id, account_id))
    return None if found is None else Role(found.role)


def of_account(session: Session, account_id: str) -> dict[str, Role]:
    """Return the workspaces of a person by id, the oldest first."""
    rows = session.exec(
        select(WorkspaceMember)
        .join(Workspace, col(Workspace.id) == WorkspaceMember.workspace_id)
        .where(WorkspaceMember.account_id == account_id)
        .order_by(col(Workspace.created_at), col(Workspace.id))
    )
    return {row.workspace_id: Role(row.role) for row in rows}


def joined(session: Session, workspace_ids: Sequence[str]) -> dict[str, int]:
    """Return how many people are let into some workspaces."""
    statement = select(WorkspaceMember.workspace_id, func.count()).group_by(WorkspaceMember.workspace_id)
    return dict(session.exec(statement.where(col(WorkspaceMember.workspace_id).in_(workspace_ids))).all())


def of_nobody(session: Session) -> list[str]:
    """Return the workspaces into which nobody is let any more. Nobody can sign somebody in either: so it stays."""
    members_of_it = exists().where(col(WorkspaceMember.workspace_id) == Workspace.id)
    return list(session.exec(select(Workspace.id).where(~members_of_it)))


def of_nobody_else(session: Session, account_id: str) -> list[str]:
    """Return the workspaces into which somebody is let, and nobody besides."""
    theirs = of_account(session, account_id)
    return [workspace_id for workspace_id in theirs if members(session, workspace_id).keys() == {account_id}]


def forget_account(session: Session, account_id: str) -> None:
    """Let somebody into no workspace any more."""
    session.exec(delete(WorkspaceMember).where(col(WorkspaceMember.account_id) == account_id))


def has_recordings(session: Session, workspace_id: str) -> bool:
    """Tell whether there is anything in a workspace."""
    found = session.exec(select(Recording.id).where(Recording.workspace_id == workspace_id).limit(1)).first()
    return found is not None


def ids(session: Session) -> set[bytes]:
    """Return the ids of all workspaces, as the key store has them."""
    return {bytes.fromhex(workspace_id) for workspace_id in session.exec(select(Workspace.id))}


def remove(session: Session, workspace_id: str) -> None:
    """Remove the rows of a workspace; its keys and recordings are gone before."""
    for table in (WorkspaceMember, StoredList, Vocabulary):
        session.exec(delete(table).where(col(table.workspace_id) == workspace_id))
    session.exec(delete(Workspace).where(col(Workspace.id) == workspace_id))
