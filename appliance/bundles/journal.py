"""What happened to the model sets: one line an event, each bound to all before it by a hash.

A changed, swapped or missing line breaks the chain, and the ledger names the newest line that came with a change, so a
cut end shows as well. Who can write the whole folder can write all of it anew; what that needs is an anchor outside.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from appliance.bundles.durable import PRIVATE
from appliance.errors import Fact, JournalError

JOURNAL_FILE = "journal.jsonl"
MAX_LINE_BYTES = 2**16
MAX_FACT_CHARACTERS = 300
FIRST = "0" * 64


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event.

    Attributes:
        seq: 1, 2, …
        utc: When, by the clock of the appliance.
        actor: Name of the account, or ``command`` for who sat at the machine, or ``appliance`` by itself.
        action: ``refused``, ``taking_in``, ``taken_in``, ``activated``, ``rolled_back``, ``discarded``, …
        object: What it was about: a release's folder name, a line, a file.
        code: Of the error, where it was one.
        facts: What an error's words need, and whatever else belongs to the event.
        prev: Hash of the line before.
        hash: SHA-256 of prev and of this line without its hash.
    """

    seq: int
    utc: str
    actor: str
    action: str
    object: str
    code: str = ""
    facts: dict[str, Fact] = {}
    prev: str = FIRST
    hash: str = ""

    def sealed(self) -> Entry:
        """Return the entry with its hash."""
        bare = msgspec.structs.replace(self, hash="")
        digest = hashlib.sha256(self.prev.encode() + msgspec.json.encode(bare)).hexdigest()
        return msgspec.structs.replace(self, hash=digest)


class Journal:
    """The journal of a folder. Whoever appends holds the ledger's lock."""

    def __init__(self, folder: Path) -> None:
        """Name the folder."""
        self._path = folder / JOURNAL_FILE

    def next_entry(
        self, actor: str, action: str, about: str, code: str = "", facts: Mapping[str, Fact] | None = None
    ) -> Entry:
        """Return the entry that an event would be."""
        seq, last_hash = self._last()
        return Entry(
            seq=seq + 1,
            utc=datetime.now(UTC).isoformat(timespec="seconds"),
            actor=actor,
            action=action,
            object=about.encode(errors="backslashreplace").decode(),  # A stick's file name need not be text.
            code=code,
            facts={name: _short(fact) for name, fact in (facts or {}).items()},
            prev=last_hash,
        ).sealed()

    def append(self, entry: Entry) -> None:
        """Write an entry down, for good once this returns; one that is there already is not written twice.

        Raises:
            OSError: The disk does not take it; nothing of it stays.
        """
        if entry.seq <= self._last()[0]:
            return
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
        try:
            end = _whole_bytes(descriptor)
            os.ftruncate(descriptor, end)  # What a power cut left of a line was never an entry.
            try:
                _write_all(descriptor, msgspec.json.encode(entry) + b"\n", end)
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)

    def entries(self) -> tuple[Entry, ...]:
        """Return every entry, the oldest first, once the chain was found whole.

        Raises:
            JournalError: A line was changed, swapped or taken out; says which.
        """
        found: list[Entry] = []
        for number, line in enumerate(self._lines(), start=1):
            entry = _decoded(line)
            prev = found[-1].hash if found else FIRST
            if entry is None or (entry.seq, entry.prev) != (number, prev) or entry.sealed().hash != entry.hash:
                raise JournalError(path=str(self._path), number=number)
            found.append(entry)
        return tuple(found)

    def legible(self) -> tuple[Entry, ...]:
        """Return what can be read, the oldest first, whether the chain is whole or not."""
        return tuple(entry for entry in map(_decoded, self._lines()) if entry is not None)

    def check(self, anchor: Entry | None) -> None:
        """Look whether the journal is whole and holds the entry that the ledger names.

        Raises:
            JournalError: It does not.
        """
        entries = self.entries()
        if anchor is not None and (len(entries) < anchor.seq or entries[anchor.seq - 1] != anchor):
            raise JournalError(path=str(self._path), number=anchor.seq)

    def _last(self) -> tuple[int, str]:
        """Return how many lines there are, and the hash of the last: where one is damaged, it goes on behind it."""
        number, last = 0, None
        for number, last in enumerate(self._lines(), start=1):  # noqa: B007 -- the last ones are wanted.
            pass
        if last is None:
            return 0, FIRST
        entry = _decoded(last)
        return number, entry.hash if entry else hashlib.sha256(last).hexdigest()

    def _lines(self) -> Iterator[bytes]:
        try:
            with self._path.open("rb") as file:
                while line := file.readline(MAX_LINE_BYTES):
                    if line.endswith(b"\n"):
                        yield line
        except FileNotFoundError:
            return


def _decoded(line: bytes) -> Entry | None:
    try:
        return msgspec.json.decode(line, type=Entry)
    except msgspec.MsgspecError:
        return None


def _whole_bytes(descriptor: int) -> int:
    """Return where the last whole line ends."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, MAX_LINE_BYTES, max(0, size - MAX_LINE_BYTES))
    return size - len(tail) + tail.rfind(b"\n") + 1


def _write_all(descriptor: int, line: bytes, at: int) -> None:
    while line:
        written = os.pwrite(descriptor, line, at)
        line, at = line[written:], at + written


def _short(fact: Fact) -> Fact:
    return fact[:MAX_FACT_CHARACTERS] if isinstance(fact, str) else fact
