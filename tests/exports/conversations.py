"""The conversations whose files we agreed on: ``golden/`` holds them, and pytest and node both make them again.

``python -m tests.exports.conversations`` writes the files anew; read the difference before you keep it.
"""

# ruff: noqa: RUF001 -- every script's own signs are what these conversations are for.

from __future__ import annotations

from pathlib import Path

from appliance.exports import FORMATS
from appliance.transcript import Segment, Speaker, SpeakerTurn, Transcript, Word
from tests.exports.transcripts import LONG_SENTENCE, LONG_WORD, conversation, spoken

GOLDEN = Path(__file__).parent / "golden"
HOURS_S = 3600.0

Line = tuple[str | None, float, float, str]

BENGALI = (
    ("S1", 0.4, 4.9, "আমার সোনার বাংলা, আমি তোমায় ভালোবাসি। Please sit down, আপনি বসুন।"),
    ("S2", 5.1, 9.7, "ধন্যবাদ। আমার নাম আমিনা রহমান, and I work at the র‍্যাব office in ঢাকা।"),
    ("S1", 10.0, 24.0, "আপনি কি তিন তারিখের সন্ধ্যায় বাড়িতে ছিলেন, নাকি তখন the meeting at Mill Lane চলছিল, যেখানে সবাই ছিল?"),
    ("S2", 24.2, 25.0, "না।"),
)
CHINESE = (
    ("S1", 0.0, 6.3, "大家好，/今天/我们/要/讨论/的/是/《/城市/规划/》/，/请/各位/先/看/第/三/页/。"),
    ("S2", 6.3, 9.1, "好的/，/我/有/一个/问题/：/为什么/没有/「/公园/」/？"),
    ("S1", 9.2, 21.5, "因为/预算/不够/，/而且/A4/纸/上/的/旧/地图/与/现在/的/道路/不一样/，/所以/我们/先/修路/。"),
    (None, 21.6, 22.0, "𠮷野家/！"),
)  # fmt: skip
OVERLAPPING = (
    ("S1", 0.0, 7.25, "I would like to finish this thought before anybody else begins to speak, if I may."),
    ("S2", 2.0625, 3.0005, "But you said"),
    ("S3", 2.5, 2.9, "No!"),
    ("S2", 3.1, 9.0, "that we would take turns, and now you go on and on as you always do."),
    ("S1", 6.9995, 7.0005, "Please."),
    ("S3", 8.9, 12.3, "Both of you, stop it, or we shall have to write down something that nobody can read."),
)
TURNS = (("S1", 0.0625, 1.1875), ("S2", 1.1875, 2.3125), ("S1", 1.0, 5.0005), ("S2", 0.0625, 0.5), ("S3", 3.0, 3.0))
ONE_WORD = ("Yes.", "No.", "Yes!", "Why?", "Because.", "Hm.", "…", "Ja.", "হ্যাঁ।", "是。", "नहीं।", "نعم۔")
SIGNS = (
    ("S1", 0.0, 3.0, "👩‍👩‍👧‍👦 family, 🇧🇩 flag, 👍🏽 thumb, 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 letters, 𐍈 and 🫠."),
    ("S2", 3.0, 6.0, "e\u0301gal, z\u0351\u036b\u0343a\u0341lgo, שלום עולם, مرحبا بالعالم؛ \u202eright\u202c."),
    ("S1", 6.0, 9.0, "สวัสดีครับ วันนี้อากาศดีมาก ขอบคุณที่มาประชุมกับพวกเราในวันนี้ครับ"),
    ("S2", 9.0, 12.0, 'tabs\tand\u00a0hard\u2009spaces\u3000"quotes" \\ / \x7f \u2028 <i>&amp;</i> --> end\x0b\x1c.'),
    ("S1", 12.0, 15.0, LONG_WORD * 3),
    ("S2", 15.0, 18.0, "カタカナとひらがなが混ざった文章です。「はい」と言いました！　ｶﾅも１２３も。"),
)  # fmt: skip

EDGES = (
    ("S1", 0.0, 30.0, "One person speaks to the very end of the minute,"),
    ("S1", 33.0, 60.0, "which still belongs to the first paragraph, as a pause of exactly three seconds does;"),
    ("S1", 60.0, 60.5, "this does not."),
    ("S2", 61.0, 64.0, "「𝔄𝔅」「字字」（字字字）ー「𝔄」 x" + "「字」" * 20),
)  # fmt: skip


