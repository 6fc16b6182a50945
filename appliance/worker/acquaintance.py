"""Finding somebody by name, so that an owner can take them into a workspace."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.errors import NoSuchPersonError
from appliance.records import accounts
from appliance.worker.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody with keys. That the keys are theirs, only comparing fingerprints tells.

    Attributes:
        ed: Ed25519 public key, 32 bytes.
        x: X25519 public key, 32 bytes.
    """

    account: str
    name: str
    ed: bytes
    x: bytes


def find_person(workshop: Workshop, name: str) -> Found:
    """Return who has a name; there is no list to look through.

    Raises:
        NoSuchPersonError: Nobody has it, or they have not enrolled.
    """
    with workshop.database.read() as session:
        account = accounts.by_name(session, name)
    if account is None or account.ed_public is None or account.x_public is None:
        raise NoSuchPersonError(name=name)
    return Found(account.id, account.name, account.ed_public, account.x_public)
