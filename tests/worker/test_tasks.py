"""The doorbell rings through a real queue, in JSON, and its consumer lives off the main thread."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from huey.consumer import Consumer

from appliance.worker.consumer import ThreadConsumer
from appliance.worker.tasks import Bell, JsonMessages


def test_a_ring_reaches_a_consumer_that_was_started_off_the_main_thread(tmp_path: Path) -> None:
    rung = threading.Event()
    bell = Bell(tmp_path, work=rung.set, tidy=lambda: None, rotate=lambda: None)
    consumer = ThreadConsumer(bell.huey)
    failures: list[BaseException] = []

    def start() -> None:
        try:
            consumer.start()
        except BaseException as error:  # noqa: BLE001 -- handed to the main thread, which raises it.
            failures.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert not failures
    bell.ring()
    assert rung.wait(5)
    consumer.stop(graceful=True)


def test_a_look_at_the_keys_is_due_every_night_and_on_demand(tmp_path: Path) -> None:
    looked = threading.Event()
    bell = Bell(tmp_path, work=lambda: None, tidy=lambda: None, rotate=looked.set)
    due = [
        {task.name for task in bell.huey.read_periodic(datetime(2026, 11, day, hour, minute, tzinfo=UTC))}
        for day in (25, 26)
        for hour in range(24)
        for minute in range(60)
    ]
    assert sum("night" in names for names in due) == 2
    consumer = ThreadConsumer(bell.huey)
    consumer.start()
    bell.rotate()
    assert looked.wait(5)
    consumer.stop(graceful=True)


def test_huey_still_installs_its_signal_handlers_in_the_method_we_empty() -> None:
    with pytest.raises(ValueError, match="signal only works in main thread"):
        _in_thread(lambda: Consumer._set_signal_handlers(_FakeConsumer()))


def test_the_queue_holds_json_and_no_pickle(tmp_path: Path) -> None:
    bell = Bell(tmp_path, work=lambda: None, tidy=lambda: None, rotate=lambda: None)
    bell.ring()
    with sqlite3.connect(tmp_path / "queue.db") as queue:
        rows = queue.execute("select data from task").fetchall()
    queue.close()
    assert len(rows) == 1
    assert bytes(rows[0][0]).startswith(b'{"message": {')
    assert (tmp_path / "queue.db").stat().st_mode & 0o777 == 0o600


def test_the_queue_refuses_what_is_not_plain() -> None:
    with pytest.raises(TypeError):
        JsonMessages().serialize(object())


class _FakeConsumer:
    def __init__(self) -> None:
        self._signal_actions = {2: (False, True)}

    def _handle_signal(self, signum: int, frame: object) -> None: ...


def _in_thread(call: object) -> None:
    caught: list[BaseException] = []

    def run() -> None:
        try:
            call()  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 -- raised again below.
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if caught:
        raise caught[0]
