"""``appliance bundle rollback``: go back to the set before."""

from __future__ import annotations

import argparse
import sys

from appliance.commands.bundle.here import ACTOR, called, opened, when_loaded


def run(given: argparse.Namespace) -> int:
    """Go back."""
    settings, store = opened(given)
    chosen = store.roll_back(ACTOR)
    sys.stdout.write(f"In use: {called(store, chosen)}. {when_loaded(settings)}\n")
    return 0
