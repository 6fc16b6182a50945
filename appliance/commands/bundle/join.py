"""``appliance bundle join``: puts the parts of a model update together again."""

from __future__ import annotations

import argparse
import sys

from appliance.bundles.parts import open_parts
from appliance.bundles.signing import rewrite
from appliance.bundles.writing import appearing


def run(given: argparse.Namespace) -> int:
    """Write the whole, and hold every file in it against its manifest meanwhile: parts may be of different bundles."""
    with open_parts(given.file) as stream:
        out = given.out or given.file.with_name(stream.name)
        with appearing(out) as sink:
            manifest = rewrite(stream, sink)
    sys.stdout.write(f"{out} is whole: the set {manifest.set}, release {manifest.release}. To check who signed it:\n")
    sys.stdout.write(f"appliance bundle verify {out}\n")
    return 0
