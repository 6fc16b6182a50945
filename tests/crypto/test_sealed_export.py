"""Sealed exports: what opens with the recovery code alone, and which swap or change is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.crypto.recovery import read_code
from appliance.crypto.sealed_export import SealedExport
from appliance.errors import ApplianceError, UnknownFormatError
from tests.sealed_exports import PLAIN, export

VECTORS = Path(__file__).resolve().parent.parent / "vectors" / "sealed_export.json"
Case = dict[str, Any]


def vectors(group: str) -> list[Any]:
    """Return the cases of a group as parameters."""
    cases: list[Case] = json.loads(VECTORS.read_text(encoding="utf-8"))[group]
    return [pytest.param(case, id=case["name"]) for case in cases]


@pytest.mark.parametrize("case", vectors("opens"))
def test_an_export_opens_with_the_recovery_code_alone(case: Case) -> None:
    assert opened(case) == {one["id"]: (one["type"], one["text"]) for one in case["documents"]}


@pytest.mark.parametrize("case", vectors("refuses"))
def test_an_export_is_refused_with_its_code(case: Case) -> None:
    with pytest.raises(ApplianceError) as refused:
        opened(case)
    assert refused.value.code == case["code"]


def test_an_export_comes_back_from_its_bytes() -> None:
    made = export(*PLAIN)
    assert SealedExport.decode(made.encode()) == made
    assert made.encode().startswith(b'{"format":"cloister-sealed-export-1",')


def test_an_export_holds_no_word_of_its_documents() -> None:
    encoded = export(*PLAIN).encode()
    assert b"Ward round" not in encoded
    assert b"morning" not in encoded


@settings(max_examples=60, deadline=None)
@given(noise=st.binary(max_size=200))
def test_noise_is_no_export(noise: bytes) -> None:
    with pytest.raises(UnknownFormatError):
        SealedExport.decode(noise)


def opened(case: Case) -> dict[str, tuple[int, str]]:
    """Open every document of a case."""
    read = SealedExport.decode(case["file"].encode())
    user_key = read.user_key(read_code(case["code_text"]))
    return {one.id: (int(one.type), one.open(user_key).decode()) for one in read.documents}
