from __future__ import annotations

import re

import pytest

from appliance.errors import TooManyTriesError, UploadTooLargeError
from appliance.web.languages import NAMES, choose, language
from tests.web.catalog import read_catalog, sentences_in_code

TRANSLATED = [code for code in NAMES if code != "en"]
PLACES = re.compile(r"\{\w+[^}]*\}|%\(\w+\)s")


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_sentence_lacks_its_translation(code: str) -> None:
    translated = {message.id for message in read_catalog(code) if message.id and all(_forms(message.string))}
    assert {sentence for sentence in sentences_in_code() if sentence not in translated} == set()


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_translation_outlives_its_sentence(code: str) -> None:
    assert {message.id for message in read_catalog(code) if message.id} - set(sentences_in_code()) == set()


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_translation_has_the_places_of_its_sentence(code: str) -> None:
    for message in read_catalog(code):
        for form in _forms(message.string):
            assert set(PLACES.findall(form)) == set(PLACES.findall(_forms(message.id)[-1])), message.id


def _forms(sentence: object) -> tuple[str, ...]:
    """Return the forms of a sentence, or the one it has."""
    return tuple(sentence) if isinstance(sentence, (tuple, list)) else (str(sentence or ""),)


@pytest.mark.parametrize(
    ("preferred", "accepted", "chosen"),
    [
        (None, "", "en"),
        (None, "bn", "bn"),
        (None, "de-DE,bn-IN;q=0.8,en;q=0.7", "bn"),
        (None, "en-GB,bn;q=0.9", "en"),
        (None, "bn;q=0.1,en;q=0.9", "en"),
        (None, "xx;q=nonsense,bn", "bn"),
        ("en", "bn", "en"),
        ("bn", "en", "bn"),
        ("../../etc/passwd", "bn", "bn"),
    ],
)
def test_a_choice_comes_before_what_the_browser_prefers(preferred: str | None, accepted: str, chosen: str) -> None:
    assert choose(preferred, accepted).code == chosen


def test_numbers_are_written_in_the_readers_digits() -> None:
    bengali = language("bn")
    assert bengali.number(1234567) == "১২,৩৪,৫৬৭"
    assert bengali.percent(0.42) == "৪২%"
    assert bengali.rate(0.0825) == "৮.২৫%"
    assert bengali.times(3.04) == "৩\u00d7"
    assert bengali.clock(3725) == "১:০২:০৫"
    assert bengali.count("{number} speaker", "{number} speakers", 3) == "৩ জন বক্তা"


@pytest.mark.parametrize(
    ("rate", "said"), [(0.0, "0%"), (0.15, "15%"), (0.1504, "15.04%"), (0.082, "8.2%"), (1.25, "125%")]
)
def test_an_error_rate_is_said_as_exactly_as_its_limit(rate: float, said: str) -> None:
    assert language("en").rate(rate) == said


@pytest.mark.parametrize(("factor", "said"), [(0.44, "0.4\u00d7"), (3.96, "4\u00d7"), (12.4, "12\u00d7")])
def test_a_speed_is_said_in_a_few_digits(factor: float, said: str) -> None:
    assert language("en").times(factor) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (5, "less than a minute left"),
        (61, "about 1 minute left"),
        (610, "about 10 minutes left"),
        (7300, "about 2 hours left"),
    ],
)
def test_a_rough_time_is_said_roughly(seconds: float, said: str) -> None:
    assert language("en").remaining(seconds) == said


@pytest.mark.parametrize(
    ("size_bytes", "said"), [(10, "0.1 MB"), (3_400_000, "3.4 MB"), (41_600_000, "42 MB"), (4_294_967_296, "4.3 GB")]
)
def test_a_size_is_said_in_a_few_digits(size_bytes: int, said: str) -> None:
    assert language("en").size(size_bytes) == said


def test_an_error_is_told_with_its_facts() -> None:
    error = UploadTooLargeError(size_bytes=5000, limit_bytes=4000)
    assert "5,000 bytes" in language("en").tell(error)
    assert language("bn").number(5000) in language("bn").tell(error)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "1 second"), (30, "30 seconds"), (90, "90 seconds"), (91, "2 minutes")],
)
def test_how_long_to_wait_is_said_in_words(seconds: int, said: str) -> None:
    assert language("en").wait(seconds) == said
    assert language("en").tell(TooManyTriesError(retry_s=seconds)).endswith(f"Try again in {said}.")


def test_a_language_nobody_has_a_word_for_shows_its_code() -> None:
    assert language("en").name_of("de") == "German"
    assert language("bn").name_of("bn") == "বাংলা"
    assert language("en").name_of("jw") == "Javanese"
    assert language("en").name_of("qqq") == "qqq"
