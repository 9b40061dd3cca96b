"""The store's migrations (alembic)."""
