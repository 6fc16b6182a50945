"""The files, devices, ports, signals and abstract sockets that the seal leaves to a process, by object.

Everything that is not granted here is refused. What a filter of system calls cannot tell apart, because it sees numbers
and not what they stand for, is told apart here; `appliance.cage` puts the layers together.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import landlockpy
from landlockpy import AccessFS, AccessNet, RestrictFlag, Scope

from appliance.errors import CageError

WHOLE_ABI = 6  # TCP came with 4, device ioctls with 5, signals and abstract sockets with 6.
TSYNC_ABI = 8  # With it one call binds the threads that run already, too.

READ_FILE, LIST = AccessFS.READ_FILE, AccessFS.READ_DIR
READ = READ_FILE | LIST
RUN = AccessFS.EXECUTE | READ
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

SYSTEM_FOLDERS = tuple(map(Path, ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/opt", "/etc")))
# Of /proc only our own process and plain figures: the rest has other processes' arguments and, for root, all memory.
KERNEL_FIGURES = tuple(map(Path, (
    "/sys", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/version",
    "/proc/filesystems", "/proc/devices", "/proc/modules", "/proc/sys", "/proc/driver",
)))  # fmt: skip
PLAIN_DEVICES = tuple(map(Path, ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")))
PACKAGE = Path(__file__).resolve().parent

Grants = Mapping[AccessFS, Sequence[Path]]


def abi() -> int:
    """Return what the kernel offers; 0 is nothing."""
    return int(landlockpy.abi_version())


def programs() -> list[Path]:
    """Return where the system's and Python's programs lie, and this package; not the checkout round it, or its data."""
    return [*SYSTEM_FOLDERS, Path(sys.prefix), Path(sys.base_prefix), PACKAGE]


def devices() -> dict[AccessFS, list[Path]]:
    """Return the devices a child may use: the harmless ones, and the GPU's."""
    accelerators = sorted(Path("/dev").glob("nvidia*"))
    return {DEVICE: [*PLAIN_DEVICES, *accelerators], LIST: [Path("/dev")]}


def close_files(grants: Grants, port: int | None = None) -> None:
    """Refuse every file, TCP port, foreign signal and abstract socket but those granted.

    Raises:
        CageError: The kernel refused.
    """
    if abi() == 0:
        return  # cage.check_kernel has told, and somebody accepted it.
    try:
        with landlockpy.Ruleset(scoped=ALL_SCOPES) as ruleset:
            for access, paths in grants.items():
                for path in paths:
                    _grant(ruleset, path, access)
            if port is not None:
                ruleset.allow_port(port, AccessNet.BIND_TCP)
            if abi() < TSYNC_ABI:
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
