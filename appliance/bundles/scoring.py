"""How wrong a transcript is, measured against a reference: its words and its speakers. Rules only, no I/O.

FORMAT.md section 5.2 is the specification. The server imports this, so it needs no library of the engine's: both
measures are plain Python whose work and memory are bounded by the lengths of what is compared.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Literal

import msgspec

from appliance.transcript import SpeakerTurn, Transcript

APOSTROPHES = "'\u2019\u02bc"  # Inside a word they are part of it: "don't" is one word, however it is written.
WITHOUT_SPACES = frozenset({"ja", "km", "lo", "my", "th", "yue", "zh"})
BLOCK_WORDS = 8_192  # Bits of one row of the comparison: more would be no faster, and its tables are its memory.

FALL = 255  # A step of -1, as a byte.

Side = Literal["reference", "found", "collar"]
Turns = dict[str, list[tuple[float, float]]]
Together = defaultdict[tuple[str, str], float]


class Counts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Word errors: the fewest words to replace, leave out or put in to make one text of the other.

    Attributes:
        errors: How many.
        words: Of the reference; characters, in languages without spaces.
    """

    errors: int
    words: int

    @property
    def rate(self) -> float:
        """Errors per word of the reference; where that has none, 0 for no errors and 1 for any."""
        return _rate(self.errors, self.words)


