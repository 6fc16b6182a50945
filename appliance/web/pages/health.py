"""Whether the appliance is up, for machines that watch it."""

from __future__ import annotations

from litestar import Controller, get

from appliance.web.guards import PUBLIC
from appliance.web.visit import GivenWorkshop


class HealthAnswer(Controller):
    """Answers without a session and tells nothing but this."""

    path = "/health"
    opt = PUBLIC

    @get(sync_to_thread=False)
    def show(self, workshop: GivenWorkshop) -> dict[str, bool]:
        """Tell whether the engine can take a job; that this answers at all says that pages are served."""
        return {"ready": workshop.engine.ready is not None}
