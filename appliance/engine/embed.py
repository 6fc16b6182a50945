"""Speaker embeddings of every local speaker in every window, from features that are computed once.

The windows of the segmentation overlap, so the same second belongs to several of them. The costly part of the network
runs once over the speech of the recording; a local speaker's embedding is then a mean and a standard deviation over
the steps in which that speaker speaks, and one small matrix.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from safetensors.numpy import load_file
from torchaudio.compliance import kaldi

from appliance.engine.segment import SAMPLE_RATE_HZ
from appliance.engine.weights import FRAMES, MEL_BINS, PROJECTION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from appliance.engine.segment import Segmentation

FRAME_LENGTH = 400  # Samples of a filter bank frame,
FRAME_SHIFT = 160  # and from one to the next.
FFT_LENGTH = 512
PREEMPHASIS = 0.97
LOG_FLOOR = np.float32(np.finfo(np.float32).eps)

STEP_FRAMES = 2  # The network halves the rate: a step is two filter bank frames, 20 ms.
STRETCH_STEPS = 500  # Ten seconds of speech go through the network together, as long as a window of the segmentation,
CONTEXT_STEPS = 50  # with one second more on both sides, so that no step lacks its neighbours.
PAUSE_STEPS = 40  # Of a pause 0.8 s stay on both sides: a step sees 1.4 s round it, which should not be another voice.
BLOCK_STRETCHES = 12  # Stretches from one call of progress to the next; two minutes of speech.
MIN_STEPS = 5  # A voice heard for less than 0.1 s stays unknown.


class Embedder:
    """The network for speaker embeddings, ready to run."""

    def __init__(
        self, session: onnxruntime.InferenceSession, projection: dict[str, NDArray[np.float32]], threads: int
    ) -> None:
        self._session = session
        self._weight, self._bias = projection["weight"], projection["bias"]
        self._threads = threads

    @classmethod
    def load(cls, folder: Path, threads: int) -> Embedder:
        """Load the network from ONNX and safetensors.

        Args:
            folder: Of the role ``embedding`` in a checked set.
            threads: Stretches computed at once.
        """
        options = onnxruntime.SessionOptions()
        # One thread a stretch and several stretches at once: more threads inside a stretch gain next to nothing.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(folder / FRAMES), options, providers=["CPUExecutionProvider"])
        return cls(session, load_file(folder / PROJECTION), threads)

    def embed(
        self, samples: NDArray[np.int16], segmentation: Segmentation, progress: Callable[[float], None]
    ) -> NDArray[np.float32]:
        """Compute the embedding of every local speaker.

        Args:
            samples: int16, shape (n_samples,), mono, 16 000 Hz.
            segmentation: Of the same recording.
            progress: Takes the finished fraction after every block; may raise to stop.

        Returns:
            float32, shape (n_windows, n_local, dimension); NaN where a local speaker is silent or hardly heard.
        """
        n_windows, _, n_local = segmentation.local.shape
        embeddings = np.full((n_windows, n_local, len(self._bias)), np.nan, dtype=np.float32)
        places = Places.of(segmentation, len(samples))
        window = 0
        steps = np.empty(0, dtype=np.int64)
        heard = np.empty((0, self._weight.shape[1] // 2), dtype=np.float32)
        with ThreadPoolExecutor(self._threads) as pool:
            for first in range(0, len(places.near), BLOCK_STRETCHES * STRETCH_STEPS):
                starts = range(first, min(first + BLOCK_STRETCHES * STRETCH_STEPS, len(places.near)), STRETCH_STEPS)
                fresh = list(pool.map(lambda start: self._hear(samples, places, start), starts))
                heard = np.concatenate([heard, *fresh])
                done = starts[-1] + STRETCH_STEPS
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

    def _hear(self, samples: NDArray[np.int16], places: Places, start: int) -> NDArray[np.float32]:
        """Return the features of one stretch of steps, shape (n_steps, channels)."""
        before = max(0, start - CONTEXT_STEPS)
        steps = places.near[before : start + STRETCH_STEPS + CONTEXT_STEPS]
        frames = (steps[:, None] * STEP_FRAMES + np.arange(STEP_FRAMES)).reshape(-1)
        feats = filter_bank(samples, frames)
        # The network expects each dimension without its mean, as in training; silence must not count in that mean.
        speech = np.repeat(places.speech[steps], STEP_FRAMES)
        feats -= feats[speech].mean(axis=0) if speech.any() else feats.mean(axis=0)
        features: NDArray[np.float32] = self._session.run(None, {"feats": feats[None]})[0][0]
        return features[start - before : start - before + STRETCH_STEPS]

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
            chosen = speaks & alone if (speaks & alone).sum() >= MIN_STEPS else speaks
            if chosen.sum() >= MIN_STEPS:
                own = heard[inside][chosen]
                statistics = np.concatenate([own.mean(axis=0), own.std(axis=0, ddof=1)])
                embeddings[number] = self._weight @ statistics + self._bias


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
    def of(cls, segmentation: Segmentation, n_samples: int) -> Places:
        """Lay the steps of a recording of ``n_samples`` samples over its segmentation."""
        n_steps = max(0, 1 + (n_samples - FRAME_LENGTH) // FRAME_SHIFT) // STEP_FRAMES
        middles_s = (np.arange(n_steps) * STEP_FRAMES * FRAME_SHIFT + FRAME_LENGTH / 2) / SAMPLE_RATE_HZ
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
        reach = np.ones(2 * PAUSE_STEPS + 1, dtype=np.int64)
        near = np.convolve(speech, reach)[PAUSE_STEPS : PAUSE_STEPS + n_steps] if n_steps else speech
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
