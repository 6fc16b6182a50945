"""What the appliance keeps: open titles and transcripts in standard mode, change them, delete them for good."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from appliance.crypto.envelope import DocumentType, open_document, seal_document
from appliance.records import access, accounts, jobs, packs, recordings, transcripts, workspaces
from appliance.records.access import Act
from appliance.records.recordings import Recording
from appliance.transcript import Transcript, from_json, to_json
from appliance.worker import runner
from appliance.worker.consents import tidy_consents
from appliance.worker.endings import end_unended
from appliance.worker.filekeys import erase_file_keys, file_key
from appliance.worker.link_ends import sweep_links, tidy_links
from appliance.worker.member_keys import tidy_member_keys
from appliance.worker.places import tidy_places
from appliance.worker.slots import tidy_slots
from appliance.worker.workshop import Workshop
from appliance.worker.workspaces import remove

log = logging.getLogger(__name__)

TOGETHER = 100  # Recordings whose rows go in one transaction: others can write in between.


def open_title(workshop: Workshop, recording: Recording) -> str:
    """Open the sealed title of a recording."""
    key = file_key(workshop, recording.title_id)
    sealed = open_document(key, recording.sealed_title, DocumentType.TITLE, recording.title_id, recording.title_version)
    return sealed.decode()


def open_transcript(workshop: Workshop, recording_id: str) -> tuple[Transcript, int]:
    """Open a recording's transcript.

    Returns:
        The transcript and its version, which save_transcript wants back.

    Raises:
        NotFoundError: There is none.
        CryptoError: It does not open.
    """
    with workshop.database.read() as session:
        row = transcripts.get(session, recording_id)
    key = file_key(workshop, row.document_id)
    encoded = open_document(key, row.sealed, DocumentType.TRANSCRIPT, row.document_id, row.version)
    return from_json(encoded), row.version


def save_transcript(workshop: Workshop, recording_id: str, transcript: Transcript, from_version: int) -> int:
    """Seal a changed transcript as the next version.

    Raises:
        ConflictError: Somebody saved another one since ``from_version`` was opened.
    """
    with workshop.database.read() as session:
        row = transcripts.get(session, recording_id)
    key = file_key(workshop, row.document_id)
    version = from_version + 1
    sealed = seal_document(key, DocumentType.TRANSCRIPT, row.document_id, version, to_json(transcript))
    with workshop.database.write() as session:
        transcripts.replace(session, recording_id, sealed, from_version)
    workshop.indexing.changed(recording_id)
    return version


def delete_recording(workshop: Workshop, account_id: str, recording_id: str) -> None:
    """Delete a recording for somebody who may do that.

    Raises:
        NotFoundError: No such recording, or they may not even read it.
        RoleError: Their role in its workspace does not allow it.
    """
    delete_recordings(workshop, account_id, [recording_id])


def delete_recordings(workshop: Workshop, account_id: str, recording_ids: Sequence[str]) -> None:
    """Delete recordings together: the keys of all of them first and at once, so that a power cut finds none readable.

    Raises:
        NotFoundError: One is not there, or they may not even read it; nothing was deleted.
        RoleError: Their role in the workspace of one does not allow it; nothing was deleted.
    """
    with workshop.database.read() as session:
        found = [access.get(session, recording_id, account_id, Act.DELETE) for recording_id in recording_ids]
    erase_recordings(workshop, found)


def erase_recordings(workshop: Workshop, found: Sequence[Recording]) -> None:
    """Erase recordings and everything made from them, for good: keys first and at once, then bytes, then rows."""
    for recording in found:
        if recording.state != "audio_erased":  # Otherwise its job has ended.
            runner.cancel(workshop, recording.id)
    with workshop.database.read() as session:  # After the cancelling: no job stores another transcript any more.
        made = [document for recording in found for document in transcripts.document_ids(session, recording.id)]
    erase_file_keys(workshop, *made, *(key for each in found for key in (each.audio_id, each.title_id)))
    for start in range(0, len(found), TOGETHER):
        _remove(workshop, found[start : start + TOGETHER])


def delete_all_of(workshop: Workshop, owner_id: str) -> int:
    """Delete every recording that belongs to a person alone, also those that come in meanwhile; return how many.

    What they put into a workspace belongs to its members.
    """
    number = 0
    while owned := _recordings_of(workshop, owner_id):
        erase_recordings(workshop, owned)
        number += len(owned)
    return number


def end_workspaces_of_nobody(workshop: Workshop) -> None:
    """Remove the workspaces in which nobody is left, with all that is in them.

    Whoever was let out last is out of the rows by then, so nothing is put in any more; and nobody comes back, because
    only an owner could sign them in.
    """
    with workshop.database.read() as session:
        left = workspaces.of_nobody(session)
    for workspace_id in left:
        with workshop.database.read() as session:
            inside = recordings.inside(session, workspace_id)
        erase_recordings(workshop, inside)
        with workshop.changing_members:
            remove(workshop, workspace_id)


def tidy(workshop: Workshop) -> None:
    """Write down the failures that wait for room, and erase what nobody needs any more.

    Uploads that nobody continues, audio whose job has ended or whose recording is gone, workspaces without members, and
    links that are good for nothing.
    """
    end_unended(workshop)
    idle = timedelta(hours=workshop.settings.upload_idle_hours)
    with workshop.database.read() as session:
        abandoned = recordings.abandoned(session, datetime.now(UTC) - idle)
        ended = recordings.with_ended_job(session)
    for recording in abandoned:
        erase_recordings(workshop, [recording])
    for recording in ended:
        runner.erase_audio(workshop, recording.id)
    _sweep_spool(workshop)
    end_workspaces_of_nobody(workshop)
    sweep_links(workshop)
    workshop.updates.incoming.tidy(idle.total_seconds())


def resume(workshop: Workshop) -> None:
    """After a start, whatever way the last run ended: make rows, keys and audio agree, and claim running jobs back.

    Runs before anything is accepted, so that a key or an audio file without a row is really nobody's.
    """
    with workshop.database.write() as session:
        reclaimed = jobs.reclaim_running(session)
    if reclaimed:
        log.info("jobs claimed back", extra={"count": len(reclaimed)})
    with workshop.database.read() as session:
        audio_ids = recordings.audio_ids(session)
        unopenable = recordings.uploading(session, recordings.PRIVATE)  # Unless their keys were stored.
        documents = audio_ids | recordings.title_ids(session) | transcripts.all_document_ids(session)
        documents |= packs.all_document_ids(session)
        known = documents | accounts.ids(session) | workspaces.ids(session)
    with_keys = workshop.keystore.subjects()
    workshop.keystore.erase(*(with_keys - known))
    tidy_slots(workshop)
    tidy_consents(workshop)
    tidy_member_keys(workshop)
    tidy_places(workshop)
    tidy_links(workshop)
    for recording in unopenable:
        if recording.audio_id not in with_keys:
            erase_recordings(workshop, [recording])
    tidy(workshop)


def _sweep_spool(workshop: Workshop) -> None:
    """Erase the files of recordings that are gone.

    Files are listed before rows are read: a row is there before its first byte, so one that begins in between is safe.
    """
    found = workshop.spool.audio_ids()
    with workshop.database.read() as session:
        strays = found - recordings.audio_ids(session)
    for audio_id in strays:
        workshop.spool.erase(audio_id)


def _recordings_of(workshop: Workshop, owner_id: str) -> Sequence[Recording]:
    with workshop.database.read() as session:
        return recordings.owned(session, owner_id)


def _remove(workshop: Workshop, some: Sequence[Recording]) -> None:
    """Remove the bytes and the rows of recordings whose keys are gone."""
    for recording in some:
        workshop.indexing.forget(access.place_of(recording), recording.id)
        workshop.spool.erase(recording.audio_id)
    workshop.database.remove(lambda session: [recordings.remove(session, recording.id) for recording in some])
    for recording in some:
        if recording.state == "uploading":  # A chunk may have come in just before its row went.
            workshop.spool.erase(recording.audio_id)
        workshop.board.publish(recording.id, None)
        log.info("recording deleted", extra={"recording": recording.id})
