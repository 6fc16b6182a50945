from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.web.downloads import disposition, safe_stem


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("Hearing of 3 March.wav", "Hearing of 3 March"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("Meeting 3.4 Berlin.3gp", "Meeting 3.4 Berlin"),
        ("Version 1.2", "Version 1.2"),
        ("C:\\Windows\\system.ini", "C__Windows_system"),
        ('a"; filename="b.exe', "a_; filename=_b"),
        ("two\r\nSet-Cookie: x.mp3", "two Set-Cookie_ x"),
        ("CON.mp3", "CON_"),
        (".wav", "wav"),
        ("   ", "transcript"),
        ("সাক্ষাৎকার.mp3", "সাক্ষাৎকার"),
    ],
)
def test_a_file_is_named_after_its_recording_and_harmless(title: str, stem: str) -> None:
    assert safe_stem(title) == stem


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
