"""A private recording: its sealed transcript on the way to the browser that opens it, and back."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import Controller, get, put
from litestar.params import FromPath, FromQuery, JSONBody

from appliance.records.transcripts import Kept
from appliance.web.visit import GivenWorkshop, OwnerId
from appliance.worker.packs import LockedPack, kept_packs
from appliance.worker.privacy import (
    MAX_INDEX_BYTES,
    MAX_TRANSCRIPT_BYTES,
    SealedDocument,
    ShownTitle,
    kept_documents,
    private_title,
    save_sealed_index,
    save_sealed_transcript,
    sealed_index,
    sealed_transcript,
    workspaces_of,
)

JSON_OVERHEAD = 4 / 3  # Base64.
RecordingId = FromPath[UUID]


class NextVersion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A transcript that the browser sealed, and the version from which it was made."""

    from_version: int
    sealed: bytes


class NextTranscript(NextVersion, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The next version of a transcript.

    Attributes:
        wrapped: Its file key, where it is another one than that of the version before.
    """

    wrapped: bytes | None = None


class SavedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The version as it was saved."""

    version: int


class VaultIndex(msgspec.Struct, frozen=True, kw_only=True):
    """A person's sealed index, and what is there to be compared with it.

    Attributes:
        version: 0 before there is an index.
        workspaces: Ids of those in which the person is let in.
        packs: Read after the index: a pack is stored before the index says so, and none may seem older than it is.
    """

    version: int
    sealed: bytes
    documents: list[Kept]
    workspaces: list[str]
    packs: list[LockedPack]


class IndexPages(Controller):
    """What a person's browser remembers, so that it notices what the appliance changes, puts back or leaves out."""

    path = "/vault/index"

    @get(sync_to_thread=True)
    def show(self, workshop: GivenWorkshop, owner_id: OwnerId, brief: FromQuery[bool] = False) -> VaultIndex:  # noqa: FBT002 -- the framework hands it over by name.
        """Hand out the index, and which documents and search packs are there, unless who asks compares nothing."""
        version, sealed = sealed_index(workshop, owner_id)
        shared = workspaces_of(workshop, owner_id)
        documents = [] if brief else kept_documents(workshop, owner_id)
        packs = [] if brief else kept_packs(workshop, owner_id)
        return VaultIndex(version=version, sealed=sealed, documents=documents, workspaces=shared, packs=packs)

    @put(sync_to_thread=True, request_max_body_size=int(MAX_INDEX_BYTES * JSON_OVERHEAD) + 1024)
    def save(self, workshop: GivenWorkshop, owner_id: OwnerId, data: JSONBody[NextVersion]) -> SavedVersion:
        """Store the next version."""
        return SavedVersion(version=save_sealed_index(workshop, owner_id, data.sealed, data.from_version))


class SealedPages(Controller):
    """What the vault's scripts read and write; nothing here is ever opened."""

    path = "/recordings/{recording_id:uuid}"

    @get("/sealed", sync_to_thread=True)
    def show(self, workshop: GivenWorkshop, owner_id: OwnerId, recording_id: RecordingId) -> SealedDocument:
        """Hand out the sealed transcript, and every way to its key."""
        return sealed_transcript(workshop, owner_id, recording_id.hex)

    @get("/title", sync_to_thread=True)
    def title(self, workshop: GivenWorkshop, owner_id: OwnerId, recording_id: RecordingId) -> ShownTitle:
        """Hand out the sealed title alone, for a page that does not show the recording."""
        return private_title(workshop, owner_id, recording_id.hex)

    @put("/sealed", sync_to_thread=True, request_max_body_size=int(MAX_TRANSCRIPT_BYTES * JSON_OVERHEAD) + 1024)
    def save(
        self, workshop: GivenWorkshop, owner_id: OwnerId, recording_id: RecordingId, data: JSONBody[NextTranscript]
    ) -> SavedVersion:
        """Store the next version."""
        version = save_sealed_transcript(
            workshop, owner_id, recording_id.hex, data.sealed, data.from_version, data.wrapped
        )
        return SavedVersion(version=version)
