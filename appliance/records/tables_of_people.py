"""The tables about people: what is in clear about them, and what their own browsers keep here sealed.

A class with ``table=True`` does not validate: what enters is checked at the edges.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from appliance.records.columns import ID_CHARACTERS, UtcDateTime, new_id, utc_now

DOCUMENT_ID_BYTES = 16
DIGEST_BYTES = 32
PUBLIC_KEY_BYTES = 32
NAME_CHARACTERS = 80
NAME_KEY_CHARACTERS = 400  # Compatibility forms can be several times as long as what they stand for.

SQLModel.metadata.naming_convention = {
    # A constraint without a name cannot be changed by a later migration.
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}


class Account(SQLModel, table=True):
    """A person who may sign in, once their browser has made keys and sent the public halves.

    Attributes:
        name_key: The name as two people would say it is the same one; see ``accounts.name_key``.
        role: ``administrator`` or ``member``. Neither opens what belongs to somebody else.
        kdf: How the passphrase is stretched, a KDF record of 32 bytes; None until the person has enrolled, as are the
            other keys.
        login_public: Ed25519, by which the passphrase is proved, 32 bytes.
        recovery_public: Ed25519, by which the recovery code is proved, 32 bytes.
        ed_public: Ed25519 of the person's identity, 32 bytes.
        x_public: X25519 of the person's identity, 32 bytes: what is sealed to them is sealed to this.
    """

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("role IN ('administrator', 'member')", name="role"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=ID_CHARACTERS)
    name: str = Field(max_length=NAME_CHARACTERS)
    name_key: str = Field(unique=True, max_length=NAME_KEY_CHARACTERS)
    role: str = Field(max_length=16)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    kdf: bytes | None = Field(default=None, max_length=PUBLIC_KEY_BYTES)
    login_public: bytes | None = Field(default=None, max_length=PUBLIC_KEY_BYTES)
    recovery_public: bytes | None = Field(default=None, max_length=PUBLIC_KEY_BYTES)
    ed_public: bytes | None = Field(default=None, max_length=PUBLIC_KEY_BYTES)
    x_public: bytes | None = Field(default=None, max_length=PUBLIC_KEY_BYTES)

    @property
    def is_enrolled(self) -> bool:
        """Whether this person can sign in."""
        return self.login_public is not None


class SetupLink(SQLModel, table=True):
    """A link that lets its bearer enrol, once: as somebody new, or afresh as somebody who has an account.

    Attributes:
        token_digest: SHA-256 of the token; the token itself is nowhere but in the link.
        account_id: Of the account it is for, or that it will make: the browser binds its keys to this id before there
            is a row.
        name: Whom it is for; None where the person chooses.
        name_key: Of that name.
        role: That a new account gets.
        reset: Whether it replaces the keys of a person who has enrolled before.
    """

    __tablename__ = "setup_links"

    token_digest: bytes = Field(primary_key=True, max_length=DIGEST_BYTES)
    account_id: str = Field(index=True, max_length=ID_CHARACTERS)
    name: str | None = Field(default=None, max_length=NAME_CHARACTERS)
    name_key: str | None = Field(default=None, index=True, max_length=NAME_KEY_CHARACTERS)
    role: str = Field(max_length=16)
    reset: bool = False
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LiveSession(SQLModel, table=True):
    """A browser that is signed in.

    Attributes:
        token_digest: SHA-256 of the cookie's token.
        id: By which pages and the server's memory name the session; it opens nothing.
        seen_at: Last request, to within a minute.
        device: Browser and system in words, as far as they are known.
        recovered: Whether the person came in by the recovery code, and may therefore set a passphrase with it.
    """

    __tablename__ = "live_sessions"

    token_digest: bytes = Field(primary_key=True, max_length=DIGEST_BYTES)
    id: str = Field(default_factory=new_id, unique=True, max_length=ID_CHARACTERS)
    account_id: str = Field(foreign_key="accounts.id", index=True, max_length=ID_CHARACTERS)
    created_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    device: str = Field(default="", max_length=64)
    recovered: bool = False


class OrganisationKey(SQLModel, table=True):
    """The public halves of the organisation's keys, by which it lets its people back in; one row, or none.

    Attributes:
        ed_public: Ed25519, by which the organisation's code is proved, 32 bytes.
        x_public: X25519, to which user keys are sealed with the consent of their persons, 32 bytes.
    """

    __tablename__ = "organisation_keys"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: int = Field(default=1, primary_key=True)
    ed_public: bytes = Field(max_length=PUBLIC_KEY_BYTES)
    x_public: bytes = Field(max_length=PUBLIC_KEY_BYTES)
    made_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class OrganisationUse(SQLModel, table=True):
    """That the organisation's key was used to let somebody back in.

    Attributes:
        used_by: Name of the administrator in whose session it was.
        seen: Whether the person was told and said so.
    """

    __tablename__ = "organisation_uses"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=ID_CHARACTERS)
    account_id: str = Field(foreign_key="accounts.id", index=True, max_length=ID_CHARACTERS)
    used_by: str = Field(max_length=NAME_CHARACTERS)
    used_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    seen: bool = False


class SealedIndex(SQLModel, table=True):
    """What a person's own browser remembers of their private documents, sealed under their index key.

    Attributes:
        version: Grows by one with every change, and is inside the seal too.
    """

    __tablename__ = "sealed_indexes"

    account_id: str = Field(foreign_key="accounts.id", primary_key=True, max_length=ID_CHARACTERS)
    version: int
    sealed: bytes


class SearchPack(SQLModel, table=True):
    """The words of some private transcripts of a person, sealed by their own browser, which searches them.

    Attributes:
        document_id: 16 bytes; its key under the person's user key stands under this id in the key store.
        version: Grows by one with every change, and is inside the seal too.
    """

    __tablename__ = "search_packs"

    document_id: bytes = Field(primary_key=True, max_length=DOCUMENT_ID_BYTES)
    account_id: str = Field(foreign_key="accounts.id", index=True, max_length=ID_CHARACTERS)
    version: int
    sealed: bytes
