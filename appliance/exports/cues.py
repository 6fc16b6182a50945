"""Cues: the transcript cut into subtitles that can be read, whatever the file format.

At most two lines of 42 columns, 1 to 6 seconds, never two at once, and as much time as reading takes where the pauses
of the speech leave it. Where somebody speaks for less than a second and somebody else goes on at once, the next cue
comes a little late; the next pause makes it good.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise, zip_longest

from appliance.exports.pieces import LINE_COLUMNS, Piece, columns, joined, pieces_of, speaker_name
from appliance.transcript import Transcript

MOST_LINES = 2
SHORTEST_MS = 1000
LONGEST_MS = 6000
PAUSE_MS = 1500  # A cue that bridges a longer silence gives away what comes.
COLUMNS_PER_S = 20
NAME_COLUMNS = 24  # A longer name is cut in a label, so that a word always fits beside or under it.

SENTENCE_ENDS = tuple(".!?…。！？।॥؟۔។")  # noqa: RUF001 -- every script's own signs.
CLAUSE_ENDS = tuple(",;:–—、，；：،؛")  # noqa: RUF001 -- the same.


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle.

    Attributes:
        start_ms: Milliseconds, not before the end of the cue before.
        end_ms: Milliseconds, 1,000 to 6,000 after ``start_ms``.
        speaker: ``id`` of a Speaker, or None.
        lines: One or two lines of at most 42 columns.
    """

    start_ms: int
    end_ms: int
    speaker: str | None
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """The pieces of one cue before it has its final times.

    Attributes:
        speaker: ``id`` of a Speaker, or None.
        label: ``Name:`` where the speaker changes, in formats that have no other place for it.
        pieces: At least one.
    """

    speaker: str | None
    label: str
    pieces: tuple[Piece, ...]

    @property
    def start_ms(self) -> int:
        """When its first piece is spoken."""
        return self.pieces[0].start_ms

    @property
    def end_ms(self) -> int:
        """When its last piece has been spoken."""
        return max(piece.end_ms for piece in self.pieces)


def cues(transcript: Transcript, *, name_on_change: bool) -> list[Cue]:
    """Cut a transcript into cues.

    Args:
        transcript: Segments in order of time.
        name_on_change: Whether a cue begins with the speaker's name where the speaker changes.

    Returns:
        Cues in order of time. Every word is in exactly one of them (a word wider than a line may be in two), in order.
    """
    phrases: list[Phrase] = []
    speaker = None
    for segment in transcript.segments:
        pieces = tuple(pieces_of(segment, transcript.language))
        if not pieces:
            continue
        label = _label(transcript, segment.speaker) if name_on_change and segment.speaker != speaker else ""
        speaker = segment.speaker
        phrases += _halved(Phrase(segment.speaker, label, pieces))
    return _timed(_without_flashes(phrases))


