"""The tables about recordings, side by side: what is in clear about a recording, and the sealed bytes beside it.

A class with ``table=True`` does not validate: what enters is checked at the edges, and the few values that queries rely
on are checked by the database.
"""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from appliance.records.columns import ID_CHARACTERS, UtcDateTime, new_id, utc_now
from appliance.records.tables_of_people import DIGEST_BYTES, DOCUMENT_ID_BYTES, PUBLIC_KEY_BYTES

SIGNATURE_BYTES = 64


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
        diarize: The one option besides the model that changes the speed: measured_speed compares like with like.
        attempt: How often it was claimed.
        started_at: Of the last claim.
        audio_s: Duration of the recording in seconds, known once it is decoded.
        seconds_json: Stage to seconds it took.
        model: Id of the speech model that heard it, known when it is done; it changes the speed too.
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
    model: str | None = None
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
