from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.engine.models import MAX_MANIFEST_BYTES, SAFE_SUFFIXES, ModelSet
from appliance.errors import ModelFileAlteredError, ModelFileMissingError, ModelSetMissingError

FILES = {
    "asr/model.bin": b"weights of the recogniser",
    "asr/config.json": b"{}",
    "segmentation/model.safetensors": b"weights of the segmentation",
    "aligner/en/model.safetensors": b"weights of the aligner",
    "licences/whisper.txt": b"MIT",
}


def role(path: str, kind: str, **more: object) -> dict[str, object]:
    return {"path": path, "id": f"some-{path}", "kind": kind, "licence": "MIT", "origin": "made by the test", **more}


def manifest(files: dict[str, bytes]) -> dict[str, Any]:
    return {
        "schema": 1,
        "name": "small",
        "release": "1",
        "roles": {
            "asr": role("asr", "ct2", languages=["en", "bn"]),
            "segmentation": role("segmentation", "safetensors"),
            "aligner/en": role("aligner/en", "safetensors"),
        },
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in files.items()
        },
    }


def write_set(folder: Path, files: dict[str, bytes], said: dict[str, Any]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    folder.mkdir(exist_ok=True)
    (folder / "set.json").write_text(json.dumps(said))
    return folder


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    return write_set(tmp_path / "small", FILES, manifest(FILES))


def test_set_tells_its_models_and_where_they_are(small_set: Path) -> None:
    opened = ModelSet.open(small_set)

    assert opened.models == {
        "asr": "some-asr",
        "segmentation": "some-segmentation",
        "aligner/en": "some-aligner/en",
    }
    assert opened.path("asr") == small_set.resolve() / "asr"
    assert opened.languages == ("en", "bn")


def test_paths_are_absolute_even_when_the_folder_is_not(small_set: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small_set.parent)

    assert ModelSet.open(Path("small")).path("asr").is_absolute()


def test_aligner_is_found_by_language(small_set: Path) -> None:
    opened = ModelSet.open(small_set)

    assert opened.aligner("en") == small_set.resolve() / "aligner" / "en"
    assert opened.aligner("bn") is None


FAST = {**FILES, "quick/model.bin": b"weights of a faster one", "quick/config.json": b"{}"}


@pytest.fixture
def two_models(tmp_path: Path) -> ModelSet:
    said = manifest(FAST)
    said["roles"]["asr/fast"] = role("quick", "ct2", languages=["en"])
    return ModelSet.open(write_set(tmp_path / "two", FAST, said))


def test_a_set_may_have_several_recognisers_of_which_one_is_the_default(two_models: ModelSet) -> None:
    assert two_models.recognizers == ("asr", "asr/fast")
    assert two_models.recognizer(None) == "asr"
    assert two_models.recognizer("fast") == "asr/fast"
    assert two_models.path("asr/fast") == two_models.folder / "quick"
    assert two_models.weights_bytes("asr/fast") == len(FAST["quick/model.bin"]) + 2
    assert two_models.languages == ("en", "bn")


def test_a_name_that_a_later_set_lacks_means_its_default(two_models: ModelSet) -> None:
    assert two_models.recognizer("accurate") == "asr"


def test_a_transcript_names_the_one_recogniser_that_heard_it(two_models: ModelSet) -> None:
    assert two_models.models_with("asr/fast")["asr"] == "some-quick"
    assert two_models.models_with("asr")["asr"] == "some-asr"
    assert set(two_models.models_with("asr/fast")) == {"asr", "segmentation", "aligner/en"}


def test_a_set_has_a_name_and_a_release(two_models: ModelSet) -> None:
    assert two_models.title == "small 1"


@pytest.mark.parametrize("name", ["asr/", "asr/Fast", "asr/-x", "asr/x/y", "asr/" + "x" * 17, "asr/fast\n", "asrfast"])
def test_a_recogniser_with_a_name_that_nobody_can_choose_is_refused(tmp_path: Path, name: str) -> None:
    said = manifest(FAST)
    said["roles"][name] = role("quick", "ct2")
    with pytest.raises(ModelSetMissingError, match="not valid"):
        ModelSet.open(write_set(tmp_path / "two", FAST, said))


def test_role_that_the_set_lacks_is_refused_by_name(small_set: Path) -> None:
    opened = ModelSet.open(small_set)

    assert not opened.has("summary")
    with pytest.raises(ModelSetMissingError, match="summary"):
        opened.path("summary")


def test_set_reached_through_a_link_opens(small_set: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(small_set)

    assert ModelSet.open(tmp_path / "current").manifest.name == "small"


def test_folder_without_a_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelSetMissingError, match=r"set\.json is not there"):
        ModelSet.open(tmp_path / "nowhere")


@pytest.mark.parametrize("name", FILES)
def test_missing_file_is_refused_by_name(small_set: Path, name: str) -> None:
    (small_set / name).unlink()

    with pytest.raises(ModelFileMissingError, match=name):
        ModelSet.open(small_set)


@pytest.mark.parametrize("name", FILES)
def test_file_with_one_altered_bit_is_refused_by_name(small_set: Path, name: str) -> None:
    content = bytearray((small_set / name).read_bytes())
    content[-1] ^= 1
    (small_set / name).write_bytes(content)

    with pytest.raises(ModelFileAlteredError, match=name):
        ModelSet.open(small_set)


def test_truncated_file_is_refused_by_name(small_set: Path) -> None:
    (small_set / "asr/model.bin").write_bytes(FILES["asr/model.bin"][:-1])

    with pytest.raises(ModelFileAlteredError, match=r"asr/model\.bin"):
        ModelSet.open(small_set)


def test_folder_in_place_of_a_file_is_refused_by_name(small_set: Path) -> None:
    (small_set / "asr/config.json").unlink()
    (small_set / "asr/config.json").mkdir()

    with pytest.raises(ModelFileAlteredError, match=r"asr/config\.json"):
        ModelSet.open(small_set)


def test_file_that_nobody_listed_is_refused(small_set: Path) -> None:
    (small_set / "asr/preprocessor_config.json").write_text("{}")

    with pytest.raises(ModelSetMissingError, match=r"asr/preprocessor_config\.json does not belong"):
        ModelSet.open(small_set)


@pytest.mark.parametrize("target", ["/etc", "../elsewhere", "segmentation"])
def test_link_inside_the_set_is_refused(small_set: Path, target: str) -> None:
    (small_set / "vad").symlink_to(target)

    with pytest.raises(ModelSetMissingError, match="vad is a link"):
        ModelSet.open(small_set)


def test_listed_file_that_is_a_link_is_refused(small_set: Path, tmp_path: Path) -> None:
    (small_set / "asr/config.json").rename(tmp_path / "elsewhere.json")
    (small_set / "asr/config.json").symlink_to(tmp_path / "elsewhere.json")

    with pytest.raises(ModelSetMissingError, match=r"asr/config\.json is a link"):
        ModelSet.open(small_set)


@pytest.mark.parametrize(
    "name",
    [
        "segmentation/pytorch_model.bin",
        "segmentation/model.bin",
        "asr/nested/model.bin",
        "segmentation/model.pt",
        "segmentation/model.ckpt",
        "segmentation/model.pkl",
        "segmentation/tool.py",
        "segmentation/library.so",
        "segmentation/no_suffix",
    ],
)
def test_kind_that_can_carry_code_is_refused_by_name(tmp_path: Path, name: str) -> None:
    files = {**FILES, name: b"\x80\x04"}

    with pytest.raises(ModelSetMissingError, match=f"{name} is of a kind that is never loaded"):
        ModelSet.open(write_set(tmp_path / "set", files, manifest(files)))


@pytest.mark.parametrize(
    "path", ["/etc/hosts.txt", "../other.json", "asr/../../other.json", "asr//x.json", "./x.json", "."]
)
def test_file_outside_the_set_is_refused(tmp_path: Path, path: str) -> None:
    said = manifest(FILES)
    said["files"][path] = {"sha256": "0" * 64, "bytes": 0}

    with pytest.raises(ModelSetMissingError, match="not a plain path"):
        ModelSet.open(write_set(tmp_path / "set", FILES, said))


@pytest.mark.parametrize("path", ["/etc", "..", "asr/..", ".", "asr/"])
def test_role_outside_the_set_is_refused(tmp_path: Path, path: str) -> None:
    said = manifest(FILES)
    said["roles"]["asr"]["path"] = path

    with pytest.raises(ModelSetMissingError, match="not a plain path"):
        ModelSet.open(write_set(tmp_path / "set", FILES, said))


def test_role_without_any_file_is_refused(tmp_path: Path) -> None:
    said = manifest(FILES)
    said["roles"]["vad"] = role("vad", "onnx")

    with pytest.raises(ModelFileMissingError, match="vad"):
        ModelSet.open(write_set(tmp_path / "set", FILES, said))


def with_unknown_kind(said: dict[str, Any]) -> None:
    said["roles"]["asr"]["kind"] = "pickle"


def with_unknown_role(said: dict[str, Any]) -> None:
    said["roles"]["plugin"] = role("asr", "ct2")


def with_unknown_field(said: dict[str, Any]) -> None:
    said["post_install"] = "run me"


def with_other_schema(said: dict[str, Any]) -> None:
    said["schema"] = 2


def with_short_checksum(said: dict[str, Any]) -> None:
    said["files"]["asr/model.bin"]["sha256"] = "00"


def with_negative_size(said: dict[str, Any]) -> None:
    said["files"]["asr/model.bin"]["bytes"] = -1


@pytest.mark.parametrize(
    "spoil",
    [
        with_unknown_kind,
        with_unknown_role,
        with_unknown_field,
        with_other_schema,
        with_short_checksum,
        with_negative_size,
    ],
)
def test_manifest_that_says_what_it_may_not_is_refused(tmp_path: Path, spoil: Callable[[dict[str, Any]], None]) -> None:
    said = manifest(FILES)
    spoil(said)

    with pytest.raises(ModelSetMissingError, match=r"set\.json is not valid"):
        ModelSet.open(write_set(tmp_path / "set", FILES, said))


def test_oversized_manifest_is_refused_unread(small_set: Path) -> None:
    (small_set / "set.json").write_bytes(b" " * (MAX_MANIFEST_BYTES + 1))

    with pytest.raises(ModelSetMissingError, match="too large"):
        ModelSet.open(small_set)


@pytest.mark.models
def test_starter_set_opens_and_offers_what_the_stages_need(starter_set: Path) -> None:
    opened = ModelSet.open(starter_set)

    assert set(opened.models) == {"asr", "segmentation", "embedding", "clustering"}
    assert {"en", "bn", "de"} <= set(opened.languages)
    assert (opened.path("asr") / "tokenizer.json").exists()  # Without it faster-whisper would ask the network.


@pytest.mark.models
def test_starter_set_holds_no_pickle(starter_set: Path) -> None:
    names = [path.relative_to(starter_set).as_posix() for path in starter_set.rglob("*") if path.is_file()]
    pickled = [name for name in names if (starter_set / name).read_bytes()[:2] in (b"\x80\x02", b"\x80\x04")]
    zipped = [name for name in names if (starter_set / name).read_bytes()[:2] == b"PK" and not name.endswith(".npz")]

    assert [name for name in names if Path(name).suffix not in SAFE_SUFFIXES] == ["asr/model.bin"]
    assert (pickled, zipped) == ([], [])


@pytest.mark.models
def test_starter_set_carries_the_licence_of_every_model(starter_set: Path) -> None:
    opened = ModelSet.open(starter_set)

    for name in ("asr", "segmentation", "embedding"):
        model = opened.manifest.roles[name]
        text = (starter_set / "licences" / f"{model.id}.txt").read_text()
        assert {"MIT": "Permission is hereby granted", "Apache-2.0": "Version 2.0, January 2004"}[model.licence] in text


@pytest.mark.models
@pytest.mark.parametrize("name", ["asr/model.bin", "embedding/projection.safetensors"])
def test_starter_set_with_one_altered_byte_is_refused_by_name(starter_set: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(starter_set, tmp_path / "altered")
    with (tmp_path / "altered" / name).open("r+b") as weights:
        weights.seek(100_000)
        old = weights.read(1)
        weights.seek(100_000)
        weights.write(bytes([old[0] ^ 1]))

    with pytest.raises(ModelFileAlteredError, match=name):
        ModelSet.open(tmp_path / "altered")
