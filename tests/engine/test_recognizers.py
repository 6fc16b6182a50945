"""Several speech models in a set, on the real engine: the starter set with its model a second time, as another role."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from appliance.engine.asr import Recognizer
from appliance.engine.pipeline import Pipeline
from appliance.errors import JobCancelled, OutOfMemoryError, UnknownLanguageError
from appliance.options import TranscribeOptions
from tests.engine.test_pipeline import THREADS, nothing, read_wav

pytestmark = pytest.mark.models

PLAIN: dict[str, Any] = {"diarize": False, "language": "en"}


def set_with(starter: Path, folder: Path, *names: str) -> Path:
    """Return a set in which the starter's speech model stands under further names, each for English alone."""
    shutil.copytree(starter, folder, copy_function=os.link)
    said: dict[str, Any] = json.loads((folder / "set.json").read_text())
    for name in names:
        shutil.copytree(folder / "asr", folder / f"asr-{name}", copy_function=os.link)
        role = said["roles"]["asr"] | {"path": f"asr-{name}", "id": f"whisper-{name}", "languages": ["en"]}
        said["roles"][f"asr/{name}"] = role
        files = {path: file for path, file in said["files"].items() if path.startswith("asr/")}
        said["files"] |= {path.replace("asr/", f"asr-{name}/", 1): file for path, file in files.items()}
    (folder / "set.json").unlink()
    (folder / "set.json").write_text(json.dumps(said))
    return folder


@pytest.fixture(scope="module")
def pipeline(starter_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    folder = tmp_path_factory.mktemp("sets") / "three"
    return Pipeline.load(set_with(starter_set, folder, "fast", "accurate"), THREADS)


@pytest.fixture
def samples(sample_wav: Path, pipeline: Pipeline) -> np.ndarray:
    pipeline.recognizers.drop_others()
    return read_wav(sample_wav)[: 12 * 16_000]


def test_only_the_default_is_loaded_before_another_is_wanted(pipeline: Pipeline, samples: np.ndarray) -> None:
    transcript, _ = pipeline.transcribe(samples, TranscribeOptions(**PLAIN), nothing)
    assert transcript.models["asr"] == "whisper-base"
    assert pipeline.recognizers.others == frozenset()


def test_the_chosen_one_hears_the_words_and_is_named(pipeline: Pipeline, samples: np.ndarray) -> None:
    transcript, _ = pipeline.transcribe(samples, TranscribeOptions(model="fast", **PLAIN), nothing)
    assert transcript.models["asr"] == "whisper-fast"
    assert not any(role.startswith("asr/") for role in transcript.models)
    assert transcript.segments
    assert pipeline.recognizers.others == {"asr/fast"}


def test_at_most_one_other_is_in_memory(pipeline: Pipeline, samples: np.ndarray) -> None:
    for name in ("fast", "accurate", "fast"):
        pipeline.transcribe(samples, TranscribeOptions(model=name, **PLAIN), nothing)
        assert pipeline.recognizers.others == {f"asr/{name}"}


def test_one_that_the_set_lost_meanwhile_is_replaced_by_the_default(pipeline: Pipeline, samples: np.ndarray) -> None:
    transcript, _ = pipeline.transcribe(samples, TranscribeOptions(model="gone", **PLAIN), nothing)
    assert transcript.models["asr"] == "whisper-base"


def test_a_language_that_the_chosen_one_lacks_ends_the_job_in_words(pipeline: Pipeline, samples: np.ndarray) -> None:
    with pytest.raises(UnknownLanguageError, match="whisper-fast does not know this language: bn"):
        pipeline.transcribe(samples, TranscribeOptions(model="fast", language="bn"), nothing)


class Full:
    """A progress that finds no memory for speech recognition, so many times."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __call__(self, stage: str, _fraction: float) -> None:
        if stage == "asr" and self.times:
            self.times -= 1
            raise OutOfMemoryError


def test_where_memory_runs_out_another_job_s_model_gives_its_own(pipeline: Pipeline, samples: np.ndarray) -> None:
    pipeline.transcribe(samples, TranscribeOptions(model="fast", **PLAIN), nothing)
    transcript, _ = pipeline.transcribe(samples, TranscribeOptions(**PLAIN), Full(times=1))
    assert transcript.segments
    assert pipeline.recognizers.others == frozenset()


def test_where_that_is_not_enough_the_job_ends_with_a_reason(pipeline: Pipeline, samples: np.ndarray) -> None:
    pipeline.transcribe(samples, TranscribeOptions(model="fast", **PLAIN), nothing)
    with pytest.raises(OutOfMemoryError):
        pipeline.transcribe(samples, TranscribeOptions(**PLAIN), Full(times=2))


def test_a_chosen_model_that_found_no_room_is_not_kept(pipeline: Pipeline, samples: np.ndarray) -> None:
    with pytest.raises(OutOfMemoryError):
        pipeline.transcribe(samples, TranscribeOptions(model="fast", **PLAIN), Full(times=1))
    assert pipeline.recognizers.others == frozenset()


def test_one_that_cannot_even_be_loaded_ends_the_job_with_the_same_reason(
    pipeline: Pipeline, samples: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> Recognizer:
        raise RuntimeError("CUDA failed with error out of memory")

    monkeypatch.setattr(Recognizer, "load", full)
    with pytest.raises(OutOfMemoryError):
        pipeline.transcribe(samples, TranscribeOptions(model="fast", **PLAIN), nothing)


def test_a_cancelled_job_is_not_begun_again(pipeline: Pipeline, samples: np.ndarray) -> None:
    def cancel(_stage: str, _fraction: float) -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        pipeline.transcribe(samples, TranscribeOptions(model="fast", **PLAIN), cancel)
