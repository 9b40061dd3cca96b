"""What follows when somebody is something else in a project, or nothing any more: one place for all who change that.

All of it happens within the transaction of who calls, which counts up the access version (``access.bump``).
"""

from __future__ import annotations

import time

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tvcore.portal.access import TOKEN
from tvcore.portal.roles import OWNER, Grant, Right, Role, known
from tvcore.store.models import ProjectRow, SessionRow
from tvcore.store.people_models import InvitationRow, MembershipRow, PersonRow

# What an invitation needs of who makes it; True: one with control.
_INVITES: tuple[tuple[Right, bool], ...] = (("manage", False), ("operate", True))


def become(db: Session, project: int, person: int, role: Role | None, operate: bool = False) -> None:
    """Have *person* be *role* in *project*, None: no member; what they may not invite to any more is revoked.

    Who may not invite any more has no way back in by a link that they made while they might.
    """
    left = None if role is None else Grant(role, operate)
    for right, control in _INVITES:
        if left is None or not left.may(right):
            revoke_of(db, person, project, control)
    row = db.get(MembershipRow, (project, person))
    if role is None:
        db.execute(delete(MembershipRow).where(MembershipRow.project_id == project, MembershipRow.person_id == person))
    elif row is None:
        added = {"project_id": project, "person_id": person, "added": time.time()}
        db.add(MembershipRow(**added, role=role, operate=operate))
    else:
        row.role, row.operate = role, operate
    db.flush()


def standing(db: Session, project: int, person: int) -> Grant | None:
    """Return what *person* may do in *project* until this transaction ends: whoever changes it waits for that.

    Whose portal it is may all, as their command line does; None: nobody is a member of this id who can come in.
    """
    # Held in the order in which a login holds them, and no more than it takes: a key of theirs can be referred to.
    who = db.execute(
        select(PersonRow.way, PersonRow.state).where(PersonRow.id == person).with_for_update(key_share=True)
    )
    found = who.one_or_none()
    db.scalar(select(ProjectRow.id).where(ProjectRow.id == project).with_for_update(key_share=True))
    if found is None or found.state != "active":
        return None
    if found.way == TOKEN:
        return OWNER
    row = db.get(MembershipRow, (project, person), populate_existing=True)
    return None if row is None else Grant(known(row.role) or "guest", row.operate)


def owners(db: Session, project: int) -> int:
    """Return how many members that can come in own *project*."""
    query = (
        select(func.count())
        .select_from(MembershipRow)
        .join(PersonRow, PersonRow.id == MembershipRow.person_id)
        .where(MembershipRow.project_id == project, MembershipRow.role == "owner", PersonRow.state == "active")
    )
    return db.scalar(query) or 0


def revoke_of(db: Session, person: int, project: int | None, control: bool = False) -> None:
    """Revoke what *person* invited to in *project*, None: in all; with *control*, just what is with control."""
    query = select(InvitationRow).where(InvitationRow.person_id == person)
    if project is not None:
        query = query.join(SessionRow, SessionRow.id == InvitationRow.session_id)
        query = query.where(SessionRow.project_id == project)
    for row in db.scalars(query.where(InvitationRow.operate) if control else query).all():
        revoke(db, row)


def revoke(db: Session, row: InvitationRow) -> None:
    """Make an invitation good for nothing, and forget who came by it, with their logins."""
    if row.revoked is None:
        row.revoked = time.time()
    db.flush()
    db.execute(delete(PersonRow).where(PersonRow.invitation_id == row.id))
