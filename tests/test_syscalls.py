"""The refused calls, attacked from inside: ways out, other programs, other processes, the kernel's depths."""

from __future__ import annotations

import array
import ctypes
import errno
import fcntl
import mmap
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyseccomp
import pytest

from appliance import cage, syscalls
from appliance.errors import CageError
from tests.sealed import (
    EACCES,
    EITHER_CHILD,
    ENOSYS,
    EPERM,
    EVERY_SEAL,
    LIBC,
    call,
    engine,
    inside,
    needs_whole_seal,
)

pytestmark = needs_whole_seal
only_x86 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="another processor has no such second ABI")

FAMILIES = ["AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_CAN", "AF_BLUETOOTH"]


@EVERY_SEAL
@pytest.mark.parametrize("family", [name for name in FAMILIES if hasattr(socket, name)])
def test_no_socket_of_any_family_opens(seal: Callable[[], None], family: str) -> None:
    assert inside(seal, lambda: socket.socket(getattr(socket, family), socket.SOCK_DGRAM)) == EPERM


@EVERY_SEAL
@pytest.mark.parametrize("name", ["io_uring_setup", "io_uring_enter", "io_uring_register"])
def test_io_uring_cannot_be_used_to_open_a_socket(seal: Callable[[], None], name: str) -> None:
    assert inside(seal, lambda: call(name, 4, 0, 0, 0, 0, 0)) == EPERM


