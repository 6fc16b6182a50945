"""A model set on disk: what it holds, and the check of every file before anything is loaded from it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import msgspec

from appliance.errors import ModelFileAlteredError, ModelFileMissingError, ModelSetMissingError

MANIFEST = "set.json"
MAX_MANIFEST_BYTES = 1_000_000  # A manifest is read before it is trusted, so cap it.

LICENCES = "licences"

Kind = Literal["ct2", "safetensors", "onnx", "npz", "json", "txt"]

# Names that no library of this stack unpickles. `model.bin` is CTranslate2's own format, and stands in a ct2 role only.
SAFE_SUFFIXES = frozenset({".safetensors", ".onnx", ".npz", ".json", ".txt", ".tab"})
CT2_WEIGHTS = "model.bin"


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a set offers for one task.

    Attributes:
        path: Folder inside the set.
        id: The model, as transcripts name it.
        kind: Format of the weights; none that can carry code.
        licence: SPDX identifier.
        origin: Whose model, which revision, what was changed.
        languages: ISO 639-1 codes it is for; empty where language does not matter.
    """

    path: Annotated[str, msgspec.Meta(min_length=1)]
    id: Annotated[str, msgspec.Meta(min_length=1)]
    kind: Kind
    licence: str
    origin: str
    languages: tuple[str, ...] = ()


class SetFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of the set must be."""

    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    bytes: Annotated[int, msgspec.Meta(ge=0)]


RoleName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"\A(asr|asr/[a-z0-9][a-z0-9-]{0,15}|segmentation|embedding|clustering|vad|summary|aligner/[a-z]{2,3})\Z"
    ),
]
RECOGNIZER = "asr"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The content of ``set.json``.

    Attributes:
        name: Of the set.
        release: Of the set; a larger one is newer.
        catalog: Fingerprint of the recipe in the catalog that it was built from, or empty.
        roles: What it offers.
        files: Every file of the set but ``set.json``, by its path.
    """

    schema: Literal[1]
    name: str
    release: str
    catalog: str = ""
    roles: dict[RoleName, Role]
    files: dict[str, SetFile]


