"""``appliance bundle activate``: put the update that stands ready to use."""

from __future__ import annotations

import argparse
import sys

from appliance.bundles.readiness import require_tried
from appliance.commands.bundle.here import ACTOR, in_use, opened


def run(given: argparse.Namespace) -> int:
    """Put it to use, once it is certain that it was tried and kept its limits."""
    settings, store = opened(given)
    chosen = store.activate(ACTOR, require_tried(store))
    sys.stdout.write(in_use(settings, store, chosen))
    return 0
