"""The processes of a running appliance, and what the kernel says about the seal of each."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance import cage
from appliance.cage import CageState
from appliance.doctor.findings import Finding, fail, ok, sentence
from appliance.errors import CageError
from appliance.worker.workshop import LOCK_FILE, Workshop

PROC = Path("/proc")
CHILDREN = {
    "appliance.worker.engine_child": "engine",
    "appliance.worker.decoder_child": "decoder",
    "appliance.worker.warden_child": "warden",
}


@dataclass(frozen=True, slots=True)
class SealedProcess:
    """A process and its seal.

    Attributes:
        name: ``server``, ``engine``, ``decoder`` or ``warden``.
        pid: As this container numbers it.
        seal: What the kernel says.
    """

    name: str
    pid: int
    seal: CageState

    @property
    def is_sealed(self) -> bool:
        """Whether a filter is in force that nothing can take off again."""
        return self.seal.seccomp == "filter" and self.seal.filters > 0 and self.seal.no_new_privs


def own_processes(workshop: Workshop) -> dict[int, str]:
    """Return process id to name, asked from inside the server."""
    named = ((os.getpid(), "server"), (workshop.engine.pid, "engine"), (workshop.warden.pid, "warden"))
    found = {pid: name for pid, name in named if pid}
    return found | {child.process.pid: "decoder" for child in tuple(workshop.decoders.values())}


def processes_on(data: Path) -> dict[int, str]:
    """Return process id to name of an appliance that runs on a data folder, asked from beside it.

    It is empty where the kernel hides them, as it does from another container.
    """
    server = _holder(data / LOCK_FILE)
    return {} if server is None else {server: "server", **dict(_children(server))}


def look_at(found: dict[int, str]) -> tuple[SealedProcess, ...]:
    """Ask the kernel about each process; one that ended meanwhile is left out."""
    looked = []
    for pid, name in found.items():
        with contextlib.suppress(CageError):
            looked.append(SealedProcess(name=name, pid=pid, seal=cage.state(pid)))
    return tuple(looked)


def seal(weaknesses: tuple[str, ...], processes: Iterable[SealedProcess]) -> Iterator[Finding]:
    """Judge the seal.

    Args:
        weaknesses: What the kernel does not enforce, in words.
        processes: Those of the appliance that were found.
    """
    if weaknesses:
        what = sentence("This system does not enforce the whole seal: {missing}.", missing="; ".join(weaknesses))
        advice = sentence("Use a host with Linux 6.12 or newer, on which no part of the seal is missing.")
        yield fail("seal", what, advice)
    else:
        abi = cage.state().landlock_abi
        yield ok("seal", sentence("This system enforces the whole seal: seccomp, and Landlock {abi}.", abi=abi))
    looked = tuple(processes)
    for process in looked:
        if not process.is_sealed:
            what = sentence(
                "The process {process} ({pid}) is not sealed: the kernel lets it call out.",
                process=process.name,
                pid=process.pid,
            )
            yield fail("seal", what, sentence("Stop the appliance. It should never run like this."))
    if looked and all(process.is_sealed for process in looked):
        named = ", ".join(f"{process.name} ({process.pid})" for process in looked)
        what = sentence("These processes are sealed, and none can take its seal off: {processes}.", processes=named)
        yield ok("seal", what)


def _holder(lock: Path) -> int | None:
    """Return who holds the lock, from the kernel's table of locks."""
    try:
        status = lock.stat()
        lines = (PROC / "locks").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    for line in lines:
        words = line.split()
        if words[1] == "FLOCK" and words[5] == device and int(words[4]) > 0:
            return int(words[4])
    return None


def _children(parent: int) -> Iterator[tuple[int, str]]:
    for folder in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            status = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            if int(status.rpartition(")")[2].split()[1]) != parent:
                continue
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            yield from ((int(folder.name), name) for module, name in CHILDREN.items() if module in words)
