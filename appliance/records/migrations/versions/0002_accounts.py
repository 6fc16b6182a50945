"""People: names, roles and public keys for accounts; invitations; sessions with a name of their own; sealed indexes.

Sessions and links of before end here: whoever had one comes back by a new link, and enrols.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the owner of before the first administrator, who has not enrolled yet and keeps the recordings."""
    op.drop_table("live_sessions")
    op.drop_table("setup_links")
    op.rename_table("accounts", "accounts_before")
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_key", sa.String(length=400), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kdf", sa.LargeBinary(length=32), nullable=True),
        sa.Column("login_public", sa.LargeBinary(length=32), nullable=True),
        sa.Column("recovery_public", sa.LargeBinary(length=32), nullable=True),
        sa.Column("ed_public", sa.LargeBinary(length=32), nullable=True),
        sa.Column("x_public", sa.LargeBinary(length=32), nullable=True),
        sa.CheckConstraint("role IN ('administrator', 'member')", name=op.f("ck_accounts_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name_key", name=op.f("uq_accounts_name_key")),
    )
    op.execute(
        "INSERT INTO accounts (id, name, name_key, role, created_at) "
        "SELECT id, 'owner', 'owner', 'administrator', created_at FROM accounts_before"
    )
    op.drop_table("accounts_before")
    op.create_table(
        "live_sessions",
        sa.Column("token_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("recovered", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_live_sessions_account_id")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_live_sessions")),
        sa.UniqueConstraint("id", name=op.f("uq_live_sessions_id")),
    )
    op.create_index(op.f("ix_live_sessions_account_id"), "live_sessions", ["account_id"], unique=False)
    op.create_table(
        "setup_links",
        sa.Column("token_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=True),
        sa.Column("name_key", sa.String(length=400), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("reset", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_setup_links")),
    )
    op.create_index(op.f("ix_setup_links_account_id"), "setup_links", ["account_id"], unique=False)
    op.create_index(op.f("ix_setup_links_name_key"), "setup_links", ["name_key"], unique=False)
    op.create_table(
        "sealed_indexes",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sealed_indexes_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_sealed_indexes")),
    )
