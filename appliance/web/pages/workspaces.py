"""Workspaces: the pages, and what their scripts read and send. Browsers open the names and verify the lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, post, put
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from appliance.crypto.hpke import SEALED_KEY_BYTES
from appliance.crypto.keywrap import WRAPPED_BYTES
from appliance.crypto.members import Role, SignedList
from appliance.errors import KeysRefusedError, NotFoundError
from appliance.records import workspaces
from appliance.records.tables import SIGNATURE_BYTES
from appliance.records.tables_of_people import NAME_CHARACTERS
from appliance.web.languages import Language, mark
from appliance.web.visit import Frame, GivenVisit, GivenWorkshop, OwnerId
from appliance.web.workspace_words import WORDS
from appliance.worker.acquaintance import Found, find_person
from appliance.worker.member_keys import SentKeys
from appliance.worker.places import MovedKeys, move
from appliance.worker.workspaces import SealedWorkspace, change, close, leave, make, sealed_workspace

OK = 200
NO_CONTENT = 204
MAX_LIST_BODY_BYTES = 4 * 2**20  # A list of a thousand people, with a key for each.

WorkspaceId = FromPath[UUID]
RecordingId = FromPath[UUID]
Id = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
Signature = Annotated[bytes, msgspec.Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)]
SealedKey = Annotated[bytes, msgspec.Meta(min_length=SEALED_KEY_BYTES, max_length=SEALED_KEY_BYTES)]
WrappedKey = Annotated[bytes, msgspec.Meta(min_length=WRAPPED_BYTES, max_length=WRAPPED_BYTES)]
PersonName = Annotated[str, msgspec.Meta(max_length=4 * NAME_CHARACTERS)]

ROLE_WORDS = {Role.OWNER: mark("Owner"), Role.EDITOR: mark("Editor"), Role.VIEWER: mark("Viewer")}
ROLE_HINTS = {
    Role.OWNER: mark("reads, writes, deletes and decides who is in it"),
    Role.EDITOR: mark("reads, writes and puts recordings in"),
    Role.VIEWER: mark("reads"),
}


class SentKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The workspace key, sealed to somebody."""

    account: Id
    sealed: SealedKey


class SentList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list as an owner's browser signed it, with the keys that it needs.

    Attributes:
        body: The signed bytes.
        keys: For whoever comes in; with another epoch for everybody.
        earlier: With another epoch the key of the one before, under the next.
    """

    body: bytes
    signature: Signature
    keys: list[SentKey]
    earlier: WrappedKey | None = None


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace that was made."""

    id: str


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """The version of the list that was stored."""

    version: int


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom an owner looks for."""

    name: PersonName


class NextPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a recording goes.

    Attributes:
        workspace: None for to whoever moves it.
        title: Of a private recording: the title's key as it is wrapped there.
        transcript: The same of its transcript, where it has one.
    """

    workspace: Id | None
    title: WrappedKey | None = None
    transcript: WrappedKey | None = None


@dataclass(frozen=True, slots=True)
class WorkspaceRow:
    """A workspace in the list; its name is put in by the page's script."""

    id: str
    role: str
    people: str


@dataclass(frozen=True, slots=True)
class WorkspacesPage:
    """What ``workspaces/index.html`` shows.

    Attributes:
        words: What the script says, by its own names.
    """

    frame: Frame
    workspaces: tuple[WorkspaceRow, ...]
    words: dict[str, str]
    most_characters: int


@dataclass(frozen=True, slots=True)
class WorkspacePage:
    """What ``workspaces/show.html`` shows; the script fills it in from the verified lists.

    Attributes:
        account_id: Who looks.
        roles: Name, words and what it allows, of each role.
        words: What the script says, by its own names.
    """

    frame: Frame
    id: str
    account_id: str
    roles: tuple[tuple[str, str, str], ...]
    words: dict[str, str]
    most_characters: int


