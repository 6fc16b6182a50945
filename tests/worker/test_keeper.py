"""The keeper: one engine alive, one job at a time, and every way an engine can misbehave."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from appliance.bundles.durable import is_kept
from appliance.errors import (
    EngineDiedError,
    EngineError,
    EngineStartError,
    JobCancelled,
    ModelFileAlteredError,
)
from appliance.options import TranscribeOptions
from appliance.worker import keeper
from appliance.worker.channel import Channel
from appliance.worker.keeper import EngineClosedError, EngineKeeper
from appliance.worker.messages import Transcribe
from appliance.worker.process import Child

FAKE = Path(__file__).with_name("fake_engine.py")
JOB = bytes(16)

Opened = Callable[[str], EngineKeeper]

MANNERS = {"another": "works", "broken": "altered", "unstable": "dies at start"}
"""How the engines of some sets behave, by the folder of the set."""

started: list[str] = []
"""The folders of the sets for which engines were started in this test."""


@pytest.fixture
def open_keeper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Opens a keeper whose engines are fakes of a manner; their processes and channels are real."""
    opened: list[EngineKeeper] = []

    def open_(manner: str) -> EngineKeeper:
        def start(_module: str, arguments: tuple[str, ...], **_: object) -> Child:
            ours, theirs = Channel.pair()
            started.append(Path(arguments[0]).name)
            wanted = MANNERS.get(started[-1], manner)
            command = [sys.executable, str(FAKE), str(theirs.fileno()), wanted]
            process = subprocess.Popen(command, pass_fds=(theirs.fileno(),))
            theirs.close()
            return Child(process, ours)

        monkeypatch.setattr(keeper, "start_child", start)
        opened.append(EngineKeeper(Path("models"), 1, allow_weaker=False))
        opened[-1].open()
        return opened[-1]

    started.clear()
    monkeypatch.setattr(keeper, "RESTART_PAUSE_S", 0.01)
    monkeypatch.setattr(keeper, "CANCEL_PATIENCE_S", 0.3)
    yield open_
    for each in opened:
        each.close()


def job(attempt: int = 1, job_id: bytes = JOB) -> Transcribe:
    return Transcribe(
        job_id=job_id, options=TranscribeOptions(), document_id=bytes(16), file_key=bytes(32), attempt=attempt
    )


def run(engine: EngineKeeper, attempt: int = 1) -> bytes:
    pcm = os.memfd_create("pcm")
    try:
        return engine.transcribe(job(attempt), pcm, lambda _stage, _fraction: None)[1]
    finally:
        os.close(pcm)


def test_a_job_comes_back_sealed(open_keeper: Opened) -> None:
    assert run(open_keeper("works")) == b"sealed"


def test_the_death_of_an_engine_ends_the_attempt_and_the_next_one_has_a_new_engine(open_keeper: Opened) -> None:
    engine = open_keeper("dies at work")
    with pytest.raises(EngineDiedError):
        run(engine)
    assert run(engine, attempt=2) == b"sealed"


def test_an_engine_that_never_comes_up_is_a_fault_in_words_that_nobody_waits_for(open_keeper: Opened) -> None:
    engine = open_keeper("dies at start")
    with pytest.raises(EngineStartError):
        engine.wait_ready()
    assert engine.ready is None


