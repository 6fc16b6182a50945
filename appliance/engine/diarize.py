"""Who speaks when: local speakers of overlapping windows become the speakers of the whole recording.

Source: Bredin, "pyannote.audio 2.1 speaker diarization pipeline" (2023); the clustering is pyannote.audio's own, as the
set says: AgglomerativeClustering or VBx. The rest follows its SpeakerDiarization pipeline in bounded memory.
"""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pyannote.audio.pipelines.clustering import AgglomerativeClustering

from appliance.engine.vbx import ALGORITHM, VbxPlan, vbx_clusters
from appliance.transcript import SpeakerTurn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from appliance.engine.segment import Segmentation
    from appliance.options import TranscribeOptions

NOBODY = -1  # The cluster of a local speaker who does not speak or of whom too little is heard.
MAX_CLUSTERED = 6000  # Voices compared with each other at once: linkage over 6,000 takes 0.3 GB and a few seconds.
TURN_BLOCK_FRAMES = 200_000  # Frames turned into speakers at once, 56 minutes: bounds the memory of the sort.
REFERENCE_STEP_S = 1.0  # The step between windows for which the set's min_cluster_size is meant.
# A fifth of a window. Against pyannote's own tenth it halves the work at the same error; from a quarter on errors grow.
WINDOW_STEP_S = 2.0
MIN_CLEAN_SHARE = 0.2  # A voice shapes the clusters if it speaks alone in so much of its window.


@dataclass(frozen=True, slots=True)
class ClusteringPlan:
    """How voices are grouped, as the model set says.

    Attributes:
        method: Linkage method of scipy.
        threshold: Distance between unit-length embeddings under which two groups are one speaker.
        min_cluster_size: Windows, one a second, in which a voice must be heard to count as a speaker.
        window_step_s: Seconds from one window of the segmentation to the next.
    """

    method: str
    threshold: float
    min_cluster_size: int
    window_step_s: float = WINDOW_STEP_S


def read_clustering(folder: Path) -> ClusteringPlan | VbxPlan:
    """Return how a set groups voices.

    Args:
        folder: Of the role ``clustering`` in a checked set.
    """
    facts = json.loads((folder / "config.json").read_text("utf-8"))
    return VbxPlan.load(folder) if facts.get("algorithm") == ALGORITHM else ClusteringPlan(**facts)


def diarize(
    segmentation: Segmentation,
    embeddings: NDArray[np.float32],
    plan: ClusteringPlan | VbxPlan,
    options: TranscribeOptions,
    progress: Callable[[float], None],
) -> tuple[SpeakerTurn, ...]:
    """Tell the speakers of a recording apart.

    Args:
        segmentation: Local speakers of every window.
        embeddings: float32, shape (n_windows, n_local, dimension); NaN where too little is heard.
        plan: How voices are grouped.
        options: The exact number of speakers or its bounds.
        progress: Takes the finished fraction; may raise to stop.

    Returns:
        Turns in order of time; speakers are named S1, S2, … as they first appear. Turns may overlap.
    """
    progress(0.0)
    clusters = group_voices(segmentation, embeddings, plan, options)
    progress(0.5)
    # The average of soft scores: counting decided frames instead loses speech where half of the windows hear it.
    count = np.rint(segmentation.voices).astype(np.int16)
    limit = options.speakers or options.max_speakers
    active = speaking(segmentation, clusters, count if limit is None else np.minimum(count, limit))
    progress(0.9)
    return name_turns(turns(active, segmentation))


