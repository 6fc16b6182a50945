from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import torch
from pyannote.core import Annotation
from pyannote.core import Segment as Span
from pyannote.database.util import load_rttm
from pyannote.metrics.diarization import DiarizationErrorRate
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

from appliance.config import child_environment
from appliance.engine.models import digest
from appliance.engine.pipeline import Pipeline
from appliance.errors import JobCancelled, ModelSetMissingError
from appliance.options import TranscribeOptions
from appliance.transcript import Transcript, from_json, to_json

pytestmark = pytest.mark.models

THREADS = 2


def read_wav(path: Path) -> np.ndarray:
    with wave.open(str(path)) as source:
        return np.frombuffer(source.readframes(source.getnframes()), dtype=np.int16)


def nothing(_stage: str, _fraction: float) -> None:
    """Take progress and do nothing."""


@pytest.fixture(scope="module")
def pipeline(starter_set: Path) -> Pipeline:
    return Pipeline.load(starter_set, THREADS)


@pytest.fixture(scope="module")
def samples(sample_wav: Path) -> np.ndarray:
    return read_wav(sample_wav)


@pytest.fixture(scope="module")
def told_apart(pipeline: Pipeline, samples: np.ndarray) -> tuple[Transcript, dict[str, float], list[tuple[str, float]]]:
    reports: list[tuple[str, float]] = []
    transcript, seconds = pipeline.transcribe(
        samples, TranscribeOptions(), lambda stage, fraction: reports.append((stage, fraction))
    )
    return transcript, seconds, reports


def test_the_sample_becomes_a_transcript_with_two_speakers(
    told_apart: tuple[Transcript, dict[str, float], list[tuple[str, float]]], starter_set: Path
) -> None:
    transcript, _, _ = told_apart
    assert transcript.language == "en"
    assert transcript.duration_s == 30.0
    said = json.loads((starter_set / "set.json").read_text())
    assert transcript.model_set == f"{said['name']} {said['release']}"
    assert [speaker.name for speaker in transcript.speakers] == ["Speaker 1", "Speaker 2"]
    assert {segment.speaker for segment in transcript.segments} == {"S1", "S2"}
    spoken = " ".join(segment.text for segment in transcript.segments).lower()
    assert "hello" in spoken
    assert len(spoken.split()) > 50


def test_the_speakers_of_the_sample_are_found_within_ten_percent_of_error(
    told_apart: tuple[Transcript, dict[str, float], list[tuple[str, float]]], sample_wav: Path
) -> None:
    (reference,) = load_rttm(str(sample_wav.with_suffix(".rttm"))).values()
    found = Annotation()
    for number, turn in enumerate(told_apart[0].turns):
        found[Span(turn.start, turn.end), number] = turn.speaker
    assert DiarizationErrorRate()(reference, found, uem=Span(0, 30)) <= 0.10


def test_words_lie_in_their_segments_in_order(
    told_apart: tuple[Transcript, dict[str, float], list[tuple[str, float]]],
) -> None:
    transcript, _, _ = told_apart
    for segment in transcript.segments:
        starts = [word.start for word in segment.words]
        assert starts == sorted(starts)
        assert all(segment.start <= word.start <= word.end <= segment.end for word in segment.words)
        assert all(word.text in segment.text for word in segment.words)
    assert from_json(to_json(transcript)) == transcript


def test_every_stage_reports_its_progress_and_its_time(
    told_apart: tuple[Transcript, dict[str, float], list[tuple[str, float]]],
) -> None:
    _, seconds, reports = told_apart
    assert list(seconds) == ["segment", "language", "asr", "words", "embed", "diarize", "assign"]
    assert list(dict.fromkeys(stage for stage, _ in reports)) == ["segment", "language", "asr", "diarize"]
    for stage in ("segment", "language", "asr", "diarize"):
        fractions = [fraction for name, fraction in reports if name == stage]
        assert fractions == sorted(fractions)
        assert fractions[0] >= 0.0
        assert fractions[-1] <= 1.0


def test_without_diarization_nobody_is_told_apart(pipeline: Pipeline, samples: np.ndarray) -> None:
    transcript, seconds = pipeline.transcribe(samples, TranscribeOptions(language="en", diarize=False), nothing)
    assert transcript.speakers == ()
    assert transcript.turns == ()
    assert {segment.speaker for segment in transcript.segments} == {None}
    assert "embed" not in seconds
    assert len(transcript.segments) > 3


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (TranscribeOptions(language="en", speakers=1), 1),
        (TranscribeOptions(language="en", speakers=3), 3),
        (TranscribeOptions(language="en", max_speakers=1), 1),
        (TranscribeOptions(language="en", min_speakers=3), 3),
    ],
)
def test_the_number_of_speakers_asked_for_is_found(
    pipeline: Pipeline, samples: np.ndarray, options: TranscribeOptions, wanted: int
) -> None:
    transcript, _ = pipeline.transcribe(samples, options, nothing)
    assert len(transcript.speakers) == wanted


