"""The rows of the sessions."""

from __future__ import annotations

import contextlib
import time

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tvcore.errors import UsageError
from tvcore.session import SESSION
from tvcore.store.access import bump, first_project
from tvcore.store.models import SessionRow


def locked(db: Session, name: str) -> SessionRow:
    """Return the session with the key *name*; its row is locked until the transaction ends.

    Raises UsageError when there is none: it may have been deleted a moment ago.
    """
    found = db.scalar(select(SessionRow).where(SessionRow.name == name).with_for_update())
    if found is None:
        raise UsageError(f"there is no session {name} (any more): `tiledviz session list` lists those there are")
    return found


def made(db: Session, name: str) -> SessionRow:
    """Return the session with the key *name* as ``locked`` does; the one that is there from the beginning is made anew.

    Any other that is gone stays so: made here it would show to the first project what is for another.
    """
    if name != SESSION:
        return locked(db, name)
    query = select(SessionRow).where(SessionRow.name == name).with_for_update()
    found = db.scalar(query)
    if found is None:
        # Another process may be first: its row is the one, then.
        with contextlib.suppress(IntegrityError), db.begin_nested():
            project = first_project(db)
            db.add(SessionRow(name=name, title=name, project_id=project, revision=0, created=time.time()))
            bump(db)
        found = db.scalars(query).one()
    return found
