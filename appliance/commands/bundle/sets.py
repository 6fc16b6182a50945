"""The model set of a bundle: the one place where these commands look at sets as the engine does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from appliance.bundles.checking import Checked
from appliance.bundles.manifest import SET_FILE
from appliance.engine import models
from appliance.errors import ManifestFormError


@dataclass(frozen=True, slots=True)
class Built:
    """A set whose every file was checked.

    Attributes:
        name: Of the set.
        folder: Absolute path.
        files: SHA-256 and bytes of its files but ``set.json``, by their paths in it.
        licences: Model and SPDX expression of each role.
    """

    name: str
    folder: Path
    files: dict[str, tuple[str, int]]
    licences: tuple[tuple[str, str], ...]


def open_set(folder: Path) -> Built:
    """Check a model set as the engine does before it loads one.

    Raises:
        ModelError: It is missing, incomplete, altered, or holds what a set may not hold.
    """
    found = models.ModelSet.open(folder)
    files = {name: (file.sha256, file.bytes) for name, file in found.manifest.files.items()}
    licences = tuple((role.id, role.licence) for role in found.manifest.roles.values())
    return Built(found.manifest.name, found.folder, files, licences)


def described(checked: Checked) -> models.Manifest:
    """Return what the ``set.json`` of a bundle says, once it agrees with what was signed.

    Raises:
        ManifestFormError: It is no description of a set, or names other files than the bundle holds.
    """
    try:
        found = msgspec.json.decode(checked.set_file, type=models.Manifest)
    except (msgspec.DecodeError, ValueError) as exc:
        raise ManifestFormError(reason=f"its {SET_FILE} does not describe a set of models") from exc
    named = {f"set/{path}": (file.sha256, file.bytes) for path, file in found.files.items()}
    held = {
        file.path: (file.sha256, file.size)
        for file in checked.manifest.files
        if file.path.startswith("set/") and file.path != SET_FILE
    }
    if found.name != checked.manifest.set or named != held:
        raise ManifestFormError(reason=f"its {SET_FILE} describes another set than it holds")
    return found
