"""Signing keys on disk: Ed25519, in files that are encrypted under a passphrase and never overwritten.

A key file is PKCS #8 in PEM, encrypted with AES-256 under a key that scrypt derives: a standard form, which
``cryptography`` opens again. It writes none of the strong ones itself: its PKCS #8 asks PBKDF2 for 2,048 rounds, the
MAC of its PKCS #12 as many, and its OpenSSH form needs a package that we do not have. So the few fields round the
encrypted key are put together here, and each file is opened once before it counts. Nothing in this form notices a
damaged byte, so a line before it names the key, and what opens as another one is refused.

Source: RFC 5958 (EncryptedPrivateKeyInfo), RFC 8018 (PBES2), RFC 7914 (scrypt).
"""

from __future__ import annotations

import base64
import getpass
import os
import re
import stat
from pathlib import Path

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import ObjectIdentifier

from appliance.bundles.envelope import key_id
from appliance.errors import KeyFileError

MIN_PASSPHRASE = 12  # Characters. Whoever finds the file may try passphrases for as long as they like.
MAX_FILE_BYTES = 4_096
LABEL = "ENCRYPTED PRIVATE KEY"
LINE = 64
NAME_LINE = b"Cloister signing key %s\n"
NAMED = re.compile(rb"Cloister signing key (?P<id>[0-9a-f]{64})\n")
NEVER_OVERWRITTEN = "it exists, and a key is never overwritten; choose another file"

# 128 MiB and about a third of a second for each passphrase that somebody tries. Source: OWASP, Password Storage.
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**17, 8, 1
SALT_BYTES = 16
PBES2 = ObjectIdentifier("1.2.840.113549.1.5.13")
SCRYPT = ObjectIdentifier("1.3.6.1.4.1.11591.4.11")
AES256_CBC = ObjectIdentifier("2.16.840.1.101.3.4.1.42")


@asn1.sequence
class _ScryptParameters:
    salt: bytes
    cost: int
    block_size: int
    parallelization: int


@asn1.sequence
class _Derivation:
    algorithm: ObjectIdentifier
    parameters: _ScryptParameters


@asn1.sequence
class _Encryption:
    algorithm: ObjectIdentifier
    iv: bytes


@asn1.sequence
class _Scheme:
    derivation: _Derivation
    encryption: _Encryption


@asn1.sequence
class _Algorithm:
    algorithm: ObjectIdentifier
    scheme: _Scheme


@asn1.sequence
class _EncryptedKey:
    algorithm: _Algorithm
    encrypted: bytes


