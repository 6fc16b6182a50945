"""Aligners as a set holds them: wav2vec2 networks for CTC, whatever form they were published in, as safetensors."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

from appliance.engine.weights import require_same, unpickle
from appliance.errors import OriginError

if TYPE_CHECKING:
    from pathlib import Path

Weights = dict[str, torch.Tensor]

TRIAL_SAMPLES = 8_000

# Only training reads it. Where it was not published it is zero, and not drawn anew, so that two builds are the same.
MASK = "wav2vec2.masked_spec_embed"
# How torch called the halves of a normalised weight before it had parametrizations.
FORMER_NAMES = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}


def write_aligner(state: Weights, config: bytes, vocabulary: bytes, folder: Path) -> None:
    """Write ``model.safetensors``, ``config.json`` and ``vocab.json``, as ``Aligner`` loads them.

    Args:
        state: The published weights by their names.
        config: The published ``config.json``.
        vocabulary: The published ``vocab.json``.
        folder: An existing folder.

    Raises:
        OriginError: It is no wav2vec2 network for CTC, its parts do not fit each other, or the written form computes
            anything else than it does.
    """
    network = _build(config, {_present_name(name): tensor for name, tensor in state.items()})
    characters = _alphabet(vocabulary, network.config.vocab_size)
    network.save_pretrained(str(folder), safe_serialization=True, max_shard_size="100GB")
    for path in folder.iterdir():
        if path.name not in {"config.json", "model.safetensors"}:
            path.unlink()
    (folder / "vocab.json").write_text(json.dumps(characters, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    written = Wav2Vec2ForCTC.from_pretrained(str(folder), local_files_only=True, use_safetensors=True).eval()
    sound = torch.randn(1, TRIAL_SAMPLES, generator=torch.Generator().manual_seed(0)) * 0.1
    with torch.inference_mode():
        difference = float((written(sound).logits - network(sound).logits).abs().max())
    require_same(difference, 0.0, "aligner")


def read_weights(content: bytes, *, is_pickle: bool) -> Weights:
    """Return published weights by their names.

    Args:
        content: Of a file whose SHA-256 was checked; even so, only tensors are made from a pickle.
        is_pickle: Whether it is one, or safetensors.

    Raises:
        OriginError: It is neither.
    """
    if is_pickle:
        return unpickle(content, [])
    try:
        weights: Weights = load(content)
    except SafetensorError as exc:
        raise OriginError(path="weights", reason="they are not safetensors") from exc
    return weights


def _build(config: bytes, state: Weights) -> Any:
    try:
        facts = json.loads(config)
        if "Wav2Vec2ForCTC" not in facts.get("architectures", ()):
            raise OriginError(path="config.json", reason="it is not of a wav2vec2 network for CTC")
        network = Wav2Vec2ForCTC(Wav2Vec2Config.from_dict(facts)).eval()
        missing, unexpected = network.load_state_dict(state, strict=False)
    except (ValueError, TypeError, AttributeError, RuntimeError) as exc:
        raise OriginError(path="config.json", reason=f"its network cannot be built: {exc}") from exc
    if MASK in missing:
        torch.nn.init.zeros_(network.wav2vec2.masked_spec_embed)
    wrong = sorted((set(missing) | set(unexpected)) - {MASK})
    if wrong:
        raise OriginError(path="weights", reason=f"they are not those of the network: {wrong[0]}")
    return network


def _present_name(name: str) -> str:
    found = re.fullmatch(r"(.*pos_conv_embed\.conv\.)(weight_[gv])", name)
    return found[1] + FORMER_NAMES[found[2]] if found else name


def _alphabet(vocabulary: bytes, n_columns: int) -> dict[str, int]:
    try:
        characters = json.loads(vocabulary)
        known = {str(text): int(column) for text, column in characters.items()}
    except (ValueError, TypeError, AttributeError) as exc:
        raise OriginError(path="vocab.json", reason="it does not name a column for each character") from exc
    if not known or min(known.values()) < 0 or max(known.values()) >= n_columns:
        raise OriginError(path="vocab.json", reason=f"it names columns that the network's {n_columns} do not have")
    return known
