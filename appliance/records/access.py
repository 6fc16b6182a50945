"""Who may do what with a recording: the one question that every route asks.

A recording that is in no workspace belongs to who put it in, and nobody else may anything. One that is in a workspace
belongs to its members, each by their role, whoever put it in. An administrator is no reader: no rule here knows them.
"""

from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, select

from appliance.crypto.members import Role
from appliance.errors import NotFoundError, RoleError
from appliance.records import accounts, workspaces
from appliance.records.tables import Recording, WorkspaceMember

__all__ = ["Act", "allowed", "get", "may", "place_of", "places_of", "readable", "require_upload"]


class Act(StrEnum):
    """What somebody wants to do with a recording."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    MOVE = "move"
    SHARE = "share"


ACTS: dict[Role, frozenset[Act]] = {
    Role.OWNER: frozenset(Act),
    Role.EDITOR: frozenset({Act.READ, Act.WRITE}),
    Role.VIEWER: frozenset({Act.READ}),
}


def get(session: Session, recording_id: str, account_id: str, act: Act) -> Recording:
    """Return a recording to somebody who may do this with it.

    Raises:
        NotFoundError: There is none, or they may not even read it: the answer does not tell which.
        RoleError: They may read it, and their role does not allow this.
    """
    recording = session.get(Recording, recording_id)
    if recording is None:
        raise NotFoundError
    acts = allowed(session, account_id, recording)
    if Act.READ not in acts:
        raise NotFoundError
    if act not in acts:
        raise RoleError
    return recording


def may(session: Session, account_id: str, recording: Recording, act: Act) -> bool:
    """Tell whether somebody may do this with a recording."""
    return act in allowed(session, account_id, recording)


def allowed(session: Session, account_id: str, recording: Recording) -> frozenset[Act]:
    """Return all that somebody may do with a recording."""
    if recording.workspace_id is None:
        return frozenset(Act) if recording.owner_id == account_id else frozenset()
    role = workspaces.role_of(session, recording.workspace_id, account_id)
    return allowed_by(role, is_own_upload=recording.owner_id == account_id and recording.state == "uploading")


def allowed_by(role: Role | None, *, is_own_upload: bool) -> frozenset[Act]:
    """Return what a role allows with a recording of its workspace.

    Args:
        role: None where they are not let in.
        is_own_upload: Whether they are just putting it in: then an editor may also take it back.
    """
    acts = ACTS[role] if role else frozenset[Act]()
    return acts | {Act.DELETE} if is_own_upload and Act.WRITE in acts else acts


def require_upload(session: Session, account_id: str, workspace_id: str | None) -> None:
    """Refuse a recording that is put somewhere by somebody who may not: to be asked where it gets its place.

    Raises:
        SignedOutError: Their account was closed meanwhile.
        NotFoundError: There is no such workspace, or they are not let in.
        RoleError: They only read there.
    """
    accounts.require_open(session, account_id)
    if workspace_id is None:
        return
    role = workspaces.role_of(session, workspace_id, account_id)
    if role is None:
        raise NotFoundError
    if Act.WRITE not in ACTS[role]:
        raise RoleError


def readable(account_id: str) -> ColumnElement[bool]:
    """Return the condition, on the table of recordings, under which somebody may read one."""
    theirs = select(WorkspaceMember.workspace_id).where(WorkspaceMember.account_id == account_id)
    return or_(
        and_(col(Recording.workspace_id).is_(None), col(Recording.owner_id) == account_id),
        col(Recording.workspace_id).in_(theirs),
    )


def place_of(recording: Recording) -> str:
    """Return where a recording is: in its workspace, or else with the account it belongs to.

    Whatever is kept of recordings for reading many at once, such as a search index, is filed under this, and read for
    somebody in the places that ``places_of`` says at that moment.
    """
    return place(recording.workspace_id, recording.owner_id)


def places_of(session: Session, account_id: str) -> list[str]:
    """Return the places in which somebody may read everything: their own, and each of their workspaces."""
    return [place(None, account_id), *(place(each, account_id) for each in workspaces.of_account(session, account_id))]


def place(workspace_id: str | None, owner_id: str) -> str:
    """Return the name of a place, which says of what kind it is: a browser chooses the id of its workspace."""
    return f"workspace {workspace_id}" if workspace_id else f"account {owner_id}"
