"""The system calls that the seal refuses, and the filter that refuses them, in every thread at once.

It names what is forbidden rather than what is allowed: torch, CUDA and the C library change what they call with every
release, and a list of the allowed would break the appliance or be widened until it meant nothing. What a filter by name
misses, Landlock and the resource limits must hold; `appliance.cage` puts the layers together.

A call that a filter refuses by itself leaves no trace. So the server loads one filter more, which asks another process,
the warden, about every call that leads out: the warden says no, and counts. The kernel lets a process and its parents
have one such filter in all, and the answer of any other filter comes first; a child therefore leaves these calls to the
one it has inherited, where it finds that they are refused already.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from collections.abc import Sequence
from typing import ClassVar

from appliance.errors import CageError

try:
    import pyseccomp
except (RuntimeError, OSError):  # It looks for the library while it is imported.
    pyseccomp = None

REFUSE = 0x0005_0000 | errno.EPERM  # SECCOMP_RET_ERRNO with the error that the caller gets.
SECCOMP_API = 2  # The level of libseccomp's own probe at which one call seals all threads.
CLONE_THREAD = 0x0001_0000
MSG_FASTOPEN = 0x2000_0000  # Connects without the connect call.
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


# The edge carries bytes and nothing else: besides what a child never needs, no memory in files and no priorities. It
# keeps the sockets it has, and may make such as reach a path on this machine.
EDGE_CALLS = (
    *(name for name in CHILD_CALLS if name not in ("accept", "accept4")), *DECODER_CALLS, "bind", "listen",
    *(name for name in OUTWARD_CALLS if name.startswith("io_uring")),
)  # fmt: skip


# A trial is a call that cannot succeed even where nothing refuses it, told from an attempt by what it asks for: no
# descriptor and no family has this number, and no family has this protocol.
TRIAL_ARGUMENT = -1
TRIAL_PROTOCOL = 0x434C
REFUSALS = ("EPERM", "ENOSYS")  # The warden's answer, and the kernel's where the warden is gone.

PR_SET_NO_NEW_PRIVS = 38
SET_MODE_FILTER = 1
TSYNC, NEW_LISTENER, TSYNC_ESRCH, WAIT_KILLABLE_RECV = 1, 8, 16, 32
LIBC = ctypes.CDLL(None, use_errno=True)


def lacking() -> str | None:
    """Tell in words what keeps filters from working here, or None."""
    if pyseccomp is None:
        return "the library libseccomp is not installed"
    if pyseccomp.get_api() < SECCOMP_API:
        return "the kernel has no seccomp filters"
    return None


def answer_to(name: str, *arguments: int) -> str:
    """Make a system call, past the C library's own checks, and return what the kernel says.

    Returns:
        The name of the error, or ``open`` where there was none; a socket that opened is closed again.
    """
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) if pyseccomp else -1
    if number < 0:
        return "not known"
    six = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    result = LIBC.syscall(ctypes.c_long(number), *map(ctypes.c_long, six))
    if result < 0:
        return errno.errorcode.get(ctypes.get_errno(), str(ctypes.get_errno()))
    if name == "socket":
        os.close(result)
    return "open"


def outward_numbers() -> dict[int, str]:
    """Return the numbers of the calls that lead out, with their names."""
    return {pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name): name for name in OUTWARD_CALLS}


def is_trial(name: str, arguments: Sequence[int]) -> bool:
    """Tell a trial from an attempt, by the arguments as the kernel saw them: 64 bits, of which it takes 32."""
    kept = [argument & 0xFFFF_FFFF for argument in arguments]
    return kept[0] == TRIAL_ARGUMENT & 0xFFFF_FFFF or (name == "socket" and kept[2] == TRIAL_PROTOCOL)


def ask_for_outward_calls() -> int:
    """Have every call of this process that leads out, in every thread, wait for an answer from outside.

    Loaded without libseccomp, which keeps the descriptor to itself, for the whole process, and does not know the last
    flag: with it a signal does not make a caller ask twice.

    Returns:
        Descriptor to answer from. When its last copy is closed, the kernel answers ENOSYS.

    Raises:
        CageError: The kernel refused: it is older than 5.19, or something else answers for this process already.
    """
    seal = _new_filter()
    for number in outward_numbers():
        seal.add_rule(pyseccomp.NOTIFY, number)
    program = _Program.of(_compiled(seal))
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, "seccomp")
    flags = TSYNC | TSYNC_ESRCH | NEW_LISTENER | WAIT_KILLABLE_RECV
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    listener = LIBC.syscall(ctypes.c_long(number), SET_MODE_FILTER, flags, ctypes.byref(program))
    if listener < 0:
        raise CageError(missing=f"seccomp cannot tell of refused calls ({os.strerror(ctypes.get_errno())})")
    return int(listener)


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


def refuse_in_edge() -> None:
    """Take from the edge every socket but those to a path on this machine, other programs and other processes.

    Raises:
        CageError: The kernel refused the filter.
    """
    _load(tuple(set(EDGE_CALLS) - {"socketpair"}) + DANGEROUS_CALLS, is_child=True, reaches_paths=True)


def _load(refused: Sequence[str], *, is_child: bool, reaches_paths: bool = False) -> None:
    """Load a filter into all threads: everything is allowed but what is refused."""
    if _are_refused_already(OUTWARD_CALLS):
        refused = [name for name in refused if name not in OUTWARD_CALLS]
    try:
        seal = _new_filter()
        seal.set_attr(pyseccomp.Attr.CTL_TSYNC, 1)
        for name in refused:
            _refuse_by_name(seal, name)
        if "socketpair" not in refused:
            _refuse_pairs_but_streams(seal)
        if reaches_paths:
            seal.add_rule(REFUSE, "socket", pyseccomp.Arg(0, pyseccomp.NE, socket.AF_UNIX))
        else:
            _refuse_to_address(seal)
        if is_child:
            _refuse_in_child(seal)
        seal.load()
    except OSError as exc:
        raise CageError(missing=f"seccomp was refused ({os.strerror(exc.errno or 0)})") from exc


def _new_filter() -> pyseccomp.SyscallFilter:
    seal = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    # A call through another ABI of the processor (i386, x32) has other numbers: the whole process dies of it.
    seal.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)
    return seal


def _are_refused_already(names: Sequence[str]) -> bool:
    """Tell whether an inherited filter refuses all of these. One that refuses some could be anybody's."""
    return all(answer_to(name, TRIAL_ARGUMENT) == "EPERM" for name in names)


