"""The warden: every attempt to call out is refused and counted, and nothing waits for whoever counts."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from appliance import cage, syscalls
from appliance.worker import process, warden_child
from appliance.worker.channel import Channel
from appliance.worker.messages import Attempted
from appliance.worker.process import role_of
from appliance.worker.warden import Warden
from appliance.worker.warden_child import MOST_APART, Tally
from tests.sealed import EACCES, EPERM, LIMITS, call, inside, needs_whole_seal
from tests.worker.watched import counts, trials, watched_server

pytestmark = needs_whole_seal


def attempt(times: int = 1) -> set[int | None]:
    """Try to open a socket; returns the errors."""
    answers: set[int | None] = set()
    for _ in range(times):
        try:
            socket.socket().close()
            answers.add(None)
        except OSError as exc:
            answers.add(exc.errno)
    return answers


def test_every_attempt_of_the_server_is_refused_and_counted() -> None:
    def scene() -> object:
        warden = watched_server()
        return attempt(3), counts(warden, lambda counted: sum(counted.values()) >= 3)

    assert inside(lambda: None, scene) == ("value", ({errno.EPERM}, {("server", "socket"): 3}))


@pytest.mark.parametrize("name", syscalls.OUTWARD_CALLS)
def test_each_call_that_leads_out_is_counted_by_its_name(name: str) -> None:
    def scene() -> object:
        warden = watched_server()
        with contextlib.suppress(PermissionError):
            call(name, 1000, 0, 0)
        return counts(warden, bool)

    assert inside(lambda: None, scene) == ("value", {("server", name): 1})


def test_trials_are_counted_apart_from_attempts() -> None:
    def scene() -> object:
        warden = watched_server()
        before = trials(warden, 20)  # Of the seal itself.
        answers = {trial.answer for trial in cage.try_way_out()}
        return answers, trials(warden, before + 13) - before, warden.refused()

    assert inside(lambda: None, scene) == ("value", ({"EPERM"}, 13, ()))


def test_an_attempt_in_a_flood_is_not_lost() -> None:
    def scene() -> object:
        warden = watched_server()
        threads = [threading.Thread(target=attempt, args=(500,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return counts(warden, lambda counted: sum(counted.values()) >= 2000)

    assert inside(lambda: None, scene) == ("value", {("server", "socket"): 2000})


def test_a_thread_older_than_the_filter_is_refused_and_counted() -> None:
    def scene() -> object:
        go = threading.Event()
        answers: list[int | None] = []

        def old_thread() -> None:
            go.wait()
            answers.extend(attempt())

        thread = threading.Thread(target=old_thread)
        thread.start()
        warden = watched_server()
        go.set()
        thread.join()
        return answers, counts(warden, bool)

    assert inside(lambda: None, scene) == ("value", ([errno.EPERM], {("server", "socket"): 1}))


def test_a_library_that_calls_out_while_it_holds_the_interpreter_does_not_hang_the_server() -> None:
    def scene() -> object:
        warden = watched_server()
        signal.alarm(10)  # Were it to hang, no thread of Python could say so.
        holding = ctypes.PyDLL(None)
        assert holding.socket(socket.AF_INET, socket.SOCK_STREAM, 0) == -1
        return counts(warden, bool)

    assert inside(lambda: None, scene) == ("value", {("server", "socket"): 1})


@pytest.mark.parametrize("role", ["engine", "decoder"])
def test_a_sealed_childs_attempt_is_counted_as_its_own(role: str) -> None:
    def sealed_child() -> None:
        if role == "engine":
            cage.seal_engine([], [])
        else:
            cage.seal_decoder(LIMITS)
            cage.seal_decoder_files()
        attempt(2)

    def scene() -> object:
        warden = watched_server()
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.read(reading, 1)  # Until the server knows it.
            sealed_child()
            os._exit(0)
        process._remember(pid, role)
        os.write(writing, b"x")
        os.waitpid(pid, 0)
        return counts(warden, lambda counted: sum(counted.values()) >= 2)

    assert inside(lambda: None, scene) == ("value", {(role, "socket"): 2})


def test_a_program_that_the_server_was_made_to_start_is_counted_as_other() -> None:
    code = "import socket\ntry: socket.socket()\nexcept PermissionError: print('refused')"

    def scene() -> object:
        warden = watched_server()
        said = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout
        return said, counts(warden, bool)

    assert inside(lambda: None, scene) == ("value", ("refused\n", {("other", "socket"): 1}))


def test_when_the_warden_dies_attempts_are_refused_still_and_the_server_says_that_it_counts_no_more() -> None:
    def scene() -> object:
        warden = watched_server()
        assert warden._child is not None
        os.kill(warden._child.process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while warden.is_counting and time.monotonic() < deadline:
            time.sleep(0.01)
        trials_left = {(trial.refused, trial.answer) for trial in cage.try_way_out()}
        return attempt(), warden.is_counting, trials_left

    assert inside(lambda: None, scene) == ("value", ({errno.ENOSYS}, False, {(True, "ENOSYS")}))


def test_a_child_that_starts_after_the_wardens_death_refuses_by_itself() -> None:
    def scene() -> object:
        warden = watched_server()
        warden.close()
        return inside(lambda: cage.seal_engine([], []), attempt)

    assert inside(lambda: None, scene) == ("value", ("value", {errno.EPERM}))


def test_a_warden_that_died_before_the_seal_leaves_a_whole_seal() -> None:
    def scene() -> object:
        warden = Warden(allow_weaker=False)
        warden.open()
        assert warden._child is not None
        warden._child.process.kill()
        warden.count()
        cage.seal_server()
        return attempt(), warden.is_counting

    assert inside(lambda: None, scene) == ("value", ({errno.EPERM}, False))


def test_where_something_else_answers_for_the_process_already_it_is_refused_and_not_counted() -> None:
    def scene() -> object:
        first, second = Warden(allow_weaker=False), Warden(allow_weaker=False)
        for each in (first, second):
            each.open()
            each.count()
        first.close()  # Its filter stays, with nobody to answer.
        cage.seal_server()
        return attempt(), second.is_counting

    assert inside(lambda: None, scene) == ("value", ({errno.EPERM}, False))


def test_counting_begins_at_a_moment_with_its_time_zone() -> None:
    def scene() -> object:
        warden = watched_server()
        return warden.is_counting, warden.since.utcoffset() is not None

    assert inside(lambda: None, scene) == ("value", (True, True))


def test_each_refused_attempt_is_a_line_in_the_log_and_a_trial_is_none() -> None:
    code = (
        "import socket, time\nfrom appliance.logs import start_logging\nfrom tests.worker.watched import *\n"
        "start_logging()\nwarden = watched_server()\n"
        "try: socket.socket()\nexcept PermissionError: pass\n"
        "counts(warden, bool)\n"
    )
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    refused = [line for line in ended.stderr.splitlines() if "refused" in line]
    assert len(refused) == 1
    assert '"caller": "server", "call": "socket", "count": 1' in refused[0]


# The warden's own process


def test_the_warden_reads_what_the_kernel_tells_of_processes_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    server = os.getpid()
    assert inside(cage.seal_warden, Path(f"/proc/{server}/status").read_text)[0] == "value"
    assert inside(cage.seal_warden, (tmp_path / "secret").read_text) == EACCES
    assert inside(cage.seal_warden, Path("/etc/passwd").read_text) == EACCES
    assert inside(cage.seal_warden, Path(f"/proc/{server}/mem").read_bytes) == EACCES
    assert inside(cage.seal_warden, (tmp_path / "new").mkdir) == EACCES


def test_the_warden_has_no_way_out_and_starts_nothing() -> None:
    assert inside(cage.seal_warden, socket.socket) == EPERM
    assert inside(cage.seal_warden, os.fork) == EPERM
    assert inside(cage.seal_warden, lambda: os.kill(os.getppid(), 0)) == EPERM


def test_the_warden_ends_with_its_server() -> None:
    def scene() -> int:
        warden = watched_server()
        assert warden._child is not None
        return warden._child.process.pid

    kind, pid = inside(lambda: None, scene)
    assert kind == "value"
    deadline = time.monotonic() + 5
    while role_runs(int(str(pid))) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not role_runs(int(str(pid)))


def role_runs(pid: int) -> bool:
    try:
        return "warden_child" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def test_a_warden_that_is_handed_something_else_ends() -> None:
    warden = Warden(allow_weaker=False)
    warden.open()
    child = warden._wait_sealed()
    child.channel.send(Attempted(process_id=1, call="socket", is_trial=False, count=1))
    assert child.process.wait(10) == warden_child.EXIT_FAILED
    warden.close()


def test_a_server_that_has_no_time_gets_the_whole_count_later() -> None:
    ours, theirs = Channel.pair()
    tally, counted = Tally(), 0
    while ours.offer(Attempted(process_id=1, call="other", is_trial=False, count=0)):
        pass  # Until there is no room.
    for _ in range(5):
        tally.add(1, "socket", is_trial=False)
        tally.tell(ours)
    assert tally
    while tally or counted < 5:
        message, _ = theirs.receive(5)
        tally.tell(ours)
        assert isinstance(message, Attempted)
        counted += message.count
    assert counted == 5
    ours.close()
    theirs.close()


def test_one_who_tries_under_ever_other_names_fills_no_memory() -> None:
    ours, theirs = Channel.pair()
    tally = Tally()
    for process_id in range(1, MOST_APART + 100):
        tally.add(process_id, "socket", is_trial=False)
    tally.tell(ours)
    told = [theirs.receive(5)[0] for _ in range(MOST_APART + 1)]
    assert sum(message.count for message in told if isinstance(message, Attempted)) == MOST_APART + 99
    assert not tally
    ours.close()
    theirs.close()


def test_the_server_remembers_the_latest_of_its_children_only() -> None:
    for pid in range(10**7, 10**7 + process.ROLES_REMEMBERED + 1):
        process._remember(pid, "decoder")
    assert role_of(10**7) == "other"
    assert role_of(10**7 + process.ROLES_REMEMBERED) == "decoder"
    assert role_of(os.getpid()) == "server"
