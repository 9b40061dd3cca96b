"""Projects and their members in the store.

Each change of a membership is one transaction that holds the project's row, so that two owners who take each other's
role at once do not leave it without one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from tvcore.errors import TiledVizError, UsageError
from tvcore.portal.access import GUEST
from tvcore.portal.roles import Role, known
from tvcore.store.access import bump, first_project
from tvcore.store.memberships import become, owners
from tvcore.store.models import ProjectRow, SessionRow
from tvcore.store.people_models import MembershipRow, PersonRow
from tvcore.store.walls import Lost, remove_session

ACTIVE = "active"


@dataclass(frozen=True)
class Standing:
    """What somebody is in a project: a *role*, and whether *operate* was granted beside it."""

    role: Role
    operate: bool = False


@dataclass(frozen=True)
class Change:
    """A change of somebody's membership: what they were and are to be, None outside the project.

    *owners* are how many members that can come in own it now, *guest* is who is in it for a while, *active* who can
    come in.
    """

    was: Standing | None
    now: Standing | None
    owners: int
    guest: bool
    active: bool


Check = Callable[[Change], None]  # raises TiledVizError for what may not be


class Projects:
    """The projects of a store, and who is in them."""

    def __init__(self, writing: sessionmaker[Session], reading: sessionmaker[Session]) -> None:
        self._writing = writing
        self._reading = reading

    def first(self) -> int:
        """Return the id of the project that is there from the beginning."""
        with self._reading() as db:
            return first_project(db)

    def find(self, name: str) -> int:
        """Return the id of the project *name*. Raises UsageError when there is none."""
        with self._reading() as db:
            found = db.scalar(select(ProjectRow.id).where(ProjectRow.name == name))
        if found is None:
            raise UsageError(f"there is no project {name[:80]!r}: `tiledviz project list` lists those there are")
        return found

    def listed(self, ids: Collection[int] | None = None) -> list[dict[str, Any]]:
        """Return a dictionary per project (all, or those of *ids*), oldest first: ``id``, ``name``, ``created``,
        ``first``, and how many ``members`` and ``sessions`` it has.
        """
        members = select(func.count()).where(MembershipRow.project_id == ProjectRow.id).scalar_subquery()
        sessions = select(func.count()).where(SessionRow.project_id == ProjectRow.id).scalar_subquery()
        query = select(ProjectRow, members.label("members"), sessions.label("sessions")).order_by(ProjectRow.id)
        if ids is not None:
            query = query.where(ProjectRow.id.in_(list(ids)))
        with self._reading() as db:
            first = first_project(db)
            return [
                {
                    "id": row.ProjectRow.id, "name": row.ProjectRow.name, "created": row.ProjectRow.created,
                    "first": row.ProjectRow.id == first, "members": row.members, "sessions": row.sessions,
                }
                for row in db.execute(query)
            ]  # fmt: skip

    def new(self, name: str, owner: int) -> int:
        """Make the project *name*, of the person *owner*; return its id. Raises UsageError: the name is taken."""
        now = time.time()
        try:
            with self._writing.begin() as db:
                row = ProjectRow(name=name, created=now)
                db.add(row)
                db.flush()
                db.add(MembershipRow(project_id=row.id, person_id=owner, role="owner", added=now))
                bump(db)
                return row.id
        except IntegrityError:
            raise _taken(name) from None

    def rename(self, project: int, name: str) -> None:
        """Call a project *name*. Raises UsageError: there is another of that name."""
        try:
            with self._writing.begin() as db:
                _locked(db, project).name = name
                bump(db)
        except IntegrityError:
            raise _taken(name) from None

    def loses(self, project: int) -> Lost:
        """Return what goes with a project when it is deleted."""
        with self._reading() as db:
            return Lost.of_project(db, project)

    def delete(self, project: int) -> Lost:
        """Delete a project with all that is in it; return what that was. Raises TiledVizError: not now."""
        with self._writing.begin() as db:
            row = _locked(db, project)
            if project == first_project(db):
                raise TiledVizError("the first project stays: what the command line launches is in it")
            lost = Lost.of_project(db, project)
            for session in db.scalars(select(SessionRow).where(SessionRow.project_id == project)).all():
                remove_session(db, session)
            db.delete(row)
            bump(db)
            return lost

    # --------------------------------------------------------------- members

    def members(self, project: int) -> list[dict[str, Any]]:
        """Return a dictionary per member, who came first first: who they are, ``role``, ``operate`` and ``added``."""
        query = (
            select(MembershipRow, PersonRow)
            .join(PersonRow, PersonRow.id == MembershipRow.person_id)
            .where(MembershipRow.project_id == project)
            .order_by(MembershipRow.added, PersonRow.id)
        )
        with self._reading() as db:
            return [_member(member, person) for member, person in db.execute(query)]

    def member(self, project: int, person: int) -> dict[str, Any]:
        """Return one of them. Raises UsageError when there is none."""
        found = next((each for each in self.members(project) if each["person"] == person), None)
        if found is None:
            raise no_member()
        return found

    def change(self, project: int, person: int, to: Callable[[Standing | None], Standing | None], check: Check) -> None:
        """Have *person* be in *project* what *to* makes of what they are; *check* is asked first."""
        with self._writing.begin() as db:
            _locked(db, project)
            _change(db, project, person, to, check)
            bump(db)

    def transfer(self, project: int, giver: int, taker: int, check: Check) -> None:
        """Have *taker*, a member, own *project*, and *giver*, an owner, be an admin of it; *check* is asked first."""
        with self._writing.begin() as db:
            _locked(db, project)
            if db.get(MembershipRow, (project, taker)) is None:
                raise no_member()
            _change(db, project, taker, lambda _: Standing("owner"), check)
            _change(db, project, giver, lambda _: Standing("admin"), check)
            bump(db)

    # ---------------------------------------------------------------- people

    def person(self, named: str) -> int:
        """Return the id of the person called *named*, as ``name`` or ``way:name``. Raises UsageError.

        Guests are not found: they are there for a while.
        """
        if not named.isprintable():
            raise UsageError("nobody is called what cannot be printed")
        way, colon, name = named.partition(":")
        query = select(PersonRow.id, PersonRow.way).where(PersonRow.way != GUEST)
        with self._reading() as db:
            # Who comes by another way may be called "accounts:anna": that is nobody's name where accounts are a way.
            is_way = colon and db.scalar(select(PersonRow.id).where(PersonRow.way == way).limit(1)) is not None
            called = (PersonRow.way == way, PersonRow.name == name) if is_way else (PersonRow.name == named,)
            found = db.execute(query.where(*called)).all()
        if not found:
            raise UsageError(f"nobody called {named[:80]!r} is known here: they log in once, or get an account, first")
        if len(found) > 1:
            ways = " or ".join(f"{row.way}:{named}" for row in found)
            raise UsageError(f"several people are called {named[:80]!r}: write {ways}")
        return int(found[0].id)


def _locked(db: Session, project: int) -> ProjectRow:
    found = db.scalar(select(ProjectRow).where(ProjectRow.id == project).with_for_update())
    if found is None:
        raise UsageError(f"there is no project {project}")
    return found


def _change(
    db: Session, project: int, person: int, to: Callable[[Standing | None], Standing | None], check: Check
) -> None:
    who = db.get(PersonRow, person)
    if who is None:
        raise no_member()
    row = db.get(MembershipRow, (project, person))
    was = Standing(known(row.role) or "guest", row.operate) if row is not None else None
    now = to(was)
    check(Change(was, now, owners(db, project), who.way == GUEST, who.state == ACTIVE))
    become(db, project, person, None if now is None else now.role, now is not None and now.operate)


def _member(member: MembershipRow, person: PersonRow) -> dict[str, Any]:
    return {
        "person": person.id, "way": person.way, "name": person.name, "display": person.display, "state": person.state,
        "role": member.role, "operate": member.operate, "added": member.added,
    }  # fmt: skip


def _taken(name: str) -> UsageError:
    return UsageError(f"there is a project {name!r} already: choose another name")


def no_member() -> UsageError:
    """Return what is wrong when somebody is no member."""
    return UsageError("this person is no member of the project: add them first")
