"""Speakers of a whole recording by VBx: a mixture over embeddings in the space of a PLDA, in which needless groups die.

The clustering is pyannote.audio's own; here it gets our embeddings, and long recordings are thinned first.

Source: Landini et al., Bayesian HMM clustering of x-vector sequences (VBx), Computer Speech & Language 2022; Bredin,
pyannote.audio, the community-1 pipeline.
"""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
from pyannote.audio.core.plda import PLDA
from pyannote.audio.pipelines.clustering import VBxClustering
from scipy.spatial.distance import cdist

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from appliance.options import TranscribeOptions

ALGORITHM = "vbx"
TRANSFORM, MODEL = "xvec_transform.npz", "plda.npz"
MAX_SPEAKERS = 100  # The library numbers them in a byte.


@dataclass(frozen=True, slots=True)
class VbxPlan:
    """How voices are grouped, as the model set says.

    Attributes:
        threshold: Distance between unit-length embeddings under which two groups begin as one speaker.
        fa: Weight of what is heard.
        fb: How reluctantly a further speaker is believed.
        window_step_s: Seconds from one window of the segmentation to the next.
        plda: Of the set.
    """

    threshold: float
    fa: float
    fb: float
    window_step_s: float
    plda: PLDA

    @classmethod
    def load(cls, folder: Path) -> VbxPlan:
        """Read the plan and the PLDA.

        Args:
            folder: Of the role ``clustering`` in a checked set.
        """
        facts = json.loads((folder / "config.json").read_text("utf-8"))
        plda = PLDA(folder / TRANSFORM, folder / MODEL)
        return cls(facts["threshold"], facts["fa"], facts["fb"], facts["window_step_s"], plda)


def vbx_clusters(
    local: NDArray[np.uint8], embeddings: NDArray[np.float32], plan: VbxPlan, options: TranscribeOptions, every: int
) -> NDArray[np.int64]:
    """Return the cluster of every local speaker, shape (n_windows, n_local), negative where there is none.

    Args:
        local: uint8, shape (n_windows, n_frames, n_local): 1 where a local speaker speaks.
        embeddings: float32, shape (n_windows, n_local, dimension); NaN where too little is heard.
        plan: Of the set.
        options: The exact number of speakers or its bounds.
        every: The mixture hears one window of so many; the others go to the nearest speaker.
    """
    voices = embeddings.astype(np.float64)
    clusters, centroids = _group(local[::every], voices[::every], plan, options, every)
    if every == 1:
        return clusters
    distances = cdist(voices.reshape(-1, voices.shape[2]), centroids, metric="cosine")
    nearest = np.argmin(np.nan_to_num(distances, nan=2.0), axis=1)
    return np.asarray(nearest.reshape(voices.shape[:2]), dtype=np.int64)


def _group(
    local: NDArray[np.uint8], voices: NDArray[np.float64], plan: VbxPlan, options: TranscribeOptions, every: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    grouping = VBxClustering(plan.plda, metric="cosine")
    # A window that stands for several weighs as much as they would: the mixture knows only sums over windows.
    grouping.instantiate({"threshold": plan.threshold, "Fa": plan.fa * every, "Fb": plan.fb})
    wanted = max(2, options.speakers or options.min_speakers or 0)
    n_voices = len(grouping.filter_embeddings(voices, segmentations=SimpleNamespace(data=local))[0])
    if n_voices < wanted:
        # Hardly anybody speaks alone for long. So that all are compared, each is shown to the library as if alone once.
        local = np.asarray(local.max(axis=1)[:, None, :] * np.eye(local.shape[2], dtype=np.uint8))
        n_voices = len(grouping.filter_embeddings(voices, segmentations=SimpleNamespace(data=local))[0])
    least = min(options.speakers or options.min_speakers or 1, n_voices)
    most = min(options.speakers or options.max_speakers or MAX_SPEAKERS, n_voices)
    with contextlib.redirect_stdout(io.StringIO()):  # It prints a warning of its own arithmetic.
        clusters, _, centroids = grouping(
            voices,
            segmentations=SimpleNamespace(data=local),
            num_clusters=least if least == most else None,
            min_clusters=least,
            max_clusters=most,
        )
    return np.asarray(clusters, dtype=np.int64), np.asarray(centroids)
