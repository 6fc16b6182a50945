"""The query language: words, "phrases", a star at a word's end, and speaker:name. Whatever else is typed is a word.

The twin is ``web/static/js/pure/query.js``. Nothing that can be typed is an error here; a query that asks for too much
says so itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.search.fold import Token, words

MAX_CHARACTERS = 500
MAX_WORDS = 32

Mark = tuple[int, int]
"""Start and end of what matched, in UTF-16 units."""

# Blanks are named one by one, because the two languages disagree on what `\s` is. Phones type curly quotes.
_BLANKS = "\\u0000-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200b\\u2028\\u2029\\u202f\\u205f\\u3000"
_QUOTES = '"\\u00ab\\u00bb\\u201c-\\u201f\\u300c-\\u300f\\uff02'
_PART = re.compile(
    f"(speaker[:\\uff1a](?=[^{_BLANKS}]))?(?:[{_QUOTES}]([^{_QUOTES}]*)(?:[{_QUOTES}]|$)(\\*?)|([^{_BLANKS}{_QUOTES}]+))",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Term:
    """Folded words that stand side by side; of the last one perhaps only the beginning."""

    words: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed.

    Attributes:
        terms: All of them have to occur in a passage.
        speakers: All of them have to occur in the name of who speaks.
        is_too_long: More than a search answers in good time.
    """

    terms: tuple[Term, ...] = ()
    speakers: tuple[Term, ...] = ()
    is_too_long: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing."""
        return not self.terms and not self.speakers


def parse(typed: str, speaker: str = "") -> Query:
    """Read a query.

    Args:
        typed: The query.
        speaker: What stands in a field of its own for the speaker's name; the beginning of each word is enough there.
    """
    if len(typed) + len(speaker) > MAX_CHARACTERS:
        return Query(is_too_long=True)
    terms: dict[Term, None] = {}
    speakers: dict[Term, None] = {}
    for prefix, quoted, star, bare in _PART.findall(typed):
        term = Term(tuple(words(quoted or bare)), bool(star) or bare.endswith("*"))
        if term.words:
            (speakers if prefix else terms)[term] = None
    speakers |= {Term((word,), is_prefix=True): None for word in words(speaker)}
    count = sum(len(term.words) for term in (*terms, *speakers))
    return Query(tuple(terms), tuple(speakers), count > MAX_WORDS)


def marks(terms: Sequence[Term], passage: Sequence[Token]) -> tuple[Mark, ...] | None:
    """Return what matches in a passage, from left to right, or None where a term does not occur."""
    found: list[Mark] = []
    for term in terms:
        places = list(_places(term, passage))
        if not places:
            return None
        found += places
    return tuple(_merged(sorted(found)))


def matches(terms: Sequence[Term], folded: Sequence[str]) -> bool:
    """Tell whether every term occurs among folded words."""
    return marks(terms, [Token(word, 0, 0) for word in folded]) is not None


def _places(term: Term, passage: Sequence[Token]) -> Iterator[Mark]:
    length = len(term.words)
    for first in range(len(passage) - length + 1):
        window = passage[first : first + length]
        if _fits(term, window):
            yield window[0].start, window[-1].end


def _fits(term: Term, window: Sequence[Token]) -> bool:
    last = window[-1].word
    is_end = last.startswith(term.words[-1]) if term.is_prefix else last == term.words[-1]
    return is_end and all(token.word == word for token, word in zip(window, term.words[:-1], strict=False))


def _merged(found: Sequence[Mark]) -> Iterator[Mark]:
    """Yield ranges that do not overlap; two that touch are one."""
    start, end = -1, -1
    for next_start, next_end in found:
        if next_start > end:
            if end >= 0:
                yield start, end
            start, end = next_start, next_end
        end = max(end, next_end)
    if end >= 0:
        yield start, end
