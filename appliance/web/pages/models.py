"""The models: for administrators, who bring updates in, look what they are worth, put them to use and go back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from appliance.spool import CHUNK_BYTES
from appliance.web.guards import require_administrator
from appliance.web.languages import Language
from appliance.web.model_arrivals import Imports, Signers, UnderwayPart, imports_of, signers_of, underway_of
from appliance.web.model_history import History, history_of
from appliance.web.model_states import InUse, Ready, in_use_of, ready_of
from appliance.web.model_words import MODEL_WORDS
from appliance.web.visit import Frame, GivenSession, GivenVisit, GivenWorkshop
from appliance.worker.deliveries import take_in_import
from appliance.worker.workshop import Workshop

NO_CONTENT = 204

FileName = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00-\x1f\x7f/]{1,255}\Z")]
ImportName = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00-\x1f\x7f]{1,512}\Z")]  # It is looked up in a list.


class ChosenImport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which file of the folder of imports to take in."""

    name: ImportName


@dataclass(frozen=True, slots=True)
class Parts:
    """What of the page changes by itself; each is shown by the template of its name."""

    in_use: InUse
    signers: Signers
    imports: Imports
    underway: UnderwayPart
    ready: Ready
    history: History


@dataclass(frozen=True, slots=True)
class ModelsPage:
    """What ``models/show.html`` shows.

    Attributes:
        words: What the script says, by its own names.
    """

    frame: Frame
    parts: Parts
    words: dict[str, str]
    chunk_bytes: int


class ModelPages(Controller):
    """The page, and what its buttons do."""

    path = "/models"
    guards = (require_administrator,)

    @get(sync_to_thread=True)
    def show(
        self, request: Request[object, object, State], visit: GivenVisit, workshop: GivenWorkshop
    ) -> Response[str]:
        """Show how it is now; the page then stays up to date by itself."""
        page = ModelsPage(
            frame=visit.frame(request),
            parts=parts_of(workshop, visit.language),
            words={name: visit.language.sentences.gettext(text) for name, text in MODEL_WORDS.items()},
            chunk_bytes=CHUNK_BYTES,
        )
        return visit.page("models/show.html", page)

    @post("/import", status_code=NO_CONTENT, sync_to_thread=True)
    def take_import(self, workshop: GivenWorkshop, signed_in: GivenSession, data: JSONBody[ChosenImport]) -> None:
        """Take a file of the folder of imports in, and try it."""
        take_in_import(workshop.updates, workshop.settings.imports, data.name, signed_in.account.name)

    @post("/stop", status_code=NO_CONTENT, sync_to_thread=True)
    def stop(self, workshop: GivenWorkshop) -> None:
        """Stop the update on its way."""
        workshop.updates.stop()

    @post("/seen", status_code=NO_CONTENT, sync_to_thread=True)
    def note_seen(self, workshop: GivenWorkshop) -> None:
        """Take note that somebody has read why the last update was not taken; the history keeps it."""
        workshop.updates.forget_trouble()

    @post("/try", status_code=NO_CONTENT, sync_to_thread=True)
    def try_again(self, workshop: GivenWorkshop, signed_in: GivenSession) -> None:
        """Try the update that stands ready once more."""
        workshop.updates.try_again(signed_in.account.name)

    @post("/use", status_code=NO_CONTENT, sync_to_thread=True)
    def use(self, workshop: GivenWorkshop, signed_in: GivenSession) -> None:
        """Put the update that stands ready to use."""
        workshop.updates.activate(signed_in.account.name)

    @post("/discard", status_code=NO_CONTENT, sync_to_thread=True)
    def discard(self, workshop: GivenWorkshop, signed_in: GivenSession) -> None:
        """Remove the update that stands ready."""
        workshop.updates.discard(signed_in.account.name)

    @post("/back", status_code=NO_CONTENT, sync_to_thread=True)
    def go_back(self, workshop: GivenWorkshop, signed_in: GivenSession) -> None:
        """Go back to the set before."""
        workshop.updates.roll_back(signed_in.account.name)


def parts_of(workshop: Workshop, language: Language) -> Parts:
    """Return every part of the page as it is now.

    Raises:
        LedgerError: What is remembered of the sets cannot be read.
    """
    updates, ledger = workshop.updates, workshop.updates.store.ledger
    return Parts(
        in_use=in_use_of(workshop, ledger, language),
        signers=signers_of(updates, language),
        imports=imports_of(workshop.settings, updates, language),
        underway=underway_of(updates, language),
        ready=ready_of(updates, ledger, language),
        history=history_of(updates.store, ledger, language),
    )
