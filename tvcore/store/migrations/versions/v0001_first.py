"""The first tables: session, job, tile set, tile, logins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tvcore.store.columns import Count, Json

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        sa.Column("revision", Count, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("id_there", sa.String(80), nullable=False, unique=True),
        sa.Column("scheduler", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("exit_code", sa.Integer),
        sa.Column("submitted", sa.Double, nullable=False),
        sa.Column("started", sa.Double),
        sa.Column("ended", sa.Double),
    )
    op.create_table(
        "tile_set",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "session_id", sa.Integer, sa.ForeignKey("session.id", ondelete="CASCADE"), index=True, nullable=False
        ),
        sa.Column("job_id", sa.Integer, sa.ForeignKey("job.id", ondelete="CASCADE"), nullable=False, unique=True),
        sa.Column("case", sa.String(80), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("ensemble", sa.Text),
        sa.Column("parameters", Json, nullable=False),
        sa.Column("columns", Json, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
    )
    op.create_table(
        "tile",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("set_id", sa.Integer, sa.ForeignKey("tile_set.id", ondelete="CASCADE"), nullable=False),
        sa.Column("index", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("member", sa.Integer),
        sa.Column("tags", Json, nullable=False),
        sa.Column("metadata", Json, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("node", sa.String(255)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("frames", Count, nullable=False),
        sa.Column("renderer", sa.Text),
        sa.Column("display", sa.String(20)),
        sa.Column("pid", sa.Integer),
        sa.Column("restarts", sa.Integer, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.UniqueConstraint("set_id", "index"),
    )
    op.create_table(
        "login_ticket",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("expires", sa.Double, nullable=False),
    )
    op.create_table(
        "login",
        sa.Column("cookie_hash", sa.String(64), primary_key=True),
        sa.Column("key_hash", sa.String(64), primary_key=True),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
    )
