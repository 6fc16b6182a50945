"""Tells what an image holds: wheels, packages of the system, model sets, and the legal files of all of them.

scripts/release runs this text with the image's own Python, without a network, so it uses nothing but the standard
library and reads what is really there instead of what should be. It prints one JSON object.
"""

from __future__ import annotations

import base64
import json
import platform
import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

LEGAL = re.compile(r"(licen[cs]e|copying|notice|third.?party|authors|copyright|patents|eula)", re.IGNORECASE)
NOT_LEGAL = (".py", ".pyc", ".pyi", ".so", ".json", ".js", ".h", ".html")


def main() -> None:
    """Print the inventory; the first argument names the folder of the model sets."""
    models = Path(sys.argv[1])
    found = {
        "python": platform.python_version(),
        "python_licence": python_licence(),
        "system": system(),
        "wheels": [wheel(each) for each in sorted(distributions(), key=lambda each: each.name.lower())],
        "packages": packages(Path("/var/lib/dpkg")),
        "sets": [model_set(path.parent) for path in sorted(models.glob("*/set.json"))],
    }
    json.dump(found, sys.stdout)


def wheel(distribution: Distribution) -> dict[str, object]:
    """Describe one installed wheel; only files that are there count, because an image leaves some out."""
    metadata = distribution.metadata
    names = [str(file) for file in distribution.files or []]
    return {
        "name": distribution.name,
        "version": distribution.version,
        "expression": (metadata.get_all("License-Expression") or [""])[0],
        "declared": (metadata.get_all("License") or [""])[0],
        "classifiers": [
            line.split(" :: ")[-1] for line in metadata.get_all("Classifier") or [] if line.startswith("License :: ")
        ],
        "legal_files": [
            legal_file(name, Path(str(distribution.locate_file(name))))
            for name in names
            if is_legal(name) and Path(str(distribution.locate_file(name))).is_file()
        ],
        "libraries": sorted(
            name.rpartition("/")[2]
            for name in names
            if ".libs/" in name and Path(str(distribution.locate_file(name))).is_file()
        ),
    }


def is_legal(name: str) -> bool:
    """Tell whether a file of a wheel is a licence, a notice or a list of authors."""
    if ".dist-info/licenses/" in name:
        return True
    return bool(LEGAL.match(name.rpartition("/")[2])) and not name.endswith(NOT_LEGAL)


def legal_file(name: str, path: Path) -> dict[str, str]:
    """Return one text under a name that is short and free of the wheel's own folder."""
    short = re.sub(r"^[^/]+\.dist-info/(licenses/)?", "", name)
    return {"path": short, "content": base64.b64encode(path.read_bytes()).decode("ascii")}


def python_licence() -> dict[str, str] | None:
    """Return the licence of Python itself, which lies beside its standard library or with the system's packages."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for path in (
        Path(sys.base_prefix) / "lib" / f"python{version}" / "LICENSE.txt",
        Path(f"/usr/share/doc/python{version}/copyright"),
        Path(f"/usr/share/doc/python{version}-minimal/copyright"),
    ):
        if path.is_file():
            return legal_file("LICENSE.txt", path)
    return None


def system() -> dict[str, str]:
    """Return id, version and name from the file in which a Linux system says what it is."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    found = {name: fields.get(name, "").strip('"') for name in ("ID", "VERSION_ID", "PRETTY_NAME")}
    return {"id": found["ID"], "version": found["VERSION_ID"], "name": found["PRETTY_NAME"]}


def packages(state: Path) -> list[dict[str, str]]:
    """Return what Debian's package manager has installed; an image may keep its list in one file or in several."""
    texts = [
        path.read_text(encoding="utf-8")
        for path in [state / "status", *sorted(state.glob("status.d/*"))]
        if is_list(path)
    ]
    found = []
    for block in "\n\n".join(texts).split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|Architecture|Status): (.+)$", block, re.MULTILINE))
        if "Package" in fields and fields.get("Status", "installed").endswith("installed"):
            found.append({name.lower(): fields.get(name, "") for name in ("Package", "Version", "Architecture")})
    return sorted(found, key=lambda package: (package["package"], package["architecture"]))


def is_list(path: Path) -> bool:
    """Tell a list of packages from the checksums that lie beside some."""
    return path.is_file() and path.suffix != ".md5sums"


def model_set(folder: Path) -> dict[str, object]:
    """Return a set's own description, and the licences it carries."""
    legal = [path for path in sorted((folder / "licences").rglob("*")) if path.is_file()]
    return {
        "manifest": (folder / "set.json").read_text(encoding="utf-8"),
        "legal_files": [legal_file(path.relative_to(folder / "licences").as_posix(), path) for path in legal],
    }


if __name__ == "__main__":
    main()
