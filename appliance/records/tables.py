"""Every table, side by side: what is in clear about a recording, and the sealed bytes beside it.

A class with ``table=True`` does not validate: what enters is checked at the edges, and the few values that queries rely
on are checked by the database.
"""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from appliance.records.columns import ID_CHARACTERS, UtcDateTime, new_id, utc_now

DOCUMENT_ID_BYTES = 16
DIGEST_BYTES = 32
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
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


class Recording(SQLModel, table=True):
    """Audio that a person gave us, by the ids of its sealed parts.

    Attributes:
        owner_id: Who put it in. As long as it is in no workspace, it belongs to them alone.
        workspace_id: The workspace it belongs to instead, or None.
        state: ``uploading``, ``stored`` or ``audio_erased``.
        mode: ``standard``, or ``private``: then the appliance holds no key of title and transcript.
        size_bytes: Of the whole file, before sealing; in privacy mode rounded up when the job has ended.
        received_chunks: How many chunks are in the spool; also the number of the chunk that is due.
        touched_at: When the last chunk came.
        options_json: What the person chose, until the job takes it over.
        audio_id: Document id of the audio, 16 bytes.
        title_id: Document id of the title, 16 bytes.
    """

    __tablename__ = "recordings"
    __table_args__ = (
        CheckConstraint("state IN ('uploading', 'stored', 'audio_erased')", name="state"),
        Index(None, "owner_id", "created_at"),
        Index(None, "workspace_id", "created_at"),
        Index(None, "state", "touched_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=ID_CHARACTERS)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    owner_id: str = Field(max_length=ID_CHARACTERS)
    workspace_id: str | None = Field(default=None, max_length=ID_CHARACTERS)
    state: str = Field(default="uploading", max_length=16)
    mode: str = Field(default="standard", max_length=16)
    size_bytes: int = Field(sa_type=BigInteger)
    received_chunks: int = 0
    touched_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    options_json: str
    audio_id: bytes = Field(unique=True, max_length=DOCUMENT_ID_BYTES)
    title_id: bytes = Field(unique=True, max_length=DOCUMENT_ID_BYTES)
    sealed_title: bytes
    title_version: int = 1


class Job(SQLModel, table=True):
    """The transcription of a recording, from waiting to its one ending.

    Attributes:
        state: ``queued``, ``running``, ``done``, ``failed`` or ``cancelled``.
        options_json: A TranscribeOptions.
        diarize: The one option that changes the speed, so that measured_speed can compare like with like.
        attempt: How often it was claimed.
        started_at: Of the last claim.
        audio_s: Duration of the recording in seconds, known once it is decoded.
        seconds_json: Stage to seconds it took.
        error_code: Why it failed, a code of the error tree.
        error_facts_json: The facts of that error.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
        Index(None, "recording_id", "created_at"),
        Index(None, "state", "created_at"),
        Index(None, "state", "diarize", "ended_at"),
        Index(
            "ux_jobs_one_open_per_recording",  # Two last chunks at once must not make two jobs.
            "recording_id",
            unique=True,
            sqlite_where=text("state IN ('queued', 'running')"),
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=ID_CHARACTERS)
    recording_id: str = Field(foreign_key="recordings.id", max_length=ID_CHARACTERS)
    state: str = Field(default="queued", max_length=16)
    options_json: str
    diarize: bool
    attempt: int = 0
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    audio_s: float | None = None
    seconds_json: str | None = None
    error_code: str | None = Field(default=None, max_length=64)
    error_facts_json: str | None = None


class SealedTranscript(SQLModel, table=True):
    """What was said, sealed.

    Attributes:
        document_id: 16 bytes; its wrapped key stands under this id in the key store.
        version: Grows by one with every change, and is inside the seal too.
        speakers: How many speakers were told apart.
    """

    __tablename__ = "sealed_transcripts"

    document_id: bytes = Field(primary_key=True, max_length=DOCUMENT_ID_BYTES)
    recording_id: str = Field(foreign_key="recordings.id", unique=True, max_length=ID_CHARACTERS)
    version: int = 1
    sealed: bytes
    language: str = Field(max_length=16)
    speakers: int
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    changed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Workspace(SQLModel, table=True):
    """Transcripts that several people share. Its name is inside the seal of its member lists.

    Attributes:
        id: Chosen by the browser that makes it, which binds keys and lists to it before there is a row.
    """

    __tablename__ = "workspaces"

    id: str = Field(primary_key=True, max_length=ID_CHARACTERS)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    created_by: str = Field(max_length=ID_CHARACTERS)


class StoredList(SQLModel, table=True):
    """One version of who is in a workspace, as an owner signed it.

    Attributes:
        body: The signed bytes.
        signature: Ed25519, 64 bytes.
    """

    __tablename__ = "member_lists"

    workspace_id: str = Field(foreign_key="workspaces.id", primary_key=True, max_length=ID_CHARACTERS)
    version: int = Field(primary_key=True)
    body: bytes
    signature: bytes = Field(max_length=SIGNATURE_BYTES)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class WorkspaceMember(SQLModel, table=True):
    """Whom the server lets in, derived from the newest list for queries; the truth is the signed list.

    Who left, or has other keys than the list says, is in the list and not here.

    Attributes:
        role: ``owner``, ``editor`` or ``viewer``.
    """

    __tablename__ = "workspace_members"
    __table_args__ = (CheckConstraint("role IN ('owner', 'editor', 'viewer')", name="role"),)

    workspace_id: str = Field(foreign_key="workspaces.id", primary_key=True, max_length=ID_CHARACTERS)
    account_id: str = Field(foreign_key="accounts.id", primary_key=True, index=True, max_length=ID_CHARACTERS)
    role: str = Field(max_length=16)


class Share(SQLModel, table=True):
    """A link by which somebody without an account reads a transcript.

    Attributes:
        id: Names the link in its address; it opens nothing.
        token_digest: SHA-256 of the access token, which the browser derives from the link's secret; neither is kept.
        kdf: How the PIN is stretched, a KDF record of 32 bytes; None where there is no PIN.
        opened_at: When somebody last came with the whole link.
    """

    __tablename__ = "shares"

    id: str = Field(primary_key=True, max_length=ID_CHARACTERS)
    recording_id: str = Field(foreign_key="recordings.id", index=True, max_length=ID_CHARACTERS)
    owner_id: str = Field(max_length=ID_CHARACTERS)
    token_digest: bytes = Field(unique=True, max_length=DIGEST_BYTES)
    kdf: bytes | None = Field(default=None, max_length=PUBLIC_KEY_BYTES)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(index=True, sa_type=UtcDateTime)
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
