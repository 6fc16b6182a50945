"""Words with their times by attention, and the sentences they make."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, TypedDict

import msgspec
import numpy as np
from faster_whisper.transcribe import merge_punctuations

from appliance.engine.segment import Region
from appliance.engine.windows import unheard
from appliance.transcript import Segment, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from faster_whisper.tokenizer import Tokenizer

    from appliance.engine.recognized import RecognizedWindow
    from appliance.engine.windows import Window

OPENING = "\"'“¿([{-"
CLOSING = "\"'.。,，!！?？:：”)]}、"  # noqa: RUF001 -- those of Chinese and Japanese too.

SENTENCE_ENDS = tuple(".?!…。？！।؟۔")  # noqa: RUF001 -- those of Chinese, Japanese, Hindi, Bengali, Arabic, Urdu too.
CLAUSE_ENDS = (*SENTENCE_ENDS, *",;:，、；：،؛")  # noqa: RUF001 -- the same.
QUOTES = "\"'”’)]}」』"  # noqa: RUF001 -- what may stand behind the end of a sentence.
MAX_PAUSE_S = 1.0
MAX_SENTENCE_S = 15.0
SHORT_SENTENCE_S = 1.0  # "Dr. Smith" is not two sentences; below this an end with a following word at once is doubted.
MAX_SUM_OF_MEDIANS = (
    2  # A word longer than twice the usual one reaches into a pause. Source: openai/whisper, timing.py.
)
LONGEST_USUAL_S = 0.7
# Whisper's attention is early: by 0.12 s where utterances with exact times begin, by 0.14 s where they end (medians of
# 118 first and 109 last words).
EARLY_S = 0.12
TIMESTAMP_S = 0.02
UNHEARD_S = 2.0  # Speech of this length without any text is heard once more, by itself.
TIMESTAMP_SLACK_S = 0.5  # Whisper's timestamps are no more exact than this. Source: openai/whisper, timing.py.


class TokenWord(TypedDict):
    """A word as faster-whisper's alignment gives it; times in seconds from the start of the window."""

    word: str
    tokens: list[int]
    start: float
    end: float
    probability: float


def words_in_window(
    alignment: Sequence[TokenWord], window: Window, spans: Sequence[tuple[Region, int]]
) -> tuple[Word, ...]:
    """Return the words of a window with their times in the recording.

    Args:
        alignment: Of the text of this window, in order.
        window: Where it lies; no word reaches out of it, and none begins before the one before it.
        spans: The stretches of this text between timestamps, each with the number of its tokens.

    Returns:
        Words with the spaces they bring: joined they are the text.
    """
    merged = [TokenWord(**timed) for timed in alignment]  # merge_punctuations changes them.
    merge_punctuations(merged, OPENING, CLOSING)
    merged = [timed for timed in merged if timed["word"].strip()]
    usual_s = min(LONGEST_USUAL_S, float(np.median([timed["end"] - timed["start"] for timed in merged] or [0.0])))
    longest_s = MAX_SUM_OF_MEDIANS * usual_s or window.duration_s
    words: list[Word] = []
    bounds = (region for region, n_tokens in spans for _ in range(n_tokens))
    zero_s = window.start_s + EARLY_S
    for timed in merged:
        start, end = _in_speech(zero_s + timed["start"], zero_s + timed["end"], window.speech)
        for region in [next(bounds, None) for _ in timed["tokens"]][:1]:
            start, end = _in_span(start, end, region)
        if end - start > longest_s and words and _ends_sentence(words[-1].text):
            start = end - longest_s  # A pause was counted to the word behind it.
        score = round(min(1.0, max(0.0, float(timed["probability"]))), 3)
        words.append(Word(start=start, end=end, text=timed["word"], score=score, timed_by="attention"))
    return in_order(words, window)


def left_out(recognized: RecognizedWindow, tokenizer: Tokenizer) -> list[Window]:
    """Return the speech that the timestamps leave out: Whisper sometimes skips a sentence, or stops before the end."""
    if not recognized.tokens or recognized.tokens[-1] < tokenizer.timestamp_begin:
        return []
    spans = timestamp_spans(recognized.tokens, tokenizer, recognized.window)
    return unheard(recognized.window, [region for region, _ in spans], UNHEARD_S)


