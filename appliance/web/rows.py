"""Recordings as the library shows them: one frozen row each, so that two moments can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

import msgspec
from sqlmodel import Session

from appliance.records import access, jobs, recordings
from appliance.records.access import Act
from appliance.records.jobs import Job
from appliance.records.recordings import Listed, Recording
from appliance.spool import CHUNK_BYTES
from appliance.web.languages import Language, mark
from appliance.worker.choices import heard_by
from appliance.worker.library import open_title
from appliance.worker.privacy import sealed_titles
from appliance.worker.progress import Standing
from appliance.worker.workshop import Workshop

State = Literal["queued", "running", "done", "failed", "cancelled"]

STAGES = {
    "decode": mark("Opening the recording"),
    "segment": mark("Finding speech"),
    "language": mark("Recognising the language"),
    "asr": mark("Writing down what is said"),
    "words": mark("Timing every word"),
    "diarize": mark("Telling the speakers apart"),
    "assign": mark("Putting it together"),
}
WORKING = mark("Working on it")
STATES: dict[State, str] = {
    "queued": mark("Next in the queue"),
    "running": WORKING,
    "done": mark("Ready"),
    "failed": mark("This did not work"),
    "cancelled": mark("Cancelled"),
}
NEWS: dict[State, str] = {
    "queued": mark("{title}: waiting"),
    "running": mark("{title}: transcription begins"),
    "done": mark("{title}: the transcript is ready"),
    "failed": mark("{title}: this did not work"),
    "cancelled": mark("{title}: cancelled"),
}
PRIVATE_TITLE = mark("Private recording")


@dataclass(frozen=True, slots=True)
class Row:
    """What ``library/_recording.html`` shows.

    Attributes:
        title: In standard mode; in privacy mode what stands there until the browser has opened the true one.
        sealed_title: What the browser opens, as JSON; empty in standard mode.
        workspace: Id of the workspace it is in, or empty.
        may_write: Whether the reader may stop its job.
        may_delete: Whether the reader may delete it.
        created_at: UTC, as ISO 8601.
        facts: Size, length, language, speakers: whatever is known.
        percent: Whole per cent of a running job, for the bar.
        percent_text: The same in the reader's digits.
        status: In words, with the position in the queue or the stage.
        remaining: How long it takes yet, or empty while nothing was measured.
        trouble: Why it failed and what to do, or empty.
        replaces: Whether it comes by itself, for the row that is on the page.
    """

    id: str
    title: str
    sealed_title: str
    workspace: str
    may_write: bool
    may_delete: bool
    state: State
    created_at: str
    facts: tuple[str, ...]
    percent: int
    percent_text: str
    status: str
    remaining: str
    trouble: str
    replaces: bool = False

    @property
    def can_cancel(self) -> bool:
        """Whether there is work left that the reader may stop."""
        return self.may_write and self.state in ("queued", "running")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An upload that stopped: what ``library/_unfinished.html`` shows.

    Attributes:
        sealed_title: As of a row.
        size_bytes: Of the whole file, by which a page knows it again.
    """

    id: str
    title: str
    sealed_title: str
    created_at: str
    size: str
    size_bytes: int
    received: str


