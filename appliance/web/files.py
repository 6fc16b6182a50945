"""Styles and scripts, answered from memory: a page asks for dozens of them at once, and none has to wait for a disk."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from appliance.errors import NotFoundError
from appliance.web.guards import PUBLIC
from appliance.web.rendering import STATIC, assets
from appliance.web.security import IMMUTABLE

SHEET = Path("css/index.css")
IMPORT = re.compile(r'^@import url\("([^"]+)"\) layer\((\w+)\);$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class File:
    """What is handed out at one address."""

    content: bytes
    media_type: str


@get(f"{assets()}/{{name:path}}", opt=PUBLIC)
async def hand_out(name: FromPath[Path]) -> Response[bytes]:
    """Answer with a file; its address changes with its content, so it is kept for good."""
    file = files().get(name.as_posix())
    if file is None:
        raise NotFoundError
    return Response(file.content, media_type=file.media_type, headers={"Cache-Control": IMMUTABLE})


@cache
def files() -> dict[str, File]:
    """Read every file, by its path below the prefix, with a slash before it."""
    mimetypes.add_type("text/javascript", ".js")  # Some systems say otherwise, and nosniff then refuses the script.
    return dict(_read())


def _read() -> Iterator[tuple[str, File]]:
    for path in STATIC.rglob("*"):
        if path.is_file():
            name = path.relative_to(STATIC)
            content = _whole_sheet(path).encode() if name == SHEET else path.read_bytes()
            yield f"/{name.as_posix()}", File(content, mimetypes.guess_type(name)[0] or "application/octet-stream")


def _whole_sheet(index: Path) -> str:
    """Return the sheet with those that it names in their places, so that a page asks once and not thirty times."""
    return IMPORT.sub(
        lambda named: f"@layer {named[2]} {{\n{(index.parent / named[1]).read_text()}}}", index.read_text()
    )
