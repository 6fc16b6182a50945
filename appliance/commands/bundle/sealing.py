"""The seal of a command that reads what a stranger made: it can neither call out nor touch what it does not need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance import cage
from appliance.commands.folders import KERNEL_FIGURES, model_folders
from appliance.config import Settings, scratch_folder


def seal(settings: Settings, file: Path, writable: Sequence[Path] = (), *, allow_weaker: bool) -> None:
    """Seal this process for good, before it reads a file; call it before anything starts a thread.

    Args:
        settings: Of the appliance whose models are worked with.
        file: The stranger's; its parts lie beside it.
        writable: Folders to write beneath.
        allow_weaker: Go on where the kernel lacks a part.

    Raises:
        CageError: A part of the seal cannot be enforced.
        SettingsError: The folder of imports is not there.
    """
    readable = [*model_folders(settings), *KERNEL_FIGURES, file.resolve().parent]
    cage.seal_server_early(readable, [*writable, scratch_folder()], port=None, allow_weaker=allow_weaker)
    cage.seal_server(allow_weaker=allow_weaker)
