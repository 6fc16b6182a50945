from __future__ import annotations

import resource
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from pyannote.core import Annotation
from pyannote.core import Segment as Span
from pyannote.database.util import load_rttm
from pyannote.metrics.diarization import DiarizationErrorRate
from torchaudio.compliance import kaldi

from appliance.engine.diarize import NOBODY, ClusteringPlan, cluster, diarize, group_voices
from appliance.engine.embed import Embedder, filter_bank
from appliance.engine.segment import Segmentation, Segmenter, SpeechScores
from appliance.options import TranscribeOptions
from appliance.transcript import SpeakerTurn
from tests.simulators.conversation import CONVERSATION, pretend

PLAN = ClusteringPlan(method="centroid", threshold=0.7, min_cluster_size=12)


def tell_apart(options: TranscribeOptions | None = None, plan: ClusteringPlan = PLAN) -> tuple[SpeakerTurn, ...]:
    segmentation, embeddings = pretend(*CONVERSATION, duration_s=60.0)
    return diarize(segmentation, embeddings, plan, options or TranscribeOptions(), lambda _: None)


def speakers(turns: tuple[SpeakerTurn, ...]) -> set[str]:
    return {turn.speaker for turn in turns}


def test_voices_become_turns_named_in_order_of_first_appearance() -> None:
    turns = tell_apart()
    assert [turn.speaker for turn in turns] == ["S1", "S2", "S3", "S1", "S2"]
    assert [(turn.start, turn.end) for turn in turns] == [pytest.approx(part[:2], abs=0.05) for part in CONVERSATION]


def test_overlap_is_kept() -> None:
    first, second, *_ = tell_apart()
    assert first.end > second.start + 0.9


def test_an_exact_number_of_speakers_is_honoured() -> None:
    assert len(speakers(tell_apart(TranscribeOptions(speakers=2)))) == 2
    assert len(speakers(tell_apart(TranscribeOptions(speakers=3)))) == 3


def test_a_single_speaker_is_honoured() -> None:
    turns = tell_apart(TranscribeOptions(speakers=1))
    assert speakers(turns) == {"S1"}
    assert all(one.end <= other.start for one, other in pairwise(turns))


def test_a_maximum_of_speakers_is_honoured() -> None:
    assert len(speakers(tell_apart(TranscribeOptions(max_speakers=2)))) == 2
    assert len(speakers(tell_apart(TranscribeOptions(max_speakers=9)))) == 3


def test_a_minimum_of_speakers_is_honoured() -> None:
    merging = ClusteringPlan(method="centroid", threshold=1.9, min_cluster_size=12)
    assert len(speakers(tell_apart(plan=merging))) == 1
    assert len(speakers(tell_apart(TranscribeOptions(min_speakers=2), merging))) == 2
    assert len(speakers(tell_apart(TranscribeOptions(min_speakers=3), merging))) == 3
    assert len(speakers(tell_apart(TranscribeOptions(min_speakers=2)))) == 3


def test_silence_has_no_turns() -> None:
    segmentation, embeddings = pretend((0.0, 0.0, 0), duration_s=30.0)
    assert diarize(segmentation, embeddings, PLAN, TranscribeOptions(), lambda _: None) == ()


def test_a_voice_that_is_hardly_heard_belongs_to_nobody() -> None:
    segmentation, embeddings = pretend(*CONVERSATION, duration_s=60.0)
    embeddings[3, 0] = np.nan
    assert group_voices(segmentation, embeddings, PLAN, TranscribeOptions())[3, 0] == NOBODY


def test_the_number_asked_for_is_found_among_voices_that_are_hard_to_tell_apart() -> None:
    voices = np.random.default_rng(3).standard_normal((60, 32)).astype(np.float32)
    voices /= np.linalg.norm(voices, axis=1, keepdims=True)
    for wanted in (1, 2, 5, 9):
        assert cluster(voices, PLAN, 12, TranscribeOptions(speakers=wanted)).max() + 1 == wanted