class SpeakerErrors(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Diarization errors in seconds, overlapping speech counted once for each speaker.

    Attributes:
        speech_s: Of the reference.
        missed_s: Speech for which nobody was found.
        invented_s: Somebody was found where fewer speak.
        confused_s: Somebody else was found.
    """

    speech_s: float
    missed_s: float
    invented_s: float
    confused_s: float

    @property
    def errors_s(self) -> float:
        """All three together."""
        return self.missed_s + self.invented_s + self.confused_s

    @property
    def rate(self) -> float:
        """Diarization error rate; where the reference has no speech, 0 for no errors and 1 for any."""
        return _rate(self.errors_s, self.speech_s)


def word_errors(reference: Transcript, hypothesis: Transcript) -> Counts:
    """Compare what is said in two transcripts; the reference's language decides what counts as a word."""
    expected = words_of(reference, reference.language)
    found = words_of(hypothesis, reference.language)
    return Counts(errors=_distance(expected, found), words=len(expected))


def words_of(transcript: Transcript, language: str) -> list[str]:
    """Return the words of a transcript as they are compared, or its characters in a language without spaces."""
    text = " ".join(segment.text for segment in transcript.segments)
    # Folding may undo the composition, and composing may bring back what folds: NFKC_Casefold of Unicode, 3.13.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    words = folded.translate(_SPOKEN).split()
    return list(chain.from_iterable(words)) if language in WITHOUT_SPACES else words


def speaker_errors(reference: Transcript, hypothesis: Transcript, collar_s: float = 0.0) -> SpeakerErrors:
    """Compare who speaks when, under the names for the speakers that fit best.

    Args:
        reference: Its turns are the truth; at most a few dozen speakers.
        hypothesis: Its turns are what was found.
        collar_s: Seconds left out before and after each end of a turn of the reference.
    """
    speech = missed = invented = both = 0.0
    together: Together = defaultdict(float)
    for duration_s, speaking, found in _stretches(_united(reference.turns), _united(hypothesis.turns), collar_s):
        surplus = len(found) - len(speaking)
        speech += len(speaking) * duration_s
        missed += max(0, -surplus) * duration_s
        invented += max(0, surplus) * duration_s
        both += min(len(speaking), len(found)) * duration_s
        for pair in ((true, guess) for true in speaking for guess in found):
            together[pair] += duration_s
    confused = max(0.0, both - _best_together(together))
    return SpeakerErrors(speech_s=speech, missed_s=missed, invented_s=invented, confused_s=confused)


def _rate(errors: float, total: float) -> float:
    return errors / total if total else float(errors > 0)


class _Spoken(dict[int, str | int | None]):
    """For str.translate: letters, marks and digits stay, what is not seen vanishes, everything else is a space."""

    def __missing__(self, point: int) -> str | int | None:
        category = unicodedata.category(chr(point))
        kept: str | int | None = " "
        if category[0] in "LMN":
            kept = point
        elif category == "Cf" or chr(point) in APOSTROPHES:
            kept = None
        self[point] = kept
        return kept


_SPOKEN = _Spoken({ord(apostrophe): None for apostrophe in APOSTROPHES})


def _distance(expected: Sequence[str], found: Sequence[str]) -> int:
    """Return the Levenshtein distance of two lists of words.

    A column of the table is two integers with a bit a word: where it grows downwards, and where it falls. So a step
    costs some operations on long integers, and not one on every word. Blocks of rows one below the other, each with
    the sideways steps that the one above leaves it, bound the memory.

    Source: Myers, A fast bit-vector algorithm for approximate string matching, J. ACM 46 (1999), section 4.
    """
    steps = bytearray(b"\x01" * len(found))  # Above the first row each column is one more than the one before.
    for first in range(0, len(expected), BLOCK_WORDS):
        _pass_block(expected[first : first + BLOCK_WORDS], found, steps)
    return len(expected) + steps.count(1) - steps.count(FALL)


def _pass_block(block: Sequence[str], found: Sequence[str], steps: bytearray) -> None:
    """Replace the sideways steps above a block of rows by those of its last row."""
    places: dict[str, int] = {}
    for row, word in enumerate(block):
        places[word] = places.get(word, 0) | 1 << row
    full, last = (1 << len(block)) - 1, len(block) - 1
    grows, falls = full, 0
    for column, word in enumerate(found):
        same, step = places.get(word, 0), steps[column]
        below = same | falls
        same |= step == FALL
        across = (((same & grows) + grows) ^ grows) | same
        rises, sinks = falls | (full & ~(across | grows)), grows & across
        steps[column] = 1 if rises >> last & 1 else FALL if sinks >> last & 1 else 0
        rises, sinks = rises << 1 | (step == 1), sinks << 1 | (step == FALL)
        grows, falls = full & (sinks | ~(below | rises)), full & rises & below


def _united(turns: Sequence[SpeakerTurn]) -> Turns:
    """Return each speaker's times, joined where they overlap: nobody speaks twice at once."""
    times: Turns = {}
    lasting = (turn for turn in turns if turn.end > turn.start)
    for turn in sorted(lasting, key=lambda turn: turn.start):
        own = times.setdefault(turn.speaker, [])
        if own and turn.start <= own[-1][1]:
            own[-1] = (own[-1][0], max(own[-1][1], turn.end))
        else:
            own.append((turn.start, turn.end))
    return times


def _stretches(reference: Turns, found: Turns, collar_s: float) -> Iterator[tuple[float, set[str], set[str]]]:
    """Yield the stretches between which nobody begins or ends: seconds, who speaks, who was found."""
    edges: list[tuple[float, int, Side, str]] = []
    sides: tuple[tuple[Side, Turns], ...] = (("reference", reference), ("found", found))
    for side, times in sides:
        for speaker, start, end in ((speaker, *time) for speaker, own in times.items() for time in own):
            edges += [(start, 1, side, speaker), (end, -1, side, speaker)]
    if collar_s:
        ends = [edge[0] for edge in edges if edge[2] == "reference"]
        edges += [(at - collar_s, 1, "collar", "") for at in ends] + [(at + collar_s, -1, "collar", "") for at in ends]
    speaking: dict[Side, set[str]] = {"reference": set(), "found": set()}
    collars = 0
    for edge, following in pairwise(sorted(edges)):
        at, change, side, speaker = edge
        if side == "collar":
            collars += change
        elif change > 0:
            speaking[side].add(speaker)
        else:
            speaking[side].discard(speaker)
        if following[0] > at and not collars:
            yield following[0] - at, speaking["reference"], speaking["found"]


def _best_together(together: Together) -> float:
    """Return the most seconds that pairs of speakers can have together, each speaker in one pair at most."""
    rows = sorted({pair[0] for pair in together})
    columns = sorted({pair[1] for pair in together})
    gains = [[together[row, column] for column in columns] for row in rows]
    if len(rows) > len(columns):
        gains = [list(column) for column in zip(*gains, strict=True)]
    return sum(gains[row][column] for row, column in _assignment(gains))


def _assignment(gains: list[list[float]]) -> Iterator[tuple[int, int]]:
    """Yield a column for each row, none twice, so that the gains sum up to the most; no more rows than columns.

    Source: Kuhn, The Hungarian method (1955), in the form with potentials that takes rows² · columns steps.
    """
    n_columns = len(gains[0]) if gains else 0
    row_price, column_price = [0.0] * (len(gains) + 1), [0.0] * (n_columns + 1)
    taken_by = [0] * (n_columns + 1)  # Rows and columns count from 1; column 0 holds the row that looks for one.
    for row in range(1, len(gains) + 1):
        taken_by[0], at = row, 0
        nearest, came_from = [float("inf")] * (n_columns + 1), [0] * (n_columns + 1)
        seen = [False] * (n_columns + 1)
        while taken_by[at]:
            seen[at] = True
            at = _next_column(gains, (row_price, column_price), (taken_by[at], at), (nearest, came_from, seen))
            step = nearest[at]
            for column in range(n_columns + 1):
                if seen[column]:
                    row_price[taken_by[column]] += step
                    column_price[column] -= step
                else:
                    nearest[column] -= step
        while at:
            taken_by[at], at = taken_by[came_from[at]], came_from[at]
    yield from ((taken_by[column] - 1, column - 1) for column in range(1, n_columns + 1) if taken_by[column])


def _next_column(
    gains: list[list[float]],
    prices: tuple[list[float], list[float]],
    place: tuple[int, int],
    reached: tuple[list[float], list[int], list[bool]],
) -> int:
    """Note how near each column is from a row, and return the nearest that was not seen."""
    row, at = place
    nearest, came_from, seen = reached
    for column in range(1, len(nearest)):
        distance = -gains[row - 1][column - 1] - prices[0][row] - prices[1][column]
        if not seen[column] and distance < nearest[column]:
            nearest[column], came_from[column] = distance, at
    return min((column for column in range(1, len(nearest)) if not seen[column]), key=nearest.__getitem__)
