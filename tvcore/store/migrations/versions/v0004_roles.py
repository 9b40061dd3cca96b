"""Whom a login is for: a role for each login, and for each address that makes one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("login_ticket", "login"):
        op.add_column(table, sa.Column("role", sa.String(20), nullable=False, server_default="owner"))
