"""How a file of a publisher comes to stand on disk: written beside its place, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from appliance.errors import BundleFileError


def write_file(path: Path, content: bytes, *, replace: bool = False) -> None:
    """Write a small file; raises as ``appearing`` does."""
    with appearing(path, replace=replace) as file:
        file.write(content)


@contextlib.contextmanager
def appearing(path: Path, *, replace: bool = False) -> Iterator[BinaryIO]:
    """Give a file to write; it takes its place only when it is whole and on the disk.

    Args:
        path: Its place.
        replace: Whether it may take the place of the file that is there, whose rights it gets.

    Raises:
        BundleFileError: It is there already, or cannot be written, for want of space for instance. Nothing stays of it.
    """
    if not replace and os.path.lexists(path):
        raise BundleFileError(path=str(path), reason="it is there already; remove it, or choose another name")
    try:
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:64]}-", suffix=".part")
    except OSError as exc:
        raise BundleFileError(path=str(path), reason=f"it cannot be written ({exc.strerror})") from exc
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fchmod(file.fileno(), _mode(path))
            os.fsync(file.fileno())
        _take_place(Path(draft), path, replace=replace)
    except OSError as exc:
        raise BundleFileError(path=str(path), reason=f"it cannot be written ({exc.strerror})") from exc
    finally:
        Path(draft).unlink(missing_ok=True)


def _take_place(draft: Path, path: Path, *, replace: bool) -> None:
    if not replace:
        # The name is taken first, so that a file that came there meanwhile is not lost; a stick may know no links.
        path.touch(exist_ok=False)
    try:
        draft.replace(path)
    except OSError:
        if not replace:
            path.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _mode(path: Path) -> int:
    """Return the rights of the file that is replaced; a fresh one everybody may read, since it holds no secret."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o644
