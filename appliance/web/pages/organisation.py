"""The organisation's recovery: for administrators, who make its key and use its code, and for who chooses it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Annotated

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.datastructures import State
from litestar.params import JSONBody, PathParameter

from appliance.errors import NotFoundError
from appliance.records import accounts, organisation
from appliance.records.organisation import OrganisationKey
from appliance.web.guards import require_administrator
from appliance.web.keys_sent import LockedOutPerson, SentConsent, SentOrganisation, SentRecovery, SentWithdrawal
from appliance.web.languages import Language
from appliance.web.organisation_words import ORGANISATION_WORDS
from appliance.web.visit import Frame, GivenSession, GivenVisit, GivenWorkshop
from appliance.web.visitors import own_origin, visitor_of
from appliance.worker.consents import has_consented, who_consented
from appliance.worker.enrolling import NextRecovery
from appliance.worker.entering import Proof
from appliance.worker.organisation import (
    Consent,
    consent,
    let_back_in,
    look_up,
    publish,
    take_consent_back,
    withdraw,
)
from appliance.worker.workshop import Workshop

OK = 200
NO_CONTENT = 204

AccountId = Annotated[str, PathParameter(max_length=32)]


@dataclass(frozen=True, slots=True)
class ShownKey:
    """The organisation's keys on a page, whose script makes the words of the very bytes to which it seals.

    Attributes:
        ed_public: Base64, as x_public.
        made_at: UTC, as ISO 8601.
    """

    ed_public: str
    x_public: str
    made_at: str

    @classmethod
    def of(cls, key: OrganisationKey) -> ShownKey:
        """Return keys as a page has them."""
        return cls(b64encode(key.ed_public).decode(), b64encode(key.x_public).decode(), key.made_at.isoformat())


@dataclass(frozen=True, slots=True)
class OrganisationPage:
    """What ``organisation/show.html`` shows.

    Attributes:
        key: None where the organisation has none.
        people: Id and name of everybody whom it can let back in.
        others: How many did not choose it.
    """

    frame: Frame
    key: ShownKey | None
    people: tuple[tuple[str, str], ...]
    others: int
    words: dict[str, str]


class OrganisationPages(Controller):
    """For administrators only; without the organisation's code nobody is let in from here."""

    path = "/organisation"
    guards = (require_administrator,)

    @get(sync_to_thread=True)
    def show(
        self, request: Request[object, object, State], visit: GivenVisit, workshop: GivenWorkshop
    ) -> Response[str]:
        """Show the key, and who chose it."""
        own_origin(request, workshop)
        with workshop.database.read() as session:
            key, everybody = organisation.find(session), accounts.listing(session)
        consented = who_consented(workshop, [account.id for account in everybody]) if key else set()
        page = OrganisationPage(
            frame=visit.frame(request),
            key=ShownKey.of(key) if key else None,
            people=tuple((account.id, account.name) for account in everybody if account.id in consented),
            others=sum(account.is_enrolled and account.id not in consented for account in everybody),
            words=organisation_words(visit.language),
        )
        return visit.page("organisation/show.html", page)

    @put("/key", status_code=NO_CONTENT, sync_to_thread=True)
    def publish(self, workshop: GivenWorkshop, data: JSONBody[SentOrganisation]) -> None:
        """Keep the public halves of keys whose code is on paper."""
        publish(workshop, data.ed_public, data.x_public)

    @delete("/key", sync_to_thread=True)
    def withdraw(self, workshop: GivenWorkshop) -> None:
        """Take the key away, with what people consented to."""
        withdraw(workshop)

    @post("/people/{account_id:str}", status_code=OK, sync_to_thread=True)
    def look_up(
        self, request: Request[object, object, State], workshop: GivenWorkshop, account_id: AccountId
    ) -> LockedOutPerson:
        """Hand out what the organisation's code opens."""
        own_origin(request, workshop)
        found = look_up(workshop, account_id)
        return LockedOutPerson(
            account_id=found.account.id,
            name=found.account.name,
            nonce=found.nonce,
            consent=found.consent,
            identity=found.identity,
            ed_public=found.account.ed_public or b"",
            x_public=found.account.x_public or b"",
        )

    @put("/people/{account_id:str}", status_code=NO_CONTENT, sync_to_thread=True)
    def let_back_in(
        self,
        request: Request[object, object, State],
        workshop: GivenWorkshop,
        signed_in: GivenSession,
        account_id: AccountId,
        data: JSONBody[SentRecovery],
    ) -> None:
        """Give somebody a fresh recovery code, for who proves the organisation's code."""
        with workshop.database.read() as session:
            locked_out = accounts.get(session, account_id)
        chosen, proof = NextRecovery(data.recovery_public, data.slot), Proof(data.nonce, data.proof)
        origin = own_origin(request, workshop)
        let_back_in(workshop, locked_out, chosen, proof, origin, signed_in.account.name)


class ConsentAnswers(Controller):
    """Everybody chooses for themselves; spoken to by ``consent.js``."""

    path = "/account/organisation"

    @put(status_code=NO_CONTENT, sync_to_thread=True)
    def consent(
        self,
        request: Request[object, object, State],
        workshop: GivenWorkshop,
        signed_in: GivenSession,
        data: JSONBody[SentConsent],
    ) -> None:
        """Keep what the person sealed to the organisation."""
        given, proof = Consent(data.organisation, data.sealed), Proof(data.nonce, data.proof)
        consent(workshop, signed_in, given, proof, visitor_of(request, workshop))

    @post("/taken-back", status_code=NO_CONTENT, sync_to_thread=True)
    def take_back(
        self,
        request: Request[object, object, State],
        workshop: GivenWorkshop,
        signed_in: GivenSession,
        data: JSONBody[SentWithdrawal],
    ) -> None:
        """Erase it."""
        take_consent_back(workshop, signed_in, Proof(data.nonce, data.proof), visitor_of(request, workshop))

    @post("/seen", status_code=NO_CONTENT, sync_to_thread=True)
    def note_seen(self, workshop: GivenWorkshop, signed_in: GivenSession) -> None:
        """Take note that a person knows of every use of the key for them.

        Raises:
            NotFoundError: They came in by a code, perhaps the one that was made for them: it might be somebody else.
        """
        if signed_in.live.recovered:
            raise NotFoundError
        with workshop.database.write() as session:
            organisation.note_seen(session, signed_in.account.id)


def organisation_words(language: Language) -> dict[str, str]:
    """Return what scripts say about it, in a language."""
    return {name: language.sentences.gettext(text) for name, text in ORGANISATION_WORDS.items()}


def offered_to(workshop: Workshop, account_id: str) -> tuple[ShownKey | None, bool]:
    """Return the key to which somebody may consent, and whether they did."""
    with workshop.database.read() as session:
        key = organisation.find(session)
    return (ShownKey.of(key), has_consented(workshop, account_id)) if key else (None, False)
