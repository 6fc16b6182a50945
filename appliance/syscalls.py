"""The system calls that the seal refuses, and the filter that refuses them, in every thread at once.

It names what is forbidden rather than what is allowed: torch, CUDA and the C library change what they call with every
release, and a list of the allowed would break the appliance or be widened until it meant nothing. What a filter by name
misses, Landlock and the resource limits must hold; `appliance.cage` puts the layers together.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence

from appliance.errors import CageError

try:
    import pyseccomp
except (RuntimeError, OSError):  # It looks for the library while it is imported.
    pyseccomp = None

SECCOMP_API = 2  # The level of libseccomp's own probe at which one call seals all threads.
CLONE_THREAD = 0x0001_0000
TERMINAL_INJECTION = (0x5412, 0x541C)  # TIOCSTI and TIOCLINUX type into the terminal that standard error may be.

# Ways to reach another machine or another program. connect, bind and listen are refused besides socket, because a
# descriptor may have been open before the seal. The inherited pair needs none of them.
OUTWARD_CALLS = (
    "socket", "connect", "bind", "listen", "io_uring_setup", "io_uring_enter", "io_uring_register",
)  # fmt: skip

# Ways to look into other processes, to change the kernel or the file tree, or to leave a sandbox. No part of the
# appliance uses one. Most want privileges that the container does not have; the seal does not count on that.
DANGEROUS_CALLS = (
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp", "bpf", "userfaultfd",
    "perf_event_open", "keyctl", "add_key", "request_key", "mount", "umount2", "mount_setattr", "move_mount",
    "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "pivot_root", "chroot", "setns", "unshare",
    "open_by_handle_at", "name_to_handle_at", "fanotify_init", "init_module", "finit_module", "delete_module",
    "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "syslog",
    "settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "sethostname", "setdomainname", "personality",
    "move_pages", "migrate_pages", "vhangup",
)  # fmt: skip

# What a child never needs: another program, a visitor, memory that outlives it, a handle on another process.
CHILD_CALLS = (
    "execve", "execveat", "fork", "vfork", "accept", "accept4", "tkill", "pidfd_open", "pidfd_send_signal",
    "shmget", "semget", "msgget", "mq_open",
)  # fmt: skip

# The decoder reads hostile bytes, so it also loses memory that no limit counts (a memfd, unless mapped, is in nobody's
# address space), further pairs, and the priorities of other processes of the same user.
DECODER_CALLS = (
    "memfd_create", "memfd_secret", "socketpair", "setpriority", "ioprio_set", "sched_setaffinity",
    "sched_setscheduler", "sched_setparam", "sched_setattr",
)  # fmt: skip


def lacking() -> str | None:
    """Tell in words what keeps filters from working here, or None."""
    if pyseccomp is None:
        return "the library libseccomp is not installed"
    if pyseccomp.get_api() < SECCOMP_API:
        return "the kernel has no seccomp filters"
    return None


def refuse_in_server() -> None:
    """Take the way out from this process and its children. Accepting, forking and starting programs stay.

    Raises:
        CageError: The kernel refused the filter.
    """
    _load(OUTWARD_CALLS + DANGEROUS_CALLS, is_child=False)


def refuse_in_engine() -> None:
    """Take the way out, other programs and other processes from this process.

    Raises:
        CageError: The kernel refused the filter.
    """
    _load(OUTWARD_CALLS + DANGEROUS_CALLS + CHILD_CALLS, is_child=True)


def refuse_in_decoder() -> None:
    """Take from this process what the engine loses, and what could use up the machine.

    Raises:
        CageError: The kernel refused the filter.
    """
    _load(OUTWARD_CALLS + DANGEROUS_CALLS + CHILD_CALLS + DECODER_CALLS, is_child=True)


def _load(refused: Sequence[str], *, is_child: bool) -> None:
    """Load a filter into all threads: everything is allowed but what is refused."""
    refuse = pyseccomp.ERRNO(errno.EPERM)
    seal = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    seal.set_attr(pyseccomp.Attr.CTL_TSYNC, 1)
    # A call through another ABI of the processor (i386, x32) has other numbers: the whole process dies of it.
    seal.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)
    try:
        for name in refused:
            _refuse_by_name(seal, name)
        if "socketpair" not in refused:
            # Only AF_UNIX pairs of streams: one end of a datagram pair can send to any socket path it knows.
            # Bit 1 of the type is set in datagram and raw, and clear in stream and seqpacket.
            seal.add_rule(refuse, "socketpair", pyseccomp.Arg(0, pyseccomp.NE, socket.AF_UNIX))
            seal.add_rule(refuse, "socketpair", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 2, 2))
        if is_child:
            _refuse_in_child(seal)
        seal.load()
    except OSError as exc:
        raise CageError(missing=f"seccomp was refused ({os.strerror(exc.errno or 0)})") from exc


def _refuse_by_name(seal: pyseccomp.SyscallFilter, name: str) -> None:
    """Refuse a call, unless this processor has none of that name (fork on aarch64) or libseccomp is older than it."""
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    if number >= 0:
        seal.add_rule(pyseccomp.ERRNO(errno.EPERM), number)


def _refuse_in_child(seal: pyseccomp.SyscallFilter) -> None:
    """Refuse by argument what a child needs in one form only."""
    refuse, own_pid = pyseccomp.ERRNO(errno.EPERM), os.getpid()
    # Threads, yes; processes, no. The flags of clone3 lie in memory, where a filter cannot look; told that there is no
    # such call, the C library falls back to clone. With EPERM instead no thread could start.
    seal.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    seal.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_THREAD, 0))
    # Signals to itself only. It cannot fork, so that its process id stays what it is now.
    for name in ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"):
        seal.add_rule(refuse, name, pyseccomp.Arg(0, pyseccomp.NE, own_pid))
    # Its own limits only: otherwise it could take the server's descriptors away.
    seal.add_rule(refuse, "prlimit64", pyseccomp.Arg(0, pyseccomp.NE, 0))
    for request in TERMINAL_INJECTION:
        seal.add_rule(refuse, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFF_FFFF, request))
