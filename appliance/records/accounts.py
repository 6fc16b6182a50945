"""People: their names, what they may do, and the public halves of the keys that their browsers made."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, delete, select, update

from appliance.errors import (
    LastAdministratorError,
    NameTakenError,
    NotFoundError,
    PersonNameError,
    SignedOutError,
    UnknownAccountError,
)
from appliance.records.tables import WorkspaceMember
from appliance.records.tables_of_people import (
    NAME_CHARACTERS,
    NAME_KEY_CHARACTERS,
    Account,
    LiveSession,
    OrganisationUse,
    SealedIndex,
    SetupLink,
)

__all__ = [
    "ADMINISTRATOR", "MEMBER", "ROLES", "Account", "PublicKeys", "by_name", "change_passphrase", "change_recovery",
    "change_role", "checked_name", "close", "enrol", "find", "get", "has_administrator", "ids", "listing", "name_key",
    "named", "remove", "require_open", "unenrolled_administrator",
]  # fmt: skip

ADMINISTRATOR = "administrator"
MEMBER = "member"
ROLES = (ADMINISTRATOR, MEMBER)
JOINERS = "\u200c\u200d"  # They shape letters in Bengali and Persian, and show nothing by themselves.


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """What a browser sends about the keys that it made and keeps.

    Attributes:
        kdf: How the passphrase is stretched, a KDF record of 32 bytes.
        login_public: Ed25519, 32 bytes; proves the passphrase.
        recovery_public: Ed25519, 32 bytes; proves the recovery code.
        ed_public: Ed25519 of the identity, 32 bytes.
        x_public: X25519 of the identity, 32 bytes.
    """

    kdf: bytes
    login_public: bytes
    recovery_public: bytes
    ed_public: bytes
    x_public: bytes


def checked_name(name: str) -> str:
    """Return a name as it is kept: composed, with single spaces.

    Raises:
        PersonNameError: It is empty, too long, or has characters that nobody sees.
    """
    kept = unicodedata.normalize("NFC", " ".join(name.split()))
    visible = kept.translate(dict.fromkeys(map(ord, JOINERS)))
    fits = len(kept) <= NAME_CHARACTERS and len(name_key(kept)) <= NAME_KEY_CHARACTERS
    if not visible or not fits or not visible.isprintable():
        raise PersonNameError(most=NAME_CHARACTERS)
    return kept


def name_key(name: str) -> str:
    """Return what two names have in common that people would take for the same one."""
    plain = " ".join(name.split()).translate(dict.fromkeys(map(ord, JOINERS)))
    folded = unicodedata.normalize("NFKC", plain).casefold()
    return unicodedata.normalize("NFKC", folded)  # Folding can leave characters that compatibility would change again.


def get(session: Session, account_id: str) -> Account:
    """Return an account.

    Raises:
        NotFoundError: There is none with this id.
    """
    account = session.get(Account, account_id)
    if account is None:
        raise NotFoundError
    return account


def find(session: Session, account_id: str) -> Account | None:
    """Return an account, or None where there is none with this id."""
    return session.get(Account, account_id)


def by_name(session: Session, name: str) -> Account | None:
    """Return the account that a name means, or None."""
    return session.exec(select(Account).where(Account.name_key == name_key(name))).first()


def named(session: Session, name: str) -> Account:
    """Return the account of a name.

    Raises:
        UnknownAccountError: Nobody has it.
    """
    account = by_name(session, name)
    if account is None:
        raise UnknownAccountError(name=name)
    return account


def listing(session: Session) -> Sequence[Account]:
    """Return all accounts, by name."""
    return session.exec(select(Account).order_by(col(Account.name_key))).all()


def ids(session: Session) -> set[bytes]:
    """Return the ids of all accounts, as the key store has them."""
    return {bytes.fromhex(account_id) for account_id in session.exec(select(Account.id))}


def has_administrator(session: Session, besides: str = "") -> bool:
    """Tell whether there is an administrator who can sign in, besides the one with this id."""
    able = (Account.role == ADMINISTRATOR, col(Account.login_public).is_not(None), Account.id != besides)
    return session.exec(select(Account.id).where(*able).limit(1)).first() is not None


def unenrolled_administrator(session: Session) -> Account | None:
    """Return the administrator who never enrolled: the owner of an appliance that had no accounts yet."""
    waiting = select(Account).where(Account.role == ADMINISTRATOR, col(Account.login_public).is_(None))
    return session.exec(waiting.order_by(col(Account.created_at))).first()


def enrol(session: Session, link: SetupLink, name: str, keys: PublicKeys) -> Account:
    """Make the account that a link is for, or give it other keys and end all its sessions.

    What was sealed to the keys of before stays sealed for ever: so its index goes too. Workspaces let in who has the
    keys that an owner signed, so somebody with other keys is in none until an owner takes them in again.

    Raises:
        PersonNameError: The name cannot be one.
        NameTakenError: Somebody else has it.
    """
    given = link.name or checked_name(name)
    account = find(session, link.account_id)
    if account is None:
        account = Account(id=link.account_id, name=given, name_key=name_key(given), role=link.role)
    elif account.is_enrolled:
        given = account.name
        for table in (SealedIndex, WorkspaceMember):
            session.exec(delete(table).where(col(table.account_id) == account.id))
    holder = by_name(session, given)
    if holder is not None and holder.id != account.id:
        raise NameTakenError(name=given)
    account.name, account.name_key = given, name_key(given)
    for field in ("kdf", "login_public", "recovery_public", "ed_public", "x_public"):
        setattr(account, field, getattr(keys, field))
    session.add(account)
    session.exec(delete(LiveSession).where(col(LiveSession.account_id) == account.id))
    session.flush()
    return account


def change_passphrase(session: Session, account_id: str, kdf: bytes, login_public: bytes) -> None:
    """Keep how the next passphrase is stretched and proved."""
    statement = update(Account).where(col(Account.id) == account_id)
    session.exec(statement.values(kdf=kdf, login_public=login_public))


def change_recovery(session: Session, account_id: str, recovery_public: bytes) -> None:
    """Keep how the next recovery code is proved."""
    session.exec(update(Account).where(col(Account.id) == account_id).values(recovery_public=recovery_public))


def change_role(session: Session, account_id: str, role: str) -> None:
    """Make somebody an administrator, or a member.

    Raises:
        NotFoundError: There is no such account.
        LastAdministratorError: Nobody would be left who can let people in.
    """
    account = get(session, account_id)
    if role != ADMINISTRATOR:
        _require_another_administrator(session, account)
    account.role = role
    session.add(account)


def close(session: Session, account_id: str) -> None:
    """Let nobody in by this account any more, as the first step of removing it.

    Raises:
        NotFoundError: There is no such account.
        LastAdministratorError: Nobody would be left who can let people in.
    """
    account = get(session, account_id)
    _require_another_administrator(session, account)
    session.exec(delete(LiveSession).where(col(LiveSession.account_id) == account_id))
    session.exec(delete(SetupLink).where(col(SetupLink.account_id) == account_id))
    account.login_public = account.recovery_public = account.kdf = None
    session.add(account)


def require_open(session: Session, account_id: str) -> None:
    """Refuse what a request adds for an account that is being removed, or is gone.

    Asked in the very transaction that adds it: an account is closed before anything of it is looked up and erased, so
    what was added earlier is found, and what came in behind that would stay for ever without an owner.

    Raises:
        SignedOutError: The account was closed after the request was let in.
    """
    account = find(session, account_id)
    if account is None or not account.is_enrolled:
        raise SignedOutError


def remove(session: Session, account_id: str) -> None:
    """Remove the row of an account and what hangs on it; its keys, recordings and search packs are gone before."""
    for table in (LiveSession, SetupLink, SealedIndex, WorkspaceMember, OrganisationUse):
        session.exec(delete(table).where(col(table.account_id) == account_id))
    session.exec(delete(Account).where(col(Account.id) == account_id))


def _require_another_administrator(session: Session, account: Account) -> None:
    if account.role == ADMINISTRATOR and account.is_enrolled and not has_administrator(session, besides=account.id):
        raise LastAdministratorError
