"""Whisper as a set holds it: a checkpoint of transformers, converted to CTranslate2 by CTranslate2's own converter.

A checkpoint is taken apart before a library sees it: of its folder only the files on a list are handed on, weights as
safetensors. A pickle is read by the allow-list of ``weights.unpickle`` and written again.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import torch
from ctranslate2.converters import TransformersConverter
from safetensors import SafetensorError
from safetensors.torch import save_file
from transformers import WhisperForConditionalGeneration, WhisperTokenizerFast

from appliance.engine.weights import require_same, unpickle
from appliance.errors import OriginError
from appliance.options import LANGUAGES

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
PICKLE = "pytorch_model.bin"
TOKENIZER = "tokenizer.json"
PLAIN = (
    "generation_config.json", "preprocessor_config.json", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "merges.txt", "normalizer.json",
)  # fmt: skip
PROMPT = ("<|startoftranscript|>", "<|notimestamps|>")
MADE = frozenset({"model.bin", CONFIG, "vocabulary.json"})

# Half the size, as these models are published; a CPU computes in int8 or float32 whatever is stored.
STORED_AS = "float16"
# Of the largest value. Weights of 11 bits leave this much; a swapped or a missing layer leaves nothing alike.
MAX_DIFFERENCE = 0.02
TRIAL_FRAMES = 3_000
SUPPRESSED = -1e30


def write_whisper(checkpoint: Path, folder: Path) -> None:
    """Write ``model.bin``, ``config.json``, ``vocabulary.json`` and ``tokenizer.json``, as ``Recognizer`` loads them.

    Args:
        checkpoint: Folder of a Whisper model as transformers writes it.
        folder: An existing, empty folder.

    Raises:
        OriginError: It is no such model, holds code, or the written form computes anything else than it does.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".checkpoint-") as scratch:
        plain = Path(scratch, "plain")
        plain.mkdir()
        _take_plain(checkpoint, plain)
        try:
            converted = Path(TransformersConverter(str(plain)).convert(str(Path(scratch, "made")), None, STORED_AS))
            tokenizer = WhisperTokenizerFast.from_pretrained(str(plain), local_files_only=True)
            network = WhisperForConditionalGeneration.from_pretrained(
                str(plain), local_files_only=True, use_safetensors=True, dtype=torch.float32
            ).eval()
        # The libraries tell what is wrong with a checkpoint by all of these.
        except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, OSError, SafetensorError) as exc:
            raise OriginError(path=str(checkpoint), reason=f"it cannot be converted: {_first_line(exc)}") from exc
        for path in sorted(converted.iterdir()):
            if path.name in MADE:
                shutil.move(path, folder / path.name)
        tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
        _name_languages(folder / CONFIG, tokenizer)
        prompt = tokenizer.convert_tokens_to_ids(list(PROMPT))
        if {None, tokenizer.unk_token_id} & set(prompt):
            raise OriginError(path=str(checkpoint / TOKENIZER), reason="it is not the tokenizer of a Whisper model")
        require_same(_difference(network, folder, prompt), MAX_DIFFERENCE, "asr")


def _take_plain(checkpoint: Path, plain: Path) -> None:
    """Copy what is neither code nor a pickle, and write the weights of a pickle again.

    Raises:
        OriginError: It is no Whisper model.
    """
    _require_whisper(checkpoint / CONFIG)
    shards = sorted(checkpoint.glob("*.safetensors")) + sorted(checkpoint.glob("*.safetensors.index.json"))
    names = [CONFIG, TOKENIZER, *PLAIN, *(path.name for path in shards)]
    for name in names:
        if (checkpoint / name).is_file():
            shutil.copyfile(checkpoint / name, plain / name)
    if shards:
        return
    if not (checkpoint / PICKLE).is_file():
        raise OriginError(path=str(checkpoint), reason=f"it has neither {WEIGHTS} nor {PICKLE}")
    tensors = unpickle((checkpoint / PICKLE).read_bytes(), [])
    if not all(isinstance(tensor, torch.Tensor) for tensor in tensors.values()):
        raise OriginError(path=str(checkpoint / PICKLE), reason="it holds something other than weights")
    # Tied weights share memory, which safetensors do not say: each gets its own.
    save_file(
        {name: tensor.clone().contiguous() for name, tensor in tensors.items()}, plain / WEIGHTS, {"format": "pt"}
    )


def _require_whisper(path: Path) -> None:
    try:
        facts = json.loads(path.read_bytes())
        is_whisper = facts["model_type"] == "whisper"
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise OriginError(path=str(path), reason="it does not say what kind of model this is") from exc
    if not is_whisper:
        raise OriginError(path=str(path), reason=f"it is of a model of the kind {str(facts['model_type'])[:40]!r}")


def _name_languages(path: Path, tokenizer: Any) -> None:
    """Write which tokens are languages, where the checkpoint does not say it, so that a language can be detected."""
    facts = json.loads(path.read_bytes())
    if not facts["lang_ids"]:
        numbers = tokenizer.convert_tokens_to_ids([f"<|{code}|>" for code in LANGUAGES])
        facts["lang_ids"] = sorted(set(numbers) - {None, tokenizer.unk_token_id})
        path.write_text(json.dumps(facts, indent=1) + "\n")


def _difference(network: Any, folder: Path, tokens: list[int]) -> float:
    """Return by how much encoder and decoder differ from the checkpoint's, as a part of their largest value."""
    random = np.random.default_rng(0)
    features = random.standard_normal((1, network.config.num_mel_bins, TRIAL_FRAMES)).astype(np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(features), decoder_input_ids=torch.tensor([tokens]))
    written = ctranslate2.models.Whisper(str(folder), device="cpu", compute_type="float32")
    encoded = written.encode(ctranslate2.StorageView.from_array(features))
    heard = np.asarray(encoded)
    said = written.generate(
        encoded,
        [tokens],
        max_length=len(tokens) + 1,
        beam_size=1,
        suppress_blank=False,
        suppress_tokens=[],
        return_logits_vocab=True,
    )
    first, wanted = np.asarray(said[0].logits[0][0]), expected.logits[0, -1].numpy()
    allowed = first > SUPPRESSED  # Some tokens are forbidden at the beginning, whatever the network thinks of them.
    return max(_apart(expected.encoder_last_hidden_state.numpy(), heard), _apart(wanted[allowed], first[allowed]))


def _apart(expected: np.ndarray, found: np.ndarray) -> float:
    largest = float(np.abs(expected).max()) or 1.0
    return float(np.abs(expected - found).max()) / largest


def _first_line(exc: Exception) -> str:
    return str(exc).split("\n", 1)[0][:200]
