"""Turns: of those who want the same thing, one after the other; of what nobody wants now, nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock


@dataclass(slots=True)
class _Queue:
    lock: Lock = field(default_factory=Lock)
    wanted_by: int = 0


class Turns:
    """A lock for each name, there as long as somebody holds it or waits for it.

    Names come from requests, before anybody has looked whether there is such a thing: so none may stay in memory.
    """

    def __init__(self) -> None:
        """Begin with nobody."""
        self._lock = Lock()
        self._queues: dict[str, _Queue] = {}

    def __len__(self) -> int:
        """Return how many names are wanted now."""
        return len(self._queues)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Wait for one's turn, and have it while the block runs."""
        with self._lock:
            queue = self._queues.setdefault(name, _Queue())
            queue.wanted_by += 1
        try:
            with queue.lock:
                yield
        finally:
            with self._lock:
                queue.wanted_by -= 1
                if not queue.wanted_by:
                    del self._queues[name]
