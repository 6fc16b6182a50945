"""Each format as a whole: against a written file, and against the rules of its readers."""

from __future__ import annotations

import re
from html import unescape

import msgspec
import pytest

from appliance.exports import FORMATS
from appliance.exports.pieces import clean
from appliance.transcript import SpeakerTurn, Transcript, from_json, to_json
from tests.exports.conversations import CONVERSATIONS, GOLDEN
from tests.exports.transcripts import conversation, holds_for_any_conversation

SILENCE = CONVERSATIONS["silence"]


def shown(name: str, transcript: Transcript) -> str:
    return FORMATS[name].render(transcript).decode()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_conversation_looks_like_the_file_we_agreed_on(name: str, form: str) -> None:
    assert FORMATS[form].render(CONVERSATIONS[name]) == (GOLDEN / f"{name}.{form}").read_bytes()


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_conversation_read_from_its_file_makes_the_same_files(name: str) -> None:
    read = from_json((GOLDEN / f"{name}.json").read_bytes())
    assert all(export.render(read) == (GOLDEN / f"{name}.{form}").read_bytes() for form, export in FORMATS.items())


def test_every_file_we_agreed_on_belongs_to_a_conversation() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.{form}" for name in CONVERSATIONS for form in FORMATS}


def test_a_transcript_of_before_sets_were_named_is_read() -> None:
    old = to_json(SILENCE).replace(b'"model_set":"",', b"")
    assert b"model_set" not in old
    assert from_json(old) == SILENCE
    assert b'"model_set":"starter 3"' in to_json(CONVERSATIONS["chinese"])


def test_json_does_not_depend_on_the_order_in_which_models_were_named() -> None:
    one, other = (Transcript(language="en", duration_s=1.0, models=models, speakers=(), segments=())
                  for models in ({"b": "1", "a": "2"}, {"a": "2", "b": "1"}))  # fmt: skip
    assert shown("json", one) == shown("json", other)


def test_half_a_surrogate_pair_never_comes_into_a_transcript() -> None:
    written = shown("json", SILENCE).replace('"language":"en"', '"language":"\\ud800en"')
    with pytest.raises(msgspec.DecodeError):
        from_json(written.encode())


@pytest.mark.parametrize(("name", "expected"), [("txt", ""), ("srt", ""), ("vtt", "WEBVTT\n"), ("rttm", "")])
def test_silence_gives_an_empty_file(name: str, expected: str) -> None:
    assert shown(name, SILENCE) == expected


def test_every_format_names_its_suffix_after_itself() -> None:
    assert {name: export.suffix for name, export in FORMATS.items()} == {name: f".{name}" for name in FORMATS}


@holds_for_any_conversation
def test_json_gives_back_the_same_transcript(transcript: Transcript) -> None:
    assert from_json(FORMATS["json"].render(transcript)) == transcript


@holds_for_any_conversation
def test_text_holds_every_word_in_order(transcript: Transcript) -> None:
    body = re.sub(r"^\[\d+:\d\d:\d\d\].*$", "", shown("txt", transcript), flags=re.MULTILINE)
    assert "".join(body.split()) == "".join("".join(segment.text.split()) for segment in transcript.segments)


@holds_for_any_conversation
def test_srt_is_numbered_from_1_and_has_one_arrow_a_cue(transcript: Transcript) -> None:
    text = shown("srt", transcript)
    blocks = [block for block in text.split("\n\n") if block]
    assert [block.split("\n")[0] for block in blocks] == [str(number + 1) for number in range(len(blocks))]
    assert text.count("-->") == len(blocks)


@holds_for_any_conversation
def test_vtt_cues_have_times_then_text_without_bare_signs(transcript: Transcript) -> None:
    header, *blocks = shown("vtt", transcript).rstrip("\n").split("\n\n")
    assert header == "WEBVTT"
    for block in blocks:
        times, *lines = block.split("\n")
        assert re.fullmatch(r"\d{2,}:\d\d:\d\d\.\d{3} --> \d{2,}:\d\d:\d\d\.\d{3}", times)
        assert 1 <= len(lines) <= 2
        text = re.sub(r"\A<v [^\n\r<>]+>", "", "\n".join(lines))
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", text)


def test_vtt_text_unescaped_is_what_was_said() -> None:
    assert "3 < 4 & 4 > 3 --> true?" in unescape(shown("vtt", conversation()))


def test_vtt_names_the_speaker_of_every_cue() -> None:
    cues = shown("vtt", conversation().rename("S1", "Anna")).split("\n\n")[1:]
    assert {cue.split("\n")[1].split(">")[0] for cue in cues} == {"<v Anna", "<v Speaker 2", "<v Unknown"}


def test_srt_names_a_speaker_only_where_the_speaker_changes() -> None:
    text = shown("srt", conversation().rename("S1", "Anna"))
    assert text.count("Anna:") == 3


def test_a_renamed_speaker_is_renamed_in_every_format_of_text() -> None:
    renamed = conversation().rename("S2", "Bernd Müller")
    assert all("Bernd" in shown(name, renamed) and "Speaker 2" not in shown(name, renamed) for name in FORMATS)


def test_rttm_has_ten_fields_a_line_whatever_the_name() -> None:
    lines = shown("rttm", conversation().rename("S1", " A  B\tC\n")).splitlines()
    assert [len(line.split(" ")) for line in lines] == [10] * 5


def test_rttm_without_turns_tells_the_speakers_of_segments() -> None:
    told = Transcript(
        language="en", duration_s=30, models={}, speakers=conversation().speakers, segments=conversation().segments
    )
    assert shown("rttm", told) == shown("rttm", conversation())


def test_rttm_keeps_turns_that_overlap() -> None:
    turns = (SpeakerTurn(start=0, end=2, speaker="S1"), SpeakerTurn(start=1, end=3, speaker="S2"))
    told = Transcript(language="en", duration_s=3, models={}, speakers=(), segments=(), turns=turns)
    assert [line.split(" ")[3:5] for line in shown("rttm", told).splitlines()] == [
        ["0.000", "2.000"],
        ["1.000", "2.000"],
    ]


def test_text_of_a_long_monologue_gets_a_time_every_minute() -> None:
    parts = tuple(
        segment
        for number in range(30)
        for segment in (conversation().segments[0],)
        for segment in (
            type(segment)(id=number, start=number * 5.0, end=number * 5.0 + 4, speaker=None, text="On.", words=()),
        )
    )
    told = Transcript(language="en", duration_s=150, models={}, speakers=(), segments=parts)
    assert re.findall(r"\[.*\]", shown("txt", told)) == ["[00:00:00]", "[00:01:00]", "[00:02:00]"]


def test_control_characters_do_not_reach_a_file() -> None:
    assert clean("a\x00b\u2028c\r\n d\x1b") == "ab c d"
