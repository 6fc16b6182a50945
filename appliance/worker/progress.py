"""Where each running job stands, and who wants to hear of it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

STAGE_SHARES = {
    # How a job's time is divided, measured by scripts/bench --part b; good enough for an honest bar.
    "decode": 0.02, "segment": 0.19, "language": 0.01, "asr": 0.64, "words": 0.01, "diarize": 0.12, "assign": 0.01,
}  # fmt: skip
LEAST_FRACTION_FOR_ETA = 0.1


@dataclass(frozen=True, slots=True)
class Standing:
    """One moment of a running job.

    Attributes:
        stage: As in messages.Progress.
        stage_fraction: Of this stage, 0 to 1.
        started_at: When the work began, in seconds of the monotonic clock.
    """

    stage: str
    stage_fraction: float
    started_at: float

    @property
    def fraction(self) -> float:
        """Of the whole job, 0 to 1."""
        done = 0.0
        for stage, share in STAGE_SHARES.items():
            if stage == self.stage:
                return min(1.0, done + share * max(0.0, min(1.0, self.stage_fraction)))
            done += share
        return 0.0

    def remaining_s(self, expected_s: float | None) -> float | None:
        """Return an honest guess of the seconds left, or None where there is nothing to base it on.

        Args:
            expected_s: What this job should take by the speed measured so far, in seconds.
        """
        elapsed_s = time.monotonic() - self.started_at
        if expected_s is not None:
            return max(expected_s - elapsed_s, expected_s * (1 - self.fraction) * 0.5, 0.0)
        if self.fraction < LEAST_FRACTION_FOR_ETA:
            return None
        return elapsed_s / self.fraction * (1 - self.fraction)


@dataclass(eq=False)
class Subscription:
    """One listener: what changed since it last looked, folded together, so that a slow listener costs nothing."""

    loop: asyncio.AbstractEventLoop
    changed: set[str] = field(default_factory=set)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def changes(self, heartbeat_s: float) -> AsyncIterator[set[str]]:
        """Yield the ids of recordings that changed; an empty set when nothing did for ``heartbeat_s`` seconds."""
        while True:
            try:
                await asyncio.wait_for(self.woken.wait(), heartbeat_s)
            except TimeoutError:
                yield set()
                continue
            self.woken.clear()
            changed, self.changed = self.changed, set()
            yield changed

    def tell(self, recording_id: str) -> None:
        """Note a change; called in the loop's own thread."""
        self.changed.add(recording_id)
        self.woken.set()


class Board:
    """The notice board: runner threads write, pages read and listen."""

    def __init__(self) -> None:
        """Start empty: after a restart nothing stands anywhere until it moves."""
        self._lock = threading.Lock()
        self._standings: dict[str, Standing] = {}
        self._subscriptions: set[Subscription] = set()

    def publish(self, recording_id: str, standing: Standing | None) -> None:
        """Write down where a recording's job stands (None: it is not running) and tell every listener."""
        with self._lock:
            if standing is None:
                self._standings.pop(recording_id, None)
            else:
                self._standings[recording_id] = standing
            listeners = list(self._subscriptions)
        for listener in listeners:
            try:
                listener.loop.call_soon_threadsafe(listener.tell, recording_id)
            except RuntimeError:  # Its loop has ended; so has its reader.
                self.unsubscribe(listener)

    def current(self, recording_id: str) -> Standing | None:
        """Return where a recording's job stands, or None while none runs."""
        with self._lock:
            return self._standings.get(recording_id)

    def subscribe(self) -> Subscription:
        """Listen from now on; call in the event loop that will read, and unsubscribe at the end."""
        subscription = Subscription(asyncio.get_running_loop())
        with self._lock:
            self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Listen no more."""
        with self._lock:
            self._subscriptions.discard(subscription)