@dataclass(frozen=True, slots=True)
class ModelSet:
    """A set whose every file was checked.

    Attributes:
        folder: Absolute path.
        manifest: What ``set.json`` says.
    """

    folder: Path
    manifest: Manifest

    @classmethod
    def open(cls, folder: Path) -> ModelSet:
        """Read ``set.json`` and check every file of the set: name, kind, size and SHA-256.

        Raises:
            ModelSetMissingError: There is no set, or it holds what a set may not hold; says what.
            ModelFileMissingError: A file is not there; names it.
            ModelFileAlteredError: A file has other bytes; names it.
        """
        root = folder.resolve()
        manifest = _read_manifest(root)
        _refuse_unsafe(root, manifest)
        _refuse_unlisted(root, manifest)
        for name, expected in manifest.files.items():
            _check(root / name, expected)
        return cls(folder=root, manifest=manifest)

    @property
    def models(self) -> Mapping[str, str]:
        """Role to model id."""
        return {name: role.id for name, role in self.manifest.roles.items()}

    @property
    def title(self) -> str:
        """Name and release, as a transcript records them."""
        return f"{self.manifest.name} {self.manifest.release}"

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the default recogniser transcribes."""
        return self.manifest.roles[RECOGNIZER].languages if self.has(RECOGNIZER) else ()

    @property
    def dated_at(self) -> float:
        """When ``set.json`` was written, in seconds since 1970; copying a set and building an image keep that."""
        return (self.folder / MANIFEST).stat().st_mtime

    def has(self, role: str) -> bool:
        """Tell whether the set offers a role."""
        return role in self.manifest.roles

    @property
    def recognizers(self) -> tuple[str, ...]:
        """The roles of all that hear words: the default first, the others as the set lists them."""
        others = [name for name in self.manifest.roles if name.startswith(f"{RECOGNIZER}/")]
        return (RECOGNIZER, *others) if self.has(RECOGNIZER) else ()

    def recognizer(self, chosen: str | None) -> str:
        """Return the role of the recogniser that somebody chose by name.

        A set that was put in the place of another since then may have none of that name. Then it is the default: a job
        that fails erases its audio, and somebody would have to send hours of sound again for the sake of a name. The
        transcript says which model made it.
        """
        role = f"{RECOGNIZER}/{chosen}" if chosen else RECOGNIZER
        return role if self.has(role) else RECOGNIZER

    def weights_bytes(self, role: str) -> int:
        """Return the size of all files of a role."""
        folder = self.manifest.roles[role].path + "/"
        return sum(file.bytes for name, file in self.manifest.files.items() if name.startswith(folder))

    def models_with(self, recognizer: str) -> dict[str, str]:
        """Return role to model id as a transcript records it, whose words a certain role heard."""
        others = {name: model for name, model in self.models.items() if name not in self.recognizers}
        return {**others, RECOGNIZER: self.models[recognizer]}

    def path(self, role: str) -> Path:
        """Return the absolute folder of a role.

        Raises:
            ModelSetMissingError: The set has no such role.
        """
        if not self.has(role):
            raise ModelSetMissingError(folder=str(self.folder), reason=f"it has no model for {role}")
        return self.folder / self.manifest.roles[role].path

    def aligner(self, language: str) -> Path | None:
        """Return the folder of the aligner for a language, or None where the set has none."""
        role = f"aligner/{language}"
        return self.path(role) if self.has(role) else None


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _read_manifest(root: Path) -> Manifest:
    try:
        with (root / MANIFEST).open("rb") as content:
            encoded = content.read(MAX_MANIFEST_BYTES + 1)
    except FileNotFoundError as exc:
        raise ModelSetMissingError(folder=str(root), reason=f"{MANIFEST} is not there") from exc
    except OSError as exc:
        raise ModelSetMissingError(folder=str(root), reason=f"{MANIFEST} cannot be read: {exc.strerror}") from exc
    if len(encoded) > MAX_MANIFEST_BYTES:
        raise ModelSetMissingError(folder=str(root), reason=f"{MANIFEST} is too large")
    try:
        return msgspec.json.decode(encoded, type=Manifest)
    except msgspec.MsgspecError as exc:
        raise ModelSetMissingError(folder=str(root), reason=f"{MANIFEST} is not valid: {exc}") from exc


def _refuse_unsafe(root: Path, manifest: Manifest) -> None:
    ct2_weights = {f"{role.path}/{CT2_WEIGHTS}" for role in manifest.roles.values() if role.kind == "ct2"}
    for path in (*manifest.files, *(role.path for role in manifest.roles.values())):
        if not _stays_inside(path):
            raise ModelSetMissingError(folder=str(root), reason=f"{path!r} is not a plain path inside the set")
    for name in manifest.files:
        if PurePosixPath(name).suffix not in SAFE_SUFFIXES and name not in ct2_weights:
            raise ModelSetMissingError(folder=str(root), reason=f"{name} is of a kind that is never loaded")
    for role in manifest.roles.values():
        if not any(name.startswith(f"{role.path}/") for name in manifest.files):
            raise ModelFileMissingError(path=str(root / role.path))


def _stays_inside(path: str) -> bool:
    plain = PurePosixPath(path)
    return str(plain) == path and path != "." and not {"/", ".."} & set(plain.parts) and "\0" not in path


def _refuse_unlisted(root: Path, manifest: Manifest) -> None:
    # A library may pick up a file by its name alone, so one that nobody signed for must not lie there, and a link could
    # lead to a file that is swapped after the check.
    for path in _entries(root):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            raise ModelSetMissingError(folder=str(root), reason=f"{name} is a link, and a set holds plain files only")
        if not path.is_dir() and name != MANIFEST and name not in manifest.files:
            raise ModelSetMissingError(folder=str(root), reason=f"{name} does not belong to it")


def _entries(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root, followlinks=False):
        yield from (Path(folder, name) for name in (*folders, *files))


def _check(path: Path, expected: SetFile) -> None:
    try:
        is_same = path.stat().st_size == expected.bytes and digest(path) == expected.sha256
    except FileNotFoundError as exc:
        raise ModelFileMissingError(path=str(path)) from exc
    except OSError as exc:
        raise ModelFileAlteredError(path=str(path)) from exc
    if not is_same:
        raise ModelFileAlteredError(path=str(path))
