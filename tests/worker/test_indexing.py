"""The indexing thread: the row is the truth, whatever changes while it reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from appliance.errors import NotFoundError, TamperedError
from appliance.search.found import Entry, Passage, Scope
from appliance.search.query import parse
from appliance.worker.indexing import Indexing

PATIENCE_S = 10


class Shelves:
    """Recordings that change while somebody reads them, as the database's would."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts
        self.place = "one"
        self.read: list[str] = []
        self.at_door = threading.Event()
        self.door = threading.Event()
        self.door.set()

    def open(self, recording: str) -> tuple[str, Entry]:
        text, place = self.texts.get(recording), self.place
        self.read.append(recording)
        self.at_door.set()
        assert self.door.wait(PATIENCE_S)
        if text is None:
            raise NotFoundError
        if text == "broken":
            raise TamperedError
        passage = Passage(start=0.0, speaker=None, text=text)
        return place, Entry(
            recording=recording, created_ms=1, title="t", language="en", speakers=(), passages=(passage,)
        )


@pytest.fixture
def indexing() -> Iterator[Indexing]:
    opened = Indexing()
    yield opened
    opened.close()


def start(indexing: Indexing, shelves: Shelves, *recordings: str) -> None:
    indexing.start(shelves.open, [("one", recording) for recording in recordings])


def finds(indexing: Indexing, word: str, place: str = "one") -> int:
    return indexing.index.find(place, parse(word), Scope()).places


def test_a_start_does_not_wait_for_the_first_transcript(indexing: Indexing) -> None:
    shelves = Shelves(a="gate", b="gate")
    shelves.door.clear()
    start(indexing, shelves, "a", "b")
    progress = indexing.progress("one")
    assert (progress.done, progress.whole, progress.is_ready) == (0, 2, False)
    shelves.door.set()
    assert indexing.wait_idle(PATIENCE_S)
    progress = indexing.progress("one")
    assert (progress.done, progress.whole, progress.is_ready) == (2, 2, True)
    assert finds(indexing, "gate") == 2


def test_nobody_is_told_that_the_search_is_ready_before_it_is_started(indexing: Indexing) -> None:
    assert not indexing.progress("one").is_ready


def test_what_changed_before_the_start_is_read_after_it(indexing: Indexing) -> None:
    indexing.changed("a")
    start(indexing, Shelves(a="gate"))
    assert indexing.wait_idle(PATIENCE_S)
    assert finds(indexing, "gate") == 1


def test_what_changes_while_it_is_read_is_read_once_more(indexing: Indexing) -> None:
    shelves = Shelves(a="before")
    shelves.door.clear()
    start(indexing, shelves, "a")
    assert shelves.at_door.wait(PATIENCE_S)
    shelves.texts["a"] = "after"
    indexing.changed("a")
    shelves.door.set()
    assert indexing.wait_idle(PATIENCE_S)
    assert shelves.read == ["a", "a"]
    assert (finds(indexing, "before"), finds(indexing, "after")) == (0, 1)
    assert b"efore" not in indexing.index.image("one")


def test_what_is_deleted_while_it_is_read_does_not_come_back(indexing: Indexing) -> None:
    shelves = Shelves(a="gate")
    shelves.door.clear()
    start(indexing, shelves, "a")
    assert shelves.at_door.wait(PATIENCE_S)
    indexing.forget("one", "a")
    shelves.door.set()
    assert indexing.wait_idle(PATIENCE_S)
    assert finds(indexing, "gate") == 0


def test_what_is_deleted_is_gone_from_where_it_was_moved_meanwhile(indexing: Indexing) -> None:
    shelves = Shelves(a="gate")
    start(indexing, shelves, "a")
    assert indexing.wait_idle(PATIENCE_S)
    shelves.place = "two"
    indexing.moved("one", "a")
    assert indexing.wait_idle(PATIENCE_S)
    assert (finds(indexing, "gate"), finds(indexing, "gate", "two")) == (0, 1)
    indexing.forget("one", "a")  # Somebody looked where it is before it was moved.
    assert finds(indexing, "gate", "two") == 0
    assert indexing.wait_idle(PATIENCE_S)
    assert b"gate" not in indexing.index.image("two")


def test_what_is_moved_while_it_is_read_is_not_put_back_for_a_moment_either(indexing: Indexing) -> None:
    shelves = Shelves(a="gate")
    start(indexing, shelves, "a")
    assert indexing.wait_idle(PATIENCE_S)
    shelves.at_door.clear()
    shelves.door.clear()
    indexing.changed("a")
    assert shelves.at_door.wait(PATIENCE_S)
    shelves.place = "two"
    indexing.moved("one", "a")
    put: list[str] = []
    index_put = indexing.index.put

    def noted_put(owner_id: str, entry: Entry) -> bool:
        put.append(owner_id)
        return index_put(owner_id, entry)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indexing.index, "put", noted_put)
        shelves.door.set()
        assert indexing.wait_idle(PATIENCE_S)
    assert put == ["two"]
    assert (finds(indexing, "gate"), finds(indexing, "gate", "two")) == (0, 1)


def test_what_changed_comes_before_the_rest_of_the_first_round(indexing: Indexing) -> None:
    shelves = Shelves(a="gate", b="gate", fresh="gate")
    shelves.door.clear()
    start(indexing, shelves, "a", "b")
    assert shelves.at_door.wait(PATIENCE_S)
    indexing.changed("fresh")
    shelves.door.set()
    assert indexing.wait_idle(PATIENCE_S)
    assert shelves.read == ["a", "fresh", "b"]


def test_what_does_not_open_is_counted_until_it_opens(indexing: Indexing) -> None:
    shelves = Shelves(a="broken", b="gate")
    start(indexing, shelves, "a", "b")
    assert indexing.wait_idle(PATIENCE_S)
    assert indexing.progress("one").unreadable == 1
    assert indexing.progress("two").unreadable == 0
    shelves.texts["a"] = "gate"
    indexing.changed("a")
    assert indexing.wait_idle(PATIENCE_S)
    assert indexing.progress("one").unreadable == 0
    assert finds(indexing, "gate") == 2


def test_what_no_longer_opens_is_no_longer_found(indexing: Indexing) -> None:
    shelves = Shelves(a="gate")
    start(indexing, shelves, "a")
    assert indexing.wait_idle(PATIENCE_S)
    shelves.texts["a"] = "broken"
    indexing.changed("a")
    assert indexing.wait_idle(PATIENCE_S)
    assert finds(indexing, "gate") == 0


def test_closing_ends_the_thread_in_the_middle_of_a_round(indexing: Indexing) -> None:
    shelves = Shelves(a="gate")
    start(indexing, shelves, *(f"r{number}" for number in range(10_000)))
    indexing.close()
    assert [thread for thread in threading.enumerate() if thread.name == "indexing" and thread.is_alive()] == []
    assert len(shelves.read) < 10_000
