"""Search packs: what a person's own browser searches of their private transcripts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "search_packs",
        sa.Column("document_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_search_packs_account_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_search_packs")),
    )
    op.create_index(op.f("ix_search_packs_account_id"), "search_packs", ["account_id"], unique=False)