def make_key(path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    """Write a fresh key into a file and return it.

    Args:
        path: A file that does not exist yet; only its owner may read it.
        passphrase_file: Where the passphrase stands, of at least 12 characters; None asks for it twice.

    Raises:
        KeyFileError: The file exists or cannot be written, or the passphrase cannot be had or is too short.
    """
    if path.exists() or path.is_symlink():  # Before anybody types; ``write_once`` is what makes sure of it.
        raise KeyFileError(path=str(path), reason=NEVER_OVERWRITTEN)
    passphrase = _passphrase(path, passphrase_file, confirm=True)
    if len(passphrase) < MIN_PASSPHRASE:
        raise KeyFileError(path=str(path), reason=f"its passphrase is too short: at least {MIN_PASSPHRASE} characters")
    key = Ed25519PrivateKey.generate()
    text = _encrypted(key, passphrase.encode())
    _opened(path, text, passphrase)
    write_once(path, text, 0o600)
    return key


def load_key(path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    """Open a key file.

    Args:
        path: Of the key.
        passphrase_file: Where the passphrase stands; None asks for it.

    Raises:
        KeyFileError: It is missing, open to others, not encrypted, not Ed25519, or the passphrase is wrong.
    """
    text = _read_own(path)
    return _opened(path, text, _passphrase(path, passphrase_file))


def seed_of(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes from which a key is made, as envelopes are signed with."""
    return key.private_bytes_raw()


def public_of(key: Ed25519PrivateKey) -> bytes:
    """Return the public half of a key, 32 bytes."""
    return key.public_key().public_bytes_raw()


def public_text(public: bytes) -> bytes:
    """Return a public key of 32 bytes as PEM, to be handed to whoever makes the list of signing keys."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_public(path: Path) -> bytes:
    """Return the public key in a file, 32 bytes.

    Raises:
        KeyFileError: It cannot be read, or holds no public Ed25519 key.
    """
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise KeyFileError(path=str(path), reason="it holds no public key") from exc
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(path=str(path), reason="it is not an Ed25519 key")
    return key.public_bytes_raw()


def is_private(path: Path) -> bool:
    """Tell whether a file says that it holds an encrypted key.

    Raises:
        KeyFileError: It cannot be read.
    """
    return LABEL.encode() in _read(path)


def write_once(path: Path, text: bytes, mode: int) -> None:
    """Write a file that did not exist, whole and onto the disk.

    Raises:
        KeyFileError: It exists, or it cannot be written; then nothing of it stays.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    except FileExistsError as exc:
        raise KeyFileError(path=str(path), reason=NEVER_OVERWRITTEN) from exc
    except OSError as exc:
        raise KeyFileError(path=str(path), reason=f"it cannot be written ({exc.strerror})") from exc
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        path.unlink(missing_ok=True)
        raise KeyFileError(path=str(path), reason=f"it cannot be written ({exc.strerror})") from exc


def _passphrase(path: Path, file: Path | None, *, confirm: bool = False) -> str:
    """Return the passphrase of a key file, from the first line of a file or unseen from the terminal.

    Args:
        path: The key file; says to whoever types which passphrase is asked for.
        file: Where the passphrase stands, or None to ask.
        confirm: Whether it is asked for twice, since a slip would lock the key away for good.
    """
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as exc:
            raise KeyFileError(path=str(file), reason="the passphrase in it cannot be read") from exc
        return lines[0] if lines else ""
    try:
        typed = getpass.getpass(f"Passphrase of {path.name}: ")
        if confirm and getpass.getpass("Once more: ") != typed:
            raise KeyFileError(path=str(path), reason="the two passphrases differ")
    except EOFError as exc:
        raise KeyFileError(
            path=str(path), reason="nobody can type its passphrase here; give --passphrase-file"
        ) from exc
    return typed


def _opened(path: Path, text: bytes, passphrase: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(text, passphrase.encode() or None)
    except TypeError as exc:
        # The library tells by this kind alone that one of key and passphrase came without the other.
        is_plain = LABEL.encode() not in text
        reason = "it is not encrypted; make a key of its own" if is_plain else "it wants a passphrase"
        raise KeyFileError(path=str(path), reason=reason) from exc
    # A file may ask for more memory than there is, or for a cost that scrypt does not know.
    except (ValueError, UnsupportedAlgorithm, InternalError, MemoryError) as exc:
        raise KeyFileError(path=str(path), reason="the passphrase is wrong, or it is not a key file") from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(path=str(path), reason="it is not an Ed25519 key")
    named = NAMED.match(text)
    if named and named["id"].decode() != key_id(public_of(key)):
        raise KeyFileError(path=str(path), reason="it was damaged, or put together of two; use a copy of it")
    return key


def _encrypted(key: Ed25519PrivateKey, passphrase: bytes) -> bytes:
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt, iv = os.urandom(SALT_BYTES), os.urandom(AES256.block_size // 8)
    derived = Scrypt(salt=salt, length=AES256.key_size // 8, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).derive(passphrase)
    padder = padding.PKCS7(AES256.block_size).padder()
    encryptor = Cipher(AES256(derived), CBC(iv)).encryptor()
    encrypted = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    parameters = _ScryptParameters(salt=salt, cost=SCRYPT_N, block_size=SCRYPT_R, parallelization=SCRYPT_P)
    scheme = _Scheme(
        derivation=_Derivation(algorithm=SCRYPT, parameters=parameters),
        encryption=_Encryption(algorithm=AES256_CBC, iv=iv),
    )
    whole = _EncryptedKey(algorithm=_Algorithm(algorithm=PBES2, scheme=scheme), encrypted=encrypted)
    return NAME_LINE % key_id(public_of(key)).encode() + _pem(asn1.encode_der(whole))


def _pem(der: bytes) -> bytes:
    text = base64.b64encode(der).decode("ascii")
    lines = "\n".join(text[at : at + LINE] for at in range(0, len(text), LINE))
    return f"-----BEGIN {LABEL}-----\n{lines}\n-----END {LABEL}-----\n".encode("ascii")


def _read_own(path: Path) -> bytes:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise KeyFileError(path=str(path), reason=f"others may read it; run chmod 600 {path}")
    except OSError as exc:
        raise KeyFileError(path=str(path), reason=f"it cannot be read ({exc.strerror})") from exc
    return _read(path)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        raise KeyFileError(path=str(path), reason=f"it cannot be read ({exc.strerror})") from exc
    if len(text) > MAX_FILE_BYTES:
        raise KeyFileError(path=str(path), reason="it is too large to be a key")
    return text
