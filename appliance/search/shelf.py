"""One owner's recordings, searchable: SQLite's FTS5 in memory, and nothing of it on any disk.

FTS5 gets words that are folded and parted already, so that its own ideas of letters never matter, and it keeps no text:
a recording lies beside it deflated and is opened for the few places that are shown. What FTS5 proposes is checked once
more by the same code that marks it, whose twin runs in the browser.

Whatever is found, counted or ordered comes from one database with one owner's text in it. There is no filter that
could be forgotten, and how often another owner's words occur changes nothing.
"""

from __future__ import annotations

import logging
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from threading import BoundedSemaphore, Lock

import msgspec

from appliance.errors import ApplianceError, SearchBusyError
from appliance.search.fold import tokens, words
from appliance.search.found import (
    GROUPS,
    MOST_COUNTED,
    PLACES_EACH,
    PLACES_OF_ONE,
    Entry,
    Found,
    Group,
    Place,
    Scope,
)
from appliance.search.query import Query, Term, marks, matches

log = logging.getLogger(__name__)

# SQLite would sort and roll back in files of its own; the pragmas stand before anything is in. Freed pages are zeroed.
SCHEMA = """
PRAGMA temp_store = MEMORY;
PRAGMA journal_mode = MEMORY;
PRAGMA secure_delete = ON;
CREATE TABLE recordings (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kept BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (folded, content = '', columnsize = 0, tokenize = 'ascii');
"""
# A row of `words` has for number the recording's `created_ms`, then 0 for the title or 1 + the segment's number: the
# newest recording has the greatest, and a stretch of time is a stretch of rows. The ascii tokenizer parts at ASCII's
# own separators only, and of those our folded words have none but the blank.
POSITION_BITS = 20
POSITIONS = 2**POSITION_BITS
LATEST_MS = 2**42
SPEAKER_SIGN = "§"
"""Stands before each word of the speaker's name in a row. No folded word has it, so no word is taken for a name."""

MATCHING = "SELECT rowid FROM words WHERE words MATCH ? AND rowid >= ? AND rowid < ? ORDER BY rowid"
MERGE_PAGES = 200
DEFLATE_LEVEL = 1
AT_ONCE = 3
"""Searches of one owner that may run or wait. They take turns, and a thread that waits is one that answers nobody."""


class Shelf:
    """An index for one owner alone."""

    def __init__(self) -> None:
        """Make an empty one."""
        self._lock = Lock()
        self._turns = BoundedSemaphore(AT_ONCE)
        self._connection = _connect()

    def put(self, entry: Entry) -> bool:
        """Take a recording, in the place of what was there of it; tell whether something was."""
        with self._changing() as connection:
            was_there = self._remove(entry.recording)
            number = max(0, min(entry.created_ms, LATEST_MS))
            while connection.execute("SELECT 1 FROM recordings WHERE number = ?", (number,)).fetchone():
                number += 1
            entry = msgspec.structs.replace(entry, created_ms=number)
            kept = zlib.compress(msgspec.json.encode(entry), DEFLATE_LEVEL)
            connection.execute("INSERT INTO recordings VALUES (?, ?, ?)", (number, entry.recording, kept))
            connection.executemany("INSERT INTO words (rowid, folded) VALUES (?, ?)", _rows(entry))
        return was_there

    def forget(self, recording: str) -> None:
        """Drop a recording: it is found no more at once, and `settle` clears away what is left of its words."""
        with self._changing():
            self._remove(recording)

    def settle(self) -> bool:
        """Clear away by one step what is left of dropped recordings; tell whether there is more to do.

        Dropped words stay in the index until it is merged. Where nothing else is left, its memory goes as a whole.
        """
        with self._lock:
            if self._connection.execute("SELECT 1 FROM recordings LIMIT 1").fetchone() is None:
                self._connection.close()
                self._connection = _connect()
                return False
            before = self._connection.total_changes
            self._connection.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (-MERGE_PAGES,))
            return self._connection.total_changes - before >= 2  # noqa: PLR2004 -- less is SQLite's "nothing to do".

    def find(self, query: Query, scope: Scope) -> Found:
        """Search.

        Raises:
            SearchBusyError: Other searches of this owner are still running.
        """
        if query.is_empty:
            return Found()
        if not self._turns.acquire(blocking=False):
            raise SearchBusyError
        try:
            with self._lock:
                return self._find_in_one(query, scope) if scope.recording else self._find(query, scope)
        except sqlite3.Error as exc:
            log.error("search failed", extra={"code": type(exc).__name__})  # noqa: TRY400 -- SQLite's words may quote.
            raise ApplianceError from None
        finally:
            self._turns.release()

    def image(self) -> bytes:
        """Return the whole database, for who wants to know what is in it."""
        with self._lock:
            return self._connection.serialize()

    def close(self) -> None:
        """Let the memory go."""
        with self._lock:
            self._connection.close()

    def _find(self, query: Query, scope: Scope) -> Found:
        ends = [limit for limit in (scope.until_ms, scope.before_ms) if limit is not None]
        stretch = (_row(scope.since_ms or 0), _row(min(ends, default=LATEST_MS)))
        found = self._rows_that_match(query, stretch, "DESC", MOST_COUNTED)
        by_recording = [(number, list(rows)) for number, rows in groupby(found, lambda row: row >> POSITION_BITS)]
        groups = (
            _group(self._open(number), query, sorted(row % POSITIONS for row in rows), PLACES_EACH)
            for number, rows in by_recording[:GROUPS]
        )
        return Found(
            groups=tuple(groups),
            recordings=len(by_recording),
            places=len(found),
            is_counted=len(found) < MOST_COUNTED,
            has_more=len(by_recording) > GROUPS,
        )

    def _find_in_one(self, query: Query, scope: Scope) -> Found:
        """Return the places of one recording that follow one."""
        known = self._connection.execute("SELECT number FROM recordings WHERE id = ?", (scope.recording,)).fetchone()
        if known is None:
            return Found()
        after = max(-1, min(scope.after, POSITIONS - 3))
        stretch = (_row(known[0]) + after + 2, _row(known[0] + 1))
        rows = self._rows_that_match(query, stretch, "ASC", PLACES_OF_ONE + 1)
        if not rows:
            return Found()
        positions = [row % POSITIONS for row in rows]
        group = _group(self._open(known[0]), query, positions, PLACES_OF_ONE)
        return Found(groups=(group,), recordings=1, places=len(rows), has_more=len(rows) > PLACES_OF_ONE)

    def _rows_that_match(self, query: Query, stretch: tuple[int, int], order: str, most: int) -> list[int]:
        statement = f"{MATCHING} {order} LIMIT ?"
        return [row for (row,) in self._connection.execute(statement, (_expression(query), *stretch, most))]

    def _open(self, number: int) -> Entry:
        (kept,) = self._connection.execute("SELECT kept FROM recordings WHERE number = ?", (number,)).fetchone()
        return msgspec.json.decode(zlib.decompress(kept), type=Entry)

    def _remove(self, recording: str) -> bool:
        """Take a recording out, if it is here; an index without text has to be told what it is to forget."""
        known = self._connection.execute("SELECT number FROM recordings WHERE id = ?", (recording,)).fetchone()
        if known is not None:
            rows = _rows(self._open(known[0]))
            self._connection.executemany("INSERT INTO words (words, rowid, folded) VALUES ('delete', ?, ?)", rows)
            self._connection.execute("DELETE FROM recordings WHERE number = ?", known)
        return known is not None

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """Hold everybody else off, and change all or nothing."""
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise


