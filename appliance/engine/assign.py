"""Gives every word the speaker it shares most time with, and cuts segments where the speaker changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from appliance.transcript import Segment, Speaker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from appliance.transcript import SpeakerTurn, Word

NOBODY = -1  # The speaker of a word that is far from every turn.
MAX_GAP_S = 2.0  # A word outside of all turns goes to the nearest, if it is not further away than this.
SHORTEST_WORD_S = 0.02  # Attention may time a word to an instant; it still shares that instant with somebody.
AROUND_S = 1.0  # Where two people speak throughout a word, the one who speaks more around it has it.
AROUND_WEIGHT = 1e-3
SHORTEST_SETTLED = 3  # Of two words, either may be the stray one.
SENTENCE_ENDS = tuple(".?!…。？！।؟")  # noqa: RUF001 -- those of Chinese, Japanese, Hindi, Bengali and Arabic too.


def assign(segments: Sequence[Segment], turns: Sequence[SpeakerTurn]) -> tuple[Segment, ...]:
    """Give words to speakers.

    Args:
        segments: In order of time, without speakers.
        turns: Who speaks when; may overlap.

    Returns:
        The same words in the same order. A segment is cut where the speaker changes, and all are numbered anew.
    """
    names = sorted({turn.speaker for turn in turns}, key=lambda name: (len(name), name))
    spans = [span for segment in segments for span in _spans(segment)]
    owners = owners_of(np.array(spans, dtype=np.float64).reshape(-1, 2), turns, names)
    pieces: list[Segment] = []
    place = 0
    for segment in segments:
        own = _settle(owners[place : place + len(_spans(segment))].tolist(), segment.words)
        place += len(own)
        pieces += _cut(segment, own, names)
    return tuple(msgspec.structs.replace(piece, id=number) for number, piece in enumerate(pieces))


def speakers_of(turns: Sequence[SpeakerTurn]) -> tuple[Speaker, ...]:
    """Return the speakers in order of first appearance, each with a name to begin with."""
    ids = dict.fromkeys(turn.speaker for turn in sorted(turns, key=lambda turn: turn.start))
    return tuple(Speaker(id=name, name=f"Speaker {name.removeprefix('S')}") for name in ids)


def owners_of(spans: NDArray[np.float64], turns: Sequence[SpeakerTurn], names: Sequence[str]) -> NDArray[np.int64]:
    """Return for every span the number of the speaker who shares most time with it, or NOBODY.

    Args:
        spans: Shape (n, 2), start and end in seconds.
        turns: Who speaks when.
        names: The speakers; the answer counts in this order.
    """
    if not len(spans) or not names:
        return np.full(len(spans), NOBODY, dtype=np.int64)
    starts = spans[:, 0]
    ends = np.maximum(spans[:, 1], starts + SHORTEST_WORD_S)
    shared = np.empty((len(spans), len(names)))
    distance = np.empty_like(shared)
    for number, name in enumerate(names):
        edges = _merged([(turn.start, turn.end) for turn in turns if turn.speaker == name])
        shared[:, number] = _spoken(edges, starts, ends)
        shared[:, number] += AROUND_WEIGHT * _spoken(edges, starts - AROUND_S, ends + AROUND_S)
        distance[:, number] = _distance(edges, starts, ends)
    shared[distance > 0] = 0
    owners = np.where(shared.max(axis=1) > 0, shared.argmax(axis=1), distance.argmin(axis=1))
    found: NDArray[np.int64] = np.where(distance.min(axis=1) > MAX_GAP_S, NOBODY, owners)
    return found


def _spans(segment: Segment) -> list[tuple[float, float]]:
    return [(word.start, word.end) for word in segment.words] or [(segment.start, segment.end)]


def _merged(stretches: list[tuple[float, float]]) -> NDArray[np.float64]:
    """Return the stretches of one speaker without overlap, shape (n, 2)."""
    merged: list[list[float]] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return np.array(merged, dtype=np.float64)


def _spoken(edges: NDArray[np.float64], starts: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how long a speaker speaks between starts and ends: the difference of a running total."""
    lengths = edges[:, 1] - edges[:, 0]
    total = np.column_stack([np.cumsum(lengths) - lengths, np.cumsum(lengths)]).reshape(-1)
    spoken: NDArray[np.float64] = np.interp(ends, edges.reshape(-1), total) - np.interp(
        starts, edges.reshape(-1), total
    )
    return spoken


def _distance(
    edges: NDArray[np.float64], starts: NDArray[np.float64], ends: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the time from each span to the speaker's nearest turn; 0 where they touch."""
    after = np.searchsorted(edges[:, 1], starts)  # The first turn that ends at or after the start of the span.
    to_next = np.append(edges[:, 0], np.inf)[after] - ends
    to_last = starts - np.append(-np.inf, edges[:, 1])[after]
    distance: NDArray[np.float64] = np.maximum(0.0, np.minimum(to_next, to_last))
    return distance


def _settle(owners: list[int], words: Sequence[Word]) -> list[int]:
    """Fill in words of nobody from their neighbours, and undo changes that last a single word.

    Word times are off by a tenth of a second or two, so a word at the edge of a turn falls to the wrong side of it. A
    single word is believed to be somebody else's only where a sentence ends between it and its neighbour.
    """
    known = [owner for owner in owners if owner != NOBODY]
    if not known:
        return owners
    settled = owners.copy()
    last = known[0]
    for number, owner in enumerate(settled):
        last = settled[number] = last if owner == NOBODY else owner
    for number, owner in enumerate(settled):
        before = settled[number - 1 : number] if number else []
        neighbours = {*before, *settled[number + 1 : number + 2]}
        if len(settled) >= SHORTEST_SETTLED and len(neighbours) == 1 and owner not in neighbours:
            begins = number > 0 and words[number - 1].text.endswith(SENTENCE_ENDS)
            ends = number + 1 < len(words) and words[number].text.endswith(SENTENCE_ENDS)
            if not (begins or ends):
                settled[number] = neighbours.pop()
    return settled


def _cut(segment: Segment, owners: list[int], names: Sequence[str]) -> list[Segment]:
    changes = [number for number in range(1, len(owners)) if owners[number] != owners[number - 1]]
    if not changes:
        return [msgspec.structs.replace(segment, speaker=_name(owners[0], names))]
    pieces = []
    places = _places(segment)
    for first, behind in zip([0, *changes], [*changes, len(owners)], strict=True):
        words = segment.words[first:behind]
        pieces.append(
            Segment(
                id=segment.id,
                start=segment.start if first == 0 else words[0].start,
                end=segment.end if behind == len(owners) else max(word.end for word in words),
                speaker=_name(owners[first], names),
                text=segment.text[places[first] : places[behind]].strip(),
                words=words,
            )
        )
    return pieces


def _places(segment: Segment) -> list[int]:
    """Return where each word begins in the text, and its end; not every language puts spaces between words."""
    places, behind = [], 0
    for word in segment.words:
        found = segment.text.find(word.text, behind)
        start = behind if found < 0 else found
        places.append(start)
        behind = start if found < 0 else start + len(word.text)
    return [0, *places[1:], len(segment.text)]


def _name(owner: int, names: Sequence[str]) -> str | None:
    return None if owner == NOBODY else names[owner]
