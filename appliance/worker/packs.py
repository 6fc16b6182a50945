"""Search packs as the appliance keeps them: sealed by a person's browser, one version at a time, for that person alone.

As with everything private, the checks here are of form: who has no key cannot tell a true pack from nonsense, and a
browser that stores nonsense harms its own person alone.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from appliance.crypto.envelope import DocumentType, require_form
from appliance.crypto.keywrap import require_label
from appliance.errors import ApplianceError, ConflictError, NotFoundError, SealedTooLargeError, TooManyPacksError
from appliance.records import accounts, packs
from appliance.records.keystore import Wrap
from appliance.records.packs import KeptPack
from appliance.worker.filekeys import erase_file_keys
from appliance.worker.ids import require_fresh
from appliance.worker.places import UNDER_USER_KEY
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)

MAX_PACK_BYTES = 16 * 2**20  # Of 4 MiB of text at most 6 MiB are left; only a single transcript of days takes more.
MAX_PACKS = 500  # 2 GB of text, which is 35,000 hours of speech.


@dataclass(frozen=True, slots=True)
class LockedPack(KeptPack):
    """A pack that is there, with its key under the person's user key."""

    wrapped: bytes


def kept_packs(workshop: Workshop, owner_id: str) -> list[LockedPack]:
    """Return which packs of a person are there.

    Where a deletion was cut off the key is gone before the row: it is empty then, and the browser deletes again.
    """
    with workshop.database.read() as session:
        kept = packs.listing(session, owner_id)
    holder = bytes.fromhex(owner_id)
    held = workshop.keystore.held(*(pack.document_id for pack in kept))
    wraps = {wrap.subject: wrap.wrapped for wrap in held if (wrap.kind, wrap.holder) == (UNDER_USER_KEY, holder)}
    return [
        LockedPack(pack.document_id, pack.version, pack.size_bytes, wraps.get(pack.document_id, b"")) for pack in kept
    ]


def sealed_pack(workshop: Workshop, owner_id: str, document_id: bytes, version: int) -> bytes:
    """Return the bytes of one version of a pack.

    Raises:
        NotFoundError: There is no such pack of this person, or not in this version any more.
    """
    with workshop.database.read() as session:
        row = packs.get(session, owner_id, document_id)
    if row.version != version:
        raise NotFoundError
    return row.sealed


def begin_pack(workshop: Workshop, owner_id: str, document_id: bytes, sealed: bytes, wrapped: bytes) -> None:
    """Store the first version of a pack, with its key under the person's user key.

    Raises:
        ConflictError: There is a document of that id already.
        CryptoError: Pack or key do not have the form of one.
        SealedTooLargeError: It is larger than any pack.
        TooManyPacksError: The person has as many as anybody may.
        SignedOutError: Their account is being removed.
    """
    _require_pack(sealed, document_id, 1)
    require_label(wrapped, UNDER_USER_KEY, document_id)
    with workshop.database.read() as session:
        require_fresh(workshop, session, document_id)
    wrap = Wrap(document_id, UNDER_USER_KEY, bytes.fromhex(owner_id), wrapped)
    try:
        workshop.keystore.put(wrap)
        with workshop.database.write() as session:
            accounts.require_open(session, owner_id)
            if len(packs.listing(session, owner_id)) >= MAX_PACKS:
                raise TooManyPacksError(most=MAX_PACKS)
            packs.add(session, owner_id, document_id, sealed)
    except ApplianceError:
        workshop.keystore.change([], take_back=[wrap])
        raise


def save_pack(workshop: Workshop, owner_id: str, document_id: bytes, sealed: bytes, from_version: int) -> int:
    """Store the next version of a pack, under the same key; return its number.

    Raises:
        ConflictError: Another browser saved one since ``from_version`` was opened.
        CryptoError: It does not have the form of that version of this pack.
        NotFoundError: There is no such pack of this person.
        SealedTooLargeError: It is larger than any pack.
    """
    _require_pack(sealed, document_id, from_version + 1)
    with workshop.database.write() as session:
        packs.replace(session, owner_id, document_id, sealed, from_version)
    return from_version + 1


def delete_pack(workshop: Workshop, owner_id: str, document_id: bytes, version: int) -> None:
    """Delete a pack for good: its key first.

    Raises:
        ConflictError: It has another version: another browser has put something into it.
        NotFoundError: There is no such pack of this person.
    """
    with workshop.database.write() as session:
        if packs.get(session, owner_id, document_id).version != version:
            raise ConflictError
        # Inside the one write that there can be at a time, so that no other browser can fill the pack meanwhile.
        erase_file_keys(workshop, document_id)
    workshop.database.remove(lambda session: packs.remove(session, document_id))


def delete_packs_of(workshop: Workshop, owner_id: str) -> None:
    """Delete every pack of a person who is removed."""
    with workshop.database.read() as session:
        documents = [pack.document_id for pack in packs.listing(session, owner_id)]
    erase_file_keys(workshop, *documents)
    workshop.database.remove(lambda session: packs.remove(session, *documents))


def _require_pack(sealed: bytes, document_id: bytes, version: int) -> None:
    if len(sealed) > MAX_PACK_BYTES:
        raise SealedTooLargeError(size_bytes=len(sealed), limit_bytes=MAX_PACK_BYTES)
    require_form(sealed, DocumentType.SEARCH_PACK, document_id, version)
