"""How a browser learns to trust this appliance: its certificate authority, to download and to compare."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Controller, Request, Response, get
from litestar.datastructures import State

from appliance.certificates import authority_fingerprint, read_authority
from appliance.errors import NotFoundError
from appliance.web.guards import PUBLIC
from appliance.web.visit import Frame, GivenVisit, GivenWorkshop

DOWNLOAD_NAME = "cloister-ca.crt"


@dataclass(frozen=True, slots=True)
class TrustPage:
    """What ``trust/steps.html`` shows.

    Attributes:
        fingerprint: SHA-256 of our own authority in pairs of hex digits, or None where the site's own certificate is
            in use and there is nothing to install.
    """

    frame: Frame
    fingerprint: str | None


class TrustPages(Controller):
    """Open to everybody: a certificate is public, and it is wanted before anybody can sign in."""

    opt = PUBLIC

    @get("/trust", sync_to_thread=True)
    def steps(
        self, request: Request[object, object, State], visit: GivenVisit, workshop: GivenWorkshop
    ) -> Response[str]:
        """Show the steps for each system."""
        authority = read_authority(workshop.settings.keys_folder)
        fingerprint = authority_fingerprint(authority) if authority else None
        return visit.page("trust/steps.html", TrustPage(frame=visit.frame(request), fingerprint=fingerprint))

    @get("/cloister-ca.crt", sync_to_thread=True)
    def download(self, workshop: GivenWorkshop) -> Response[bytes]:
        """Hand out the certificate of our own authority."""
        authority = read_authority(workshop.settings.keys_folder)
        if authority is None:
            raise NotFoundError
        headers = {"Content-Disposition": f'attachment; filename="{DOWNLOAD_NAME}"'}
        return Response(authority, media_type="application/x-x509-ca-cert", headers=headers)
