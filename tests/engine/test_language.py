from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from appliance.engine.language import detect_language, spread
from appliance.engine.segment import Region
from appliance.engine.windows import Window
from appliance.errors import JobCancelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.engine.asr import Recognizer

SILENCE = np.zeros(16_000, dtype=np.int16)


class FakeRecognizer:
    """Hears what the test says, window by window."""

    def __init__(self, *heard: dict[str, float], is_multilingual: bool = True) -> None:
        self.heard = list(heard)
        self.is_multilingual = is_multilingual

    def language_probabilities(self, _samples: NDArray[np.int16], _window: Window) -> dict[str, float]:
        return self.heard.pop(0)


def windows(count: int) -> list[Window]:
    return [Window((Region(number * 10.0, number * 10.0 + 5.0),)) for number in range(count)]


def detect(recognizer: FakeRecognizer, count: int) -> tuple[str, float]:
    return detect_language(cast("Recognizer", recognizer), SILENCE, windows(count), lambda _stage, _fraction: None)


def test_a_foreign_greeting_does_not_decide_the_language() -> None:
    recognizer = FakeRecognizer({"fr": 0.9, "de": 0.1}, {"de": 0.9, "fr": 0.1}, {"de": 0.8, "fr": 0.2})
    language, probability = detect(recognizer, 3)
    assert language == "de"
    assert probability == pytest.approx(0.6)


def test_no_more_than_five_windows_are_heard() -> None:
    recognizer = FakeRecognizer(*[{"bn": 1.0}] * 5)
    assert detect(recognizer, 200)[0] == "bn"
    assert recognizer.heard == []


def test_without_speech_nothing_is_heard() -> None:
    assert detect(FakeRecognizer(), 0) == ("en", 0.0)


def test_a_model_that_knows_english_alone_is_not_asked() -> None:
    assert detect(FakeRecognizer(is_multilingual=False), 3) == ("en", 1.0)


def test_detection_can_be_cancelled() -> None:
    def cancel(_stage: str, _fraction: float) -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        detect_language(cast("Recognizer", FakeRecognizer({"en": 1.0})), SILENCE, windows(1), cancel)


def test_windows_are_chosen_from_all_over_the_recording_the_longest_of_each_stretch() -> None:
    lengths_s = [1, 9, 1, 1, 8, 1]
    all_windows = [Window((Region(number * 10.0, number * 10.0 + length),)) for number, length in enumerate(lengths_s)]
    assert spread(all_windows, 2) == [all_windows[1], all_windows[4]]
