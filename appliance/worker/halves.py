"""Half of what unlocks a tab again: 32 random bytes a session, in memory only.

A browser keeps its user key wrapped under this half, so that a reload does not ask for the passphrase. Its own storage
alone opens nothing, and neither does the server alone; the half is forgotten with the session, or when the server ends.
"""

from __future__ import annotations

import secrets
from threading import Lock

HALF_BYTES = 32


class Halves:
    """The halves by session id."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = Lock()
        self._halves: dict[str, bytes] = {}

    def get(self, session_id: str) -> bytes | None:
        """Return a session's half, or None where it has none or no longer."""
        return self._halves.get(session_id)

    def made_for(self, session_id: str) -> bytes:
        """Return a session's half, made where it is missing: the tabs of one browser share it."""
        with self._lock:
            return self._halves.setdefault(session_id, secrets.token_bytes(HALF_BYTES))

    def session_ids(self) -> set[str]:
        """Return the ids of all sessions that have a half."""
        with self._lock:
            return set(self._halves)

    def forget(self, *session_ids: str) -> None:
        """Forget the halves of some sessions; what their browsers kept cannot be opened any more."""
        with self._lock:
            for session_id in session_ids:
                self._halves.pop(session_id, None)
