"""What a tile shows where it is no live display, and what is known of that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tvcore.store.columns import Json

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("tile") as tile:
        tile.add_column(sa.Column("kind", sa.String(10), nullable=False, server_default="live"))
        tile.add_column(sa.Column("media", Json, nullable=True))
