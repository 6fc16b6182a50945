"""An update on its way, at one moment."""

from __future__ import annotations

import time
from dataclasses import dataclass

from appliance.worker.course import Course

LEAST_FRACTION = 0.02  # Before that nobody can say how long it will take.


@dataclass(frozen=True, slots=True)
class Underway:
    """An update on its way.

    Attributes:
        source: Name of the file, or of the release.
        actor: Who began it.
        started_at: When this step began, in seconds of the monotonic clock.
        fraction: Of this step, 0 to 1.
        course: How far the trial is, or None while the file is checked and copied.
        is_trying: Whether it is tried, or about to be.
    """

    source: str
    actor: str
    started_at: float
    fraction: float = 0.0
    course: Course | None = None
    is_trying: bool = False

    @property
    def remaining_s(self) -> float | None:
        """How long this step will last, or None where it is too early to tell."""
        elapsed_s = time.monotonic() - self.started_at
        return elapsed_s / self.fraction * (1 - self.fraction) if self.fraction >= LEAST_FRACTION else None
