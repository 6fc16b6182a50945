"""Names and terms: of a workspace, and of a recording until its job has ended."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the column."""
    op.create_table(
        "vocabularies",
        sa.Column("workspace_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_vocabularies_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_vocabularies")),
    )
    op.add_column("recordings", sa.Column("sealed_terms", sa.LargeBinary(), nullable=True))
