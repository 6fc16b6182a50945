"""Builds a set from files that came from the model hub, each checked once more before anything is made from it."""

from __future__ import annotations

import io
import shutil
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from appliance.engine.building import as_json, build_set, empty_manifest, whisper_languages
from appliance.engine.catalog import fingerprint
from appliance.engine.models import LICENCES, RECOGNIZER, Manifest, Role, digest
from appliance.errors import OriginError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from appliance.engine.catalog import HubModel, HubRecipe

CHECKPOINT = "pytorch_model.bin"
PLDA_ARRAYS = {"xvec_transform.npz": {"mean1", "mean2", "lda"}, "plda.npz": {"mu", "tr", "psi"}}


@dataclass(frozen=True, slots=True)
class HubOrigins:
    """The files of one recipe in a folder, as ``scripts/prefetch`` puts them there.

    Attributes:
        recipe: What must be there; every file pinned.
        folder: Where they lie, by repository and revision.
    """

    recipe: HubRecipe
    folder: Path

    def path(self, model: HubModel, path: str) -> Path:
        """Return where a file of a model lies."""
        return hub_path(self.folder, model.repo, str(model.revision), path)

    def check(self) -> None:
        """Check every file against its SHA-256.

        Raises:
            OriginError: A file is missing or has other bytes; names it.
        """
        for model in self.recipe.models.values():
            for path, pin in model.files.items():
                place = self.path(model, path)
                try:
                    found = digest(place)
                except OSError as exc:
                    raise OriginError(path=str(place), reason=exc.strerror or "it cannot be read") from exc
                if found != pin.sha256:
                    raise OriginError(
                        path=str(place), reason="its checksum is not the pinned one; delete it and try again"
                    )

    def named(self, role: str, name: str) -> Path:
        """Return where the file of a role lies that has this name, in whatever folder of its repository.

        Raises:
            OriginError: The recipe lists none, or several.
        """
        model = self.recipe.models[role]
        found = [path for path in model.files if path == name or path.endswith(f"/{name}")]
        if len(found) != 1:
            raise OriginError(path=f"{model.repo}/{name}", reason=f"the catalog lists it {len(found)} times for {role}")
        return self.path(model, found[0])


def hub_path(folder: Path, repo: str, revision: str, path: str) -> Path:
    """Return where a file of the hub lies in a folder of such files."""
    return folder / repo.replace("/", "--") / revision / path


def build_hub_set(name: str, recipe: HubRecipe, folder: Path, out: Path) -> bool:
    """Build a set from the hub's files unless it is there, complete, unaltered and of this recipe.

    Args:
        name: Of the set.
        recipe: Every file pinned.
        folder: Where ``scripts/prefetch`` put the files.
        out: Folder of the set.

    Returns:
        Whether anything was built.

    Raises:
        OriginError: A file is missing or has other bytes, or a conversion is not faithful.
    """
    origins = HubOrigins(recipe, folder)

    def fill(staging: Path) -> Manifest:
        origins.check()
        for role in recipe.models:
            place = staging / role
            place.mkdir(parents=True)
            _writer(role)(origins, role, place)
        _write_licences(staging / LICENCES, origins)
        roles = {role: _role(staging, role, model) for role, model in recipe.models.items()}
        return empty_manifest(name, recipe.release, fingerprint(recipe), roles)

    return build_set(out, fingerprint(recipe), fill)


def _writer(role: str) -> Callable[[HubOrigins, str, Path], None]:
    if role.startswith("aligner/"):
        return _write_aligner
    writers = {
        "asr": _write_asr,
        "segmentation": _write_segmentation,
        "embedding": _write_embedding,
        "clustering": _write_clustering,
    }
    family = role.partition("/")[0]
    if family not in writers:
        raise OriginError(path=role, reason="nothing is known of how this role is built from the hub")
    return writers[family]


def _write_asr(origins: HubOrigins, role: str, place: Path) -> None:
    model = origins.recipe.models[role]
    for path in model.files:
        if path != model.card:
            shutil.copyfile(origins.path(model, path), place / path.rpartition("/")[2])


def _write_segmentation(origins: HubOrigins, role: str, place: Path) -> None:
    from appliance.engine.weights import write_segmentation  # noqa: PLC0415 -- torch takes seconds, a complete set none.

    write_segmentation(origins.named(role, CHECKPOINT).read_bytes(), place)


def _write_embedding(origins: HubOrigins, role: str, place: Path) -> None:
    from appliance.engine.resnet import write_resnet  # noqa: PLC0415 -- as above.

    write_resnet(origins.named(role, CHECKPOINT).read_bytes(), place)


def _write_clustering(origins: HubOrigins, role: str, place: Path) -> None:
    for name, arrays in PLDA_ARRAYS.items():
        content = origins.named(role, name).read_bytes()
        _require_arrays(name, content, arrays)
        (place / name).write_bytes(content)
    (place / "config.json").write_bytes(as_json(origins.recipe.clustering))


def _write_aligner(origins: HubOrigins, role: str, place: Path) -> None:
    from appliance.engine.wav2vec2 import read_weights, write_aligner  # noqa: PLC0415 -- as above.

    model = origins.recipe.models[role]
    is_pickle = CHECKPOINT in model.files
    weights = origins.named(role, CHECKPOINT if is_pickle else "model.safetensors").read_bytes()
    config, vocabulary = origins.named(role, "config.json"), origins.named(role, "vocab.json")
    write_aligner(read_weights(weights, is_pickle=is_pickle), config.read_bytes(), vocabulary.read_bytes(), place)


def _require_arrays(name: str, content: bytes, arrays: set[str]) -> None:
    """Refuse an archive of arrays that holds anything but numbers: objects would be pickles."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            is_right = set(found.files) >= arrays and all(found[name].dtype.kind == "f" for name in found.files)
    except (ValueError, OSError, zipfile.BadZipFile) as exc:
        raise OriginError(path=name, reason="it is not an archive of numbers") from exc
    if not is_right:
        raise OriginError(path=name, reason=f"it does not hold the arrays {', '.join(sorted(arrays))}")


def _write_licences(folder: Path, origins: HubOrigins) -> None:
    folder.mkdir()
    for model in origins.recipe.models.values():
        notice = f"{model.id}\n{_origin(model)}\nLicence: {model.licence}\n"
        if model.card:
            notice += f"\nThe model's card, as published:\n\n{origins.path(model, model.card).read_text('utf-8')}"
        (folder / f"{model.id}.txt").write_text(notice, encoding="utf-8")


def _role(staging: Path, role: str, model: HubModel) -> Role:
    languages: tuple[str, ...] = ()
    if role.partition("/")[0] == RECOGNIZER:
        languages = whisper_languages(staging / role)
    elif role.startswith("aligner/"):
        languages = (role.removeprefix("aligner/"),)
    return Role(
        path=role, id=model.id, kind=model.kind, licence=model.licence, origin=_origin(model), languages=languages
    )


def _origin(model: HubModel) -> str:
    return f"{model.repo}, revision {model.revision}; changed: {model.changes}"
