"""The story of a job, from a queued row to exactly one ending.

::

    queued ──claim──► running ──► decoder: sealed audio → PCM in RAM
                                  engine:  PCM → sealed transcript (in privacy mode sealed to public keys)
                                  one transaction: transcript + done    (or failed, or cancelled: the first ending wins)
                                  audio key erased, then the audio
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from appliance.crypto.envelope import new_document_id, new_file_key
from appliance.errors import (
    ApplianceError,
    DecoderDiedError,
    EngineDiedError,
    JobCancelled,
)
from appliance.records import jobs, recordings, transcripts
from appliance.records.jobs import Job
from appliance.records.recordings import Recording
from appliance.worker.decoding import Pcm, decode
from appliance.worker.endings import fail, put_back
from appliance.worker.filekeys import audio_key_of, erase_file_keys, keep_file_key
from appliance.worker.keeper import EngineClosedError
from appliance.worker.messages import Decode, Transcribe, Transcribed
from appliance.worker.process import Child
from appliance.worker.progress import Standing
from appliance.worker.recipients import keep_sealed_keys, recipients_of
from appliance.worker.terms import terms_of
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

ATTEMPTS = 2  # A child that dies gets one more chance, the engine with a smaller plan.


def work(workshop: Workshop) -> None:
    """Run the jobs that wait, until none does.

    Many rings may come at once; one thread works, the others leave. The loop looks again after it has let go of the
    lock, so that a ring which came just before is not lost.
    """
    while _waiting(workshop) and workshop.draining.acquire(blocking=False):
        try:
            while job_id := _waiting(workshop):
                workshop.engine.wait_ready()
                run(workshop, job_id)
        except EngineClosedError:
            return  # The rows stay as they are; the next start goes on with them.
        except ApplianceError as error:
            log.error("jobs wait for an engine", extra={"code": error.code})  # noqa: TRY400 -- the code says it all.
            return
        finally:
            workshop.draining.release()


def run(workshop: Workshop, job_id: str) -> None:
    """Take one queued job to its ending.

    Raises:
        EngineClosedError: The appliance shuts down; the job stays running and is claimed back at the next start.
    """
    with workshop.database.write() as session:
        job = jobs.claim(session, job_id)
        recording = session.get(Recording, job.recording_id) if job else None
    if job is None or recording is None:
        return
    log.info("job starts", extra={"job": job.id, "recording": recording.id, "attempt": job.attempt})
    try:
        _transcribe(workshop, job, recording)
    except ApplianceError as error:
        if workshop.updates.blame(error, _set_of(workshop, job)) and put_back(workshop, job):
            return  # The new models are at fault: it runs again on the ones before.
        if not fail(workshop, job.id, error):
            return  # Its audio stays until the row says why there is no transcript.
    else:
        workshop.updates.relied_on(_set_of(workshop, job))
    erase_audio(workshop, recording.id)
    workshop.board.publish(recording.id, None)


def cancel(workshop: Workshop, recording_id: str) -> bool:
    """End a recording's waiting or running job as cancelled; tell whether there was one to end."""
    with workshop.database.write() as session:
        job = jobs.latest(session, recording_id)
        was_running = job is not None and job.state == "running"
        cancelled = job is not None and jobs.cancel(session, job.id)
    if job is None or not cancelled:
        return False
    log.info("job ends", extra={"job": job.id, "recording": recording_id, "state": "cancelled"})
    if was_running:  # Its own thread notices, and erases the audio when no child reads it any more.
        _stop_children(workshop, job.id)
    else:
        erase_audio(workshop, recording_id)
    workshop.board.publish(recording_id, None)
    return True


def erase_audio(workshop: Workshop, recording_id: str) -> None:
    """Erase a recording's audio: first the key, then the bytes, then say so in the row."""
    with workshop.database.read() as session:
        recording = session.get(Recording, recording_id)
    if recording is None or recording.state == "audio_erased":
        return
    erase_file_keys(workshop, recording.audio_id)
    workshop.spool.erase(recording.audio_id)
    with workshop.database.write() as session:
        recordings.mark_audio_erased(session, recording_id)
        if recording.mode == recordings.PRIVATE:
            recordings.forget_particulars(session, recording_id)
    if recording.mode == recordings.PRIVATE:
        workshop.database.purge()  # The log still holds what was forgotten.


def _set_of(workshop: Workshop, job: Job) -> Path | None:
    """Return the set on which a job ran. The one in use may have changed since: it was put to use meanwhile."""
    return workshop.engine.set_of(bytes.fromhex(job.id))


def _waiting(workshop: Workshop) -> str | None:
    with workshop.database.read() as session:
        job = jobs.next_queued(session)
        return job.id if job else None


