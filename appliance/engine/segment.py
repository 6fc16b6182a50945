"""Where there is speech, and which local speakers speak: one pass of the segmentation network serves both."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from faster_whisper.vad import get_vad_model
from pyannote.audio.utils.powerset import Powerset

from appliance.engine.weights import read_segmentation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from pyannote.audio.models.segmentation import PyanNet

SAMPLE_RATE_HZ = 16_000
FULL_SCALE = 32_768.0  # int16 samples divided by this lie in [-1, 1).

# Silero, as faster-whisper ships it, scores stretches of this many samples.
SILERO_HOP = 512
SILERO_BLOCK_S = (
    600.0  # Ten minutes are scored at once; the network starts afresh there, which costs it 0.1 s of hearing.
)


class Region(NamedTuple):
    """A stretch in which somebody speaks, in seconds."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class SpeechScores:
    """How sure the network is that somebody speaks, frame by frame.

    Attributes:
        values: float32, shape (n_frames,), 0 to 1.
        first_s: Middle of the first frame, in seconds.
        step_s: Seconds from one frame to the next.
    """

    values: NDArray[np.float32]
    first_s: float
    step_s: float

    def time_of(self, frames: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the middle of each frame in seconds."""
        return np.asarray(self.first_s + frames * self.step_s, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class RegionRule:
    """How scores become regions.

    Attributes:
        onset: Score above which speech begins.
        offset: Score under which it ends.
        min_pause_s: A shorter pause is part of the region.
        min_speech_s: A shorter region is dropped.
        pad_s: So much is added at both ends, as far as the neighbours allow: a first consonant is quiet.
    """

    onset: float = 0.5
    offset: float = 0.363
    min_pause_s: float = 0.2
    min_speech_s: float = 0.1
    pad_s: float = 0.1


PYANNOTE_RULE = RegionRule()
SILERO_RULE = RegionRule(onset=0.4, offset=0.25, min_pause_s=0.5, pad_s=0.4)  # It cuts closer than pyannote's does.


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What the network heard in overlapping windows of the recording.

    Attributes:
        local: uint8, shape (n_windows, n_frames_a_window, n_local): 1 where a local speaker speaks. Local speaker 0
            of one window is not local speaker 0 of the next.
        first_frames: int64, shape (n_windows,): the frame of the recording at which each window begins.
        window_step_s: Seconds from one window to the next.
        speech: Scores of speech by anybody, over the whole recording.
        voices: float32, shape (n_frames,): how many people speak at once, on the average of the windows.
        duration_s: Length of the recording in seconds.
    """

    local: NDArray[np.uint8]
    first_frames: NDArray[np.int64]
    window_step_s: float
    speech: SpeechScores
    voices: NDArray[np.float32]
    duration_s: float

    @property
    def n_frames(self) -> int:
        """Frames of the whole recording."""
        return len(self.speech.values)

    def time_of(self, frames: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the middle of each frame in seconds."""
        return self.speech.time_of(frames)


class Segmenter:
    """pyannote's segmentation network, ready to run."""

    def __init__(self, network: PyanNet, device: torch.device, threads: int) -> None:
        stated = network.specifications
        self._network = network.to(device)
        self._device = device
        self._threads = threads if device.type == "cpu" else 1
        self._window = round(stated.duration * SAMPLE_RATE_HZ)
        self._powerset = Powerset(len(stated.classes), stated.powerset_max_classes).to(device)
        field = network.receptive_field
        self._frame_step_s = field.step
        self._first_s = field.start + field.duration / 2

    @classmethod
    def load(cls, folder: Path, device: torch.device, threads: int) -> Segmenter:
        """Load the network from safetensors and JSON.

        Args:
            folder: Of the role ``segmentation`` in a checked set.
            device: Where it runs.
            threads: On a CPU, batches computed at once.
        """
        return cls(read_segmentation(folder), device, threads)

    def segment(
        self, samples: NDArray[np.int16], step_s: float, batch: int, progress: Callable[[float], None]
    ) -> Segmentation:
        """Run the network once over a recording.

        Args:
            samples: int16, shape (n_samples,), mono, 16 000 Hz.
            step_s: Seconds from one window to the next; less than the window's length.
            batch: Windows computed at once.
            progress: Takes the finished fraction after every batch; may raise to stop.

        Returns:
            Local speakers of each window and speech scores of the whole.
        """
        step = round(step_s * SAMPLE_RATE_HZ)
        n_windows = 1 + max(0, -(-(len(samples) - self._window) // step))
        first_frames = np.round(np.arange(n_windows) * step_s / self._frame_step_s).astype(np.int64)
        sums = _Sums.empty(int(first_frames[-1]) + self._network.num_frames(self._window))
        batches = [range(first, min(first + batch, n_windows)) for first in range(0, n_windows, batch)]
        local: list[NDArray[np.uint8]] = []
        # One thread a batch and several batches at once: threads inside a batch wait for each other at every layer, and
        # cost twenty times as much as soon as another program wants a core.
        with ThreadPoolExecutor(self._threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            for group in (batches[at : at + self._threads] for at in range(0, len(batches), self._threads)):
                heard = pool.map(lambda numbers: self._run(samples, [number * step for number in numbers]), group)
                for numbers, (speakers, speech, voices) in zip(group, heard, strict=True):
                    local.append(speakers)
                    for number, *scores in zip(numbers, speech, voices, strict=True):
                        sums.add(int(first_frames[number]), *scores)
                    progress((numbers[-1] + 1) / n_windows)
        speech_scores = SpeechScores(sums.mean(sums.speech), self._first_s, self._frame_step_s)
        return Segmentation(
            local=np.concatenate(local),
            first_frames=first_frames,
            window_step_s=step / SAMPLE_RATE_HZ,
            speech=speech_scores,
            voices=sums.mean(sums.voices),
            duration_s=len(samples) / SAMPLE_RATE_HZ,
        )

    @torch.inference_mode()
    def _run(
        self, samples: NDArray[np.int16], starts: list[int]
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
        windows = np.zeros((len(starts), 1, self._window), dtype=np.float32)
        for window, start in zip(windows, starts, strict=True):
            piece = samples[start : start + self._window]
            window[0, : len(piece)] = piece / FULL_SCALE
        scores = self._network(torch.from_numpy(windows).to(self._device))
        local = self._powerset.to_multilabel(scores).to(torch.uint8)
        speech = 1 - scores[..., 0].exp()  # Class 0 of the powerset is the empty set: nobody.
        voices = self._powerset.to_multilabel(scores, soft=True).sum(dim=-1)
        return local.cpu().numpy(), speech.float().cpu().numpy(), voices.float().cpu().numpy()


@dataclass(frozen=True, slots=True)
class _Sums:
    """Scores added up over the windows that cover each frame."""

    speech: NDArray[np.float32]
    voices: NDArray[np.float32]
    windows: NDArray[np.float32]

    @classmethod
    def empty(cls, n_frames: int) -> _Sums:
        return cls(*(np.zeros(n_frames, dtype=np.float32) for _ in range(3)))

    def add(self, first_frame: int, speech: NDArray[np.float32], voices: NDArray[np.float32]) -> None:
        place = slice(first_frame, first_frame + len(speech))
        self.speech[place] += speech
        self.voices[place] += voices
        self.windows[place] += 1

    def mean(self, total: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(total / np.maximum(self.windows, 1), dtype=np.float32)


def silero_scores(samples: NDArray[np.int16], progress: Callable[[float], None]) -> SpeechScores:
    """Score speech with the Silero network that faster-whisper ships: enough where speakers are not told apart.

    Args:
        samples: int16, shape (n_samples,), mono, 16 000 Hz.
        progress: Takes the finished fraction; may raise to stop.
    """
    network = get_vad_model()
    block = round(SILERO_BLOCK_S * SAMPLE_RATE_HZ / SILERO_HOP) * SILERO_HOP
    scores = []
    for first in range(0, max(len(samples), 1), block):
        piece = samples[first : first + block].astype(np.float32) / FULL_SCALE
        padded = np.pad(piece, (0, -len(piece) % SILERO_HOP or SILERO_HOP * (len(piece) == 0)))
        scores.append(network(padded).reshape(-1).astype(np.float32))
        progress(min(1.0, (first + block) / max(len(samples), 1)))
    hop_s = SILERO_HOP / SAMPLE_RATE_HZ
    return SpeechScores(np.concatenate(scores), hop_s / 2, hop_s)


def speech_regions(scores: SpeechScores, duration_s: float, rule: RegionRule) -> list[Region]:
    """Return the regions of speech in order of time; none where nobody speaks.

    Args:
        scores: Of the whole recording.
        duration_s: Length of the recording; no region reaches beyond it.
        rule: How scores become regions.
    """
    # Hysteresis: a frame between the thresholds keeps the state of the last frame that was outside them.
    decided = np.where(scores.values > rule.onset, 1, np.where(scores.values < rule.offset, 0, -1))
    last = np.maximum.accumulate(np.where(decided >= 0, np.arange(len(decided)), 0))
    speaks = decided[last] == 1
    edges = np.flatnonzero(np.diff(speaks, prepend=False, append=False))
    found = scores.time_of(edges).reshape(-1, 2)
    joined: list[list[float]] = []
    for start, end in found:
        if joined and start - joined[-1][1] < rule.min_pause_s:
            joined[-1][1] = float(end)
        else:
            joined.append([float(start), float(end)])
    return _pad([Region(start, end) for start, end in joined if end - start >= rule.min_speech_s], duration_s, rule)


def _pad(regions: list[Region], duration_s: float, rule: RegionRule) -> list[Region]:
    padded = []
    for number, (start, end) in enumerate(regions):
        before = (start - regions[number - 1].end) / 2 if number else start
        after = (regions[number + 1].start - end) / 2 if number + 1 < len(regions) else duration_s - end
        wide = Region(max(0.0, start - min(rule.pad_s, before)), min(duration_s, end + min(rule.pad_s, after)))
        if wide.end > wide.start:
            padded.append(wide)
    return padded
