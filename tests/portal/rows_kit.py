"""Sessions, members and guests for tests, made as rows of the store: what the portal does with them is what counts."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal_kit import Browser, RunningPortal
from tvcore.portal.roles import Role
from tvcore.store import Store
from tvcore.store.access import bump, end_logins, first_project, hashed
from tvcore.store.models import JobRow, ProjectRow, SessionRow, ShownRow, TileSetRow
from tvcore.store.people_models import InvitationRow, MembershipRow, PersonRow
from tvcore.store.shown import touch

FAR = 1e10


def new_project(store: Store) -> int:
    with Session(store.engine) as db, db.begin():
        row = ProjectRow(name=secrets.token_hex(6), created=time.time())
        db.add(row)
        db.flush()
        return row.id


def new_session(store: Store, project: int | None = None) -> str:
    """Make a session, in the first project unless another is named, and return its key."""
    key = f"s-{secrets.token_hex(4)}"
    with Session(store.engine) as db, db.begin():
        of = project or first_project(db)
        db.add(SessionRow(name=key, title=f"Title of {key}", project_id=of, revision=0, created=time.time()))
        bump(db)
    return key


def delete_session(store: Store, session: str) -> None:
    with Session(store.engine) as db, db.begin():
        db.execute(delete(SessionRow).where(SessionRow.name == session))
        bump(db)


def link(store: Store, session: str, job: str) -> None:
    """Have *session* show the tile set of *job* beside its own."""
    with Session(store.engine) as db, db.begin():
        of = db.scalars(select(SessionRow.id).where(SessionRow.name == session)).one()
        shown = db.scalars(select(TileSetRow).join(JobRow).where(JobRow.id_there == job)).one()
        db.add(ShownRow(session_id=of, set_id=shown.id))
        db.flush()
        touch(db, shown)


def browser_of(portal: RunningPortal, person: int) -> Browser:
    """Return a browser in which *person*, by their id, is logged in."""
    browser, cookie = Browser(portal), secrets.token_hex(32)
    browser.key, browser.cookie = secrets.token_hex(32), f"tiledviz_{portal.port}={cookie}"
    assert portal.store.access.add_login(cookie, browser.key, 3600, person) is not None
    return browser


def member(store: Store, role: Role, name: str = "", project: int | None = None, operate: bool = False) -> int:
    """Make somebody with an account, a member of the first project or another, and return their id."""
    with Session(store.engine) as db, db.begin():
        name = name or f"m-{secrets.token_hex(4)}"
        row = PersonRow(way="accounts", name=name, display=f"The one called {name}", created=time.time())
        db.add(row)
        db.flush()
        of = {"project_id": project or first_project(db), "person_id": row.id}
        db.add(MembershipRow(**of, role=role, operate=operate, added=time.time()))
        bump(db)
        return row.id


def change_member(store: Store, person: int, **to: object) -> None:
    """Give a member another role, or ``operate``; without anything they are none any more."""
    with Session(store.engine) as db, db.begin():
        of = MembershipRow.person_id == person
        db.execute(update(MembershipRow).where(of).values(**to) if to else delete(MembershipRow).where(of))
        bump(db)


def deactivate(store: Store, person: int) -> None:
    with Session(store.engine) as db, db.begin():
        db.execute(update(PersonRow).where(PersonRow.id == person).values(state="deactivated"))
        end_logins(db, person)


def invitation(store: Store, session: str, tiles: Sequence[int] | None = None, operate: bool = False) -> int:
    with Session(store.engine) as db, db.begin():
        of = db.scalars(select(SessionRow.id).where(SessionRow.name == session)).one()
        row = InvitationRow(
            session_id=of, hash=hashed(secrets.token_hex(32)), operate=operate, created=time.time(), expires=FAR,
            tiles=None if tiles is None else list(tiles),
        )  # fmt: skip
        db.add(row)
        db.flush()
        return row.id


def guest(store: Store, invitation: int, display: str = "A guest") -> int:
    """Make somebody who came by *invitation*, and return their id."""
    with Session(store.engine) as db, db.begin():
        name = f"g-{secrets.token_hex(8)}"
        row = PersonRow(way="guest", name=name, display=display, invitation_id=invitation, created=time.time())
        db.add(row)
        db.flush()
        bump(db)
        return row.id


def revoke(store: Store, invitation: int) -> None:
    with Session(store.engine) as db, db.begin():
        db.execute(update(InvitationRow).where(InvitationRow.id == invitation).values(revoked=time.time()))
        bump(db)
