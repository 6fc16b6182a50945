"""WeSpeaker's ResNet34, the speaker embedding of pyannote's community pipeline, in torch: for a GPU.

Like CAM++ it is cut where its statistics pooling begins: ``feats`` (time, 80) become frames (time / 8, 2560), of which
a speaker's mean and standard deviation, and one matrix, are the embedding. Here both halves are the network's own
layers, so nothing is exported or folded.

Source: Wang et al., WeSpeaker, ICASSP 2023; pyannote.audio's port of it.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import WeSpeakerResNet34
from safetensors.torch import load_file, save_file
from torch.torch_version import TorchVersion

from appliance.engine.weights import MEL_BINS, require_same, unpickle
from appliance.errors import OriginError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ARCHITECTURE = "WeSpeakerResNet34"
TRIAL_SAMPLES = 16_000
STEP_FRAMES = 8  # Three of its four stages halve the rate: a step is 80 ms.

# What our filter banks are; a network that was trained on others would hear nonsense.
FILTER_BANK = {
    "sample_rate": 16_000,
    "num_channels": 1,
    "num_mel_bins": MEL_BINS,
    "frame_length": 25,
    "frame_shift": 10,
    "dither": 0.0,
    "window_type": "hamming",
    "use_energy": False,
    "round_to_power_of_two": True,
    "snip_edges": True,
    "fbank_centering_span": None,
}


class ResNetVoices:
    """The network, ready to run."""

    step_frames = STEP_FRAMES

    def __init__(self, network: Any, device: torch.device) -> None:
        self._network = network.to(device).eval()
        self._device = device
        self.channels: int = network.stats_dim
        self.dimension: int = network.embed_dim

    @classmethod
    def load(cls, folder: Path, device: torch.device) -> ResNetVoices:
        """Load the network from safetensors.

        Args:
            folder: Of the role ``embedding`` in a checked set.
            device: Where it runs.
        """
        return cls(read_resnet(folder).resnet, device)

    @torch.inference_mode()
    def hear(self, stretches: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Return frames (steps, channels) of each stretch of feats (time, 80); those of one length go together."""
        frames: list[NDArray[np.float32]] = []
        for _, alike in groupby(stretches, key=len):
            feats = torch.from_numpy(np.stack(list(alike))).to(self._device)
            heard = self._network.forward_frames(feats).flatten(1, 2).permute(0, 2, 1)
            frames += list(heard.float().cpu().numpy())
        return frames

    @torch.inference_mode()
    def embed(self, statistics: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the embedding (dimension,) of mean and standard deviation (2 * channels,)."""
        found: NDArray[np.float32] = self._network.seg_1(torch.from_numpy(statistics).to(self._device)).cpu().numpy()
        return found


def write_resnet(checkpoint: bytes, folder: Path) -> None:
    """Write pyannote's checkpoint of WeSpeaker's ResNet34 as ``model.safetensors`` and ``config.json``.

    Args:
        checkpoint: A pickle whose SHA-256 was checked; even so, only the named classes are made from it.
        folder: An existing folder.

    Raises:
        OriginError: It is not such a checkpoint, it wants other filter banks than ours, or the written form computes
            anything else than it does.
    """
    original = unpickle(checkpoint, [Specifications, Problem, Resolution, TorchVersion])
    try:
        found = original["pyannote.audio"]["architecture"]["class"]
        hyper_parameters, state = dict(original.get("hyper_parameters", {})), original["state_dict"]
    except (KeyError, TypeError) as exc:
        raise OriginError(path="checkpoint", reason="it is not a checkpoint of the expected kind") from exc
    if found != ARCHITECTURE:
        raise OriginError(path="checkpoint", reason=f"it holds a {found} where a {ARCHITECTURE} is expected")
    for name, value in hyper_parameters.items():
        if FILTER_BANK.get(name, value) != value:
            raise OriginError(
                path="checkpoint", reason=f"it was trained with {name} {value}, which is not what we compute"
            )
    (folder / "config.json").write_text(json.dumps({"architecture": ARCHITECTURE}, indent=1) + "\n")
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / "model.safetensors")
    sound = torch.randn(1, 1, TRIAL_SAMPLES, generator=torch.Generator().manual_seed(0)) * 0.1
    with torch.inference_mode():
        difference = float((read_resnet(folder)(sound) - _build(state)(sound)).abs().max())
    require_same(difference, 0.0, "embedding")


def read_resnet(folder: Path) -> Any:
    """Return the whole network from ``model.safetensors``, ready to run on the CPU."""
    return _build(load_file(folder / "model.safetensors"))


def _build(state: dict[str, torch.Tensor]) -> Any:
    network = WeSpeakerResNet34()
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as exc:
        raise OriginError(path="checkpoint", reason="its weights are not those of the network it names") from exc
    return network.eval()
