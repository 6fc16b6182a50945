"""Ids that browsers choose: of workspaces, titles and search packs.

Accounts, workspaces and documents lie in the key store by id alone. Whoever could give something of theirs the id of
something of somebody else, would mix their keys with the other's, and erase both by deleting their own.
"""

from __future__ import annotations

from sqlmodel import Session

from appliance.errors import ConflictError
from appliance.records import accounts, invitations, workspaces
from appliance.worker.workshop import Workshop


def require_fresh(workshop: Workshop, session: Session, chosen: bytes) -> None:
    """Refuse an id that something has, or that somebody who was invited will have.

    Ids that the appliance makes are random, so what it makes later takes none of these.

    Args:
        workshop: The appliance.
        session: Of the database.
        chosen: 16 bytes.

    Raises:
        ConflictError: It is taken.
    """
    name = chosen.hex()
    is_taken = (
        workshop.keystore.held(chosen)
        or chosen in workshop.fleeting_keys
        or chosen in workspaces.ids(session)
        or accounts.find(session, name) is not None
        or invitations.is_for(session, name)
    )
    if is_taken:
        raise ConflictError
