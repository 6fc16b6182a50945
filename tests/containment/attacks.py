"""Attack a seal from inside: ``python attacks.py server|engine|decoder``.

One JSON line for each attack: what was tried, whether it was refused, what the kernel answered. Ends with 1 where one
got through. Needs nothing but Python and the appliance, so that it runs in the container as it runs outside.

The process that is started stays unsealed: it is the victim, and a witness of what arrives. It forks others, which put
on the seal of the role and attack. Every attack is harmless to the machine should it get through.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import mmap
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from appliance import cage
from appliance.errors import CageError

ROLES = ("server", "engine", "decoder")
X86 = os.uname().machine == "x86_64"
LIBC = ctypes.CDLL(None, use_errno=True)
CAP_PERFMON = 38
SECRET = b"nobody beneath a seal reads this"

NUMBERS = {  # By name, on x86_64 and aarch64; from the kernel and not from the library that the seal is built with.
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "sendto": (44, 206),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "process_madvise": (440, 440),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "kcmp": (312, 272),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "mount": (165, 40), "umount2": (166, 39), "unshare": (272, 97),
    "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41), "fsopen": (430, 430), "open_tree": (428, 428),
    "move_mount": (429, 429), "mount_setattr": (442, 442), "open_by_handle_at": (304, 265), "init_module": (175, 105),
    "finit_module": (313, 273), "kexec_load": (246, 104), "swapon": (167, 224), "personality": (135, 92),
    "tkill": (200, 130), "tgkill": (234, 131), "prlimit64": (302, 261), "clone": (56, 220), "execveat": (322, 281),
}  # fmt: skip

Line = dict[str, object]
Report = Callable[[Line], object]

BY_FILTER = ("EPERM",)
BY_EITHER = ("EPERM", "EACCES")
BY_FILES = ("EACCES", "EPERM", "EROFS")  # A read-only mount may answer before the seal does.
BY_DEATH = ("SIGSYS",)


@dataclass(frozen=True)
class Attack:
    """What is tried, how, and which answers are a refusal."""

    name: str
    attempt: Callable[[], object]
    refusals: tuple[str, ...]

    def line(self) -> Line:
        try:
            result = self.attempt()
            answer = result if isinstance(result, str) else "succeeded"
        except OSError as exc:
            answer = errno.errorcode.get(exc.errno or 0, str(exc.errno))
        except CageError:
            answer = "CageError"
        return {"attack": self.name, "refused": answer in self.refusals, "answer": answer}


class Victim:
    """What the attacked process holds, and what an attacker may have inherited from it."""

    def __init__(self, role: str) -> None:
        self.memory_files = names_of_memory(role)
        self.folder = Path(tempfile.mkdtemp(prefix="attacked-"))
        self.own, self.outside = self.folder / "own", self.folder / "outside"
        self.own.mkdir()
        self.outside.mkdir()
        (self.outside / "secret").write_bytes(SECRET)
        self.pid = os.getpid()
        self.pidfd = os.pidfd_open(self.pid)
        self.program = os.open("/bin/true", os.O_RDONLY)
        self.memory, self.ring = ctypes.create_string_buffer(SECRET), ctypes.create_string_buffer(120)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.receiver.bind(("127.0.0.1", 0))
        self.abstract = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.abstract.bind(b"\0attacked-%d" % self.pid)
        # From before the seal, unconnected: no process of the appliance has such, an attacker would wish for them.
        self.tcp = socket.socket()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.unix = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.signals: list[int] = []
        signal.signal(signal.SIGUSR1, lambda number, _frame: self.signals.append(number))

    def seen(self) -> Iterator[Attack]:
        """What must not have arrived, whatever the kernel answered."""
        for name, end in (("connection", self.listener), ("datagram", self.receiver), ("abstract", self.abstract)):
            end.setblocking(False)
            receive = end.accept if name == "connection" else lambda end=end: end.recv(100)
            yield Attack(f"witness: {name} arrived", receive, ("EAGAIN",))
        yield Attack("witness: signal arrived", lambda: "some" if self.signals else "none", ("none",))
        left = sorted(path.name for path in self.outside.iterdir())
        changed = left != ["secret"] or (self.outside / "secret").read_bytes() != SECRET
        yield Attack("witness: files changed", lambda: "changed" if changed else "none", ("none",))


def main(role: str) -> int:
    victim = Victim(role)
    groups = [ways_out, processes, files, depths]
    groups.append(of_the_server if role == "server" else of_a_child)
    lines = [line for group in groups for line in inside(role, victim, group)]
    lines += [alone(role, victim, attack) for attack in single_attacks(role, victim)]
    lines += [attack.line() for attack in victim.seen()]
    for line in lines:
        sys.stdout.write(json.dumps(line) + "\n")
    shutil.rmtree(victim.folder)
    return 0 if all(line["refused"] for line in lines) else 1


def seal(role: str, victim: Victim) -> None:
    if role == "server":
        seal_early(victim)
        cage.seal_server()
    elif role == "engine":
        cage.seal_engine(readable=[], writable=[victim.own])
    else:
        cage.seal_decoder(cage.ProcessLimits(memory_bytes=2**31, open_files=64))
        cage.seal_decoder_files()


def seal_early(victim: Victim) -> None:
    port = victim.listener.getsockname()[1]
    cage.seal_server_early([Path("/proc"), Path("/sys")], [victim.own], port)


def inside(role: str, victim: Victim, group: Callable[[Victim], Iterator[Attack]]) -> list[Line]:
    """Run attacks in a process that has sealed itself; one that ends before its last attack has not refused it."""

    def run(report: Report) -> None:
        seal(role, victim)
        for attack in group(victim):
            report(attack.line())

    lines, ending = in_a_fork(run)
    if ending != "0" or not lines:
        lines.append({"attack": f"all of {group.__name__}", "refused": False, "answer": ending})
    return lines


def alone(role: str, victim: Victim, attack: Attack) -> Line:
    """Run one attack in a process of its own, which seals itself and may die of it."""

    def run(report: Report) -> None:
        if "thread" not in attack.name:  # That one puts the seal on by itself, when its thread is there.
            seal(role, victim)
        report(attack.line())

    lines, ending = in_a_fork(run)
    return lines[0] if lines else {"attack": attack.name, "refused": ending in attack.refusals, "answer": ending}


def in_a_fork(run: Callable[[Report], None]) -> tuple[list[Line], str]:
    """Return what a forked process has reported, and how it ended: its status, or the signal that killed it."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        with contextlib.suppress(BaseException):
            run(lambda line: os.writev(writing, [json.dumps(line).encode(), b"\n"]))
            status = 0
        os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        lines = [json.loads(line) for line in pipe]
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return lines, signal.Signals(os.WTERMSIG(status)).name
    return lines, str(os.WEXITSTATUS(status))


