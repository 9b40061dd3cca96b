"""The sessions' documents: their operations, what of them is settled, and named versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    session = ("session.id",)
    op.create_table(
        "operation",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("op", sa.String(64), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("written", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("session_id", "seq", name="pk_operation"),
        sa.ForeignKeyConstraint(["session_id"], session, name="fk_operation_session_id_session", ondelete="CASCADE"),
        sa.UniqueConstraint("session_id", "op", name="uq_operation_session_id"),
    )
    op.create_table(
        "document_base",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("written", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_document_base"),
        sa.ForeignKeyConstraint(
            ["session_id"], session, name="fk_document_base_session_id_session", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_version"),
        sa.ForeignKeyConstraint(["session_id"], session, name="fk_version_session_id_session", ondelete="CASCADE"),
        sa.UniqueConstraint("session_id", "name", name="uq_version_session_id"),
    )
