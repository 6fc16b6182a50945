"""The application: every page, behind two guards, under one policy."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence

from litestar import Litestar, Request
from litestar.datastructures import CacheControlHeader, State
from litestar.di import Provide
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler

from appliance.records.sessions import SignedIn
from appliance.web import pages
from appliance.web.guards import PUBLIC, owner_of, require_own_page, require_session, session_of
from appliance.web.problems import PROBLEMS
from appliance.web.rendering import STATIC, assets, prepare_templates
from appliance.web.security import IMMUTABLE, add_headers
from appliance.web.visit import provide_visit
from appliance.worker.workshop import Workshop

MAX_BODY_BYTES = 65_536  # Every body is small, but a chunk, whose route says so itself.


def create_app(workshop: Workshop) -> Litestar:
    """Build the application round an open workshop, which stays the caller's to close."""
    mimetypes.add_type("text/javascript", ".js")  # Some systems say otherwise, and nosniff then refuses the script.
    prepare_templates()

    async def provide_workshop() -> Workshop:
        return workshop

    return Litestar(
        route_handlers=_routes(),
        dependencies={
            "workshop": Provide(provide_workshop),
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


def _routes() -> Sequence[ControllerRouterHandler]:
    static = create_static_files_router(
        path=assets(),
        directories=[STATIC],
        opt=PUBLIC,
        cache_control=CacheControlHeader.from_header(IMMUTABLE),
    )
    return [*pages.CONTROLLERS, static]


async def _provide_owner_id(request: Request[object, object, State]) -> str:
    return owner_of(request)


async def _provide_signed_in(request: Request[object, object, State]) -> SignedIn:
    return session_of(request)
