"""Share links: the owner makes, sees and takes them back; a visitor without an account opens one.

The secret of a link stands in its fragment, which no browser sends. So the visitor's page is the same for every link
there is or ever was, and its script asks for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from appliance.crypto.keywrap import WRAPPED_BYTES
from appliance.records.shares import Share
from appliance.web.guards import PUBLIC
from appliance.web.languages import Language
from appliance.web.share_words import VISITOR_WORDS
from appliance.web.visit import Frame, GivenVisit, GivenWorkshop, OwnerId, Visit
from appliance.worker.entering import algorithm_of
from appliance.worker.sharing import (
    LIFETIMES_S,
    FileKeys,
    LinkOffer,
    Shared,
    file_keys,
    links_to,
    make_link,
    open_link,
    take_link_back,
)
from appliance.worker.workshop import Workshop

OK = 200
NO_CONTENT = 204
NOT_FOUND: Final = 404
USUAL_LIFETIME_S = LIFETIMES_S[1]
LEAST_PIN_CHARACTERS = 6
MOST_PIN_CHARACTERS = 200
VISITOR_FORMATS = ("txt", "srt", "vtt")

Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Record = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
WrappedKey = Annotated[bytes, msgspec.Meta(min_length=WRAPPED_BYTES, max_length=WRAPPED_BYTES)]
Token = Annotated[bytes, msgspec.Meta(max_length=64)]  # One of a wrong size is refused as every wrong one is.
RecordingId = FromPath[UUID]
LinkId = FromPath[UUID]


class NewWraps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of the two documents under the link's key."""

    title: WrappedKey
    transcript: WrappedKey


class NewLink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link as the owner's browser made it; what opens it stays there."""

    id: UUID
    token_digest: Digest
    kdf: Record | None
    expires_in_s: int
    wraps: NewWraps


class ShownToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What proves that somebody has the whole link."""

    token: Token


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link in the owner's list; moments are UTC, as ISO 8601.

    Attributes:
        opened_at: Empty while nobody has come.
    """

    id: str
    created_at: str
    expires_at: str
    opened_at: str
    has_pin: bool


@dataclass(frozen=True, slots=True)
class LinkList:
    """What ``shares/_links.html`` shows.

    Attributes:
        id: Of the recording.
    """

    id: str
    links: tuple[LinkRow, ...]


@dataclass(frozen=True, slots=True)
class ShareChoices:
    """What ``shares/_dialog.html`` offers.

    Attributes:
        algorithm: How PINs are stretched here, as in a KDF record.
        lifetimes: Seconds and words.
        least_pin_digits: The least length of a PIN, in the reader's digits.
    """

    algorithm: int
    lifetimes: tuple[tuple[int, str], ...]
    usual_lifetime_s: int
    least_pin_characters: int
    least_pin_digits: str
    most_pin_characters: int


@dataclass(frozen=True, slots=True)
class SharedPage:
    """What ``shares/open.html`` shows to anybody, whatever the link.

    Attributes:
        id: Of the link, as the address has it.
        words: What the script says, by its own names.
    """

    frame: Frame
    id: str
    formats: tuple[str, ...]
    most_pin_characters: int
    words: dict[str, str]


