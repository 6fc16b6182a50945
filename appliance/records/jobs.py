"""Jobs: who is next, and exactly one ending for each.

::

    queued ──claim──► running ──finish──► done
      │  ◄──reclaim──────┤──────fail────► failed      (a queued job can fail too)
      └──────cancel──────┴──────cancel──► cancelled

Every arrow is one UPDATE that names the states it may start from, and its row count says whether it was taken. Of two
threads that want to end a job only one can find it open, whatever either of them read before.
"""

import statistics
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import zip_longest

import msgspec
from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select, update

from appliance.errors import ApplianceError, ConflictError, Fact, from_wire
from appliance.options import TranscribeOptions
from appliance.records.columns import utc_now
from appliance.records.tables import Job, Recording

__all__ = [
    "Job", "cancel", "claim", "enqueue", "error_of", "fail", "finish", "latest", "measured_speed", "next_queued",
    "note_duration", "options_of", "position", "positions", "put_back", "reclaim_running", "seconds_of",
]  # fmt: skip

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
SPEED_SAMPLES = 20  # Enough to forget one odd recording, few enough to notice a new model set.


def enqueue(session: Session, recording_id: str, options: TranscribeOptions) -> Job:
    """Make a queued job for a recording.

    Raises:
        ConflictError: The recording has a job that has not ended, or was deleted meanwhile.
    """
    job = Job(recording_id=recording_id, options_json=msgspec.json.encode(options).decode(), diarize=options.diarize)
    session.add(job)
    try:
        session.flush()
    except IntegrityError as exc:
        raise ConflictError from exc
    return job


def claim(session: Session, job_id: str) -> Job | None:
    """Take a queued job to work on it, or return None where somebody else took or ended it."""
    claimed = _move(session, job_id, (QUEUED,), state=RUNNING, started_at=utc_now(), attempt=col(Job.attempt) + 1)
    return session.get(Job, job_id, populate_existing=True) if claimed else None


def reclaim_running(session: Session) -> list[str]:
    """At start, when nobody can be working on them, put running jobs back into the queue; return their ids."""
    interrupted = list(session.exec(select(Job.id).where(Job.state == RUNNING).order_by(col(Job.created_at))))
    # A job that did not get its turn to the end must not count as its owner's last turn.
    return [job_id for job_id in interrupted if put_back(session, job_id)]


def put_back(session: Session, job_id: str) -> bool:
    """Put a running job back into the queue; tell whether it was running."""
    return _move(session, job_id, (RUNNING,), state=QUEUED, started_at=None)


def note_duration(session: Session, job_id: str, audio_s: float) -> bool:
    """Write down how many seconds a running job's recording lasts, as soon as that is known."""
    return _move(session, job_id, (RUNNING,), audio_s=audio_s)


def finish(session: Session, job_id: str, seconds: dict[str, float], audio_s: float | None, model: str = "") -> bool:
    """End a running job as done; tell whether it was still running.

    Args:
        session: The transaction that stores the transcript too.
        job_id: The job.
        seconds: Stage to seconds it took.
        audio_s: Duration of the recording in seconds, or None where it must not be kept.
        model: Id of the speech model that heard it, or empty where that must not be kept.
    """
    seconds_json = msgspec.json.encode(seconds).decode()
    return _move(
        session,
        job_id,
        (RUNNING,),
        state=DONE,
        ended_at=utc_now(),
        seconds_json=seconds_json,
        audio_s=audio_s,
        model=model or None,
    )


def fail(session: Session, job_id: str, error: ApplianceError) -> bool:
    """End a job as failed, with the reason; tell whether it had not ended before."""
    return _move(
        session,
        job_id,
        (QUEUED, RUNNING),
        state=FAILED,
        ended_at=utc_now(),
        error_code=error.code,
        error_facts_json=msgspec.json.encode(error.facts).decode(),
    )


def cancel(session: Session, job_id: str) -> bool:
    """End a job as cancelled; tell whether it had not ended before."""
    return _move(session, job_id, (QUEUED, RUNNING), state=CANCELLED, ended_at=utc_now())


