"""What a tile shows where it is no live display, and what is known of that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tile", sa.Column("kind", sa.String(10), nullable=False, server_default="live"))
    op.add_column("tile", sa.Column("media", sa.JSON(), nullable=True))
