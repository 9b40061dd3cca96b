"""What a search reads of a session's tiles, without all else that the wall document has."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Select, func, select

from tvcore.store.models import JobRow, TileRow, TileSetRow
from tvcore.store.shown import shown_in


class Lookup:
    """The tiles of a session, in the order of the wall."""

    def __init__(self, engine: Engine, session: str) -> None:
        self._engine = engine.execution_options(read_only=True)
        now = (TileRow.id, TileRow.state, TileRow.node)
        self._now = _of(session, *now)
        self._editions = select(func.coalesce(func.sum(TileSetRow.edition), 0)).where(shown_in(session))
        metadata, job = TileRow.metadata_.label("metadata"), JobRow.id_there.label("job")
        self._all = _of(session, *now, TileRow.title, TileRow.tags, metadata, TileSetRow.case, job).join(JobRow)

    def now(self) -> list[tuple[int, str, str | None]]:
        """Return id, state and node of each tile: the states and nodes change, and the tiles come and go."""
        with self._engine.connect() as db:
            return [(number, state, node) for number, state, node in db.execute(self._now)]

    def editions(self) -> int:
        """Return a number that is another one whenever titles, tags, metadata or columns of these tiles changed."""
        with self._engine.connect() as db:
            return db.scalar(self._editions) or 0

    def tiles(self) -> list[dict[str, Any]]:
        """Return the same with title, tags, metadata, case and job, which stay while ``editions`` and the tiles do."""
        with self._engine.connect() as db:
            return [dict(row) for row in db.execute(self._all).mappings()]


def _of(session: str, *columns: Any) -> Select[*tuple[Any, ...]]:
    there = select(*columns).select_from(TileRow).join(TileSetRow, TileSetRow.id == TileRow.set_id)
    return there.where(shown_in(session)).order_by(TileRow.set_id, TileRow.index)
