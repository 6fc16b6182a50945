"""What an appliance remembers of its model sets: whom it trusts, what it has seen, which set is in use.

One small file, replaced as a whole. Which set is in use is one field of it, so a switch is one rename: whenever the
power fails, either the set before is in use or the one after, and the entry of the journal that says so is there too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from appliance.bundles import roots
from appliance.bundles.durable import read_whole, replace_file
from appliance.bundles.journal import Entry
from appliance.bundles.roots import Root
from appliance.bundles.trust import Installed, Mark, Memory
from appliance.errors import BundleError, LedgerError

LEDGER_FILE = "ledger.json"
MAX_LEDGER_BYTES = 2**22

IMAGE = Installed(line="", mark=Mark(0, 0), digest="")
"""The set that came with the appliance: of no line, and always there."""


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of signers that is trusted here.

    Attributes:
        root: Envelope of its newest list, in its one spelling.
        memory: What was seen of it.
    """

    root: str
    memory: Memory = Memory()


class Ledger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is remembered.

    Attributes:
        lines: By their names.
        active: The set in use.
        previous: The one before, to which one may go back; None where there is none.
        candidate: One that was checked and stands ready; None where there is none.
        probation: How many jobs the active set has still to finish before it is relied on; 0 when it is.
        entry: The newest entry of the journal that came with a change of this file, or None.
    """

    schema: Literal[1] = 1
    lines: dict[str, Line] = {}
    active: Installed = IMAGE
    previous: Installed | None = None
    candidate: Installed | None = None
    probation: int = 0
    entry: Entry | None = None

    @classmethod
    def read(cls, folder: Path) -> Ledger:
        """Read the ledger of a folder; an empty one where there is none yet.

        Raises:
            LedgerError: It is there and cannot be relied on.
        """
        try:
            encoded = read_whole(folder / LEDGER_FILE, MAX_LEDGER_BYTES)
            found = msgspec.json.decode(encoded, type=cls) if encoded is not None else cls()
            found.roots()
        except (OSError, ValueError, msgspec.MsgspecError, BundleError) as exc:
            # An empty ledger would trust old releases again, so nothing is guessed.
            raise LedgerError(path=str(folder / LEDGER_FILE), reason=str(exc)) from exc
        return found

    def write(self, folder: Path) -> None:
        """Replace the ledger of a folder, for good once this returns.

        Raises:
            OSError: The disk does not take it; the one before stands.
        """
        replace_file(folder / LEDGER_FILE, msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")

    def roots(self) -> dict[str, Root]:
        """Return the newest list of each line."""
        return {name: roots.anchor(line.root.encode()) for name, line in self.lines.items()}

    def memory(self, line: str) -> Memory:
        """Return what was seen of a line."""
        return self.lines[line].memory if line in self.lines else Memory()

    def remembering(self, line: str, memory: Memory) -> Ledger:
        """Return the ledger with another memory of a line."""
        return self._with(line, msgspec.structs.replace(self.lines[line], memory=memory))

    def trusting(self, root: Root, encoded: bytes) -> Ledger:
        """Return the ledger with a newer list of a line, or with a line that is new."""
        return self._with(root.line, Line(root=encoded.decode(), memory=self.memory(root.line)))

    def in_use(self) -> tuple[Installed, ...]:
        """Return the releases that are needed on the disk."""
        return tuple(each for each in (self.active, self.previous, self.candidate) if each not in (None, IMAGE))

    def _with(self, name: str, line: Line) -> Ledger:
        lines: Mapping[str, Line] = {**self.lines, name: line}
        return msgspec.structs.replace(self, lines=dict(lines))
