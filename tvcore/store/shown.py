"""Which sessions show a tile set: the one that it was launched for, and those that it is linked to."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from tvcore.store.models import SessionRow, ShownRow, TileSetRow


def shown_in(session: str) -> ColumnElement[bool]:
    """Return the condition for a tile set to be on the wall of *session*, by its key."""
    of = select(SessionRow.id).where(SessionRow.name == session)
    linked = select(ShownRow.set_id).join(SessionRow, SessionRow.id == ShownRow.session_id)
    return or_(
        TileSetRow.session_id == of.scalar_subquery(), TileSetRow.id.in_(linked.where(SessionRow.name == session))
    )


def touch(db: Session, *sets: TileSetRow) -> None:
    """Count up the revision of every session that shows one of *sets*, within a transaction."""
    if not sets:
        return
    linked = select(ShownRow.session_id).where(ShownRow.set_id.in_({each.id for each in sets}))
    showing = or_(SessionRow.id.in_({each.session_id for each in sets}), SessionRow.id.in_(linked))
    # In one order everywhere, so that no two transactions wait for each other.
    found = db.scalars(select(SessionRow.id).where(showing).order_by(SessionRow.id).with_for_update()).all()
    counted = update(SessionRow).where(SessionRow.id.in_(found)).values(revision=SessionRow.revision + 1)
    db.execute(counted, execution_options={"synchronize_session": False})
