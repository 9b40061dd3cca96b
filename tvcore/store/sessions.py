"""The rows of the sessions."""

from __future__ import annotations

import contextlib
import time

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tvcore.store.models import SessionRow


def locked(db: Session, name: str) -> SessionRow:
    """Return the session *name*, made if need be; its row is locked until the transaction ends."""
    query = select(SessionRow).where(SessionRow.name == name).with_for_update()
    found = db.scalar(query)
    if found is None:
        # Another process may be first: its row is the one, then.
        with contextlib.suppress(IntegrityError), db.begin_nested():
            db.add(SessionRow(name=name, revision=0, created=time.time()))
        found = db.scalars(query).one()
    return found
