from __future__ import annotations

from appliance.engine.repetition import KEPT_TIMES, MAX_TIMES, compression_ratio, cut_repetition, repeats
from appliance.transcript import Word


def words_of(text: str) -> list[Word]:
    return [
        Word(start=number, end=number + 1, text=f" {word}", score=0.5, timed_by="attention")
        for number, word in enumerate(text.split())
    ]


def cut(text: str) -> str:
    return "".join(word.text for word in cut_repetition(words_of(text))).strip()


def test_a_word_that_comes_over_and_over_is_a_loop() -> None:
    assert repeats("we had a " + "problem " * 150)


def test_a_phrase_that_comes_over_and_over_is_a_loop() -> None:
    assert repeats("Thank you for watching. " * (MAX_TIMES + 1))


def test_people_may_repeat_themselves() -> None:
    assert not repeats("No, no, no, no, that is not what I said, and you know it.")


def test_the_same_sentence_twice_is_no_loop() -> None:
    assert not repeats("ask not what your country can do for you, ask what you can do for your country")


def test_a_loop_is_cut_to_what_people_say() -> None:
    assert cut("so " + "very " * 50 + "good") == "so " + "very " * KEPT_TIMES + "good"


def test_capitals_and_commas_do_not_hide_a_loop() -> None:
    assert cut("Yes, " * 5 + "yes " * 5 + "indeed") == "Yes, Yes, indeed"


def test_a_loop_of_a_phrase_is_cut_to_whole_phrases() -> None:
    assert cut("and then he left " * 20 + "at last") == "and then he left " * KEPT_TIMES + "at last"


def test_text_without_a_loop_is_left_alone() -> None:
    text = "the quick brown fox jumps over the lazy dog"
    assert cut(text) == text


def test_no_text_has_no_compression_ratio() -> None:
    assert compression_ratio("") == 0.0
