"""The server's seal, attacked from inside, and what must go on working beneath it."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import cage
from tests.sealed import (
    EACCES,
    EITHER_CHILD,
    inside,
    needs_whole_seal,
)

pytestmark = needs_whole_seal


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_the_server_writes_beneath_its_own_folders_only(data: Path, tmp_path: Path) -> None:
    def seal() -> None:
        cage.seal_server_early([Path("/")], [data], free_port())

    assert inside(seal, lambda: (data / "a").write_text("a")) == ("value", 1)
    assert inside(seal, lambda: (tmp_path / "a").write_text("a")) == EACCES
    assert inside(seal, lambda: len((data / "a").read_text())) == ("value", 1)


def test_the_server_can_keep_a_database_and_move_files_between_its_folders(data: Path) -> None:
    def attempt() -> int:
        (data / "one").mkdir()
        (data / "two").mkdir()
        (data / "one" / "file").write_text("x")
        (data / "one" / "file").rename(data / "two" / "file")
        with sqlite3.connect(data / "cloister.db") as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("CREATE TABLE t (a)")
            database.execute("INSERT INTO t VALUES (1)")
            database.commit()
            return int(database.execute("SELECT count(*) FROM t").fetchone()[0])

    assert inside(lambda: cage.seal_server_early([Path("/")], [data], free_port()), attempt) == ("value", 1)


def test_the_server_listens_on_its_port_and_no_other(data: Path) -> None:
    port = free_port()

    def seal() -> None:
        cage.seal_server_early([Path("/")], [data], port)

    assert inside(seal, lambda: socket.create_server(("127.0.0.1", port)).getsockname()[1]) == ("value", port)
    assert inside(seal, lambda: socket.create_server(("127.0.0.1", free_port()))) == EACCES


def test_the_server_can_connect_nowhere_even_before_it_listens(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        seal = lambda: cage.seal_server_early([Path("/")], [data], 1)  # noqa: E731 -- two lines below it is called.
        assert inside(seal, lambda: socket.create_connection(address, 1)) == EACCES


def sealed_server(data: Path) -> None:
    cage.seal_server_early([Path("/")], [data], 1)
    cage.seal_server()


def test_a_sealed_server_still_answers_visitors(data: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname()) as visitor:
        visitor.sendall(b"hello")

        def attempt() -> bytes:
            connection, _ = listener.accept()
            words = connection.recv(100)
            connection.sendall(b"answer")
            return words

        assert inside(lambda: sealed_server(data), attempt) == ("value", b"hello")
        assert visitor.recv(100) == b"answer"


def test_a_sealed_server_still_runs_an_event_loop_with_threads(data: Path) -> None:
    assert inside(lambda: sealed_server(data), lambda: asyncio.run(asyncio.to_thread(lambda: 7))) == ("value", 7)


def test_a_sealed_server_still_starts_children_that_inherit_the_seal(data: Path) -> None:
    code = "import socket\ntry: socket.socket()\nexcept OSError as exc: print(exc.errno)"

    def attempt() -> str:
        return subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout

    assert inside(lambda: sealed_server(data), attempt) == ("value", f"{errno.EPERM}\n")


@EITHER_CHILD
def test_a_child_can_seal_itself_further_beneath_a_sealed_server(seal: Callable[[], None], data: Path) -> None:
    (data / "cloister.db").write_text("x")

    def attempt() -> int:
        seal()
        (data / "cloister.db").read_text()
        return 0

    assert inside(lambda: sealed_server(data), attempt) == EACCES


def test_a_sealed_server_can_still_end_its_children(data: Path) -> None:
    def attempt() -> int:
        child = subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(60)"])
        child.kill()
        return child.wait()

    assert inside(lambda: sealed_server(data), attempt) == ("value", -signal.SIGKILL)
