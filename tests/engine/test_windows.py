from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.engine.segment import Region, SpeechScores
from appliance.engine.windows import (
    MARGIN_S,
    MAX_PAUSE_S,
    MAX_WINDOW_S,
    Window,
    halved,
    shared_out,
    unheard,
    windows_of,
)

STEP_S = 0.1


def scores(duration_s: float, *quiet_s: float) -> SpeechScores:
    values = np.ones(round(duration_s / STEP_S), dtype=np.float32)
    values[[round(moment / STEP_S) for moment in quiet_s]] = 0.6
    return SpeechScores(values, 0.0, STEP_S)


def test_without_speech_there_is_no_window() -> None:
    assert windows_of([], scores(60)) == []


def test_sentences_close_together_share_a_window() -> None:
    regions = [Region(0.0, 4.0), Region(4.5, 9.0), Region(10.0, 15.0)]
    (found,) = windows_of(regions, scores(60))
    assert (len(found.speech), found.start_s, found.end_s) == (3, 0.0, 15.0 + MARGIN_S)


def test_speech_gets_a_margin_that_ends_halfway_to_its_neighbour() -> None:
    (found,) = windows_of([Region(1.0, 4.0), Region(4.2, 9.0)], scores(60))
    times = [time for region in found.speech for time in region]
    assert times == pytest.approx([1.0 - MARGIN_S, 4.1, 4.1, 9.0 + MARGIN_S])


def test_a_long_pause_begins_a_new_window() -> None:
    behind = 4.0 + MAX_PAUSE_S + 2 * MARGIN_S + 0.1
    found = windows_of([Region(0.0, 4.0), Region(behind, behind + 2)], scores(60))
    assert [round(window.end_s, 6) for window in found] == [4.0 + MARGIN_S, round(behind + 2 + MARGIN_S, 6)]


def test_a_region_that_is_too_long_is_cut_where_speech_is_least_likely() -> None:
    quiet_s = MAX_WINDOW_S * 0.7
    found = windows_of([Region(0.0, MAX_WINDOW_S + 5)], scores(60, quiet_s))
    assert [window.end_s for window in found] == pytest.approx([quiet_s, MAX_WINDOW_S + 5 + MARGIN_S])


def test_hours_of_speech_without_a_pause_are_cut_into_windows_that_whisper_can_hear() -> None:
    found = windows_of([Region(0.0, 7200.0)], scores(7200))
    assert max(window.duration_s for window in found) <= MAX_WINDOW_S + 1e-6


@given(st.lists(st.tuples(st.floats(0.1, 70), st.floats(0.2, 8)), max_size=30))
def test_windows_hold_all_speech_in_order_of_time(lengths_and_pauses: list[tuple[float, float]]) -> None:
    regions, now = [], 0.0
    for length_s, pause_s in lengths_and_pauses:
        regions.append(Region(now, now + length_s))
        now += length_s + pause_s
    pieces = [piece for window in windows_of(regions, scores(now + 1)) for piece in window.speech]
    assert all(before.end <= behind.start + 1e-6 for before, behind in pairwise(pieces))
    for region in regions:
        held_s = sum(max(0.0, min(region.end, piece.end) - max(region.start, piece.start)) for piece in pieces)
        assert held_s == pytest.approx(region.end - region.start)


def test_a_window_that_was_heard_throughout_leaves_nothing() -> None:
    assert unheard(Window((Region(0.0, 10.0),)), [Region(0.0, 5.0), Region(5.5, 9.0)], 2.0) == []


def test_speech_behind_the_last_text_is_unheard() -> None:
    assert unheard(Window((Region(0.0, 10.0),)), [Region(0.0, 5.0)], 2.0) == [Window((Region(5.0, 10.0),))]


def test_a_sentence_skipped_in_the_middle_is_unheard() -> None:
    heard = [Region(0.0, 3.0), Region(7.0, 10.0)]
    assert unheard(Window((Region(0.0, 10.0),)), heard, 2.0) == [Window((Region(3.0, 7.0),))]


def test_silence_without_text_is_not_unheard() -> None:
    window = Window((Region(0.0, 3.0), Region(5.9, 10.0)))
    assert unheard(window, [Region(0.0, 3.0), Region(6.0, 10.0)], 2.0) == []


def test_a_window_ends_where_the_recording_ends() -> None:
    assert Window((Region(0.0, 3.0), Region(5.0, 10.2))).within(10.0) == Window((Region(0.0, 3.0), Region(5.0, 10.0)))


def test_a_single_window_is_halved_at_a_pause_so_that_two_workers_have_their_share() -> None:
    window = Window((Region(0.0, 9.0), Region(9.5, 12.0), Region(12.5, 24.0)))
    assert shared_out([window], 2) == [Window(window.speech[:2]), Window(window.speech[2:])]


def test_a_window_too_short_to_halve_and_one_without_a_pause_stay_whole() -> None:
    for window in (Window((Region(0.0, 7.0), Region(7.5, 14.0))), Window((Region(0.0, 24.0),))):
        assert shared_out([window], 2) == [window]
    assert shared_out([], 2) == []


def loud(duration_s: float, *quiet_s: float) -> np.ndarray:
    samples = np.full(round(duration_s * 16_000), 8_000, dtype=np.int16)
    for moment in quiet_s:
        at = round(moment * 16_000)
        samples[at - 320 : at + 320] = 10
    return samples


def test_a_window_is_halved_where_it_is_quietest_near_its_middle() -> None:
    window = Window((Region(2.0, 9.0), Region(10.0, 22.0)))
    before, after = halved(window, loud(30, 4.0, 12.7))
    assert before.speech == (Region(2.0, 9.0), Region(10.0, before.end_s))
    assert (before.end_s, after.start_s) == pytest.approx((12.7, 12.7), abs=0.03)
    assert after.speech == (Region(after.start_s, 22.0),)


def test_a_cut_in_a_pause_leaves_whole_regions() -> None:
    before, after = halved(Window((Region(0.0, 4.0), Region(5.0, 9.0))), loud(9, 4.5))
    assert (before.speech, after.speech) == ((Region(0.0, 4.0),), (Region(5.0, 9.0),))


def test_what_is_too_short_to_be_halved_stays_whole() -> None:
    assert halved(Window((Region(0.0, 5.9),)), loud(6)) == []


@given(st.floats(0, 100), st.floats(6.0, 24.0))
def test_halving_comes_to_an_end_and_loses_nothing(start_s: float, duration_s: float) -> None:
    waiting, whole = [Window((Region(start_s, start_s + duration_s),))], []
    while waiting:
        window = waiting.pop()
        parts = halved(window, loud(130))
        waiting += parts
        whole += [] if parts else [window]
        assert len(whole) < 20
    ends = sorted((window.start_s, window.end_s) for window in whole)
    assert (ends[0][0], ends[-1][1]) == pytest.approx((start_s, start_s + duration_s))
    assert all(first[1] == pytest.approx(second[0]) for first, second in pairwise(ends))
