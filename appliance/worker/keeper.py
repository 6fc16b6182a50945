"""Keep one engine alive: start it, wait until its models are loaded, hand it jobs, start another when it dies."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from appliance.bundles.durable import kept
from appliance.errors import ApplianceError, EngineDiedError, EngineStartError
from appliance.worker.answers import SILENCE_LIMIT_S, await_result
from appliance.worker.channel import ChannelClosedError
from appliance.worker.line import Line
from appliance.worker.messages import AnyMessage, Cancel, Choice, Failed, Ready, Transcribe, Transcribed
from appliance.worker.process import Child, start_child

log = logging.getLogger(__name__)

CANCEL_PATIENCE_S = 5.0  # A cancel stops between batches; an engine that does not come to one is killed.
ENGINE = "appliance.worker.engine_child"
RESTART_PAUSE_S = 1.0  # After a death; doubled up to RESTART_PAUSE_MOST_S while the engine dies before it is ready.
RESTART_PAUSE_MOST_S = 60.0
DEATHS_BEFORE_FAULT = 3  # In a row, before it was ready. It is tried again after that too, but nobody waits for it.


class EngineClosedError(Exception):
    """The appliance is shutting down: the job stays as it is and goes on at the next start."""


class EngineKeeper:
    """The one engine of this appliance. Jobs run one at a time; it loads its models once."""

    def __init__(self, models: Path, threads: int, *, allow_weaker: bool) -> None:
        """Name the model set and the CPU threads; nothing starts yet."""
        self._models = models.resolve()
        self._threads = threads
        self._allow_weaker = allow_weaker
        self._changed = threading.Condition()
        self._child: Child | None = None
        self._ready: Ready | None = None
        self._choices: tuple[Choice, ...] = ()
        self._fault: ApplianceError | None = None
        self._closing = False
        self._pausing = False
        self._working_on: bytes | None = None
        self._stopping: bytes | None = None
        self._line = Line()
        self._keeper = threading.Thread(target=self._keep, name="engine-keeper", daemon=True)

    @property
    def ready(self) -> Ready | None:
        """What the engine said when its models were loaded, or None while it is not ready."""
        return self._ready

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The speech models of the set that was loaded last, the default first; none before any was."""
        return self._choices

    @property
    def fault(self) -> ApplianceError | None:
        """Why no engine can start, or None."""
        return self._fault

    @property
    def pid(self) -> int | None:
        """The engine's process, or None while there is none."""
        child = self._child
        return child.process.pid if child else None

    @property
    def models(self) -> Path:
        """The folder of the set that the engine has loaded or is loading."""
        return self._models

    def open(self) -> None:
        """Start the engine in the background."""
        self._keeper.start()

    def use(self, wanted: Callable[[], Path]) -> None:
        """Have another set loaded by a new engine, once the job in this one has ended; those that wait run on that.

        Which one is asked when the turn has come, for it may be another one by then.
        """
        with self._line.turn_of(os.urandom(16)):
            models = wanted().resolve()
            with self._changed:
                if models == self._models:
                    return
                self._models = models
                self._ready, self._fault, self._choices = None, None, ()
                self._changed.notify_all()
            log.info("another model set", extra={"folder": models.parent.name})
            self._end_child()

    @contextmanager
    def paused(self, who: bytes) -> Iterator[None]:
        """Keep no engine while the body runs, so that its memory is free; jobs wait; ``cancel`` gives its turn up."""
        with self._line.turn_of(who):
            self._pausing = True
            self._end_child()
            try:
                yield
            finally:
                with self._changed:
                    self._pausing = False
                    self._changed.notify_all()

    def close(self) -> None:
        """End the engine and start no other; a job in it ends with EngineClosedError."""
        with self._changed:
            self._closing = True
            child = self._child
            self._changed.notify_all()
        if child:
            child.kill()
        if self._keeper.is_alive():
            self._keeper.join()

    def wait_ready(self) -> Ready:
        """Wait until the models are loaded.

        Raises:
            ApplianceError: Why they cannot be.
            EngineClosedError: The appliance is shutting down.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._fault or self._closing)
            if self._closing:
                raise EngineClosedError
            if self._ready:
                return self._ready
            assert self._fault is not None  # noqa: S101 -- the condition above; for the type checker.
            raise self._fault

    def transcribe(
        self,
        request: Transcribe,
        pcm: int,
        progress: Callable[[str, float], None],
        taken: Callable[[Path], None] = lambda _: None,
    ) -> tuple[Transcribed, bytes]:
        """Run one job on the engine.

        Args:
            request: The job.
            pcm: Descriptor of sealed samples; stays the caller's.
            progress: Called with the stage and its fraction.
            taken: Called with the folder of the set that runs it, when its turn has come.

        Returns:
            What may be known of the result, and the sealed transcript.

        Raises:
            EngineDiedError: The engine ended in the middle; another one is being started.
            EngineClosedError: The appliance is shutting down.
            JobCancelled: It was cancelled, be it before its turn came.
            ApplianceError: What the engine reported.
        """
        with self._line.turn_of(request.job_id):
            taken(self._models)  # Nothing else is loaded before the turn has ended.
            self.wait_ready()
            child = self._child
            if child is None:
                raise EngineDiedError
            self._working_on = request.job_id
            try:
                child.channel.send(request, [pcm])
                log.info("job in the engine", extra={"job": request.job_id.hex(), "attempt": request.attempt})
                return await_result(child, request.job_id, progress)
            except (ChannelClosedError, TimeoutError, msgspec.MsgspecError) as exc:
                child.kill()
                self._dismiss(child)
                if self._closing:
                    raise EngineClosedError from exc
                raise EngineDiedError from exc
            finally:
                self._working_on = self._stopping = None

    def cancel(self, job_id: bytes) -> None:
        """Stop a job if the engine works on it, first by asking, then by force; one that waits gives up its turn."""
        if self._line.take_out(job_id):
            return
        child = self._child
        if child is None or self._working_on != job_id or self._stopping == job_id:
            return
        self._stopping = job_id
        try:
            child.channel.send(Cancel(job_id=job_id))
        except ChannelClosedError:
            return
        threading.Thread(target=self._kill_if_deaf, args=(child, job_id), daemon=True).start()

    def _kill_if_deaf(self, child: Child, job_id: bytes) -> None:
        deadline = time.monotonic() + CANCEL_PATIENCE_S
        while time.monotonic() < deadline:
            if self._working_on != job_id:
                return
            time.sleep(0.05)
        log.warning("engine did not stop in time", extra={"pid": child.process.pid, "job": job_id.hex()})
        child.kill()

    def _keep(self) -> None:
        deaths = 0
        while self._wait_until(lambda: not self._pausing):
            models = self._models
            with kept(models):  # Some models are loaded only when a job first wants them.
                is_healthy, deaths, status = self._live(models, deaths)
            if is_healthy is None:
                continue
            if self._closing or self._models != models or self._pausing:
                deaths = 0  # It was ended on purpose.
            elif is_healthy:
                log.warning("engine ended", extra={"status": status})
                self._pause(deaths, models)
            else:  # A set that is altered does not heal by trying again.
                self._wait_until(lambda models=models: self._models != models)  # type: ignore[misc]

    def _live(self, models: Path, deaths: int) -> tuple[bool | None, int, int]:
        """Have an engine from its start to its end.

        Returns:
            Whether its models are healthy, None where it was not wanted any more; deaths in a row; its exit status.
        """
        arguments = (str(models), str(self._threads))
        try:
            child = start_child(ENGINE, arguments, threads=self._threads, allow_weaker=self._allow_weaker)
        except OSError:  # No process or memory is left for it: as if it had died at once.
            return True, deaths + 1, 0
        if not self._adopt(child, models):
            return None, deaths, 0
        try:
            is_healthy = self._welcome(child, models)
            deaths = 0
        except (ChannelClosedError, TimeoutError, msgspec.MsgspecError):
            is_healthy, deaths = True, deaths + 1
        status = child.process.wait()
        self._dismiss(child)
        return is_healthy, deaths, status

    def _wait_until(self, has_come: Callable[[], bool]) -> bool:
        """Wait for something; tell whether to go on, which is not so where the appliance shuts down."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or has_come())
            return not self._closing

    def _pause(self, deaths: int, models: Path) -> None:
        with self._changed:
            if deaths >= DEATHS_BEFORE_FAULT and self._models == models:
                self._fault = EngineStartError()
                self._changed.notify_all()
            pause_s = min(RESTART_PAUSE_S * 2**deaths, RESTART_PAUSE_MOST_S)
            self._changed.wait_for(lambda: self._closing or self._models != models, pause_s)

    def _adopt(self, child: Child, models: Path) -> bool:
        """Take over a new child, unless we are closing, or it loads what is no longer wanted: nobody would end it."""
        with self._changed:
            if not self._closing and not self._pausing and self._models == models:
                self._child = child
                return True
        child.kill()
        return False

    def _welcome(self, child: Child, models: Path) -> bool:
        """Wait for the engine's first word; tell whether it is ready, and not refusing its models for good."""
        message: AnyMessage
        message, _ = child.channel.receive(SILENCE_LIMIT_S)
        fault = None
        if not isinstance(message, Ready):
            fault = message.error() if isinstance(message, Failed) else EngineStartError()
            log.error("engine cannot start", extra={"code": fault.code})
        with self._changed:
            if self._models == models:  # Of a set that is no longer wanted nobody is told.
                self._ready, self._fault = message if isinstance(message, Ready) else None, fault
                self._choices = message.loaded.choices if isinstance(message, Ready) else self._choices
            self._changed.notify_all()
        if isinstance(message, Ready):
            log.info("engine ready", extra={"pid": child.process.pid, "seconds": round(message.load_s, 1)})
        else:
            child.close()
        return fault is None

    def _end_child(self) -> None:
        if child := self._child:
            child.kill()
            self._dismiss(child)

    def _dismiss(self, child: Child) -> None:
        """Forget a child that ended, so that nobody hands it another job; whoever notices first does it."""
        with self._changed:
            if self._child is child:
                self._child, self._ready = None, None
                self._changed.notify_all()
        child.channel.close()
