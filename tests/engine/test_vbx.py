from __future__ import annotations

import resource
import wave
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from pyannote.audio.pipelines.clustering import VBxClustering
from pyannote.core import Annotation
from pyannote.core import Segment as Span
from pyannote.database.util import load_rttm
from pyannote.metrics.diarization import DiarizationErrorRate

from appliance.engine.diarize import NOBODY, ClusteringPlan, diarize, group_voices, read_clustering
from appliance.engine.embed import Embedder
from appliance.engine.segment import Segmentation, Segmenter, SpeechScores
from appliance.engine.vbx import VbxPlan, vbx_clusters
from appliance.options import TranscribeOptions
from appliance.transcript import SpeakerTurn
from tests.simulators.conversation import CONVERSATION, pretend
from tests.simulators.networks import EMBEDDING_DIMENSION, plda_archives

CONFIG = '{"algorithm": "vbx", "threshold": 0.6, "fa": 0.07, "fb": 0.8, "window_step_s": 1.0}'


def read_plan(folder: Path, dimension: int) -> VbxPlan:
    for path, content in plda_archives(dimension).items():
        (folder / path.rpartition("/")[2]).write_bytes(content)
    (folder / "config.json").write_text(CONFIG)
    found = read_clustering(folder)
    assert isinstance(found, VbxPlan)
    return found


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> VbxPlan:
    return read_plan(tmp_path_factory.mktemp("clustering"), EMBEDDING_DIMENSION)


def tell_apart(plan: VbxPlan, options: TranscribeOptions | None = None) -> tuple[SpeakerTurn, ...]:
    segmentation, embeddings = pretend(*CONVERSATION, duration_s=60.0, dimension=EMBEDDING_DIMENSION)
    return diarize(segmentation, embeddings, plan, options or TranscribeOptions(), lambda _: None)


def speakers(turns: tuple[SpeakerTurn, ...]) -> set[str]:
    return {turn.speaker for turn in turns}


def test_the_plan_comes_from_the_set(plan: VbxPlan) -> None:
    assert (plan.threshold, plan.fa, plan.fb, plan.window_step_s) == (0.6, 0.07, 0.8, 1.0)


def test_a_set_without_an_algorithm_is_grouped_as_the_starter_set(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"method": "centroid", "threshold": 0.7, "min_cluster_size": 12}')
    assert read_clustering(tmp_path) == ClusteringPlan("centroid", 0.7, 12, window_step_s=2.0)


def test_three_voices_become_three_speakers(plan: VbxPlan) -> None:
    turns = tell_apart(plan)
    assert [turn.speaker for turn in turns] == ["S1", "S2", "S3", "S1", "S2"]
    assert [(turn.start, turn.end) for turn in turns] == [pytest.approx(part[:2], abs=0.05) for part in CONVERSATION]


@pytest.mark.parametrize("wanted", [1, 2, 3, 4])
def test_an_exact_number_of_speakers_is_honoured(plan: VbxPlan, wanted: int) -> None:
    assert len(speakers(tell_apart(plan, TranscribeOptions(speakers=wanted)))) == wanted


@pytest.mark.parametrize(("most", "found"), [(1, 1), (2, 2), (9, 3)])
def test_a_maximum_of_speakers_is_honoured(plan: VbxPlan, most: int, found: int) -> None:
    assert len(speakers(tell_apart(plan, TranscribeOptions(max_speakers=most)))) == found


@pytest.mark.parametrize(("least", "found"), [(2, 3), (3, 3), (4, 4)])
def test_a_minimum_of_speakers_is_honoured(plan: VbxPlan, least: int, found: int) -> None:
    assert len(speakers(tell_apart(plan, TranscribeOptions(min_speakers=least)))) == found


def test_more_speakers_than_voices_are_not_invented(plan: VbxPlan) -> None:
    segmentation, embeddings = pretend((1.0, 9.0, 0), duration_s=10.0, dimension=EMBEDDING_DIMENSION)
    turns = diarize(segmentation, embeddings, plan, TranscribeOptions(speakers=5), lambda _: None)
    assert speakers(turns) == {"S1"}


