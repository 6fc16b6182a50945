"""Finds and cuts what Whisper repeats when it is caught in a loop."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from appliance.transcript import Word

MAX_COMPRESSION_RATIO = 2.4  # Source: openai/whisper, transcribe.py.
LONGEST_PHRASE = 12  # Words; what is longer than this and repeated compresses well.
MAX_TIMES = 4  # People do say "no, no, no, no"; a fifth time in a row is a loop.
KEPT_TIMES = 2


def compression_ratio(text: str) -> float:
    """Return how many times smaller a text gets when it is compressed; 0 for an empty one."""
    plain = text.encode()
    return len(plain) / len(zlib.compress(plain)) if plain else 0.0


def repeats(text: str) -> bool:
    """Return whether a text is caught in a loop."""
    return compression_ratio(text) > MAX_COMPRESSION_RATIO or bool(_loops([_bare(word) for word in text.split()]))


def cut_repetition(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return words without the loops in them: of each loop the phrase stands as often as people repeat themselves."""
    dropped = {
        number
        for start, size, times in _loops([_bare(word.text) for word in words])
        for number in range(start + KEPT_TIMES * size, start + times * size)
    }
    return tuple(word for number, word in enumerate(words) if number not in dropped)


def _loops(words: Sequence[str]) -> list[tuple[int, int, int]]:
    """Return where phrases come too often in a row: first word, words in the phrase, times."""
    found = []
    start = 0
    while start < len(words):
        size, times = max(
            ((size, _times(words, start, size)) for size in range(1, LONGEST_PHRASE + 1)),
            key=lambda loop: (loop[1] > MAX_TIMES, loop[0] * loop[1]),
        )
        if times > MAX_TIMES:
            found.append((start, size, times))
            start += size * times
        else:
            start += 1
    return found


def _times(words: Sequence[str], start: int, size: int) -> int:
    phrase = words[start : start + size]
    times = 1
    while words[start + times * size : start + (times + 1) * size] == phrase:
        times += 1
    return times


def _bare(word: str) -> str:
    """Return a word without what varies inside a loop: capitals and punctuation."""
    return re.sub(r"\W", "", word).casefold()
