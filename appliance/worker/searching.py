"""What is searched of a recording, opened from its rows; and the index, started."""

from __future__ import annotations

from functools import partial

from appliance.errors import NotFoundError
from appliance.records import access, recordings
from appliance.records.recordings import Recording
from appliance.search.found import Entry, entry_of
from appliance.worker.library import open_title, open_transcript
from appliance.worker.workshop import Workshop

STANDARD = "standard"


def start_indexing(workshop: Workshop) -> None:
    """Begin to read every transcript that the appliance may open, newest first; return before the first is read."""
    with workshop.database.read() as session:
        found = recordings.searchable(session)
    workshop.indexing.start(partial(open_entry, workshop), found)


def open_entry(workshop: Workshop, recording_id: str) -> tuple[str, Entry]:
    """Return a recording's place, whose shelf of the index it stands on, and what is searched of it.

    Raises:
        NotFoundError: There is no transcript, or it is not the appliance's to open.
        CryptoError: It does not open.
    """
    with workshop.database.read() as session:
        recording = session.get(Recording, recording_id)
    if recording is None or recording.mode != STANDARD:
        raise NotFoundError
    transcript, _ = open_transcript(workshop, recording_id)
    created_ms = round(recording.created_at.timestamp() * 1000)
    title = open_title(workshop, recording)
    return access.place_of(recording), entry_of(transcript, recording=recording.id, created_ms=created_ms, title=title)
