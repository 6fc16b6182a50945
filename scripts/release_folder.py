"""The files of a release beside the image: its description, the pinned compose file, checksums and their signature."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scripts.release_contents import ReleaseError

INSTALL_FORMAT = 1  # Raise it when scripts/install has to do something that its older copies do not know.
UNPINNED = "cloister:${CLOISTER_VERSION:-latest}"
VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:(a|b|rc)(\d+))?")


@dataclass(frozen=True, slots=True)
class Description:
    """The content of ``RELEASE.json``: one line a field, so that a shell can read it.

    Attributes:
        version: Of Cloister.
        order: A later release has a larger one, compared byte by byte.
        commit: It was built from.
        created: Date of the commit, RFC 3339.
        image: Name of the image.
        image_config: Its id in the engine's older store.
        image_manifest: Its id in the newer one, or empty.
        image_bytes: Size of its files.
        archive_bytes: Size of its archive before it was packed.
        packed_bytes: Size of all its parts.
    """

    version: str
    order: str
    commit: str
    created: str
    image: str
    image_config: str
    image_manifest: str
    image_bytes: int
    archive_bytes: int
    packed_bytes: int

    def text(self) -> str:
        """Return the file."""
        fields = {"schema": 1, "install_format": INSTALL_FORMAT, "product": "cloister", **asdict(self)}
        return json.dumps(fields, indent=1) + "\n"


def order_of(version: str, created_s: int) -> str:
    """Return a text by which releases sort: first the version, where a candidate precedes its release, then the date.

    Raises:
        ReleaseError: The version is not of the form 1.2.3, 1.2.3a1, 1.2.3b1 or 1.2.3rc1.
    """
    found = VERSION.fullmatch(version)
    if found is None:
        raise ReleaseError(f"{version} is no version of a release; they look like 1.2.3 or 1.2.3rc1.")
    numbers = ".".join(f"{int(part):06}" for part in found.group(1, 2, 3))
    return f"{numbers}.{found.group(4) or 'z'}.{int(found.group(5) or 0):06}.{created_s:012}"


def pinned_compose(text: str, version: str) -> str:
    """Return the compose file with the release's image in place of the latest one.

    Raises:
        ReleaseError: The file does not name the image in the way that can be pinned.
    """
    if UNPINNED not in text:
        raise ReleaseError(f"compose.yaml does not name the image as {UNPINNED}.")
    return text.replace(UNPINNED, f"cloister:${{CLOISTER_VERSION:-{version}}}")


def write_sums(folder: Path, known: dict[str, str]) -> None:
    """Write ``SHA256SUMS`` over every file of the folder, in the order of their names.

    Args:
        folder: The release.
        known: SHA-256 of files that were hashed while they were written.
    """
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    lines = [
        f"{known.get(name) or hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="ascii")


def sign_sums(folder: Path, key: Ed25519PrivateKey) -> None:
    """Write ``SHA256SUMS.sig``: 64 bytes of Ed25519 over the list."""
    (folder / "SHA256SUMS.sig").write_bytes(key.sign((folder / "SHA256SUMS").read_bytes()))


def settle(folder: Path, date: int) -> None:
    """Give every file its mode and the date of the commit, and have all of it written to the disk."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o755 if path.is_dir() or path.name == "install" else 0o644)
        os.utime(path, (date, date))
    folder.chmod(0o755)
    os.utime(folder, (date, date))
    os.sync()
