"""What came of trying a model set: figures a recording, of the candidate and of the set in use beside it. No I/O.

FORMAT.md section 5.2 is the specification. Figures are all that is kept of a trial: no word of a recording is in it.
"""

from __future__ import annotations

import msgspec

from appliance.bundles.figures import ClipResult, Record, Refusal, Totals
from appliance.bundles.scoring import speaker_errors, word_errors
from appliance.bundles.specimens import Specimen
from appliance.bundles.spelling import Instant
from appliance.errors import ApplianceError, SelftestLengthError
from appliance.options import LANGUAGES
from appliance.transcript import Transcript

TRIAL_FILE = "trial.json"
COLLAR_S = 0.125  # People mark the ends of turns no more exactly than that.
LENGTH_TOLERANCE_S = 1.0
LENGTH_TOLERANCE = 0.01  # Of its length: containers round what they say of it.


class SetFacts(Record, frozen=True):
    """What an engine said of a set when it had loaded it.

    Attributes:
        name: Of the set.
        release: Of the set.
        models: Role to model id.
        languages: What it transcribes.
        device: ``cpu`` or ``cuda``.
        device_name: As its maker calls it.
        compute_type: In which numbers it computes.
        asr_batch: Windows of speech transcribed at once.
        load_s: Seconds that loading took.
    """

    name: str
    release: str
    models: dict[str, str]
    languages: tuple[str, ...]
    device: str
    device_name: str
    compute_type: str
    asr_batch: int
    load_s: float


class Column(Record, frozen=True):
    """How one set did on all recordings, in the order in which they were given.

    Attributes:
        facts: Of the set.
        signed: On the recordings of the bundle.
        own: On the site's own.
    """

    facts: SetFacts
    signed: tuple[ClipResult, ...]
    own: tuple[ClipResult, ...] = ()

    @property
    def totals(self) -> Totals:
        """Of the recordings of the bundle."""
        return Totals.of(self.signed)

    @property
    def own_totals(self) -> Totals:
        """Of the site's own recordings."""
        return Totals.of(self.own)


class TrialResult(Record, frozen=True):
    """What came of trying a set: both columns.

    Attributes:
        tried_at: When it ended.
        candidate: The set that was tried.
        active: The set in use on the same recordings, or None where it was not measured.
        active_refusal: Why it was not, though somebody asked for it.
    """

    tried_at: Instant
    candidate: Column
    active: Column | None = None
    active_refusal: Refusal | None = None

    @property
    def passed(self) -> bool:
        """Whether the candidate kept every limit. A site's own recordings have none."""
        return all(clip.passed for clip in self.candidate.signed)

    @property
    def languages_gained(self) -> tuple[str, ...]:
        """What the candidate transcribes and the set in use does not; nothing where that is not known."""
        return _without(self.candidate, self.active) if self.active else ()

    @property
    def languages_lost(self) -> tuple[str, ...]:
        """What the set in use transcribes and the candidate does not; nothing where that is not known."""
        return _without(self.active, self.candidate) if self.active else ()

    def require(self) -> None:
        """Refuse a set that did not keep a limit; see ``ClipResult.require``."""
        for clip in self.candidate.signed:
            clip.require()

    def encode(self) -> bytes:
        """Return what may be written to disk: the names of a site's own recordings are numbers there.

        What people call a recording is nobody else's to read, and is nowhere on this appliance's disk in clear.
        """
        candidate, active = _nameless(self.candidate), _nameless(self.active) if self.active else None
        return msgspec.json.encode(msgspec.structs.replace(self, candidate=candidate, active=active))

    @classmethod
    def decode(cls, encoded: bytes) -> TrialResult | None:
        """Read what ``encode`` has written, or None for anything else: then the set counts as never tried."""
        try:
            return msgspec.json.decode(encoded, type=cls)
        except (msgspec.DecodeError, ValueError):  # The latter for bytes that are no UTF-8.
            return None


def score(specimen: Specimen, heard: Transcript, audio_s: float, seconds: float) -> ClipResult:
    """Measure what an engine heard in a recording against its reference.

    Args:
        specimen: The recording.
        heard: Its transcript by the engine.
        audio_s: Length of the recording as it was decoded, in seconds.
        seconds: What the decoder and the engine took.

    Raises:
        SelftestLengthError: The reference was made of another recording.
        SelftestFileError, SelftestReferenceError: The reference changed since it was looked at.
    """
    reference = specimen.reference()
    if abs(audio_s - reference.duration_s) > LENGTH_TOLERANCE_S + LENGTH_TOLERANCE * audio_s:
        raise SelftestLengthError(name=specimen.name, audio_s=audio_s, reference_s=reference.duration_s)
    return ClipResult(
        name=specimen.name,
        language=specimen.language,
        audio_s=audio_s,
        seconds=seconds,
        words=word_errors(reference, heard),
        speakers=speaker_errors(reference, heard, COLLAR_S) if specimen.has_speakers else None,
        wer_max=specimen.wer_max,
        der_max=specimen.der_max,
    )


def unheard(specimen: Specimen, error: ApplianceError) -> ClipResult:
    """Note why there are no figures for a recording."""
    return ClipResult(
        name=specimen.name,
        language=specimen.language,
        wer_max=specimen.wer_max,
        der_max=specimen.der_max,
        refusal=Refusal.of(error),
    )


def _without(one: Column, other: Column) -> tuple[str, ...]:
    return tuple(sorted(_spoken(one) - _spoken(other)))


def _spoken(column: Column) -> set[str]:
    return set(column.facts.languages or LANGUAGES)  # A set that names none is for all.


def _nameless(column: Column) -> Column:
    own: list[ClipResult] = []
    for number, clip in enumerate(column.own, 1):
        refusal = clip.refusal
        if refusal is not None and "name" in refusal.facts:
            refusal = Refusal(code=refusal.code, facts={**refusal.facts, "name": str(number)})
        own.append(msgspec.structs.replace(clip, name=str(number), refusal=refusal))
    return msgspec.structs.replace(column, own=tuple(own))