def test_twenty_thousand_windows_are_grouped_in_bounded_memory() -> None:
    n_windows = 20_000
    random = np.random.default_rng(5)
    centres = random.standard_normal((6, 192)).astype(np.float32)
    owner = np.repeat(random.integers(0, 6, n_windows // 10), 10)
    embeddings = np.full((n_windows, 3, 192), np.nan, dtype=np.float32)
    embeddings[:, 0] = centres[owner] + 0.4 * random.standard_normal((n_windows, 192), dtype=np.float32)
    local = np.zeros((n_windows, 20, 3), dtype=np.uint8)
    local[:, :, 0] = 1
    first_frames = np.arange(n_windows, dtype=np.int64) * 4
    ones = np.ones(int(first_frames[-1]) + 20, dtype=np.float32)
    segmentation = Segmentation(local, first_frames, 2.0, SpeechScores(ones, 0.25, 0.5), ones, 40_000.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clusters = group_voices(segmentation, embeddings, PLAN, TranscribeOptions())
    grown_kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    pairs = {(int(one), int(other)) for one, other in zip(owner, clusters[:, 0], strict=True)}
    assert len(pairs) == 6
    assert grown_kilobytes < 700_000


def test_the_filter_bank_equals_the_one_of_kaldi() -> None:
    random = np.random.default_rng(11)
    samples = (3000 * random.standard_normal(16_000)).astype(np.int16)
    waveform = torch.from_numpy(samples.astype(np.float32))[None]
    expected = kaldi.fbank(waveform, num_mel_bins=80, window_type="hamming", dither=0.0, sample_frequency=16_000.0)
    chosen = np.array([0, 1, 5, 40, 96, 97])
    assert np.abs(filter_bank(samples, chosen) - expected.numpy()[chosen]).max() < 1e-3


def read_wav(path: Path) -> np.ndarray:
    with wave.open(str(path)) as source:
        return np.frombuffer(source.readframes(source.getnframes()), dtype=np.int16)


@pytest.fixture(scope="module")
def heard(starter_set: Path, sample_wav: Path) -> tuple[Segmentation, np.ndarray]:
    samples = read_wav(sample_wav)
    segmenter = Segmenter.load(starter_set / "segmentation", torch.device("cpu"), threads=2)
    segmentation = segmenter.segment(samples, 2.0, 4, lambda _: None)
    return segmentation, Embedder.load(starter_set / "embedding", threads=1).embed(
        samples, segmentation, lambda _: None
    )


@pytest.mark.models
def test_the_two_women_of_the_sample_are_told_apart(heard: tuple[Segmentation, np.ndarray], sample_wav: Path) -> None:
    turns = diarize(*heard, PLAN, TranscribeOptions(), lambda _: None)
    assert speakers(turns) == {"S1", "S2"}
    (reference,) = load_rttm(str(sample_wav.with_suffix(".rttm"))).values()
    hypothesis = Annotation()
    for number, turn in enumerate(turns):
        hypothesis[Span(turn.start, turn.end), number] = turn.speaker
    error = DiarizationErrorRate()(reference, hypothesis, uem=reference.get_timeline().extent().__class__(0, 30))
    assert error <= 0.10


@pytest.mark.models
def test_silent_local_speakers_have_no_embedding(heard: tuple[Segmentation, np.ndarray]) -> None:
    segmentation, embeddings = heard
    silent = ~segmentation.local.any(axis=1)
    assert silent.any()
    assert np.isnan(embeddings[silent]).all()
    assert np.isfinite(embeddings).all(axis=2).sum() > 0.5 * (~silent).sum()


@pytest.mark.models
@pytest.mark.parametrize("n_samples", [0, 399, 5_000])
def test_a_recording_too_short_for_a_voice_has_no_embeddings(starter_set: Path, n_samples: int) -> None:
    segmenter = Segmenter.load(starter_set / "segmentation", torch.device("cpu"), threads=2)
    samples = np.zeros(n_samples, dtype=np.int16)
    segmentation = segmenter.segment(samples, 2.0, 4, lambda _: None)
    embeddings = Embedder.load(starter_set / "embedding", threads=1).embed(samples, segmentation, lambda _: None)
    assert np.isnan(embeddings).all()
