"""Conversion of published weights into forms that carry no code, each checked against what it was made from.

CAM++ (speaker embedding) is cut where its statistics pooling begins, because windows of a recording overlap::

    feats (batch, time, 80)  ──frames.onnx──►  frames (batch, steps, 512)      steps = (time - 1) // 2 + 1
    weights (steps,) of one speaker ──► mean and standard deviation (1024,) ──projection──► embedding (192,)

The costly half then runs once over the sound, and each window and speaker costs one weighted mean. ``feats`` are
Kaldi filter banks every 10 ms, so a step is 20 ms: step ``k`` is centred on feature ``2 k`` and its convolutions see
2 s to either side. Besides, each context layer adds the mean over the whole input and over the 100 steps (2 s, counted
from the start of the input) round a step, so frames depend a little on where the input is cut. With all weights 1, both
halves together equal the whole network.

Source: Wang et al., CAM++, Interspeech 2023. Bredin, pyannote.audio 2.1, Interspeech 2023.
"""

from __future__ import annotations

import importlib
import io
import json
import sys
import warnings
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import torch
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.segmentation import PyanNet
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.torch_version import TorchVersion

from appliance.errors import OriginError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FRAMES = "wespeaker-campplus-frames.onnx"
WHOLE = "wespeaker-campplus.onnx"  # pyannote takes a model for WeSpeaker's by this word in its path.
PROJECTION = "projection.safetensors"

MAX_DIFFERENCE = 1e-4
OPSET = 14
MEL_BINS = 80
DIMENSION = 192
CHANNELS = 512

EMBEDDING_FACTS = {
    "input": "feats",
    "output": "frames",
    "mel_bins": MEL_BINS,
    "frame_length_s": 0.025,
    "frame_shift_s": 0.01,
    "subsampling": 2,
    "step_s": 0.02,
    "channels": CHANNELS,
    "dimension": DIMENSION,
    "pooling": "mean and unbiased standard deviation over steps",
    "metric": "cosine",
}


