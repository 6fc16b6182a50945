"""A site's own checkpoints become sets: converted by the libraries' own means, and never run as code."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
import torch
from faster_whisper import WhisperModel
from transformers import WhisperConfig, WhisperForConditionalGeneration

from appliance.engine.convert import main
from appliance.engine.local import Conversion, build_local
from appliance.engine.models import ModelSet
from appliance.engine.whisper import MAX_DIFFERENCE, write_whisper
from appliance.errors import ModelSetMissingError, OriginError
from tests.conftest import REPOSITORY
from tests.simulators import networks

pytestmark = pytest.mark.models

SIZES = {"encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
WIDTHS = {"d_model": 16, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}


@pytest.fixture(scope="module")
def network() -> WhisperForConditionalGeneration:
    """Whisper of two layers and random weights."""
    torch.manual_seed(0)
    return WhisperForConditionalGeneration(WhisperConfig(vocab_size=51_865, num_mel_bins=80, **SIZES, **WIDTHS)).eval()


@pytest.fixture
def checkpoint(network: WhisperForConditionalGeneration, starter_set: Path, tmp_path: Path) -> Path:
    """The network as transformers writes it, with the tokenizer of a real one."""
    folder = tmp_path / "checkpoint"
    network.save_pretrained(str(folder))
    shutil.copy(starter_set / "asr" / "tokenizer.json", folder)
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "WhisperTokenizer"}))
    return folder


def as_pickle(checkpoint: Path, state: object) -> None:
    (checkpoint / "model.safetensors").unlink()
    (checkpoint / "pytorch_model.bin").write_bytes(networks.pickled(state))


def own(checkpoint: Path, what: str = "whisper", role: str = "asr", model_id: str = "whisper-court") -> Conversion:
    return Conversion(what, checkpoint, role, model_id, "MIT", "Court of Example, trained in 2026")


def folder_in(tmp_path: Path) -> Path:
    made = tmp_path / "made"
    made.mkdir()
    return made


def test_a_converted_whisper_hears_what_the_checkpoint_hears(
    network: WhisperForConditionalGeneration, checkpoint: Path, tmp_path: Path
) -> None:
    made = folder_in(tmp_path)
    write_whisper(checkpoint, made)
    features = np.random.default_rng(7).standard_normal((2, 80, 3_000)).astype(np.float32)
    model = WhisperModel(str(made), device="cpu", compute_type="float32", local_files_only=True)
    found = np.asarray(model.model.encode(ctranslate2.StorageView.from_array(features)))
    with torch.inference_mode():
        expected = network.model.encoder(torch.from_numpy(features)).last_hidden_state.numpy()
    assert np.abs(found - expected).max() < MAX_DIFFERENCE * np.abs(expected).max()
    assert sorted(path.name for path in made.iterdir()) == [
        "config.json",
        "model.bin",
        "tokenizer.json",
        "vocabulary.json",
    ]


def test_a_converted_whisper_says_which_languages_it_knows(checkpoint: Path, starter_set: Path, tmp_path: Path) -> None:
    build_local(starter_set, own(checkpoint), tmp_path / "court", "court", "2")
    assert ModelSet.open(tmp_path / "court").languages == ModelSet.open(starter_set).languages


def test_weights_that_are_pickled_are_read_as_weights_and_give_the_same_model(checkpoint: Path, tmp_path: Path) -> None:
    first, second = folder_in(tmp_path), tmp_path / "again"
    second.mkdir()
    write_whisper(checkpoint, first)
    as_pickle(checkpoint, WhisperForConditionalGeneration.from_pretrained(checkpoint).state_dict())
    write_whisper(checkpoint, second)
    assert (first / "model.bin").read_bytes() == (second / "model.bin").read_bytes()


def test_a_pickle_that_would_run_code_is_refused_and_does_not_run(checkpoint: Path, tmp_path: Path) -> None:
    as_pickle(checkpoint, {"weight": networks.Touch(tmp_path / "ran")})
    with pytest.raises(OriginError, match="not a checkpoint"):
        write_whisper(checkpoint, folder_in(tmp_path))
    assert not (tmp_path / "ran").exists()


def test_code_beside_a_checkpoint_is_never_imported(checkpoint: Path, tmp_path: Path) -> None:
    facts = json.loads((checkpoint / "config.json").read_text())
    facts["auto_map"] = {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}
    (checkpoint / "config.json").write_text(json.dumps(facts))
    (checkpoint / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    write_whisper(checkpoint, folder_in(tmp_path))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.json", b'{"model_type": "bart"}', "of a model of the kind 'bart'"),
        ("config.json", b"[]", "what kind of model"),
        ("config.json", b"\xff", "what kind of model"),
        ("config.json", None, "what kind of model"),
        ("model.safetensors", b"not safetensors", "cannot be converted"),
        ("model.safetensors", None, "neither model.safetensors nor pytorch_model.bin"),
        ("tokenizer.json", b"{}", "cannot be converted"),
    ],
)
def test_what_is_no_whisper_checkpoint_is_refused_in_words_and_leaves_nothing(
    checkpoint: Path, starter_set: Path, tmp_path: Path, file: str, content: bytes | None, words: str
) -> None:
    (checkpoint / file).unlink()
    if content is not None:
        (checkpoint / file).write_bytes(content)
    out = tmp_path / "sets" / "court"
    with pytest.raises(OriginError, match=words):
        build_local(starter_set, own(checkpoint), out, "court", "2")
    assert list(out.parent.iterdir()) == []


def test_a_set_of_ones_own_keeps_every_other_role_and_names_the_model(
    checkpoint: Path, starter_set: Path, tmp_path: Path
) -> None:
    build_local(starter_set, own(checkpoint), tmp_path / "court", "court", "2")
    made, before = ModelSet.open(tmp_path / "court").manifest, ModelSet.open(starter_set).manifest
    assert (made.name, made.release, made.catalog) == ("court", "2", "")
    assert made.roles["asr"].id == "whisper-court"
    assert {role: one for role, one in made.roles.items() if role != "asr"} == {
        role: one for role, one in before.roles.items() if role != "asr"
    }
    assert "licences/whisper-base.txt" not in made.files
    assert "Court of Example" in (tmp_path / "court" / "licences" / "whisper-court.txt").read_text()


def test_an_aligner_from_a_folder_joins_the_set(starter_set: Path, tmp_path: Path) -> None:
    published = tmp_path / "aligner"
    published.mkdir()
    for name, content in networks.aligner_files().items():
        (published / name).write_bytes(content)
    conversion = own(published, "aligner", "aligner/en", "wav2vec2-court")
    build_local(starter_set, conversion, tmp_path / "court", "court", "2")
    made = ModelSet.open(tmp_path / "court")
    assert made.manifest.roles["aligner/en"].languages == ("en",)
    assert made.aligner("en") == tmp_path / "court" / "aligner" / "en"
    assert made.manifest.roles["asr"].id == "whisper-base"


def test_a_segmentation_from_a_file_takes_the_place_of_the_one_before(starter_set: Path, tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(networks.segmentation_checkpoint())
    conversion = own(tmp_path / "pytorch_model.bin", "segmentation", "segmentation", "segmentation-court")
    build_local(starter_set, conversion, tmp_path / "court", "court", "2")
    assert ModelSet.open(tmp_path / "court").models["segmentation"] == "segmentation-court"


def test_a_hostile_segmentation_is_refused_and_does_not_run(starter_set: Path, tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(networks.hostile(tmp_path / "ran"))
    conversion = own(tmp_path / "pytorch_model.bin", "segmentation", "segmentation")
    with pytest.raises(OriginError):
        build_local(starter_set, conversion, tmp_path / "court", "court", "2")
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "court").exists()


@pytest.mark.parametrize("model_id", ["../up", "", ".hidden", "a b"])
def test_an_id_that_would_lead_elsewhere_is_refused(starter_set: Path, tmp_path: Path, model_id: str) -> None:
    with pytest.raises(OriginError, match="letters, digits"):
        build_local(starter_set, own(tmp_path, model_id=model_id), tmp_path / "court", "court", "2")


def test_a_set_that_is_there_is_never_replaced(starter_set: Path, tmp_path: Path) -> None:
    (tmp_path / "court").mkdir()
    with pytest.raises(OriginError, match="choose another folder"):
        build_local(starter_set, own(tmp_path), tmp_path / "court", "court", "2")


def test_a_base_that_is_no_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    with pytest.raises(ModelSetMissingError):
        build_local(tmp_path / "base", own(tmp_path), tmp_path / "court", "court", "2")


def test_a_checkpoint_that_is_not_there_is_refused_by_name(
    starter_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--base", str(starter_set), "--out", str(tmp_path / "court"), "--name", "court", "--release", "2"]
    facts = ["--id", "a", "--licence", "MIT", "--origin", "us"]
    assert main(["segmentation", str(tmp_path / "missing.bin"), *arguments, *facts]) == 1
    assert "missing.bin" in capsys.readouterr().err


def test_the_command_converts_and_says_where_the_set_stands(
    checkpoint: Path, starter_set: Path, tmp_path: Path
) -> None:
    arguments = ["--base", str(starter_set), "--out", str(tmp_path / "court"), "--name", "court", "--release", "2"]
    facts = ["--id", "whisper-court", "--licence", "MIT", "--origin", "Court of Example"]
    command = [sys.executable, "-W", "ignore", "-m", "appliance.engine.convert", "whisper", str(checkpoint)]
    ended = subprocess.run(
        [*command, *arguments, *facts], cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"The model set in {tmp_path / 'court'} was built, with whisper-court for asr.\n"
