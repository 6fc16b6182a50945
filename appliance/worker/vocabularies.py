"""The vocabulary of a workspace: its members' browsers seal it to the workspace key, and the server cannot read it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from appliance.crypto.envelope import DocumentType, require_form
from appliance.crypto.members import Role
from appliance.errors import ConflictError, NotFoundError, RoleError, SealedTooLargeError
from appliance.records import vocabularies, workspaces
from appliance.records.access import ACTS, Act
from appliance.worker.workshop import Workshop
from appliance.worker.workspaces import newest_list

MAX_SEALED_BYTES = 6 * 1024  # Sealed: 4 KiB of terms, and deflate, padding and the seal around them.


@dataclass(frozen=True, slots=True)
class SealedVocabulary:
    """A vocabulary as a browser sealed it.

    Attributes:
        version: 0 before there is one.
        epoch: Of the workspace key under which it is sealed, as the server has it.
        sealed: CB1, type 8, of that version.
    """

    version: int
    epoch: int
    sealed: bytes


def sealed_vocabulary(workshop: Workshop, account_id: str, workspace_id: str) -> SealedVocabulary:
    """Return the vocabulary of a workspace to one of its members.

    Raises:
        NotFoundError: There is no such workspace, or they are not let in.
    """
    with workshop.database.read() as session:
        _role(session, workspace_id, account_id)
        found = vocabularies.find(session, workspace_id)
    return SealedVocabulary(found.version, found.epoch, found.sealed) if found else SealedVocabulary(0, 0, b"")


def save_sealed_vocabulary(
    workshop: Workshop, account_id: str, workspace_id: str, sealed: bytes, *, from_version: int, epoch: int
) -> int:
    """Store what a browser sealed as the next version; return its number.

    Raises:
        NotFoundError: There is no such workspace, or they are not let in.
        RoleError: They only read there.
        ConflictError: Somebody saved another one since ``from_version``, or the workspace has another key by now.
        CryptoError: It does not have the form of that version.
        SealedTooLargeError: It is larger than any vocabulary.
    """
    if len(sealed) > MAX_SEALED_BYTES:
        raise SealedTooLargeError(size_bytes=len(sealed), limit_bytes=MAX_SEALED_BYTES)
    with workshop.changing_members, workshop.database.write() as session:
        if Act.WRITE not in ACTS[_role(session, workspace_id, account_id)]:
            raise RoleError
        require_form(sealed, DocumentType.VOCABULARY, bytes.fromhex(workspace_id), from_version + 1)
        # Under a key that somebody has who was removed, nothing is written any more.
        if newest_list(session, workspace_id).epoch != epoch:
            raise ConflictError
        vocabularies.replace(session, workspace_id, from_version, epoch=epoch, sealed=sealed)
    return from_version + 1


def _role(session: Session, workspace_id: str, account_id: str) -> Role:
    role = workspaces.role_of(session, workspace_id, account_id)
    if role is None:
        raise NotFoundError
    return role
