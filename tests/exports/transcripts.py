"""Transcripts for the tests of exports: a written conversation, and any conversation at all."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.transcript import Segment, Speaker, SpeakerTurn, Transcript, Word

SAMPLES = {
    "en": ["Good", "morning,", "everybody.", "state-of-the-art", "<b>tags</b>", "&", "more", "-->", "don't", "Wörter"],
    "bn": ["আমি", "বাংলায়", "গান", "গাই।", "আমার", "সোনার", "বাংলা"],
    "zh": ["今天", "天气", "很好", "，", "我们", "去", "公园", "散步", "。", "「", "好", "」"],  # noqa: RUF001 -- Chinese signs.
    "th": ["สวัสดี", "ครับ", "วันนี้", "อากาศ", "ดี", "มาก"],
}
LONG_SENTENCE = (
    "Before we begin, I have to tell you that this conversation is recorded, that the recording stays inside this "
    "house, and that you may ask at any time for it to be deleted, without giving a reason."
)
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def spoken(text: str, start: float, end: float, separator: str = " ") -> tuple[Word, ...]:
    """Return the parts of a text as words that share the time evenly."""
    parts = [part for part in (text.split() if separator == " " else text.split(separator)) if part]
    step = (end - start) / len(parts)
    return tuple(
        Word(start=start + step * n, end=start + step * (n + 1), text=part, score=0.9, timed_by="attention")
        for n, part in enumerate(parts)
    )


def conversation() -> Transcript:
    """Return two people, an overlap, a long sentence, a silence, and signs that formats must escape."""
    lines = [
        ("S1", 0.5, 3.1, "Good morning. Please take a seat; this will not take long."),
        ("S2", 3.2, 3.6, "Thank you."),
        ("S1", 3.6, 17.0, LONG_SENTENCE),
        ("S2", 16.2, 16.8, "Yes, I know."),
        ("S1", 24.0, 27.5, "Then tell me: is 3 < 4 & 4 > 3 --> true?"),
        (None, 27.6, 28.0, "True."),
    ]  # fmt: skip
    segments = tuple(
        Segment(id=number, start=start, end=end, speaker=speaker, text=text, words=spoken(text, start, end))
        for number, (speaker, start, end, text) in enumerate(lines)
    )
    turns = tuple(SpeakerTurn(start=start, end=end, speaker=who) for who, start, end, _ in lines if who)
    speakers = (Speaker(id="S1", name="Dr Anna <Chief> Becker"), Speaker(id="S2", name="Speaker 2"))
    return Transcript(
        language="en",
        duration_s=30.0,
        models={"asr": "whisper-base"},
        speakers=speakers,
        segments=segments,
        turns=turns,
    )


def _words(start: float, moments: list[tuple[str, float, float]]) -> tuple[Word, ...]:
    """Return words, each given as its text, its length and the pause after it in seconds."""
    words, at = [], start
    for text, length_s, pause_s in moments:
        words.append(Word(start=at, end=at + length_s, text=text, score=1.0, timed_by="attention"))
        at += length_s + pause_s
    return tuple(words)


@st.composite
def _transcripts(draw: st.DrawFn) -> Transcript:
    """Return any conversation: any script, overlaps, pauses, times that touch, names of every kind."""
    language = draw(st.sampled_from(sorted(SAMPLES)))
    texts = st.sampled_from([*SAMPLES[language], LONG_WORD, "…"])
    lengths_s = st.sampled_from([0.0, 0.02, 0.3, 0.7, 7.0])
    pauses_s = st.sampled_from([0.0, 0.0, 0.2, 2.5])
    names = draw(st.lists(st.text(max_size=30), max_size=3))
    speakers = tuple(Speaker(id=f"S{number + 1}", name=name) for number, name in enumerate(names))
    segment = st.tuples(
        st.sampled_from([0.0, 0.05, 0.4, 100.0]),
        st.lists(st.tuples(texts, lengths_s, pauses_s), min_size=1, max_size=25),
        st.sampled_from([None, *(speaker.id for speaker in speakers)]),
        st.booleans(),
    )
    segments: list[Segment] = []
    start = 0.0
    for gap_s, moments, speaker, has_words in draw(st.lists(segment, max_size=5)):
        start += gap_s  # From the start of the segment before: people may speak at once.
        words = _words(start, moments)
        text = ("" if language in {"th", "zh"} else " ").join(word.text for word in words)
        segments.append(
            Segment(
                id=len(segments),
                start=start,
                end=words[-1].end,
                speaker=speaker,
                text=text,
                words=words if has_words else (),
            )
        )
    return Transcript(
        language=language, duration_s=1.0 + start, models={}, speakers=speakers, segments=tuple(segments), turns=()
    )


def holds_for_any_conversation(test: Callable[[Transcript], None]) -> Callable[[], None]:
    """Run a test on many conversations; slow machines may take the time they need."""
    return settings(deadline=None, max_examples=60)(given(_transcripts())(test))