def _refuse_pairs_but_streams(seal: pyseccomp.SyscallFilter) -> None:
    """Leave only AF_UNIX pairs of streams: one end of a datagram pair can send to any socket path it knows."""
    seal.add_rule(REFUSE, "socketpair", pyseccomp.Arg(0, pyseccomp.NE, socket.AF_UNIX))
    # Bit 1 of the type is set in datagram and raw, and clear in stream and seqpacket.
    seal.add_rule(REFUSE, "socketpair", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 2, 2))


def _refuse_to_address(seal: pyseccomp.SyscallFilter) -> None:
    """Refuse to name whom to send to, where a filter can see it: a descriptor from before the seal may be unconnected.

    In sendmsg the address lies in memory, out of sight, except for the flag that makes it a connection.
    """
    seal.add_rule(REFUSE, "sendto", pyseccomp.Arg(4, pyseccomp.NE, 0))
    seal.add_rule(REFUSE, "sendmsg", pyseccomp.Arg(2, pyseccomp.MASKED_EQ, MSG_FASTOPEN, MSG_FASTOPEN))
    seal.add_rule(REFUSE, "sendmmsg", pyseccomp.Arg(3, pyseccomp.MASKED_EQ, MSG_FASTOPEN, MSG_FASTOPEN))


def _refuse_by_name(seal: pyseccomp.SyscallFilter, name: str) -> None:
    """Refuse a call, unless this processor has none of that name (fork on aarch64) or libseccomp is older than it."""
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    if number >= 0:
        seal.add_rule(REFUSE, number)


def _refuse_in_child(seal: pyseccomp.SyscallFilter) -> None:
    """Refuse by argument what a child needs in one form only."""
    own_pid = os.getpid()
    # Threads, yes; processes, no. The flags of clone3 lie in memory, where a filter cannot look; told that there is no
    # such call, the C library falls back to clone. With EPERM instead no thread could start.
    seal.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    seal.add_rule(REFUSE, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_THREAD, 0))
    # Signals to itself only. It cannot fork, so that its process id stays what it is now.
    for name in ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"):
        seal.add_rule(REFUSE, name, pyseccomp.Arg(0, pyseccomp.NE, own_pid))
    # Its own limits only: otherwise it could take the server's descriptors away.
    seal.add_rule(REFUSE, "prlimit64", pyseccomp.Arg(0, pyseccomp.NE, 0))
    for request in TERMINAL_INJECTION:
        seal.add_rule(REFUSE, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFF_FFFF, request))


def _compiled(seal: pyseccomp.SyscallFilter) -> bytes:
    """Return a filter as the kernel takes it."""
    with os.fdopen(os.memfd_create("filter", os.MFD_CLOEXEC), "w+b") as file:
        seal.export_bpf(file)
        return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)


class _Program(ctypes.Structure):
    """struct sock_fprog: how many instructions, and where they are."""

    _fields_: ClassVar = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    @classmethod
    def of(cls, compiled: bytes) -> _Program:
        """Point to a compiled filter, which the pointer keeps alive."""
        return cls(len(compiled) // 8, compiled)
