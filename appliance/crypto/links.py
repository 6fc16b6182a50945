"""Share links: what the 32 bytes in a link's fragment give, with or without a PIN.

FORMAT.md section 10 is the specification.
"""

from __future__ import annotations

from appliance.crypto.kdf import hkdf256

SECRET_BYTES = 32


def access_token(secret: bytes) -> bytes:
    """Return what the browser shows the server to be given the sealed document; the key cannot be told from it."""
    return hkdf256(_checked(secret), b"cloister/v1/share-auth")


def link_key(secret: bytes, stretched_pin: bytes = b"") -> bytes:
    """Return the key that wraps the file key (KW1 kind 6).

    Args:
        secret: The fragment, 32 bytes.
        stretched_pin: The PIN through the link's KDF record, 32 bytes; nothing where the link has no PIN.
    """
    if len(stretched_pin) not in {0, SECRET_BYTES}:
        raise ValueError(f"a stretched PIN has {SECRET_BYTES} bytes, not {len(stretched_pin)}")
    return hkdf256(_checked(secret) + stretched_pin, b"cloister/v1/share-key")


def _checked(secret: bytes) -> bytes:
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a link's secret has {SECRET_BYTES} bytes, not {len(secret)}")
    return secret
