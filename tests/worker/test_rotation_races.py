"""Deletion wins: what is erased while keys are rotated stays erased, and nothing else is lost, whatever happens."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import NotFoundError, WrongKeyError
from appliance.records.keystore import KeyStore, Wrap
from appliance.worker import rotation
from appliance.worker.filekeys import erase_file_keys, file_key, keep_file_key
from appliance.worker.workshop import Workshop
from tests.worker.rotating import add, epochs_in_use, key_of, opens, settings

ROTATING = """
import sys, threading
from pathlib import Path
from appliance.config import Settings
from appliance.worker import rotation
from appliance.worker.filekeys import erase_file_keys
from appliance.worker.workshop import Workshop

folder, rotation.BATCH = Path(sys.argv[1]), int(sys.argv[2])
doomed = [bytes.fromhex(line) for line in sys.stdin.read().split()]
workshop = Workshop.open(Settings(data=folder / "data", keys=folder / "keys"))

def delete():
    for document_id in doomed:
        erase_file_keys(workshop, document_id)
        print(document_id.hex(), flush=True)

print("ready", flush=True)
threading.Thread(target=delete, daemon=True).start()
rotation.finish(workshop, lambda: True)
while True:
    rotation.rotate(workshop)
"""


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    opened = Workshop.open(settings(tmp_path))
    yield opened
    opened.close()


def test_a_crypto_erased_document_does_not_come_back_when_it_is_erased_in_the_middle_of_a_batch(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = add(workshop, 20)
    replace = KeyStore.replace

    def replace_after_a_deletion(store: KeyStore, changes: list[tuple[Wrap, bytes]]) -> int:
        erase_file_keys(workshop, *documents[:5])
        return replace(store, changes)

    monkeypatch.setattr(KeyStore, "replace", replace_after_a_deletion)
    rotated = rotation.rotate(workshop)

    assert rotated.count == 15
    assert workshop.keystore.subjects() == set(documents[5:])
    for document_id in documents[:5]:
        with pytest.raises(NotFoundError):
            file_key(workshop, document_id)


def test_a_key_that_is_replaced_in_the_middle_of_a_batch_stays_as_it_was_replaced(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = add(workshop, 20)
    replace = KeyStore.replace

    def replace_after_another_did(store: KeyStore, changes: list[tuple[Wrap, bytes]]) -> int:
        keep_file_key(workshop, documents[0], key_of(documents[0], change=1))
        return replace(store, changes)

    monkeypatch.setattr(KeyStore, "replace", replace_after_another_did)
    rotated = rotation.rotate(workshop)

    assert rotated.erased == (1,)
    assert file_key(workshop, documents[0]) == key_of(documents[0], change=1)
    assert opens(workshop, documents[1:])


def test_no_key_is_stored_under_an_epoch_whose_key_is_being_erased(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, document_id, rotated = KeyStore.put, os.urandom(16), list[rotation.Rotated]()
    beside = threading.Thread(target=lambda: rotated.append(rotation.rotate(workshop)))

    def put_late(store: KeyStore, *wraps: Wrap) -> None:
        beside.start()
        beside.join(0.3)  # The rotation would have ended long before, did it not wait for this.
        put(store, *wraps)

    monkeypatch.setattr(KeyStore, "put", put_late)
    keep_file_key(workshop, document_id, key_of(document_id))
    beside.join()

    assert rotated[0].erased == (1,)
    assert file_key(workshop, document_id) == key_of(document_id)


def test_a_key_that_is_being_opened_is_not_forgotten_before_it_is_open(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    [document_id] = add(workshop, 1)
    get, rotated = KeyStore.get, list[rotation.Rotated]()
    beside = threading.Thread(target=lambda: rotated.append(rotation.rotate(workshop)))

    def get_and_dawdle(store: KeyStore, subject: bytes, kind: int, holder: bytes) -> bytes:
        wrapped = get(store, subject, kind, holder)
        beside.start()
        beside.join(0.3)
        return wrapped

    with monkeypatch.context() as slow:
        slow.setattr(KeyStore, "get", get_and_dawdle)
        assert file_key(workshop, document_id) == key_of(document_id)
    beside.join()
    assert rotated[0].erased == (1,)
    assert file_key(workshop, document_id) == key_of(document_id)


class Beside:
    """People who delete, write and read while keys are rotated; what goes wrong for them is noted."""

    def __init__(self, workshop: Workshop, doomed: list[bytes], kept: list[bytes]) -> None:
        self.faults: list[str] = []
        self.written: list[bytes] = []
        self._workshop, self._doomed, self._kept = workshop, doomed, kept
        self._done = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._delete, self._write, self._read, self._read)]
        for thread in self._threads:
            thread.start()

    @property
    def deleting(self) -> bool:
        return self._threads[0].is_alive()

    def end(self) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _delete(self) -> None:
        for start in range(0, len(self._doomed), 4):
            some = self._doomed[start : start + 4]
            erase_file_keys(self._workshop, *some)
            if self._workshop.keystore.held(*some):
                self.faults.append("a key is there after it was erased")

    def _write(self) -> None:
        while not self._done.is_set():
            document_id = os.urandom(16)
            keep_file_key(self._workshop, document_id, key_of(document_id))
            self.written.append(document_id)

    def _read(self) -> None:
        while not self._done.is_set():
            document_id = random.choice(self._kept)
            try:
                if file_key(self._workshop, document_id) != key_of(document_id):
                    self.faults.append("another key was opened")
            except (NotFoundError, WrongKeyError) as error:
                self.faults.append(type(error).__name__)


def test_crypto_erased_documents_stay_erased_and_no_other_is_lost_while_threads_delete_write_and_read(
    workshop: Workshop,
) -> None:
    documents = add(workshop, 1500)
    doomed, kept = documents[:600], documents[600:]
    beside = Beside(workshop, doomed, kept)
    rotations = 0
    while beside.deleting or rotations < 3:
        rotation.rotate(workshop)
        rotations += 1
    beside.end()
    last = rotation.rotate(workshop)

    assert beside.faults == []
    assert workshop.keystore.held(*doomed) == []
    assert beside.written
    assert opens(workshop, kept + beside.written)
    assert (epochs_in_use(workshop), set(workshop.keystore.keks())) == ({last.epoch}, {last.epoch})


@pytest.mark.parametrize("kills", [8, pytest.param(400, marks=pytest.mark.slow)])
def test_after_kills_at_random_instants_of_rotations_no_erased_key_is_back_and_every_other_opens(
    tmp_path: Path, kills: int
) -> None:
    workshop = Workshop.open(settings(tmp_path))
    there = set(add(workshop, 300 + 10 * kills))
    workshop.close()
    chance = random.Random(2)
    erased, unfinished = 0, 0
    for _ in range(kills):
        doomed = set(chance.sample(sorted(there), 40))
        batch = chance.choice([20, 500])  # Many transactions to be killed in, or long ones to delete beside.
        told = rotate_until_killed(tmp_path, doomed, batch, after_s=chance.uniform(0, 0.3))
        workshop = Workshop.open(settings(tmp_path))
        left = workshop.keystore.subjects()
        assert there - doomed <= left <= there - told
        assert opens(workshop, sorted(left))
        assert epochs_in_use(workshop) <= set(workshop.keystore.keks())
        erased += len(there - left)
        unfinished += len(workshop.keystore.keks()) > 1
        there = left
        workshop.close()
    workshop = Workshop.open(settings(tmp_path))
    rotation.look(workshop, lambda: True)
    assert epochs_in_use(workshop) == set(workshop.keystore.keks()) == {workshop.keyring.epoch}
    assert workshop.keystore.subjects() == there
    assert opens(workshop, sorted(there))
    workshop.close()
    assert erased
    assert unfinished  # Or the kills came at no interesting instant.


def rotate_until_killed(folder: Path, doomed: set[bytes], batch: int, after_s: float) -> set[bytes]:
    """Rotate without end in a process that also erases some keys, kill it, and return which it said were erased."""
    program = subprocess.Popen(
        [sys.executable, "-c", ROTATING, folder, str(batch)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdin is not None
    assert program.stdout is not None
    try:
        program.stdin.write("\n".join(document_id.hex() for document_id in doomed))
        program.stdin.close()
        assert program.stdout.readline() == "ready\n"
        time.sleep(after_s)
    finally:
        program.send_signal(signal.SIGKILL)
        told = {bytes.fromhex(line) for line in program.stdout if line.endswith("\n")}
        program.stdout.close()
        program.wait()
    return told