def test_a_machine_that_lets_no_process_start_is_a_fault_in_words_that_goes_when_it_does(
    open_keeper: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_keeper("works")

    def refuse(*_given: object, **_named: object) -> Child:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    with monkeypatch.context() as machine:
        machine.setattr(keeper, "start_child", refuse)
        engine.use(lambda: Path("another"))
        with pytest.raises(EngineStartError):
            engine.wait_ready()
    deadline = time.monotonic() + 10
    while engine.ready is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert run(engine) == b"sealed"


def test_an_altered_set_is_a_fault_by_name_and_is_not_tried_again(open_keeper: Opened) -> None:
    engine = open_keeper("altered")
    with pytest.raises(ModelFileAlteredError, match=r"asr/model\.bin"):
        engine.wait_ready()
    time.sleep(0.3)
    assert started == ["models"]


def test_an_engine_that_hears_a_cancel_lives_on(open_keeper: Opened) -> None:
    engine = open_keeper("stops when asked")
    assert isinstance(ended_by_cancel(engine), JobCancelled)
    assert engine.ready is not None


def test_an_engine_that_is_deaf_to_a_cancel_is_killed(open_keeper: Opened) -> None:
    engine = open_keeper("deaf")
    started = time.monotonic()
    assert isinstance(ended_by_cancel(engine), EngineDiedError)
    assert time.monotonic() - started < 10


def test_an_answer_for_another_job_is_not_taken(open_keeper: Opened) -> None:
    with pytest.raises(EngineError):
        run(open_keeper("answers for another job"))


def test_closing_in_the_middle_of_a_job_leaves_the_job_to_the_next_start(open_keeper: Opened) -> None:
    engine = open_keeper("deaf")
    ended = in_the_background(engine)
    engine.close()
    assert isinstance(ended(), EngineClosedError)
    with pytest.raises(EngineClosedError):
        engine.wait_ready()


def test_another_set_is_loaded_only_after_the_job_in_the_engine_has_ended(open_keeper: Opened) -> None:
    engine = open_keeper("stops when asked")
    ended = in_the_background(engine)
    switching = threading.Thread(target=engine.use, args=(lambda: Path("another"),))
    switching.start()
    time.sleep(0.3)
    assert started == ["models"]
    engine.cancel(JOB)
    assert isinstance(ended(), JobCancelled)
    switching.join(20)
    assert engine.wait_ready().models == {"asr": "works"}
    assert run(engine) == b"sealed"
    assert started == ["models", "another"]


def test_whoever_has_a_job_run_hears_on_which_set(open_keeper: Opened) -> None:
    engine = open_keeper("works")
    ran_on: list[str] = []
    for folder in ("models", "another"):
        engine.use(partial(Path, folder))
        pcm = os.memfd_create("pcm")
        engine.transcribe(job(), pcm, lambda _stage, _fraction: None, lambda models: ran_on.append(models.name))
        os.close(pcm)
    assert ran_on == ["models", "another"]


def test_a_set_stays_on_the_disk_as_long_as_an_engine_has_it(open_keeper: Opened, tmp_path: Path) -> None:
    (tmp_path / "works").mkdir()
    engine = open_keeper("works")
    engine.use(lambda: tmp_path / "works")
    run(engine)
    assert is_kept(tmp_path / "works")
    engine.use(lambda: Path("another"))
    run(engine)
    assert not is_kept(tmp_path / "works")


def test_what_is_wanted_by_the_time_of_the_turn_is_loaded(open_keeper: Opened) -> None:
    engine = open_keeper("stops when asked")
    wanted = [Path("another")]
    ended = in_the_background(engine)
    switching = threading.Thread(target=engine.use, args=(lambda: wanted[0],))
    switching.start()
    wanted[0] = Path("models")  # Gone back before the job had ended.
    engine.cancel(JOB)
    assert isinstance(ended(), JobCancelled)
    switching.join(20)
    assert started == ["models"]


def test_the_set_that_is_in_use_is_not_loaded_again(open_keeper: Opened) -> None:
    engine = open_keeper("works")
    engine.wait_ready()
    engine.use(lambda: Path("models"))
    time.sleep(0.2)
    assert started == ["models"]


def test_a_healthy_set_ends_the_fault_of_an_altered_one_and_the_other_way_round(open_keeper: Opened) -> None:
    engine = open_keeper("altered")
    with pytest.raises(ModelFileAlteredError):
        engine.wait_ready()
    engine.use(lambda: Path("another"))
    assert engine.wait_ready().models == {"asr": "works"}
    assert engine.fault is None
    engine.use(lambda: Path("broken"))
    with pytest.raises(ModelFileAlteredError):
        engine.wait_ready()


def test_a_healthy_set_ends_the_fault_of_one_whose_engine_dies_at_start(open_keeper: Opened) -> None:
    engine = open_keeper("dies at start")
    with pytest.raises(EngineStartError):
        engine.wait_ready()
    engine.use(lambda: Path("another"))
    assert engine.wait_ready().models == {"asr": "works"}


def test_sets_that_change_quickly_end_with_the_last_one(open_keeper: Opened) -> None:
    engine = open_keeper("works")
    for folder in ("another", "unstable", "models", "broken", "another"):
        engine.use(partial(Path, folder))
    assert engine.wait_ready().models == {"asr": "works"}
    assert run(engine) == b"sealed"


def test_a_paused_engine_is_gone_and_another_comes_when_the_pause_is_over(open_keeper: Opened) -> None:
    engine = open_keeper("works")
    engine.wait_ready()
    with engine.paused(JOB):
        time.sleep(0.3)
        assert engine.pid is None
        assert engine.ready is None
    assert run(engine) == b"sealed"
    assert started == ["models", "models"]


def test_an_appliance_that_closes_in_a_pause_starts_no_other_engine(open_keeper: Opened) -> None:
    engine = open_keeper("works")
    engine.wait_ready()
    with engine.paused(JOB):
        engine.close()
    assert started == ["models"]


def test_a_job_that_is_cancelled_while_it_waits_for_its_turn_ends_at_once(open_keeper: Opened) -> None:
    engine = open_keeper("stops when asked")
    first = in_the_background(engine)
    caught: list[BaseException] = []

    def wait_in_line() -> None:
        with pytest.raises(JobCancelled) as ended:
            engine.transcribe(job(job_id=bytes(15) + b"2"), 0, lambda _stage, _fraction: None)
        caught.append(ended.value)

    second = threading.Thread(target=wait_in_line)
    second.start()
    while len(engine._line._standing) < 2:
        time.sleep(0.01)
    engine.cancel(bytes(15) + b"2")
    second.join(10)
    assert (len(caught), engine._line._standing) == (1, [JOB])
    engine.cancel(JOB)
    assert isinstance(first(), JobCancelled)
    assert engine._line._standing == []


def test_jobs_take_their_turns_in_the_order_in_which_they_came(open_keeper: Opened) -> None:
    engine = open_keeper("works")
    engine.wait_ready()
    order: list[int] = []

    def run_one(number: int) -> None:
        pcm = os.memfd_create("pcm")
        engine.transcribe(job(job_id=bytes(15) + bytes([number])), pcm, lambda _stage, _fraction: order.append(number))
        os.close(pcm)

    threads = [threading.Thread(target=run_one, args=(number,)) for number in range(5)]
    with engine._line.turn_of(JOB):
        for number, thread in enumerate(threads, 1):
            thread.start()
            while len(engine._line._standing) <= number:
                time.sleep(0.005)
    for thread in threads:
        thread.join(20)
    assert order == [0, 1, 2, 3, 4]


def ended_by_cancel(engine: EngineKeeper) -> BaseException | None:
    ended = in_the_background(engine)
    engine.cancel(JOB)
    return ended()


def in_the_background(engine: EngineKeeper) -> Callable[[], BaseException | None]:
    """Run a job in a thread until the engine is at it; the answer waits for how it ends."""
    caught: list[BaseException] = []
    at_work = threading.Event()
    pcm = os.memfd_create("pcm")

    def work() -> None:
        try:
            engine.transcribe(job(), pcm, lambda _stage, _fraction: at_work.set())
        except BaseException as error:  # noqa: BLE001 -- handed to the test.
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert at_work.wait(20)

    def ended() -> BaseException | None:
        thread.join(20)
        os.close(pcm)
        return caught[0] if caught else None

    return ended
