"""Huey's consumer as threads of the server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from threading import Event

from huey import SqliteHuey
from huey.consumer import Consumer

from appliance.worker import library, rotation, runner
from appliance.worker.lookout import Lookout
from appliance.worker.searching import start_indexing
from appliance.worker.tasks import Bell
from appliance.worker.workshop import Workshop

WORKERS = 2  # One drains the jobs; the other answers the minute's tasks while a long job runs.
POLL_S = 0.2  # How long a new job may wait for a thread to look.


class ThreadConsumer(Consumer):  # type: ignore[misc]
    """A consumer that lives off the main thread, where signal handlers cannot be installed."""

    def __init__(self, huey: SqliteHuey) -> None:
        """Attach to a queue."""
        super().__init__(huey, workers=WORKERS, initial_delay=POLL_S, max_delay=POLL_S, backoff=1.0)

    def _set_signal_handlers(self) -> None:
        """Leave the signals to uvicorn. The method is private to Huey: a test keeps watch that start() calls it."""


@contextlib.contextmanager
def working(workshop: Workshop) -> Iterator[None]:
    """Start the engine, the queue and the search; at the end stop them, leaving a job in the middle to the next start.

    Call it when the server has sealed itself: the engine inherits that seal, and with it the warden. What `resume` has
    to put in order is done before the first visitor is answered, so the caller does that first.
    """
    closing = Event()
    bell = Bell(
        workshop.settings.data.resolve(),
        work=lambda: runner.work(workshop),
        tidy=lambda: library.tidy(workshop),
        rotate=lambda: rotation.look(workshop, go_on=lambda: not closing.is_set()),
    )
    consumer = ThreadConsumer(bell.huey)
    workshop.bell = bell
    start_indexing(workshop)
    workshop.engine.open()
    lookout = Lookout(workshop.updates, workshop.settings, bell.ring)
    lookout.open()
    consumer.start()
    bell.ring()
    bell.rotate()
    try:
        yield
    finally:
        workshop.indexing.close()
        closing.set()
        workshop.updates.stop()
        workshop.engine.close()
        lookout.close()
        consumer.stop(graceful=True)
