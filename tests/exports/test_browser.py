"""The browser makes the same bytes of every transcript as the appliance: node runs the page's own modules."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from appliance.exports import FORMATS
from appliance.transcript import Segment, Speaker, SpeakerTurn, Transcript, Word, from_json, to_json
from appliance.web.downloads import safe_stem
from tests.exports.conversations import CONVERSATIONS, ten_hours
from tests.exports.transcripts import LONG_WORD, SAMPLES
from tests.exports.unicode_tables import TABLES, script

BATCH = Path(__file__).parents[1] / "js" / "exports_batch.mjs"
NODE = shutil.which("node")
MOST_S = 400_000.0  # 111 h: more than any recording may have.

needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed, so the browser's half is not run")

LANGUAGES = ["en", "bn", "zh", "ja", "th", "yue", "ar", ""]
ODD = [
    *("\u0301", "e\u0301", "\u200b", "\u00ad", "\u3000", "\x1c", "\x85", "\u0378", "\U0001fae8"),
    *("שלום", "مرحبا", "👩‍👩‍👧", "𠮷", "\uff08", "「", "…", "-->", ""),
    *("a" * 43, LONG_WORD, "字" * 22, "𠮷" * 90),
]
SAID = sorted({word for words in SAMPLES.values() for word in words}) + ODD

texts = st.sampled_from(SAID) | st.text(max_size=12)
sentences = (
    st.lists(texts, max_size=30).map(" ".join) | st.lists(texts, max_size=30).map("".join) | st.text(max_size=80)
)
times_s = (
    st.integers(0, 16 * 40_000).map(lambda sixteenths: sixteenths / 16)
    | st.integers(0, 2 * 36_000_000).map(lambda halves: halves / 2000)
    | st.floats(0, MOST_S, allow_subnormal=False)
    | st.floats(0, 1e-3)
    | st.sampled_from([0.0, 3.0, 4.5, 60.0])
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
speaker_ids = st.sampled_from(["S1", "S2", "S3", "S 4", "\t"])


@dataclass(frozen=True)
class Made:
    """What node made of a batch."""

    files: list[dict[str, bytes]]
    stems: list[str]
    formats: dict[str, list[str]]


def in_the_browser(transcripts: Sequence[Transcript | str], titles: list[str]) -> Made:
    """Make every file of some transcripts, each as it is or as any JSON."""
    encoded = [given if isinstance(given, str) else to_json(given).decode() for given in transcripts]
    given_to_node = {"transcripts": encoded, "titles": titles}
    ran = subprocess.run(
        [str(NODE), BATCH], input=json.dumps(given_to_node), capture_output=True, text=True, check=False, timeout=240
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    made: dict[str, Any] = json.loads(ran.stdout)
    files = [{form: base64.b64decode(content) for form, content in each.items()} for each in made["files"]]
    return Made(files, made["stems"], made["formats"])


@st.composite
def _words(draw: st.DrawFn, text: str, start: float) -> tuple[Word, ...]:
    """Return the words of a text, or others than its own, with times that touch, leap, halt or run backwards."""
    words, at = [], start
    for said in [*text.split(" "), *draw(st.lists(texts, max_size=2))]:
        end = at + draw(st.sampled_from([0.0, 0.02, 0.3005, 0.7, 7.0, 1 / 3, -0.5]))
        words.append(Word(start=at, end=end, text=said, score=draw(numbers), timed_by="attention"))
        at = end + draw(st.sampled_from([0.0, 0.0, 0.2, 0.4995, 2.5]))
    return tuple(words)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Return any transcript at all that ``from_json`` takes, sensible or not."""
    speakers = tuple(
        Speaker(id=who, name=draw(texts | st.text(max_size=40))) for who in draw(st.lists(speaker_ids, max_size=3))
    )
    segments = []
    for number in range(draw(st.integers(0, 5))):
        text, start, end = draw(sentences), draw(times_s), draw(times_s)
        words = draw(st.just(()) | _words(text, start))
        who = draw(st.none() | speaker_ids)
        segments.append(Segment(id=number, start=start, end=end, speaker=who, text=text, words=words))
    turns = draw(st.lists(st.builds(SpeakerTurn, start=times_s, end=times_s, speaker=speaker_ids), max_size=5))
    return Transcript(
        language=draw(st.sampled_from(LANGUAGES)),
        duration_s=draw(numbers),
        models=draw(
            st.dictionaries(st.text(max_size=5) | st.sampled_from(["7", "10", "__proto__"]), texts, max_size=4)
        ),
        model_set=draw(texts),
        terms_given=draw(st.integers(0, 200)),
        terms_used=draw(st.integers(0, 200)),
        speakers=speakers,
        segments=tuple(segments),
        turns=tuple(turns),
    )


def examples_of(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """Return many examples at once, so that node starts once for all of them."""
    found: list[Any] = []

    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def keep(example: object) -> None:
        found.append(example)

    keep()
    return found


@needs_node
def test_any_transcript_makes_the_same_files_in_the_browser() -> None:
    batch = examples_of(transcripts(), 400)
    made = in_the_browser(batch, [])
    for transcript, files in zip(batch, made.files, strict=True):
        read = from_json(to_json(transcript))
        assert files == {form: export.render(read) for form, export in FORMATS.items()}, to_json(transcript)


@needs_node
def test_text_in_the_place_of_a_count_becomes_what_the_appliance_writes_for_none() -> None:
    plain = replace(CONVERSATIONS["silence"], terms_given=0, terms_used=0)
    forged = json.loads(to_json(plain)) | dict.fromkeys(["terms_given", "terms_used"], '7,"extra":7')
    ran = in_the_browser([json.dumps(forged)], [])
    assert ran.files[0]["json"] == FORMATS["json"].render(plain)


@needs_node
def test_a_hearing_of_10_hours_makes_the_same_files_in_the_browser() -> None:
    transcript = ten_hours()
    (files,) = in_the_browser([transcript], []).files
    for form, export in FORMATS.items():
        assert files[form] == export.render(transcript), form


@needs_node
def test_any_title_makes_the_same_file_name_in_the_browser() -> None:
    parts = st.text(max_size=60) | st.sampled_from([*SAID, ".mp3", "COM1", "lpt³", "con", " . ", "v1.2", "/", "ক" * 70])
    batch = examples_of(st.lists(parts, max_size=4).map("".join) | st.text(max_size=400), 1000)
    assert in_the_browser([], batch).stems == [safe_stem(title) for title in batch]


@needs_node
def test_browser_and_appliance_offer_the_same_formats() -> None:
    expected = {form: [export.media_type, export.suffix] for form, export in FORMATS.items()}
    assert in_the_browser([], []).formats == expected


def test_the_browser_knows_characters_by_the_same_edition_of_unicode() -> None:
    assert TABLES.read_text(encoding="utf-8") == script(), "write it anew: python -m tests.exports.unicode_tables"
