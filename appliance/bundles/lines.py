"""Whom an appliance trusts: the lists of signers in its image, and those that its administrator added."""

from __future__ import annotations

from pathlib import Path

from appliance.bundles import roots
from appliance.bundles.durable import read_whole
from appliance.bundles.ledger import Ledger
from appliance.bundles.roots import MAX_ROOT_BYTES, Root
from appliance.errors import BundleError, VendorRootError

ROOT_FILES = "*.root.dsse.json"


def image_roots(folder: Path) -> dict[str, tuple[Root, bytes]]:
    """Return the lists in the image, each with its envelope, by the names of their lines.

    Raises:
        VendorRootError: One of the files is no signed list: then the image is not as it was built.
    """
    found: dict[str, tuple[Root, bytes]] = {}
    for path in sorted(folder.glob(ROOT_FILES)):
        try:
            encoded = read_whole(path, MAX_ROOT_BYTES) or b""
            root = roots.anchor(encoded)
        except (OSError, ValueError, BundleError) as exc:
            raise VendorRootError(path=str(path), reason=str(exc)) from exc
        if root.line in found:
            raise VendorRootError(path=str(path), reason=f"there are two lists of the line {root.line}")
        found[root.line] = (root, encoded)
    return found


def trusted(ledger: Ledger, image: dict[str, tuple[Root, bytes]]) -> tuple[Root, ...]:
    """Return the newest list of every line, the image's first.

    A newer image may bring a newer list than was seen in bundles, and bundles a newer one than the image has.

    Raises:
        RootKeysError: Two lines share a key.
    """
    known = ledger.roots()
    newest = [max(root, known.get(name, root), key=lambda each: each.number) for name, (root, _) in image.items()]
    own = [root for name, root in known.items() if name not in image]
    lines = (*newest, *own)
    roots.require_apart(lines)
    return lines


def with_line(ledger: Ledger, root: Root, encoded: bytes) -> Ledger:
    """Return the ledger with a list that it may not have had, and the memory of the line if it had one."""
    line = ledger.lines.get(root.line)
    if line is not None and roots.anchor(line.root.encode()).number >= root.number:
        return ledger
    return ledger.trusting(root, encoded)


def with_image_line(ledger: Ledger, image: dict[str, tuple[Root, bytes]], name: str) -> Ledger:
    """Return the ledger with a line of the image in it, so that something can be remembered of it."""
    return ledger if name in ledger.lines else with_line(ledger, *image[name])
