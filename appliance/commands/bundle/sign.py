"""``appliance bundle sign``: adds signatures to a model update or a list of keys, made here or carried here."""

from __future__ import annotations

import argparse
import sys

from appliance.bundles.envelope import key_id
from appliance.bundles.manifest import Manifest
from appliance.bundles.roots import Root
from appliance.bundles.signing import Signable, read_small
from appliance.bundles.writing import write_file
from appliance.commands.bundle.signers import enough, read_root, root_lines, said, seeds_of
from appliance.crypto import identity
from appliance.errors import OptionError


def run(given: argparse.Namespace) -> int:
    """Show what is signed, then sign it; whoever typed a passphrase for the wrong thing sees it at once."""
    _require_meant(given)
    signable = Signable.open(given.file, read_root(given.root) if given.root else None)
    sys.stdout.write(said(_what(signable)))
    sys.stdout.flush()
    seeds = seeds_of(given)
    signed = signable.signed_by(seeds)
    for path in given.attach:
        signed = signed.with_detached(read_small(path))
    if given.detached is not None:
        name = key_id(identity.public_of_seed(seeds[0]))
        write_file(given.detached, signed.envelope.detach(name))
        sys.stdout.write(f"The signature is in {given.detached}. {given.file} was left as it is.\n")
        return 0
    signed.store()
    sys.stdout.write(said(_standing(signed)))
    return 0


def _require_meant(given: argparse.Namespace) -> None:
    if not given.signers and not given.attach:
        raise OptionError(name="key", value="nothing", reason="give a key to sign with, or --attach and a signature")
    if given.detached is not None and len(given.signers) != 1:
        raise OptionError(
            name="detached", value=str(given.detached), reason="it takes one signature, so give one --key"
        )


def _what(signable: Signable) -> list[str]:
    if isinstance(signable.document, Root):
        return root_lines(signable.document, signable.signers())
    manifest: Manifest = signable.document
    return [
        f"Set {manifest.set}, release {manifest.release}, version {manifest.version}, made {manifest.created}",
        f"For Cloister {manifest.app.min} to {manifest.app.max}; under list {manifest.epoch} of signing keys",
        f"{len(manifest.files)} files of {manifest.total_bytes:,} bytes; SHA-256 of what is signed: {manifest.digest}",
    ]


def _standing(signed: Signable) -> list[str]:
    lines = []
    if isinstance(signed.document, Root):
        own = signed.signers() & set(signed.document.keys)
        lines.append(f"Of its own keys: {enough(len(own), signed.document.threshold)}")
    elif signed.root is None:
        count = len(signed.envelope.signatures)
        lines.append(f"{count} signed. How many are needed, the list of signing keys tells: give it with --root.")
    if signed.root is not None and signed.root != signed.document:
        found = signed.signers() & set(signed.root.keys)
        lines.append(f"Of list {signed.root.number} of {signed.root.line}: {enough(len(found), signed.root.threshold)}")
    return lines
