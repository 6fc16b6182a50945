"""``appliance bundle key``: makes a signing key, or shows which one a file holds."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from appliance.bundles import keyfiles
from appliance.bundles.envelope import key_id
from appliance.commands.bundle.signers import words_of
from appliance.errors import KeyFileError


def run(given: argparse.Namespace) -> int:
    """Do what was asked, and show the key's id and words."""
    public = _make(given) if given.action == "make" else _read(given)
    name = key_id(public)
    sys.stdout.write(f"id     {name}\nwords  {words_of(name)}\n")
    return 0


def _make(given: argparse.Namespace) -> bytes:
    beside = given.file.with_name(f"{given.file.name}.pub")
    if beside.exists() or beside.is_symlink():
        raise KeyFileError(path=str(beside), reason=keyfiles.NEVER_OVERWRITTEN)
    public = keyfiles.public_of(keyfiles.make_key(given.file, given.passphrase_file))
    keyfiles.write_once(beside, keyfiles.public_text(public), 0o644)
    sys.stdout.write(
        f"The key is in {given.file}. Keep a copy of it apart: whoever has it and its passphrase can sign as you.\n"
        f"Its public half, for lists of signing keys, is in {beside}.\n"
    )
    return public


def _read(given: argparse.Namespace) -> bytes:
    path: Path = given.file
    if keyfiles.is_private(path):
        return keyfiles.public_of(keyfiles.load_key(path, given.passphrase_file))
    return keyfiles.read_public(path)
