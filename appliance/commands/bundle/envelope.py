"""``appliance bundle envelope``: takes out what is signed, so that only a small file goes to where a key is."""

from __future__ import annotations

import argparse
import sys

from appliance.bundles.signing import Signable
from appliance.bundles.writing import write_file


def run(given: argparse.Namespace) -> int:
    """Write the manifest and the signatures that it has into a file of its own."""
    signable = Signable.open(given.file)
    write_file(given.out, signable.envelope.encode())
    sys.stdout.write(
        f"{given.out} is what is signed. Where the key is: appliance bundle sign {given.out} --key KEYFILE "
        f"--detached SIGNATURE. Back here: appliance bundle sign {given.file} --attach SIGNATURE\n"
    )
    return 0
