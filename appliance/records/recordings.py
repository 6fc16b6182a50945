"""Recordings: how an upload grows, what a library shows, and what is left to erase."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, delete, exists, select, update

from appliance.crypto.envelope import padded_size
from appliance.errors import ChunkOrderError, ConflictError, NotFoundError
from appliance.options import TranscribeOptions
from appliance.records.columns import utc_now
from appliance.records.tables import Job, Recording, SealedTranscript, Share

__all__ = [
    "PRIVATE", "STANDARD", "Listed", "Recording", "abandoned", "add", "audio_ids", "change_options", "count_chunk",
    "exist", "forget_particulars", "get", "listing", "mark_audio_erased", "mark_stored", "options_of", "remove",
    "title_ids", "unfinished", "uploading", "with_ended_job",
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


def get(session: Session, recording_id: str, owner_id: str) -> Recording:
    """Return a recording of this owner.

    Raises:
        NotFoundError: There is none, or it is somebody else's: the answer does not tell which.
    """
    recording = session.get(Recording, recording_id)
    if recording is None or recording.owner_id != owner_id:
        raise NotFoundError
    return recording


def listing(session: Session, owner_id: str) -> list[Listed]:
    """Return all recordings of an owner with their latest jobs, newest first, in one query."""
    job = aliased(Job)
    later = (
        select(job.id)
        .where(job.recording_id == Recording.id)
        .order_by(col(job.created_at).desc(), col(job.id).desc())
        .limit(1)
        .correlate(Recording)
        .scalar_subquery()
    )
    rows = session.exec(
        select(Recording, Job, SealedTranscript.language, SealedTranscript.speakers)
        .select_from(Recording)
        .join(Job, col(Job.id) == later, isouter=True)
        .join(SealedTranscript, col(SealedTranscript.recording_id) == Recording.id, isouter=True)
        .where(Recording.owner_id == owner_id)
        .order_by(col(Recording.created_at).desc(), col(Recording.id).desc())
    )
    return [Listed(*row) for row in rows]


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
    """Forget what the rows tell about the content of a private recording whose job has ended.

    How long it is, what was chosen for it and how long each stage took would tell how much was spoken, in which
    language and by how many people.
    """
    recording = session.get_one(Recording, recording_id)
    recording.options_json = "{}"
    recording.size_bytes = padded_size(recording.size_bytes)
    statement = update(Job).where(col(Job.recording_id) == recording_id)
    session.exec(statement.values(options_json="{}", diarize=True, audio_s=None, seconds_json=None))
    session.flush()


def unfinished(session: Session, owner_id: str, size_bytes: int) -> Sequence[Recording]:
    """Return the owner's uploads of standard mode of that size that could go on, newest first."""
    return session.exec(
        select(Recording)
        .where(
            Recording.owner_id == owner_id,
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