def _connect() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.executescript(SCHEMA)
    return connection


def _row(number: int) -> int:
    return max(0, min(number, LATEST_MS)) << POSITION_BITS


def _rows(entry: Entry) -> Iterator[tuple[int, str]]:
    """Yield what the index is told of a recording: its title, then each passage with who speaks."""
    signed = {
        speaker.id: "".join(f" {SPEAKER_SIGN}{word}" for word in words(speaker.name)) for speaker in entry.speakers
    }
    first = _row(entry.created_ms)
    yield first, " ".join(words(entry.title))
    for position, passage in enumerate(entry.passages[: POSITIONS - 2]):
        yield first + 1 + position, " ".join(words(passage.text)) + signed.get(passage.speaker or "", "")


def _expression(query: Query) -> str:
    """Return a query as FTS5 reads it: folded words, each in quotes, which none of them has inside."""
    said = (_phrase(term, "") for term in query.terms)
    return " AND ".join((*said, *(_phrase(term, SPEAKER_SIGN) for term in query.speakers)))


def _phrase(term: Term, sign: str) -> str:
    return f'"{" ".join(sign + word for word in term.words)}"{" *" if term.is_prefix else ""}'


def _group(entry: Entry, query: Query, positions: Sequence[int], most: int) -> Group:
    """Return what is shown of a recording; positions as the index counts them, ascending."""
    title_marks = marks(query.terms, tokens(entry.title)) if positions[0] == 0 else None
    spoken = [position - 1 for position in positions if position > 0]
    places = (_place(entry, query, position) for position in spoken[:most])
    return Group(
        recording=entry.recording,
        created_ms=entry.created_ms,
        title=entry.title,
        language=entry.language,
        marks=title_marks or (),
        count=len(spoken),
        places=tuple(place for place in places if place),
    )


def _place(entry: Entry, query: Query, position: int) -> Place | None:
    """Return a passage with what matches in it, or None where this code and the index do not agree that it does."""
    passage = entry.passages[position]
    name = entry.name_of(passage.speaker)
    found = marks(query.terms, tokens(passage.text))
    if found is None or not matches(query.speakers, words(name or "")):
        return None
    voice = next((number for number, speaker in enumerate(entry.speakers) if speaker.id == passage.speaker), None)
    return Place(position=position, start=passage.start, speaker=name, voice=voice, text=passage.text, marks=found)
