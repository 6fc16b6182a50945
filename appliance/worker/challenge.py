"""The question at the door: a nonce that only this start of the server can have made, and that is right only once.

A nonce is 32 bytes: the second it was made in, 12 random bytes, and a MAC over both, over what it is for and over whom
it is for. So nothing is kept for a question that nobody answers, however many are asked.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
import time
from collections.abc import Callable
from enum import Enum
from threading import Lock

from appliance.errors import StaleProofError

HEAD = struct.Struct(">I12s")
MAC_BYTES = 16
NONCE_BYTES = HEAD.size + MAC_BYTES
LIFETIME_S = 120
KEY_BYTES = 32


class Purpose(Enum):
    """What is to be proved."""

    PASSPHRASE = b"passphrase"
    RECOVERY_CODE = b"recovery code"
    ORGANISATION_CODE = b"organisation code"


class Challenges:
    """Makes nonces and recognises them. Its clock is the server's own, so that a browser's may be wrong."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the clock, in seconds."""
        self._clock = clock
        self._key = secrets.token_bytes(KEY_BYTES)
        self._lock = Lock()
        self._spent: dict[bytes, float] = {}

    def ask(self, purpose: Purpose, name_key: str) -> bytes:
        """Return a nonce for somebody who says this name."""
        head = HEAD.pack(int(self._clock()), secrets.token_bytes(12))
        return head + self._mac(head, purpose, name_key)

    def check(self, nonce: bytes, purpose: Purpose, name_key: str) -> None:
        """Make sure that a nonce is ours, for this, for them, fresh, and that nobody has come in by it.

        Raises:
            StaleProofError: It is not.
        """
        head = nonce[: HEAD.size]
        expected = self._mac(head, purpose, name_key)
        if len(nonce) != NONCE_BYTES or not hmac.compare_digest(expected, nonce[HEAD.size :]):
            raise StaleProofError
        made_s, _ = HEAD.unpack(head)
        if not 0 <= self._clock() - made_s <= LIFETIME_S or nonce in self._spent:
            raise StaleProofError

    def spend(self, nonce: bytes) -> None:
        """Use a nonce up, after it let somebody in.

        Raises:
            StaleProofError: It was used in the meantime: of two at the same moment one comes in.
        """
        with self._lock:
            now_s = self._clock()
            self._spent = {spent: at_s for spent, at_s in self._spent.items() if now_s - at_s <= LIFETIME_S}
            if nonce in self._spent:
                raise StaleProofError
            self._spent[nonce] = now_s

    def _mac(self, head: bytes, purpose: Purpose, name_key: str) -> bytes:
        # Sizes are fixed and the purpose ends in a zero byte that none holds: no two messages are the same bytes.
        message = head + purpose.value + b"\0" + name_key.encode()
        return hmac.new(self._key, message, hashlib.sha256).digest()[:MAC_BYTES]
