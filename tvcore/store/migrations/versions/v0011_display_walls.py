"""Invitations for the screens of a display wall, and for its remote control."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invitation", sa.Column("display", sa.String(64), nullable=True))
    op.add_column("invitation", sa.Column("leads", sa.Boolean(), nullable=False, server_default=sa.false()))
