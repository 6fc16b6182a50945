"""How an entry of the page "What this appliance can and cannot see" is written down.

There is one for each column of each table. ``tests/web/test_visibility.py`` holds them against the real schema and
against the bytes of a real appliance, so that the page cannot say what is not so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from appliance.web.languages import mark


class Sight(Enum):
    """Who can read what stands somewhere; the value names it in templates and styles."""

    CLEAR = "clear"
    APPLIANCE = "appliance"
    OWNER = "owner"
    DIGEST = "digest"
    NOTHING = "nothing"


SIGHT_WORDS = {
    Sight.CLEAR: mark("in clear"),
    Sight.APPLIANCE: mark("sealed: the appliance can open it (standard mode)"),
    Sight.OWNER: mark("sealed: nobody but you (privacy mode)"),
    Sight.DIGEST: mark("digest or public key"),
    Sight.NOTHING: mark("not kept (privacy mode)"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """What stands in a column.

    Attributes:
        name: As in the schema.
        words: What it is, for somebody who has never seen a table.
        sight: Who can read it; in standard mode, where the modes differ.
        in_private: Who can read it of a private recording; None where the modes do not differ.
    """

    name: str
    words: str
    sight: Sight
    in_private: Sight | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a database.

    Attributes:
        name: As in the schema.
        heading: What it is about.
        words: One sentence about it.
        columns: All it has.
    """

    name: str
    heading: str
    words: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Something beside the tables that can be looked into: a file, or a part of memory.

    Attributes:
        name: Of the file in the data folder as a pattern, of the part of ``Workshop``, or of the process.
        words: What lies there, and for how long.
        sight: Who can read it; in standard mode, where the modes differ.
        in_private: As for a column.
    """

    name: str
    words: str
    sight: Sight
    in_private: Sight | None = None


def clear(name: str, words: str, in_private: Sight | None = None) -> Column:
    """Return a column in clear."""
    return Column(name, words, Sight.CLEAR, in_private)


def digest(name: str, words: str) -> Column:
    """Return a column with a digest or a public key: it proves something, and nothing can be read from it."""
    return Column(name, words, Sight.DIGEST)
