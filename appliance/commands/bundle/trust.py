"""``appliance bundle trust``: let a site's own signers, or a newer list of known ones, vouch for models here.

Only who can run commands on the machine can do this: a stolen session of an administrator's cannot.
"""

from __future__ import annotations

import argparse
import sys

from appliance.bundles.durable import read_whole
from appliance.bundles.roots import MAX_ROOT_BYTES
from appliance.commands.bundle.here import ACTOR, opened
from appliance.commands.bundle.signers import key_lines, said
from appliance.errors import BundleFileError


def run(given: argparse.Namespace) -> int:
    """Trust a list, and show who is on it."""
    _, store = opened(given)
    root = store.trust(_read(given), ACTOR)
    heading = f"Trusted from now on: the line {root.line}, list {root.number}. {root.threshold} of these must sign:"
    sys.stdout.write(said([heading, *key_lines(root.keys.values(), ())]))
    return 0


def _read(given: argparse.Namespace) -> bytes:
    try:
        encoded = read_whole(given.file, MAX_ROOT_BYTES)
    except (OSError, ValueError) as exc:
        raise BundleFileError(path=str(given.file), reason=str(exc)) from exc
    if encoded is None:
        raise BundleFileError(path=str(given.file), reason="it is not there")
    return encoded
