"""How share links end: by their time, by whoever takes them back, and with their maker's right to share.

A link is good only as long as its maker may share what it opens. ``open_link`` asks that each time; what is here
erases the wraps and rows of links that are good for nothing, so that none of them works again when a right comes back.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlmodel import Session

from appliance.crypto.keywrap import WrapKind
from appliance.records import shares, transcripts
from appliance.records.keystore import Wrap
from appliance.records.recordings import Recording
from appliance.records.shares import Share
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)

UNDER_LINK = WrapKind.FILE_KEY_UNDER_LINK
WRAPS_AT_ONCE = 1000


def end_links(workshop: Workshop, ending: Sequence[Share]) -> None:
    """End links: first their wraps, without which they open nothing, then their rows."""
    with workshop.database.read() as session:
        wraps = [wrap for share in ending for wrap in _wraps_of(session, share)]
    workshop.keystore.change((), take_back=wraps)
    workshop.database.remove(lambda session: shares.remove(session, *(share.id for share in ending)))


def sweep_links(workshop: Workshop) -> None:
    """End the links that have expired, and those whose makers may not share any more what they open.

    To be called wherever somebody loses a right to share: by a change of members, by leaving, by other keys, by their
    removal.
    """
    with workshop.database.read() as session:
        ending = [*shares.ended(session, datetime.now(UTC)), *shares.vain(session)]
    if ending:
        end_links(workshop, ending)
        log.info("links erased", extra={"count": len({share.id for share in ending})})


def take_back_wraps(workshop: Workshop, documents: Sequence[bytes]) -> None:
    """Take back every link's wraps of some documents whose links have no rows any more."""
    stray = [wrap for wrap in workshop.keystore.held(*documents) if wrap.kind == UNDER_LINK]
    workshop.keystore.change((), take_back=stray)


def tidy_links(workshop: Workshop) -> None:
    """After a start: erase the wraps of links that have no row. Nobody makes a link meanwhile."""
    with workshop.database.read() as session:
        known = shares.ids(session)
    last: Wrap | None = None
    while page := workshop.keystore.page(UNDER_LINK, last, WRAPS_AT_ONCE):
        last = page[-1]
        stray = [wrap for wrap in page if wrap.holder not in known]
        if stray:
            workshop.keystore.change((), take_back=stray)


def _wraps_of(session: Session, share: Share) -> list[Wrap]:
    recording = session.get(Recording, share.recording_id)
    if recording is None:
        return []  # It was deleted at this moment, and its keys with it.
    documents = (recording.title_id, *transcripts.document_ids(session, share.recording_id))
    return [Wrap(document_id, UNDER_LINK, bytes.fromhex(share.id), b"") for document_id in documents]
