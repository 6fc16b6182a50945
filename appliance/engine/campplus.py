"""CAM++, the speaker embedding of the starter set, as ONNX and one matrix: for a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnxruntime
from safetensors.numpy import load_file

from appliance.engine.weights import FRAMES, PROJECTION

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

STEP_FRAMES = 2  # The network halves the rate: a step is two filter bank frames, 20 ms.


class CampplusVoices:
    """The network, ready to run."""

    step_frames = STEP_FRAMES

    def __init__(self, session: onnxruntime.InferenceSession, projection: dict[str, NDArray[np.float32]]) -> None:
        self._session = session
        self._weight, self._bias = projection["weight"], projection["bias"]
        self.channels = self._weight.shape[1] // 2
        self.dimension = len(self._bias)

    @classmethod
    def load(cls, folder: Path) -> CampplusVoices:
        """Load the network from ONNX and safetensors.

        Args:
            folder: Of the role ``embedding`` in a checked set.
        """
        options = onnxruntime.SessionOptions()
        # One thread a stretch and several stretches at once: more threads inside a stretch gain next to nothing.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(folder / FRAMES), options, providers=["CPUExecutionProvider"])
        return cls(session, load_file(folder / PROJECTION))

    def hear(self, stretches: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Return frames (steps, channels) of each stretch of feats (time, 80)."""
        return [self._session.run(None, {"feats": feats[None]})[0][0] for feats in stretches]

    def embed(self, statistics: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the embedding (dimension,) of mean and standard deviation (2 * channels,)."""
        found: NDArray[np.float32] = self._weight @ statistics + self._bias
        return found
