"""Consents: user keys that their persons sealed to the organisation, so that it can let them back in.

A consent lies in the key store beside the slots of its account. It is one to the organisation's keys of this moment, or
nothing: whoever changes those keys, or the user key, erases it.
"""

from __future__ import annotations

from collections.abc import Iterable

from appliance.crypto.hpke import SealedKeyPurpose
from appliance.errors import NotFoundError
from appliance.records import organisation
from appliance.records.keystore import SEALED, Wrap
from appliance.worker.workshop import Workshop

CONSENT = SEALED | SealedKeyPurpose.ORGANISATION_RECOVERY
BATCH = 500


def consent_of(workshop: Workshop, account_id: str) -> bytes:
    """Return the consent of a person, 124 bytes.

    Raises:
        NotFoundError: They gave none, or the organisation has no key.
    """
    with workshop.database.read() as session:
        holder = organisation.holder_of(organisation.get(session))
    return workshop.keystore.get(bytes.fromhex(account_id), CONSENT, holder)


def has_consented(workshop: Workshop, account_id: str) -> bool:
    """Tell whether the organisation can let a person back in, and therefore read what is theirs."""
    try:
        consent_of(workshop, account_id)
    except NotFoundError:
        return False
    return True


def who_consented(workshop: Workshop, account_ids: Iterable[str]) -> set[str]:
    """Return those among some persons whom the organisation can let back in."""
    held = workshop.keystore.held(*map(bytes.fromhex, account_ids))
    return {wrap.subject.hex() for wrap in held if wrap.kind == CONSENT}


def forget_consent(workshop: Workshop, account_id: str) -> None:
    """Erase what a person consented to; nothing happens where they did not. To be called with ``changing_slots``."""
    held = workshop.keystore.held(bytes.fromhex(account_id))
    workshop.keystore.change((), take_back=[wrap for wrap in held if wrap.kind == CONSENT])


def forget_all_consents(workshop: Workshop, besides: bytes | None = None) -> None:
    """Erase every consent, besides those to the keys with this id. To be called with ``changing_slots``."""
    last: Wrap | None = None
    while some := workshop.keystore.page(CONSENT, last, BATCH):
        workshop.keystore.change((), take_back=[wrap for wrap in some if wrap.holder != besides])
        last = some[-1]


def tidy_consents(workshop: Workshop) -> None:
    """After a start: end a change of the organisation's keys that was cut off. Nothing else changes slots meanwhile."""
    with workshop.database.read() as session:
        key = organisation.find(session)
    forget_all_consents(workshop, besides=None if key is None else organisation.holder_of(key))