def _transcribe(workshop: Workshop, job: Job, recording: Recording) -> None:
    """Decode, transcribe, store: the one path on which a job ends as done."""
    report = _Report(workshop, job, recording.id)
    pcm = _decode(workshop, job, recording, report)
    document_id = new_document_id()
    started = time.monotonic()
    try:
        audio_s = None if recording.mode == recordings.PRIVATE else pcm.duration_s
        if audio_s is not None:
            with workshop.database.write() as session:
                jobs.note_duration(session, job.id, audio_s)
        result, sealed = _run_engine(workshop, job, recording, document_id, pcm, report)
    except BaseException:
        erase_file_keys(workshop, document_id)
        raise
    finally:
        pcm.close()
    with workshop.database.write() as session:
        seconds = {"decode": report.decode_s, **result.seconds} if audio_s is not None else {}
        finished = jobs.finish(session, job.id, seconds, audio_s, result.model)
        if finished:
            transcripts.store(
                session,
                recording_id=recording.id,
                document_id=document_id,
                sealed=sealed,
                language=result.language,
                speakers=result.speakers,
            )
    if finished:
        workshop.indexing.changed(recording.id)
    else:
        erase_file_keys(workshop, document_id)
    state = "done" if finished else "cancelled"
    took = {} if recording.mode == recordings.PRIVATE else {"seconds": round(time.monotonic() - started, 1)}
    log.info("job ends", extra={"job": job.id, "recording": recording.id, "state": state, **took})


def _decode(workshop: Workshop, job: Job, recording: Recording, report: _Report) -> Pcm:
    """Have the audio decoded, with a second try where the decoder died of itself."""
    audio_key = audio_key_of(workshop, recording)
    audio = workshop.spool.descriptor(recording.audio_id)
    request = Decode(
        audio_id=recording.audio_id,
        file_key=audio_key,
        size_bytes=recording.size_bytes,
        max_duration_s=workshop.settings.max_recording_hours * 3600,
    )
    started = time.monotonic()
    try:
        weaker = workshop.settings.allow_weaker_cage
        return _twice(
            lambda _: decode(request, audio, report, report.watch, allow_weaker=weaker), DecoderDiedError, report
        )
    finally:
        os.close(audio)
        workshop.decoders.pop(job.id, None)
        report.decode_s = time.monotonic() - started


def _run_engine(
    workshop: Workshop, job: Job, recording: Recording, document_id: bytes, pcm: Pcm, report: _Report
) -> tuple[Transcribed, bytes]:
    """Have the samples transcribed, and store its keys before the transcript: one whose key is lost is lost.

    In standard mode the server makes the file key and wraps it first. In privacy mode the engine makes it, and what
    comes back is sealed to the recipients.
    """
    recipients, vocabulary = recipients_of(workshop, recording), terms_of(workshop, recording)
    transcript_key = None if recipients else new_file_key()
    if transcript_key is not None:
        keep_file_key(workshop, document_id, transcript_key)

    def attempt(number: int) -> tuple[Transcribed, bytes]:
        request = Transcribe(
            job_id=bytes.fromhex(job.id),
            options=jobs.options_of(job),
            document_id=document_id,
            file_key=transcript_key,
            recipients=recipients,
            attempt=number,
            vocabulary=vocabulary,
        )
        return workshop.engine.transcribe(request, pcm.descriptor, report)

    result, sealed = _twice(attempt, EngineDiedError, report)
    keep_sealed_keys(workshop, document_id, recipients, result.sealed_keys)
    return result, sealed


def _twice(attempt: Callable[[int], Answer], death: type[ApplianceError], report: _Report) -> Answer:
    for number in range(1, ATTEMPTS):
        try:
            return attempt(number)
        except death:
            report.refuse_if_ended()  # A child that died because somebody cancelled is not tried again.
            log.warning("child died, trying again", extra={"job": report.job_id, "attempt": number})
    return attempt(ATTEMPTS)


class _Report:
    """Puts progress on the board, and carries an ending that somebody else made to the child at work."""

    def __init__(self, workshop: Workshop, job: Job, recording_id: str) -> None:
        self.job_id = job.id
        self.decode_s = 0.0
        self._workshop = workshop
        self._recording_id = recording_id
        self._started_at = time.monotonic()
        self("decode", 0.0)

    def __call__(self, stage: str, fraction: float) -> None:
        if self._ended():  # The cancel may have come between two children, when there was none to tell.
            _stop_children(self._workshop, self.job_id)
        else:
            self._workshop.board.publish(self._recording_id, Standing(stage, fraction, self._started_at))

    def watch(self, decoder: Child) -> None:
        """Remember the decoder, so that a cancel can end it at once."""
        self._workshop.decoders[self.job_id] = decoder

    def refuse_if_ended(self) -> None:
        """Stop the work on a job that somebody ended.

        Raises:
            JobCancelled: It is no longer running.
        """
        if self._ended():
            raise JobCancelled

    def _ended(self) -> bool:
        with self._workshop.database.read() as session:
            job = session.get(Job, self.job_id)
            return job is None or job.state != "running"


def _stop_children(workshop: Workshop, job_id: str) -> None:
    decoder = workshop.decoders.get(job_id)
    if decoder is not None:
        decoder.kill()
    workshop.engine.cancel(bytes.fromhex(job_id))
