"""A bundle shown to an appliance, as the store will do it, with a note of how far it came."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from appliance.bundles.archive import Stream
from appliance.bundles.manifest import Manifest
from appliance.bundles.opening import read_head
from appliance.bundles.trust import Decision, Memory, decide
from tests.simulators.publisher import World


@dataclass(slots=True)
class Shown:
    """How far a bundle came.

    Attributes:
        stage: The last thing that was begun: layout, signers, signatures, decision, files or done.
        decision: What was decided.
        written: Bytes of each file that was finished without an error.
        manifest: Once it was read.
    """

    stage: str = "layout"
    decision: Decision | None = None
    written: dict[str, bytes] = field(default_factory=dict)
    manifest: Manifest | None = None


def show(bundle: bytes | Stream, world: World, shown: Shown | None = None) -> Shown:
    """Read a whole bundle; what ``shown`` says holds even where an error ends it."""
    shown = shown or Shown()
    head = read_head(io.BytesIO(bundle) if isinstance(bundle, bytes) else bundle)
    shown.stage = "signers"
    root = head.newest_root(world.lines)
    shown.stage = "signatures"
    manifest = shown.manifest = head.manifest(root)
    shown.stage = "decision"
    shown.decision = decide(manifest, root, world.memories.get(root.line, Memory()), world.appliance)
    shown.stage = "files"
    for file, pieces in head.files(manifest):
        body = b"".join(pieces)
        shown.written[file.path] = body
    shown.stage = "done"
    return shown
