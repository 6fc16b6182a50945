"""The folder ``licences``: every licence and notice that the image's parts carry, and an index of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from scripts.release_contents import Component, Inventory, LegalFile, ReleaseError, Wheel

INDEX = "NOTICES.txt"
MAX_DECLARED = 60  # Characters. Some wheels put the whole text of their licence where its name belongs.

# What packages write where an SPDX identifier belongs; anything else is quoted as it stands.
SPDX = {
    "0BSD": "0BSD", "3-Clause BSD License": "BSD-3-Clause", "Apache": "Apache-2.0", "Apache 2.0": "Apache-2.0",
    "Apache 2.0 License": "Apache-2.0", "Apache License, Version 2.0": "Apache-2.0", "Apache-2.0": "Apache-2.0",
    "BSD 3-Clause License": "BSD-3-Clause", "BSD-2-Clause": "BSD-2-Clause", "BSD-3-Clause": "BSD-3-Clause",
    "MIT": "MIT", "MIT License": "MIT", "MIT OR Apache-2.0": "MIT OR Apache-2.0", "MPL-2.0": "MPL-2.0",
    "MPL-2.0 AND MIT": "MPL-2.0 AND MIT", "PSF-2.0": "PSF-2.0",
    "LicenseRef-NVIDIA-Proprietary": "LicenseRef-NVIDIA-Proprietary",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "Apache Software License": "Apache-2.0",
}  # fmt: skip

OPENINGS = {
    b"Permission is hereby granted, free of charge, to any person": "MIT",
    b"BSD 3-Clause License": "BSD-3-Clause",
}


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by name, and whether the name is an SPDX expression."""

    name: str
    is_spdx: bool


@dataclass(frozen=True, slots=True)
class VendoredScript:
    """A script of others that the pages use.

    Attributes:
        file: Its name in the folder of vendored scripts.
        package: Name in the npm registry.
        version: Of the package.
        licence: SPDX identifier.
        legal_file: Path of the licence in the folder of vendored scripts.
        sha256: Of the file, in hexadecimal.
    """

    file: str
    package: str
    version: str
    licence: str
    legal_file: str
    sha256: str


@dataclass(slots=True)
class Index:
    """The text of NOTICES.txt while it grows, and the folder it speaks of."""

    folder: Path
    lines: list[str] = field(default_factory=list)

    def add(self, name: str, version: str, licence: str, files: Iterable[LegalFile], *notes: str) -> None:
        """Write the files of one part and its entry."""
        there = _write(self.folder, f"{name}-{version}", files)
        self.lines += [f"{name} {version}", f"  licence: {licence}"]
        self.lines += [f"  text: {path}" for path in there]
        self.lines += [f"  {note}" for note in notes]
        self.lines.append("")

    def title(self, text: str) -> None:
        """Begin a chapter."""
        self.lines += [text, "-" * len(text), ""]


def licence_of(wheel: Wheel) -> Licence:
    """Return what a wheel says of its licence: an SPDX expression where it states or clearly means one."""
    declared = wheel.declared.strip()
    if wheel.expression:
        return Licence(wheel.expression, is_spdx=True)
    if declared in SPDX:
        return Licence(SPDX[declared], is_spdx=True)
    if declared and declared != "UNKNOWN" and len(declared) <= MAX_DECLARED and "\n" not in declared:
        return Licence(declared, is_spdx=False)
    for name in wheel.classifiers:
        if name in SPDX:
            return Licence(SPDX[name], is_spdx=True)
    return Licence(wheel.classifiers[0], is_spdx=False) if wheel.classifiers else _recognised(wheel.legal_files)


def _recognised(files: tuple[LegalFile, ...]) -> Licence:
    """Return the licence that a wheel's own text begins with; a few wheels carry the text and nowhere its name."""
    for file in files:
        if file.path.upper().startswith("LICEN"):
            for words, name in OPENINGS.items():
                if words in file.content[:500]:
                    return Licence(name, is_spdx=True)
    return Licence("see its text", is_spdx=False)


