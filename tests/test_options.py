"""What a person can choose, and what cannot be meant."""

from __future__ import annotations

import msgspec
import pytest

from appliance.errors import OptionError
from appliance.options import LANGUAGES, MAX_SPEAKERS, TranscribeOptions


@pytest.mark.parametrize(
    "given",
    [
        {"language": "klingon"},
        {"language": "EN"},
        {"language": ""},
        {"speakers": 0},
        {"speakers": -1},
        {"speakers": MAX_SPEAKERS + 1},
        {"min_speakers": 0},
        {"max_speakers": 0},
        {"min_speakers": 3, "max_speakers": 2},
        {"speakers": 2, "min_speakers": 1},
        {"speakers": 2, "max_speakers": 4},
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_option_named(given: dict[str, object]) -> None:
    with pytest.raises(OptionError) as caught:
        msgspec.convert(given, TranscribeOptions)
    assert caught.value.name in given
    assert caught.value.reason in str(caught.value)


def test_what_can_be_meant_is_taken() -> None:
    assert TranscribeOptions(language="bn", min_speakers=2, max_speakers=2).max_speakers == 2
    assert TranscribeOptions(speakers=MAX_SPEAKERS, diarize=True).speakers == MAX_SPEAKERS


def test_the_languages_are_whispers() -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES  # noqa: PLC0415 -- only this test needs the library.

    assert set(LANGUAGES) == set(_LANGUAGE_CODES)
