"""The seal: what the kernel forbids to the server, the engine and the decoder, whatever their code tries.

Three layers, each closing what the others leave open. *Seccomp* refuses system calls by number and plain arguments: no
socket of any family, no io_uring (it opens sockets without the socket call), no new program. *Landlock* refuses by
object: files, TCP ports, signals, abstract sockets. *Resource limits* and the dumpable flag do the rest.

Nothing here can be taken back by the process that asked for it, nor by a child of that process.
"""

from __future__ import annotations

import ctypes
import fcntl
import math
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import landlockpy
from landlockpy import AccessFS, AccessNet, RestrictFlag, Scope

from appliance import syscalls
from appliance.errors import CageError

LANDLOCK_ABI = 6  # TCP came with 4, device ioctls with 5, signals and abstract sockets with 6.
ARCHITECTURES = ("x86_64", "aarch64")  # Where the order of clone's arguments, and the calls below, were checked.

PR_SET_DUMPABLE = 4
READ = AccessFS.READ_FILE | AccessFS.READ_DIR
WRITE = (
    READ
    | AccessFS.WRITE_FILE
    | AccessFS.TRUNCATE
    | AccessFS.MAKE_REG
    | AccessFS.MAKE_DIR
    | AccessFS.REMOVE_FILE
    | AccessFS.REMOVE_DIR
    | AccessFS.REFER  # Renaming into another folder, which both folders must allow.
)
DEVICE = AccessFS.READ_FILE | AccessFS.WRITE_FILE | AccessFS.IOCTL_DEV
FILE_RIGHTS = DEVICE | AccessFS.EXECUTE | AccessFS.TRUNCATE  # A rule on a file may hold no rights of folders.
ALL_SCOPES = Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL

SYSTEM_FOLDERS = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/opt", "/etc")
# Of /proc only our own process and plain figures: the rest has other processes' arguments and, for root, all memory.
KERNEL_FIGURES = (
    "/sys", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/version",
    "/proc/filesystems", "/proc/devices", "/proc/modules", "/proc/sys", "/proc/driver",
)  # fmt: skip
PLAIN_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


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
        landlock_abi=landlockpy.abi_version(),
    )


def seal_server_early(
    readable: Sequence[Path], writable: Sequence[Path], port: int, *, allow_weaker: bool = False
) -> None:
    """Seal the server's files and ports. Call it before anything starts a thread: older threads would stay free.

    Children inherit this and add their own, so what they need (devices, their scratch folder) is allowed here too.

    Args:
        readable: Files and folders to read.
        writable: Folders to write beneath; they must exist.
        port: The one TCP port to listen on. Connecting is refused altogether.
        allow_weaker: Go on where the kernel lacks a part.

    Raises:
        CageError: A part of the seal cannot be enforced.
    """
    check_kernel(allow_weaker=allow_weaker)
    _forbid_dumps()
    programs = [*map(Path, SYSTEM_FOLDERS), *_python_folders()]
    grants = {AccessFS.EXECUTE | READ: programs, READ: readable, WRITE: writable} | _devices()
    # A child finds this package in the folder round it, before it seals itself; listing opens no file there.
    grants[AccessFS.READ_DIR] = [*grants[AccessFS.READ_DIR], Path(__file__).resolve().parent.parent]
    _close_files(grants, port)


def seal_server(*, allow_weaker: bool = False) -> None:
    """Take the way out from the server and all its threads, once it listens: it can answer, but not call.

    Accepting stays, and so do fork and exec for its children, which inherit the filter.

    Raises:
        CageError: A part of the seal cannot be enforced.
    """
    check_kernel(allow_weaker=allow_weaker)
    _close_calls(syscalls.refuse_in_server)


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
    _forbid_dumps()
    libraries = [*map(Path, SYSTEM_FOLDERS), *map(Path, KERNEL_FIGURES), *_python_folders()]
    _close_files({READ: [*libraries, *readable], WRITE: writable} | _devices())
    _close_calls(syscalls.refuse_in_engine)


