"""Which folders a sealed process may read: those of the models, and the kernel's figures."""

from __future__ import annotations

from pathlib import Path

from appliance.bundles.store import ROOTS_FOLDER
from appliance.config import Settings
from appliance.errors import SettingsError

KERNEL_FIGURES = (Path("/proc"), Path("/sys"))  # Of its own domain; a child narrows this to its own process.


def model_folders(settings: Settings) -> list[Path]:
    """Return where the image's models and signers are, and below which folder sticks are mounted.

    Raises:
        SettingsError: The folder of imports is not there.
    """
    models = settings.models.resolve()
    folders = [models, *(place for place in (models.parent / ROOTS_FOLDER,) if place.is_dir())]
    if settings.imports is not None:
        if not settings.imports.is_dir():
            raise SettingsError(name="imports", reason=f"there is no folder {settings.imports}; make it, or mount it")
        folders.append(settings.imports.resolve())
    return folders
