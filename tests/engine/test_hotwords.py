"""Names and terms before the text of every window: with a tokenizer of our own, and with Whisper on real speech."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from appliance.engine.asr import Recognizer, _Task
from appliance.engine.decoding import LIKELIEST, WITHOUT_LOOPS, Decoding
from appliance.engine.hotwords import MAX_TOKENS, Hotwords, is_echo
from appliance.engine.pipeline import Pipeline
from appliance.engine.recognized import RecognizedWindow
from appliance.engine.segment import Region
from appliance.engine.windows import Window
from appliance.options import TranscribeOptions
from appliance.transcript import Transcript, Word
from tests.engine.test_asr import PLAN, all_of, ignore, read_corpus, read_wav, text_of
from tests.engine.test_pipeline import THREADS

COMMAND = 500


def letters(text: str) -> list[int]:
    """Return a token a letter; a "#" is a command."""
    return [COMMAND if letter == "#" else 1 for letter in text]


def test_terms_are_taken_in_their_order_and_none_is_cut() -> None:
    taken = Hotwords.fitting(["Amina Rahman", "Mill Lane"], letters, COMMAND)
    assert taken == Hotwords("Amina Rahman, Mill Lane", given=2, used=2)
    long = Hotwords.fitting(["a" * 100, "b" * 100, "c" * 100, "d"], letters, COMMAND)
    assert long == Hotwords("a" * 100 + ", " + "b" * 100, given=4, used=2)
    assert len(letters(" " + long.text)) <= MAX_TOKENS


def test_a_term_of_exactly_the_room_fits_and_one_more_letter_does_not() -> None:
    assert Hotwords.fitting(["a" * (MAX_TOKENS - 1)], letters, COMMAND).used == 1
    assert Hotwords.fitting(["a" * MAX_TOKENS], letters, COMMAND).used == 0


def test_a_term_with_a_command_in_it_is_left_out_and_the_others_stay() -> None:
    assert Hotwords.fitting(["one", "t#o", "three"], letters, COMMAND) == Hotwords("one, three", given=3, used=2)


def heard(*words: str, joined_by: str = " ") -> RecognizedWindow:
    """Return a window with some words in it, as they are aligned."""
    text = joined_by.join(words)
    timed = tuple(Word(start=0.0, end=1.0, text=word, score=0.9, timed_by="attention") for word in words)
    return RecognizedWindow(Window((Region(0.0, 5.0),)), (1,), timed, text, -0.2, 0.0, 1.0)


def test_words_of_bengali_are_whole_and_do_not_fall_apart_at_their_vowel_signs() -> None:
    hotwords = Hotwords("আমিনা রহমান", given=1, used=1)
    assert hotwords.may_have_harmed(heard("আমিনা", "রহমান।"))
    assert not hotwords.may_have_harmed(heard("রা", "আমার", "না"))  # Of "রহমান" and "আমিনা" only letters are in these.
    assert not hotwords.may_have_harmed(heard("কলিকাতা", "কলিকাতা"))  # One word twice is no sentence twice.


def test_a_sentence_said_twice_is_doubted_in_a_language_without_spaces_too() -> None:
    hotwords = Hotwords("张伟", given=1, used=1)
    twice, once = heard(*"我们走吧。", *"我们走吧。", joined_by=""), heard(*"我们走吧。", joined_by="")
    assert hotwords.may_have_harmed(twice)
    assert is_echo(twice, once)
    assert not hotwords.may_have_harmed(once)


def test_a_window_in_which_the_terms_hid_what_was_said_is_heard_without_them() -> None:
    hotwords = Hotwords("Dihann", given=1, used=1)
    assert hotwords.may_have_harmed(heard())
    assert is_echo(heard(), heard("This", "is", "Diane."))


@pytest.mark.models
def test_terms_that_fill_their_half_take_no_room_from_the_text(recognizer: Recognizer) -> None:
    noise = np.random.default_rng(0).integers(-9_000, 9_000, 6 * 16_000, dtype=np.int16)
    room = []
    for hotwords in (Hotwords(), recognizer.hotwords(["a b", *["a"] * 200], "en")):
        task = _Task(noise, recognizer._tokenizer("en"), ignore, 6.0, hotwords)
        prompt = recognizer._prompt(task, LIKELIEST)
        encoded = recognizer._encode(recognizer._features_of(noise, all_of(noise), LIKELIEST))
        endless = [-1, task.tokenizer.eot]
        [found] = recognizer._model.model.generate(encoded, [prompt], max_length=448, suppress_tokens=endless)
        room.append(len(found.sequences_ids[0]))
    assert len(prompt) == 448 // 2
    assert room == [224, 224]


@pytest.mark.models
def test_what_is_heard_instead_of_a_loop_is_held_against_the_terms_too(
    recognizer: Recognizer, sample_wav: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = read_wav(sample_wav)[int(9.8 * 16_000) : 18 * 16_000]
    hotwords = recognizer.hotwords(["Dihann"], "en")
    asked = []

    def decode(_self: Recognizer, _task: _Task, batch: list[Window], decoding: Decoding) -> list[RecognizedWindow]:
        asked.append(decoding)
        echo, said = heard(*["Dihann"] * 7), heard("We", "met", "in", "Chicago.")
        is_loop = decoding.no_repeat_ngram == 0
        return [heard(*["so"] * 7) if is_loop else echo if decoding.knows_terms else said for _ in batch]

    monkeypatch.setattr(Recognizer, "_decode", decode)
    text = text_of(recognizer.recognize(samples, all_of(samples), "en", ignore, hotwords))
    assert "Chicago" in text
    assert "Dihann" not in text
    assert asked[-1] == replace(WITHOUT_LOOPS, knows_terms=False)


@pytest.fixture(scope="module")
def pipeline(starter_set: Path) -> Pipeline:
    return Pipeline.load(starter_set, THREADS)


@pytest.fixture(scope="module")
def recognizer(starter_set: Path) -> Recognizer:
    return Recognizer.load(starter_set / "asr", PLAN)


@pytest.fixture(scope="module")
def call(sample_wav: Path) -> np.ndarray:
    """The call twice, so that "This is Diane in New Jersey" is heard in two windows or more."""
    samples = read_wav(sample_wav)
    return np.concatenate([samples, samples])


def transcribed(pipeline: Pipeline, call: np.ndarray, *terms: str) -> Transcript:
    options = TranscribeOptions(language="en", diarize=False)
    return pipeline.transcribe(call, options, ignore, vocabulary=terms)[0]


def said(transcript: Transcript, from_s: float, to_s: float) -> str:
    return " ".join(segment.text for segment in transcript.segments if from_s <= segment.start < to_s)


@pytest.mark.models
def test_a_name_is_spelled_as_the_vocabulary_has_it_in_the_first_window_and_in_a_later_one(
    pipeline: Pipeline, call: np.ndarray
) -> None:
    plain = transcribed(pipeline, call)
    known = transcribed(pipeline, call, "Dihann", "Kaethe")
    for from_s, to_s in ((0.0, 30.0), (30.0, 60.0)):
        assert "Diane" in said(plain, from_s, to_s)
        assert "Dihann" not in said(plain, from_s, to_s)
        assert "Dihann" in said(known, from_s, to_s)
    assert (plain.terms_given, plain.terms_used) == (0, 0)
    assert (known.terms_given, known.terms_used) == (2, 2)


@pytest.mark.models
def test_the_terms_stand_before_every_window_at_both_temperatures(recognizer: Recognizer, call: np.ndarray) -> None:
    hotwords = recognizer.hotwords(["Dihann", "Kaethe"], "en")
    task = _Task(call, recognizer._tokenizer("en"), ignore, 60.0, hotwords)
    expected = task.tokenizer.encode(" Dihann, Kaethe")
    for decoding in (LIKELIEST, WITHOUT_LOOPS):
        prompt = recognizer._prompt(task, decoding)
        assert prompt[0] == task.tokenizer.sot_prev
        assert prompt[1 : 1 + len(expected)] == expected
        assert recognizer._prompt(task, replace(decoding, knows_terms=False)) == list(task.tokenizer.sot_sequence)


@pytest.mark.models
def test_a_full_vocabulary_of_like_names_does_not_take_the_place_of_what_is_said(
    pipeline: Pipeline, call: np.ndarray
) -> None:
    known = transcribed(pipeline, call, "Dihann", *(f"Kaethe{number}" for number in range(190)))
    assert 40 <= known.terms_used < known.terms_given == 191
    for from_s, to_s in ((0.0, 30.0), (30.0, 60.0)):
        assert "New Jersey" in said(known, from_s, to_s)
        assert "Kaethe" not in said(known, from_s, to_s)


@pytest.mark.models
@pytest.mark.parametrize("term", ["Diahann", "Amina Rahman", "Kaethe"])
def test_in_silence_no_term_is_heard(recognizer: Recognizer, term: str) -> None:
    silence = np.zeros(5 * 16_000, dtype=np.int16)
    hotwords = recognizer.hotwords([term], "en")
    assert hotwords.used == 1
    assert recognizer.recognize(silence, all_of(silence), "en", ignore, hotwords) == []


@pytest.mark.models
@pytest.mark.parametrize("command", ["<|endoftext|>", "<|startoftranscript|>", "x <|nospeech|> y", "<|30.00|>"])
def test_a_command_of_whisper_is_no_term_and_changes_nothing(
    recognizer: Recognizer, sample_wav: Path, command: str
) -> None:
    hotwords = recognizer.hotwords([command, "Chicago"], "en")
    assert hotwords == Hotwords("Chicago", given=2, used=1)
    samples = read_wav(sample_wav)[int(9.8 * 16_000) : 18 * 16_000]
    assert "Chicago" in text_of(recognizer.recognize(samples, all_of(samples), "en", ignore, hotwords))


@pytest.mark.models
def test_a_short_sentence_is_not_said_twice_because_something_stands_before_it(recognizer: Recognizer) -> None:
    samples = read_corpus("asr/en_sb_spk2_snt2.wav")
    names = ["Dieter Brzezinski", "Xenia Eklund", "Elif Brzezinski", "Marek Nakagawa", "Hanna Mukherjee"]
    hotwords = recognizer.hotwords(names * 4, "en")
    text = text_of(recognizer.recognize(samples, all_of(samples), "en", ignore, hotwords))
    assert text.lower().count("what joy") == 1
