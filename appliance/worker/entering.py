"""Coming in: by a proof that the passphrase, or the recovery code, is known. Neither is ever seen here.

Whoever says a name that nobody has is answered as one who has an account and is wrong: the same words after the same
work. What is proved is a signature over the address of this appliance and over a nonce that is right once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session

from appliance.crypto import identity
from appliance.crypto.kdf import KdfAlgorithm
from appliance.errors import AccessError, ConflictError, RecoveryError, SignInError, WrongKeyError
from appliance.records import accounts, sessions
from appliance.records.accounts import Account
from appliance.records.tables_of_people import NAME_KEY_CHARACTERS
from appliance.worker.challenge import Purpose
from appliance.worker.throttle import Attempt
from appliance.worker.workshop import Workshop

SIGNED: dict[Purpose, Callable[[str, bytes], bytes]] = {
    Purpose.PASSPHRASE: identity.login_message,
    Purpose.RECOVERY_CODE: identity.recovery_message,
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, as far as it can be seen from outside.

    Attributes:
        origin: Of the appliance as this browser reaches it; the signature has to be over the same one.
        address: Of the browser; None where it is not seen.
        known_by: The cookie by which a browser shows who has signed in there before; empty where it has none.
        device: Browser and system in words.
        session_token: Of the session that the browser has so far; empty where it has none.
    """

    origin: str
    address: str | None
    known_by: str
    device: str
    session_token: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What has to be answered by who wants to come in."""

    account_id: str
    kdf: bytes
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """The answer: a nonce of ours and the signature."""

    nonce: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says they are, and by what they want to show it; the account is None where nobody has the name."""

    name_key: str
    account: Account | None
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody is in.

    Attributes:
        session_token: For the cookie of the session.
        known_by: For the cookie by which the browser is known next time.
    """

    account: Account
    session_token: str
    known_by: str


def ask(workshop: Workshop, name: str, purpose: Purpose) -> Question:
    """Return the question for a name, whether somebody has it or not."""
    key = accounts.name_key(name)
    stand_in = workshop.door.stand_in(key, algorithm_of(workshop))
    account = _enrolled(workshop, name)
    return Question(
        account_id=account.id if account else stand_in.account_id,
        kdf=(account.kdf if account else None) or stand_in.kdf,
        nonce=workshop.challenges.ask(purpose, key),
    )


def enter(workshop: Workshop, name: str, purpose: Purpose, proof: Proof, visitor: Visitor) -> Entered:
    """Begin a session for somebody who proves who they are.

    Raises:
        SignInError: Nobody has the name, or the passphrase is another one; it is not told which.
        RecoveryError: The same, for the recovery code.
        StaleProofError: The nonce is not ours, too old, for somebody else, or was used.
        TooManyTriesError: They have to wait first.
    """
    claim = Claim(accounts.name_key(name), _enrolled(workshop, name), purpose)
    account = prove(workshop, claim, proof, SIGNED[purpose](visitor.origin, proof.nonce), visitor)
    return let_in(workshop, account, visitor, recovered=purpose is Purpose.RECOVERY_CODE)


def prove(workshop: Workshop, claim: Claim, proof: Proof, message: bytes, visitor: Visitor) -> Account:
    """Make sure that somebody knows the passphrase, or the recovery code, of the account that they claim.

    Args:
        workshop: The appliance.
        claim: What they say they are.
        proof: What they sent.
        message: What has to be signed.
        visitor: Who asks.

    Raises:
        SignInError: And RecoveryError, StaleProofError, TooManyTriesError: see ``enter``.
    """
    account, purpose = claim.account, claim.purpose
    workshop.challenges.check(proof.nonce, purpose, claim.name_key)
    stand_in = workshop.door.stand_in(claim.name_key, algorithm_of(workshop))
    browser = workshop.door.browser_of(visitor.known_by, account.id if account else stand_in.account_id)
    attempt = Attempt(claim.name_key[:NAME_KEY_CHARACTERS], browser, visitor.address)  # No name is longer.
    workshop.throttle.admit(attempt)
    public = (account and _public_of(account, purpose)) or workshop.door.nobody
    try:
        identity.verify(public, message, proof.signature)
    except WrongKeyError as exc:
        raise _refusal(purpose) from exc
    if account is None:
        raise _refusal(purpose)
    workshop.challenges.spend(proof.nonce)
    workshop.throttle.succeeded(attempt)
    return account


def let_in(workshop: Workshop, account: Account, visitor: Visitor, *, recovered: bool = False) -> Entered:
    """Begin a session, and end the one that this browser had.

    Raises:
        ConflictError: The keys of the account changed since they were looked at.
    """
    with workshop.database.write() as session:
        require_same_keys(session, account)
        sessions.end(session, visitor.session_token)
        token = sessions.begin(session, account.id, visitor.device, recovered=recovered)
    forget_ended(workshop)
    return Entered(account, token, workshop.door.remember(visitor.known_by, account.id))


def forget_ended(workshop: Workshop) -> None:
    """Forget the halves of sessions that have ended, whichever way; one that begins meanwhile keeps its own."""
    known = workshop.halves.session_ids()
    with workshop.database.read() as session:
        ended = known - sessions.ids(session)
    workshop.halves.forget(*ended)


def require_same_keys(session: Session, account: Account) -> None:
    """Make sure, within a writing transaction, that an account is as it was when its keys were looked at.

    Raises:
        ConflictError: Somebody set another passphrase or recovery code meanwhile, or the account is gone.
    """
    current = accounts.find(session, account.id)
    before = (account.login_public, account.recovery_public)
    if current is None or (current.login_public, current.recovery_public) != before:
        raise ConflictError


def algorithm_of(workshop: Workshop) -> KdfAlgorithm:
    """Return how passphrases are stretched here."""
    return KdfAlgorithm[workshop.settings.passphrase_kdf.upper()]


def _enrolled(workshop: Workshop, name: str) -> Account | None:
    with workshop.database.read() as session:
        account = accounts.by_name(session, name)
    return account if account and account.is_enrolled else None


def _public_of(account: Account, purpose: Purpose) -> bytes | None:
    return account.login_public if purpose is Purpose.PASSPHRASE else account.recovery_public


def _refusal(purpose: Purpose) -> AccessError:
    return SignInError() if purpose is Purpose.PASSPHRASE else RecoveryError()
