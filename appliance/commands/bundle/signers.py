"""What the verbs share: the keys that sign, instants, and how keys and lists are shown."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from appliance.bundles import keyfiles, spelling
from appliance.bundles.envelope import key_id
from appliance.bundles.roots import MAX_ROOT_BYTES, Root, anchor
from appliance.bundles.signing import read_small
from appliance.crypto.identity import fingerprint_words
from appliance.errors import OptionError


def seeds_of(given: argparse.Namespace) -> tuple[bytes, ...]:
    """Open every key file that was named; each passphrase comes from a file or is asked for.

    Raises:
        KeyFileError: A key does not open.
        OptionError: There are more passphrases than keys.
    """
    if len(given.passphrases) > len(given.signers):
        raise OptionError(name="passphrase-file", value=str(given.passphrases[-1]), reason="there is no key for it")
    files = [*given.passphrases, *[None] * (len(given.signers) - len(given.passphrases))]
    return tuple(
        keyfiles.seed_of(keyfiles.load_key(path, file)) for path, file in zip(given.signers, files, strict=True)
    )


def instant_of(given: str | None) -> str:
    """Return an instant as it is signed: the given one, or now.

    Raises:
        OptionError: There is no such instant.
    """
    if given is None:
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if not spelling.is_instant(given):
        raise OptionError(name="created", value=given, reason="write it as 2026-11-26T12:00:00Z")
    return given


def read_root(path: Path) -> Root:
    """Return a list of signing keys that enough of its own keys signed.

    Raises:
        BundleFileError: It cannot be read.
        EnvelopeError, RootError, SignatureError: It is no such list.
    """
    return anchor(read_small(path, MAX_ROOT_BYTES))


def key_lines(publics: Iterable[bytes], signed: Iterable[str] = ()) -> list[str]:
    """Return a line for each key: its id, the words by which people compare it, and whether it signed."""
    marked = frozenset(signed)
    lines = []
    for public in publics:
        name = key_id(public)
        lines.append(f"  {name}\n    {words_of(name)}{'   (signed)' if name in marked else ''}")
    return lines


def words_of(name: str) -> str:
    """Return the id of a key as words that can be read out on the telephone."""
    return " ".join(fingerprint_words(bytes.fromhex(name)))


def root_lines(root: Root, signed: Iterable[str]) -> list[str]:
    """Return what a list of signing keys says, for people."""
    return [
        f"List {root.number} of the line {root.line}, made {root.created}",
        f"{root.threshold} of {len(root.public_keys)} keys have to sign:",
        *key_lines(root.keys.values(), signed),
    ]


def enough(found: int, needed: int) -> str:
    """Return how many signatures there are, and how many are missing."""
    if found >= needed:
        return f"{found} signed, {needed} are needed: complete."
    return f"{found} signed, {needed} are needed: {needed - found} missing."


def said(lines: Sequence[str]) -> str:
    """Return lines as text."""
    return "".join(f"{line}\n" for line in lines)