def call(name: str, *arguments: int) -> int:
    return call_by_number(NUMBERS[name][0 if X86 else 1], *arguments)


def call_by_number(number: int, *arguments: int) -> int:
    result = int(LIBC.syscall(ctypes.c_long(number), *map(ctypes.c_long, (*arguments, 0, 0, 0, 0, 0, 0)[:6])))
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def by_call(name: str, *arguments: int, refusals: tuple[str, ...] = BY_FILTER) -> Attack:
    return Attack(name, partial(call, name, *arguments), refusals)


def ways_out(victim: Victim) -> Iterator[Attack]:
    for family in range(46):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            name = f"socket({family}, {kind.name})"
            yield Attack(name, partial(call, "socket", family, kind, 0), BY_FILTER)
    yield by_call("io_uring_setup", 4, ctypes.addressof(victim.ring))
    yield by_call("io_uring_enter", victim.tcp.fileno(), 1)
    yield by_call("io_uring_register", victim.tcp.fileno())
    tcp, udp, unix = victim.tcp, victim.udp, victim.unix
    yield Attack("connect an inherited TCP socket", lambda: tcp.connect(victim.address), BY_FILTER)
    yield Attack("bind an inherited TCP socket", lambda: tcp.bind(("127.0.0.1", 0)), BY_FILTER)
    yield Attack("listen on an inherited TCP socket", tcp.listen, BY_FILTER)
    yield Attack("fast open on an inherited TCP socket", lambda: fast_open(tcp, victim), BY_FILTER)
    yield Attack("fast open by message", lambda: tcp.sendmsg([b"x"], [], 0x2000_0000, victim.address), BY_FILTER)
    yield Attack(
        "sendto on an inherited UDP socket", lambda: udp.sendto(b"x", victim.receiver.getsockname()), BY_FILTER
    )
    yield Attack("connect an inherited UDP socket", lambda: udp.connect(victim.receiver.getsockname()), BY_FILTER)
    name = victim.abstract.getsockname()
    yield Attack("send to an abstract socket", lambda: unix.sendto(b"x", name), BY_FILTER)
    yield Attack("send to an abstract socket by message", lambda: unix.sendmsg([b"x"], [], 0, name), BY_EITHER)
    yield Attack("connect to an abstract socket", lambda: unix.connect(name), BY_FILTER)
    pair = lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)  # noqa: E731 -- one line below it is called.
    yield Attack("pair of datagram sockets", pair, BY_FILTER)
    for trial in cage.try_way_out():
        yield Attack(f"trial: {trial.call}", partial(str, trial.answer), BY_FILTER)


