"""The image in the local engine: what it says of itself, what is inside it, and its archive in parts.

The archive is `docker save` with everything taken out that differs from run to run (dates, owners), packed by zstd
while it comes, so that nothing of its full size ever lies on the disk.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Annotated

import msgspec

from scripts.release_contents import Inventory, ReleaseError, read_inventory

ARCHIVE = "image.tar.zst"
MODELS = "/opt/cloister/models"
MAX_PARTS = 999  # Three digits, so that the order of names is the order of parts.
BLOCK_BYTES = 2**20
LEVEL = 10  # 14 % smaller than level 3 in five times its time, and unpacked as fast.


class Config(msgspec.Struct, frozen=True, rename="pascal"):
    """The part of an image's configuration that is read here."""

    labels: dict[str, str] | None = None


class Image(msgspec.Struct, frozen=True, rename="pascal"):
    """What the engine says of an image; the size is that of its files, unpacked."""

    id: Annotated[str, msgspec.Meta(pattern="^sha256:[0-9a-f]{64}$")]
    os: str
    architecture: str
    size: int
    config: Config

    def label(self, name: str) -> str:
        """Return one of the labels ``org.opencontainers.image.NAME``, or nothing."""
        return (self.config.labels or {}).get(f"org.opencontainers.image.{name}", "")


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive of an image.

    Attributes:
        parts: SHA-256 of each file, by its name.
        bytes: Size before it was packed.
        config: Digest of the image's configuration: its id in the engine's older store.
        manifest: Digest of its manifest: its id in the newer one; empty where the engine saves none.
    """

    parts: dict[str, str]
    bytes: int
    config: str
    manifest: str


def inspect(reference: str) -> Image:
    """Ask the engine for an image.

    Raises:
        ReleaseError: There is no engine, no such image, or it is for another platform.
    """
    try:
        (image,) = msgspec.json.decode(_docker("image", "inspect", reference), type=tuple[Image])
    except msgspec.MsgspecError as exc:
        raise ReleaseError(f"the engine's answer about {reference} cannot be read: {exc}") from exc
    if (image.os, image.architecture) != ("linux", "amd64"):
        raise ReleaseError(f"{reference} is for {image.os}/{image.architecture}; releases are for linux/amd64.")
    return image


def look_inside(reference: str) -> Inventory:
    """Run the inventory with the image's own Python, in a container that can do nothing else.

    Raises:
        ReleaseError: It does not run, or what it prints is no inventory.
    """
    program = Path(__file__).with_name("release_inventory.py").read_text(encoding="utf-8")
    caged = ("--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
    printed = _docker("run", "--rm", *caged, "--entrypoint", "python3", reference, "-B", "-c", program, MODELS)
    return read_inventory(printed)


def save(reference: str, folder: Path, *, part_bytes: int | None, level: int, date: int) -> Archive:
    """Write the archive of an image.

    Args:
        reference: Name of the image, which it will have again where it is loaded.
        folder: Where the parts go.
        part_bytes: Largest size of a part, or None for one file.
        level: How hard zstd tries, 1 to 19; it gives the same bytes whatever the number of its threads.
        date: Modification time of all members, in seconds since 1970.

    Raises:
        ReleaseError: The engine or zstd fails, or there would be too many parts.
    """
    with (
        ThreadPoolExecutor(1) as writer,
        subprocess.Popen(["docker", "save", reference], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as engine,
        subprocess.Popen(
            ["zstd", "-q", f"-{level}", "-T0", "-c"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as zstd,
    ):
        parts = writer.submit(_write_parts, _pipe(zstd.stdout), folder, part_bytes)
        try:
            size, said = _repack(_pipe(engine.stdout), _pipe(zstd.stdin), date)
            hashes = parts.result()
        except (tarfile.TarError, OSError) as exc:
            raise _broken(exc, engine, zstd, parts) from exc
        if engine.wait() != 0 or zstd.wait() != 0:
            raise ReleaseError("docker save or zstd failed at the end; what was written is not whole.")
    return Archive(parts=hashes, bytes=size, config=_config_digest(said), manifest=_manifest_digest(said))


def _broken(
    exc: Exception, engine: subprocess.Popen[bytes], zstd: subprocess.Popen[bytes], parts: Future[dict[str, str]]
) -> ReleaseError:
    """End what still runs, and return the reason: the writer's, else the engine's words, else the exception."""
    if isinstance(exc, OSError):  # The engine may well be waiting for us; where its tar ended early, it ends by itself.
        engine.kill()
    zstd.kill()
    with suppress(OSError):
        _pipe(zstd.stdin).close()
    reason = parts.exception()
    if isinstance(reason, ReleaseError):
        return reason
    words = "" if isinstance(exc, OSError) else _pipe(engine.stderr).read().decode(errors="replace").strip()
    return ReleaseError(f"the image cannot be saved: {reason or words or exc}")


def _docker(*arguments: str) -> bytes:
    try:
        ended = subprocess.run(["docker", *arguments], capture_output=True, check=False)
    except FileNotFoundError as exc:
        raise ReleaseError(
            "Docker is missing. Install it; the release is made of the image that scripts/build made."
        ) from exc
    if ended.returncode != 0:
        words = ended.stderr.decode(errors="replace").strip()
        raise ReleaseError(f"docker {' '.join(arguments[:2])} failed: {words}. Run scripts/build first.")
    return ended.stdout


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 -- each of these streams was asked for as a pipe.
    return stream


def _repack(source: IO[bytes], target: IO[bytes], date: int) -> tuple[int, dict[str, bytes]]:
    """Copy a tar without what differs from run to run; returns its size and the two files that name the image."""
    said: dict[str, bytes] = {}
    with (
        tarfile.open(fileobj=source, mode="r|", bufsize=BLOCK_BYTES) as before,
        tarfile.open(fileobj=target, mode="w|", bufsize=BLOCK_BYTES, format=tarfile.PAX_FORMAT) as after,
    ):
        for member in before:
            member.mtime, member.uid, member.gid, member.uname, member.gname = date, 0, 0, "", ""
            member.pax_headers = {}
            content = before.extractfile(member) if member.isreg() else None
            if content is not None and member.name in ("manifest.json", "index.json"):
                said[member.name] = content.read()
                content = BytesIO(said[member.name])
            after.addfile(member, content)
    target.close()
    return -(-after.offset // tarfile.RECORDSIZE) * tarfile.RECORDSIZE, said  # The end is filled up to a whole record.


def _write_parts(source: IO[bytes], folder: Path, part_bytes: int | None) -> dict[str, str]:
    hashes: dict[str, str] = {}
    with source:  # If writing fails, zstd must not wait for a reader.
        block = source.read(BLOCK_BYTES)
        while block:
            if len(hashes) == MAX_PARTS:
                raise ReleaseError(f"there would be more than {MAX_PARTS} parts. Choose a larger --part-size.")
            name = ARCHIVE if part_bytes is None else f"{ARCHIVE}.{len(hashes) + 1:03}"
            with (folder / name).open("xb") as part:
                hashes[name], block = _write_part(block, source, part, part_bytes)
    return hashes


def _write_part(block: bytes, source: IO[bytes], part: IO[bytes], room: int | None) -> tuple[str, bytes]:
    """Fill one part; returns its SHA-256 and what has no room in it."""
    digest = hashlib.sha256()
    while block and room != 0:
        now = block if room is None else block[:room]
        part.write(now)
        digest.update(now)
        room = None if room is None else room - len(now)
        block = block[len(now) :] or source.read(BLOCK_BYTES)
    return digest.hexdigest(), block


def _config_digest(said: dict[str, bytes]) -> str:
    """Return the digest that the archive's ``manifest.json`` gives in the name of the configuration's file."""
    try:
        (entry,) = json.loads(said["manifest.json"])
        digest = entry["Config"].rpartition("/")[2].removesuffix(".json")
    except (KeyError, ValueError, TypeError) as exc:
        raise ReleaseError("what docker save wrote does not name one image.") from exc
    return f"sha256:{digest}"


def _manifest_digest(said: dict[str, bytes]) -> str:
    if "index.json" not in said:
        return ""
    try:
        return str(json.loads(said["index.json"])["manifests"][0]["digest"])
    except (KeyError, ValueError, TypeError, IndexError) as exc:
        raise ReleaseError("what docker save wrote does not name one image.") from exc
