"""The seal: what the kernel forbids to the server, the engine and the decoder, whatever their code tries.

Three layers, each closing what the others leave open. *Seccomp* refuses system calls by number and plain arguments: no
socket of any family, no io_uring (it opens sockets without the socket call), no new program. *Landlock* refuses by
object: files, TCP ports, signals, abstract sockets. *Resource limits* and the dumpable flag do the rest.

Nothing here can be taken back by the process that asked for it, nor by a child of that process. A process that has
sealed itself tries every way out before it goes on, and does not go on where one is open.
"""

from __future__ import annotations

import fcntl
import os
import resource
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import landlock, rlimits, syscalls
from appliance.errors import CageError

ARCHITECTURES = ("x86_64", "aarch64")  # Where the order of clone's arguments, and the calls below, were checked.

TRIED_FAMILIES = ("AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET", "AF_VSOCK")
WARDEN_MEMORY_BYTES, WARDEN_OPEN_FILES = 2**30, 16


@dataclass(frozen=True, slots=True)
class CageState:
    """What the kernel says about a process, for people to see.

    Attributes:
        seccomp: ``off``, ``strict`` or ``filter``.
        filters: How many seccomp filters are stacked; a child has its parent's and its own.
        no_new_privs: Whether it can gain privileges by running a program.
        landlock_abi: What the kernel offers; 0 is nothing. The kernel tells nobody whether a process uses it.
    """

    seccomp: str
    filters: int
    no_new_privs: bool
    landlock_abi: int


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What a process may use up before the kernel stops it.

    Attributes:
        memory_bytes: Address space.
        open_files: Descriptors.
    """

    memory_bytes: int
    open_files: int


@dataclass(frozen=True, slots=True)
class Trial:
    """One way out that a process has tried in itself.

    Attributes:
        call: The system call, with the family where it was a socket.
        refused: Whether the seal stands in the way.
        answer: What the kernel said: ``EPERM`` from a filter, ``ENOSYS`` from one that nobody answers for any more, the
            name of another error from the kernel itself, or ``open``.
    """

    call: str
    refused: bool
    answer: str


def try_way_out() -> tuple[Trial, ...]:
    """Try every way out in this process, in a form that does no harm where it is open and is not taken for an attempt.

    Returns:
        Each outward call with a first argument of -1, then a real socket of every family that leads out.
    """
    answers = {name: syscalls.answer_to(name, syscalls.TRIAL_ARGUMENT) for name in syscalls.OUTWARD_CALLS}
    for name in TRIED_FAMILIES:
        family = getattr(socket, name)
        answers[f"socket({name})"] = syscalls.answer_to("socket", family, socket.SOCK_DGRAM, syscalls.TRIAL_PROTOCOL)
    return tuple(Trial(call, answer in syscalls.REFUSALS, answer) for call, answer in answers.items())


def check_kernel(*, allow_weaker: bool) -> tuple[str, ...]:
    """Find out what this system cannot enforce.

    Returns:
        What is missing, in words; empty where the seal is whole.

    Raises:
        CageError: Something is missing and a weaker seal was not accepted.
    """
    missing = tuple(_missing_parts())
    if missing and not allow_weaker:
        raise CageError(missing="; ".join(missing))
    return missing


def state(pid: int | None = None) -> CageState:
    """Return what the kernel says about a process, this one by default.

    Raises:
        CageError: The process is gone, or the kernel hides it.
    """
    try:
        lines = Path(f"/proc/{pid or 'self'}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as exc:
        raise CageError(missing="the state of a process cannot be read") from exc
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return CageState(
        seccomp=("off", "strict", "filter")[int(fields.get("Seccomp", "0"))],
        filters=int(fields.get("Seccomp_filters", "0")),
        no_new_privs=int(fields.get("NoNewPrivs", "0")) == 1,
        landlock_abi=landlock.abi(),
    )


def seal_server_early(
    readable: Sequence[Path], writable: Sequence[Path], port: int | None, *, allow_weaker: bool = False
) -> None:
    """Seal the server's files and ports. Call it before anything starts a thread: older threads would stay free.

    Children inherit this and add their own, so what they need (devices, their scratch folder) is allowed here too.

    Args:
        readable: Files and folders to read.
        writable: Folders to write beneath; they must exist.
        port: The one TCP port to listen on, or None for none at all. Connecting is refused altogether.
        allow_weaker: Go on where the kernel lacks a part.

    Raises:
        CageError: A part of the seal cannot be enforced.
    """
    check_kernel(allow_weaker=allow_weaker)
    rlimits.forbid_dumps()
    grants = {landlock.RUN: landlock.programs(), landlock.READ: readable, landlock.WRITE: writable}
    grants |= landlock.devices()
    # A child finds this package in the folder round it, before it seals itself; listing opens no file there.
    grants[landlock.LIST] = [*grants[landlock.LIST], landlock.PACKAGE.parent]
    landlock.close_files(grants, port)


def count_way_out(hand_over: Callable[[int], None]) -> bool:
    """Have every attempt to call out told to a warden, in this process and the children it starts from now on.

    Call it right before ``seal_server``, which relies on it only as far as it proves true, and before anything starts a
    thread that could call out: until the warden answers, such a call waits, and keeps what it holds.

    Args:
        hand_over: Gives the warden the descriptor to answer from, which is closed here afterwards.

    Returns:
        False where the kernel cannot tell of refused calls. They are refused all the same.
    """
    if syscalls.lacking():
        return False
    try:
        listener = syscalls.ask_for_outward_calls()
    except CageError:
        return False
    try:
        hand_over(listener)
    finally:
        os.close(listener)  # With the last copy gone the kernel refuses by itself, where it would wait for an answer.
    return True


def seal_server(*, allow_weaker: bool = False) -> None:
    """Take the way out from the server and all its threads, once it listens: it can answer, but not call.

    Accepting stays, and so do fork and exec for its children, which inherit the filter.

    Raises:
        CageError: A part of the seal cannot be enforced.
    """
    check_kernel(allow_weaker=allow_weaker)
    _close_way_out(syscalls.refuse_in_server)


def seal_edge(*, allow_weaker: bool = False) -> None:
    """Seal the edge once it listens: no file but its own program's, no TCP connection, sockets to local paths only.

    Raises:
        CageError: A part of the seal cannot be enforced.
    """
    check_kernel(allow_weaker=allow_weaker)
    rlimits.forbid_dumps()
    landlock.close_files({landlock.READ: [*landlock.programs(), Path("/proc/self")]})
    _close_calls(syscalls.refuse_in_edge)


def seal_engine(readable: Sequence[Path], writable: Sequence[Path], *, allow_weaker: bool = False) -> None:
    """Seal the engine. Call it before any heavy import: libraries may act, or start threads, while being imported.

    Besides what is named, it may read Python, the system's libraries and the kernel's figures, and drive the GPU.

    Args:
        readable: Folders of the model set.
        writable: Private scratch folders, in RAM.
        allow_weaker: Go on where the kernel lacks a part.

    Raises:
        CageError: A part of the seal cannot be enforced.
    """
    check_kernel(allow_weaker=allow_weaker)
    rlimits.forbid_dumps()
    libraries = [*landlock.programs(), *landlock.KERNEL_FIGURES]
    landlock.close_files({landlock.READ: [*libraries, *readable], landlock.WRITE: writable} | landlock.devices())
    _close_way_out(syscalls.refuse_in_engine)


def seal_decoder(limits: ProcessLimits, *, allow_weaker: bool = False) -> None:
    """Seal the decoder, first step: everything but files, which the libraries that follow are loaded from.

    Raises:
        CageError: A part of the seal cannot be enforced.
    """
    check_kernel(allow_weaker=allow_weaker)
    rlimits.forbid_dumps()
    rlimits.limit(resource.RLIMIT_AS, limits.memory_bytes)
    rlimits.limit(resource.RLIMIT_NOFILE, limits.open_files)
    _close_way_out(syscalls.refuse_in_decoder)


def seal_decoder_files() -> None:
    """Seal the decoder, second step, after a first decode has loaded everything: no file can be opened any more.

    Raises:
        CageError: The kernel refused.
    """
    landlock.close_files({})


def seal_warden(*, allow_weaker: bool = False) -> None:
    """Seal the warden: what the decoder loses, and every file but what the kernel tells about processes.

    It reads there which process a thread belongs to. The memory of processes stays out of its reach: Landlock keeps it
    from those that are not beneath its own seal.

    Raises:
        CageError: A part of the seal cannot be enforced.
    """
    seal_decoder(ProcessLimits(WARDEN_MEMORY_BYTES, WARDEN_OPEN_FILES), allow_weaker=allow_weaker)
    landlock.close_files({landlock.READ_FILE: [Path("/proc")]})


def _missing_parts() -> Iterable[str]:
    machine = os.uname().machine
    if machine not in ARCHITECTURES:
        yield f"the seal was not checked on {machine} processors"
    if lacking := syscalls.lacking():
        yield lacking
    if landlock.abi() < landlock.WHOLE_ABI:
        yield f"the kernel offers Landlock {landlock.abi()} (0 is none) where {landlock.WHOLE_ABI} is needed"
    if not _memfd_seals():
        yield "the kernel cannot seal anonymous files"


def _memfd_seals() -> bool:
    try:
        descriptor = os.memfd_create("check", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError:
        return False
    try:
        return fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) == 0
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _close_calls(refuse: Callable[[], None]) -> None:
    """Load a filter, and believe the kernel rather than the library that it is in force."""
    if syscalls.lacking():
        return  # check_kernel has told, and somebody accepted it.
    before = state().filters
    refuse()
    if state().filters != before + 1:
        raise CageError(missing="seccomp was accepted but is not in force")


def _close_way_out(refuse: Callable[[], None]) -> None:
    """Load a filter, and believe neither the library nor the kernel that no way out is left: try each."""
    _close_calls(refuse)
    if syscalls.lacking():
        return
    left = [f"{trial.call} answers {trial.answer}" for trial in try_way_out() if trial.answer != "EPERM"]
    if left:
        raise CageError(missing=f"a way out is open although the seal is in force ({', '.join(left)})")
