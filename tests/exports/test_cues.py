"""The rules of subtitles hold for every conversation."""

from __future__ import annotations

from itertools import pairwise

import pytest

from appliance.exports.cues import Cue, clock, cues
from appliance.exports.pieces import columns
from appliance.transcript import Segment, Speaker, Transcript, Word
from tests.exports.transcripts import conversation, holds_for_any_conversation, spoken


def monologue(text: str, end: float, language: str = "en", separator: str = " ") -> Transcript:
    shown = text if separator == " " else text.replace(separator, "")
    segment = Segment(id=0, start=0.0, end=end, speaker=None, text=shown, words=spoken(text, 0.0, end, separator))
    return Transcript(language=language, duration_s=end, models={}, speakers=(), segments=(segment,))


def text_of(found: list[Cue]) -> str:
    return "".join("".join(cue.lines) for cue in found).replace(" ", "")


@holds_for_any_conversation
def test_a_cue_has_one_or_two_lines_of_at_most_42_columns(transcript: Transcript) -> None:
    for cue in cues(transcript, name_on_change=True):
        assert 1 <= len(cue.lines) <= 2
        assert all(0 < columns(line) <= 42 and len(line) <= 42 for line in cue.lines)


@holds_for_any_conversation
def test_a_cue_stays_for_1_to_6_seconds(transcript: Transcript) -> None:
    for cue in cues(transcript, name_on_change=True):
        assert 1000 <= cue.end_ms - cue.start_ms <= 6000


@holds_for_any_conversation
def test_no_two_cues_are_shown_at_once(transcript: Transcript) -> None:
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(cues(transcript, name_on_change=False)))


@holds_for_any_conversation
def test_every_word_is_shown_in_its_order(transcript: Transcript) -> None:
    said = "".join(segment.text for segment in transcript.segments).replace(" ", "")
    assert text_of(cues(transcript, name_on_change=False)) == said


@holds_for_any_conversation
def test_a_cue_never_comes_before_its_words(transcript: Transcript) -> None:
    found = cues(transcript, name_on_change=False)
    if found:
        assert found[0].start_ms == round(transcript.segments[0].start * 1000)


def test_a_long_sentence_is_cut_where_it_breathes() -> None:
    found = cues(conversation(), name_on_change=True)
    assert [cue.lines[-1][-1] for cue in found if "recorded" in " ".join(cue.lines)] == [","]


def test_slow_words_stay_as_long_as_the_longest_cue_at_most() -> None:
    word = Word(start=0.0, end=60.0, text="Aaah", score=0.5, timed_by="attention")
    segment = Segment(id=0, start=0.0, end=60.0, speaker=None, text="Aaah", words=(word,))
    found = cues(
        Transcript(language="en", duration_s=60, models={}, speakers=(), segments=(segment,)), name_on_change=True
    )
    assert found == [Cue(0, 6000, None, ("Aaah",))]


def test_a_pause_after_fast_speech_is_used_for_reading() -> None:
    text = "These are eighty columns of text spoken in a single second by an auctioneer ok."
    found = cues(monologue(text, 1.0), name_on_change=False)
    assert [cue.end_ms - cue.start_ms for cue in found] == [1000 * sum(map(columns, found[0].lines)) // 20]


def test_a_word_spoken_meanwhile_does_not_cut_a_cue_short() -> None:
    words = "This sentence goes on while somebody else agrees with it."
    long = Segment(id=0, start=0.0, end=4.0, speaker="S1", text=words, words=spoken(words, 0.0, 4.0))
    short = Segment(id=1, start=1.0, end=1.3, speaker="S2", text="Yes.", words=spoken("Yes.", 1.0, 1.3))
    speakers = (Speaker(id="S1", name="A"), Speaker(id="S2", name="B"))
    found = cues(
        Transcript(language="en", duration_s=4, models={}, speakers=speakers, segments=(long, short)),
        name_on_change=True,
    )
    assert [cue.start_ms for cue in found] == [0, 1000 * sum(map(columns, found[0].lines)) // 20]


def test_short_answers_of_one_person_share_a_cue() -> None:
    segments = tuple(
        Segment(
            id=n, start=n * 0.5, end=n * 0.5 + 0.4, speaker=None, text=text, words=spoken(text, n * 0.5, n * 0.5 + 0.4)
        )
        for n, text in enumerate(["Yes.", "No.", "Perhaps."])
    )
    found = cues(
        Transcript(language="en", duration_s=2, models={}, speakers=(), segments=segments), name_on_change=True
    )
    assert [cue.lines for cue in found] == [("Yes. No. Perhaps.",)]


def test_chinese_is_broken_between_words_and_never_before_a_full_stop() -> None:
    text = "今天/天气/很好/我们/一起/去/公园/散步/然后/回家/吃饭/看书/睡觉/。"
    found = cues(monologue(text, 5.0, "zh", "/"), name_on_change=False)
    assert [cue.lines for cue in found] == [("今天天气很好我们一起去公园", "散步然后回家吃饭看书睡觉。")]


def test_chinese_without_word_times_is_broken_between_characters() -> None:
    segment = Segment(id=0, start=0.0, end=9.0, speaker=None, text="字" * 60 + "。", words=())
    found = cues(
        Transcript(language="zh", duration_s=9, models={}, speakers=(), segments=(segment,)), name_on_change=False
    )
    assert [len(line) for cue in found for line in cue.lines] == [15, 15, 15, 16]


def test_a_word_with_a_hyphen_stays_whole_though_it_is_timed_in_parts() -> None:
    text = "A most remarkable piece of state/-of/-the/-art/ engineering"
    words = spoken(text.replace(" ", "/ "), 0.0, 4.0, "/")
    segment = Segment(id=0, start=0.0, end=4.0, speaker=None, text=text.replace("/", ""), words=words)
    found = cues(
        Transcript(language="en", duration_s=4, models={}, speakers=(), segments=(segment,)), name_on_change=False
    )
    assert found[0].lines == ("A most remarkable piece of", "state-of-the-art engineering")


@pytest.mark.parametrize(
    ("milliseconds", "shown"), [(0, "00:00:00,000"), (3_599_999, "00:59:59,999"), (360_000_000, "100:00:00,000")]
)
def test_a_time_is_written_in_hours_minutes_seconds(milliseconds: int, shown: str) -> None:
    assert clock(milliseconds, ",") == shown


def test_a_long_name_is_cut_in_the_label() -> None:
    transcript = conversation().rename("S1", "Professor Doctor Maximilian von und zu Hohenstein")
    first = cues(transcript, name_on_change=True)[0]
    assert first.lines[0].startswith("Professor Doctor Maxim…:")


def test_somebody_unknown_among_known_speakers_is_called_so() -> None:
    assert cues(conversation(), name_on_change=True)[-1].lines == ("Unknown: True.",)
