"""Jobs on several nodes, and what is known of the services that they need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tvcore.store.columns import Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("expected_start", sa.Double))
    op.add_column("job", sa.Column("nodes", Json, nullable=False, server_default="[]"))
    op.add_column("job", sa.Column("lost", Json, nullable=False, server_default="[]"))
    op.add_column("tile", sa.Column("ordinal", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "service",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("asked", sa.Double, nullable=False),
        sa.Column("answered", sa.Double, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("asking_until", sa.Double, nullable=False),
    )
