from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.web.downloads import disposition, safe_stem

NAMES = Path(__file__).parents[1] / "vectors" / "file_names.json"  # Read by node too: the page names files alike.


@pytest.mark.parametrize(
    "case", json.loads(NAMES.read_text(encoding="utf-8"))["stems"], ids=lambda case: ascii(case["stem"])[:40]
)
def test_a_file_is_named_after_its_recording_and_harmless(case: dict[str, str]) -> None:
    assert safe_stem(case["title"]) == case["stem"]


def test_old_readers_get_a_plain_name_and_new_ones_the_true_one() -> None:
    assert disposition("Über Straße.mp3", ".srt") == (
        "attachment; filename=\"Uber Strae.srt\"; filename*=UTF-8''%C3%9Cber%20Stra%C3%9Fe.srt"
    )
    assert 'filename="transcript.txt"' in disposition("সাক্ষাৎকার.mp3", ".txt")


@given(st.text(max_size=400))
def test_no_title_breaks_out_of_the_header(title: str) -> None:
    header = disposition(title, ".txt")
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    name = unquote(header.split("filename*=UTF-8''")[1])
    assert len(name.encode()) <= 255
    assert not set('<>:"/\\|?*') & set(name)
    assert name.removesuffix(".txt").strip(" .")
