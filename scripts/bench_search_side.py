"""The appliance's side of part f: fills an index as a start does, from sealed transcripts, and searches it."""

from __future__ import annotations

import gc
import itertools
import json
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, open_document, seal_document
from appliance.search.found import Scope, entry_of
from appliance.search.query import parse
from appliance.search.shelf import Shelf
from appliance.transcript import Segment, Speaker, Transcript, Word, from_json, to_json

MEGABYTE = 1_000_000
WORD_S = 0.36


class Watch:
    """Seconds since it was made: by the clock, and of the processor, which a busy machine does not stretch."""

    def __init__(self) -> None:
        """Start."""
        self._started = (time.perf_counter(), time.process_time())

    def seconds(self) -> tuple[float, float]:
        """Return both."""
        return time.perf_counter() - self._started[0], time.process_time() - self._started[1]


class Text:
    """Words by chance, the n-th about 1/n as often as the first; the same ones in each run."""

    def __init__(self, words: list[str]) -> None:
        """Take the words, frequent ones first."""
        self.chance = random.Random(1)  # noqa: S311 -- figures that can be repeated.
        self.words = words
        self.weights = list(itertools.accumulate(1 / rank for rank in range(1, len(words) + 1)))

    def draw(self, count: int) -> list[str]:
        """Return that many words."""
        return self.chance.choices(self.words, cum_weights=self.weights, k=count)

    def transcript(self, count: int) -> Transcript:
        """Return an hour of three voices."""
        segments: list[Segment] = []
        spoken = 0
        while spoken < count:
            words = self.draw(self.chance.randint(5, 15))
            starts = [(spoken + number) * WORD_S for number in range(len(words))]
            timed = tuple(
                Word(start=start, end=start + WORD_S, text=word, score=0.9, timed_by="attention")
                for start, word in zip(starts, words, strict=True)
            )
            segments.append(
                Segment(
                    id=len(segments),
                    start=starts[0],
                    end=starts[-1] + WORD_S,
                    speaker=f"S{1 + len(segments) % 3}",
                    text=f"{' '.join(words)}.",
                    words=timed,
                )
            )
            spoken += len(words)
        speakers = tuple(Speaker(id=f"S{number}", name=f"Speaker {number}") for number in (1, 2, 3))
        return Transcript(
            language="en", duration_s=count * WORD_S, models={}, speakers=speakers, segments=tuple(segments)
        )

    def query(self) -> str:
        """Return what somebody may look for: mostly a word, at times two, a phrase, or the beginning of one."""
        one, other = self.draw(2)
        kinds = (one, one, one, one, f"{one} {other}", f"{one} {other}", f'"{one} {other}"', f"{one[:4]}*")
        return self.chance.choice(kinds)


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    text, shelf = Text(request["words"]), Shelf()
    opening, building = [], []
    before_mb = resident_mb()
    for number in range(request["hours"]):
        key, document = new_file_key(), new_document_id()
        encoded = to_json(text.transcript(request["words_an_hour"]))
        sealed = seal_document(key, DocumentType.TRANSCRIPT, document, 1, encoded)
        watch = Watch()
        opened = from_json(open_document(key, sealed, DocumentType.TRANSCRIPT, document, 1))
        opening.append(watch.seconds())
        watch = Watch()
        shelf.put(entry_of(opened, recording=str(number), created_ms=number, title=f"Talk {number}"))
        building.append(watch.seconds())
    del encoded, sealed, opened
    gc.collect()
    sizes = {"grown_mb": resident_mb() - before_mb, "database_mb": len(shelf.image()) / MEGABYTE}
    figures = {"open_s": total(opening), "build_s": total(building), **sizes}
    print(json.dumps({**figures, **search(shelf, [text.query() for _ in range(request["queries"])]), **settle(shelf)}))


def total(took: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the sums by the clock and of the processor."""
    return sum(wall for wall, _ in took), sum(cpu for _, cpu in took)


def search(shelf: Shelf, queries: list[str]) -> dict[str, Any]:
    """Return how long a query takes, with everything that its answer needs."""
    took = []
    for query in queries:
        watch = Watch()
        shelf.find(parse(query), Scope())
        took.append(watch.seconds())
    both_ms = [sorted(seconds * 1000 for seconds in one) for one in zip(*took, strict=True)]
    return {
        "median_ms": [statistics.median(took_ms) for took_ms in both_ms],
        "p99_ms": [statistics.quantiles(took_ms, n=100)[98] for took_ms in both_ms],
        "slowest_ms": [took_ms[-1] for took_ms in both_ms],
    }


def settle(shelf: Shelf) -> dict[str, Any]:
    """Return how long it takes until the words of a deleted hour are gone, and how long that holds up a search."""
    shelf.forget("0")
    steps = []
    has_more = True
    while has_more:
        watch = Watch()
        has_more = shelf.settle()
        steps.append(watch.seconds())
    return {"settle_s": total(steps), "step_ms": [max(one) * 1000 for one in zip(*steps, strict=True)]}


def resident_mb() -> float:
    """Return the resident memory of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = [line for line in lines if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024 / MEGABYTE


if __name__ == "__main__":
    main()