def timestamp_spans(tokens: Sequence[int], tokenizer: Tokenizer, window: Window) -> list[tuple[Region, int]]:
    """Return the stretches between two of Whisper's timestamps that hold text, each with the number of its tokens.

    Text that no timestamp closes has no stretch.
    """
    marks = [
        (position, window.start_s + (token - tokenizer.timestamp_begin) * TIMESTAMP_S)
        for position, token in enumerate(tokens)
        if token >= tokenizer.timestamp_begin
    ]
    return [
        (Region(begin, max(begin, end)), second - first - 1)
        for (first, begin), (second, end) in pairwise(marks)
        if second - first > 1
    ]


def in_order(words: Iterable[Word], window: Window) -> tuple[Word, ...]:
    """Return words whose times lie in their window, none before the one before it, in whole milliseconds."""
    ordered: list[Word] = []
    earliest = first = math.ceil(window.start_s * 1000)
    last = max(first, math.floor(window.end_s * 1000))
    for word in words:
        start = min(max(round(word.start * 1000), earliest), last)
        end = min(max(round(word.end * 1000), start), last)
        ordered.append(msgspec.structs.replace(word, start=start / 1000, end=end / 1000))
        earliest = start
    return tuple(ordered)


def sentences(windows: Iterable[RecognizedWindow]) -> tuple[Segment, ...]:
    """Return the words of all windows as segments about a sentence long.

    Args:
        windows: In order of time.

    Returns:
        Numbered from 0, without speakers; words and texts without surrounding spaces.
    """
    groups = [group for window in windows for group in _groups(window.words)]
    # What was heard a second time lies inside a window that was heard before.
    groups.sort(key=lambda group: group[0].start)
    return tuple(_segment(number, group) for number, group in enumerate(groups))


def _groups(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    first = 0
    for number in range(1, len(words) + 1):
        if number == len(words) or _is_boundary(words[first:number], words[number]):
            yield from _halved(words[first:number])
            first = number


def _is_boundary(before: Sequence[Word], following: Word) -> bool:
    pause_s = following.start - before[-1].end
    if pause_s > MAX_PAUSE_S:
        return True
    is_doubtful = before[-1].end - before[0].start < SHORT_SENTENCE_S and pause_s <= 0
    return _ends_sentence(before[-1].text) and not is_doubtful


def _halved(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Cut what is too long for a subtitle at a clause or a pause, as near to the middle as there is one."""
    length_s = words[-1].end - words[0].start
    if length_s <= MAX_SENTENCE_S or len(words) == 1:
        yield words
        return
    middle_s = words[0].start + length_s / 2

    def cost(number: int) -> float:
        before, behind = words[number - 1], words[number]
        bonus_s = 3.0 * before.text.rstrip(QUOTES).endswith(CLAUSE_ENDS) + 4.0 * (behind.start - before.end)
        return abs(behind.start - middle_s) - bonus_s

    cut = min(range(1, len(words)), key=cost)
    yield from _halved(words[:cut])
    yield from _halved(words[cut:])


def _segment(number: int, words: Sequence[Word]) -> Segment:
    return Segment(
        id=number,
        start=words[0].start,
        end=max(word.end for word in words),
        speaker=None,
        text="".join(word.text for word in words).strip(),
        words=tuple(msgspec.structs.replace(word, text=word.text.strip()) for word in words),
    )


def _ends_sentence(text: str) -> bool:
    return text.rstrip().rstrip(QUOTES).endswith(SENTENCE_ENDS)


def _in_span(start: float, end: float, span: Region | None) -> tuple[float, float]:
    """Return a time without what lies far out of the timestamps around it: attention spreads words over a gap."""
    if span is None:
        return start, end
    if start < span.start - TIMESTAMP_SLACK_S:
        start = min(span.start, end)
    if end > span.end + TIMESTAMP_SLACK_S:
        end = max(span.end, start)
    return start, end


def _in_speech(start: float, end: float, speech: Sequence[Region]) -> tuple[float, float]:
    """Return the part of a time that lies in the region of speech it shares most with, or all of it."""
    shared, region = max((min(end, region.end) - max(start, region.start), region) for region in speech)
    return (max(start, region.start), min(end, region.end)) if shared > 0 else (start, end)
