"""The vocabulary of a workspace on its way to a member's browser and back; nothing here is ever opened."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, put
from litestar.params import FromPath, JSONBody

from appliance.web.pages.sealed import JSON_OVERHEAD, SavedVersion
from appliance.web.visit import GivenWorkshop, OwnerId
from appliance.worker.vocabularies import (
    MAX_SEALED_BYTES,
    SealedVocabulary,
    save_sealed_vocabulary,
    sealed_vocabulary,
)

MOST_BODY_BYTES = int(MAX_SEALED_BYTES * JSON_OVERHEAD) + 1024
MOST_VERSION = 2**53 - 2  # What a browser counts to without an error.
WorkspaceId = FromPath[UUID]


class SentVocabulary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The next version, as a member's browser sealed it.

    Attributes:
        epoch: Of the workspace key under which it is sealed.
    """

    from_version: Annotated[int, msgspec.Meta(ge=0, le=MOST_VERSION)]
    epoch: int
    sealed: bytes


class VocabularyAnswers(Controller):
    """Names and terms, for the members."""

    path = "/workspaces/{workspace_id:uuid}/vocabulary"

    @get(sync_to_thread=True)
    def show(self, workshop: GivenWorkshop, owner_id: OwnerId, workspace_id: WorkspaceId) -> SealedVocabulary:
        """Hand it out as it lies there."""
        return sealed_vocabulary(workshop, owner_id, workspace_id.hex)

    @put(sync_to_thread=True, request_max_body_size=MOST_BODY_BYTES)
    def save(
        self, workshop: GivenWorkshop, owner_id: OwnerId, workspace_id: WorkspaceId, data: JSONBody[SentVocabulary]
    ) -> SavedVersion:
        """Store the next version."""
        version = save_sealed_vocabulary(
            workshop, owner_id, workspace_id.hex, data.sealed, from_version=data.from_version, epoch=data.epoch
        )
        return SavedVersion(version=version)
