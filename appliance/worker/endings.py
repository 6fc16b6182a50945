"""How a job ends otherwise than done, or does not end after all."""

from __future__ import annotations

import logging

from appliance.errors import ApplianceError, DataFolderError, DiskFullError
from appliance.records import jobs
from appliance.records.jobs import Job
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)


def fail(workshop: Workshop, job_id: str, error: ApplianceError) -> bool:
    """End a job as failed; tell whether that could be written down. Otherwise it waits in memory for ``end_unended``.

    Where the power fails before that, the next start claims the job back, as any that was running.
    """
    try:
        with workshop.database.write() as session:
            ended = jobs.fail(session, job_id, error)
    except (DiskFullError, DataFolderError) as refusal:
        workshop.unended[job_id] = error
        log.error("the end of a job waits", extra={"job": job_id, "code": refusal.code})  # noqa: TRY400 -- as above.
        return False
    workshop.unended.pop(job_id, None)
    log.info("job ends", extra={"job": job_id, "state": "failed" if ended else "cancelled", "code": error.code})
    return True


def put_back(workshop: Workshop, job: Job) -> bool:
    """Have a job wait for its turn again; tell whether it still ran, and that could be written down."""
    try:
        with workshop.database.write() as session:
            is_waiting = jobs.put_back(session, job.id)
    except (DiskFullError, DataFolderError) as refusal:
        log.error("a job cannot wait again", extra={"job": job.id, "code": refusal.code})  # noqa: TRY400 -- as above.
        return False
    log.info("job waits again", extra={"job": job.id})
    workshop.board.publish(job.recording_id, None)
    return is_waiting


def end_unended(workshop: Workshop) -> None:
    """Write down the failures for which the disk had no room when they came."""
    for job_id, error in list(workshop.unended.items()):
        if not fail(workshop, job_id, error):
            return
        with workshop.database.read() as session:
            job = session.get(Job, job_id)
        if job is not None:
            workshop.board.publish(job.recording_id, None)
