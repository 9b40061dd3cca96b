"""What tiles really got and why they failed; when jobs end; the images and the settings of a run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tvcore.store.columns import Json

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("ends", sa.Double))
    op.add_column("job", sa.Column("cause", sa.String(40), nullable=False, server_default=""))
    op.add_column("tile_set", sa.Column("images", Json, nullable=False, server_default="{}"))
    op.add_column("tile_set", sa.Column("settings", Json, nullable=False, server_default="{}"))
    op.add_column("tile", sa.Column("cause", sa.String(40), nullable=False, server_default=""))
    op.add_column("tile", sa.Column("image", sa.Text))
    op.add_column("tile", sa.Column("gl", Json))
