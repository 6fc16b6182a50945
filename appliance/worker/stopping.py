"""A stop for work that has children: what is at work ends at once, and nothing else begins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from appliance.errors import SelftestStopped


class Stop:
    """Lets another thread end a trial: it may be called at any moment, and more than once."""

    def __init__(self) -> None:
        """Begin with nobody having asked."""
        self._lock = threading.Lock()
        self._asked = False
        self._endings: list[Callable[[], None]] = []

    @property
    def asked(self) -> bool:
        """Whether somebody wants the trial to end."""
        return self._asked

    def __call__(self) -> None:
        """End the trial; may be called more than once."""
        with self._lock:
            self._asked = True
            endings = list(self._endings)
        for end in endings:  # One that is over by now has nothing left to end.
            end()

    def check(self) -> None:
        """Stop here if somebody asked for it.

        Raises:
            SelftestStopped: Somebody did.
        """
        if self._asked:
            raise SelftestStopped

    @contextmanager
    def by(self, end: Callable[[], None]) -> Iterator[None]:
        """While the block runs, a stop calls this too.

        Raises:
            SelftestStopped: Somebody asked before.
        """
        with self._lock:
            self.check()
            self._endings.append(end)
        try:
            yield
        finally:
            with self._lock:
                self._endings.remove(end)
