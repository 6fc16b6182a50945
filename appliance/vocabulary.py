"""Names and terms that are spoken often: what a list of them may hold; the page has the same rules.

As text a list is UTF-8 with a term a line, U+000A between them and none at the end; nothing at all is no terms.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from appliance.errors import (
    TermReservedError,
    TermTooLongError,
    TermUnreadableError,
    TooManyTermsError,
    VocabularyTooLargeError,
)

MAX_TERMS = 200
MAX_TERM_CHARACTERS = 80
MAX_BYTES = 4096
# As they come, before they are brought into form NFC. That takes the square of the time for many marks in a row: a
# minute for what fits into one request, and hours for what a member can seal. No term loses more than this by it.
MAX_LINE_CHARACTERS = 1024
MAX_CHARACTERS = 65_536

# Fillers, blanks and vowels without a shape, which nobody sees although Unicode has them for letters, signs and marks.
# Two terms that look alike, or one that looks like nothing, cannot be put right by who reads the list.
BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
# Bengali, Persian and others are not spelled without joiners, and selectors choose the shape of the sign before them;
# a word of nothing else has no sign to join or to choose for.
JOINERS = frozenset("\u200c\u200d")
SELECTORS = frozenset(map(chr, [*range(0x180B, 0x180E), 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
COMMAND_MARKS = ("<|", "|>")  # A tokenizer takes "<|endoftext|>" for the end of a text, wherever it stands.


def read_terms(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the terms in some lines: in Unicode form NFC, with single blanks, each once, empty lines left out.

    Raises:
        VocabularyError: A line cannot be a term, or there are too many; says which line, counted from 1, and why.
    """
    found: dict[str, None] = {}
    size = 0
    for number, line in enumerate(lines, start=1):
        size += len(line)
        if size > MAX_CHARACTERS:
            raise VocabularyTooLargeError(size_bytes=size, limit_bytes=MAX_BYTES)
        if len(line) > MAX_LINE_CHARACTERS:
            raise TermTooLongError(line=number, most=MAX_TERM_CHARACTERS)
        term = " ".join(unicodedata.normalize("NFC", line).split())
        if term:
            _check(term, number)
            found[term] = None
    if len(found) > MAX_TERMS:
        raise TooManyTermsError(count=len(found), most=MAX_TERMS)
    size_bytes = len(to_text(found))
    if size_bytes > MAX_BYTES:
        raise VocabularyTooLargeError(size_bytes=size_bytes, limit_bytes=MAX_BYTES)
    return tuple(found)


def to_text(terms: Iterable[str]) -> bytes:
    """Return terms as the text that is sealed."""
    return "\n".join(terms).encode()


def from_text(text: bytes) -> tuple[str, ...]:
    """Return the terms of a text.

    Raises:
        VocabularyError: It holds what no list may hold.
        UnicodeDecodeError: It is not UTF-8.
    """
    return read_terms(text.decode().split("\n"))


def _check(term: str, line: int) -> None:
    if len(term) > MAX_TERM_CHARACTERS:
        raise TermTooLongError(line=line, most=MAX_TERM_CHARACTERS)
    if not all(_may_stand(character) for character in term) or any(_is_unseen(word) for word in term.split(" ")):
        raise TermUnreadableError(line=line)
    if any(mark in term for mark in COMMAND_MARKS):
        raise TermReservedError(line=line)


def _may_stand(character: str) -> bool:
    return character in JOINERS or (character.isprintable() and character not in BLANKS)


def _is_unseen(word: str) -> bool:
    return JOINERS.union(SELECTORS).issuperset(word)
