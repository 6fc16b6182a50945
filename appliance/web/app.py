"""The application: every page, behind two guards, under one policy."""

from __future__ import annotations

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide

from appliance.records.sessions import SignedIn
from appliance.web import pages
from appliance.web.files import files, hand_out
from appliance.web.guards import owner_of, require_own_page, require_session, session_of
from appliance.web.problems import PROBLEMS
from appliance.web.rendering import prepare_templates
from appliance.web.security import add_headers
from appliance.web.visit import provide_visit
from appliance.worker.workshop import Workshop

MAX_BODY_BYTES = 65_536  # Every body is small, but a chunk, whose route says so itself.


def create_app(workshop: Workshop) -> Litestar:
    """Build the application round an open workshop, which stays the caller's to close."""
    prepare_templates()
    files()  # Read now, as the templates are.

    return Litestar(
        route_handlers=[*pages.CONTROLLERS, hand_out],
        dependencies={
            "workshop": Provide(_provide_workshop),
            "visit": Provide(provide_visit),
            "owner_id": Provide(_provide_owner_id),
            "signed_in": Provide(_provide_signed_in),
        },
        guards=[require_session, require_own_page],
        exception_handlers=PROBLEMS,
        before_send=[add_headers],
        state=State({"workshop": workshop}),
        openapi_config=None,
        logging_config=None,  # The framework's own would replace ours, which leaves titles and paths out.
        request_max_body_size=MAX_BODY_BYTES,
    )


async def _provide_workshop(request: Request[object, object, State]) -> Workshop:
    found: Workshop = request.app.state.workshop
    return found


async def _provide_owner_id(request: Request[object, object, State]) -> str:
    return owner_of(request)


async def _provide_signed_in(request: Request[object, object, State]) -> SignedIn:
    return session_of(request)
