"""The organisation's recovery: its public keys, and when they were used."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "organisation_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ed_public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("x_public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_organisation_keys_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_keys")),
    )
    op.create_table(
        "organisation_uses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("used_by", sa.String(length=80), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_organisation_uses_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_uses")),
    )
    op.create_index(op.f("ix_organisation_uses_account_id"), "organisation_uses", ["account_id"], unique=False)