def fast_open(inherited: socket.socket, victim: Victim) -> int:
    return inherited.sendto(b"x", 0x2000_0000, victim.address)


def processes(victim: Victim) -> Iterator[Attack]:
    pid = victim.pid
    buffer = ctypes.create_string_buffer(len(SECRET))
    here = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), len(SECRET))
    there = (ctypes.c_size_t * 2)(ctypes.addressof(victim.memory), len(SECRET))
    vectors = (pid, ctypes.addressof(here), 1, ctypes.addressof(there), 1, 0)
    yield by_call("ptrace", 0x4206, pid)  # PTRACE_SEIZE, which does not stop it.
    yield by_call("process_vm_readv", *vectors)
    yield by_call("process_vm_writev", *vectors)
    yield by_call("process_madvise", victim.pidfd, ctypes.addressof(there), 1, 21)
    yield by_call("pidfd_getfd", victim.pidfd, victim.listener.fileno())
    yield by_call("kcmp", pid, pid, 0, 0, 0)
    for number in (0, signal.SIGUSR1):
        yield Attack(f"kill({int(number)}) the parent", partial(os.kill, pid, number), BY_EITHER)
        for name, whom in (("pidfd_send_signal", (victim.pidfd,)), ("tkill", (pid,)), ("tgkill", (pid, pid))):
            yield Attack(f"{name}({int(number)}) the parent", partial(call, name, *whom, number), BY_EITHER)
    for owner, whose in ((pid, "parent"), (1, "1")):
        for name in ("mem", "root", "cwd", "fd/0", *victim.memory_files):
            yield Attack(f"look into /proc/{whose}/{name}", partial(look, owner, name), BY_FILES)
    descriptor = victim.listener.fileno()
    yield Attack("open the parent's descriptor", lambda: os.open(f"/proc/{pid}/fd/{descriptor}", os.O_RDWR), BY_FILES)
    yield Attack("write the parent's memory", lambda: os.open(f"/proc/{pid}/mem", os.O_RDWR), BY_FILES)


def look(pid: int, name: str) -> object:
    if name in ("root", "cwd", "fd/0"):
        return str(Path(f"/proc/{pid}/{name}").readlink()) and "succeeded"
    return os.read(os.open(f"/proc/{pid}/{name}", os.O_RDONLY), 1) and "succeeded"


def names_of_memory(role: str) -> tuple[str, ...]:
    """What tells of a process's memory. Newer kernels show it to whoever may profile, Landlock or not: that is root.

    The server is granted /proc for its children's sake, so outside a container, as root, it would get through.
    """
    status = Path("/proc/self/status").read_text()
    capabilities = int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff")), 16)
    return () if role == "server" and capabilities >> CAP_PERFMON & 1 else ("environ", "maps")


def files(victim: Victim) -> Iterator[Attack]:
    secret, new = victim.outside / "secret", victim.outside / "new"
    yield Attack("read a file outside", secret.read_bytes, BY_FILES)
    yield Attack("write a file outside", lambda: os.open(secret, os.O_WRONLY), BY_FILES)
    yield Attack("truncate a file outside", lambda: os.truncate(secret, 0), BY_FILES)
    yield Attack("list a folder outside", partial(os.listdir, victim.outside), BY_FILES)
    yield Attack("make a file outside", lambda: new.write_bytes(b"x"), BY_FILES)
    yield Attack("make a folder outside", new.mkdir, BY_FILES)
    yield Attack("make a pipe outside", lambda: os.mkfifo(new), BY_FILES)
    yield Attack("make a symbolic link outside", lambda: new.symlink_to("/"), BY_FILES)
    yield Attack("remove a file outside", secret.unlink, BY_FILES)
    yield Attack("move a file in from outside", lambda: secret.rename(victim.own / "taken"), (*BY_FILES, "EXDEV"))
    yield Attack("link a file in from outside", lambda: os.link(secret, victim.own / "taken"), (*BY_FILES, "EXDEV"))
    yield Attack("make a device", lambda: os.mknod(victim.own / "disk", 0o060_600, os.makedev(8, 0)), BY_FILES)
    for place in ("/", "/usr", "/etc"):
        path = Path(place) / "attacked"
        yield Attack(f"make a file in {place}", partial(path.write_bytes, b"x"), BY_FILES)


