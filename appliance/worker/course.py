"""How far a trial of a model set is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from appliance.bundles.specimens import Specimen
from appliance.worker.progress import Standing

LOADING_IS_LIKE_S = 20.0  # Loading a set takes about as long as hearing so much sound; good enough for an honest bar.
CLIP_IS_LIKE_S = 2.0  # What every recording takes besides its length.

PartName = Literal["candidate", "active"]


@dataclass(frozen=True, slots=True)
class Course:
    """How far a trial is.

    Attributes:
        part: Which set is at work.
        clip: Number of the recording, from 1; 0 while the set is loaded.
        clips: How many there are.
        fraction: Of the whole trial, 0 to 1.
    """

    part: PartName
    clip: int
    clips: int
    fraction: float


Report = Callable[[Course], None]


class Clock:
    """Divides a trial by how long its parts take, more or less."""

    def __init__(self, report: Report, specimens: Sequence[Specimen], *, columns: int) -> None:
        self.report = report
        self.shares_s = [specimen.duration_s + CLIP_IS_LIKE_S for specimen in specimens]
        self.column_s = LOADING_IS_LIKE_S + sum(self.shares_s)
        self.whole_s = columns * self.column_s

    def part(self, name: PartName) -> Part:
        """Return who reports for one of the sets."""
        return Part(self, name, self.column_s if name == "active" else 0.0)


class Part:
    """Reports how one set gets on; called as any report of a job."""

    def __init__(self, clock: Clock, name: PartName, begins_s: float) -> None:
        self._clock, self._name, self._begins_s = clock, name, begins_s
        self._number = 0

    def loading(self) -> None:
        """Report that the set is being loaded."""
        self._tell(0.0)

    def begins(self, number: int) -> None:
        """Report that a recording is next; they count from 1."""
        self._number = number
        self("decode", 0.0)

    def __call__(self, stage: str, fraction: float) -> None:
        """Report a stage of the recording at work, and its fraction."""
        shares_s = self._clock.shares_s
        before_s = LOADING_IS_LIKE_S + sum(shares_s[: self._number - 1])
        self._tell(before_s + shares_s[self._number - 1] * Standing(stage, fraction, 0.0).fraction)

    def _tell(self, done_s: float) -> None:
        fraction = (self._begins_s + done_s) / self._clock.whole_s
        self._clock.report(Course(self._name, self._number, len(self._clock.shares_s), fraction))
