"""Share links: somebody without an account opens one transcript, until the link expires or is taken back.

A link is one more recipient. The owner's browser wraps the keys of title and transcript under a key that it makes from
the link's secret, and the secret never comes here. What comes is a token derived from it, of which the digest is kept:
whoever shows the token is handed sealed bytes, and opens them with the rest of the link.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from appliance.crypto.kdf import KdfRecord
from appliance.crypto.keywrap import require_label
from appliance.errors import (
    ApplianceError,
    ConflictError,
    DiskFullError,
    KeysRefusedError,
    LinkGoneError,
    NotFoundError,
    OptionError,
    TruncatedError,
    UnknownFormatError,
    WeakKdfError,
    WrongContextError,
)
from appliance.records import access, accounts, recordings, shares, transcripts
from appliance.records.access import Act
from appliance.records.keystore import Wrap
from appliance.records.recordings import Recording
from appliance.records.shares import Share
from appliance.records.tables_of_people import DIGEST_BYTES
from appliance.worker.filekeys import file_key
from appliance.worker.link_ends import UNDER_LINK, end_links
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)

DAY_S: Final = 86_400
LIFETIMES_S: Final = (DAY_S, 7 * DAY_S, 30 * DAY_S, 90 * DAY_S)
"""How long a link may last. None lasts for ever: a link that everybody forgot must end by itself."""


@dataclass(frozen=True, slots=True)
class FileKey:
    """The key of one document."""

    document_id: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class FileKeys:
    """What the owner's browser wraps once more for a link."""

    title: FileKey
    transcript: FileKey


@dataclass(frozen=True, slots=True)
class LinkOffer:
    """A link as a browser made it.

    Attributes:
        id: Chosen by the browser: 16 random bytes as hex digits.
        token_digest: SHA-256 of its access token.
        kdf: How its PIN is stretched; None without a PIN.
        lifetime_s: One of ``LIFETIMES_S``.
        title: The title's key under the link's key, KW1 kind 6.
        transcript: The transcript's key under the link's key.
    """

    id: str
    token_digest: bytes
    kdf: bytes | None
    lifetime_s: int
    title: bytes
    transcript: bytes


@dataclass(frozen=True, slots=True)
class SharedDocument:
    """A sealed document, and its key under the link's key."""

    document_id: bytes
    version: int
    sealed: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Shared:
    """What somebody gets who shows the token of a link.

    Attributes:
        kdf: How the PIN is stretched; None where there is none.
        expires_at: UTC, as ISO 8601.
        shared_by: Name of the account whose transcript it is.
    """

    kdf: bytes | None
    expires_at: str
    shared_by: str
    title: SharedDocument
    transcript: SharedDocument


def file_keys(workshop: Workshop, owner_id: str, recording_id: str) -> FileKeys:
    """Return the keys of a recording's title and transcript, which the appliance has in standard mode anyway.

    Raises:
        NotFoundError: There is no transcript, it is somebody else's, or the appliance never had its key.
    """
    with workshop.database.read() as session:
        recording = access.get(session, recording_id, owner_id, Act.SHARE)
        transcript_id = transcripts.get(session, recording_id).document_id
    if recording.mode != recordings.STANDARD:
        raise NotFoundError
    title, transcript = (FileKey(each, file_key(workshop, each)) for each in (recording.title_id, transcript_id))
    return FileKeys(title=title, transcript=transcript)


