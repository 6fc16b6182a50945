"""The processes that this one has started and not ended."""

from __future__ import annotations

import os
from pathlib import Path

SERVING = b"\0serve\0"


def children_of_mine(module: str = "") -> list[int]:
    """Return the ids of our children, zombies included; only those of a module where one is named.

    An appliance that the tests share through a whole session is nobody's child here.
    """
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            parent = int((folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):  # Ended while we looked.
            continue
        if parent == os.getpid() and SERVING not in command and module.encode() in command:
            found.append(int(folder.name))
    return found
