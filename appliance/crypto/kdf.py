"""From a passphrase to a key, and from one key to others; the record that says how much work lies between.

FORMAT.md section 6 is the specification.
"""

from __future__ import annotations

import os
import struct
import unicodedata
from dataclasses import dataclass
from enum import IntEnum

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from appliance.errors import TruncatedError, UnknownFormatError, WeakKdfError

MAGIC = b"CLK1"
VERSION = 1
RECORD = struct.Struct(">4sBBHII16s")
SALT_BYTES = 16
KEY_BYTES = 32

# The record comes from the server, and the server may be hostile. The floor keeps it from asking for a key that is
# cheap to guess; the ceiling keeps it from freezing the browser.
LEAST_MEMORY_KIB = 46 * 1024
LEAST_ITERATIONS = 600_000
MOST_MEMORY_KIB = 4 * 1024 * 1024
MOST_PASSES = 64
MOST_LANES = 64
MOST_ITERATIONS = 100_000_000


class KdfAlgorithm(IntEnum):
    """How a passphrase is stretched. PBKDF2 is for sites that forbid WebAssembly."""

    ARGON2ID = 1
    PBKDF2 = 2


@dataclass(frozen=True, slots=True)
class KdfRecord:
    """How one passphrase becomes a key. A record outside of the floor and the ceiling cannot be made.

    Attributes:
        algorithm: Argon2id version 1.3, or PBKDF2-HMAC-SHA256.
        lanes: Of Argon2id 1 to 64, of PBKDF2 0.
        cost: Of Argon2id the memory in KiB, 47,104 to 4,194,304; of PBKDF2 the iterations, 600,000 to 100,000,000.
        passes: Of Argon2id 1 to 64, of PBKDF2 0.
        salt: 16 random bytes.

    Raises:
        WeakKdfError: Less work than the floor.
        UnknownFormatError: More work than the ceiling, or fields that the algorithm does not have.
        ValueError: The salt has not 16 bytes.
    """

    algorithm: KdfAlgorithm
    lanes: int
    cost: int
    passes: int
    salt: bytes

    def __post_init__(self) -> None:
        """Check the bounds, so that no caller can hold a record that was not checked."""
        if len(self.salt) != SALT_BYTES:
            raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(self.salt)}")
        if self.algorithm is KdfAlgorithm.ARGON2ID:
            self._check_argon2id()
        else:
            self._check_pbkdf2()

    @classmethod
    def fresh(cls, algorithm: KdfAlgorithm) -> KdfRecord:
        """Return a record with today's amount of work and a fresh salt."""
        if algorithm is KdfAlgorithm.ARGON2ID:
            return cls(algorithm, lanes=4, cost=64 * 1024, passes=3, salt=os.urandom(SALT_BYTES))
        return cls(algorithm, lanes=0, cost=1_000_000, passes=0, salt=os.urandom(SALT_BYTES))

    @classmethod
    def decode(cls, encoded: bytes) -> KdfRecord:
        """Read a record.

        Raises:
            UnknownFormatError: Magic, algorithm, version or length are not ours, or it asks for too much work.
            TruncatedError: The end is missing.
            WeakKdfError: It asks for too little work.
        """
        if encoded[: len(MAGIC)] != MAGIC[: len(encoded)]:
            raise UnknownFormatError
        if len(encoded) < RECORD.size:
            raise TruncatedError
        if len(encoded) > RECORD.size:
            raise UnknownFormatError
        _, algorithm, version, lanes, cost, passes, salt = RECORD.unpack(encoded)
        if algorithm not in list(KdfAlgorithm) or version != VERSION:
            raise UnknownFormatError
        return cls(KdfAlgorithm(algorithm), lanes, cost, passes, salt)

    def encode(self) -> bytes:
        """Return the 32 bytes of the record."""
        return RECORD.pack(MAGIC, self.algorithm, VERSION, self.lanes, self.cost, self.passes, self.salt)

    def _check_argon2id(self) -> None:
        if self.cost > MOST_MEMORY_KIB or self.passes > MOST_PASSES or self.lanes > MOST_LANES:
            raise UnknownFormatError
        if self.cost < LEAST_MEMORY_KIB or self.passes < 1 or self.lanes < 1:
            raise WeakKdfError

    def _check_pbkdf2(self) -> None:
        if self.cost > MOST_ITERATIONS or self.passes != 0 or self.lanes != 0:
            raise UnknownFormatError
        if self.cost < LEAST_ITERATIONS:
            raise WeakKdfError


def stretch(passphrase: str, record: KdfRecord) -> bytes:
    """Turn a passphrase into a key, 32 bytes, by the work that the record asks for.

    The passphrase is normalised to NFKC first, so that the same words typed on another keyboard give the same key.
    """
    typed = unicodedata.normalize("NFKC", passphrase).encode()
    if record.algorithm is KdfAlgorithm.PBKDF2:
        return PBKDF2HMAC(SHA256(), KEY_BYTES, record.salt, record.cost).derive(typed)
    argon2id = Argon2id(
        salt=record.salt, length=KEY_BYTES, iterations=record.passes, lanes=record.lanes, memory_cost=record.cost
    )
    return argon2id.derive(typed)


def hkdf256(ikm: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """Derive a key from another one: HKDF-SHA256 with an empty salt.

    Source: RFC 5869.
    """
    return HKDF(SHA256(), length, None, info).derive(ikm)
