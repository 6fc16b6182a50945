"""A model update that a browser sends: begin, chunk after chunk, and then take it in. Never multipart."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, Request, delete, get, post, put
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State
from litestar.params import JSONBody, PathParameter

from appliance.spool import CHUNK_BYTES
from appliance.web.guards import require_administrator
from appliance.web.pages.models import NO_CONTENT, FileName
from appliance.web.pages.uploads import Number, UploadState, whole_body
from appliance.web.visit import GivenSession, GivenWorkshop
from appliance.worker import deliveries
from appliance.worker.incoming import Arrival

ArrivalId = Annotated[str, PathParameter(max_length=64)]


class NewArrival(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page says before it sends a file."""

    name: FileName
    size_bytes: Annotated[int, msgspec.Meta(ge=0)]


class ModelUploadSteps(Controller):
    """Spoken to by ``models/upload.js``, which sends a chunk again until it hears that it was taken."""

    path = "/models/uploads"
    guards = (require_administrator,)

    @post(sync_to_thread=True)
    def begin(self, workshop: GivenWorkshop, signed_in: GivenSession, data: JSONBody[NewArrival]) -> UploadState:
        """Begin an upload, or go on with the same file's unfinished one."""
        begun = deliveries.begin_upload(workshop.updates, data.name, data.size_bytes, signed_in.account.name)
        return _state(begun)

    @get("/{arrival_id:str}", sync_to_thread=True)
    def standing(self, workshop: GivenWorkshop, arrival_id: ArrivalId) -> UploadState:
        """Say which chunk is due, for a page that lost the connection."""
        return _state(workshop.updates.incoming.state(arrival_id))

    @put("/{arrival_id:str}/chunks/{number:int}", request_max_body_size=CHUNK_BYTES)
    async def take(
        self,
        request: Request[object, object, State],
        workshop: GivenWorkshop,
        signed_in: GivenSession,
        arrival_id: ArrivalId,
        number: Number,
    ) -> UploadState:
        """Take one chunk of an upload that is there."""
        updates, actor = workshop.updates, signed_in.account.name
        await sync_to_thread(updates.incoming.state, arrival_id)
        chunk = await whole_body(request, number)
        return _state(
            await sync_to_thread(deliveries.receive, updates, arrival_id, number, chunk, actor),
        )

    @post("/{arrival_id:str}/take-in", status_code=NO_CONTENT, sync_to_thread=True)
    def take_in(self, workshop: GivenWorkshop, signed_in: GivenSession, arrival_id: ArrivalId) -> None:
        """Take a finished upload in, and try it."""
        deliveries.take_in_upload(workshop.updates, arrival_id, signed_in.account.name)

    @delete("/{arrival_id:str}", sync_to_thread=True)
    def discard(self, workshop: GivenWorkshop, arrival_id: ArrivalId) -> None:
        """Remove an upload that nobody wants any more."""
        deliveries.discard_upload(workshop.updates, arrival_id)


def _state(arrival: Arrival) -> UploadState:
    return UploadState(id=arrival.id, next_chunk=arrival.next_chunk, finished=arrival.finished)