def clock(milliseconds: int, mark: str) -> str:
    """Return ``HH:MM:SS`` and milliseconds after a mark: a comma in SubRip, a point in WebVTT."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{rest:03d}"


def _label(transcript: Transcript, speaker: str | None) -> str:
    name = speaker_name(transcript, speaker)
    while columns(name) > NAME_COLUMNS - 1:
        name = name.rstrip("…")[:-1] + "…"
    return f"{name}:"


def _halved(phrase: Phrase) -> list[Phrase]:
    """Split a phrase at its best place until every part fits a cue; halves stay balanced, so no word is left alone."""
    finished: list[Phrase] = []
    waiting = [phrase]
    while waiting:
        part = waiting.pop()
        if len(part.pieces) == 1 or _fits(part):
            finished.append(part)
            continue
        at = max(range(1, len(part.pieces)), key=partial(_quality, part.pieces))
        waiting.append(Phrase(part.speaker, "", part.pieces[at:]))
        waiting.append(Phrase(part.speaker, part.label, part.pieces[:at]))
    return finished


def _fits(phrase: Phrase) -> bool:
    bridges = any(later.start_ms - earlier.end_ms > PAUSE_MS for earlier, later in pairwise(phrase.pieces))
    return not bridges and phrase.end_ms - phrase.start_ms <= LONGEST_MS and len(_lines(phrase)) <= MOST_LINES


def _quality(pieces: tuple[Piece, ...], index: int) -> float:
    """Say how good it is to end a cue before a piece: at a pause, at the end of a sentence, near the middle."""
    before, after = pieces[index - 1], pieces[index]
    pause_ms = after.start_ms - before.end_ms
    if pause_ms > PAUSE_MS:
        return float(pause_ms)
    off_centre = abs(2 * index / len(pieces) - 1)
    mark = 0.6 if before.text.endswith(SENTENCE_ENDS) else 0.35 if before.text.endswith(CLAUSE_ENDS) else 0.0
    return mark + min(max(pause_ms, 0), 500) / 2000 - off_centre


def _lines(phrase: Phrase) -> list[str]:
    """Return the text in as few lines as it takes; two lines are made about equally long."""
    pieces = list(phrase.pieces)
    if phrase.label:
        pieces = [Piece(phrase.label, 0, 0, spaced=True), replace(pieces[0], spaced=True), *pieces[1:]]
    width = columns(joined(pieces))
    if width <= LINE_COLUMNS:
        return [joined(pieces)]
    if width <= MOST_LINES * LINE_COLUMNS + 1:  # The space at which a line ends is not shown.
        pairs = [(joined(pieces[:at]), joined(pieces[at:])) for at in range(1, len(pieces))]
        balanced = min(pairs, key=lambda pair: max(map(columns, pair)))
        if max(map(columns, balanced)) <= LINE_COLUMNS:
            return list(balanced)
    return _filled(pieces)


def _filled(pieces: list[Piece]) -> list[str]:
    lines: list[list[Piece]] = [[]]
    for piece in pieces:
        if lines[-1] and columns(joined([*lines[-1], piece])) > LINE_COLUMNS:
            lines.append([])
        lines[-1].append(piece)
    return [joined(line) for line in lines]


def _without_flashes(phrases: list[Phrase]) -> list[Phrase]:
    """Join a phrase that would only flash up with its neighbour, where one person speaks both and both fit."""
    kept: list[Phrase] = []
    for phrase in phrases:
        if kept and kept[-1].speaker == phrase.speaker and not phrase.label and _flashes(kept[-1], phrase):
            both = replace(kept[-1], pieces=kept[-1].pieces + phrase.pieces)
            if _fits(both):
                kept[-1] = both
                continue
        kept.append(phrase)
    return kept


def _flashes(last: Phrase, phrase: Phrase) -> bool:
    return phrase.start_ms - last.start_ms < SHORTEST_MS or phrase.end_ms - phrase.start_ms < SHORTEST_MS


def _timed(phrases: list[Phrase]) -> list[Cue]:
    """Give the phrases their final times, one after the other.

    Where the next phrase begins before this one can be read, because two people speak at once, this one keeps the time
    that reading takes, but never more than it takes to be spoken; so lateness does not add up.
    """
    finished: list[Cue] = []
    free_ms = 0
    starts_ms = [phrase.start_ms for phrase in phrases]
    for phrase, next_ms in zip_longest(phrases, starts_ms[1:]):
        lines = _lines(phrase)
        start_ms = max(phrase.start_ms, free_ms)
        read_ms = start_ms + 1000 * sum(map(columns, lines)) // COLUMNS_PER_S
        end_ms = max(phrase.end_ms, read_ms)
        if next_ms is not None:
            end_ms = max(min(end_ms, next_ms), min(phrase.end_ms, read_ms))
        free_ms = min(max(end_ms, start_ms + SHORTEST_MS), start_ms + LONGEST_MS)
        finished.append(Cue(start_ms, free_ms, phrase.speaker, tuple(lines)))
    return finished
