"""Pieces: the smallest parts of a text that stay on one line of a subtitle, each with its time."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from appliance.transcript import Segment, Transcript

LINE_COLUMNS = 42
UNKNOWN = "Unknown"

UNSPACED_LANGUAGES = frozenset({"bo", "ja", "km", "lo", "my", "th", "yue", "zh"})
SENTENCES_UNSPACED = frozenset({"ja", "yue", "zh"})  # The others of these languages put spaces between sentences.
UNSPACED_SCRIPTS = ((0x0E00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF))  # Thai, Lao, Tibetan; Myanmar; Khmer.


@dataclass(frozen=True, slots=True)
class Piece:
    """A part that is never broken.

    Attributes:
        text: Without white space inside, unless it is a name.
        start_ms: Milliseconds from the start of the recording.
        end_ms: The same, not before ``start_ms``.
        spaced: Whether a space goes before it when it is not the first of its line.
    """

    text: str
    start_ms: int
    end_ms: int
    spaced: bool


def pieces_of(segment: Segment, language: str) -> list[Piece]:
    """Return a segment's text in pieces with the times of its words, or with times spread evenly if it has none."""
    follows_space = bool(glue_between(language))  # What stands between this segment and the one before.
    if not segment.words:
        return _glued(_tokens(clean(segment.text), segment.start, segment.end, spaced=follows_space))
    parts: list[Piece] = []
    cursor = 0
    for word in segment.words:
        text = clean(word.text)
        at = segment.text.find(text, cursor)
        if parts:
            between = segment.text[cursor:at] if at >= 0 else None
            told = between is not None and (not between or between.isspace())
            follows_space = bool(between) if told else language not in UNSPACED_LANGUAGES
        cursor = at + len(text) if at >= 0 else cursor
        parts += _tokens(text, word.start, word.end, spaced=follows_space)
    return _glued(parts)


def joined(pieces: Iterable[Piece]) -> str:
    """Return the text of one line."""
    return "".join(f" {piece.text}" if piece.spaced else piece.text for piece in pieces).strip()


def columns(text: str) -> int:
    """Return how wide a text is: a character of East Asian width counts for two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def clean(text: str) -> str:
    """Return text on one line, without control characters and with single spaces."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    visible = "".join(" " if character.isspace() else character for character in text)
    return " ".join("".join(c for c in visible if unicodedata.category(c) not in {"Cc", "Cs"}).split())


def speaker_name(transcript: Transcript, speaker: str | None) -> str:
    """Return what a speaker is called in a file; nothing where nobody was told apart."""
    if speaker is None:
        return UNKNOWN if transcript.speakers else ""
    return clean(transcript.name_of(speaker) or "") or speaker


def glue_between(language: str) -> str:
    """Return what stands between two sentences of a language."""
    return "" if language in SENTENCES_UNSPACED else " "


def _tokens(text: str, start_s: float, end_s: float, *, spaced: bool) -> Iterator[Piece]:
    """Yield the parts between spaces, and a part wider than a line in single characters, over the given time."""
    tokens = text.split()
    if len(tokens) == 1 and columns(text) <= LINE_COLUMNS:  # As good as every word.
        yield Piece(text, round(start_s * 1000), max(round(end_s * 1000), round(start_s * 1000)), spaced)
        return
    atoms: list[tuple[str, bool]] = []
    for number, token in enumerate(tokens):
        parts = [token] if columns(token) <= LINE_COLUMNS else list(token)
        atoms += [(part, (spaced or number > 0) and index == 0) for index, part in enumerate(parts)]
    whole = sum(len(atom) for atom, _ in atoms)
    done = 0
    for atom, follows_space in atoms:
        begin = start_s + (end_s - start_s) * done / whole
        done += len(atom)
        finish = start_s + (end_s - start_s) * done / whole
        yield Piece(atom, round(begin * 1000), max(round(finish * 1000), round(begin * 1000)), follows_space)


def _glued(parts: Iterable[Piece]) -> list[Piece]:
    """Return the parts with those joined between which no line may end."""
    pieces: list[Piece] = []
    for part in parts:
        last = pieces[-1] if pieces else None
        if last is None or part.spaced or _may_break(last.text[-1], part.text[0]) or not _fits(last, part):
            pieces.append(part)
        else:
            pieces[-1] = Piece(last.text + part.text, last.start_ms, max(last.end_ms, part.end_ms), last.spaced)
    return pieces


def _fits(last: Piece, part: Piece) -> bool:
    return columns(last.text + part.text) <= LINE_COLUMNS


def _may_break(left: str, right: str) -> bool:
    """Return whether a line may end between two characters that no space separates.

    Only scripts without spaces allow it, and there not before a mark, a closing sign or a lengthening sign, nor
    after an opening sign. Source: Unicode Standard Annex 14, reduced to what general categories tell.
    """
    if unicodedata.category(right) in {"Mn", "Mc", "Me", "Lm", "Pe", "Pf", "Po", "Cf"}:
        return False
    if unicodedata.category(left) in {"Ps", "Pi"}:
        return False
    return _unspaced(left) or _unspaced(right)


def _unspaced(character: str) -> bool:
    code = ord(character)
    return unicodedata.east_asian_width(character) in "WF" or any(low <= code <= high for low, high in UNSPACED_SCRIPTS)