def depths(_victim: Victim) -> Iterator[Attack]:
    """Calls into the kernel, with arguments that do nothing anywhere."""
    for name in (
        "bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "mount", "umount2", "setns",
        "chroot", "pivot_root", "fsopen", "open_tree", "move_mount", "mount_setattr", "open_by_handle_at",
        "init_module", "finit_module", "kexec_load", "swapon", "personality",
    ):  # fmt: skip
        yield by_call(name, -1, -1, -1, -1, -1)
    yield by_call("unshare", 0x1000_0000)


def of_a_child(victim: Victim) -> Iterator[Attack]:
    """What the server may do for its children, and they may not."""
    yield Attack("exec a program", partial(os.execv, "/bin/true", ["true"]), BY_FILTER)
    yield Attack("exec a program by its descriptor", partial(os.execve, victim.program, ["true"], {}), BY_FILTER)
    yield by_call("execveat", -1)
    yield Attack("fork", lambda: ended(os.fork()), BY_FILTER)
    yield Attack("clone", lambda: ended(call("clone", signal.SIGCHLD)), BY_FILTER)
    yield Attack("accept a visitor", victim.listener.accept, BY_FILTER)
    yield by_call("pidfd_open", victim.pid)
    yield by_call("prlimit64", victim.pid, 7)


def ended(pid: int) -> int:
    if pid == 0:
        os._exit(0)
    return pid


def of_the_server(_victim: Victim) -> Iterator[Attack]:
    """It may start programs, which then must not reach further than itself."""
    yield Attack("a program that was started opens a socket", in_a_program, BY_FILTER)
    yield Attack("a fork opens a socket", in_a_forked_process, BY_FILTER)


def in_a_program() -> str:
    code = "import errno, socket\ntry: socket.socket()\nexcept OSError as e: print(errno.errorcode[e.errno], end='')"
    return subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout


def in_a_forked_process() -> str:
    def run(report: Report) -> None:
        report(Attack("", socket.socket, BY_FILTER).line())

    lines, ending = in_a_fork(run)
    return str(lines[0]["answer"]) if lines else ending


def single_attacks(role: str, victim: Victim) -> Iterator[Attack]:
    yield Attack(
        "a thread older than the filter opens a socket", lambda: older_thread(role, victim), ("EPERM", "CageError")
    )
    if X86:
        yield Attack("the x32 door", lambda: call_by_number(0x4000_0000 + 41, 2, 1, 0), BY_DEATH)
        yield Attack("the i386 door", i386_getpid, (*BY_DEATH, "SIGSEGV"))  # Not every kernel has one.


def older_thread(role: str, victim: Victim) -> str:
    """Start a thread, seal the process, let the thread try; a seal that refuses to be half of one is as good."""
    go, answers = threading.Event(), []
    if role == "server":
        seal_early(victim)

    def old_thread() -> None:
        go.wait()
        answers.append(Attack("", socket.socket, BY_FILTER).line()["answer"])

    thread = threading.Thread(target=old_thread)
    thread.start()
    try:
        if role == "server":
            cage.seal_server()
        else:
            seal(role, victim)
    finally:
        go.set()
        thread.join()
    return str(answers[0])


def i386_getpid() -> int:
    with mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC) as page:
        page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20 (getpid); int 0x80; ret
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        return int(ctypes.CFUNCTYPE(ctypes.c_int)(address)())


if __name__ == "__main__":
    if sys.argv[1:2] == [] or sys.argv[1] not in ROLES:
        sys.exit(f"usage: attacks.py {'|'.join(ROLES)}")
    sys.exit(main(sys.argv[1]))
