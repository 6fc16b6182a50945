"""The recovery code: what people write down and type back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.crypto.recovery import ALPHABET, CHARACTERS, read_code, write_code
from appliance.errors import RecoveryCodeError

FEW = settings(max_examples=150, deadline=None)
codes = st.binary(min_size=32, max_size=32)
CODE = bytes(range(32))


@FEW
@given(code=codes)
def test_any_code_comes_back_as_printed_and_as_people_type_it(code: bytes) -> None:
    printed = write_code(code)
    assert [len(group) for group in printed.split("-")] == [4] * 14
    assert set(printed) <= set(ALPHABET + "-")
    assert read_code(printed) == code
    assert read_code(printed.lower().replace("-", "\n").replace("1", "i").replace("0", "O")) == code


@FEW
@given(code=codes, at=st.integers(0, CHARACTERS - 1), by=st.integers(1, 31))
def test_one_wrong_character_is_noticed(code: bytes, at: int, by: int) -> None:
    typed = list(write_code(code).replace("-", ""))
    typed[at] = ALPHABET[(ALPHABET.index(typed[at]) + by) % 32]
    with pytest.raises(RecoveryCodeError):
        read_code("".join(typed))


@FEW
@given(kept=st.integers(0, CHARACTERS - 1))
def test_a_part_of_a_code_is_refused(kept: int) -> None:
    with pytest.raises(RecoveryCodeError):
        read_code(write_code(CODE).replace("-", "")[:kept])


@FEW
@given(text=st.text(max_size=80))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(RecoveryCodeError):
        read_code(text)


def test_a_code_of_another_size_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        write_code(bytes(31))
