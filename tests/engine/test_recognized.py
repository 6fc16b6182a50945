from __future__ import annotations

from appliance.engine.recognized import RecognizedWindow, is_invented, without_repetition
from appliance.engine.segment import Region
from appliance.engine.windows import Window
from appliance.transcript import Word


def recognized(text: str, *, no_speech: float, log_probability: float, score: float) -> RecognizedWindow:
    words = tuple(
        Word(start=number, end=number + 1, text=f" {part}", score=score, timed_by="attention")
        for number, part in enumerate(text.split())
    )
    window = Window((Region(0.0, float(len(words))),))
    return RecognizedWindow(window, (), words, text, log_probability, no_speech, 1.0)


def test_a_hesitant_text_where_nobody_is_heard_is_invented() -> None:
    assert is_invented(recognized("thank you", no_speech=0.8, log_probability=-1.2, score=0.4))


def test_words_that_are_hardly_likely_where_nobody_is_heard_are_invented() -> None:
    assert is_invented(recognized("You", no_speech=0.75, log_probability=-0.83, score=0.02))


def test_sure_words_are_kept_where_whisper_doubts_that_somebody_speaks() -> None:
    assert not is_invented(recognized("fellow wrestlers", no_speech=0.65, log_probability=-0.5, score=0.8))


def test_unlikely_words_are_kept_where_somebody_speaks() -> None:
    assert not is_invented(recognized("Devar Nehshar", no_speech=0.03, log_probability=-1.2, score=0.1))


def test_what_is_left_of_a_loop_is_the_text() -> None:
    loop = recognized("so " + "very " * 50 + "good", no_speech=0.0, log_probability=-0.1, score=0.9)
    found = without_repetition(loop)
    assert found.text.split() == [word.text.strip() for word in found.words] == ["so", "very", "very", "good"]
    assert found.compression_ratio < 1.0