def group_voices(
    segmentation: Segmentation,
    embeddings: NDArray[np.float32],
    plan: ClusteringPlan | VbxPlan,
    options: TranscribeOptions,
) -> NDArray[np.int16]:
    """Return the cluster of every local speaker, shape (n_windows, n_local); NOBODY where nobody is heard."""
    local = segmentation.local
    heard = local.any(axis=1) & ~np.isnan(embeddings).any(axis=2)
    clusters = np.full(heard.shape, NOBODY, dtype=np.int16)
    if not heard.any():
        return clusters
    clear = clean_enough(local)[heard]
    if not clear.any():
        clear = np.ones(len(clear), dtype=bool)
    every = -(-int(clear.sum()) // MAX_CLUSTERED)
    if isinstance(plan, VbxPlan):
        clusters[heard] = np.maximum(vbx_clusters(local, embeddings, plan, options, every)[heard], NOBODY)
        return clusters
    voices = embeddings[heard] / np.maximum(np.linalg.norm(embeddings[heard], axis=1, keepdims=True), 1e-9)
    # Whole windows are left out, because the local speakers of one window are different people.
    windows = np.nonzero(heard)[0]
    training = clear & (windows % every == 0) if every > 1 else clear
    windows_a_second = REFERENCE_STEP_S / (segmentation.window_step_s * every)
    labels = cluster(voices[training], plan, max(2, round(plan.min_cluster_size * windows_a_second)), options)
    centroids = np.stack([voices[training][labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    centroids /= np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-9)
    clusters[heard] = np.argmax(voices @ centroids.T, axis=1)
    return clusters


def clean_enough(local: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which local speakers speak alone for long enough to shape the clusters, shape (n_windows, n_local)."""
    alone = local.sum(axis=2, keepdims=True) == 1
    share: NDArray[np.bool_] = (local * alone).mean(axis=1) >= MIN_CLEAN_SHARE
    return share


def cluster(
    voices: NDArray[np.float32], plan: ClusteringPlan, min_cluster_size: int, options: TranscribeOptions
) -> NDArray[np.int64]:
    """Return a cluster number for every voice, shape (n,), honouring the number of speakers that was asked for."""
    least = min(options.speakers or options.min_speakers or 1, len(voices))
    most = min(options.speakers or options.max_speakers or len(voices), len(voices))
    if most == 1:
        return np.zeros(len(voices), dtype=np.int64)
    grouping = AgglomerativeClustering(metric="cosine")
    size = min_cluster_size
    while True:
        grouping.instantiate({"method": plan.method, "threshold": plan.threshold, "min_cluster_size": size})
        with contextlib.redirect_stdout(io.StringIO()):  # It prints where it finds fewer clusters than asked.
            labels = grouping.cluster(voices.astype(np.float64), least, most, least if least == most else None)
        _, labels = np.unique(labels, return_inverse=True)
        found = int(labels.max()) + 1
        if found >= least or size == 1:
            return labels.astype(np.int64)
        size //= 2


def speaking(segmentation: Segmentation, clusters: NDArray[np.int16], count: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return who speaks in each frame, shape (n_frames, n_clusters).

    In each frame the ``count`` speakers speak whom most windows heard there.
    """
    n_local_frames = segmentation.local.shape[1]
    n_clusters = max(int(clusters.max()) + 1, 1)
    votes = np.zeros((segmentation.n_frames, n_clusters), dtype=np.float32)
    for start, window, owners in zip(segmentation.first_frames, segmentation.local, clusters, strict=True):
        for owner in np.unique(owners[owners != NOBODY]):
            votes[start : start + n_local_frames, owner] += window[:, owners == owner].max(axis=1)
    active = np.zeros(votes.shape, dtype=bool)
    for first in range(0, len(votes), TURN_BLOCK_FRAMES):
        block = slice(first, first + TURN_BLOCK_FRAMES)
        rank = np.argsort(np.argsort(-votes[block], axis=1, kind="stable"), axis=1, kind="stable")
        active[block] = (rank < count[block, None]) & (votes[block] > 0)
    return active


def turns(active: NDArray[np.bool_], segmentation: Segmentation) -> list[tuple[float, float, int]]:
    """Return the stretches in which each cluster speaks: start and end in seconds, cluster; in order of time."""
    found = []
    for number, column in enumerate(active.T):
        edges = np.flatnonzero(np.diff(column, prepend=False, append=False))
        times = np.minimum(segmentation.time_of(edges), segmentation.duration_s)
        found += [(float(start), float(end), number) for start, end in times.reshape(-1, 2) if end > start]
    return sorted(found)


def name_turns(found: list[tuple[float, float, int]]) -> tuple[SpeakerTurn, ...]:
    """Name the speakers S1, S2, … in order of first appearance."""
    names: dict[int, str] = {}
    for _, _, number in found:
        names.setdefault(number, f"S{len(names) + 1}")
    return tuple(SpeakerTurn(start=start, end=end, speaker=names[number]) for start, end, number in found)
