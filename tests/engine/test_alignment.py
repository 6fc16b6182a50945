from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

from appliance.engine.alignment import Aligner, Alphabet
from appliance.engine.recognized import RecognizedWindow
from appliance.engine.segment import Region
from appliance.engine.windows import Window
from appliance.errors import JobCancelled, ModelFileMissingError
from appliance.transcript import Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

CHARACTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ'"]
WINDOW = Window((Region(0.5, 4.5),))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wav2vec2 network of a few thousand random weights, as a set would hold a real one."""
    torch.manual_seed(5)
    place = tmp_path_factory.mktemp("aligner")
    config = Wav2Vec2Config(
        vocab_size=len(CHARACTERS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8,) * 7,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
    )
    Wav2Vec2ForCTC(config).save_pretrained(str(place), safe_serialization=True)
    (place / "vocab.json").write_text(json.dumps({text: column for column, text in enumerate(CHARACTERS)}))
    return place


@pytest.fixture(scope="session")
def aligner(folder: Path) -> Aligner:
    return Aligner.load(folder, "en", torch.device("cpu"))


@pytest.fixture(scope="session")
def noise() -> NDArray[np.int16]:
    return np.random.default_rng(5).integers(-300, 300, 5 * 16_000).astype(np.int16)


def recognized(text: str, window: Window = WINDOW) -> RecognizedWindow:
    words = tuple(
        Word(start=window.start_s, end=window.start_s, text=f" {part}", score=0.5, timed_by="attention")
        for part in text.split()
    )
    return RecognizedWindow(window, (), words, text, -0.2, 0.0, 1.0)


def align(
    aligner: Aligner,
    samples: NDArray[np.int16],
    text: str,
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> tuple[Word, ...]:
    (found,) = aligner.align(samples, [recognized(text)], progress)
    return found.words


def test_words_get_their_times_by_alignment(aligner: Aligner, noise: NDArray[np.int16]) -> None:
    words = align(aligner, noise, "Hello there. How are you?")
    assert [word.text for word in words] == [" Hello", " there.", " How", " are", " you?"]
    assert {word.timed_by for word in words} == {"alignment"}


def test_aligned_words_lie_in_their_window_one_behind_another(aligner: Aligner, noise: NDArray[np.int16]) -> None:
    words = align(aligner, noise, "Hello there. How are you?")
    assert all(WINDOW.start_s <= word.start < word.end <= WINDOW.end_s for word in words)
    assert all(before.end <= behind.start for before, behind in pairwise(words))


def test_a_number_is_aligned_as_whatever_is_heard(aligner: Aligner, noise: NDArray[np.int16]) -> None:
    words = align(aligner, noise, "Room 42 please")
    assert [word.timed_by for word in words] == ["alignment"] * 3


def test_a_text_in_another_script_keeps_its_times_by_attention(aligner: Aligner, noise: NDArray[np.int16]) -> None:
    text = "আপনি কেমন আছেন"
    assert align(aligner, noise, text) == recognized(text).words


def test_more_characters_than_moments_keep_their_times_by_attention(aligner: Aligner, noise: NDArray[np.int16]) -> None:
    text = "word " * 200
    assert align(aligner, noise, text) == recognized(text).words


def test_a_dash_between_words_keeps_its_time_by_attention(aligner: Aligner, noise: NDArray[np.int16]) -> None:
    words = align(aligner, noise, "Hello – there")  # noqa: RUF001 -- the dash is the test.
    assert [word.timed_by for word in words] == ["alignment", "attention", "alignment"]


def test_a_window_shorter_than_the_network_hears_is_aligned(aligner: Aligner, noise: NDArray[np.int16]) -> None:
    short = Window((Region(1.0, 1.02),))
    (found,) = aligner.align(noise, [recognized("a", short)], lambda _stage, _fraction: None)
    assert found.words[0].timed_by == "alignment"


def test_alignment_can_be_cancelled(aligner: Aligner, noise: NDArray[np.int16]) -> None:
    def cancel(_stage: str, _fraction: float) -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        align(aligner, noise, "Hello", cancel)


def test_a_language_without_spaces_has_no_breaks_between_words(tmp_path: Path) -> None:
    path = tmp_path / "vocab.json"
    path.write_text(json.dumps({"[PAD]": 0, "|": 1, "今": 2, "天": 3}), encoding="utf-8")
    alphabet = Alphabet.read(path, "zh")
    words = recognized("今 天").words
    assert alphabet.spell(words) == [(2, 0), (3, 1)]


def test_an_aligner_that_is_a_pickle_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "vocab.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(ModelFileMissingError, match=r"model\.safetensors"):
        Aligner.load(tmp_path, "en", torch.device("cpu"))
