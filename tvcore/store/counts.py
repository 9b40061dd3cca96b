"""How much there is in the store: for ``/metrics``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from tvcore.portal.access import GUEST
from tvcore.store.models import JobRow, ProjectRow, SessionRow, TileRow
from tvcore.store.people_models import PersonRow


def counts(reading: sessionmaker[Session]) -> dict[str, Any]:
    """Return how many jobs and tiles there are, by state, people by what they are, and projects and sessions."""
    with reading() as db:
        return {
            "jobs": _by(db, JobRow.state),
            "tiles": _by(db, TileRow.state),
            "people": {("guest" if guest else "member"): count for guest, count in _pairs(db, PersonRow.way == GUEST)},
            "projects": db.scalar(select(func.count()).select_from(ProjectRow)) or 0,
            "sessions": db.scalar(select(func.count()).select_from(SessionRow)) or 0,
        }


def _by(db: Session, column: Any) -> dict[str, int]:
    return {str(state): count for state, count in _pairs(db, column)}


def _pairs(db: Session, expression: Any) -> list[tuple[Any, int]]:
    return [(value, count) for value, count in db.execute(select(expression, func.count()).group_by(expression))]
