"""The whole of a bundle looked at and nothing of it kept: for whoever makes one, and before one is carried on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.bundles.archive import Stream
from appliance.bundles.manifest import PRODUCT, SET_FILE, Manifest
from appliance.bundles.opening import read_head
from appliance.bundles.roots import Root
from appliance.errors import EpochError, WrongProductError

MAX_SET_FILE_BYTES = 1_000_000  # As much as the engine reads of it.


@dataclass(frozen=True, slots=True)
class Checked:
    """A bundle of which every byte is what was signed.

    Attributes:
        manifest: What it says.
        root: The newest list of its line; a threshold of it signed the manifest.
        signers: Ids of those of its keys that signed, in order.
        carried: Numbers of the lists that it brings.
        set_file: The bytes of its ``set.json``; empty where they are more than the engine reads.
    """

    manifest: Manifest
    root: Root
    signers: tuple[str, ...]
    carried: tuple[int, ...]
    set_file: bytes


def check(stream: Stream, lines: Sequence[Root]) -> Checked:
    """Read a bundle from its first byte to its last, in the order of trust.

    What depends on one appliance is not asked: what it has seen, what it runs, how much room it has.

    Args:
        stream: Positioned at the first byte.
        lines: The newest list of each line that is trusted, the vendor's first.

    Raises:
        BundleError: It is not a bundle that an appliance with these lists would take; says why.
    """
    head = read_head(stream)
    root = head.newest_root(lines)
    manifest = head.manifest(root)
    if manifest.product != PRODUCT:
        raise WrongProductError(product=manifest.product)
    if manifest.epoch != root.number:
        raise EpochError(epoch=manifest.epoch, current=root.number)
    set_file = b""
    for file, pieces in head.files(manifest):
        keeps = file.path == SET_FILE and file.size <= MAX_SET_FILE_BYTES
        for piece in pieces:
            set_file += piece if keeps else b""
    signers = tuple(sorted(head.envelope.verify(root.keys)))
    return Checked(manifest, root, signers, tuple(number for number, _ in head.carried), set_file)
