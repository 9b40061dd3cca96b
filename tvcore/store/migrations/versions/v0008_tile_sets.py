"""Tile sets that are kept, with what they were; and a count of what changed in what tiles say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("tile_set") as tile_set:
        tile_set.add_column(sa.Column("edition", sa.Integer(), nullable=False, server_default="0"))
        tile_set.add_column(sa.Column("complete", sa.Boolean(), nullable=True))
    op.create_table(
        "kept_set",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("name", name="uq_kept_set_name"),
    )
    op.create_table(
        "kept_set_revision",
        sa.Column("set_id", sa.Integer(), sa.ForeignKey("kept_set.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("label", sa.String(80), nullable=False, server_default=""),
        sa.Column("tiles", sa.Integer(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
