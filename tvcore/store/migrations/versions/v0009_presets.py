"""Sets of parameters that are kept under a name, to launch a case with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tvcore.store.columns import Json

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "preset",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("case", sa.String(80), nullable=False),
        sa.Column("parameters", Json, nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("tiles", sa.Integer(), nullable=True),
        sa.Column("saved", sa.Double(), nullable=False),
        sa.UniqueConstraint("name", name="uq_preset_name"),
    )
