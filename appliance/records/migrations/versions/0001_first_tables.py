"""The first tables: accounts, recordings, jobs and sealed transcripts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("role", name=op.f("uq_accounts_role")),
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("received_chunks", sa.Integer(), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("options_json", sa.String(), nullable=False),
        sa.Column("audio_id", sa.LargeBinary(), nullable=False),
        sa.Column("title_id", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_title", sa.LargeBinary(), nullable=False),
        sa.Column("title_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('uploading', 'stored', 'audio_erased')", name=op.f("ck_recordings_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
        sa.UniqueConstraint("audio_id", name=op.f("uq_recordings_audio_id")),
        sa.UniqueConstraint("title_id", name=op.f("uq_recordings_title_id")),
    )
    op.create_index(op.f("ix_recordings_owner_id_created_at"), "recordings", ["owner_id", "created_at"], unique=False)
    op.create_index(op.f("ix_recordings_state_touched_at"), "recordings", ["state", "touched_at"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("options_json", sa.String(), nullable=False),
        sa.Column("diarize", sa.Boolean(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("audio_s", sa.Float(), nullable=True),
        sa.Column("seconds_json", sa.String(), nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("error_facts_json", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_jobs_state")),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_jobs_recording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(op.f("ix_jobs_recording_id_created_at"), "jobs", ["recording_id", "created_at"], unique=False)
    op.create_index(op.f("ix_jobs_state_created_at"), "jobs", ["state", "created_at"], unique=False)
    op.create_index(op.f("ix_jobs_state_diarize_ended_at"), "jobs", ["state", "diarize", "ended_at"], unique=False)
    op.create_index(
        "ux_jobs_one_open_per_recording",
        "jobs",
        ["recording_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('queued', 'running')"),
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_table(
        "live_sessions",
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_live_sessions_account_id")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_live_sessions")),
    )
    op.create_index(op.f("ix_live_sessions_account_id"), "live_sessions", ["account_id"], unique=False)
    op.create_table(
        "sealed_transcripts",
        sa.Column("document_id", sa.LargeBinary(), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("speakers", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_sealed_transcripts_recording_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_sealed_transcripts")),
        sa.UniqueConstraint("recording_id", name=op.f("uq_sealed_transcripts_recording_id")),
    )
    op.create_table(
        "setup_links",
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_setup_links_account_id")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_setup_links")),
    )
    op.create_index(op.f("ix_setup_links_account_id"), "setup_links", ["account_id"], unique=False)
