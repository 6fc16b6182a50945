"""What is indexed, what may be left out of a search, and what it finds: the same values as in ``pure/scan.js``."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from appliance.search.fold import plain
from appliance.search.query import Mark
from appliance.transcript import Speaker, Transcript

GROUPS = 10
"""Recordings in one answer."""
PLACES_EACH = 3
"""Places of each recording in one answer."""
PLACES_OF_ONE = 50
"""Places in one answer about one recording."""
MOST_COUNTED = 10_000
"""Places that are counted one by one. Nobody reads so many, and the answer says that there are more."""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all values here."""


class Passage(Value, frozen=True, kw_only=True):
    """One segment of a transcript.

    Attributes:
        start: Seconds.
        speaker: ``id`` of a Speaker, or None.
        text: In form NFC.
    """

    start: float
    speaker: str | None
    text: str


class Entry(Value, frozen=True, kw_only=True):
    """One recording as it is searched.

    Attributes:
        created_ms: When it was given to the appliance, in milliseconds since 1970; tells the recordings of an owner
            apart and puts them in order, so an index makes it later by a millisecond where another has the same.
        title: In form NFC.
        language: Code of the language that is spoken.
    """

    recording: str
    created_ms: int
    title: str
    language: str
    speakers: tuple[Speaker, ...]
    passages: tuple[Passage, ...]

    def name_of(self, speaker_id: str | None) -> str | None:
        """Return the name of a speaker, or None where there is none."""
        return next((speaker.name for speaker in self.speakers if speaker.id == speaker_id), None)


class Scope(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of all that matches is wanted.

    Attributes:
        since_ms: Only recordings from this moment on.
        until_ms: Only recordings before this moment.
        before_ms: Only recordings older than the last one of the answer before.
        recording: Only this recording, and more of its places.
        after: With ``recording``: only places after this one.
    """

    since_ms: int | None = None
    until_ms: int | None = None
    before_ms: int | None = None
    recording: str | None = None
    after: int = -1


class Place(Value, frozen=True, kw_only=True):
    """A passage in which everything occurs that was asked for.

    Attributes:
        position: Number of the segment.
        start: Seconds.
        speaker: Name of who speaks, or None.
        voice: Number of the speaker within the transcript, for the colour, or None.
        text: The whole passage.
        marks: What matches in it.
    """

    position: int
    start: float
    speaker: str | None
    voice: int | None
    text: str
    marks: tuple[Mark, ...]


class Group(Value, frozen=True, kw_only=True):
    """A recording in which something was found.

    Attributes:
        marks: What matches in its title; nothing unless everything does.
        count: How many places there are in all.
        places: The first of them, or those after the one that the scope names.
    """

    recording: str
    created_ms: int
    title: str
    language: str
    marks: tuple[Mark, ...]
    count: int
    places: tuple[Place, ...]


class Found(Value, frozen=True, kw_only=True):
    """An answer.

    Attributes:
        groups: Newest recordings first.
        recordings: How many recordings match in all.
        places: How many places and titles match in all.
        is_counted: Whether these two are the whole truth; otherwise there are more.
        has_more: Whether older recordings match too, or with ``Scope.recording`` later places.
    """

    groups: tuple[Group, ...] = ()
    recordings: int = 0
    places: int = 0
    is_counted: bool = True
    has_more: bool = False


def merge(answers: Sequence[Found]) -> Found:
    """Put answers to one question from several places together, newest recordings first, as ``pure/merge.js`` does."""
    groups = sorted((group for found in answers for group in found.groups), key=lambda group: -group.created_ms)
    # The next question asks for older ones than the last; what is exactly as old would be passed over.
    last = groups[GROUPS - 1].created_ms if len(groups) >= GROUPS else None
    shown = tuple(group for number, group in enumerate(groups) if number < GROUPS or group.created_ms == last)
    return Found(
        groups=shown,
        recordings=sum(found.recordings for found in answers),
        places=sum(found.places for found in answers),
        is_counted=all(found.is_counted for found in answers),
        has_more=len(shown) < len(groups) or any(found.has_more for found in answers),
    )


def entry_of(transcript: Transcript, *, recording: str, created_ms: int, title: str) -> Entry:
    """Return what is searched of a transcript; words and their times are left behind."""
    return Entry(
        recording=recording,
        created_ms=created_ms,
        title=plain(title),
        language=transcript.language,
        speakers=transcript.speakers,
        passages=tuple(
            Passage(start=segment.start, speaker=segment.speaker, text=plain(segment.text))
            for segment in transcript.segments
        ),
    )
