"""``appliance bundle discard``: remove the update that stands ready."""

from __future__ import annotations

import argparse
import sys

from appliance.commands.bundle.here import ACTOR, opened


def run(given: argparse.Namespace) -> int:
    """Remove it."""
    _, store = opened(given)
    store.discard(ACTOR)
    sys.stdout.write("It is removed. What is in use stays in use.\n")
    return 0
