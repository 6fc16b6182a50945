from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.engine.recognized import RecognizedWindow
from appliance.engine.segment import Region
from appliance.engine.windows import Window
from appliance.engine.words import EARLY_S, MAX_SENTENCE_S, TokenWord, in_order, sentences, words_in_window
from appliance.transcript import Word

WINDOW = Window((Region(10.0, 20.0),))


def token_word(text: str, start: float, end: float) -> TokenWord:
    return TokenWord(word=text, tokens=[1], start=start, end=end, probability=0.9)


def word(text: str, start: float, end: float) -> Word:
    return Word(start=start, end=end, text=text, score=0.9, timed_by="attention")


def window_of(*words: Word) -> RecognizedWindow:
    window = Window((Region(words[0].start, max(each.end for each in words)),))
    return RecognizedWindow(window, (), words, "".join(each.text for each in words), -0.3, 0.0, 1.0)


def speech(text: str, start: float = 0.0, word_s: float = 0.4) -> RecognizedWindow:
    parts = text.split()
    return window_of(
        *(word(f" {part}", start + number * word_s, start + (number + 1) * word_s) for number, part in enumerate(parts))
    )


def test_times_count_from_the_start_of_the_recording() -> None:
    (found,) = words_in_window([token_word(" hello", 1.0, 1.5)], WINDOW, [])
    assert (found.start, found.end) == pytest.approx((11.0 + EARLY_S, 11.5 + EARLY_S))
    assert found.timed_by == "attention"


def test_punctuation_belongs_to_the_word_before_it() -> None:
    found = words_in_window([token_word(" hello", 1.0, 1.5), token_word(",", 1.5, 1.6)], WINDOW, [])
    assert [each.text for each in found] == [" hello,"]


def test_a_word_that_reaches_into_a_pause_ends_where_speech_ends() -> None:
    window = Window((Region(0.0, 3.0), Region(5.0, 9.0)))
    (found,) = words_in_window([token_word(" hello", 2.5, 3.4)], window, [])
    assert (found.start, found.end) == pytest.approx((2.5 + EARLY_S, 3.0))


def test_a_word_far_behind_its_timestamp_ends_at_the_timestamp() -> None:
    (found,) = words_in_window([token_word(" hello", 1.0, 6.0)], WINDOW, [(Region(11.0, 11.8), 1)])
    assert found.end == 11.8


def test_a_word_far_before_its_timestamp_begins_at_the_timestamp() -> None:
    (found,) = words_in_window([token_word(" hello", 1.0, 6.0)], WINDOW, [(Region(15.0, 16.0), 1)])
    assert found.start == 15.0


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), max_size=20))
def test_words_lie_in_their_window_one_behind_another(times: list[tuple[float, float]]) -> None:
    words = in_order([word(" x", start, end) for start, end in times], WINDOW)
    assert all(WINDOW.start_s <= each.start <= each.end <= WINDOW.end_s for each in words)
    starts = [each.start for each in words]
    assert starts == sorted(starts)


def test_a_sentence_is_a_segment() -> None:
    found = sentences([speech("That is the first one. And this is the second one.")])
    assert [segment.text for segment in found] == ["That is the first one.", "And this is the second one."]


def test_a_pause_begins_a_segment() -> None:
    found = sentences([window_of(word(" so", 0.0, 0.4), word(" then", 3.0, 3.4))])
    assert [segment.text for segment in found] == ["so", "then"]


def test_a_title_does_not_end_a_sentence() -> None:
    found = sentences([speech("Dr. Smith is here.")])
    assert [segment.text for segment in found] == ["Dr. Smith is here."]


def test_a_chinese_sentence_is_a_segment() -> None:
    characters = [
        word(text, number * 0.4, number * 0.4 + 0.4)
        for number, text in enumerate(["今天", "很", "好。", "谢谢", "你", "们。"])
    ]
    assert [segment.text for segment in sentences([window_of(*characters)])] == ["今天很好。", "谢谢你们。"]


def test_half_a_minute_without_a_full_stop_is_cut_at_a_comma() -> None:
    text = " ".join(["word"] * 30) + ", " + " ".join(["other"] * 25)
    found = sentences([speech(text)])
    assert [segment.text.split()[-1] for segment in found] == ["word,", "other"]
    assert max(segment.end - segment.start for segment in found) <= MAX_SENTENCE_S


def test_segments_are_in_order_of_time_and_numbered() -> None:
    found = sentences(
        [speech("The window.", start=0.0), speech("Behind it.", start=20.0), speech("Heard again.", start=9.0)]
    )
    assert [(segment.id, segment.text) for segment in found] == [
        (0, "The window."),
        (1, "Heard again."),
        (2, "Behind it."),
    ]


def test_words_stand_in_the_text_of_their_segment() -> None:
    (segment,) = sentences([speech("Every word is there")])
    assert [each.text for each in segment.words] == segment.text.split()
    assert segment.speaker is None


def test_no_words_make_no_segments() -> None:
    assert sentences([]) == ()


def test_every_probability_is_between_0_and_1() -> None:
    timed = TokenWord(word=" sure", tokens=[1], start=0.0, end=0.1, probability=1.0000001)
    (found,) = words_in_window([timed], WINDOW, [])
    assert found.score == pytest.approx(1.0)
    assert found.score <= 1.0
