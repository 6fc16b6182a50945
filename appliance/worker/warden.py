"""What the appliance's processes have tried and were refused, as the warden counts it.

The warden is a process of its own (`warden_child`), because a thread of the server could not answer: a library that
calls out while it holds the interpreter would wait for a thread that waits for the interpreter.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from appliance import cage
from appliance.errors import ApplianceError, CageError
from appliance.worker.channel import Channel, ChannelClosedError
from appliance.worker.messages import Attempted, Failed, Watch, Watching
from appliance.worker.process import Child, role_of, start_child

log = logging.getLogger(__name__)

START_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Refused:
    """Attempts to call out that the seal has refused.

    Attributes:
        process: ``server``, ``engine``, ``decoder``, or ``other`` for a program that one of them has started.
        call: Name of the system call.
        count: How often, since counting began.
    """

    process: str
    call: str
    count: int


class Warden:
    """The server's side of the warden: starts it, hands it the kernel's questions, keeps its count."""

    def __init__(self, *, allow_weaker: bool) -> None:
        """Prepare; nothing starts yet."""
        self._allow_weaker = allow_weaker
        self._child: Child | None = None
        self._lock = threading.Lock()
        self._attempts: Counter[tuple[str, str]] = Counter()
        self._trials = 0
        self._is_counting = False
        self._since = datetime.now(UTC)

    @property
    def is_counting(self) -> bool:
        """Whether every refused attempt is counted. It is refused in any case."""
        return self._is_counting

    @property
    def since(self) -> datetime:
        """When counting began."""
        return self._since

    @property
    def pid(self) -> int | None:
        """The warden's process, or None while there is none."""
        child = self._child
        return child.process.pid if child else None

    def refused(self) -> tuple[Refused, ...]:
        """Return the attempts, without the trials."""
        with self._lock:
            return tuple(Refused(process, call, count) for (process, call), count in sorted(self._attempts.items()))

    def trials(self) -> int:
        """Return how many of our own trials the warden has seen, each refused."""
        with self._lock:
            return self._trials

    def open(self) -> None:
        """Start the warden's process, which takes a moment; call it before the seal."""
        self._child = start_child("appliance.worker.warden_child", threads=1, allow_weaker=self._allow_weaker)

    def count(self) -> None:
        """Let the warden answer and count from now on; where it cannot, what the seal refuses stays uncounted."""
        try:
            child = self._wait_sealed()
            self._is_counting = cage.count_way_out(lambda listener: child.channel.send(Watch(), [listener]))
        except (ApplianceError, ChannelClosedError, TimeoutError, msgspec.MsgspecError) as error:
            code = error.code if isinstance(error, ApplianceError) else type(error).__name__
            log.warning("refused attempts cannot be counted", extra={"code": code})
            self.close()
            return
        if not self._is_counting:
            log.warning("refused attempts cannot be counted", extra={"code": CageError.code})
            self.close()
            return
        self._since = datetime.now(UTC)
        threading.Thread(target=self._read, args=(child.channel,), name="warden", daemon=True).start()

    def close(self) -> None:
        """End the warden. What it would have counted the kernel goes on to refuse."""
        self._is_counting = False
        child, self._child = self._child, None
        if child:
            child.kill()

    def _wait_sealed(self) -> Child:
        """Wait for the warden's first word.

        Raises:
            ApplianceError: Why it cannot seal itself.
            ChannelClosedError: It is gone.
            TimeoutError: It says nothing.
        """
        if self._child is None:
            raise ChannelClosedError
        message, _ = self._child.channel.receive(START_PATIENCE_S)
        if isinstance(message, Watching):
            return self._child
        raise message.error() if isinstance(message, Failed) else ChannelClosedError

    def _read(self, channel: Channel) -> None:
        try:
            while True:
                message, _ = channel.receive()
                if not isinstance(message, Attempted):
                    break
                self._note(message)
        except (ChannelClosedError, msgspec.MsgspecError):
            pass
        if self._child is not None:  # Nobody has closed it: it has ended by itself, or does not speak as it should.
            log.error("refused attempts are not counted any more")
            self.close()

    def _note(self, attempted: Attempted) -> None:
        process = role_of(attempted.process_id)
        with self._lock:
            if attempted.is_trial:
                self._trials += attempted.count
                return
            self._attempts[process, attempted.call] += attempted.count
        facts = {"caller": process, "call": attempted.call, "count": attempted.count, "pid": attempted.process_id}
        log.warning("attempt to call out refused", extra=facts)
