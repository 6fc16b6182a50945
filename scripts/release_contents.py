"""What a release holds, read from the image itself and held against the lock and the wheels that it was built from."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from appliance.engine.models import Manifest

PIN = re.compile(
    r"^([a-z0-9-]+)==(\S+)(?: ; [^\\\n]+)? \\\n((?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+)", re.MULTILINE
)


class ReleaseError(Exception):
    """No release can be made; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class LegalFile:
    """A licence, a notice or a list of authors: its short path and its bytes."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Wheel:
    """An installed wheel.

    Attributes:
        name: As the wheel spells it.
        version: As installed.
        expression: Its SPDX expression, or empty.
        declared: What its field "License" says, a name or a whole text, or empty.
        classifiers: Names of licences among its classifiers.
        legal_files: What the wheel carries.
        libraries: Shared libraries of other projects inside the wheel.
    """

    name: str
    version: str
    expression: str
    declared: str
    classifiers: tuple[str, ...]
    legal_files: tuple[LegalFile, ...]
    libraries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SystemPackage:
    """A package of the base image's system."""

    package: str
    version: str
    architecture: str


@dataclass(frozen=True, slots=True)
class System:
    """The system of the base image."""

    id: str
    version: str
    name: str


@dataclass(frozen=True, slots=True)
class SetInside:
    """A model set in the image: the text of its ``set.json`` and its licences."""

    manifest: str
    legal_files: tuple[LegalFile, ...]

    @property
    def described(self) -> Manifest:
        """What ``set.json`` says."""
        return msgspec.json.decode(self.manifest, type=Manifest)


@dataclass(frozen=True, slots=True)
class Inventory:
    """What ``release_inventory.py`` found in an image."""

    python: str
    python_licence: LegalFile | None
    system: System
    wheels: tuple[Wheel, ...]
    packages: tuple[SystemPackage, ...]
    sets: Annotated[tuple[SetInside, ...], msgspec.Meta(min_length=1)]


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """A package of the lock.

    Attributes:
        name: Normalised.
        version: The pinned one.
        hashes: SHA-256 of each wheel that would do, in hexadecimal.
    """

    name: str
    version: str
    hashes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Component:
    """A package of the lock, what became of it, and which wheel it is.

    Attributes:
        locked: Its line of the lock.
        sha256: Of the wheel that was installed.
        wheel: What the image holds of it, or None where the image leaves it out.
    """

    locked: LockedPackage
    sha256: str
    wheel: Wheel | None


def read_inventory(text: bytes) -> Inventory:
    """Read what the inventory printed.

    Raises:
        ReleaseError: It is not an inventory.
    """
    try:
        inventory = msgspec.json.decode(text, type=Inventory)
        for each in inventory.sets:
            _ = each.described
    except msgspec.MsgspecError as exc:
        raise ReleaseError(f"what the image says about itself cannot be read: {exc}") from exc
    return inventory


def read_lock(path: Path) -> tuple[LockedPackage, ...]:
    """Return every package of a lock, in its order."""
    return tuple(
        LockedPackage(name, version, frozenset(re.findall(r"sha256:([0-9a-f]{64})", hashes)))
        for name, version, hashes in PIN.findall(path.read_text(encoding="utf-8") + "\n")
    )


def normalised(name: str) -> str:
    """Return the form of a package's name in which two spellings of one name are equal."""
    return re.sub(r"[-_.]+", "-", name).lower()


def match(lock: tuple[LockedPackage, ...], inventory: Inventory, wheels: Path) -> tuple[Component, ...]:
    """Hold the image against the lock, and find the wheel of each package.

    Args:
        lock: What should be in the image.
        inventory: What is in it.
        wheels: Folder of the wheels that the image was built from.

    Raises:
        ReleaseError: The image holds a package that the lock does not name, or in another version, or a wheel is
            missing or has bytes that the lock does not know.
    """
    pinned = {package.name: package.version for package in lock}
    installed = {normalised(wheel.name): wheel for wheel in inventory.wheels}
    strangers = sorted(
        f"{wheel.name} {wheel.version}" for name, wheel in installed.items() if pinned.get(name) != wheel.version
    )
    if strangers:
        raise ReleaseError(
            f"the image holds what the lock does not name: {', '.join(strangers)}. Run scripts/build again."
        )
    files = {_named(path): path for path in sorted(wheels.glob("*.whl"))}
    return tuple(Component(package, _hash_of(package, files), installed.get(package.name)) for package in lock)


def _named(wheel: Path) -> tuple[str, str]:
    name, version = wheel.name.split("-")[:2]
    return normalised(name), version


def _hash_of(package: LockedPackage, files: dict[tuple[str, str], Path]) -> str:
    path = files.get((package.name, package.version))
    if path is None:
        raise ReleaseError(
            f"offline_wheels/ lacks {package.name} {package.version}. Run scripts/wheels and scripts/build."
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest not in package.hashes:
        raise ReleaseError(f"{path.name} is not a wheel that the lock knows. Remove it, and run scripts/wheels again.")
    return digest