def make_link(workshop: Workshop, owner_id: str, recording_id: str, offer: LinkOffer) -> Share:
    """Keep a link that the owner's browser made.

    Its wraps are stored before its row: a link that is in the list then always opens something, and wraps without a
    row are found and erased at the next start.

    Raises:
        NotFoundError: There is no transcript, or they may not read it.
        RoleError: They are no owner of its workspace.
        OptionError: It would last for another time than those that can be chosen.
        KeysRefusedError: Its parts do not fit together, or do not fit this recording.
        ConflictError: There is a link with this id.
        SignedOutError: Their account is being removed.
    """
    if offer.lifetime_s not in LIFETIMES_S:
        raise OptionError(name="expires_in_s", value=str(offer.lifetime_s), reason="it is not one of the choices")
    now = datetime.now(UTC)
    share = Share(
        id=offer.id,
        recording_id=recording_id,
        owner_id=owner_id,
        token_digest=offer.token_digest,
        kdf=offer.kdf,
        created_at=now,
        expires_at=now + timedelta(seconds=offer.lifetime_s),
    )
    with workshop.changing_members:  # Or the links of a removed maker, or of a moved recording, ended just before it.
        with workshop.database.read() as session:
            recording = access.get(session, recording_id, owner_id, Act.SHARE)
            transcript_id = transcripts.get(session, recording_id).document_id
            if offer.id in {other.id for other in shares.listing(session, recording_id)}:
                raise ConflictError  # Before its wraps would take the place of those that are there.
        _check(offer, recording.title_id, transcript_id)
        holder = bytes.fromhex(offer.id)
        wraps = (
            Wrap(recording.title_id, UNDER_LINK, holder, offer.title),
            Wrap(transcript_id, UNDER_LINK, holder, offer.transcript),
        )
        workshop.keystore.put(*wraps)
        try:
            with workshop.database.write() as session:
                access.get(session, recording_id, owner_id, Act.SHARE)  # It may have been deleted meanwhile.
                accounts.require_open(session, owner_id)
                shares.add(session, share)
        except ApplianceError:
            workshop.keystore.change((), take_back=wraps)
            raise
    log.info("link made", extra={"recording": recording_id})
    return share


def links_to(workshop: Workshop, owner_id: str, recording_id: str) -> Sequence[Share]:
    """Return the links to a recording that still work.

    Raises:
        NotFoundError: No such recording, or not this person's.
    """
    with workshop.database.read() as session:
        access.get(session, recording_id, owner_id, Act.SHARE)
        return shares.listing(session, recording_id)


def take_link_back(workshop: Workshop, owner_id: str, recording_id: str, link_id: str) -> None:
    """Take a link back: first its wraps, without which it opens nothing, then its row.

    Raises:
        NotFoundError: There is no such link, or it is somebody else's.
    """
    with workshop.database.read() as session:
        access.get(session, recording_id, owner_id, Act.SHARE)
        share = shares.get(session, link_id, recording_id)
    end_links(workshop, [share])
    log.info("link taken back", extra={"recording": recording_id})


def open_link(workshop: Workshop, link_id: str, token: bytes) -> Shared:
    """Hand out what a link is for, sealed, to whoever shows its token, and note that somebody came.

    Raises:
        LinkGoneError: The link has expired, was taken back, never was, or the token is not its own; or its maker may
            not share the recording any more: nobody is told which.
    """
    now = datetime.now(UTC)
    with workshop.database.read() as session:
        share = shares.working(session, link_id, token, now)
        recording = session.get_one(Recording, share.recording_id)
        if not shares.is_good(session, share, recording):
            raise LinkGoneError
        transcript = transcripts.get(session, share.recording_id)
        maker = accounts.get(session, share.owner_id)
    holder = bytes.fromhex(link_id)
    try:
        title_wrap = workshop.keystore.get(recording.title_id, UNDER_LINK, holder)
        transcript_wrap = workshop.keystore.get(transcript.document_id, UNDER_LINK, holder)
    except NotFoundError as exc:
        raise LinkGoneError from exc  # It is being taken back at this moment.
    # Reading is not refused because the disk is too full to write down that somebody read.
    with suppress(DiskFullError), workshop.database.write() as session:
        shares.note_opened(session, link_id, now)
    title = SharedDocument(recording.title_id, recording.title_version, recording.sealed_title, title_wrap)
    said = SharedDocument(transcript.document_id, transcript.version, transcript.sealed, transcript_wrap)
    return Shared(
        kdf=share.kdf,
        expires_at=share.expires_at.isoformat(),
        shared_by=maker.name,
        title=title,
        transcript=said,
    )


def _check(offer: LinkOffer, title_id: bytes, transcript_id: bytes) -> None:
    """Refuse a link that could not open what it is for. Who has no key can check no more than the form.

    Raises:
        KeysRefusedError: It could not.
    """
    if len(offer.token_digest) != DIGEST_BYTES:
        raise KeysRefusedError
    try:
        require_label(offer.title, UNDER_LINK, title_id)
        require_label(offer.transcript, UNDER_LINK, transcript_id)
        if offer.kdf is not None:
            KdfRecord.decode(offer.kdf)
    except (UnknownFormatError, TruncatedError, WrongContextError, WeakKdfError) as exc:
        raise KeysRefusedError from exc
