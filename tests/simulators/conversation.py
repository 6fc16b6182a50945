"""Conversations of known voices, as the networks for segmentation and embedding would hear them."""

from __future__ import annotations

import numpy as np

from appliance.engine.segment import Segmentation, SpeechScores

CONVERSATION = ((1.0, 9.0, 2), (8.0, 20.0, 0), (20.0, 33.0, 1), (33.0, 45.0, 2), (45.0, 58.0, 0))

FRAMES = 500  # Of a window of ten seconds here: a frame every 20 ms.


def pretend(
    *parts: tuple[float, float, int], duration_s: float, dimension: int = 64
) -> tuple[Segmentation, np.ndarray]:
    """Hear known voices, as the networks would: parts are start, end and number of the voice.

    A local speaker of a window is any voice that speaks in it, in an order that changes from window to window.
    """
    starts = np.arange(0, max(duration_s - 10, 0) + 0.1, 2.0)
    first_frames = np.rint(starts / 0.02).astype(np.int64)
    n_frames = int(first_frames[-1]) + FRAMES
    voices = np.zeros((n_frames, 1 + max(voice for _, _, voice in parts)), dtype=np.uint8)
    for start, end, voice in parts:
        voices[round(start / 0.02) : round(end / 0.02), voice] = 1
    random = np.random.default_rng(7)
    identity = np.linalg.qr(random.standard_normal((dimension, dimension)))[0]
    local = np.zeros((len(starts), FRAMES, 3), dtype=np.uint8)
    embeddings = np.full((len(starts), 3, dimension), np.nan, dtype=np.float32)
    for number, first in enumerate(first_frames):
        here = voices[first : first + FRAMES]
        heard = random.permutation(np.flatnonzero(here.any(axis=0)))[:3]
        for place, voice in enumerate(heard):
            local[number, :, place] = here[:, voice]
            embeddings[number, place] = identity[voice] + 0.02 * random.standard_normal(dimension)
    speech = SpeechScores(np.asarray(voices.any(axis=1), dtype=np.float32), 0.01, 0.02)
    total = voices.sum(axis=1).astype(np.float32)
    return Segmentation(local, first_frames, 2.0, speech, total, duration_s), embeddings
