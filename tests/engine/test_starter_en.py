"""The second starter set: English only, and it says so before it writes English for another language."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from appliance.engine.building import whisper_languages
from appliance.engine.catalog import fingerprint, load_catalog
from appliance.engine.models import ModelSet
from appliance.engine.pipeline import Pipeline
from appliance.errors import UnknownLanguageError
from appliance.options import TranscribeOptions
from tests.conftest import REPOSITORY
from tests.engine.starter_en import starter_en
from tests.engine.test_pipeline import nothing, read_wav

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline.load(starter_en(), 2)


@pytest.fixture(scope="module")
def samples(sample_wav: Path) -> np.ndarray:
    return read_wav(sample_wav)


def tokenizer(folder: Path, first: int, lang_ids: list[int]) -> Path:
    tokens = [{"id": first + at, "content": f"<|{code}|>"} for at, code in enumerate(("en", "zh", "de"))]
    (folder / "tokenizer.json").write_text(json.dumps({"added_tokens": tokens}))
    (folder / "config.json").write_text(json.dumps({"lang_ids": lang_ids}))
    return folder


def test_a_model_for_english_only_is_not_taken_for_one_of_all_languages(tmp_path: Path) -> None:
    # Conversions of such models list ninety-eight numbers all the same.
    assert whisper_languages(tokenizer(tmp_path, 50_258, [50_259, 50_260])) == ("en",)


def test_a_model_of_many_languages_keeps_those_that_it_numbers(tmp_path: Path) -> None:
    assert whisper_languages(tokenizer(tmp_path, 50_259, [50_259, 50_261])) == ("de", "en")


def test_the_set_is_english_only_and_of_the_recipe_in_the_catalog() -> None:
    made = ModelSet.open(starter_en())
    assert made.languages == ("en",)
    assert made.manifest.catalog == fingerprint(
        load_catalog(REPOSITORY / "models" / "catalog.toml").packages("starter-en")
    )
    model = made.manifest.files["asr/model.bin"]
    assert model.sha256 == "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"


def test_both_starter_sets_tell_speakers_apart_by_the_same_files(starter_set: Path) -> None:
    first, second = ModelSet.open(starter_set).manifest.files, ModelSet.open(starter_en()).manifest.files
    shared = {name for name in first if name.startswith(("segmentation/", "embedding/", "clustering/"))}
    assert {name: second[name] for name in shared} == {name: first[name] for name in shared}


@pytest.mark.parametrize("language", [None, "en"])
def test_it_transcribes_english_without_being_told(
    pipeline: Pipeline, samples: np.ndarray, language: str | None
) -> None:
    transcript, _ = pipeline.transcribe(samples, TranscribeOptions(language=language, diarize=False), nothing)
    said = " ".join(segment.text for segment in transcript.segments).lower()
    assert transcript.language == "en"
    assert "diane" in said or "hello" in said


def test_another_language_is_refused_in_words_before_anything_is_heard(pipeline: Pipeline, samples: np.ndarray) -> None:
    heard: list[str] = []
    with pytest.raises(UnknownLanguageError, match=r"whisper-tiny\.en .* bn"):
        pipeline.transcribe(samples, TranscribeOptions(language="bn"), lambda stage, _: heard.append(stage))
    assert heard == []


def test_no_image_ever_holds_the_second_set() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text().splitlines()
    assert ignored.index("models/starter-en/") > ignored.index("!models/")
