"""Sealed transcripts: stored once by the job, replaced by whoever edits the latest version."""

from dataclasses import dataclass

from sqlmodel import Session, col, func, select, update

from appliance.errors import ConflictError, NotFoundError
from appliance.records import access
from appliance.records.columns import utc_now
from appliance.records.tables import Recording, SealedTranscript

__all__ = [
    "Kept",
    "SealedTranscript",
    "all_document_ids",
    "document_ids",
    "get",
    "kept",
    "replace",
    "sealed_bytes",
    "store",
]


@dataclass(frozen=True, slots=True)
class Kept:
    """A sealed transcript that is there, and its version.

    Attributes:
        created_ms: When its recording was given to the appliance, in milliseconds since 1970.
        workspace: Id of the workspace in which it is, or empty.
    """

    recording_id: str
    document_id: bytes
    version: int
    created_ms: int
    workspace: str


def store(
    session: Session, *, recording_id: str, document_id: bytes, sealed: bytes, language: str, speakers: int
) -> None:
    """Store the first version of a recording's transcript; belongs into the transaction that ends its job.

    In privacy mode the language is empty and there are 0 speakers: the appliance does not know them.
    """
    session.add(
        SealedTranscript(
            document_id=document_id, recording_id=recording_id, sealed=sealed, language=language, speakers=speakers
        )
    )
    session.flush()


def get(session: Session, recording_id: str) -> SealedTranscript:
    """Return a recording's transcript.

    Raises:
        NotFoundError: There is none.
    """
    found = session.exec(select(SealedTranscript).where(SealedTranscript.recording_id == recording_id)).first()
    if found is None:
        raise NotFoundError
    return found


def replace(session: Session, recording_id: str, sealed: bytes, from_version: int) -> None:
    """Put version ``from_version + 1`` in the place of ``from_version``.

    Raises:
        ConflictError: Another version is the latest.
        NotFoundError: There is no transcript to replace.
    """
    statement = update(SealedTranscript).where(
        col(SealedTranscript.recording_id) == recording_id, col(SealedTranscript.version) == from_version
    )
    values = {"sealed": sealed, "version": from_version + 1, "changed_at": utc_now()}
    if session.exec(statement.values(**values)).rowcount:
        return
    if not document_ids(session, recording_id):
        raise NotFoundError
    raise ConflictError


def document_ids(session: Session, recording_id: str) -> list[bytes]:
    """Return the ids of the sealed documents made from a recording."""
    statement = select(SealedTranscript.document_id).where(SealedTranscript.recording_id == recording_id)
    return list(session.exec(statement))


def kept(session: Session, account_id: str, mode: str) -> list[Kept]:
    """Return which transcripts that somebody may read are there, of recordings in a mode."""
    rows = session.exec(
        select(Recording, SealedTranscript.document_id, SealedTranscript.version)
        .join(Recording, col(Recording.id) == SealedTranscript.recording_id)
        .where(access.readable(account_id), Recording.mode == mode)
    )
    return [
        Kept(
            recording_id=recording.id,
            document_id=document_id,
            version=version,
            created_ms=round(recording.created_at.timestamp() * 1000),
            workspace=recording.workspace_id or "",
        )
        for recording, document_id, version in rows
    ]


def sealed_bytes(session: Session, owner_id: str) -> int:
    """Return the bytes of all sealed transcripts that belong to a person alone."""
    total = (
        select(func.sum(func.length(SealedTranscript.sealed)))
        .join(Recording, col(Recording.id) == SealedTranscript.recording_id)
        .where(Recording.owner_id == owner_id, col(Recording.workspace_id).is_(None))
    )
    return session.exec(total).one() or 0


def stored_bytes(session: Session, document_id: bytes) -> bytes | None:
    """Return a transcript by its document id, or None where there is none."""
    return session.exec(select(SealedTranscript.sealed).where(SealedTranscript.document_id == document_id)).first()


def all_document_ids(session: Session) -> set[bytes]:
    """Return the ids of all sealed transcripts."""
    return set(session.exec(select(SealedTranscript.document_id)))