@EVERY_SEAL
def test_a_socket_from_before_the_seal_cannot_connect(seal: Callable[[], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as old:
        assert inside(seal, lambda: old.connect(listener.getsockname())) == EPERM


@EVERY_SEAL
def test_a_socket_from_before_the_seal_cannot_listen(seal: Callable[[], None]) -> None:
    with socket.socket() as old:
        assert inside(seal, lambda: old.bind(("127.0.0.1", 0))) == EPERM
        assert inside(seal, old.listen) == EPERM


@EVERY_SEAL
def test_a_socket_from_before_the_seal_cannot_be_told_whom_to_send_to(seal: Callable[[], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as old:
        address = listener.getsockname()
        assert inside(seal, lambda: old.sendto(b"x", syscalls.MSG_FASTOPEN, address)) == EPERM
        assert inside(seal, lambda: old.sendmsg([b"x"], [], syscalls.MSG_FASTOPEN, address)) == EPERM
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, socket.socket(type=socket.SOCK_DGRAM) as old:
        receiver.bind(("127.0.0.1", 0))
        assert inside(seal, lambda: old.sendto(b"x", receiver.getsockname())) == EPERM


@EVERY_SEAL
def test_a_connection_from_before_the_seal_can_still_be_answered(seal: Callable[[], None]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert inside(seal, lambda: ours.send(b"answer")) == ("value", 6)
        assert theirs.recv(10) == b"answer"


def test_a_trial_is_told_from_an_attempt_by_what_cannot_succeed() -> None:
    minus_one = 2**64 - 1
    assert syscalls.is_trial("connect", (minus_one, 0, 0, 0, 0, 0))
    assert syscalls.is_trial("connect", (2**32 - 1, 0, 0, 0, 0, 0))
    assert syscalls.is_trial("socket", (socket.AF_INET, socket.SOCK_DGRAM, syscalls.TRIAL_PROTOCOL, 0, 0, 0))
    assert not syscalls.is_trial("socket", (socket.AF_INET, socket.SOCK_STREAM, 0, 0, 0, 0))
    assert not syscalls.is_trial("bind", (3, 0, syscalls.TRIAL_PROTOCOL, 0, 0, 0))


def test_a_call_that_this_processor_does_not_know_is_not_taken_for_refused() -> None:
    assert syscalls.answer_to("no_such_call") == "not known"
    assert syscalls.answer_to("no_such_call") not in syscalls.REFUSALS


@EITHER_CHILD
def test_a_child_cannot_accept_a_visitor(seal: Callable[[], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        assert inside(seal, listener.accept) == EPERM


@pytest.mark.parametrize("seal", [engine, cage.seal_server], ids=["engine", "server"])
@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_RAW])
def test_no_pair_opens_whose_ends_could_send_elsewhere(seal: Callable[[], None], kind: int) -> None:
    assert inside(seal, lambda: socket.socketpair(socket.AF_UNIX, kind)) == EPERM


@pytest.mark.parametrize("seal", [engine, cage.seal_server], ids=["engine", "server"])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_SEQPACKET])
def test_a_pair_of_streams_still_opens(seal: Callable[[], None], kind: int) -> None:
    assert inside(seal, lambda: bool(socket.socketpair(socket.AF_UNIX, kind))) == ("value", True)


@EITHER_CHILD
def test_the_inherited_pair_still_carries_words_and_descriptors(seal: Callable[[], None], tmp_path: Path) -> None:
    (tmp_path / "gift").write_text("from outside")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, (tmp_path / "gift").open("rb") as gift:
        socket.send_fds(ours, [b"take this"], [gift.fileno()])

        def take() -> tuple[bytes, bytes]:
            words, descriptors, _, _ = socket.recv_fds(theirs, 100, 1)
            return words, os.read(descriptors[0], 100)

        assert inside(seal, take) == ("value", (b"take this", b"from outside"))


def test_a_thread_older_than_the_filter_is_sealed_too() -> None:
    def attempt() -> int | None:
        go, answer = threading.Event(), array.array("i", [0])

        def old_thread() -> None:
            go.wait()
            try:
                socket.socket()
            except OSError as exc:
                answer[0] = exc.errno or 0

        thread = threading.Thread(target=old_thread)
        thread.start()
        cage.seal_server()
        go.set()
        thread.join()
        return answer[0]

    assert inside(lambda: None, attempt) == ("value", errno.EPERM)


def test_half_a_process_is_never_sealed_against_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")

    def attempt() -> object:
        done, opened = threading.Event(), array.array("i", [0])

        def old_thread() -> None:
            done.wait()
            try:
                (tmp_path / "secret").read_text()
                opened[0] = 1
            except PermissionError:
                pass

        thread = threading.Thread(target=old_thread)
        thread.start()
        try:
            engine()
            outcome = "sealed"
        except CageError:
            outcome = "refused"
        done.set()
        thread.join()
        return outcome, opened[0]

    assert inside(lambda: None, attempt) in [("value", ("sealed", 0)), ("value", ("refused", 1))]


@EITHER_CHILD
def test_a_child_cannot_run_another_program(seal: Callable[[], None]) -> None:
    assert inside(seal, lambda: os.execv("/bin/true", ["true"])) == EPERM  # noqa: S606 -- the attack.
    assert inside(seal, lambda: os.posix_spawn("/bin/true", ["true"], {})) in (EPERM, ENOSYS)


@EITHER_CHILD
def test_a_child_cannot_run_a_program_from_memory(seal: Callable[[], None]) -> None:
    program = os.open("/bin/true", os.O_RDONLY)
    try:
        assert inside(seal, lambda: os.execve(program, ["true"], {})) == EPERM  # noqa: S606 -- the attack.
    finally:
        os.close(program)


@EITHER_CHILD
def test_a_child_cannot_fork(seal: Callable[[], None]) -> None:
    assert inside(seal, os.fork) == EPERM
    assert inside(seal, lambda: call("clone", signal.SIGCHLD, 0, 0, 0, 0)) == EPERM


@EITHER_CHILD
def test_a_child_is_told_that_there_is_no_clone3_so_that_threads_fall_back(seal: Callable[[], None]) -> None:
    assert inside(seal, lambda: call("clone3", 0, 0)) == ENOSYS


@EITHER_CHILD
def test_a_child_can_start_threads(seal: Callable[[], None]) -> None:
    def attempt() -> int:
        numbers: list[int] = []
        threads = [threading.Thread(target=numbers.append, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(numbers)

    assert inside(seal, attempt) == ("value", 4)


@EITHER_CHILD
@pytest.mark.parametrize("number", [0, signal.SIGTERM, signal.SIGKILL])
def test_a_child_cannot_signal_the_server(seal: Callable[[], None], number: int) -> None:
    server = os.getpid()
    assert inside(seal, lambda: os.kill(server, number)) == EPERM


@EITHER_CHILD
def test_a_child_cannot_signal_a_group_or_everybody(seal: Callable[[], None]) -> None:
    assert inside(seal, lambda: os.kill(0, 0)) == EPERM
    assert inside(seal, lambda: os.kill(-1, 0)) == EPERM
    assert inside(seal, lambda: call("tkill", os.getppid(), 0)) == EPERM
    assert inside(seal, lambda: call("tgkill", os.getppid(), os.getppid(), 0)) == EPERM


@EITHER_CHILD
def test_a_child_can_signal_itself(seal: Callable[[], None]) -> None:
    assert inside(seal, lambda: os.kill(os.getpid(), signal.SIGTERM)) == ("signal", signal.SIGTERM)


@EITHER_CHILD
def test_a_child_cannot_look_into_the_server(seal: Callable[[], None]) -> None:
    server = os.getpid()
    assert inside(seal, lambda: call("ptrace", 16, server, 0, 0)) == EPERM
    assert inside(seal, lambda: call("process_vm_readv", server, 0, 0, 0, 0, 0)) == EPERM
    assert inside(seal, lambda: call("pidfd_open", server, 0)) == EPERM
    assert inside(seal, lambda: Path(f"/proc/{server}/environ").read_bytes()) == EACCES
    assert inside(seal, lambda: Path(f"/proc/{server}/status").read_bytes()) == EACCES


@EITHER_CHILD
def test_a_child_cannot_take_away_the_servers_resources(seal: Callable[[], None]) -> None:
    server = os.getpid()
    assert inside(seal, lambda: resource.prlimit(server, resource.RLIMIT_NOFILE, (4, 4))) == EPERM


@EITHER_CHILD
def test_a_child_cannot_type_into_a_terminal(seal: Callable[[], None]) -> None:
    ours, theirs = os.openpty()
    try:
        for request in (0x5412, 0x541C):
            assert inside(seal, partial(fcntl.ioctl, theirs, request, b"x")) == EPERM
    finally:
        os.close(ours)
        os.close(theirs)


@EVERY_SEAL
def test_no_call_into_the_kernels_depths_is_left(seal: Callable[[], None]) -> None:
    def attempt() -> set[str]:
        return {name for name in syscalls.DANGEROUS_CALLS if _errno_of(name) not in (errno.EPERM, None)}

    assert inside(seal, attempt) == ("value", set())


def _errno_of(name: str) -> int | None:
    """Return the errno of a call with nonsense in every argument, or None where there is no such call."""
    nonsense = 2**31  # Never a valid address, descriptor or process, should the call get through.
    if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) < 0:
        return None
    try:
        return call(name, *[nonsense] * 5)
    except OSError as exc:
        return exc.errno


@only_x86
@EVERY_SEAL
def test_the_x32_door_ends_the_process(seal: Callable[[], None]) -> None:
    assert inside(seal, lambda: LIBC.syscall(0x4000_0000 + 41, socket.AF_INET, socket.SOCK_STREAM, 0)) == (
        "signal",
        signal.SIGSYS,
    )


@only_x86
@EVERY_SEAL
def test_the_i386_door_ends_the_process(seal: Callable[[], None]) -> None:
    def attempt() -> int:
        with mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC) as page:
            page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20 (getpid); int 0x80; ret
            address = ctypes.addressof(ctypes.c_char.from_buffer(page))
            return int(ctypes.CFUNCTYPE(ctypes.c_int)(address)())

    if inside(lambda: None, attempt) == ("signal", signal.SIGSEGV):
        pytest.skip("this kernel has no i386 door")
    assert inside(seal, attempt) == ("signal", signal.SIGSYS)
