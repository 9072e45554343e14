"""Which run said it, of several of one name: when it was started."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("evidence", sa.Column("started", sa.BigInteger(), nullable=True))
