"""The folder into which sticks are mounted: which model updates lie in it."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from appliance.bundles.own import MAX_ENTRIES, OwnRecordings, own_specimens
from appliance.bundles.spelling import JOINERS
from appliance.config import Settings
from appliance.errors import ImportsError, NotFoundError

State = frozenset[tuple[str, int, int]]

SUFFIX = ".cloister"
FIRST_PART = f"{SUFFIX}.001"
OWN_FOLDER = "own-recordings"
MOST_FILES = 200
KEEP_S = 60.0  # What was found in the site's own recordings; a stick that failed for a moment is looked at again.
LATEST_S = 253_402_300_799.0  # The end of the year 9999: on some sticks a file may be younger.


@dataclass(frozen=True, slots=True)
class Found:
    """A model update in the folder.

    Attributes:
        path: Of the file, or of the first of its parts.
        below: The same below the folder of imports, as a page asks for it.
        size_bytes: Of that file.
        changed_at: When it was written, in seconds since 1970; within what a calendar knows.
    """

    path: Path
    below: str
    size_bytes: int
    changed_at: float

    @property
    def name(self) -> str:
        """What people call it, and a page asks for: what of its name cannot be shown is written as escapes."""
        return "".join(map(_legible, self.below))


def found_in(folder: Path | None) -> tuple[Found, ...]:
    """Return the model updates in a folder, the newest first; none where there is no folder.

    Raises:
        ImportsError: It is there and cannot be read.
    """
    if folder is None:
        return ()
    try:
        if not folder.exists():  # A stick that fails may answer even this with an error.
            return ()
        found = sorted(_plain_files(folder), key=lambda each: each.changed_at, reverse=True)
    except OSError as exc:
        raise ImportsError(folder=str(folder), reason=exc.strerror or str(exc)) from exc
    return tuple(found[:MOST_FILES])


def path_in(folder: Path | None, name: str) -> Path:
    """Return where a model update of this name lies.

    Raises:
        NotFoundError: There is none.
    """
    found = next((each for each in found_in(folder) if each.name == name), None)
    if found is None:
        raise NotFoundError
    return found.path


def own_recordings(settings: Settings) -> OwnRecordings:
    """Return the site's own recordings with corrected transcripts, on which an update is tried as well.

    Raises:
        DataFolderError: Their folder is there, and cannot be looked through.
    """
    if settings.imports is None:
        return OwnRecordings((), ())
    folder = settings.imports / OWN_FOLDER
    state = _state_of(folder)
    if state is None:
        return own_specimens(folder, settings.max_upload_bytes)
    return _looked_through(folder, settings.max_upload_bytes, state, int(time.monotonic() / KEEP_S))


@lru_cache(maxsize=1)
def _looked_through(folder: Path, max_bytes: int, _state: State, _minute: int) -> OwnRecordings:
    """Read every transcript there is, which may be gigabytes on a stranger's stick: an open page asks all the time."""
    return own_specimens(folder, max_bytes)


def _state_of(folder: Path) -> State | None:
    """Return by what one notices that something in a folder has changed; None where it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            statuses = [(entry.name, entry.stat(follow_symlinks=False)) for entry in islice(entries, MAX_ENTRIES)]
    except OSError:
        return None
    return frozenset((name, status.st_size, status.st_mtime_ns) for name, status in statuses)


def _plain_files(folder: Path) -> Iterator[Found]:
    """Look in the folder, and one level deeper, where a stick may be mounted: the seal lets us read below the folder.

    A stick that is mounted over the folder itself while the appliance runs stays closed until the next start.
    """
    for path in folder.iterdir():
        status = path.lstat()  # A link could lead to what nobody wanted to show.
        if stat.S_ISDIR(status.st_mode) and path.name != OWN_FOLDER:
            yield from _updates_in(path, f"{path.name}/")
    yield from _updates_in(folder, "")


def _updates_in(folder: Path, below: str) -> Iterator[Found]:
    try:
        for path in islice(folder.iterdir(), MAX_ENTRIES):
            if path.name.endswith((SUFFIX, FIRST_PART)):
                status = path.lstat()
                if stat.S_ISREG(status.st_mode):
                    changed_at = min(max(status.st_mtime, 0.0), LATEST_S)
                    yield Found(path, below + path.name, status.st_size, changed_at)
    except OSError:
        if not below:
            raise  # One stick of several that fails hides none of the others.


def _legible(character: str) -> str:
    shows = character.isprintable() or character in JOINERS
    return character if shows else character.encode("unicode_escape").decode()