def read_vendored(folder: Path) -> tuple[VendoredScript, ...]:
    """Read the table of vendored scripts.

    Raises:
        ReleaseError: It names none.
    """
    row = re.compile(r"^\| (\S+) \| (\S+) (\S+) \| \S+ \| (\S+), (\S+) \| ([0-9a-f]{64}) \|$", re.MULTILINE)
    found = row.findall((folder / "README.md").read_text(encoding="utf-8"))
    if not found:
        raise ReleaseError(f"{folder}/README.md names no vendored script.")
    return tuple(VendoredScript(*columns) for columns in found)


def write_licences(
    folder: Path,
    components: tuple[Component, ...],
    inventory: Inventory,
    scripts: tuple[VendoredScript, ...],
    vendor: Path,
) -> None:
    """Fill the folder and write its index.

    Args:
        folder: ``licences`` of the release; it is made.
        components: Every package of the lock.
        inventory: What the image holds.
        scripts: The vendored scripts.
        vendor: Folder of the vendored scripts.
    """
    folder.mkdir()
    index = Index(folder)
    index.lines += ["What Cloister is made of, and under which licences. Cloister itself: ../LICENSE.", ""]
    index.title("Python packages")
    for part in components:
        if part.wheel is not None:
            index.add(
                part.locked.name,
                part.locked.version,
                licence_of(part.wheel).name,
                part.wheel.legal_files,
                *_notes(part.wheel),
            )
    index.title("Scripts in the pages")
    for script in scripts:
        legal = LegalFile("LICENSE.txt", (vendor / script.legal_file).read_bytes())
        index.add(script.package, script.version, script.licence, [legal], f"file: {script.file}")
    _add_models(index, inventory)
    index.title("Base image")
    python = [inventory.python_licence] if inventory.python_licence else []
    index.add("python", inventory.python, "Python-2.0", python)
    index.lines += [
        f"{inventory.system.name}: the licence of each package is in the image, /usr/share/doc/NAME/copyright.", "",
        *(f"  {each.package} {each.version}" for each in inventory.packages),
    ]  # fmt: skip
    (folder / INDEX).write_text("\n".join(index.lines) + "\n", encoding="utf-8")


def _add_models(index: Index, inventory: Inventory) -> None:
    index.title("Models")
    for each in inventory.sets:
        manifest = each.described
        for role, model in manifest.roles.items():
            legal = [file for file in each.legal_files if file.path == f"{model.id}.txt"]
            notes = [f"role: {role} of the set {manifest.name}", f"origin: {model.origin}"]
            if not legal:
                notes.append("text: none of its own; it was made for Cloister, see ../LICENSE")
            index.add(
                f"{manifest.name}-{role.replace('/', '-')}-{model.id}", manifest.release, model.licence, legal, *notes
            )


def _notes(wheel: Wheel) -> list[str]:
    notes = [] if wheel.legal_files else ["text: the wheel carries none"]
    if wheel.libraries:
        notes.append(f"contains libraries of other projects: {', '.join(wheel.libraries)}")
    return notes


def _write(folder: Path, name: str, files: Iterable[LegalFile]) -> list[str]:
    """Write files under names that every file system of a stick takes, and return those names."""
    contents: dict[str, bytes] = {}
    taken: dict[str, str] = {}  # A stick may not tell capitals from small letters.
    for file in files:
        path = "/".join([_plain(name), *(_plain(part) for part in file.path.split("/"))])
        wanted, number = path, 2
        while path.lower() in taken and contents[taken[path.lower()]] != file.content:
            path, number = f"{wanted}.{number}", number + 1
        if path.lower() not in taken:
            taken[path.lower()] = path
            contents[path] = file.content
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return sorted(contents)


def _plain(name: str) -> str:
    """Return a name of letters, digits and ``. _ + -`` that begins with a letter or a digit, as ``install`` wants."""
    return re.sub(r"^[^A-Za-z0-9]+", "", re.sub(r"[^A-Za-z0-9._+-]", "_", name)) or "file"
