"""What the server knows about who stands at the door: stand-ins for names that nobody has, and browsers it has seen.

Both come from one secret, which is derived from the root key: after a restart a name that nobody has is answered as
before, and a browser that somebody uses every day is still known.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from uuid import UUID

from appliance.crypto.identity import public_of_seed
from appliance.crypto.kdf import SALT_BYTES, KdfAlgorithm, KdfRecord, hkdf256

SECRET_INFO = b"cloister/v1/sign-in"
ID_BYTES = 16
MAC_BYTES = 16
MOST_PEOPLE_A_BROWSER = 24  # A shared computer on a ward; who used it longest ago is forgotten first.


@dataclass(frozen=True, slots=True)
class StandIn:
    """What somebody who has no account is answered: as steady, and as meaningless, as the answer to one who has."""

    account_id: str
    kdf: bytes


class Door:
    """Answers from the secret; keeps nothing."""

    def __init__(self, root: bytes) -> None:
        """Take the root key, 32 bytes, and keep only what is derived from it."""
        self._secret = hkdf256(root, SECRET_INFO)
        self.nobody = public_of_seed(self._derived(b"nobody", b""))  # Checked where there is nobody: as much work.

    def stand_in(self, name_key: str, algorithm: KdfAlgorithm) -> StandIn:
        """Return what a name is answered that nobody has."""
        salt = self._derived(b"salt", name_key.encode())[:SALT_BYTES]
        account_id = self._derived(b"account", name_key.encode())[:ID_BYTES]
        shaped = UUID(bytes=account_id, version=4)  # As new_id makes them: six bits of an id are always the same.
        return StandIn(shaped.hex, replace(KdfRecord.fresh(algorithm), salt=salt).encode())

    def remember(self, cookie: str, account_id: str) -> str:
        """Return the cookie of a browser in which somebody has just signed in, beside those who did before."""
        browser, marks = self._read(cookie)
        browser = browser or secrets.token_bytes(ID_BYTES)
        mark = self._mark(browser, account_id)
        kept = [mark, *(other for other in marks if other != mark)][:MOST_PEOPLE_A_BROWSER]
        return base64.urlsafe_b64encode(browser + b"".join(kept)).rstrip(b"=").decode()

    def browser_of(self, cookie: str, account_id: str) -> str:
        """Return the id of a browser in which this person has signed in before; empty where it cannot show that."""
        browser, marks = self._read(cookie)
        if not browser:
            return ""
        expected = self._mark(browser, account_id)
        known = [hmac.compare_digest(mark, expected) for mark in marks]  # All of them, whichever it is.
        return browser.hex() if any(known) else ""

    def _read(self, cookie: str) -> tuple[bytes, list[bytes]]:
        try:
            content = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
        except ValueError:
            return b"", []
        size = len(content) - ID_BYTES
        if size < 0 or size % MAC_BYTES or size > MOST_PEOPLE_A_BROWSER * MAC_BYTES:
            return b"", []
        starts = range(ID_BYTES, len(content), MAC_BYTES)
        return content[:ID_BYTES], [content[start : start + MAC_BYTES] for start in starts]

    def _mark(self, browser: bytes, account_id: str) -> bytes:
        return self._derived(b"browser", browser + account_id.encode())[:MAC_BYTES]

    def _derived(self, label: bytes, content: bytes) -> bytes:
        # Labels hold no zero byte, so that no answer for one purpose is one for another.
        return hmac.new(self._secret, label + b"\0" + content, hashlib.sha256).digest()
