"""The characters that files depend on, by Python's edition of Unicode, written for the browser.

``python -m tests.exports.unicode_tables`` writes ``js/pure/unicode_tables.js`` anew, for a Python with another edition.
"""

from __future__ import annotations

import sys
import textwrap
import unicodedata
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

TABLES = Path(__file__).parents[2] / "appliance" / "web" / "static" / "js" / "pure" / "unicode_tables.js"

HEAD = """// @ts-check
/**
 * Ranges of characters in Unicode {edition}: of each the length of the gap before it and its own, in base 36.
 * Written by tests/exports/unicode_tables.py.
 */
"""
PROPERTIES: dict[str, tuple[str, Callable[[str], bool]]] = {
    "WIDE": (
        "East Asian width W or F; Python 3.11 takes what is not assigned for F.",
        lambda c: unicodedata.east_asian_width(c) in "WF",
    ),
    "CLINGING": (
        "General category Mn, Mc, Me, Lm, Pe, Pf, Po or Cf.",
        lambda c: unicodedata.category(c) in {"Mn", "Mc", "Me", "Lm", "Pe", "Pf", "Po", "Cf"},
    ),
    "OPENING": ("General category Ps or Pi.", lambda c: unicodedata.category(c) in {"Ps", "Pi"}),
    "UNPRINTABLE": (
        "General category C or Z, unassigned included, without the common space.",
        lambda c: not c.isprintable(),
    ),
}
BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def script() -> str:
    """Return the whole module."""
    parts = [HEAD.format(edition=unicodedata.unidata_version)]
    for name, (meaning, holds) in PROPERTIES.items():
        lines = textwrap.wrap(_table(holds), 112)
        body = " +\n".join(f'  "{line}{"" if line is lines[-1] else " "}"' for line in lines)
        parts.append(f"\n/** {meaning} */\nexport const {name} =\n{body};\n")
    return "".join(parts)


def _table(holds: Callable[[str], bool]) -> str:
    runs = [len(list(run)) for _, run in groupby(map(chr, range(sys.maxunicode + 1)), key=holds)]
    lengths = runs if not holds("\0") else [0, *runs]
    if len(lengths) % 2:
        lengths.pop()  # The gap after the last range.
    return " ".join(map(_base_36, lengths))


def _base_36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = BASE_36[digit] + digits
    return digits


if __name__ == "__main__":
    TABLES.write_text(script(), encoding="utf-8")
