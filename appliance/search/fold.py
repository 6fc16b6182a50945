"""How words are compared: the same text in other letters, accents or digits gives the same tokens.

The twin is ``web/static/js/pure/fold.js``; ``tests/vectors/search.json`` holds the two together, letter by letter.
Every code point has one piece of folded text: nothing where it is ignored, a blank where it parts words, and blanks
round it where it is a token of its own, because its script writes no spaces. Whatever is folded is in form NFC first,
and places in it count UTF-16 units, as the browser that shows it does.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

ZERO_WIDTH_SPACE = "\u200b"
SOUND_MARKS = "\u3099\u309a"
"""A kana with one of these is another kana, so they stay; alone, as after a halfwidth kana, they say nothing."""

# Marks that are left out when one compares: accents, Hebrew points, Arabic vowels, variation selectors. The vowel signs
# of Bengali and its kin are marks too, but a word without them is another word, so no range may reach them.
IGNORED_MARKS = (
    (0x0300, 0x036F), (0x0591, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06ED),
    (0x08D3, 0x08FF), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F),
    (0xE0100, 0xE01EF),
)  # fmt: skip

# Scripts without spaces between words: Thai, Lao, Myanmar, Khmer, kana, bopomofo, Han. There each letter is a token,
# and what is typed in one piece is looked for as a phrase of letters.
SPACELESS = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3041, 0x312F), (0x31F0, 0x31FF),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAA60, 0xAA7F), (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip

ZEROS = (
    0x0660, 0x06F0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x0ED0, 0x0F20,
    0x1040, 0x17E0,
)  # fmt: skip

# Letters that are one for who searches, but that Unicode does not decompose: Latin and Greek, then Arabic and its kin.
LETTERS = {
    "ß": "ss", "\u03c2": "\u03c3", "\u0131": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "æ": "ae",
    "œ": "oe", "þ": "th",
    "\u0640": "", "\u0649": "\u064a", "\u06cc": "\u064a", "\u06a9": "\u0643", "\u0629": "\u0647", "\u06c1": "\u0647",
    "\u06c3": "\u0647", "\u0671": "\u0627",
}  # fmt: skip
LETTERS |= {chr(zero + digit): str(digit) for zero in ZEROS for digit in range(10)}

OTHER_LETTERS = "йїў"
"""Cyrillic letters that would lose what makes them a letter of their own."""


class Token(NamedTuple):
    """A folded word and where it stands, in UTF-16 units of the text in form NFC."""

    word: str
    start: int
    end: int


class _Folded(dict[int, str]):
    """Code point to folded piece, filled as letters are met."""

    def __missing__(self, code_point: int) -> str:
        piece = self[code_point] = _fold(chr(code_point))
        return piece


_FOLDED = _Folded()


def plain(text: str) -> str:
    """Return a text in the form in which it is indexed, shown and counted."""
    return unicodedata.normalize("NFC", text)


def words(text: str) -> list[str]:
    """Return the folded words of a text."""
    return plain(text).translate(_FOLDED).split()


def tokens(text: str) -> list[Token]:
    """Return the folded words of a text that is in form NFC, with their places."""
    found: list[Token] = []
    at, is_open = 0, False
    for letter in text:
        after = at + (2 if letter > "\uffff" else 1)
        piece = _FOLDED[ord(letter)]
        if not piece and found and found[-1].end == at:  # An ignored mark belongs to the word that it follows.
            found[-1] = found[-1]._replace(end=after)
        for folded in piece:
            if folded == " ":
                is_open = False
            elif is_open:
                found[-1] = Token(found[-1].word + folded, found[-1].start, after)
            else:
                found.append(Token(folded, at, after))
                is_open = True
        at = after
    return found


def fold_letter(letter: str) -> str:
    """Return the folded piece of one code point."""
    return _FOLDED[ord(letter)]


def _fold(letter: str) -> str:
    if unicodedata.category(letter) == "Cf":  # Joiners and marks of direction; of these only one parts words.
        return " " if letter == ZERO_WIDTH_SPACE else ""
    if letter.lower() in OTHER_LETTERS:
        return letter.lower()
    decomposed = unicodedata.normalize("NFKD", letter).lower()
    kept = "".join(LETTERS.get(part, part) for part in decomposed if not _is_ignored(part))
    if kept in SOUND_MARKS:
        return ""
    return "".join(_apart(part) for part in unicodedata.normalize("NFC", kept))


def _apart(part: str) -> str:
    """Return a letter, a letter between blanks where it is a word of its own, or a blank for what is no letter."""
    if unicodedata.category(part)[0] not in "LMN":
        return " "
    return f" {part} " if _is_within(ord(part), SPACELESS) else part


def _is_ignored(part: str) -> bool:
    return unicodedata.category(part) == "Mn" and _is_within(ord(part), IGNORED_MARKS)


def _is_within(code_point: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code_point <= last for first, last in ranges)
