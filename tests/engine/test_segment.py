from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
import torch

from appliance.engine.segment import (
    PYANNOTE_RULE,
    SILERO_RULE,
    RegionRule,
    Segmenter,
    SpeechScores,
    silero_scores,
    speech_regions,
)
from appliance.errors import JobCancelled

RULE = RegionRule(onset=0.5, offset=0.3, min_pause_s=0.2, min_speech_s=0.1, pad_s=0.1)


def scores_of(*stretches: tuple[float, float]) -> SpeechScores:
    """Scores every 10 ms, from stretches of (seconds, score)."""
    return SpeechScores(
        np.concatenate([np.full(round(s * 100), v, dtype=np.float32) for s, v in stretches]), 0.005, 0.01
    )


def read_wav(path: Path) -> np.ndarray:
    with wave.open(str(path)) as source:
        assert (source.getframerate(), source.getnchannels(), source.getsampwidth()) == (16_000, 1, 2)
        return np.frombuffer(source.readframes(source.getnframes()), dtype=np.int16)


@pytest.fixture(scope="module")
def segmenter(starter_set: Path) -> Segmenter:
    return Segmenter.load(starter_set / "segmentation", torch.device("cpu"), threads=2)


def test_silence_has_no_region() -> None:
    assert speech_regions(scores_of((5.0, 0.01)), 5.0, RULE) == []


def test_a_region_is_padded_on_both_sides() -> None:
    (region,) = speech_regions(scores_of((1.0, 0.0), (2.0, 0.9), (1.0, 0.0)), 4.0, RULE)
    assert region == pytest.approx((0.9, 3.1), abs=0.01)


def test_a_short_pause_does_not_end_a_region() -> None:
    assert len(speech_regions(scores_of((1.0, 0.9), (0.1, 0.0), (1.0, 0.9)), 2.1, RULE)) == 1


def test_a_long_pause_ends_a_region() -> None:
    assert len(speech_regions(scores_of((1.0, 0.9), (0.5, 0.0), (1.0, 0.9)), 2.5, RULE)) == 2


def test_padding_never_makes_neighbours_overlap() -> None:
    first, second = speech_regions(
        scores_of((1.0, 0.9), (0.3, 0.0), (1.0, 0.9)), 2.3, RegionRule(min_pause_s=0.2, pad_s=1.0)
    )
    assert first.end <= second.start


def test_a_click_is_not_speech() -> None:
    assert speech_regions(scores_of((1.0, 0.0), (0.05, 0.9), (1.0, 0.0)), 2.05, RULE) == []


def test_a_score_between_the_thresholds_keeps_the_state() -> None:
    (region,) = speech_regions(scores_of((1.0, 0.4), (1.0, 0.9), (1.0, 0.4), (1.0, 0.0)), 4.0, RULE)
    assert region == pytest.approx((0.9, 3.1), abs=0.01)


def test_a_region_stays_within_the_recording() -> None:
    (region,) = speech_regions(scores_of((2.0, 0.9)), 1.97, RULE)
    assert region == (0.0, 1.97)


@pytest.mark.models
def test_the_network_finds_the_speech_of_the_sample(segmenter: Segmenter, sample_wav: Path) -> None:
    samples = read_wav(sample_wav)
    segmentation = segmenter.segment(samples, 2.0, 4, lambda _: None)
    regions = speech_regions(segmentation.speech, segmentation.duration_s, PYANNOTE_RULE)
    assert regions[0].start == pytest.approx(6.69, abs=0.4)  # Where sample.rttm has the first turn.
    assert 20.0 < sum(end - start for start, end in regions) < 24.5


@pytest.mark.models
def test_windows_cover_the_recording_to_its_end(segmenter: Segmenter, sample_wav: Path) -> None:
    samples = read_wav(sample_wav)[: 16_000 * 21 + 77]
    segmentation = segmenter.segment(samples, 2.0, 4, lambda _: None)
    assert segmentation.local.shape == (7, 589, 3)
    last_middle = segmentation.time_of(np.array([segmentation.n_frames - 1]))[0]
    assert last_middle > segmentation.duration_s


@pytest.mark.models
@pytest.mark.parametrize("n_samples", [0, 1, 399, 400, 160_000])
def test_a_recording_of_any_length_is_segmented(segmenter: Segmenter, n_samples: int) -> None:
    segmentation = segmenter.segment(np.zeros(n_samples, dtype=np.int16), 2.0, 4, lambda _: None)
    assert len(segmentation.local) == 1
    assert speech_regions(segmentation.speech, segmentation.duration_s, PYANNOTE_RULE) == []


@pytest.mark.models
def test_the_batch_size_does_not_change_what_is_heard(segmenter: Segmenter, sample_wav: Path) -> None:
    samples = read_wav(sample_wav)
    one = segmenter.segment(samples, 5.0, 1, lambda _: None)
    many = segmenter.segment(samples, 5.0, 8, lambda _: None)
    assert np.abs(one.speech.values - many.speech.values).max() < 1e-3


@pytest.mark.models
def test_progress_rises_to_one_and_may_stop_the_work(segmenter: Segmenter, sample_wav: Path) -> None:
    samples = read_wav(sample_wav)
    fractions: list[float] = []
    segmenter.segment(samples, 5.0, 2, fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0

    def cancel(_: float) -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        segmenter.segment(samples, 5.0, 2, cancel)


def test_silero_finds_the_speech_of_the_sample(sample_wav: Path) -> None:
    samples = read_wav(sample_wav)
    regions = speech_regions(silero_scores(samples, lambda _: None), len(samples) / 16_000, SILERO_RULE)
    assert regions[0].start == pytest.approx(6.69, abs=0.5)
    assert sum(end - start for start, end in regions) > 18.0


@pytest.mark.parametrize("n_samples", [0, 1, 512, 16_000])
def test_silero_hears_nothing_in_silence(n_samples: int) -> None:
    scores = silero_scores(np.zeros(n_samples, dtype=np.int16), lambda _: None)
    assert speech_regions(scores, n_samples / 16_000, SILERO_RULE) == []
