"""Word and diarization errors: the same figures as the tools of the field give, within bounds."""

from __future__ import annotations

import random
import time
import tracemalloc
from itertools import permutations

import jiwer
import pytest
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

from appliance.bundles import scoring
from appliance.bundles.scoring import Counts, SpeakerErrors, speaker_errors, word_errors, words_of
from appliance.transcript import Transcript
from tests.bundles.transcripts import said
from tests.conftest import corpus_file

VOCABULARY = ("the", "a", "nurse", "court", "said", "so", "no", "yes", "Tuesday", "বাংলা")


def turned(*turns: tuple[float, float, str]) -> Transcript:
    return said("", turns=turns)


def random_words(chance: random.Random, most: int) -> list[str]:
    return [chance.choice(VOCABULARY) for _ in range(chance.randint(0, most))]


@pytest.mark.parametrize("block_words", [1, 3, 8_192])
def test_random_texts_have_the_errors_that_jiwer_counts(monkeypatch: pytest.MonkeyPatch, block_words: int) -> None:
    monkeypatch.setattr(scoring, "BLOCK_WORDS", block_words)
    chance = random.Random(block_words)
    for _ in range(400):
        expected, found = random_words(chance, 25) or ["so"], random_words(chance, 25)
        theirs = jiwer.process_words(" ".join(expected), " ".join(found))
        errors = theirs.substitutions + theirs.deletions + theirs.insertions
        assert word_errors(said(" ".join(expected)), said(" ".join(found))) == Counts(
            errors=errors, words=len(expected)
        )


def test_a_long_text_with_few_errors_has_the_errors_that_jiwer_counts() -> None:
    chance = random.Random(5)
    expected = [chance.choice(VOCABULARY) for _ in range(9_000)]  # More than a block.
    found = [word for word in expected if chance.random() > 0.05] + ["so"] * 7
    counts = word_errors(said(" ".join(expected)), said(" ".join(found)))
    assert counts.rate == pytest.approx(jiwer.wer(" ".join(expected), " ".join(found)))


def test_real_texts_have_the_rate_of_jiwer() -> None:
    transcript = corpus_file("synth/syn_4spk_10min.txt").read_text(encoding="utf-8")
    expected = said(transcript)
    found = said(transcript.replace("the", "a").replace(",", "").upper())
    theirs = jiwer.wer(" ".join(words_of(expected, "en")), " ".join(words_of(found, "en")))
    assert 0 < word_errors(expected, found).rate == pytest.approx(theirs)


def test_an_hour_of_speech_is_compared_in_seconds_and_a_few_megabytes() -> None:
    chance = random.Random(1)
    expected = [f"w{chance.randrange(4_000)}" for _ in range(10_000)]
    found = [word if chance.random() > 0.2 else "other" for word in expected]
    reference, hypothesis = said(" ".join(expected)), said(" ".join(found))
    started = time.process_time()
    assert word_errors(reference, hypothesis).words == 10_000
    assert time.process_time() - started < 10
    tracemalloc.start()
    word_errors(reference, hypothesis)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 40 * 2**20


def test_characters_are_counted_in_a_language_without_spaces() -> None:
    expected = said("今日は、雨です。", language="ja")
    assert word_errors(expected, said("今日は 晴れ です", language="ja")) == Counts(errors=2, words=6)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Don't — STOP!", ["dont", "stop"]),
        ("don\u2019t stop", ["dont", "stop"]),
        ("twenty-two, 3.5 %", ["twenty", "two", "3", "5"]),
        ("Straße \ufb01ne \uff21\uff22\uff23", ["strasse", "fine", "abc"]),
        ("হ্যাঁ, বাংলা।", ["হ্যাঁ", "বাংলা"]),
        ("na\u00efve nai\u0308ve", ["naïve", "naïve"]),
        ("zero\u200bwidth\u00ad", ["zerowidth"]),
        ("… — !", []),
    ],
)
def test_spelling_that_is_not_heard_does_not_count(written: str, read: list[str]) -> None:
    assert words_of(said(written), "en") == read


def test_words_that_nobody_said_are_all_errors() -> None:
    assert (word_errors(said(""), said("hello there")).rate, word_errors(said(""), said("")).rate) == (1.0, 0.0)


def test_words_that_nobody_heard_are_all_errors() -> None:
    assert word_errors(said("hello there"), said("")) == Counts(errors=2, words=2)


def test_more_words_than_were_said_give_a_rate_above_one() -> None:
    assert word_errors(said("hello"), said("well hello there you")).rate == 3.0


