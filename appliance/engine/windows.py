"""Cuts and joins regions of speech into windows that the recogniser hears at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from appliance.engine.segment import SAMPLE_RATE_HZ, Region

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from appliance.engine.segment import SpeechScores

# Whisper hears thirty seconds at once, and does best when what it hears ends well before that.
MAX_WINDOW_S = 24.0
LEAST_HALF_S = 8.0  # Less context costs words.
MARGIN_S = 0.2  # A first consonant is quiet, and a last word fades.
LEAST_CUT_S = 3.0  # Of a window that is cut because more is said in it than can be written at once.
FRAME_SAMPLES = 320
MAX_PAUSE_S = 3.0  # A longer pause in a window costs time and invites invented words.


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the recording that is recognised at once.

    Attributes:
        speech: The regions of speech in it, in order of time; the window reaches from the first to the last.
    """

    speech: tuple[Region, ...]

    @property
    def start_s(self) -> float:
        """Seconds from the start of the recording."""
        return self.speech[0].start

    @property
    def end_s(self) -> float:
        """Seconds from the start of the recording."""
        return self.speech[-1].end

    @property
    def duration_s(self) -> float:
        """Seconds."""
        return self.end_s - self.start_s

    def within(self, duration_s: float) -> Window:
        """Return this window without what lies behind the end of a recording."""
        return Window(tuple(Region(region.start, min(region.end, duration_s)) for region in self.speech))


def windows_of(regions: Iterable[Region], scores: SpeechScores) -> list[Window]:
    """Pack regions of speech into windows of at most MAX_WINDOW_S.

    A window with much speech in it costs less than two with half of it each, and its words help each other. A region
    that is too long for one window is cut where speech is least likely.

    Args:
        regions: In order of time.
        scores: Of the whole recording.

    Returns:
        In order of time; the last may reach a little behind the end of the recording.

    Source: Bain et al. 2023, WhisperX, "VAD Cut & Merge". WhisperX's own code cuts while it binarises, so that it
    cannot take regions that are already there.
    """
    windows: list[list[Region]] = []
    for region in (piece for whole in _widened(list(regions)) for piece in _cut(whole, scores)):
        if (
            windows
            and region.start - windows[-1][-1].end <= MAX_PAUSE_S
            and region.end - windows[-1][0].start <= MAX_WINDOW_S
        ):
            windows[-1].append(region)
        else:
            windows.append([region])
    return [Window(tuple(speech)) for speech in windows]


def shared_out(windows: Sequence[Window], workers: int) -> list[Window]:
    """Return windows in which every worker has its share, where a recording is so short that it makes fewer.

    A window is halved at the pause nearest to its middle, and only where both halves keep enough context.
    """
    shared = list(windows)
    while 0 < len(shared) < workers:
        longest = max(shared, key=lambda window: window.duration_s)
        middle_s = (longest.start_s + longest.end_s) / 2
        cuts = range(1, len(longest.speech))
        cut = min(cuts, key=lambda number: abs(longest.speech[number].start - middle_s), default=0)
        halves = [Window(longest.speech[:cut]), Window(longest.speech[cut:])] if cut else []
        if not halves or min(half.duration_s for half in halves) < LEAST_HALF_S:
            break
        position = shared.index(longest)
        shared[position : position + 1] = halves
    return shared


def halved(window: Window, samples: NDArray[np.int16]) -> list[Window]:
    """Return a window in two, cut where it is quietest near its middle; nothing where it is too short for that.

    Args:
        window: Of the recording.
        samples: int16, shape (n_samples,), mono, 16 000 Hz: the whole recording.
    """
    if window.duration_s < 2 * LEAST_CUT_S:
        return []
    middle_s = (window.start_s + window.end_s) / 2
    first = round((middle_s - LEAST_CUT_S / 2) * SAMPLE_RATE_HZ)
    near = samples[first : first + round(LEAST_CUT_S * SAMPLE_RATE_HZ)].astype(np.float32)
    frames = near[: len(near) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    quietest = int(np.argmin((frames**2).mean(axis=1)))
    cut_s = (first + (quietest + 0.5) * FRAME_SAMPLES) / SAMPLE_RATE_HZ
    before = tuple(Region(each.start, min(each.end, cut_s)) for each in window.speech if each.start < cut_s)
    after = tuple(Region(max(each.start, cut_s), each.end) for each in window.speech if each.end > cut_s)
    return [Window(part) for part in (before, after) if part]


def unheard(window: Window, heard: Sequence[Region], shortest_s: float) -> list[Window]:
    """Return the speech of a window that nothing was recognised in.

    Args:
        window: What was recognised.
        heard: The stretches that gave text, in order of time.
        shortest_s: A shorter stretch counts as heard.
    """
    left = []
    for region in window.speech:
        start = region.start
        for end, after in [(span.start, span.end) for span in heard] + [(region.end, region.end)]:
            if min(end, region.end) - start >= shortest_s:
                left.append(Window((Region(start, min(end, region.end)),)))
            start = max(start, after)
    return left


def _widened(regions: Sequence[Region]) -> list[Region]:
    """Return regions with a margin, as far as their neighbours allow; the last may reach behind the recording."""
    pauses_s = [following.start - region.end for region, following in pairwise(regions)]
    margins_s = [MARGIN_S, *(min(MARGIN_S, pause_s / 2) for pause_s in pauses_s), MARGIN_S]
    return [
        Region(max(0.0, region.start - before), region.end + behind)
        for region, before, behind in zip(regions, margins_s, margins_s[1:], strict=False)
    ]


def _cut(region: Region, scores: SpeechScores) -> list[Region]:
    pieces = []
    start = region.start
    while region.end - start > MAX_WINDOW_S:
        # The second half, so that no piece gets so short that it has no context.
        span = np.array([start + MAX_WINDOW_S / 2, start + MAX_WINDOW_S])
        first, last = np.clip(((span - scores.first_s) / scores.step_s).astype(int), 0, len(scores.values) - 1)
        quietest = first + int(np.argmin(scores.values[first : last + 1]))
        cut = float(np.clip(scores.first_s + quietest * scores.step_s, span[0], span[1]))
        pieces.append(Region(start, cut))
        start = cut
    return [*pieces, Region(start, region.end)]


def wave(queue: Sequence[Window], workers: int, batch: int) -> list[Sequence[Window]]:
    """Return the next batches, one a worker and of like size, so that no worker waits long for another."""
    waves = ceil(len(queue) / (workers * batch))
    size = ceil(len(queue) / (workers * waves))
    return [queue[first : first + size] for first in range(0, min(len(queue), workers * size), size)]
