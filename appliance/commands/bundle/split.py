"""``appliance bundle split``: cuts a model update into parts that fit a stick's file system."""

from __future__ import annotations

import argparse
import re
import sys

from appliance.bundles import parts
from appliance.errors import BundleFileError, OptionError

# As on the boxes of sticks, so that 4G is a little less than the largest file of FAT32.
UNITS = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3}


def run(given: argparse.Namespace) -> int:
    """Write the parts and print their names."""
    size = size_of(given.size)
    folder = given.out or given.file.parent
    if not folder.is_dir():
        raise BundleFileError(path=str(folder), reason="there is no such folder")
    try:
        made = parts.split(given.file, folder, size)
    except ValueError as exc:
        raise OptionError(name="size", value=given.size, reason=str(exc)) from exc
    sys.stdout.writelines(f"{part}\n" for part in made)
    return 0


def size_of(text: str) -> int:
    """Return a number of bytes such as 700M or 4G says.

    Raises:
        OptionError: It says none.
    """
    found = re.fullmatch(r"([0-9]{1,12})([KMG]?)", text, re.ASCII)
    if found is None:
        raise OptionError(name="size", value=text, reason="write it as 700M or 4G")
    return int(found[1]) * UNITS[found[2]]
