"""What a model set on the disk says of itself, and who signed it: for people to read, nothing is decided by it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from appliance.bundles.archive import ENVELOPE_NAME
from appliance.bundles.durable import read_whole
from appliance.bundles.envelope import MAX_ENVELOPE_BYTES, Envelope
from appliance.bundles.manifest import PAYLOAD_TYPE, SET_FILE
from appliance.bundles.store import Store
from appliance.bundles.trust import Installed
from appliance.errors import BundleError

MAX_SET_FILE_BYTES = 1_000_000
ASR = "asr"


class _Role(msgspec.Struct, frozen=True):
    id: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True):
    bytes: int = 0


class _SetFile(msgspec.Struct, frozen=True):
    name: str = ""
    release: str = ""
    roles: dict[str, _Role] = {}
    files: dict[str, _File] = {}


@dataclass(frozen=True, slots=True)
class Description:
    """What ``set.json`` says; empty where it does not.

    Attributes:
        models: Role to model id.
        languages: What it transcribes; empty where it does not say, and then it is whatever its model was made for.
        licences: Model id and licence.
        dated_at: When ``set.json`` was written, in seconds since 1970; 0 where there is none.
        size_bytes: Of its files together.
    """

    name: str
    release: str
    models: dict[str, str]
    languages: tuple[str, ...]
    licences: tuple[tuple[str, str], ...]
    dated_at: float
    size_bytes: int


def describe(folder: Path) -> Description:
    """Return what a set says of itself. One that says nothing legible is described by empty fields."""
    path = folder / PurePosixPath(SET_FILE).name
    try:
        found = msgspec.json.decode(read_whole(path, MAX_SET_FILE_BYTES) or b"{}", type=_SetFile)
        dated_at = path.stat().st_mtime
    except (OSError, ValueError, msgspec.MsgspecError):
        found, dated_at = _SetFile(), 0.0
    return Description(
        name=found.name,
        release=found.release,
        models={name: role.id for name, role in found.roles.items()},
        languages=_spoken(found),
        licences=tuple(dict.fromkeys((role.id, role.licence) for role in found.roles.values())),
        dated_at=dated_at,
        size_bytes=sum(file.bytes for file in found.files.values()),
    )


def signers_of(store: Store, installed: Installed) -> tuple[str, ...]:
    """Return the ids of the keys that signed a release, as far as its line still has them on its list."""
    root = next((each for each in store.lines() if each.line == installed.line), None)
    try:
        encoded = read_whole(store.folder_of(installed) / ENVELOPE_NAME, MAX_ENVELOPE_BYTES) or b""
        signers = Envelope.decode(encoded, PAYLOAD_TYPE).verify(root.keys) if root else frozenset()
    except (OSError, ValueError, BundleError):
        return ()
    return tuple(sorted(signers))


def _spoken(found: _SetFile) -> tuple[str, ...]:
    """Return what any of its recognisers transcribes; one that names no language knows all of its model's."""
    each = [role.languages for name, role in found.roles.items() if name.split("/")[0] == ASR]
    return tuple(sorted({code for codes in each for code in codes})) if all(each) else ()
