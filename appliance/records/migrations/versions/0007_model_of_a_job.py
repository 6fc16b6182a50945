"""Which speech model heard a recording."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of the jobs of before nobody knows."""
    op.add_column("jobs", sa.Column("model", sa.String(), nullable=True))