def latest(session: Session, recording_id: str) -> Job | None:
    """Return the newest job of a recording."""
    return session.exec(
        select(Job)
        .where(Job.recording_id == recording_id)
        .order_by(col(Job.created_at).desc(), col(Job.id).desc())
        .limit(1)
    ).first()


def next_queued(session: Session) -> Job | None:
    """Return the job whose turn it is: owners take turns, and each owner's oldest job comes first."""
    line = _line(session)
    return session.get(Job, line[0], populate_existing=True) if line else None


def position(session: Session, job_id: str) -> int:
    """Return a job's place in the queue: 1 is next, 0 does not wait."""
    return positions(session).get(job_id, 0)


def positions(session: Session) -> dict[str, int]:
    """Return the place in the queue of every job that waits, by id; 1 is next."""
    return {job_id: place for place, job_id in enumerate(_line(session), start=1)}


def measured_speed(session: Session, model: str, *, diarize: bool) -> float | None:
    """Return the median seconds of audio per second of work of the last jobs, or None where none was done yet.

    Args:
        session: Of the database.
        model: Id of the speech model that heard them.
        diarize: Whether speakers were told apart.
    """
    rows = session.exec(
        select(Job.audio_s, Job.seconds_json)
        .where(Job.state == DONE, Job.diarize == diarize, Job.model == model)
        .order_by(col(Job.ended_at).desc())
        .limit(SPEED_SAMPLES)
    )
    works = [(audio_s, sum(_seconds(seconds_json).values())) for audio_s, seconds_json in rows]
    speeds = [audio_s / work_s for audio_s, work_s in works if audio_s and work_s > 0]
    return statistics.median(speeds) if speeds else None


def options_of(job: Job) -> TranscribeOptions:
    """Return what the person chose for this job."""
    return msgspec.json.decode(job.options_json, type=TranscribeOptions)


def seconds_of(job: Job) -> dict[str, float]:
    """Return stage to seconds it took; empty before the job is done."""
    return _seconds(job.seconds_json)


def error_of(job: Job) -> ApplianceError | None:
    """Return why the job failed, or None where it did not."""
    if job.error_code is None:
        return None
    return from_wire(job.error_code, msgspec.json.decode(job.error_facts_json or "{}", type=dict[str, Fact]))


def _move(session: Session, job_id: str, from_states: Iterable[str], **values: object) -> bool:
    statement = update(Job).where(col(Job.id) == job_id, col(Job.state).in_(from_states)).values(**values)
    return session.exec(statement, execution_options={"synchronize_session": False}).rowcount == 1


def _line(session: Session) -> list[str]:
    """Return the ids of the jobs that wait, in the order in which they will run.

    The owner whose last turn is the longest ago comes first. Who had a turn goes to the end, so the order of the owners
    stays the same round after round, and this is the order that will be, as long as nobody else comes.
    """
    queued = session.exec(
        select(Job.id, Recording.owner_id)
        .join(Recording, col(Recording.id) == Job.recording_id)
        .where(Job.state == QUEUED)
        .order_by(col(Job.created_at), col(Job.id))
    )
    waiting: dict[str, list[str]] = {}
    for job_id, owner_id in queued:
        waiting.setdefault(owner_id, []).append(job_id)
    if len(waiting) > 1:
        last_turns = _last_turns(session, list(waiting))
        never = datetime.min.replace(tzinfo=UTC)
        waiting = {owner: waiting[owner] for owner in sorted(waiting, key=lambda owner: last_turns.get(owner, never))}
    return [job_id for turns in zip_longest(*waiting.values()) for job_id in turns if job_id is not None]


def _last_turns(session: Session, owner_ids: list[str]) -> dict[str, datetime]:
    rows = session.exec(
        select(Recording.owner_id, func.max(Job.started_at))
        .join(Job, col(Job.recording_id) == Recording.id)
        .where(col(Recording.owner_id).in_(owner_ids), col(Job.started_at).is_not(None))
        .group_by(col(Recording.owner_id))
    )
    return {owner_id: started_at for owner_id, started_at in rows if started_at is not None}


def _seconds(seconds_json: str | None) -> dict[str, float]:
    return msgspec.json.decode(seconds_json, type=dict[str, float]) if seconds_json else {}
