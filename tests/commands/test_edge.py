"""The edge: bytes pass unchanged, and the process that carries them can do nothing else."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import cage
from tests.conftest import REPOSITORY
from tests.flows.appliance_client import wait_for
from tests.flows.appliance_process import free_port


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Path]:
    """A Unix socket that says back what it hears, in the appliance's place."""
    path = tmp_path / "appliance.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=_echo, args=(listener,), daemon=True).start()
        yield path
        listener.shutdown(socket.SHUT_RDWR)


def _echo(listener: socket.socket) -> None:
    while True:
        try:
            visitor, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_say_back, args=(visitor,), daemon=True).start()


def _say_back(visitor: socket.socket) -> None:
    with visitor:
        while heard := visitor.recv(65536):
            visitor.sendall(heard)


@pytest.fixture
def edge(echo: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    command = [sys.executable, "-m", "appliance", "edge", "--socket", str(echo), "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "--port", str(port)], cwd=REPOSITORY, text=True, stderr=subprocess.PIPE, env={**os.environ}
    )
    assert process.stderr is not None
    assert "listening, sealed" in process.stderr.readline()
    yield process, port
    process.kill()
    process.wait()
    process.stderr.close()


Edge = tuple[subprocess.Popen[str], int]


def test_bytes_pass_unchanged_in_both_directions(edge: Edge) -> None:
    _, port = edge
    sent, heard = os.urandom(3_000_000), bytearray()
    with socket.create_connection(("127.0.0.1", port), 10) as visitor:

        def speak() -> None:
            visitor.sendall(sent)
            visitor.shutdown(socket.SHUT_WR)

        speaker = threading.Thread(target=speak)
        speaker.start()
        while block := visitor.recv(65536):
            heard += block
        speaker.join()
    assert heard == sent


def test_a_visitor_who_breaks_off_does_not_disturb_the_others(edge: Edge) -> None:
    _, port = edge
    with socket.create_connection(("127.0.0.1", port), 10) as stays:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port), 10) as leaves:
                leaves.sendall(b"x")
                leaves.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        stays.sendall(b"still here")
        assert stays.recv(10) == b"still here"


def test_it_is_sealed(edge: Edge) -> None:
    process, _ = edge
    state = cage.state(process.pid)
    assert state.seccomp == "filter"
    assert state.no_new_privs


def test_a_visitor_is_let_go_when_the_appliance_does_not_answer(edge: Edge, echo: Path) -> None:
    _, port = edge
    echo.unlink()
    with socket.create_connection(("127.0.0.1", port), 10) as visitor:
        assert visitor.recv(1) == b""


def test_a_signal_ends_it_in_order(edge: Edge) -> None:
    process, port = edge
    with socket.create_connection(("127.0.0.1", port), 10):
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "appliance", "edge", "--socket", str(tmp_path / "none" / "s")]
    ended = subprocess.run(command, cwd=REPOSITORY, text=True, capture_output=True, check=False, timeout=30)
    assert ended.returncode == 2
    assert str(tmp_path / "none") in ended.stderr


def test_the_port_is_free_again_after_it_ended(edge: Edge) -> None:
    process, port = edge
    process.kill()
    process.wait()

    def is_free() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    wait_for(is_free, 5, "the port")
