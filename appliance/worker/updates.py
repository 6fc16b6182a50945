"""The story of a model update in the running appliance.

::

    begin     a file that arrived, or one on a stick ──► taken in (checked, copied) ──► tried in an engine of its own
    activate  the ledger names it ──► the engine ends its job, then loads it; jobs that wait run on it
    then      its first jobs decide: where the engine fails at one, the appliance goes back by itself, and it runs again

A command may do the same beside the server: both work on one ledger, and ``look`` notices what changed in it.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from appliance.bundles.archive import Stream
from appliance.bundles.readiness import require_tried, set_to_load, trial_of
from appliance.bundles.store import BY_ITSELF, Store, name_of
from appliance.bundles.taking import take_in
from appliance.bundles.trust import Installed
from appliance.config import Settings
from appliance.errors import (
    ApplianceError,
    DataFolderError,
    DecoderDiedError,
    EngineError,
    JobCancelled,
    ModelError,
    NoCandidateError,
    SelftestMemoryError,
    SelftestStopped,
    UpdateBusyError,
)
from appliance.worker.course import Course
from appliance.worker.incoming import Incoming
from appliance.worker.keeper import EngineKeeper
from appliance.worker.progress import Board
from appliance.worker.stopping import Stop
from appliance.worker.trial import Bench
from appliance.worker.trying import alone, try_release
from appliance.worker.underway import Underway

log = logging.getLogger(__name__)

TOPIC = "update"
PROGRESS = "progress"  # Of the update on its way, and nothing else has changed.
PICTURES = 200  # A page needs no more pictures of a bar.

Opened = Callable[[], AbstractContextManager[Stream]]


class Updates:
    """The model updates of a running appliance; one is on its way at a time.

    Args:
        store: Where the sets are.
        engine: Which loads the set in use.
        settings: Of the appliance.
    """

    def __init__(self, store: Store, engine: EngineKeeper, settings: Settings) -> None:
        self.store = store
        self.incoming = Incoming(store)
        self.board = Board()
        self.trouble: ApplianceError | None = None
        self.unusable: ApplianceError | None = None
        self._engine = engine
        self._settings = settings
        self._one = threading.Lock()
        self._underway: Underway | None = None
        self._stop = Stop()

    @property
    def underway(self) -> Underway | None:
        """The update on its way, or None."""
        return self._underway

    @property
    def is_stopping(self) -> bool:
        """Whether somebody wants the update on its way to end."""
        return self._underway is not None and self._stop.asked

    def begin(self, source: str, actor: str, opened: Opened, then: Callable[[], None] = lambda: None) -> None:
        """Take a bundle in and try it, in the background.

        Args:
            source: What people call the file.
            actor: Who wants it.
            opened: Opens it.
            then: Called at the end, however that comes, unless a command is taking one in and nothing has begun.

        Raises:
            UpdateBusyError: Another one is on its way.
        """

        def work() -> None:
            with contextlib.ExitStack() as at_end:
                at_end.callback(then)
                try:
                    with opened() as stream:
                        found = take_in(self.store, stream, actor, source, self._copied)
                except UpdateBusyError:
                    at_end.pop_all()
                    raise
                if trial_of(self.store, found.decision.installed) is None:
                    self._try(found.decision.installed, actor)

        self._start(Underway(source, actor, time.monotonic()), work)

    def try_again(self, actor: str) -> None:
        """Try the update that stands ready once more, in the background.

        Raises:
            UpdateBusyError: One is on its way.
            NoCandidateError: None stands ready.
        """
        candidate = self.store.ledger.candidate
        if candidate is None:
            raise NoCandidateError
        trying = Underway(name_of(candidate), actor, time.monotonic(), is_trying=True)
        self._start(trying, lambda: self._try(candidate, actor))

    def stop(self) -> None:
        """Stop the update on its way; what was copied is kept for the next try."""
        self._stop()
        self.changed()

    def forget_trouble(self) -> None:
        """Say no more why the last update was not taken."""
        self.trouble = None
        self.changed()

    def activate(self, actor: str) -> Installed:
        """Put the update that stands ready to use; see ``Store.activate``.

        Raises:
            UpdateBusyError: It is still being tried, or another one is on its way.
            NotTriedError: It was not tried.
            SelftestError: It did not keep a limit that its makers signed.
        """
        with self._nothing_underway():
            chosen = self.store.activate(actor, require_tried(self.store))
        self.changed()
        return chosen

    def roll_back(self, actor: str, error: ApplianceError | None = None) -> Installed:
        """Go back to the set before; see ``Store.roll_back``."""
        chosen = self.store.roll_back(actor, error)
        log.warning("models rolled back", extra={"folder": name_of(chosen), "code": error.code if error else ""})
        self.changed()
        return chosen

    def discard(self, actor: str) -> None:
        """Remove the update that stands ready; see ``Store.discard``."""
        with self._nothing_underway():
            self.store.discard(actor)
        self.changed()

    def blame(self, error: ApplianceError, ran_on: Path | None) -> bool:
        """Go back to the set before if a new one is at fault for a job that failed; tell whether the job may run again.

        A recording that cannot be decoded says nothing about the models. Whatever else ends one of the first jobs does,
        but not one that still ran on the set before.

        Args:
            error: How the job ended.
            ran_on: The folder of the set on which it ran, or None where it did not come so far.
        """
        if not isinstance(error, EngineError | ModelError) or isinstance(error, JobCancelled | DecoderDiedError):
            return False
        try:
            if not self._is_new(ran_on):
                return False
            self.roll_back(BY_ITSELF, error)
            self._engine.use(self.usable)
        except ApplianceError as refusal:  # Also of a full disk: then this job ends as any that fails.
            log.error("no way back", extra={"code": refusal.code})  # noqa: TRY400 -- the code says it all.
            return False
        return True

    def relied_on(self, ran_on: Path | None) -> None:
        """Note that a job was done on a set."""
        with contextlib.suppress(ApplianceError):  # A full disk: the set stays under watch a little longer.
            if self._is_new(ran_on):
                self.store.finish_job()

    def usable(self) -> Path:
        """Return the folder of the set to load, and note why where that is not the one in use."""
        folder, refusal = set_to_load(self.store)
        if refusal is not None and self.unusable is None:
            log.error("the set in use cannot be used", extra={"folder": folder.name, "code": refusal.code})
        self.unusable = refusal
        return folder

    def look(self) -> bool:
        """Look whether the engine should load another set, and have it do so; tell whether it does.

        Called again and again: a command may have changed the ledger, or an engine may have refused a new set.
        """
        fault = self._engine.fault
        if fault is not None:
            self.blame(fault, self._engine.models)
        if self.usable().resolve() == self._engine.models:
            return False
        self._engine.use(self.usable)
        self.changed()
        return True

    def changed(self) -> None:
        """Tell the pages that something changed."""
        self.board.publish(TOPIC, None)

    def _is_new(self, folder: Path | None) -> bool:
        """Tell whether this is the set in use, and it has still to show that it can be relied on."""
        ledger = self.store.ledger
        return bool(ledger.probation) and folder == self.store.set_of(ledger.active)

    def _start(self, underway: Underway, work: Callable[[], None]) -> None:
        if not self._one.acquire(blocking=False):
            raise UpdateBusyError
        self._stop = Stop()
        self._underway, self.trouble = underway, None
        threading.Thread(target=self._run, args=(work,), name="update", daemon=True).start()
        self.changed()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except SelftestStopped:
            log.info("update stopped")
        except ApplianceError as error:
            log.warning("update refused", extra={"code": error.code})
            self.trouble = error
        except OSError as exc:  # Such as of an upload that somebody removed this moment.
            log.warning("update broken off", extra={"code": DataFolderError.code})
            self.trouble = DataFolderError(folder=str(self.store.folder), reason=exc.strerror or str(exc))
        finally:
            self._underway = None
            self._one.release()
            self.changed()

    def _try(self, installed: Installed, actor: str) -> None:
        """Try a release beside the one in use; where the memory does not do for two, while that one pauses."""
        if self._underway is not None:
            self._underway = replace(self._underway, started_at=time.monotonic(), fraction=0.0, is_trying=True)
            self.changed()
        bench = Bench(self._settings, self._tried, self._stop)
        try:
            try_release(self.store, installed, actor, bench, self._in_use)
        except SelftestMemoryError:
            log.warning("no memory for two engines, so jobs wait for the trial")
            with alone(self._engine, self._stop):
                try_release(self.store, installed, actor, bench, None)

    @contextlib.contextmanager
    def _in_use(self) -> Iterator[EngineKeeper]:
        yield self._engine

    def _copied(self, done: int, total: int) -> None:
        self._stop.check()
        self._advance(done / total, None)

    def _tried(self, course: Course) -> None:
        self._advance(course.fraction, course)

    def _advance(self, fraction: float, course: Course | None) -> None:
        underway = self._underway
        if underway is not None and (int(fraction * PICTURES), course and course.clip) != (
            int(underway.fraction * PICTURES),
            underway.course and underway.course.clip,
        ):
            self._underway = replace(underway, fraction=fraction, course=course)
            self.board.publish(PROGRESS, None)

    @contextlib.contextmanager
    def _nothing_underway(self) -> Iterator[None]:
        if not self._one.acquire(blocking=False):
            raise UpdateBusyError
        try:
            yield
        finally:
            self._one.release()
