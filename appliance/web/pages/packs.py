"""Search packs, on their way to the browser that searches them and back; nothing here is ever opened."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, PathParameter

from appliance.web.keys_sent import WrappedKey
from appliance.web.pages.sealed import JSON_OVERHEAD, NextVersion, SavedVersion
from appliance.web.visit import GivenWorkshop, OwnerId
from appliance.worker.packs import (
    MAX_PACK_BYTES,
    begin_pack,
    delete_pack,
    save_pack,
    sealed_pack,
)

MOST_BODY_BYTES = int(MAX_PACK_BYTES * JSON_OVERHEAD) + 1024
PackId = FromPath[UUID]
Version = Annotated[int, PathParameter(ge=1)]


class FirstVersion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pack that the browser has just begun, and its key under the person's user key."""

    sealed: bytes
    wrapped: WrappedKey


class PackPages(Controller):
    """What the browser searches of what it alone can open. The index of the vault says which packs there are."""

    path = "/vault/packs"

    @get("/{pack_id:uuid}/{version:int}", sync_to_thread=True)
    def show(self, workshop: GivenWorkshop, owner_id: OwnerId, pack_id: PackId, version: Version) -> Response[bytes]:
        """Hand out one version of a pack as it lies there."""
        sealed = sealed_pack(workshop, owner_id, pack_id.bytes, version)
        return Response(sealed, media_type="application/octet-stream")

    @post("/{pack_id:uuid}", sync_to_thread=True, request_max_body_size=MOST_BODY_BYTES)
    def begin(
        self, workshop: GivenWorkshop, owner_id: OwnerId, pack_id: PackId, data: JSONBody[FirstVersion]
    ) -> SavedVersion:
        """Store a pack that was begun."""
        begin_pack(workshop, owner_id, pack_id.bytes, data.sealed, data.wrapped)
        return SavedVersion(version=1)

    @put("/{pack_id:uuid}", sync_to_thread=True, request_max_body_size=MOST_BODY_BYTES)
    def save(
        self, workshop: GivenWorkshop, owner_id: OwnerId, pack_id: PackId, data: JSONBody[NextVersion]
    ) -> SavedVersion:
        """Store the next version."""
        return SavedVersion(version=save_pack(workshop, owner_id, pack_id.bytes, data.sealed, data.from_version))

    @delete("/{pack_id:uuid}/{version:int}", sync_to_thread=True)
    def remove(self, workshop: GivenWorkshop, owner_id: OwnerId, pack_id: PackId, version: Version) -> None:
        """Delete a pack, unless somebody has put something into it since."""
        delete_pack(workshop, owner_id, pack_id.bytes, version)
