"""Accounts in a database, with keys that are only bytes: rows do not look into them."""

from __future__ import annotations

from datetime import datetime

from appliance.records import accounts, invitations
from appliance.records.accounts import ADMINISTRATOR, Account, PublicKeys
from appliance.records.database import Database

KEYS = PublicKeys(b"k" * 32, b"l" * 32, b"r" * 32, b"e" * 32, b"x" * 32)
OTHER_KEYS = PublicKeys(b"K" * 32, b"L" * 32, b"R" * 32, b"E" * 32, b"X" * 32)


def enrolled(
    database: Database, name: str = "Amina", role: str = ADMINISTRATOR, now: datetime | None = None
) -> Account:
    """Return somebody who was invited and has enrolled."""
    with database.write() as session:
        token = invitations.invite(session, name, role, now)
        return accounts.enrol(session, invitations.use(session, token, now), name, KEYS)