class WorkspacePages(Controller):
    """For members; to others a workspace does not exist."""

    path = "/workspaces"

    @get(sync_to_thread=True)
    def index(
        self, request: Request[object, object, State], visit: GivenVisit, workshop: GivenWorkshop, owner_id: OwnerId
    ) -> Response[str]:
        """Show the workspaces of a person."""
        with workshop.database.read() as session:
            roles = workspaces.of_account(session, owner_id)
            counts = workspaces.joined(session, list(roles))
        page = WorkspacesPage(
            frame=visit.frame(request),
            workspaces=tuple(_row(each, role, counts[each], visit.language) for each, role in roles.items()),
            words=_words(visit.language),
            most_characters=NAME_CHARACTERS,
        )
        return visit.page("workspaces/index.html", page)

    @post(sync_to_thread=True, request_max_body_size=MAX_LIST_BODY_BYTES)
    def make(self, workshop: GivenWorkshop, owner_id: OwnerId, data: JSONBody[SentList]) -> Made:
        """Make a workspace."""
        return Made(id=make(workshop, owner_id, _signed(data), _keys(data)))

    @post("/people", status_code=OK, sync_to_thread=True)
    def find(self, workshop: GivenWorkshop, data: JSONBody[Wanted]) -> Found:
        """Find somebody by the whole name."""
        return find_person(workshop, data.name)

    @get("/{workspace_id:uuid}", sync_to_thread=True)
    def show(
        self,
        request: Request[object, object, State],
        visit: GivenVisit,
        workshop: GivenWorkshop,
        owner_id: OwnerId,
        workspace_id: WorkspaceId,
    ) -> Response[str]:
        """Show the page of a workspace."""
        with workshop.database.read() as session:
            if workspaces.role_of(session, workspace_id.hex, owner_id) is None:
                raise NotFoundError
        say = visit.language.say
        page = WorkspacePage(
            frame=visit.frame(request),
            id=workspace_id.hex,
            account_id=owner_id,
            roles=tuple((role.value, say(ROLE_WORDS[role]), say(ROLE_HINTS[role])) for role in Role),
            words=_words(visit.language),
            most_characters=NAME_CHARACTERS,
        )
        return visit.page("workspaces/show.html", page)

    @get("/{workspace_id:uuid}/sealed", sync_to_thread=True)
    def sealed(self, workshop: GivenWorkshop, owner_id: OwnerId, workspace_id: WorkspaceId) -> SealedWorkspace:
        """Hand a member's browser every list, and its keys."""
        return sealed_workspace(workshop, owner_id, workspace_id.hex)

    @post("/{workspace_id:uuid}/lists", sync_to_thread=True, request_max_body_size=MAX_LIST_BODY_BYTES)
    def change(
        self, workshop: GivenWorkshop, owner_id: OwnerId, workspace_id: WorkspaceId, data: JSONBody[SentList]
    ) -> Changed:
        """Store the next list."""
        return Changed(version=change(workshop, owner_id, workspace_id.hex, _signed(data), _keys(data)))

    @post("/{workspace_id:uuid}/leave", status_code=NO_CONTENT, sync_to_thread=True)
    def leave(self, workshop: GivenWorkshop, owner_id: OwnerId, workspace_id: WorkspaceId) -> None:
        """Let a member out."""
        leave(workshop, owner_id, workspace_id.hex)

    @delete("/{workspace_id:uuid}", sync_to_thread=True)
    def remove(self, workshop: GivenWorkshop, owner_id: OwnerId, workspace_id: WorkspaceId) -> None:
        """Remove a workspace in which there is nothing left."""
        close(workshop, owner_id, workspace_id.hex)


class PlaceAnswers(Controller):
    """Moving a recording."""

    path = "/recordings/{recording_id:uuid}/place"

    @put(status_code=NO_CONTENT, sync_to_thread=True)
    def move(
        self, workshop: GivenWorkshop, owner_id: OwnerId, recording_id: RecordingId, data: JSONBody[NextPlace]
    ) -> None:
        """Put it into a workspace, or out of one."""
        if data.title is None and data.transcript is not None:
            raise KeysRefusedError
        keys = MovedKeys(data.title, data.transcript) if data.title is not None else None
        move(workshop, owner_id, recording_id.hex, data.workspace, keys)


def _signed(data: SentList) -> SignedList:
    return SignedList(data.body, data.signature)


def _keys(data: SentList) -> SentKeys:
    """Return what was sent for whom.

    Raises:
        KeysRefusedError: There are two for one person.
    """
    sealed = {key.account: key.sealed for key in data.keys}
    if len(sealed) != len(data.keys):
        raise KeysRefusedError
    return SentKeys(sealed, data.earlier)


def _row(workspace_id: str, role: Role, count: int, language: Language) -> WorkspaceRow:
    people = language.count("{number} person", "{number} people", count)
    return WorkspaceRow(workspace_id, language.say(ROLE_WORDS[role]), people)


def _words(language: Language) -> dict[str, str]:
    said = {name: language.sentences.gettext(text) for name, text in WORDS.items()}
    return said | {f"role_{role}": language.say(words) for role, words in ROLE_WORDS.items()}
