"""The store (SQLAlchemy): sessions, tile sets, tiles, jobs and logins."""

from tvcore.store.store import Members, Store, TilePlace

__all__ = ["Members", "Store", "TilePlace"]
