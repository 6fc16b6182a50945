"""What is left of sets that nobody needs any more, and goes unless somebody still has it."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from appliance.bundles.durable import is_kept

SET_FOLDER = "set"


def unneeded(folder: Path, needed: Collection[str]) -> tuple[Path, ...]:
    """Return what lies in a folder besides what is needed, by name."""
    return tuple(place for place in folder.iterdir() if place.name not in needed)


def sweep(folder: Path, needed: Collection[str]) -> None:
    """Remove what nobody needs any more from a folder of releases.

    An engine loads some models of its set only when a job first wants them, which may be hours after another set was
    put to use. So what an engine still has stays until the next time.
    """
    for place in unneeded(folder, needed):
        if not is_kept(place / SET_FOLDER):
            shutil.rmtree(place, ignore_errors=True)
