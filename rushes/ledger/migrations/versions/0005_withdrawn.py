"""Withdrawn evidence: what a run said before and no longer says."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("evidence", sa.Column("withdrawn", sa.BigInteger(), nullable=True))
