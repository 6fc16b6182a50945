"""What a person can take along, and how everything of theirs ends, once they have proved who they are."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from appliance.crypto import identity
from appliance.errors import CryptoError, NotFoundError, SignInError
from appliance.records import accounts, recordings, transcripts
from appliance.records.recordings import Recording
from appliance.records.sessions import SignedIn
from appliance.worker.challenge import Purpose
from appliance.worker.enrolling import remove_account
from appliance.worker.entering import Claim, Proof, Visitor, prove, require_same_keys
from appliance.worker.library import delete_all_of, open_title
from appliance.worker.packs import delete_packs_of
from appliance.worker.privacy import ShownTitle, sealed_titles
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Belonging:
    """A recording that has a transcript to take along.

    Attributes:
        created_at: UTC, as ISO 8601.
        title: In standard mode; empty in privacy mode, and where it does not open.
        sealed_title: In privacy mode; None in standard mode, and where its key is gone.
    """

    id: str
    created_at: str
    mode: str
    title: str
    sealed_title: ShownTitle | None


@dataclass(frozen=True, slots=True)
class Extent:
    """How much somebody has here.

    Attributes:
        recordings: Of every state, also those that are uploading or whose job failed.
        transcripts: How many of them have one.
        private: How many of the transcripts only a browser can open.
        sealed_bytes: Of all transcripts as they are kept.
    """

    recordings: int
    transcripts: int
    private: int
    sealed_bytes: int


def belongings(workshop: Workshop, owner_id: str) -> list[Belonging]:
    """Return every recording that belongs to a person alone and has a transcript, oldest first."""
    with workshop.database.read() as session:
        own = recordings.listing(session, owner_id, place=owner_id)
    listed = [one.recording for one in own if one.has_transcript]
    private = [recording for recording in listed if recording.mode == recordings.PRIVATE]
    sealed = sealed_titles(workshop, private)
    return [
        Belonging(
            id=recording.id,
            created_at=recording.created_at.isoformat(),
            mode=recording.mode,
            title="" if recording.mode == recordings.PRIVATE else _title(workshop, recording),
            sealed_title=sealed.get(recording.id),
        )
        for recording in reversed(listed)
    ]


def extent(workshop: Workshop, owner_id: str) -> Extent:
    """Return how much belongs to a person alone, without opening anything."""
    with workshop.database.read() as session:
        listed = recordings.listing(session, owner_id, place=owner_id)
        sealed_bytes = transcripts.sealed_bytes(session, owner_id)
    ready = [one.recording for one in listed if one.has_transcript]
    private = sum(recording.mode == recordings.PRIVATE for recording in ready)
    return Extent(recordings=len(listed), transcripts=len(ready), private=private, sealed_bytes=sealed_bytes)


def is_last_administrator(workshop: Workshop, account: accounts.Account) -> bool:
    """Tell whether nobody would be left to let people in, if this account went."""
    if account.role != accounts.ADMINISTRATOR:
        return False
    with workshop.database.read() as session:
        return not accounts.has_administrator(session, besides=account.id)


def delete_everything(
    workshop: Workshop, signed_in: SignedIn, name: str, proof: Proof, visitor: Visitor, *, with_account: bool
) -> int:
    """Delete all recordings of a person, and their account where they want that; return how many recordings there were.

    What they put into a workspace belongs to its members, and stays.

    The session alone is not enough, or a stolen cookie would be: the passphrase has to be proved, by a signature that
    says how much is to go. A recovery code does not do, though it lets somebody in: they set a passphrase first.

    Raises:
        SignInError: The name is not theirs, or the passphrase is another one; nothing was deleted.
        LastAdministratorError: Nobody would be left who can let people in; nothing was deleted.
        ConflictError: The passphrase was changed meanwhile; nothing was deleted.
        StaleProofError: And TooManyTriesError: see ``entering``; nothing was deleted.
    """
    account = signed_in.account
    if accounts.name_key(name) != account.name_key:
        raise SignInError
    message = identity.deletion_message(visitor.origin, proof.nonce, with_account=with_account)
    prove(workshop, Claim(account.name_key, account, Purpose.PASSPHRASE), proof, message, visitor)
    with workshop.database.read() as session:
        require_same_keys(session, account)
        number = len(recordings.owned(session, account.id))
    if with_account:
        remove_account(workshop, account.id)
    else:
        number = delete_all_of(workshop, account.id)
        delete_packs_of(workshop, account.id)  # They hold the words of what was just deleted.
    log.info("everything of a person deleted", extra={"count": number})
    return number


def _title(workshop: Workshop, recording: Recording) -> str:
    """Open a title, but do not let one that is damaged stand in the way of all the others."""
    try:
        return open_title(workshop, recording)
    except (CryptoError, NotFoundError) as error:
        log.warning("a title does not open", extra={"recording": recording.id, "code": error.code})
        return ""
