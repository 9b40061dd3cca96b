"""Alembic's entry: runs the migrations on the connection that ``tvcore.store.database`` hands over."""

from __future__ import annotations

from alembic import context

from tvcore.store import people_models as _people_models  # noqa: F401 - their tables
from tvcore.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
