"""Ids of tiles that are never given again, and which operations are the session's."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PATHS = re.compile(r'"(?:order|tags|tile|drawing|note)/([0-9]{1,9})["/]')
_LISTS = re.compile(r'(?:selection|zoomed|followers)"[,:]\[([0-9,]+)\]')


def upgrade() -> None:
    with op.batch_alter_table("operation") as operation:
        operation.add_column(sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.true()))
    if op.get_bind().dialect.name == "sqlite":
        _never_again()


def _never_again() -> None:
    """Have SQLite, which alone gives the ids of removed rows again, count on from the largest that anything names."""
    # Nothing but a table made anew begins to count.
    with op.batch_alter_table("tile", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
        pass
    db = op.get_bind()
    bodies = "SELECT body FROM operation UNION ALL SELECT body FROM document_base UNION ALL SELECT body FROM version"
    largest = db.scalar(sa.text("SELECT max(id) FROM tile")) or 0
    for body in db.scalars(sa.text(bodies)):
        largest = max(largest, _largest(body or ""))
    db.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'tile'"))
    db.execute(sa.text("INSERT INTO sqlite_sequence VALUES ('tile', :seq)"), {"seq": largest})


def _largest(body: str) -> int:
    """Return the largest id that a body names; one of ten digits was never given."""
    named = [*_PATHS.findall(body), *(tile for tiles in _LISTS.findall(body) for tile in tiles.split(","))]
    return max((int(tile) for tile in named if 0 < len(tile) < 10), default=0)
