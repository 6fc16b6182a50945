"""Start, watch and end a child process: a closed environment, one inherited socketpair, nothing else."""

from __future__ import annotations

import contextlib
import logging
import mmap
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.config import child_environment
from appliance.worker.channel import Channel

log = logging.getLogger(__name__)

KILL_WAIT_S = 10.0
ROLES_REMEMBERED = 256

_roles: dict[int, str] = {}
"""What the latest children of this process were started as, by process id; also the ended ones, of which the warden may
tell afterwards. A number that the kernel gives out again belongs to the later child."""


@dataclass(frozen=True, slots=True)
class Child:
    """A running child and our end of its channel."""

    process: subprocess.Popen[bytes]
    channel: Channel

    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End the process now, and take its exit status so that no zombie stays."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """Hang up, which ends a healthy child, and take its exit status."""
        self.channel.close()
        try:
            self.process.wait(KILL_WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_child(
    module: str, arguments: Sequence[str] = (), *, threads: int, allow_weaker: bool, mute: bool = False
) -> Child:
    """Start ``python -m module CHANNEL arguments…`` with an environment of our choosing.

    The child gets its own session, so that a Ctrl-C on the terminal reaches the server alone, which then ends its
    children in order. It watches the channel for the end of the server: PDEATHSIG would follow the thread that started
    it, not the process. ``-I`` keeps the environment and the current folder out of the import path.

    Args:
        module: Dotted name of the child's main module.
        arguments: Further arguments.
        threads: Threads for its numeric libraries.
        allow_weaker: Let it run on a kernel that lacks a part of the seal.
        mute: Take its standard error away. A decoder that a hostile file took over must not write lines into our log.
    """
    ours, theirs = Channel.pair()
    command = [sys.executable, "-I", "-B", "-m", module, str(theirs.fileno()), *arguments]
    command += ["weaker"] if allow_weaker else []
    try:
        process = subprocess.Popen(
            command,
            env=child_environment(threads),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if mute else None,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
            cwd="/",
        )
    finally:
        theirs.close()
    stage = module.rpartition(".")[2]
    _remember(process.pid, stage.removesuffix("_child"))
    log.info("child started", extra={"pid": process.pid, "stage": stage})
    return Child(process, ours)


def role_of(process_id: int) -> str:
    """Return what a process is to this one: ``server`` itself, ``engine``, ``decoder``, or ``other``."""
    return "server" if process_id == os.getpid() else _roles.get(process_id, "other")


def _remember(process_id: int, role: str) -> None:
    _roles.pop(process_id, None)
    _roles[process_id] = role
    while len(_roles) > ROLES_REMEMBERED:
        del _roles[next(iter(_roles))]


def anonymous_file(name: str) -> int:
    """Return the descriptor of a new file that exists in RAM only and can be sealed against change."""
    return os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


def contents_of(descriptor: int) -> bytes:
    """Copy a memfd out of a child's reach before anything looks at it."""
    size = os.fstat(descriptor).st_size
    with mmap.mmap(descriptor, size, prot=mmap.PROT_READ) as view:
        return bytes(view)
