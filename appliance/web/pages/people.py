"""Who may come in: for administrators, who let people in and out and open nothing that belongs to others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from litestar import Controller, Request, Response, delete, get, post, put
from litestar.datastructures import State
from litestar.params import JSONBody, PathParameter

from appliance.records import accounts, invitations
from appliance.records.accounts import Account
from appliance.records.invitations import SetupLink
from appliance.web.guards import require_administrator
from appliance.web.keys_sent import Name
from appliance.web.languages import Language
from appliance.web.pages.account import ROLE_WORDS
from appliance.web.visit import Frame, GivenSession, GivenVisit, GivenWorkshop
from appliance.web.visitors import own_origin
from appliance.worker.enrolling import remove_account

NO_CONTENT = 204

Role = Literal["administrator", "member"]
AccountId = Annotated[str, PathParameter(max_length=32)]


class Invitation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to invite."""

    name: Name
    role: Role


class ChosenRole(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody is to be."""

    role: Role


class IssuedLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link to hand over, shown once."""

    link: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the list.

    Attributes:
        role: Its name; ``role_words`` says it.
        is_self: Whether it is who looks.
    """

    id: str
    name: str
    role: str
    role_words: str
    created_at: str
    is_enrolled: bool
    is_self: bool


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who was invited and has not come yet."""

    id: str
    name: str
    role_words: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """What ``people/index.html`` shows.

    Attributes:
        roles: Name and words of each role.
    """

    frame: Frame
    people: tuple[Person, ...]
    invited: tuple[Invited, ...]
    roles: tuple[tuple[str, str], ...]


class PeoplePages(Controller):
    """For administrators only."""

    path = "/people"
    guards = (require_administrator,)

    @get(sync_to_thread=True)
    def show(
        self,
        request: Request[object, object, State],
        visit: GivenVisit,
        workshop: GivenWorkshop,
        signed_in: GivenSession,
    ) -> Response[str]:
        """Show everybody, and who was invited."""
        with workshop.database.read() as session:
            everybody, links = accounts.listing(session), invitations.pending(session)
        page = PeoplePage(
            frame=visit.frame(request),
            people=tuple(_person(account, signed_in.account.id, visit.language) for account in everybody),
            invited=tuple(_invited(link, visit.language) for link in links),
            roles=tuple((role, visit.language.say(words)) for role, words in ROLE_WORDS.items()),
        )
        return visit.page("people/index.html", page)

    @post(sync_to_thread=True)
    def invite(
        self, request: Request[object, object, State], workshop: GivenWorkshop, data: JSONBody[Invitation]
    ) -> IssuedLink:
        """Make a link for somebody new."""
        origin = own_origin(request, workshop)
        with workshop.database.write() as session:
            token = invitations.invite(session, data.name, data.role)
        return IssuedLink(link=f"{origin}/setup/{token}")

    @post("/{account_id:str}/link", sync_to_thread=True)
    def let_back_in(
        self, request: Request[object, object, State], workshop: GivenWorkshop, account_id: AccountId
    ) -> IssuedLink:
        """Make a link for somebody who lost passphrase and recovery code; until it is used nothing changes."""
        origin = own_origin(request, workshop)
        with workshop.database.write() as session:
            token = invitations.link_for(session, accounts.get(session, account_id))
        return IssuedLink(link=f"{origin}/setup/{token}")

    @put("/{account_id:str}/role", status_code=NO_CONTENT, sync_to_thread=True)
    def change_role(self, workshop: GivenWorkshop, account_id: AccountId, data: JSONBody[ChosenRole]) -> None:
        """Make somebody an administrator or a member."""
        with workshop.database.write() as session:
            accounts.change_role(session, account_id, data.role)

    @delete("/{account_id:str}", sync_to_thread=True)
    def remove(self, workshop: GivenWorkshop, account_id: AccountId) -> None:
        """Remove somebody with all they have here."""
        remove_account(workshop, account_id)

    @delete("/invitations/{account_id:str}", sync_to_thread=True)
    def take_back(self, workshop: GivenWorkshop, account_id: AccountId) -> None:
        """Let an invitation work no more."""
        with workshop.database.write() as session:
            invitations.take_back(session, account_id)


def _person(account: Account, self_id: str, language: Language) -> Person:
    return Person(
        id=account.id,
        name=account.name,
        role=account.role,
        role_words=language.say(ROLE_WORDS[account.role]),
        created_at=account.created_at.isoformat(),
        is_enrolled=account.is_enrolled,
        is_self=account.id == self_id,
    )


def _invited(link: SetupLink, language: Language) -> Invited:
    return Invited(
        id=link.account_id,
        name=link.name or "",
        role_words=language.say(ROLE_WORDS[link.role]),
        expires_at=link.expires_at.isoformat(),
    )
