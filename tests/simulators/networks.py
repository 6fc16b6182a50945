"""Small networks of the right architectures with random weights, in the forms in which real ones are published."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import WeSpeakerResNet34
from pyannote.audio.models.segmentation import PyanNet
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

LETTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", *"abcdefghijklmnopqrstuvwxyz'"]
EMBEDDING_DIMENSION, PLDA_DIMENSION = 256, 128


@dataclass
class Touch:
    """Unpickles by creating a file, as a hostile checkpoint would run a command."""

    path: Path

    def __reduce__(self) -> tuple[object, ...]:  # noqa: D105 -- the class says it.
        return Path.touch, (self.path,)


def pickled(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def segmentation_checkpoint(network: PyanNet | None = None, **more: object) -> bytes:
    """A checkpoint as pyannote publishes it: ten seconds, three speakers, at most two at once."""
    if network is None:
        network = PyanNet(lstm={"hidden_size": 8, "num_layers": 1}, linear={"hidden_size": 8, "num_layers": 1})
        network.specifications = Specifications(
            problem=Problem.MONO_LABEL_CLASSIFICATION,
            resolution=Resolution.FRAME,
            duration=10.0,
            warm_up=(0.0, 0.0),
            classes=["speaker#1", "speaker#2", "speaker#3"],
            powerset_max_classes=2,
            permutation_invariant=True,
        )
        network.build()
    return pickled(_lightning(network, "PyanNet", network.specifications) | more)


def embedding_checkpoint(architecture: str = "WeSpeakerResNet34", **more: object) -> bytes:
    """A checkpoint of WeSpeaker's ResNet34 as pyannote publishes it, of its real size and with random weights."""
    torch.manual_seed(1)
    network = WeSpeakerResNet34()
    specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0, classes=None
    )
    return pickled(_lightning(network, architecture, specifications) | more)


def plda_archives(dimension: int = EMBEDDING_DIMENSION) -> dict[str, bytes]:
    """A PLDA that keeps the first part of an embedding, and believes that all of it tells speakers apart."""
    lda = np.eye(dimension)[:, :PLDA_DIMENSION]
    transform = archive(mean1=np.zeros(dimension), mean2=np.zeros(PLDA_DIMENSION), lda=lda)
    psi = np.linspace(2.0, 1.0, PLDA_DIMENSION)
    return {
        "plda/xvec_transform.npz": transform,
        "plda/plda.npz": archive(mu=np.zeros(PLDA_DIMENSION), tr=np.eye(PLDA_DIMENSION), psi=psi),
    }


def archive(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **arrays)
    return buffer.getvalue()


def aligner_files(**changes: object) -> dict[str, bytes]:
    """A wav2vec2 network for CTC as it was published years ago: a pickle, with the former names of its weights."""
    torch.manual_seed(0)
    layers = {"conv_dim": (8,) * 7, "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2}
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    network = Wav2Vec2ForCTC(Wav2Vec2Config(vocab_size=len(LETTERS), **sizes, **layers))
    former = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    state: dict[str, torch.Tensor] = {}
    for name, tensor in network.state_dict().items():
        for present, before in former.items():
            name = name.replace(present, before)  # noqa: PLW2901 -- one of two replacements applies.
        state[name] = tensor
    config = network.config.to_dict() | {"architectures": ["Wav2Vec2ForCTC"]} | changes
    return {
        "pytorch_model.bin": pickled(state),
        "config.json": json.dumps(config).encode(),
        "vocab.json": json.dumps({letter: column for column, letter in enumerate(LETTERS)}).encode(),
    }


def hostile(path: Path) -> bytes:
    """A pickle that creates a file when it is opened carelessly."""
    return pickled({"state_dict": Touch(path)})


def _lightning(network: Any, architecture: str, specifications: Specifications) -> dict[str, object]:
    return {
        "state_dict": network.state_dict(),
        "hyper_parameters": dict(network.hparams),
        "pytorch-lightning_version": "2.5.0",
        "pyannote.audio": {
            "versions": {"torch": "2.8.0", "pyannote.audio": "4.0.0"},
            "architecture": {"module": "pyannote.audio.models", "class": architecture},
            "specifications": specifications,
        },
    }
