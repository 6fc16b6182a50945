"""The key that signs releases: Ed25519, kept in an encrypted file, known to others by its fingerprint."""

from __future__ import annotations

import getpass
import hashlib
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from scripts.release_contents import ReleaseError

MIN_PASSPHRASE = 12  # Characters. Whoever finds the file may try passphrases for as long as they like.


def make_key(path: Path, passphrase_file: Path | None) -> str:
    """Write a new key and return its fingerprint.

    Args:
        path: A file that does not exist yet; it gets mode 0600.
        passphrase_file: Where the passphrase stands; None asks for it twice.

    Raises:
        ReleaseError: The file exists or cannot be written, or the passphrase is too short.
    """
    if path.exists() or path.is_symlink():
        raise ReleaseError(f"{path} exists, and a key is never overwritten. Choose another file.")
    passphrase = _passphrase(passphrase_file, confirm=True)
    if len(passphrase) < MIN_PASSPHRASE:
        raise ReleaseError(f"the passphrase is too short: at least {MIN_PASSPHRASE} characters.")
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode()))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        raise ReleaseError(f"the key cannot be written: {exc}") from exc
    return fingerprint(key)


def load_key(path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    """Open a key file.

    Raises:
        ReleaseError: It is missing, open to others, not encrypted, not Ed25519, or the passphrase is wrong.
    """
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ReleaseError(f"others may read {path}. Run: chmod 600 {path}")
        text = path.read_bytes()
    except OSError as exc:
        raise ReleaseError(f"the key cannot be read: {exc}. To make one: scripts/release --make-key FILE") from exc
    try:
        key = load_pem_private_key(text, _passphrase(passphrase_file, confirm=False).encode())
    except TypeError as exc:
        raise ReleaseError(f"{path} is not encrypted. Make a key with scripts/release --make-key FILE") from exc
    except ValueError as exc:
        raise ReleaseError(f"{path} does not open: the passphrase is wrong, or it is not a key file.") from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise ReleaseError(f"{path} is not an Ed25519 key. Make one with scripts/release --make-key FILE")
    return key


def fingerprint(key: Ed25519PrivateKey) -> str:
    """Return SHA-256 of the public half in its standard binary form, in hexadecimal, as ``install`` shows it."""
    return hashlib.sha256(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def public_text(key: Ed25519PrivateKey) -> bytes:
    """Return the public half as PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _passphrase(file: Path | None, *, confirm: bool) -> str:
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as exc:
            raise ReleaseError(f"the passphrase cannot be read: {exc}") from exc
        return lines[0] if lines else ""
    try:
        given = getpass.getpass("Passphrase of the signing key: ")
        if confirm and getpass.getpass("Once more: ") != given:
            raise ReleaseError("the two passphrases differ.")
    except EOFError as exc:
        raise ReleaseError("no passphrase was given. Use --passphrase-file where nobody can type.") from exc
    return given
