"""The command behind scripts/release: the directory that is carried to a machine without a network."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance import __version__
from scripts import release_folder, release_image, release_key
from scripts.release_contents import Inventory, ReleaseError, match, read_lock
from scripts.release_image import Archive, Image
from scripts.release_licences import read_vendored, write_licences
from scripts.release_sbom import Product, sbom

ROOT = Path(__file__).resolve().parent.parent
VENDOR = Path("appliance/web/static/vendor")
CARRIED = {"INSTALL.md": "INSTALL.md", "README.md": "README.md", "LICENSE": "LICENSE", "scripts/install": "install"}
UNITS = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3}  # As on the boxes of sticks; so 4G also fits a FAT32 file.
MIN_PART_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Choices:
    """What a release is made of, and how.

    Attributes:
        root: The checkout.
        out: Folder that the release's own folder is made in.
        version: Of the checkout.
        part_bytes: Largest size of a part of the image, or None for one file.
        level: How hard zstd tries to make it small.
        allow_changes: Make it although the checkout differs from the commit.
    """

    root: Path
    out: Path
    version: str
    part_bytes: int | None
    level: int
    allow_changes: bool


def main() -> int:
    """Make a release, or a key; returns the exit status."""
    given = _arguments().parse_args()
    try:
        if given.make_key is not None:
            _print_new_key(given.make_key, given.passphrase_file)
        else:
            key = release_key.load_key(given.key, given.passphrase_file)
            choices = Choices(ROOT, given.out, __version__, given.part_size, given.level, given.allow_changes)
            _print_release(release(choices, key), key)
    except (ReleaseError, OSError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


def _print_new_key(path: Path, passphrase_file: Path | None) -> None:
    fingerprint = release_key.make_key(path, passphrase_file)
    print(f"The key is in {path}. Keep a copy in a safe place; whoever has it and the passphrase can sign as you.")
    print(f"Its fingerprint, for everybody who installs: {fingerprint}")


def _print_release(folder: Path, key: Ed25519PrivateKey) -> None:
    print(f"{folder} is ready to be carried in: copy the whole folder.")
    print("Give the fingerprint of the key to whoever installs it, by another way than the medium:")
    print(release_key.fingerprint(key))


def release(choices: Choices, key: Ed25519PrivateKey) -> Path:
    """Make the directory of a release; it appears whole or not at all.

    Returns:
        The directory.

    Raises:
        ReleaseError: Something it is made of is missing or does not belong together; says what to do.
    """
    folder = choices.out / f"cloister-{choices.version}"
    if folder.exists():
        raise ReleaseError(f"{folder} exists. Remove it to make it anew.")
    for program in ("docker", "zstd", "openssl"):
        if shutil.which(program) is None:
            raise ReleaseError(f"the program {program} is missing. Install it (on Debian: apt-get install {program}).")
    reference = f"cloister:{choices.version}"
    image = release_image.inspect(reference)
    _check_origin(choices, image)
    inventory = release_image.look_inside(reference)
    staging = choices.out / f".cloister-{choices.version}.part"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        _fill(staging, choices, image, inventory, key)
        _try_install(staging, release_key.fingerprint(key))
        staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return folder


def _fill(staging: Path, choices: Choices, image: Image, inventory: Inventory, key: Ed25519PrivateKey) -> None:
    date = int(datetime.fromisoformat(image.label("created")).timestamp())
    order = release_folder.order_of(choices.version, date)
    lock = read_lock(choices.root / "offline_wheels" / "requirements.lock")
    components = match(lock, inventory, choices.root / "offline_wheels")
    scripts = read_vendored(choices.root / VENDOR)
    for name, target in CARRIED.items():
        shutil.copyfile(choices.root / name, staging / target)
    compose = (choices.root / "compose.yaml").read_text(encoding="utf-8")
    (staging / "compose.yaml").write_text(release_folder.pinned_compose(compose, choices.version), encoding="utf-8")
    write_licences(staging / "licences", components, inventory, scripts, choices.root / VENDOR)
    reference = f"cloister:{choices.version}"
    print(f"release: packing the image {reference}, {image.size / 1e9:.1f} GB; this takes minutes", file=sys.stderr)
    archive = release_image.save(reference, staging, part_bytes=choices.part_bytes, level=choices.level, date=date)
    if image.id not in (archive.config, archive.manifest):
        raise ReleaseError(f"docker save wrote another image than {image.id}. Was it built anew meanwhile?")
    product = Product(
        version=choices.version,
        commit=image.label("revision"),
        created=image.label("created"),
        image=archive.config.removeprefix("sha256:"),
        base=image.label("base.name"),
        base_digest=image.label("base.digest"),
    )
    (staging / "sbom.cdx.json").write_bytes(sbom(product, components, inventory, scripts))
    (staging / "RELEASE.json").write_text(_describe(product, order, image, archive, staging).text(), encoding="utf-8")
    (staging / "release.pub").write_bytes(release_key.public_text(key))
    release_folder.write_sums(staging, archive.parts)
    release_folder.sign_sums(staging, key)
    release_folder.settle(staging, date)


def _describe(
    product: Product, order: str, image: Image, archive: Archive, staging: Path
) -> release_folder.Description:
    return release_folder.Description(
        version=product.version,
        order=order,
        commit=product.commit,
        created=product.created,
        image=f"cloister:{product.version}",
        image_config=archive.config,
        image_manifest=archive.manifest,
        image_bytes=image.size,
        archive_bytes=archive.bytes,
        packed_bytes=sum((staging / name).stat().st_size for name in archive.parts),
    )


def _check_origin(choices: Choices, image: Image) -> None:
    """Refuse an image of another commit: what is carried beside it comes from the checkout."""
    if image.label("version") != choices.version:
        raise ReleaseError(
            f"the image says it is {image.label('version') or 'of no version'}. Run scripts/build again."
        )
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", image.label("created")):
        raise ReleaseError("the image does not say of what date its commit is. Run scripts/build again.")
    if choices.allow_changes:
        return
    if _git(choices.root, "status", "--porcelain"):
        raise ReleaseError("the checkout differs from its commit. Commit first, or use --allow-changes for a trial.")
    head = _git(choices.root, "rev-parse", "HEAD")
    if image.label("revision") != head:
        raise ReleaseError(
            f"the image is of the commit {image.label('revision')}, the checkout of {head}. Run scripts/build again."
        )


def _git(root: Path, *arguments: str) -> str:
    ended = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise ReleaseError(f"git cannot tell the commit ({ended.stderr.strip()}). Use --allow-changes for a trial.")
    return ended.stdout.strip()


def _try_install(staging: Path, fingerprint: str) -> None:
    """Have the release verified as its receiver will verify it: every byte is read back from the disk."""
    command = ["sh", str(staging / "install"), "--verify", "--to", os.devnull, "--fingerprint", fingerprint]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise ReleaseError(f"the release does not pass its own check: {ended.stderr.strip()}")


def _part_size(text: str) -> int:
    found = re.fullmatch(r"(\d+)([KMG]?)", text.upper())
    if found is None or int(found.group(1)) * UNITS[found.group(2)] < MIN_PART_BYTES:
        raise argparse.ArgumentTypeError(f"{text} is no size; write 4G, 700M or a number of bytes")
    return int(found.group(1)) * UNITS[found.group(2)]


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/release", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--key", type=Path, metavar="FILE", help="the key that signs the release")
    which.add_argument("--make-key", type=Path, metavar="FILE", help="make a new key, and nothing else")
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="the key's passphrase; without it you are asked"
    )
    parser.add_argument(
        "--part-size",
        type=_part_size,
        metavar="SIZE",
        help="split the image: 4G for FAT32, 700M for a CD (K, M, G: powers of 1000)",
    )
    parser.add_argument(
        "--level",
        type=int,
        choices=range(1, 20),
        default=release_image.LEVEL,
        metavar="1-19",
        help="how hard zstd tries; default: 10; 3 takes a fifth of the time",
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "dist", help="folder for the release's folder; default: dist"
    )
    parser.add_argument(
        "--allow-changes",
        action="store_true",
        help="for a trial: take an image and files that are not those of the commit",
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
