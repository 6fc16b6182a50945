"""``appliance bundle rollback``: go back to the set before."""

from __future__ import annotations

import argparse
import sys

from appliance.commands.bundle.here import ACTOR, in_use, opened


def run(given: argparse.Namespace) -> int:
    """Go back."""
    settings, store = opened(given)
    chosen = store.roll_back(ACTOR)
    sys.stdout.write(in_use(settings, store, chosen))
    return 0