class OwnLinkPages(Controller):
    """For the owner of a recording."""

    path = "/recordings/{recording_id:uuid}"

    @get("/file-keys", sync_to_thread=True)
    def keys(self, workshop: GivenWorkshop, owner_id: OwnerId, recording_id: RecordingId) -> FileKeys:
        """Hand the owner's browser the keys that the appliance has in standard mode, to wrap them for a link."""
        return file_keys(workshop, owner_id, recording_id.hex)

    @get("/shares", sync_to_thread=True)
    def show(
        self, visit: GivenVisit, workshop: GivenWorkshop, owner_id: OwnerId, recording_id: RecordingId
    ) -> Response[str]:
        """Show the links there are."""
        return _list(visit, workshop, owner_id, recording_id)

    @post("/shares", status_code=NO_CONTENT, sync_to_thread=True)
    def make(
        self, workshop: GivenWorkshop, owner_id: OwnerId, recording_id: RecordingId, data: JSONBody[NewLink]
    ) -> None:
        """Keep a link."""
        offer = LinkOffer(
            id=data.id.hex,
            token_digest=data.token_digest,
            kdf=data.kdf,
            lifetime_s=data.expires_in_s,
            title=data.wraps.title,
            transcript=data.wraps.transcript,
        )
        make_link(workshop, owner_id, recording_id.hex, offer)

    @delete("/shares/{link_id:uuid}", status_code=OK, sync_to_thread=True)
    def take_back(
        self,
        visit: GivenVisit,
        workshop: GivenWorkshop,
        owner_id: OwnerId,
        recording_id: RecordingId,
        link_id: LinkId,
    ) -> Response[str]:
        """Take a link back, and show those that are left."""
        take_link_back(workshop, owner_id, recording_id.hex, link_id.hex)
        return _list(visit, workshop, owner_id, recording_id)


class SharedPages(Controller):
    """For whoever has a link."""

    path = "/s/{link_id:uuid}"
    opt = PUBLIC

    @get(sync_to_thread=False)
    def show(self, request: Request[object, object, State], visit: GivenVisit, link_id: LinkId) -> Response[str]:
        """Show the page that opens a link, the same one for a link that never was.

        Its status says "not found", always: at this address alone there is nothing. A browser notes an address before
        any script of its page runs, its fragment included, and Chromium leaves a page that is not found out of the
        history that it shows and suggests from (measured; SECURITY.md says what stays on the disk).
        """
        page = SharedPage(
            frame=visit.frame(request),
            id=link_id.hex,
            formats=VISITOR_FORMATS,
            most_pin_characters=MOST_PIN_CHARACTERS,
            words=words_in(visit.language, VISITOR_WORDS),
        )
        shown = visit.page("shares/open.html", page)
        return Response(shown.content, status_code=NOT_FOUND, media_type=shown.media_type)

    @post("/open", status_code=OK, sync_to_thread=True)
    def open(self, workshop: GivenWorkshop, link_id: LinkId, data: JSONBody[ShownToken]) -> Shared:
        """Hand out the sealed documents of a link to whoever shows its token."""
        return open_link(workshop, link_id.hex, data.token)


def choices_of(workshop: Workshop, language: Language) -> ShareChoices:
    """Return what a person can choose for a link."""
    return ShareChoices(
        algorithm=algorithm_of(workshop),
        lifetimes=tuple((seconds, _in_days(language, seconds)) for seconds in LIFETIMES_S),
        usual_lifetime_s=USUAL_LIFETIME_S,
        least_pin_characters=LEAST_PIN_CHARACTERS,
        least_pin_digits=language.number(LEAST_PIN_CHARACTERS),
        most_pin_characters=MOST_PIN_CHARACTERS,
    )


def words_in(language: Language, words: dict[str, str]) -> dict[str, str]:
    """Return what a script says, in a language."""
    return {name: language.sentences.gettext(text) for name, text in words.items()}


def _in_days(language: Language, seconds: int) -> str:
    return language.count("{number} day", "{number} days", timedelta(seconds=seconds).days)


def _list(visit: Visit, workshop: Workshop, owner_id: str, recording_id: UUID) -> Response[str]:
    links = tuple(_row(share) for share in links_to(workshop, owner_id, recording_id.hex))
    return visit.page("shares/_links.html", LinkList(id=recording_id.hex, links=links))


def _row(share: Share) -> LinkRow:
    return LinkRow(
        id=share.id,
        created_at=share.created_at.isoformat(),
        expires_at=share.expires_at.isoformat(),
        opened_at=share.opened_at.isoformat() if share.opened_at else "",
        has_pin=share.kdf is not None,
    )
