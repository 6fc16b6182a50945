"""A line of those who want one thing: first come, first served; who waits can be taken out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from appliance.errors import JobCancelled


class Line:
    """One place at the front, and those who wait for it."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._changed = threading.Condition()
        self._standing: list[bytes] = []  # Who has the place, then who waits, in order.

    @contextmanager
    def turn_of(self, who: bytes) -> Iterator[None]:
        """Wait until those who came before are done, and have the place while the block runs.

        Raises:
            JobCancelled: Somebody took them out while they waited.
        """
        with self._changed:
            self._standing.append(who)
            self._changed.wait_for(lambda: who not in self._standing[1:])
            if who not in self._standing:
                raise JobCancelled
        try:
            yield
        finally:
            self._leave(who)

    def take_out(self, who: bytes) -> bool:
        """Take somebody out who waits; tell whether they did."""
        with self._changed:
            is_waiting = who in self._standing[1:]
        if is_waiting:
            self._leave(who)
        return is_waiting

    def _leave(self, who: bytes) -> None:
        with self._changed:
            self._standing.remove(who)
            self._changed.notify_all()
