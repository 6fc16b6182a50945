"""The recovery code as a person prints and types it: 32 random bytes, a checksum, and letters hard to mistake.

FORMAT.md section 7.3 is the specification.
"""

from __future__ import annotations

import hashlib

from appliance.errors import RecoveryCodeError

CODE_BYTES = 32
CHECKSUM_BYTES = 3
CHECKSUM_LABEL = b"cloister/v1/recovery-code\0"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: without I, L, O and U.
BITS_A_CHARACTER = 5
CHARACTERS = (CODE_BYTES + CHECKSUM_BYTES) * 8 // BITS_A_CHARACTER  # 56, with no bit left over.
GROUP = 4
IGNORED = frozenset(" \t\r\n-")
VALUES = (
    {character: value for value, character in enumerate(ALPHABET)}
    | {character.lower(): value for value, character in enumerate(ALPHABET)}
    | {"I": 1, "i": 1, "L": 1, "l": 1, "O": 0, "o": 0}
)


def write_code(code: bytes) -> str:
    """Return the 32 bytes of a code as it is printed: 14 groups of 4 characters, joined by hyphens."""
    if len(code) != CODE_BYTES:
        raise ValueError(f"a recovery code has {CODE_BYTES} bytes, not {len(code)}")
    number = int.from_bytes(code + _checksum(code), "big")
    shifts = range((CHARACTERS - 1) * BITS_A_CHARACTER, -1, -BITS_A_CHARACTER)
    text = "".join(ALPHABET[number >> shift & 31] for shift in shifts)
    return "-".join(text[start : start + GROUP] for start in range(0, CHARACTERS, GROUP))


def read_code(text: str) -> bytes:
    """Return the 32 bytes of a code as a person typed it.

    Lower case, spaces, line ends and hyphens anywhere, I or L for 1 and O for 0 are taken.

    Raises:
        RecoveryCodeError: Its length, a character or the checksum is wrong.
    """
    typed = [character for character in text if character not in IGNORED]
    if len(typed) != CHARACTERS or not VALUES.keys() >= set(typed):
        raise RecoveryCodeError
    number = 0
    for character in typed:
        number = number << BITS_A_CHARACTER | VALUES[character]
    read = number.to_bytes(CODE_BYTES + CHECKSUM_BYTES, "big")
    code = read[:CODE_BYTES]
    # No secret is compared here: the checksum is a function of what was typed.
    if read[CODE_BYTES:] != _checksum(code):
        raise RecoveryCodeError
    return code


def _checksum(code: bytes) -> bytes:
    return hashlib.sha256(CHECKSUM_LABEL + code).digest()[:CHECKSUM_BYTES]
