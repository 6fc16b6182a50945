"""``appliance bundle root``: lists of those who may sign. Makes the first of a line and the next, and shows one."""

from __future__ import annotations

import argparse
import sys

import msgspec

from appliance.bundles import keyfiles, roots
from appliance.bundles.envelope import Envelope
from appliance.bundles.roots import MAX_ROOT_BYTES, Root
from appliance.bundles.signing import Signable, read_small
from appliance.bundles.writing import write_file
from appliance.commands.bundle.signers import enough, instant_of, read_root, root_lines, said, seeds_of
from appliance.crypto import identity
from appliance.errors import OptionError

USUAL_THRESHOLD = 2


def run(given: argparse.Namespace) -> int:
    """Do what was asked."""
    return {"make": _make, "next": _next, "show": _show}[given.action](given)


def _make(given: argparse.Namespace) -> int:
    """Make the first list; with a key that signs and nothing else, it is a site's own, complete at once."""
    return _write(given, given.line, 1, None)


def _next(given: argparse.Namespace) -> int:
    before = read_root(given.before)
    return _write(given, before.line, before.number + 1, before)


def _show(given: argparse.Namespace) -> int:
    envelope = Envelope.draft(read_small(given.file, MAX_ROOT_BYTES), roots.PAYLOAD_TYPE, MAX_ROOT_BYTES)
    root = Root.decode(envelope.payload)
    signed = envelope.verify(root.keys)
    others = sorted({each.key_id for each in envelope.signatures} - set(root.keys))
    if given.json:
        facts = {**msgspec.to_builtins(root), "signed": sorted(signed), "signed_by_others": others}
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(facts), indent=1) + b"\n")
        return 0
    lines = [*root_lines(root, signed), enough(len(signed), root.threshold)]
    lines += [f"Signed by a key of another list, not verified here:\n  {name}" for name in others]
    sys.stdout.write(said(lines))
    return 0


def _write(given: argparse.Namespace, line: str, number: int, before: Root | None) -> int:
    seeds = seeds_of(given)
    publics = [keyfiles.read_public(path) for path in given.key] or [identity.public_of_seed(seed) for seed in seeds]
    if not publics:
        raise OptionError(name="key", value="nothing", reason="a list needs at least one; give --key, or --sign alone")
    threshold = given.threshold if given.threshold is not None else min(USUAL_THRESHOLD, len(publics))
    root = roots.make_root(line, publics, threshold, instant_of(given.created), number)
    envelope = Envelope(roots.PAYLOAD_TYPE, root.encode())
    # A list that follows is signed by keys of the list before, too.
    signable = Signable(given.out, envelope, root, is_bundle=False, root=before or root).signed_by(seeds)
    write_file(given.out, signable.envelope.encode())
    signed = signable.signers()
    lines = [*root_lines(root, signed), enough(len(signed & set(root.keys)), root.threshold)]
    if before is not None:
        lines.append(f"Of list {before.number}: {enough(len(signed & set(before.keys)), before.threshold)}")
    sys.stdout.write(said([*lines, f"It is in {given.out}. To add a signature: appliance bundle sign {given.out}"]))
    return 0
