"""The folder into which sticks are mounted: which model updates lie in it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.bundles.own import OwnRecordings, own_specimens
from appliance.config import Settings
from appliance.errors import ImportsError, NotFoundError

SUFFIX = ".cloister"
FIRST_PART = f"{SUFFIX}.001"
OWN_FOLDER = "own-recordings"
MOST_FILES = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A model update in the folder.

    Attributes:
        name: Of the file, or of the first of its parts.
        size_bytes: Of that file.
        changed_at: When it was written, in seconds since 1970.
    """

    name: str
    size_bytes: int
    changed_at: float


def found_in(folder: Path | None) -> tuple[Found, ...]:
    """Return the model updates in a folder, the newest first; none where there is no folder.

    Raises:
        ImportsError: It is there and cannot be read.
    """
    if folder is None or not folder.exists():
        return ()
    try:
        found = sorted(_plain_files(folder), key=lambda each: each.changed_at, reverse=True)
    except OSError as exc:
        raise ImportsError(folder=str(folder), reason=exc.strerror or str(exc)) from exc
    return tuple(found[:MOST_FILES])


def path_in(folder: Path | None, name: str) -> Path:
    """Return where a model update of this name lies.

    Raises:
        NotFoundError: There is none.
    """
    if folder is None or name not in {each.name for each in found_in(folder)}:
        raise NotFoundError
    return folder / name


def own_recordings(settings: Settings) -> OwnRecordings:
    """Return the site's own recordings with corrected transcripts, on which an update is tried as well.

    Raises:
        DataFolderError: Their folder is there, and cannot be looked through.
    """
    if settings.imports is None:
        return OwnRecordings((), ())
    return own_specimens(settings.imports / OWN_FOLDER, settings.max_upload_bytes)


def _plain_files(folder: Path) -> Iterator[Found]:
    for path in folder.iterdir():
        if path.name.endswith((SUFFIX, FIRST_PART)):
            status = path.lstat()  # A link could lead to what nobody wanted to show.
            if stat.S_ISREG(status.st_mode):
                yield Found(path.name, status.st_size, status.st_mtime)