def seal_decoder(limits: ProcessLimits, *, allow_weaker: bool = False) -> None:
    """Seal the decoder, first step: everything but files, which the libraries that follow are loaded from.

    Raises:
        CageError: A part of the seal cannot be enforced.
    """
    check_kernel(allow_weaker=allow_weaker)
    _forbid_dumps()
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    _close_calls(syscalls.refuse_in_decoder)


def seal_decoder_files() -> None:
    """Seal the decoder, second step, after a first decode has loaded everything: no file can be opened any more.

    Raises:
        CageError: The kernel refused.
    """
    _close_files({})


def limit_work(cpu_s: float, file_bytes: int) -> None:
    """Limit what is still to come, once it is known how much the work may take.

    Args:
        cpu_s: Processor seconds from now on; then the kernel ends the process.
        file_bytes: Largest size of any file, anonymous ones included; writing past it fails.
    """
    _limit(resource.RLIMIT_CPU, math.ceil(time.process_time() + cpu_s))
    _limit(resource.RLIMIT_FSIZE, file_bytes)


def _missing_parts() -> Iterable[str]:
    machine = os.uname().machine
    if machine not in ARCHITECTURES:
        yield f"the seal was not checked on {machine} processors"
    if lacking := syscalls.lacking():
        yield lacking
    abi = landlockpy.abi_version()
    if abi < LANDLOCK_ABI:
        yield f"the kernel offers Landlock {abi} (0 is none) where {LANDLOCK_ABI} is needed"
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


def _forbid_dumps() -> None:
    """Keep memory out of core files, and out of reach of other processes of the same user."""
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(kind: int, value: int) -> None:
    """Set soft and hard limit alike; a hard limit that is already lower stays."""
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _python_folders() -> list[Path]:
    """Return where Python, its packages and this package lie, but not the checkout around it, which may hold data."""
    return [Path(sys.prefix), Path(sys.base_prefix), Path(__file__).resolve().parent]


def _devices() -> dict[AccessFS, Sequence[Path]]:
    """Return the devices a child may use: the harmless ones, and the GPU's."""
    accelerators = sorted(Path("/dev").glob("nvidia*"))
    return {DEVICE: [*map(Path, PLAIN_DEVICES), *accelerators], AccessFS.READ_DIR: [Path("/dev")]}


def _close_files(grants: dict[AccessFS, Sequence[Path]], port: int | None = None) -> None:
    """Refuse every file, TCP port, foreign signal and abstract socket but those granted."""
    if landlockpy.abi_version() == 0:
        return  # check_kernel has told, and somebody accepted it.
    try:
        with landlockpy.Ruleset(scoped=ALL_SCOPES) as ruleset:
            for access, paths in grants.items():
                for path in paths:
                    _grant(ruleset, path, access)
            if port is not None:
                ruleset.allow_port(port, AccessNet.BIND_TCP)
            if landlockpy.abi_version() < 8:  # noqa: PLR2004 -- the ABI with which TSYNC came.
                _refuse_older_threads()
            ruleset.restrict(RestrictFlag.TSYNC)
    except OSError as exc:
        raise CageError(missing=f"Landlock was refused ({os.strerror(exc.errno or 0)})") from exc


def _grant(ruleset: landlockpy.Ruleset, path: Path, access: AccessFS) -> None:
    """Allow a path; one that is not there is not allowed, should it ever appear."""
    if path.is_dir():
        ruleset.allow_path(path, access)
    elif path.exists():
        ruleset.allow_path(path, access & FILE_RIGHTS)


def _refuse_older_threads() -> None:
    """Refuse to seal half a process: here Landlock binds the calling thread and the ones it starts later."""
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 -- names are enough.
        raise CageError(missing="a thread was already running when its process was to be sealed")


def _close_calls(refuse: Callable[[], None]) -> None:
    """Load a filter, and believe the kernel rather than the library that it is in force."""
    if syscalls.lacking():
        return  # check_kernel has told, and somebody accepted it.
    before = state().filters
    refuse()
    if state().filters != before + 1:
        raise CageError(missing="seccomp was accepted but is not in force")
