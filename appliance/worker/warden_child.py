"""The warden's process: ``python -m appliance.worker.warden_child CHANNEL [weaker]``.

The kernel asks it about every call that leads out of the server and its children. It answers that this is not permitted
and tells the server what it has refused. It waits for nobody: whoever called waits for it. When it is gone, the kernel
refuses by itself.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import select
import struct
import sys
import time
from collections import Counter
from dataclasses import dataclass

from appliance import cage, syscalls
from appliance.errors import CageError
from appliance.logs import start_logging
from appliance.worker.channel import Channel, ChannelClosedError
from appliance.worker.messages import Attempted, Failed, Watch, Watching

RECEIVE, SEND = 0xC050_2100, 0xC018_2101  # SECCOMP_IOCTL_NOTIF_RECV and _SEND.
QUESTION = struct.Struct("=QIIiIQ6Q")  # struct seccomp_notif: id, thread, flags, call, processor, place, arguments.
ANSWER = struct.Struct("=QqiI")  # struct seccomp_notif_resp: id, value, negative error, flags.

TELL_EVERY_S = 0.2  # The first is told at once; a process that tries in a loop does not flood the log.
MOST_APART = 64  # Processes and calls counted apart, between two tellings; what comes beyond has no name.

EXIT_FAILED = 1


@dataclass(frozen=True, slots=True)
class Question:
    """One call that the kernel asks about; its thread waits for the answer.

    Attributes:
        number: Of the question.
        thread_id: Of the thread that calls.
        call: Name of the system call.
        arguments: The six.
    """

    number: int
    thread_id: int
    call: str
    arguments: tuple[int, ...]


class Tally:
    """What was refused and not told yet. It only adds up, so that nothing is lost when the server has no time."""

    def __init__(self) -> None:
        """Start empty."""
        self._counts: Counter[tuple[int, str, bool]] = Counter()

    def __bool__(self) -> bool:
        """Tell whether there is something to tell."""
        return bool(self._counts)

    def add(self, process_id: int, call: str, *, is_trial: bool) -> None:
        """Count one call."""
        key = (process_id, call, is_trial)
        if key not in self._counts and len(self._counts) >= MOST_APART:
            key = (0, call, is_trial)
        self._counts[key] += 1

    def tell(self, channel: Channel) -> None:
        """Tell the server as much as there is room for; the rest waits.

        Raises:
            ChannelClosedError: The server is gone.
        """
        for (process_id, call, is_trial), count in list(self._counts.items()):
            if not channel.offer(Attempted(process_id=process_id, call=call, is_trial=is_trial, count=count)):
                return
            del self._counts[process_id, call, is_trial]


def main(arguments: list[str]) -> int:
    """Seal this process, then answer until the server hangs up.

    Args:
        arguments: Number of the inherited channel's descriptor; ``weaker`` after it where an administrator accepted a
            kernel that lacks a part of the seal.

    Returns:
        Exit status.
    """
    start_logging(logging.WARNING)
    channel = Channel.inherited(int(arguments[0]))
    with contextlib.suppress(ChannelClosedError):
        try:
            cage.seal_warden(allow_weaker="weaker" in arguments[1:])
        except CageError as error:
            channel.send(Failed.of(error))
            return EXIT_FAILED
        channel.send(Watching())
        request, descriptors = channel.receive()
        if not isinstance(request, Watch) or len(descriptors) != 1:
            return EXIT_FAILED
        _answer_all(channel, descriptors[0])
    return 0


def _answer_all(channel: Channel, listener: int) -> None:
    calls, tally, due_s = syscalls.outward_numbers(), Tally(), 0.0
    poll = select.poll()
    poll.register(channel.fileno(), select.POLLIN | select.POLLRDHUP)
    poll.register(listener, select.POLLIN)
    while True:
        wait_ms = max(0.0, due_s - time.monotonic()) * 1000 if tally else None
        happened = dict(poll.poll(wait_ms))
        if happened.get(listener, 0) & select.POLLIN:
            if question := _receive(listener, calls):
                process_id = _process_of(question.thread_id)  # While its thread waits, its number is nobody else's.
                _refuse(listener, question)
                tally.add(process_id, question.call, is_trial=syscalls.is_trial(question.call, question.arguments))
        elif happened:
            return  # The server has hung up, has nothing more to say, or the last process under the filter is gone.
        if tally and time.monotonic() >= due_s:
            tally.tell(channel)
            due_s = time.monotonic() + TELL_EVERY_S


def _receive(listener: int, calls: dict[int, str]) -> Question | None:
    """Take the next question; None where its thread was killed in the meantime."""
    packet = bytearray(QUESTION.size)
    try:
        fcntl.ioctl(listener, RECEIVE, packet)
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.EINTR):
            raise
        return None
    number, thread_id, _, call, _, _, *arguments = QUESTION.unpack(packet)
    return Question(number, thread_id, calls.get(call, str(call)), tuple(arguments))


def _refuse(listener: int, question: Question) -> None:
    try:
        fcntl.ioctl(listener, SEND, bytearray(ANSWER.pack(question.number, 0, -errno.EPERM, 0)))
    except OSError as exc:
        if exc.errno != errno.ENOENT:  # It was killed before it heard.
            raise


def _process_of(thread_id: int) -> int:
    """Return the process that a thread belongs to, or 0 where the kernel does not tell."""
    try:
        with open(f"/proc/{thread_id}/status", encoding="utf-8", errors="replace") as status:  # noqa: PTH123 -- fast.
            return next(int(line.split()[1]) for line in status if line.startswith("Tgid:"))
    except (OSError, StopIteration, ValueError):
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