@dataclass(slots=True)
class Shelf:
    """What one person may read, looked at again and again; titles are opened once, since they never change.

    Attributes:
        owner_id: Who reads.
        language: Of the words in the rows.
        place: Only of this workspace, or of this account's own; its id, or empty for all.
    """

    workshop: Workshop
    owner_id: str
    language: Language
    place: str = ""
    _titles: dict[str, str] = field(default_factory=dict)
    _sealed: dict[str, str] = field(default_factory=dict)
    _wrapped_for: dict[str, str] = field(default_factory=dict)

    def rows(self) -> tuple[Row, ...]:
        """Return every complete recording as it stands now, newest first."""
        with self.workshop.database.read() as session:
            places = jobs.positions(session)
            listing = recordings.listing(session, self.owner_id, self.place)
            complete = [listed for listed in listing if listed.job is not None]
            self._read_sealed_titles([listed.recording for listed in complete])
            return tuple(self._row(session, listed, listed.job, places) for listed in complete if listed.job)

    def row(self, recording_id: str) -> Row | None:
        """Return one recording as it stands now, or None where it is gone or not complete."""
        return next((row for row in self.rows() if row.id == recording_id), None)

    def unfinished(self) -> tuple[Unfinished, ...]:
        """Return this person's uploads that wait to be continued, newest first."""
        with self.workshop.database.read() as session:
            waiting = [
                listed.recording
                for listed in recordings.listing(session, self.owner_id, self.place)
                if listed.recording.state == "uploading" and listed.recording.owner_id == self.owner_id
            ]
        self._read_sealed_titles(waiting)
        return tuple(self._unfinished(recording) for recording in waiting)

    def _row(self, session: Session, listed: Listed, job: Job, places: dict[str, int]) -> Row:
        recording = listed.recording
        state = cast("State", job.state)
        standing = self.workshop.board.current(recording.id) if state == "running" else None
        error = jobs.error_of(job)
        percent = round(standing.fraction * 100) if standing else 0
        acts = access.allowed(session, self.owner_id, recording)
        return Row(
            id=recording.id,
            title=self._title(recording),
            sealed_title=self._sealed.get(recording.id, ""),
            workspace=recording.workspace_id or "",
            may_write=Act.WRITE in acts,
            may_delete=Act.DELETE in acts,
            state=state,
            created_at=recording.created_at.isoformat(),
            facts=self._facts(listed, job),
            percent=percent,
            percent_text=self.language.percent(percent / 100),
            status=self._status(state, standing, places.get(job.id, 0)),
            remaining=self._remaining(session, job, standing) if standing else "",
            trouble=self.language.tell(error) if error and state == "failed" else "",
        )

    def _status(self, state: State, standing: Standing | None, place: int) -> str:
        if state == "running":
            return self.language.say(STAGES.get(standing.stage, WORKING) if standing else WORKING)
        if state == "queued" and place > 1:
            return self.language.count("Waiting for {number} recording", "Waiting for {number} recordings", place - 1)
        return self.language.say(STATES[state])

    def _remaining(self, session: Session, job: Job, standing: Standing) -> str:
        model = heard_by(self.workshop.engine.choices, jobs.options_of(job).model)
        speed = jobs.measured_speed(session, model, diarize=job.diarize)
        expected_s = job.audio_s / speed if job.audio_s and speed else None
        remaining_s = standing.remaining_s(expected_s)
        return "" if remaining_s is None else self.language.remaining(remaining_s)

    def _facts(self, listed: Listed, job: Job) -> tuple[str, ...]:
        facts = [self.language.clock(job.audio_s)] if job.audio_s else []
        facts.append(self.language.size(listed.recording.size_bytes))
        if listed.language:
            facts.append(self.language.name_of(listed.language))
        if listed.speakers:
            facts.append(self.language.count("{number} speaker", "{number} speakers", listed.speakers))
        return tuple(facts)

    def _unfinished(self, recording: Recording) -> Unfinished:
        received = min(1.0, recording.received_chunks * CHUNK_BYTES / recording.size_bytes)
        return Unfinished(
            id=recording.id,
            title=self._title(recording),
            sealed_title=self._sealed.get(recording.id, ""),
            created_at=recording.created_at.isoformat(),
            size=self.language.size(recording.size_bytes),
            size_bytes=recording.size_bytes,
            received=self.language.percent(received),
        )

    def _read_sealed_titles(self, some: Sequence[Recording]) -> None:
        private = [each for each in some if each.mode == recordings.PRIVATE]
        unread = [each for each in private if self._wrapped_for.get(each.id) != access.place_of(each)]
        for recording_id, title in sealed_titles(self.workshop, unread).items():
            self._sealed[recording_id] = msgspec.json.encode(title).decode()
        self._wrapped_for.update((each.id, access.place_of(each)) for each in unread)

    def _title(self, recording: Recording) -> str:
        if recording.mode == recordings.PRIVATE:
            return self.language.say(PRIVATE_TITLE)
        if recording.id not in self._titles:
            self._titles[recording.id] = open_title(self.workshop, recording)
        return self._titles[recording.id]


def news(language: Language, before: Sequence[Row], after: Sequence[Row]) -> tuple[str, ...]:
    """Return what a screen reader should say: which recordings came into another state."""
    states = {row.id: row.state for row in before}
    return tuple(
        language.say(NEWS[row.state], title=row.title)
        for row in after
        if row.id in states and states[row.id] != row.state
    )
