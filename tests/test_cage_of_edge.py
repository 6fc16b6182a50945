"""The edge's seal, attacked from inside: it reaches one path on this machine, and nothing else."""

from __future__ import annotations

import ctypes
import os
import socket
from pathlib import Path

import pytest

from appliance import cage
from tests.sealed import EACCES, EPERM, LIBC, call, inside, needs_whole_seal

pytestmark = needs_whole_seal

FAMILIES = ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_CAN", "AF_BLUETOOTH"]


@pytest.mark.parametrize("family", [name for name in FAMILIES if hasattr(socket, name)])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW])
def test_no_socket_of_another_family_opens(family: str, kind: socket.SocketKind) -> None:
    assert inside(cage.seal_edge, lambda: socket.socket(getattr(socket, family), kind)) == EPERM


def test_the_appliances_socket_is_reached(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def reach() -> str:
            with socket.socket(socket.AF_UNIX) as visitor:
                visitor.connect(path)
                return "reached"

        assert inside(cage.seal_edge, reach) == ("value", "reached")


def test_an_accepted_connection_cannot_be_turned_to_somebody_else() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_server(("127.0.0.1", 0)) as other,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        nowhere = ctypes.create_string_buffer(16)  # AF_UNSPEC lets a TCP socket go, so that it could connect anew.

        def turn() -> None:
            LIBC.connect(accepted.fileno(), nowhere, len(nowhere))
            accepted.connect(other.getsockname())

        assert inside(lambda: None, turn) == ("value", None)
        assert inside(cage.seal_edge, turn) in (EACCES, EPERM)


@pytest.mark.parametrize("name", ["io_uring_setup", "io_uring_enter", "io_uring_register", "bind", "listen"])
def test_what_it_does_not_need_is_refused(name: str) -> None:
    assert inside(cage.seal_edge, lambda: call(name, 4, 0, 0, 0, 0, 0)) == EPERM


def test_it_starts_no_program_and_no_process() -> None:
    assert inside(cage.seal_edge, lambda: os.execv("/bin/true", ["true"])) == EPERM  # noqa: S606 -- the attack.
    assert inside(cage.seal_edge, os.fork) == EPERM


def test_it_opens_no_file_but_of_its_program(tmp_path: Path) -> None:
    secret = tmp_path / "root.key"
    secret.write_text("secret")
    assert inside(cage.seal_edge, secret.read_text) == EACCES
    assert inside(cage.seal_edge, lambda: (tmp_path / "new").write_text("x")) == EACCES