def _told(lines: tuple[Line, ...], language: str, *, names: tuple[str, ...] = (), separator: str = " ") -> Transcript:
    """Return what was said with evenly timed words; a separator other than a space is not part of the text."""
    segments = tuple(
        Segment(
            id=number,
            start=start,
            end=end,
            speaker=who,
            text=text if separator == " " else text.replace(separator, ""),
            words=spoken(text, start, end, separator),
        )
        for number, (who, start, end, text) in enumerate(lines)
    )
    ids = sorted({who for who, *_ in lines if who})
    named = (*names, *(f"Speaker {number + 1}" for number in range(len(names), len(ids))))
    return Transcript(
        language=language,
        duration_s=max(end for *_, end, _ in lines),
        models={"segmentation": "pyannote-3.0", "asr": "whisper-base", "aligner/bn": "wav2vec2"},
        model_set="starter 3",
        speakers=tuple(Speaker(id=who, name=name) for who, name in zip(ids, named, strict=True)),
        segments=segments,
        turns=tuple(SpeakerTurn(start=start, end=end, speaker=who) for who, start, end, _ in lines if who),
    )


def _overlapping() -> Transcript:
    """Return people who interrupt each other, with turns that lie exactly between two thousandths."""
    told = _told(OVERLAPPING, "en", names=("  Ana \t María ", "Bernd Müller-Lüdenscheidt von der Heide"))
    turns = tuple(SpeakerTurn(start=start, end=end, speaker=who) for who, start, end in TURNS)
    return Transcript(
        language=told.language,
        duration_s=told.duration_s,
        models={"10": "ten", "9": "nine", "asr": "x"},
        speakers=told.speakers,
        segments=told.segments,
        turns=turns,
    )


def _one_word_turns() -> Transcript:
    lines = tuple((f"S{1 + n % 3}", n * 0.35, n * 0.35 + 0.3, word) for n, word in enumerate(ONE_WORD))
    return _told(lines, "en", names=("Q", "A", ""))


def _signs() -> Transcript:
    """Return signs of every kind, half of it without words, and numbers that need an exponent."""
    told = _told(SIGNS, "ja", names=("🧑🏽‍⚖️ Judge", 'Dr. "X" <x&y>'))
    tiny = (
        Word(start=0.0, end=1e-5, text="tiny", score=9.9e-6, timed_by="alignment"),
        Word(start=1e-5, end=1.5e-7, text="numbers", score=-0.0, timed_by="segment"),
    )
    segments = (
        Segment(id=6, start=-0.0, end=1.5e-7, speaker=None, text="tiny numbers", words=tiny),
        *(
            Segment(
                id=s.id, start=s.start, end=s.end, speaker=s.speaker, text=s.text, words=s.words if s.id % 2 else ()
            )
            for s in told.segments
        ),
    )
    return Transcript(
        language="ja",
        duration_s=1.5e16,
        models={"ｆ": "1", "😀": "2", "a\n": "3"},
        model_set='a "set" <of> signs\u2028 🧑🏽‍⚖️ 1',
        speakers=told.speakers,
        segments=segments,
    )


def _three_hours() -> Transcript:
    """Return a few moments of a long hearing, at its beginning, about every full hour, and at its end."""
    starts = [0.0, HOURS_S - 2.0, HOURS_S + 0.0005, 2 * HOURS_S + 59 * 60 + 57.4995, 3 * HOURS_S - 0.001]
    lines = tuple(("S1", at, at + 14.0 / 3.0, LONG_SENTENCE) for at in starts)
    return _told(lines, "en")


CONVERSATIONS = {
    "conversation": conversation(),
    "bengali_and_english": _told(BENGALI, "bn", names=("বিচারক", "আমিনা রহমান")),
    "chinese": _told(CHINESE, "zh", separator="/"),
    "overlapping": _overlapping(),
    "silence": Transcript(language="en", duration_s=10.0, models={}, speakers=(), segments=()),
    "one_word_turns": _one_word_turns(),
    "signs": _signs(),
    "edges": _told(EDGES, "ja", names=("Ä" * 30, "x" * 9 + "👍🏽🫠" * 6)),
    "three_hours": _three_hours(),
}


def ten_hours() -> Transcript:
    """Return a hearing of 10 h: 9,000 segments, 108,000 words, one of its kind too large to be kept as a file."""
    text = "On the evening of the third, where were you, and who told you?"
    lines = tuple((f"S{1 + n // 5 % 9}", n * 4.0, n * 4.0 + 3.77, text) for n in range(9000))
    return _told(lines, "en")


if __name__ == "__main__":
    for name, transcript in CONVERSATIONS.items():
        for form, export in FORMATS.items():
            (GOLDEN / f"{name}.{form}").write_bytes(export.render(transcript))
