"""How a set comes to stand on disk: by one builder at a time, whole or not at all, saying what it was made from."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from appliance.engine.models import MANIFEST, Manifest, ModelSet, Role, SetFile, digest
from appliance.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Of ``<|en|>`` where English is all there is. Source: openai/whisper, tokenizer.py: these models have GPT-2's
# vocabulary, and the others one token more before it.
ENGLISH_ONLY = 50_258


def build_set(out: Path, recipe_sha256: str, fill: Callable[[Path], Manifest]) -> bool:
    """Build a set unless it is there, complete, unaltered and of this recipe.

    Args:
        out: Folder of the set.
        recipe_sha256: The fingerprint of its recipe.
        fill: Writes the files of the set into an empty folder; returns its manifest, to which the files are added.

    Returns:
        Whether anything was built.

    Raises:
        ModelError: As ``fill`` raises, or the result is not a set.
    """
    if is_current(out, recipe_sha256):
        return False
    with only_builder(out):
        if is_current(out, recipe_sha256):  # Somebody else built it while we waited.
            return False
        with appearing_whole(out) as staging:
            manifest = fill(staging)
            seal_set(staging, manifest)
    return True


def seal_set(staging: Path, manifest: Manifest) -> None:
    """Write ``set.json`` with every file that is there, and look at the set as those who use it do.

    Raises:
        ModelError: It is not a set.
    """
    (staging / MANIFEST).write_bytes(as_json(msgspec.structs.replace(manifest, files=_files(staging))))
    _let_everyone_read(staging)
    ModelSet.open(staging)


def is_current(out: Path, recipe_sha256: str) -> bool:
    """Tell whether a complete, unaltered set of a recipe stands in a folder."""
    try:
        return ModelSet.open(out).manifest.catalog == recipe_sha256
    except ModelError:
        return False


def as_json(value: msgspec.Struct) -> bytes:
    """Return a value as JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def whisper_languages(folder: Path) -> tuple[str, ...]:
    """Return the languages of a converted Whisper model.

    The model numbers its languages, and the tokenizer says which code a number is: 50259 is ``<|en|>``. A model for
    English only has the same codes in its tokenizer, one number lower, and never learned any of them.
    """
    numbers = set(msgspec.json.decode((folder / "config.json").read_bytes())["lang_ids"])
    tokens = msgspec.json.decode((folder / "tokenizer.json").read_bytes())["added_tokens"]
    by_number = {token["id"]: token["content"].strip("<|>") for token in tokens}
    if by_number.get(ENGLISH_ONLY) == "en":
        return ("en",)
    return tuple(sorted(by_number[number] for number in numbers & set(by_number)))


def empty_manifest(name: str, release: str, recipe_sha256: str, roles: dict[str, Role]) -> Manifest:
    """Return the manifest of a set whose files are not counted yet."""
    return Manifest(schema=1, name=name, release=release, catalog=recipe_sha256, roles=roles, files={})


@contextmanager
def only_builder(out: Path) -> Iterator[None]:
    """Let one process at a time build at a place, and sweep away what one that was killed left there."""
    with exclusively(out.parent):
        for leftover in out.parent.glob(f".{out.name}-*"):
            shutil.rmtree(leftover)
        yield


@contextmanager
def exclusively(folder: Path) -> Iterator[None]:
    """Let one process at a time work in a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def appearing_whole(out: Path) -> Iterator[Path]:
    """Give a folder to fill; what stood at the place before goes away only once it is full."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        staging, replaced = Path(scratch, "whole"), Path(scratch, "replaced")
        staging.mkdir()
        yield staging
        if out.exists():
            out.rename(replaced)
        staging.rename(out)


def _files(staging: Path) -> dict[str, SetFile]:
    return {
        path.relative_to(staging).as_posix(): SetFile(sha256=digest(path), bytes=path.stat().st_size)
        for path in sorted(staging.rglob("*"))
        if path.is_file() and path != staging / MANIFEST
    }


def _let_everyone_read(staging: Path) -> None:
    # The appliance runs as another user than the one who builds, and some libraries write files for their owner only.
    for path in (staging, *staging.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