def test_voices_that_hardly_speak_alone_are_told_apart_where_two_are_asked_for(plan: VbxPlan) -> None:
    parts = ((1.0, 2.5, 0), (3.0, 4.5, 1))
    segmentation, embeddings = pretend(*parts, duration_s=10.0, dimension=EMBEDDING_DIMENSION)
    turns = diarize(segmentation, embeddings, plan, TranscribeOptions(speakers=2), lambda _: None)
    assert [turn.speaker for turn in turns] == ["S1", "S2"]


def test_silence_has_no_turns(plan: VbxPlan) -> None:
    segmentation, embeddings = pretend((0.0, 0.0, 0), duration_s=30.0, dimension=EMBEDDING_DIMENSION)
    assert diarize(segmentation, embeddings, plan, TranscribeOptions(), lambda _: None) == ()


def test_a_voice_that_is_hardly_heard_belongs_to_nobody(plan: VbxPlan) -> None:
    segmentation, embeddings = pretend(*CONVERSATION, duration_s=60.0, dimension=EMBEDDING_DIMENSION)
    embeddings[3, 0] = np.nan
    assert group_voices(segmentation, embeddings, plan, TranscribeOptions())[3, 0] == NOBODY


def test_voices_are_grouped_as_the_library_groups_them(plan: VbxPlan) -> None:
    segmentation, embeddings = pretend(*CONVERSATION, duration_s=60.0, dimension=EMBEDDING_DIMENSION)
    embeddings += 0.1 * np.random.default_rng(2).standard_normal(embeddings.shape).astype(np.float32)
    library = VBxClustering(plan.plda)
    library.instantiate({"threshold": plan.threshold, "Fa": plan.fa, "Fb": plan.fb})
    shown = SimpleNamespace(data=segmentation.local)
    expected, _, _ = library(embeddings, segmentations=shown, min_clusters=1, max_clusters=99)
    assert (vbx_clusters(segmentation.local, embeddings, plan, TranscribeOptions(), every=1) == expected).all()


def test_twenty_thousand_windows_are_grouped_in_bounded_memory(plan: VbxPlan) -> None:
    n_windows = 20_000
    random = np.random.default_rng(5)
    centres = random.standard_normal((6, EMBEDDING_DIMENSION)).astype(np.float32)
    owner = np.repeat(random.integers(0, 6, n_windows // 10), 10)
    embeddings = np.full((n_windows, 3, EMBEDDING_DIMENSION), np.nan, dtype=np.float32)
    noise = random.standard_normal((n_windows, EMBEDDING_DIMENSION), dtype=np.float32)
    embeddings[:, 0] = centres[owner] + 0.4 * noise
    local = np.zeros((n_windows, 20, 3), dtype=np.uint8)
    local[:, :, 0] = 1
    first_frames = np.arange(n_windows, dtype=np.int64) * 2
    ones = np.ones(int(first_frames[-1]) + 20, dtype=np.float32)
    segmentation = Segmentation(local, first_frames, 1.0, SpeechScores(ones, 0.25, 0.5), ones, 20_000.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clusters = group_voices(segmentation, embeddings, plan, TranscribeOptions())
    grown_kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    pairs = {(int(one), int(other)) for one, other in zip(owner, clusters[:, 0], strict=True)}
    assert len(pairs) == 6
    assert grown_kilobytes < 1_200_000


@pytest.mark.models
def test_the_two_women_of_the_sample_are_told_apart_by_their_real_voices(
    starter_set: Path, sample_wav: Path, tmp_path: Path
) -> None:
    with wave.open(str(sample_wav)) as source:
        samples = np.frombuffer(source.readframes(source.getnframes()), dtype=np.int16)
    plan = read_plan(tmp_path, dimension=192)
    segmenter = Segmenter.load(starter_set / "segmentation", torch.device("cpu"), threads=2)
    segmentation = segmenter.segment(samples, plan.window_step_s, 4, lambda _: None)
    embeddings = Embedder.load(starter_set / "embedding", threads=2).embed(samples, segmentation, lambda _: None)
    turns = diarize(segmentation, embeddings, plan, TranscribeOptions(speakers=2), lambda _: None)
    (reference,) = load_rttm(str(sample_wav.with_suffix(".rttm"))).values()
    hypothesis = Annotation()
    for number, turn in enumerate(turns):
        hypothesis[Span(turn.start, turn.end), number] = turn.speaker
    assert DiarizationErrorRate()(reference, hypothesis, uem=Span(0, 30)) <= 0.10
