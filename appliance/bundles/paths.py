"""Where a file of a bundle may lie, and what it may be. Rules only, no I/O.

FORMAT.md section 5.1 is the specification.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from appliance.errors import ManifestCollisionError, ManifestKindError, ManifestPathError

MIN_SEGMENTS = 2  # A place and a name.
MAX_SEGMENTS = 8
MAX_PATH_BYTES = 200
# Letters, digits and three marks; never a mark first, so no "..", no hidden file, nothing that reads as an option.
SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)

# What each kind's file is called. A kind that a library would unpickle is not here, and a name that a library would
# unpickle by its ending (.bin, .pt, .ckpt, .pkl) belongs to no kind but CTranslate2's one file.
KINDS: Mapping[str, re.Pattern[str]] = {
    "ct2": re.compile(r"model\.bin"),
    "safetensors": re.compile(r".+\.safetensors"),
    "onnx": re.compile(r".+\.onnx"),
    "npz": re.compile(r".+\.npz"),
    "json": re.compile(r".+\.json"),
    "txt": re.compile(r".+\.(txt|tab)"),
    "wav": re.compile(r".+\.wav"),
}
PLACES: Mapping[str, frozenset[str]] = {
    "set": frozenset(KINDS) - {"wav"},
    "selftest": frozenset({"wav", "json"}),
}


def check_places(files: Iterable[tuple[str, str]]) -> None:
    """Check where files would lie, and what they say they are.

    Args:
        files: Path and kind of each.

    Raises:
        ManifestPathError: A path is not made of plain segments below ``set/`` or ``selftest/``.
        ManifestKindError: A kind is not on the list, does not belong in that place, or its name is another kind's.
        ManifestCollisionError: Two paths are one, to a file system that does not tell capitals apart either, or a file
            would have to be a folder.
    """
    taken: dict[str, tuple[str, bool]] = {}
    for path, kind in files:
        _check_path(path)
        _check_kind(path, kind)
        _take(taken, path)


def _check_path(path: str) -> None:
    segments = path.split("/")
    is_plain = all(SEGMENT.fullmatch(segment) and not segment.endswith(".") for segment in segments)
    is_short = MIN_SEGMENTS <= len(segments) <= MAX_SEGMENTS and len(path) <= MAX_PATH_BYTES
    if not is_plain or not is_short or segments[0] not in PLACES:
        raise ManifestPathError(path=_shown(path))


def _check_kind(path: str, kind: str) -> None:
    place, name = path.split("/", 1)[0], path.rsplit("/", 1)[-1]
    if kind not in PLACES[place] or not KINDS[kind].fullmatch(name):
        raise ManifestKindError(path=path, kind=_shown(kind))


def _take(taken: dict[str, tuple[str, bool]], path: str) -> None:
    """Note a path and its folders; one may be met again only as the same folder, spelled the same."""
    segments = path.split("/")
    for depth in range(1, len(segments)):
        folder = "/".join(segments[:depth])
        if taken.setdefault(folder.lower(), (folder, False)) != (folder, False):
            raise ManifestCollisionError(path=path)
    if path.lower() in taken:
        raise ManifestCollisionError(path=path)
    taken[path.lower()] = (path, True)


def _shown(text: str) -> str:
    return ascii(text)[1:-1][:200]
