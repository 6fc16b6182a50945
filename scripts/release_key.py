"""The key that signs releases: Ed25519, kept in an encrypted file, known to others by its fingerprint."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appliance.bundles import keyfiles
from appliance.errors import KeyFileError
from scripts.release_contents import ReleaseError


def make_key(path: Path, passphrase_file: Path | None) -> str:
    """Write a new key and return its fingerprint.

    Args:
        path: A file that does not exist yet; it gets mode 0600.
        passphrase_file: Where the passphrase stands; None asks for it twice.

    Raises:
        ReleaseError: The file exists or cannot be written, or the passphrase is too short.
    """
    try:
        return fingerprint(keyfiles.make_key(path, passphrase_file))
    except KeyFileError as exc:
        raise ReleaseError(str(exc)) from exc


def load_key(path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    """Open a key file.

    Raises:
        ReleaseError: It is missing, open to others, not encrypted, not Ed25519, or the passphrase is wrong.
    """
    try:
        return keyfiles.load_key(path, passphrase_file)
    except KeyFileError as exc:
        raise ReleaseError(f"{exc} To make a key: scripts/release --make-key FILE") from exc


def fingerprint(key: Ed25519PrivateKey) -> str:
    """Return SHA-256 of the public half in its standard binary form, in hexadecimal, as ``install`` shows it."""
    return hashlib.sha256(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def public_text(key: Ed25519PrivateKey) -> bytes:
    """Return the public half as PEM."""
    return keyfiles.public_text(keyfiles.public_of(key))