def write_segmentation(checkpoint: bytes, folder: Path) -> None:
    """Write pyannote's segmentation checkpoint as ``model.safetensors`` and ``config.json``.

    Args:
        checkpoint: A pickle whose SHA-256 was checked; even so, only the named classes are made from it.
        folder: An existing folder.

    Raises:
        OriginError: It is not such a checkpoint, or the written form computes anything else than it does.
    """
    original = unpickle(checkpoint, [Specifications, Problem, Resolution, TorchVersion])
    specifications = original["pyannote.audio"]["specifications"]
    config = {
        "architecture": original["pyannote.audio"]["architecture"]["class"],
        "hyper_parameters": original["hyper_parameters"],
        "specifications": {
            "problem": specifications.problem.name,
            "resolution": specifications.resolution.name,
            "duration": specifications.duration,
            "min_duration": specifications.min_duration,
            "warm_up": list(specifications.warm_up),
            "classes": list(specifications.classes),
            "powerset_max_classes": specifications.powerset_max_classes,
            "permutation_invariant": specifications.permutation_invariant,
        },
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    tensors = {name: tensor.contiguous() for name, tensor in original["state_dict"].items()}
    save_file(tensors, folder / "model.safetensors")
    expected = _build(original["hyper_parameters"], specifications, original["state_dict"])
    sound = torch.randn(2, 1, 160_000, generator=torch.Generator().manual_seed(0)) * 0.1
    with torch.inference_mode():
        difference = float((read_segmentation(folder)(sound) - expected(sound)).abs().max())
    require_same(difference, 0.0, "segmentation")


def read_segmentation(folder: Path) -> PyanNet:
    """Return the segmentation network from ``config.json`` and ``model.safetensors``, ready to run on the CPU."""
    config = json.loads((folder / "config.json").read_text())
    stored = config["specifications"]
    specifications = Specifications(
        problem=Problem[stored["problem"]],
        resolution=Resolution[stored["resolution"]],
        duration=stored["duration"],
        min_duration=stored["min_duration"],
        warm_up=tuple(stored["warm_up"]),
        classes=stored["classes"],
        powerset_max_classes=stored["powerset_max_classes"],
        permutation_invariant=stored["permutation_invariant"],
    )
    return _build(config["hyper_parameters"], specifications, load_file(folder / "model.safetensors"))


def write_embedding(weights: bytes, architecture: Path, folder: Path) -> None:
    """Write CAM++ in two parts: ``wespeaker-campplus-frames.onnx`` and ``projection.safetensors``.

    Args:
        weights: A pickled state dictionary whose SHA-256 was checked; only tensors are made from it.
        architecture: The checked wheel that holds the network's code.
        folder: An existing folder.

    Raises:
        OriginError: The two parts together compute anything else than the whole.
    """
    network = read_campplus(weights, architecture)
    _export(_Frames(network), folder / FRAMES, output="frames", axes={0: "batch", 1: "steps"})
    save_file(_projection(network), folder / PROJECTION)
    (folder / "config.json").write_text(json.dumps(EMBEDDING_FACTS, indent=1) + "\n")
    projection = load_file(folder / PROJECTION)
    for feats in _trial_feats():
        frames = run_graph(folder / FRAMES, feats)
        statistics = np.concatenate([frames.mean(axis=1), frames.std(axis=1, ddof=1)], axis=1)
        parts = statistics @ projection["weight"].numpy().T + projection["bias"].numpy()
        require_same(_difference(network, feats, parts), MAX_DIFFERENCE, "embedding")


def write_whole_embedding(weights: bytes, architecture: Path, path: Path) -> None:
    """Write CAM++ as one ONNX graph from ``feats`` to ``embs``, as pyannote loads it.

    Raises:
        OriginError: The graph computes anything else than the network.
    """
    network = read_campplus(weights, architecture)
    _export(network, path, output="embs", axes={0: "batch"})
    for feats in _trial_feats():
        require_same(_difference(network, feats, run_graph(path, feats)), MAX_DIFFERENCE, "embedding")


def write_identity_plda(folder: Path) -> None:
    """Write a PLDA that changes nothing; pyannote loads one even for a clustering that has no use for it."""
    nothing, unchanged = np.zeros(DIMENSION), np.eye(DIMENSION)
    np.savez(folder / "xvec_transform.npz", mean1=nothing, mean2=nothing, lda=unchanged)
    np.savez(folder / "plda.npz", mu=nothing, tr=unchanged, psi=np.ones(DIMENSION))


def read_campplus(weights: bytes, architecture: Path) -> nn.Module:
    """Return CAM++ as its authors wrote it, from the code in a wheel."""
    with _importable(architecture):
        module = importlib.import_module("speakerlab.models.campplus.DTDNN")
    network: nn.Module = module.CAMPPlus(feat_dim=MEL_BINS, embedding_size=DIMENSION)
    network.load_state_dict(unpickle(weights, []))
    return network.eval()


def run_graph(path: Path, feats: np.ndarray) -> np.ndarray:
    """Return the only output of an ONNX graph on the CPU."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    output: np.ndarray = session.run(None, {"feats": feats})[0]
    return output


class _Frames(nn.Module):
    """CAM++ up to its statistics pooling."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        layers = [layer for name, layer in network.xvector.named_children() if name not in {"stats", "dense"}]
        self.layers = nn.Sequential(network.head, *layers)

    def forward(self, feats: Tensor) -> Tensor:
        """Return frames (batch, steps, 512) of feats (batch, time, 80)."""
        frames: Tensor = self.layers(feats.permute(0, 2, 1))
        return frames.permute(0, 2, 1)


def _projection(network: Any) -> dict[str, Tensor]:
    """Fold the last layer and its batch normalisation, both linear, into one: weight (192, 1024) and bias (192,)."""
    dense = network.xvector.dense
    norm = dense.nonlinear.batchnorm
    with torch.inference_mode():
        scale = 1 / torch.sqrt(norm.running_var.double() + norm.eps)
        weight = dense.linear.weight[:, :, 0].double() * scale[:, None]
        bias = -norm.running_mean.double() * scale
    return {"weight": weight.float().contiguous(), "bias": bias.float().contiguous()}


def _export(network: nn.Module, path: Path, output: str, axes: dict[int, str]) -> None:
    with _quiet_and_untuned():
        torch.onnx.export(
            network.eval(),
            (torch.zeros(2, 200, MEL_BINS),),
            str(path),
            input_names=["feats"],
            output_names=[output],
            dynamic_axes={"feats": {0: "batch", 1: "time"}, output: axes},
            opset_version=OPSET,
            dynamo=False,
        )


@contextmanager
def _quiet_and_untuned() -> Iterator[None]:
    # oneDNN compiles each of 200 layers for each length, which takes longer than running them twice without it. The
    # tracer warns of every Python number in a network; the comparison after the export is the real check.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.backends.mkldnn.flags(enabled=False):
            yield


def _trial_feats() -> Iterator[np.ndarray]:
    # Lengths on both sides of the 100 steps by which the context layers pool.
    random = np.random.default_rng(0)
    for time in (50, 333):
        yield random.standard_normal((2, time, MEL_BINS)).astype(np.float32)


def _difference(network: nn.Module, feats: np.ndarray, found: np.ndarray) -> float:
    with torch.inference_mode(), _quiet_and_untuned():
        expected = network(torch.from_numpy(feats)).numpy()
    return float(np.abs(found - expected).max())


def require_same(difference: float, limit: float, what: str) -> None:
    """Refuse a conversion that computes anything else than what it was made from.

    Raises:
        OriginError: The difference is over the limit.
    """
    if not difference <= limit:  # So that a difference that is not a number is refused too.
        raise OriginError(path=what, reason=f"its converted form differs by {difference:g} where {limit:g} is allowed")


def _build(hyper_parameters: dict[str, Any], specifications: Specifications, weights: dict[str, Tensor]) -> PyanNet:
    network = PyanNet(**hyper_parameters)
    network.specifications = specifications
    network.build()
    network.load_state_dict(weights, strict=True)
    return network.eval()


def unpickle(pickled: bytes, classes: list[Callable[..., Any] | tuple[Callable[..., Any], str]]) -> dict[str, Any]:
    """Return the content of a pickle, of which only tensors, plain values and the named classes are made.

    Raises:
        OriginError: It holds anything else, or is no checkpoint.
    """
    try:
        with torch.serialization.safe_globals(classes):
            content: dict[str, Any] = torch.load(io.BytesIO(pickled), map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, ValueError) as exc:
        raise OriginError(path="checkpoint", reason="it is not a checkpoint of the expected kind") from exc
    return content


@contextmanager
def _importable(wheel: Path) -> Iterator[None]:
    # A wheel is a zip archive, and Python imports from those; nothing is installed or unpacked.
    sys.path.insert(0, str(wheel))
    try:
        yield
    finally:
        sys.path.remove(str(wheel))
