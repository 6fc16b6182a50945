"""Keeps the search index true: one thread reads again whatever changed, and at a start everything.

The row is the truth here too. Whoever stores, renames or deletes only says which recording it was; the thread looks at
the rows and opens what they say, so that two changes at once cannot leave the older one in the index. Only to forget is
done on the spot: what was deleted must not be found for a moment longer.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition, Lock, Thread

import msgspec

from appliance.errors import ApplianceError, NotFoundError
from appliance.search.found import Entry
from appliance.search.index import Index

log = logging.getLogger(__name__)

CLOSING_S = 10

OpenRecording = Callable[[str], tuple[str, Entry]]
"""Recording's id to its owner's id and what is searched of it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of an owner's recordings can be searched.

    Attributes:
        done: How many the first round has read.
        whole: How many it has to read.
        unreadable: How many could not be opened, so that nothing in them is found.
        is_ready: Whether the first round is over for this owner.
    """

    done: int
    whole: int
    unreadable: int
    is_ready: bool


class Indexing:
    """The thread, and what waits for it."""

    def __init__(self) -> None:
        """Collect what changes until somebody starts the thread."""
        self.index = Index()
        self._turn = Condition()
        self._changed: dict[str, None] = {}
        self._first_round: dict[str, None] = {}
        self._untidy: set[str] = set()
        self._owners: dict[str, str] = {}
        self._whole: Counter[str] = Counter()
        self._unreadable: set[str] = set()
        self._is_working = False
        self._stopping = False
        self._thread: Thread | None = None
        self._putting = Lock()
        self._forgotten: set[str] = set()
        self._reading: str | None = None  # What is put next, unless it was moved or forgotten since it was opened.

    def start(self, open_recording: OpenRecording, recordings: Sequence[tuple[str, str]]) -> None:
        """Begin to read, in the background.

        Args:
            open_recording: Returns what is searched of a recording, or raises NotFoundError where nothing is.
            recordings: Owner and id of all there are, in the order in which they are read.
        """
        self._owners = {recording: owner for owner, recording in recordings}
        self._first_round = dict.fromkeys(self._owners)
        self._whole = Counter(owner for owner, _ in recordings)
        self._thread = Thread(target=self._work, args=(open_recording,), name="indexing", daemon=True)
        self._thread.start()

    def changed(self, recording: str) -> None:
        """Say that a recording is to be read again; those that changed come before the first round goes on."""
        with self._turn:
            self._changed[recording] = None
            self._turn.notify_all()

    def forget(self, owner_id: str, recording: str) -> None:
        """Drop a recording for good; when this returns, nothing finds it."""
        with self._putting:
            self._forgotten.add(recording)
            self._clear(owner_id, recording)
        with self._turn:
            self._unreadable.discard(recording)
            self._turn.notify_all()

    def moved(self, owner_id: str, recording: str) -> None:
        """Say that a recording is another owner's now; when this returns, nothing finds it with the one of before."""
        with self._putting:
            self._clear(owner_id, recording)
        self.changed(recording)

    def progress(self, *owner_ids: str) -> Progress:
        """Return how far the first round is with the recordings of some owners."""
        with self._turn:
            whole = sum(self._whole[owner_id] for owner_id in owner_ids)
            left = sum(self._owners[recording] in owner_ids for recording in self._first_round)
            unreadable = sum(self._owners.get(recording) in owner_ids for recording in self._unreadable)
            return Progress(whole - left, whole, unreadable, is_ready=self._thread is not None and left == 0)

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until nothing is left to do; tell whether that came."""
        with self._turn:
            return self._turn.wait_for(lambda: not (self._has_work() or self._is_working), timeout_s)

    def close(self) -> None:
        """End the thread and let the memory go."""
        with self._turn:
            self._stopping = True
            self._turn.notify_all()
        if self._thread is not None:
            self._thread.join(CLOSING_S)
        self.index.close()

    def _clear(self, owner_id: str, recording: str) -> None:
        """Clear the shelf that is said to hold a recording, and the one that does; to be called while putting waits.

        They differ where it was moved after somebody looked where it is.
        """
        with self._turn:
            shelves = {owner_id, self._owners.get(recording, owner_id)}
            self._untidy |= shelves
        for shelf in shelves:
            self.index.forget(shelf, recording)
        if self._reading == recording:
            self._reading = None

    def _work(self, open_recording: OpenRecording) -> None:
        while (task := self._wait()) is not None:
            recording, untidy_owner = task
            if recording is not None:
                self._read(open_recording, recording)
            elif untidy_owner is not None:
                self._tidy(untidy_owner)

    def _wait(self) -> tuple[str | None, str | None] | None:
        """Wait for work; return the next recording to read or else the next owner to tidy up for, or None to end."""
        with self._turn:
            self._is_working = False
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._stopping or self._has_work())
            if self._stopping:
                return None
            self._is_working = True
            recording = next(iter(self._changed or self._first_round), None)
            if recording is not None:
                self._changed.pop(recording, None)  # Before it is opened: what changes from now on is read once more.
            return recording, next(iter(self._untidy), None)

    def _has_work(self) -> bool:
        return bool(self._changed or self._first_round or self._untidy)

    def _read(self, open_recording: OpenRecording, recording: str) -> None:
        """Bring one recording into the index as it is now, or out of it where it is no more."""
        is_unreadable = False
        with self._putting:
            self._reading = recording
        try:
            self._put(*open_recording(recording))
        except NotFoundError:
            self._drop(recording)
        except (ApplianceError, msgspec.MsgspecError, sqlite3.Error) as error:
            code = getattr(error, "code", type(error).__name__)
            log.warning("transcript not searchable", extra={"recording": recording, "code": code})
            self._drop(recording)
            is_unreadable = True
        with self._turn:
            self._first_round.pop(recording, None)
            (self._unreadable.add if is_unreadable else self._unreadable.discard)(recording)

    def _put(self, owner_id: str, entry: Entry) -> None:
        with self._putting:
            if entry.recording in self._forgotten or entry.recording != self._reading:
                return
            before = self._owners.get(entry.recording, owner_id)
            if before != owner_id:  # It was moved while it was being read.
                self.index.forget(before, entry.recording)
            is_again = self.index.put(owner_id, entry)
            with self._turn:  # Before anybody forgets it, who looks here where it stands.
                self._owners[entry.recording] = owner_id
                if is_again:  # The words that stood there before are still in the index, though nothing leads to them.
                    self._untidy.add(owner_id)

    def _drop(self, recording: str) -> None:
        owner_id = self._owners.get(recording)
        if owner_id is not None:
            with self._putting:
                self.index.forget(owner_id, recording)
            with self._turn:
                self._untidy.add(owner_id)

    def _tidy(self, owner_id: str) -> None:
        has_more = self.index.settle(owner_id)
        with self._turn:
            if not has_more:
                self._untidy.discard(owner_id)
