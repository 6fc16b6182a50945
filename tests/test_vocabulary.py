"""What a list of names and terms may hold; tests/js/vocabulary.test.mjs reads the same vectors."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import (
    TermReservedError,
    TermTooLongError,
    TermUnreadableError,
    TooManyTermsError,
    VocabularyError,
    VocabularyTooLargeError,
)
from appliance.vocabulary import MAX_BYTES, from_text, read_terms, to_text
from tests.conftest import REPOSITORY

VECTORS = json.loads((REPOSITORY / "tests" / "vectors" / "vocabulary.json").read_text(encoding="utf-8"))
REASONS = {"reserved": TermReservedError, "unreadable": TermUnreadableError}


@pytest.mark.parametrize("case", VECTORS["reads"], ids=lambda case: case["name"])
def test_what_a_person_types_becomes_terms(case: dict[str, Any]) -> None:
    assert list(read_terms(case["text"].split("\n"))) == case["terms"]


@pytest.mark.parametrize("case", VECTORS["refuses"], ids=lambda case: case["name"])
def test_a_line_that_cannot_be_a_term_is_named(case: dict[str, Any]) -> None:
    with pytest.raises(REASONS[case["reason"]]) as refused:
        read_terms(case["text"].split("\n"))
    assert refused.value.facts == {"line": case["line"]}


def test_limits_are_held_to_the_term_the_character_and_the_byte() -> None:
    assert len(read_terms(str(number) for number in range(200))) == 200
    with pytest.raises(TooManyTermsError, match="at most 200 names and terms, and this one has 201"):
        read_terms(str(number) for number in range(201))
    assert read_terms(["ä" * 80])
    with pytest.raises(TermTooLongError, match="Line 2 has more than 80"):
        read_terms(["fine", "ä" * 81])
    fitting = [f"{number:02}" + "x" * 78 for number in range(50)] + ["y" * 46]
    assert len(to_text(read_terms(fitting))) == MAX_BYTES
    with pytest.raises(VocabularyTooLargeError, match="4097 bytes"):
        read_terms([*fitting[:-1], "y" * 47])


@pytest.mark.parametrize("lines", [["x" * 10_000_000], [f"term {n}" for n in range(10_000)], ["\u202e" * 80] * 10_000])
def test_a_huge_list_is_refused_without_repeating_it(lines: list[str]) -> None:
    with pytest.raises(VocabularyError) as refused:
        read_terms(lines)
    assert len(str(refused.value)) < 200


def test_marks_without_end_are_refused_before_they_are_put_in_order() -> None:
    marks = "\u0301" * 15_000 + "\u0316" * 15_000
    started = time.process_time()
    with pytest.raises(TermTooLongError):
        read_terms(["fine", "a" + marks])
    with pytest.raises(VocabularyTooLargeError):
        read_terms([*[" " * 1000] * 65, marks])
    assert time.process_time() - started < 0.5  # In order, the first line alone takes two seconds.


def test_blanks_around_a_term_and_marks_that_become_one_letter_do_not_count() -> None:
    assert read_terms([" " * 900 + "e\u0301" * 60 + "\t" * 4]) == ("é" * 60,)


@given(st.lists(st.text(max_size=90), max_size=220))
def test_any_text_is_refused_in_words_or_read_the_same_twice(lines: list[str]) -> None:
    try:
        terms = read_terms(lines)
    except VocabularyError:
        return
    assert from_text(to_text(terms)) == terms