@pytest.mark.parametrize("diarize", [True, False])
@pytest.mark.parametrize("seconds", [0.0, 0.01, 12.0])
def test_silence_gives_no_text(pipeline: Pipeline, seconds: float, *, diarize: bool) -> None:
    silence = np.zeros(round(16_000 * seconds), dtype=np.int16)
    transcript, _ = pipeline.transcribe(silence, TranscribeOptions(diarize=diarize), nothing)
    assert (transcript.segments, transcript.turns, transcript.speakers) == ((), (), ())
    assert transcript.duration_s == pytest.approx(seconds, abs=1e-4)


@pytest.mark.parametrize("stage", ["segment", "asr", "diarize"])
def test_a_job_can_be_cancelled_in_every_stage(pipeline: Pipeline, samples: np.ndarray, stage: str) -> None:
    def cancel(current: str, _fraction: float) -> None:
        if current == stage:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        pipeline.transcribe(samples, TranscribeOptions(language="en"), cancel)


def test_a_second_attempt_uses_the_smaller_plan_and_finds_the_same_speakers(
    pipeline: Pipeline, samples: np.ndarray
) -> None:
    assert pipeline.plan.for_attempt(2).asr_batch < pipeline.plan.asr_batch
    transcript, _ = pipeline.transcribe(samples, TranscribeOptions(language="en"), nothing, attempt=2)
    assert len(transcript.speakers) == 2


def test_a_folder_without_a_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelSetMissingError):
        Pipeline.load(tmp_path, THREADS)


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # The temporary folder lies on another disk.
        shutil.copyfile(source, target)


def add_aligner(starter_set: Path, folder: Path) -> Path:
    """Make a set of hard links to the starter set, and a tiny random aligner for English besides."""
    shutil.copytree(starter_set, folder, copy_function=link_or_copy)
    aligner = folder / "aligner-en"
    characters = ["<pad>", "<s>", "</s>", "<unk>", "|", *"abcdefghijklmnopqrstuvwxyz'"]
    torch.manual_seed(0)
    layers = {"conv_dim": (8,) * 7, "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2}
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    Wav2Vec2ForCTC(Wav2Vec2Config(vocab_size=len(characters), **sizes, **layers)).save_pretrained(aligner)
    (aligner / "vocab.json").write_text(json.dumps({name: number for number, name in enumerate(characters)}))
    manifest = json.loads((folder / "set.json").read_text())
    manifest["roles"]["aligner/en"] = {
        "path": "aligner-en", "id": "tiny", "kind": "safetensors", "licence": "MIT", "origin": "made by a test"
    }  # fmt: skip
    for path in aligner.iterdir():
        manifest["files"][f"aligner-en/{path.name}"] = {"sha256": digest(path), "bytes": path.stat().st_size}
    (folder / "set.json").unlink()  # It is a link to the starter set's own.
    (folder / "set.json").write_text(json.dumps(manifest))
    return folder


def test_words_are_timed_by_alignment_where_the_set_has_an_aligner(
    starter_set: Path, tmp_path: Path, samples: np.ndarray
) -> None:
    aligning = Pipeline.load(add_aligner(starter_set, tmp_path / "set"), THREADS)
    options = TranscribeOptions(language="en", diarize=False)
    transcript, _ = aligning.transcribe(samples, options, nothing)
    timed_by = [word.timed_by for segment in transcript.segments for word in segment.words]
    assert timed_by.count("alignment") > 0.8 * len(timed_by)
    assert transcript.models["aligner/en"] == "tiny"


CAGED = """
import sys
from pathlib import Path
from appliance import cage
from appliance.config import scratch_folder
cage.seal_engine(readable=[Path(sys.argv[1]), Path(sys.argv[2])], writable=[scratch_folder()], allow_weaker=True)
import wave
import numpy as np
from appliance.engine.pipeline import Pipeline
from appliance.options import TranscribeOptions
pipeline = Pipeline.load(Path(sys.argv[1]), 2)
with wave.open(sys.argv[2]) as source:
    samples = np.frombuffer(source.readframes(source.getnframes()), dtype=np.int16)
for diarize in (True, False):
    transcript, _ = pipeline.transcribe(samples[:320_000], TranscribeOptions(diarize=diarize), lambda *_: None)
    print(len(transcript.segments), len(transcript.speakers))
"""


def test_the_pipeline_runs_under_the_seal_of_the_engine(starter_set: Path, sample_wav: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CAGED, str(starter_set), str(sample_wav)],
        env=child_environment(THREADS),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (with_speakers, speakers), (without, nobody) = (map(int, line.split()) for line in done.stdout.splitlines()[-2:])
    assert with_speakers > 0
    assert without > 0
    assert (speakers, nobody) == (2, 0)
