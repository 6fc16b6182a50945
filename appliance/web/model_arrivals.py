"""How updates come in, as the Models page shows it: from whom, from where, and the one on its way."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from appliance.bundles.own import OwnRecordings
from appliance.config import Settings
from appliance.errors import ApplianceError
from appliance.web.languages import Language, mark
from appliance.web.model_history import who
from appliance.worker.deliveries import source_of, waiting_uploads
from appliance.worker.imports import FIRST_PART, OWN_FOLDER, SUFFIX, Found, found_in, own_recordings
from appliance.worker.incoming import Arrival
from appliance.worker.underway import Underway
from appliance.worker.updates import Updates

SILENT_S = 20.0  # After that an upload counts as broken off.

State = Literal["done", "current", "due"]


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose updates are taken: what ``models/_signers.html`` shows.

    Attributes:
        lines: Each in words.
        trouble: Why that cannot be told, in words, or empty.
    """

    lines: tuple[str, ...]
    trouble: str


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A file in the folder of imports.

    Attributes:
        name: By which it is asked for.
        shown: Without the number of its first part.
        size: Of it, or of the first of its parts, in words.
        changed_at: UTC, as ISO 8601.
    """

    name: str
    shown: str
    size: str
    changed_at: str


@dataclass(frozen=True, slots=True)
class Imports:
    """What ``models/_imports.html`` shows.

    Attributes:
        has_folder: Whether the appliance was given one.
        rows: What lies there, the newest first.
        trouble: Why it cannot be read, in words, or empty.
        own: How many of the site's own recordings lie there, in words.
        own_troubles: Which of them cannot be used, and why.
        own_folder: Where they belong.
        is_busy: Whether an update is on its way already.
    """

    has_folder: bool
    rows: tuple[ImportRow, ...]
    trouble: str
    own: str
    own_troubles: tuple[str, ...]
    own_folder: str
    is_busy: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the update on its way."""

    name: str
    state: State


@dataclass(frozen=True, slots=True)
class Course:
    """The update on its way.

    Attributes:
        source: Name of the file, or of the release.
        by: Who began it, in words.
        steps: All of them.
        percent: Of the step at work, for the bar.
        percent_text: The same in the reader's digits.
        remaining: How long it takes yet, in words, or empty.
        is_stopping: Whether somebody has stopped it.
    """

    source: str
    by: str
    steps: tuple[Step, ...]
    percent: int
    percent_text: str
    remaining: str
    is_stopping: bool


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that is on its way, or was broken off.

    Attributes:
        is_moving: Whether something came a moment ago.
        is_whole: Whether everything is there, and only has to be taken in.
    """

    id: str
    name: str
    size: str
    percent: int
    percent_text: str
    is_moving: bool
    is_whole: bool


@dataclass(frozen=True, slots=True)
class UnderwayPart:
    """What ``models/_underway.html`` shows.

    Attributes:
        trouble: Why the last one was not taken, in words, or empty.
    """

    course: Course | None
    uploads: tuple[Upload, ...]
    trouble: str


def signers_of(updates: Updates, language: Language) -> Signers:
    """Return whose updates are taken."""
    vendor = mark("“{line}”, trusted from the start: {threshold} of {keys} keys sign")
    own = mark("“{line}”, trusted by an administrator here: {threshold} of {keys} keys sign")
    try:
        image, roots = updates.store.image_lines(), updates.store.lines()
    except ApplianceError as error:
        return Signers((), language.tell(error))
    return Signers(
        tuple(
            language.say(
                vendor if root.line in image else own,
                line=root.line,
                threshold=language.number(root.threshold),
                keys=language.number(len(root.public_keys)),
            )
            for root in roots
        ),
        "",
    )


def imports_of(settings: Settings, updates: Updates, language: Language) -> Imports:
    """Return what lies in the folder of imports."""
    trouble = ""
    found: tuple[Found, ...] = ()
    recordings = OwnRecordings((), ())
    try:
        found = found_in(settings.imports)
        recordings = own_recordings(settings)
    except ApplianceError as error:
        trouble = language.tell(error)
    counted = language.count(
        "{number} recording of your own: updates are tried on it as well.",
        "{number} recordings of your own: updates are tried on them as well.",
        len(recordings.specimens),
    )
    return Imports(
        has_folder=settings.imports is not None,
        rows=tuple(_import_row(each, language) for each in found),
        trouble=trouble,
        own=counted if recordings.specimens else "",
        own_troubles=tuple(language.tell(error) for error in recordings.refused),
        own_folder=OWN_FOLDER,
        is_busy=updates.underway is not None,
    )


def underway_of(updates: Updates, language: Language) -> UnderwayPart:
    """Return the update on its way, and the uploads."""
    underway, trouble = updates.underway, updates.trouble
    arrivals = updates.incoming.arrivals()
    came_by_upload = underway is not None and underway.source in {source_of(each) for each in arrivals}
    return UnderwayPart(
        course=_course(underway, updates, language, came_by_upload=came_by_upload) if underway else None,
        uploads=tuple(_upload(each, language) for each in waiting_uploads(updates)),
        trouble=language.tell(trouble) if trouble and not underway else "",
    )


def _import_row(found: Found, language: Language) -> ImportRow:
    size = language.size(found.size_bytes)
    if found.name.endswith(FIRST_PART):
        size = language.say(mark("in several parts, the first of {size}"), size=size)
    return ImportRow(
        name=found.name,
        shown=found.name.removesuffix(FIRST_PART.removeprefix(SUFFIX)),
        size=size,
        changed_at=datetime.fromtimestamp(found.changed_at, UTC).isoformat(timespec="seconds"),
    )


def _course(underway: Underway, updates: Updates, language: Language, *, came_by_upload: bool) -> Course:
    remaining_s = underway.remaining_s
    return Course(
        source=underway.source,
        by=who(underway.actor, language),
        steps=_steps(underway, language, came_by_upload=came_by_upload),
        percent=int(100 * underway.fraction),
        percent_text=language.percent(underway.fraction),
        remaining="" if remaining_s is None else language.remaining(remaining_s),
        is_stopping=updates.is_stopping,
    )


def _steps(underway: Underway, language: Language, *, came_by_upload: bool) -> tuple[Step, ...]:
    course = underway.course
    names = [mark("Receiving")] if came_by_upload else []
    names += [mark("Checking and copying"), mark("Trying the update"), mark("Trying the set in use")]
    at = len(names) - 3
    if underway.is_trying:
        at += 2 if course is not None and course.part == "active" else 1
    told = [language.say(name) for name in names]
    if underway.is_trying and course is not None and course.clip:
        facts = {"number": language.number(course.clip), "count": language.number(course.clips)}
        told[at] = language.say(mark("{step}: recording {number} of {count}"), step=told[at], **facts)
    elif underway.is_trying:
        told[at] = language.say(mark("{step}: its models are being loaded"), step=told[at])
    return tuple(
        Step(name, "done" if number < at else "current" if number == at else "due") for number, name in enumerate(told)
    )


def _upload(arrival: Arrival, language: Language) -> Upload:
    percent = 100 * arrival.received_bytes // arrival.size_bytes  # Nothing is whole that lacks a byte.
    return Upload(
        id=arrival.id,
        name=arrival.name or language.say(mark("An update whose name is not known any more")),
        size=language.size(arrival.size_bytes),
        percent=percent,
        percent_text=language.percent(percent / 100),
        is_moving=not arrival.finished and time.time() - arrival.changed_at < SILENT_S,
        is_whole=arrival.finished,
    )
