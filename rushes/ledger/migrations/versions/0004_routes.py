"""Routes: how an order's endpoint was chosen, which of a provider's keys made a job, and what live jobs tell."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("orders", sa.Column("route", sa.LargeBinary(), nullable=True))
    op.add_column("jobs", sa.Column("credential", sa.String(length=40), nullable=True))
    op.add_column("evidence", sa.Column("job", sa.String(length=40), nullable=True))
    op.create_index(op.f("ix_evidence_job_recorded"), "evidence", ["job", "recorded"], unique=False)