def random_turns(chance: random.Random, speakers: str) -> list[tuple[float, float, str]]:
    starts = [round(chance.uniform(0, 60), 2) for _ in range(chance.randint(0, 25))]
    return [(start, round(start + chance.uniform(0.05, 9), 2), chance.choice(speakers)) for start in starts]


def as_annotation(transcript: Transcript) -> Annotation:
    annotation = Annotation()
    for number, turn in enumerate(transcript.turns):
        annotation[Segment(turn.start, turn.end), number] = turn.speaker
    return annotation.support()  # Nobody speaks twice at once.


def assert_as_pyannote(reference: Transcript, found: Transcript, collar_s: float) -> None:
    everything = Timeline([Segment(-1, 1_000)])
    metric = DiarizationErrorRate(collar=2 * collar_s, skip_overlap=False)
    theirs = metric(as_annotation(reference), as_annotation(found), uem=everything, detailed=True)
    ours = speaker_errors(reference, found, collar_s)
    assert ours.speech_s == pytest.approx(theirs["total"], abs=1e-6)
    assert ours.missed_s == pytest.approx(theirs["missed detection"], abs=1e-6)
    assert ours.invented_s == pytest.approx(theirs["false alarm"], abs=1e-6)
    assert ours.confused_s == pytest.approx(theirs["confusion"], abs=1e-6)


@pytest.mark.parametrize("collar_s", [0.0, 0.125, 0.5])
def test_random_turns_have_the_errors_that_pyannote_measures(collar_s: float) -> None:
    chance = random.Random(3)
    for _ in range(60):
        reference = turned(*random_turns(chance, "ABCDE"[: chance.randint(1, 5)]))
        found = turned(*random_turns(chance, "vwxyz"[: chance.randint(1, 5)]))
        assert_as_pyannote(reference, found, collar_s)


@pytest.mark.parametrize("seed", range(20))
def test_the_best_names_for_the_speakers_are_the_ones_that_trying_all_would_find(seed: int) -> None:
    chance = random.Random(seed)
    rows, columns = chance.randint(1, 4), chance.randint(4, 6)
    gains = [[float(chance.randint(0, 30)) for _ in range(columns)] for _ in range(rows)]
    most = max(
        sum(gains[row][column] for row, column in enumerate(order)) for order in permutations(range(columns), rows)
    )
    assert sum(gains[row][column] for row, column in scoring._assignment(gains)) == most


def test_real_turns_have_the_errors_that_pyannote_measures() -> None:
    lines = corpus_file("synth/syn_4spk_10min.rttm").read_text(encoding="utf-8").splitlines()
    fields = [line.split() for line in lines]
    turns = [(float(field[3]), float(field[3]) + float(field[4]), field[7]) for field in fields]
    late = [(start + 0.3, end + 0.2, "x" if n % 9 == 0 else name) for n, (start, end, name) in enumerate(turns)]
    assert_as_pyannote(turned(*turns), turned(*late), 0.125)


def test_fifty_speakers_are_told_apart_in_good_time() -> None:
    chance = random.Random(2)
    turns = [(n * 0.5, n * 0.5 + 0.7, f"R{chance.randrange(50)}") for n in range(8_000)]
    found = [(start, end, f"H{chance.randrange(50)}") for start, end, _ in turns]
    started = time.process_time()
    assert speaker_errors(turned(*turns), turned(*found)).confused_s > 0
    assert time.process_time() - started < 10


def test_turns_that_nobody_had_are_all_errors() -> None:
    assert speaker_errors(turned(), turned()).rate == 0.0
    assert speaker_errors(turned(), turned((0, 3, "S1"))) == SpeakerErrors(
        speech_s=0.0, missed_s=0.0, invented_s=3.0, confused_s=0.0
    )
    assert speaker_errors(turned(), turned((0, 3, "S1"))).rate == 1.0


def test_turns_that_nobody_found_are_all_missed() -> None:
    assert speaker_errors(turned((0, 3, "A"), (2, 4, "B")), turned()).rate == 1.0


def test_a_turn_without_length_is_nothing() -> None:
    assert speaker_errors(turned((0, 3, "A")), turned((0, 3, "x"), (1, 1, "y"), (2, 1, "z"))).rate == 0.0


def test_one_speaker_found_twice_at_once_is_one_speaker() -> None:
    assert speaker_errors(turned((0, 4, "A")), turned((0, 3, "x"), (2, 4, "x"))).errors_s == 0.0
