"""Recordings: how an upload grows, what a library shows, and what is left to erase."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, delete, exists, func, select, update

from appliance.crypto.envelope import padded_size
from appliance.errors import ChunkOrderError, ConflictError, NotFoundError
from appliance.options import TranscribeOptions
from appliance.records import access
from appliance.records.columns import utc_now
from appliance.records.tables import Job, Recording, SealedTranscript, Share

__all__ = [
    "PRIVATE", "STANDARD", "Listed", "Recording", "abandoned", "add", "audio_ids", "change_options", "count_chunk",
    "exist", "forget_particulars", "inside", "listing", "mark_audio_erased", "mark_stored", "options_of", "owned",
    "private_places", "put_in", "remove", "searchable", "title_ids", "unfinished", "uploading", "with_ended_job",
]  # fmt: skip

STANDARD, PRIVATE = "standard", "private"


@dataclass(frozen=True, slots=True)
class Listed:
    """A recording as the library shows it.

    Attributes:
        job: Its latest job, or None while it is uploading.
        language: Of its transcript, or None while there is none.
        speakers: How many its transcript tells apart, or None while there is none.
    """

    recording: Recording
    job: Job | None
    language: str | None
    speakers: int | None

    @property
    def has_transcript(self) -> bool:
        """Whether there is something to read."""
        return self.language is not None


def add(  # noqa: PLR0913 -- one keyword for each column that has no default.
    session: Session,
    *,
    owner_id: str,
    workspace_id: str | None = None,
    mode: str = STANDARD,
    size_bytes: int,
    audio_id: bytes,
    title_id: bytes,
    sealed_title: bytes,
    options: TranscribeOptions,
) -> Recording:
    """Add a recording that is about to be uploaded."""
    recording = Recording(
        owner_id=owner_id,
        workspace_id=workspace_id,
        mode=mode,
        size_bytes=size_bytes,
        audio_id=audio_id,
        title_id=title_id,
        sealed_title=sealed_title,
        options_json=msgspec.json.encode(options).decode(),
    )
    session.add(recording)
    session.flush()
    return recording


def listing(session: Session, account_id: str, place: str = "") -> list[Listed]:
    """Return all recordings that somebody may read, with their latest jobs, newest first, in one query.

    Args:
        session: Of the database.
        account_id: Who reads.
        place: Only of this workspace, or of this account's own; its id, or empty for all.
    """
    job = aliased(Job)
    later = (
        select(job.id)
        .where(job.recording_id == Recording.id)
        .order_by(col(job.created_at).desc(), col(job.id).desc())
        .limit(1)
        .correlate(Recording)
        .scalar_subquery()
    )
    statement = (
        select(Recording, Job, SealedTranscript.language, SealedTranscript.speakers)
        .select_from(Recording)
        .join(Job, col(Job.id) == later, isouter=True)
        .join(SealedTranscript, col(SealedTranscript.recording_id) == Recording.id, isouter=True)
        .where(access.readable(account_id))
        .order_by(col(Recording.created_at).desc(), col(Recording.id).desc())
    )
    if place:
        statement = statement.where(func.coalesce(Recording.workspace_id, Recording.owner_id) == place)
    return [Listed(*row) for row in session.exec(statement)]


def owned(session: Session, account_id: str) -> Sequence[Recording]:
    """Return the recordings that belong to a person alone, because they are in no workspace."""
    return session.exec(
        select(Recording).where(Recording.owner_id == account_id, col(Recording.workspace_id).is_(None))
    ).all()


def inside(session: Session, workspace_id: str) -> Sequence[Recording]:
    """Return the recordings of a workspace."""
    return session.exec(select(Recording).where(Recording.workspace_id == workspace_id)).all()


def put_in(session: Session, recording_id: str, workspace_id: str | None, owner_id: str) -> None:
    """Say where a recording is from now on, and who put it there."""
    statement = update(Recording).where(col(Recording.id) == recording_id)
    session.exec(statement.values(workspace_id=workspace_id, owner_id=owner_id))


def options_of(recording: Recording) -> TranscribeOptions:
    """Return what the person chose for this recording."""
    return msgspec.json.decode(recording.options_json, type=TranscribeOptions)


def change_options(session: Session, recording_id: str, options: TranscribeOptions) -> None:
    """Choose again, as long as the recording is uploading.

    Raises:
        ConflictError: Its job was made meanwhile.
    """
    statement = update(Recording).where(col(Recording.id) == recording_id, col(Recording.state) == "uploading")
    if not session.exec(statement.values(options_json=msgspec.json.encode(options).decode())).rowcount:
        raise ConflictError


def count_chunk(session: Session, recording_id: str, number: int) -> None:
    """Count chunk ``number``, which is in the spool now.

    Raises:
        ChunkOrderError: Another chunk is due.
        NotFoundError: The recording is gone, or takes no more chunks.
    """
    statement = update(Recording).where(
        col(Recording.id) == recording_id,
        col(Recording.state) == "uploading",
        col(Recording.received_chunks) == number,
    )
    if session.exec(statement.values(received_chunks=number + 1, touched_at=utc_now())).rowcount:
        return
    due = session.exec(
        select(Recording.received_chunks).where(Recording.id == recording_id, Recording.state == "uploading")
    ).first()
    if due is None:
        raise NotFoundError
    raise ChunkOrderError(received=number, expected=due)


def mark_stored(session: Session, recording_id: str) -> bool:
    """Say that the last chunk is in the spool; tell whether the recording was still uploading."""
    return _change_state(session, recording_id, "uploading", "stored")


def mark_audio_erased(session: Session, recording_id: str) -> bool:
    """Say that key and bytes of the audio are gone; tell whether that was new."""
    statement = update(Recording).where(col(Recording.id) == recording_id, col(Recording.state) != "audio_erased")
    return session.exec(statement.values(state="audio_erased")).rowcount == 1


def forget_particulars(session: Session, recording_id: str) -> None:
    """Forget what the rows tell about the content of a private recording whose job has ended; nothing where it is gone.

    How long it is, what was chosen for it and how long each stage took would tell how much was spoken, in which
    language and by how many people. So would the moments between which it was sent or worked on. Two stay: when it
    came, which its owner is shown, and when its job ended, by which owners take turns.
    """
    recording = session.get(Recording, recording_id)
    if recording is None:
        return
    recording.options_json = "{}"
    recording.size_bytes = padded_size(recording.size_bytes)
    recording.received_chunks = 0
    recording.touched_at = recording.created_at
    of_it = update(Job).where(col(Job.recording_id) == recording_id)
    session.exec(of_it.values(options_json="{}", diarize=True, audio_s=None, seconds_json=None, model=None))
    session.exec(of_it.where(col(Job.ended_at).is_not(None)).values(created_at=Job.ended_at))
    session.exec(of_it.where(col(Job.started_at).is_not(None)).values(started_at=Job.ended_at))  # It had a turn.
    session.flush()


def unfinished(
    session: Session, owner_id: str, size_bytes: int, workspace_id: str | None = None
) -> Sequence[Recording]:
    """Return somebody's uploads of standard mode to a place, of that size, that could go on, newest first."""
    return session.exec(
        select(Recording)
        .where(
            Recording.owner_id == owner_id,
            col(Recording.workspace_id).is_not_distinct_from(workspace_id),
            Recording.state == "uploading",
            Recording.mode == STANDARD,
            Recording.size_bytes == size_bytes,
        )
        .order_by(col(Recording.created_at).desc())
    ).all()


