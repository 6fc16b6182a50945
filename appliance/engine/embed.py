"""Speaker embeddings of every local speaker in every window, from features that are computed once.

The windows of the segmentation overlap, so the same second belongs to several of them. The costly part of the network
runs once over the speech of the recording; a local speaker's embedding is then a mean and a standard deviation over
the steps in which that speaker speaks, and one small matrix.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torchaudio.compliance import kaldi

from appliance.engine.campplus import CampplusVoices
from appliance.engine.resnet import ARCHITECTURE, ResNetVoices
from appliance.engine.segment import SAMPLE_RATE_HZ
from appliance.engine.weights import MEL_BINS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from appliance.engine.segment import Segmentation

FRAME_LENGTH = 400  # Samples of a filter bank frame,
FRAME_SHIFT = 160  # and from one to the next.
FFT_LENGTH = 512
PREEMPHASIS = 0.97
LOG_FLOOR = np.float32(np.finfo(np.float32).eps)

STRETCH_S = 10.0  # Ten seconds of speech go through the network together, as long as a window of the segmentation,
CONTEXT_S = 1.0  # with one second more on both sides, so that no step lacks its neighbours.
PAUSE_S = 0.8  # So much of a pause stays on both sides: a step sees 1.4 s round it, which should not be another voice.
BLOCK_STRETCHES = 12  # Stretches from one call of progress to the next; two minutes of speech.
LEAST_S = 0.1  # A voice heard for less stays unknown,
LEAST_STEPS = 2  # and one step alone has no deviation.


class VoiceNetwork(Protocol):
    """A network for speaker embeddings, cut where its statistics pooling begins.

    Attributes:
        step_frames: Filter bank frames that one of its steps stands for.
        channels: Features of a step.
        dimension: Of an embedding.
    """

    step_frames: int
    channels: int
    dimension: int

    def hear(self, stretches: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Return frames (steps, channels) of each stretch of feats (time, 80)."""
        ...

    def embed(self, statistics: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the embedding (dimension,) of mean and standard deviation (2 * channels,)."""
        ...


class Embedder:
    """The network for speaker embeddings, ready to run."""

    def __init__(self, network: VoiceNetwork, threads: int, batch: int = 1) -> None:
        self._network = network
        self._threads = threads
        self._batch = batch
        step_s = network.step_frames * FRAME_SHIFT / SAMPLE_RATE_HZ
        self._stretch, self._context = round(STRETCH_S / step_s), round(CONTEXT_S / step_s)
        self._least = max(LEAST_STEPS, round(LEAST_S / step_s))

    @classmethod
    def load(cls, folder: Path, threads: int, device: torch.device | None = None, batch: int = 1) -> Embedder:
        """Load the network that the set has: WeSpeaker's ResNet in torch, or CAM++ in ONNX, which runs on a CPU only.

        Args:
            folder: Of the role ``embedding`` in a checked set.
            threads: Batches computed at once.
            device: Where torch runs; the CPU unless given.
            batch: Stretches computed together.
        """
        facts = json.loads((folder / "config.json").read_text("utf-8"))
        if facts.get("architecture") == ARCHITECTURE:
            return cls(ResNetVoices.load(folder, device or torch.device("cpu")), threads, batch)
        return cls(CampplusVoices.load(folder), threads)

    def embed(
        self,
        samples: NDArray[np.int16],
        segmentation: Segmentation,
        progress: Callable[[float], None],
        batch: int | None = None,
    ) -> NDArray[np.float32]:
        """Compute the embedding of every local speaker.

        Args:
            samples: int16, shape (n_samples,), mono, 16 000 Hz.
            segmentation: Of the same recording.
            progress: Takes the finished fraction after every block; may raise to stop.
            batch: At most so many stretches at once, where memory has become short.

        Returns:
            float32, shape (n_windows, n_local, dimension); NaN where a local speaker is silent or hardly heard.
        """
        n_windows, _, n_local = segmentation.local.shape
        embeddings = np.full((n_windows, n_local, self._network.dimension), np.nan, dtype=np.float32)
        places = Places.of(segmentation, len(samples), self._network.step_frames)
        size = min(self._batch, batch or self._batch)
        window = 0
        steps = np.empty(0, dtype=np.int64)
        heard = np.empty((0, self._network.channels), dtype=np.float32)
        # One thread a batch and several batches at once, as in the segmentation.
        with ThreadPoolExecutor(self._threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            for first in range(0, len(places.near), BLOCK_STRETCHES * self._stretch):
                starts = range(first, min(first + BLOCK_STRETCHES * self._stretch, len(places.near)), self._stretch)
                batches = [starts[at : at + size] for at in range(0, len(starts), size)]
                fresh = pool.map(lambda batch: self._hear(samples, places, batch), batches)
                heard = np.concatenate([heard, *(frames for batch in fresh for frames in batch)])
                done = starts[-1] + self._stretch
                steps = np.concatenate([steps, places.near[first:done]])
                is_last = done >= len(places.near)
                while window < n_windows and (is_last or places.ends[window] <= steps[-1]):
                    self._pool(segmentation.local[window], places, window, steps, heard, embeddings[window])
                    window += 1
                # What the next window still needs is kept, so memory does not grow with the recording.
                needless = np.searchsorted(steps, places.starts[min(window, n_windows - 1)])
                steps, heard = steps[needless:], heard[needless:]
                progress(min(1.0, done / len(places.near)))
        return embeddings

    def _hear(self, samples: NDArray[np.int16], places: Places, starts: range) -> list[NDArray[np.float32]]:
        """Return the features of stretches of steps, each of shape (n_steps, channels)."""
        befores = [max(0, start - self._context) for start in starts]
        feats = [
            self._feats(samples, places, places.near[before : start + self._stretch + self._context])
            for before, start in zip(befores, starts, strict=True)
        ]
        return [
            frames[start - before : start - before + self._stretch]
            for frames, before, start in zip(self._network.hear(feats), befores, starts, strict=True)
        ]

    def _feats(self, samples: NDArray[np.int16], places: Places, steps: NDArray[np.int64]) -> NDArray[np.float32]:
        step_frames = self._network.step_frames
        feats = filter_bank(samples, (steps[:, None] * step_frames + np.arange(step_frames)).reshape(-1))
        # The network expects each dimension without its mean, as in training; silence must not count in that mean.
        speech = np.repeat(places.speech[steps], step_frames)
        feats -= feats[speech].mean(axis=0) if speech.any() else feats.mean(axis=0)
        return feats

    def _pool(
        self,
        local: NDArray[np.uint8],
        places: Places,
        window: int,
        steps: NDArray[np.int64],
        heard: NDArray[np.float32],
        embeddings: NDArray[np.float32],
    ) -> None:
        inside = slice(*np.searchsorted(steps, [places.starts[window], places.ends[window]]))
        here = local[places.frame_in_window(steps[inside], window, len(local))].astype(bool)
        alone = here.sum(axis=1) == 1
        for number, speaks in enumerate(here.T):
            # Where two speak at once the features belong to neither, unless there is nothing better.
            chosen = speaks & alone if (speaks & alone).sum() >= self._least else speaks
            if chosen.sum() >= self._least:
                own = heard[inside][chosen]
                statistics = np.concatenate([own.mean(axis=0), own.std(axis=0, ddof=1)])
                embeddings[number] = self._network.embed(statistics)


@dataclass(frozen=True, slots=True)
class Places:
    """How the steps of the embedding network lie on the frames of the segmentation.

    Attributes:
        near: int64, the steps in which somebody speaks, or nearly, ascending.
        speech: bool, shape (n_steps,): whether somebody speaks.
        frames: int64, shape (n_steps,): the frame of the recording nearest to each step.
        first_frames: int64, shape (n_windows,): the frame at which each window begins.
        starts: int64, shape (n_windows,): the first step of each window.
        ends: int64, shape (n_windows,): the step after its last.
    """

    near: NDArray[np.int64]
    speech: NDArray[np.bool_]
    frames: NDArray[np.int64]
    first_frames: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, segmentation: Segmentation, n_samples: int, step_frames: int) -> Places:
        """Lay the steps of a recording of ``n_samples`` samples, each of so many frames, over its segmentation."""
        n_steps = max(0, 1 + (n_samples - FRAME_LENGTH) // FRAME_SHIFT) // step_frames
        middles_s = (np.arange(n_steps) * step_frames * FRAME_SHIFT + FRAME_LENGTH / 2) / SAMPLE_RATE_HZ
        grid = segmentation.speech
        frames = np.rint((middles_s - grid.first_s) / grid.step_s).astype(np.int64)
        frames = np.clip(frames, 0, segmentation.n_frames - 1)
        n_local_frames = segmentation.local.shape[1]
        somebody = np.zeros(segmentation.n_frames, dtype=bool)
        for first, window in zip(segmentation.first_frames, segmentation.local, strict=True):
            somebody[first : first + n_local_frames] |= window.any(axis=1)
        starts = np.searchsorted(frames, segmentation.first_frames)
        ends = np.searchsorted(frames, segmentation.first_frames + n_local_frames)
        speech = somebody[frames]
        pause = round(PAUSE_S * SAMPLE_RATE_HZ / (step_frames * FRAME_SHIFT))
        reach = np.ones(2 * pause + 1, dtype=np.int64)
        near = np.convolve(speech, reach)[pause : pause + n_steps] if n_steps else speech
        return cls(np.flatnonzero(near), speech, frames, segmentation.first_frames, starts, ends)

    def frame_in_window(self, steps: NDArray[np.int64], window: int, n_local_frames: int) -> NDArray[np.int64]:
        """Return the frame of a window nearest to each step."""
        inside: NDArray[np.int64] = np.clip(self.frames[steps] - self.first_frames[window], 0, n_local_frames - 1)
        return inside


def filter_bank(samples: NDArray[np.int16], frames: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return log mel filter banks of the chosen frames, shape (len(frames), 80).

    Frames are gathered one by one, so that pauses cost nothing. Equal to ``kaldi.fbank`` with a Hamming window and
    without dither, which the network was trained on.

    Args:
        samples: int16, shape (n_samples,), mono, 16 000 Hz.
        frames: Numbers of frames, 10 ms apart, each 25 ms long and wholly inside the recording.

    Source: Kaldi, feature-window.cc and mel-computations.cc.
    """
    windows = np.lib.stride_tricks.sliding_window_view(samples, FRAME_LENGTH)[frames * FRAME_SHIFT].astype(np.float32)
    windows -= windows.mean(axis=1, keepdims=True)
    windows[:, 1:] -= PREEMPHASIS * windows[:, :-1]
    windows[:, 0] *= 1 - PREEMPHASIS
    power = np.abs(np.fft.rfft(windows * HAMMING, FFT_LENGTH, axis=1)) ** 2
    banks: NDArray[np.float32] = np.log(np.maximum(power[:, :-1].astype(np.float32) @ MEL_WEIGHTS, LOG_FLOOR))
    return banks


HAMMING = np.hamming(FRAME_LENGTH).astype(np.float32)
MEL_WEIGHTS: NDArray[np.float32] = (
    kaldi.get_mel_banks(MEL_BINS, FFT_LENGTH, float(SAMPLE_RATE_HZ), 20.0, 0.0, 100.0, -500.0, 1.0)[0].numpy().T.copy()
)
