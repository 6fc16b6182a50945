"""The transcript: what the engine makes, exports write and search reads. Times are seconds from the start.

The JSON form is a contract (schema 1): other programs read it, so keys are added but never renamed or removed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

TimedBy = Literal["attention", "alignment", "segment"]
"""How a word got its times: Whisper's cross-attention, forced alignment, or spread over its segment."""


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all values here: immutable, compared by content, strict when read."""


class Word(Value, frozen=True, kw_only=True):
    """One word and the moment it is spoken.

    Attributes:
        start: Seconds.
        end: Seconds, not before ``start``.
        text: The word with its punctuation, without surrounding spaces.
        score: Probability of the recognition or the alignment, 0 to 1.
        timed_by: The method that set the times.
    """

    start: float
    end: float
    text: str
    score: float
    timed_by: TimedBy


class Segment(Value, frozen=True, kw_only=True):
    """A stretch of speech of one speaker, about a sentence long.

    Attributes:
        id: Number within the transcript, from 0, in order of time.
        start: Seconds.
        end: Seconds.
        speaker: ``id`` of a Speaker, or None where nobody was told apart.
        text: What is said.
        words: The same, word by word.
    """

    id: int
    start: float
    end: float
    speaker: str | None
    text: str
    words: tuple[Word, ...]


class SpeakerTurn(Value, frozen=True, kw_only=True):
    """A time in which a speaker speaks, by diarization alone; turns of different speakers may overlap."""

    start: float
    end: float
    speaker: str


class Speaker(Value, frozen=True, kw_only=True):
    """A voice told apart from the others.

    Attributes:
        id: Stable within the transcript: ``S1``, ``S2``, … in order of first appearance.
        name: What people call this speaker; at first ``Speaker 1``, ``Speaker 2``, …
    """

    id: str
    name: str


class Transcript(Value, frozen=True, kw_only=True):
    """Everything that is known about a recording.

    Attributes:
        schema: Version of this form.
        language: Code as Whisper writes it, such as ``en`` or ``bn``.
        duration_s: Length of the recording in seconds.
        models: Role to model id, as the set names them; as ``asr`` the one that heard the words.
        model_set: The set they are of, as "<name> <release>"; empty where that is not known, as of old transcripts.
        speakers: In order of first appearance.
        segments: In order of time.
        turns: Who speaks when, overlap kept; empty without diarization.
    """

    schema: Literal[1] = 1
    language: str
    duration_s: float
    models: dict[str, str]
    model_set: str = ""
    speakers: tuple[Speaker, ...]
    segments: tuple[Segment, ...]
    turns: tuple[SpeakerTurn, ...] = ()

    def name_of(self, speaker_id: str | None) -> str | None:
        """Return the name of a speaker, or None where there is none."""
        return next((speaker.name for speaker in self.speakers if speaker.id == speaker_id), None)

    def rename(self, speaker_id: str, name: str) -> Transcript:
        """Return the same transcript with another name for one speaker."""
        speakers = tuple(
            Speaker(id=speaker.id, name=name) if speaker.id == speaker_id else speaker for speaker in self.speakers
        )
        return msgspec.structs.replace(self, speakers=speakers)


def to_json(transcript: Transcript) -> bytes:
    """Encode a transcript as compact UTF-8 JSON, keys in the order above, models in the order of their roles.

    The browser writes the same bytes (``js/export/json.js``), and it cannot keep every order that a dict can have.
    """
    return msgspec.json.encode(transcript, order="deterministic")


def from_json(encoded: bytes) -> Transcript:
    """Decode and check a transcript.

    Raises:
        msgspec.ValidationError: Not a transcript of schema 1.
    """
    return msgspec.json.decode(encoded, type=Transcript)