def abandoned(session: Session, before: datetime) -> Sequence[Recording]:
    """Return the uploads that got no chunk since ``before``."""
    return session.exec(
        select(Recording)
        .where(Recording.state == "uploading", Recording.touched_at < before)
        .order_by(col(Recording.touched_at))
    ).all()


def uploading(session: Session, mode: str) -> Sequence[Recording]:
    """Return the uploads of a mode that have not all their chunks yet."""
    return session.exec(select(Recording).where(Recording.state == "uploading", Recording.mode == mode)).all()


def with_ended_job(session: Session) -> Sequence[Recording]:
    """Return the recordings whose audio is still there although no job waits for it or works on it."""
    open_job = exists().where(col(Job.recording_id) == Recording.id, col(Job.state).in_(("queued", "running")))
    return session.exec(select(Recording).where(Recording.state == "stored", ~open_job)).all()


def audio_ids(session: Session) -> set[bytes]:
    """Return the document ids of all audio that should be in the spool."""
    return set(session.exec(select(Recording.audio_id).where(Recording.state != "audio_erased")))


def title_ids(session: Session) -> set[bytes]:
    """Return the document ids of all titles."""
    return set(session.exec(select(Recording.title_id)))


def private_places(session: Session) -> dict[bytes, str]:
    """Return who holds each title and transcript of private recordings: workspace or account, by document id."""
    place = func.coalesce(Recording.workspace_id, Recording.owner_id)
    private = Recording.mode == PRIVATE
    titles = session.exec(select(Recording.title_id, place).where(private))
    texts = session.exec(
        select(SealedTranscript.document_id, place)
        .join(Recording, col(Recording.id) == SealedTranscript.recording_id)
        .where(private)
    )
    return {**dict(titles.all()), **dict(texts.all())}


def searchable(session: Session) -> list[tuple[str, str]]:
    """Return place and id of every recording whose transcript the appliance may open, newest first."""
    rows = session.exec(
        select(Recording.workspace_id, Recording.owner_id, Recording.id)
        .join(SealedTranscript, col(SealedTranscript.recording_id) == Recording.id)
        .where(Recording.mode == "standard")
        .order_by(col(Recording.created_at).desc(), col(Recording.id).desc())
    )
    return [(access.place(workspace_id, owner_id), recording_id) for workspace_id, owner_id, recording_id in rows]


def exist(session: Session) -> bool:
    """Tell whether there is any recording."""
    return session.exec(select(Recording.id).limit(1)).first() is not None


def remove(session: Session, recording_id: str) -> bool:
    """Remove a recording, its links, its jobs and its transcript; tell whether it was there.

    The rows go; that their bytes go too is up to ``Database.remove``, which runs this.
    """
    session.exec(delete(Share).where(col(Share.recording_id) == recording_id))
    session.exec(delete(SealedTranscript).where(col(SealedTranscript.recording_id) == recording_id))
    session.exec(delete(Job).where(col(Job.recording_id) == recording_id))
    return session.exec(delete(Recording).where(col(Recording.id) == recording_id)).rowcount == 1


def _change_state(session: Session, recording_id: str, before: str, after: str) -> bool:
    statement = update(Recording).where(col(Recording.id) == recording_id, col(Recording.state) == before)
    return session.exec(statement.values(state=after)).rowcount == 1
