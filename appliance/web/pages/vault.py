"""What the scripts of a signed-in person ask about their own keys. Nothing here opens anything by itself."""

from __future__ import annotations

from litestar import Controller, Request, Response, get, post, put
from litestar.datastructures import State
from litestar.params import JSONBody

from appliance.web.keys_sent import Half, SentPassphrase, SentRecovery, VaultState, vault_state
from appliance.web.security import SESSION_COOKIE
from appliance.web.visit import GivenSession, GivenWorkshop
from appliance.web.visitors import visitor_of
from appliance.worker.enrolling import NextPassphrase, NextRecovery, change_passphrase, change_recovery
from appliance.worker.entering import Proof

OK = 200
NO_CONTENT = 204


class VaultAnswers(Controller):
    """Spoken to by ``vault.js``."""

    path = "/vault"

    @get(sync_to_thread=True)
    def show(
        self, request: Request[object, object, State], workshop: GivenWorkshop, signed_in: GivenSession
    ) -> VaultState:
        """Hand out the slots, which the passphrase opens."""
        return vault_state(workshop, signed_in.account, request.cookies[SESSION_COOKIE])

    @put("/passphrase", status_code=NO_CONTENT, sync_to_thread=True)
    def change_passphrase(
        self,
        request: Request[object, object, State],
        workshop: GivenWorkshop,
        signed_in: GivenSession,
        data: JSONBody[SentPassphrase],
    ) -> None:
        """Set another passphrase for who proves the one before."""
        chosen = NextPassphrase(data.kdf, data.login_public, data.slot)
        proof = Proof(data.nonce, data.proof)
        change_passphrase(workshop, signed_in, chosen, proof, visitor_of(request, workshop))

    @put("/recovery", status_code=NO_CONTENT, sync_to_thread=True)
    def change_recovery(
        self,
        request: Request[object, object, State],
        workshop: GivenWorkshop,
        signed_in: GivenSession,
        data: JSONBody[SentRecovery],
    ) -> None:
        """Set another recovery code for who proves the passphrase."""
        chosen = NextRecovery(data.recovery_public, data.slot)
        proof = Proof(data.nonce, data.proof)
        change_recovery(workshop, signed_in, chosen, proof, visitor_of(request, workshop))

    @get("/half", sync_to_thread=False)
    def half(self, workshop: GivenWorkshop, signed_in: GivenSession) -> Response[Half | None]:
        """Hand a reloaded tab its half, if the server still has it."""
        half = workshop.halves.get(signed_in.live.id)
        return Response(Half(half=half) if half else None, status_code=OK if half else NO_CONTENT)

    @post("/half", status_code=OK, sync_to_thread=False)
    def make_half(self, workshop: GivenWorkshop, signed_in: GivenSession) -> Half:
        """Hand a tab that was just unlocked the half under which it may keep its key."""
        return Half(half=workshop.halves.made_for(signed_in.live.id))
