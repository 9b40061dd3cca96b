"""Invitations in the store: only the SHA-256 of a secret is kept, as 256 random bits cannot be guessed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from tvcore.errors import UsageError
from tvcore.portal.access import GUEST
from tvcore.portal.roles import Grant
from tvcore.store.access import bump, hashed
from tvcore.store.memberships import revoke, standing
from tvcore.store.models import LoginRow, SessionRow
from tvcore.store.people_models import InvitationRow, MembershipRow, PersonRow

MOST = 1000  # of a session, those that are over too


@dataclass(frozen=True)
class Wanted:
    """What an invitation is to be: *tiles* None for the whole session, *uses* None for any number of guests.

    *display* is the name of the display wall whose screen it is for, or whose remote control, which *leads* it.
    """

    operate: bool
    tiles: Sequence[int] | None
    seconds: float
    uses: int | None
    note: str
    display: str | None = None
    leads: bool = False


class Invitations:
    """The invitations of a store, and the guests who came by them."""

    def __init__(self, writing: sessionmaker[Session], reading: sessionmaker[Session]) -> None:
        self._writing = writing
        self._reading = reading

    def new(self, session: str, secret: str, wanted: Wanted, person: int, check: Callable[[Grant | None], None]) -> int:
        """Make an invitation of *person*'s to *session*, good for who has *secret*; return its id.

        *check* is called first with what they may do there by now, None: nothing; it may raise.
        """
        now = time.time()
        named = SessionRow.name == session
        with self._writing.begin() as db:
            project = db.scalar(select(SessionRow.project_id).where(named))
            if project is not None:
                check(standing(db, project, person))
            room = db.scalar(select(SessionRow.id).where(named).with_for_update())
            if room is None:
                raise UsageError(f"there is no session {session[:80]!r}: `tiledviz session list` lists those there are")
            old = select(InvitationRow.id).where(InvitationRow.session_id == room).order_by(InvitationRow.id.desc())
            for each in db.scalars(old.offset(MOST - 1)).all():
                _forget_if_over(db, each, now)
            if len(db.scalars(old.limit(MOST)).all()) >= MOST:
                raise UsageError(f"this session has {MOST} invitations that are good: revoke some first")
            row = InvitationRow(
                session_id=room, hash=hashed(secret), note=wanted.note, operate=wanted.operate,
                tiles=None if wanted.tiles is None else sorted(set(wanted.tiles)), uses_max=wanted.uses, created=now,
                expires=now + wanted.seconds, person_id=person, display=wanted.display, leads=wanted.leads,
            )  # fmt: skip
            db.add(row)
            db.flush()
            return row.id

    def listed(self, session: str) -> list[dict[str, Any]]:
        """Return a dictionary per invitation to *session*, the newest first, those that are over too."""
        query = (
            select(InvitationRow, SessionRow.name)
            .join(SessionRow, SessionRow.id == InvitationRow.session_id)
            .where(SessionRow.name == session)
            .order_by(InvitationRow.id.desc())
        )
        with self._reading() as db:
            return [_document(db, row.InvitationRow, row.name) for row in db.execute(query)]

    def unrevoked(self) -> list[int]:
        """Return the ids of those that nobody revoked, to any session: guests may be here by one that is over."""
        with self._reading() as db:
            query = select(InvitationRow.id).where(InvitationRow.revoked.is_(None)).order_by(InvitationRow.id)
            return list(db.scalars(query))

    def read(self, invitation: int) -> dict[str, Any]:
        """Return one of them. Raises UsageError when there is none."""
        with self._reading() as db:
            row, session = _find(db, invitation)
            return _document(db, row, session)

    def revoke(self, invitation: int) -> dict[str, Any]:
        """Make an invitation good for nothing, and forget who came by it, with their logins; return it."""
        with self._writing.begin() as db:
            row, session = _find(db, invitation)
            revoke(db, row)
            bump(db)
            db.flush()
            return _document(db, row, session)

    def revoke_display(self, session: str, display: str) -> int:
        """Make all invitations for a display wall good for nothing; return how many guests are out by that."""
        query = (
            select(InvitationRow)
            .join(SessionRow, SessionRow.id == InvitationRow.session_id)
            .where(SessionRow.name == session, InvitationRow.display == display, InvitationRow.revoked.is_(None))
        )
        with self._writing.begin() as db:
            rows = db.scalars(query).all()
            out = sum(len(_document(db, row, session)["guests"]) for row in rows)
            for row in rows:
                revoke(db, row)
            if rows:
                bump(db)
            return out

    def accept(
        self, secret: str, name: str, here: Sequence[int], check: Callable[[Sequence[str], Sequence[str]], None]
    ) -> int | None:
        """Return the id of a new guest called *name*; None: *secret* is good for nobody (any more).

        *check* is called first with the names of the members of the project, and of those guests of the session who
        are *here*, by their ids; it may raise.
        """
        now = time.time()
        with self._writing.begin() as db:
            query = select(InvitationRow).where(InvitationRow.hash == hashed(secret)).with_for_update()
            row = db.scalar(query)
            if row is None or _state(row, now) != "open":
                return None
            check(_members(db, row.session_id), _guests(db, row.session_id, here))
            row.uses += 1
            # Nobody who is here may anything else than before: no portal has to ask anew.
            guest = PersonRow(
                way=GUEST, name=f"g-{secrets.token_hex(8)}", display=name, invitation_id=row.id, created=now
            )
            db.add(guest)
            db.flush()
            return guest.id


def _find(db: Session, invitation: int) -> tuple[InvitationRow, str]:
    query = select(InvitationRow, SessionRow.name).join(SessionRow, SessionRow.id == InvitationRow.session_id)
    found = db.execute(query.where(InvitationRow.id == invitation)).one_or_none()
    if found is None:
        raise UsageError(f"there is no invitation {invitation}: `tiledviz invite list` lists those there are")
    return found.InvitationRow, found.name


def _state(row: InvitationRow, now: float) -> str:
    if row.revoked is not None:
        return "revoked"
    if row.expires < now:
        return "expired"
    return "used" if row.uses_max is not None and row.uses >= row.uses_max else "open"


def _document(db: Session, row: InvitationRow, session: str) -> dict[str, Any]:
    now = time.time()
    by = db.scalar(select(PersonRow.display).where(PersonRow.id == row.person_id)) if row.person_id else None
    here = select(LoginRow.person_id).where(LoginRow.expires >= now)
    guests = select(PersonRow).where(PersonRow.invitation_id == row.id, PersonRow.id.in_(here)).order_by(PersonRow.id)
    return {
        "id": row.id, "session": session, "note": row.note, "control": row.operate, "tiles": row.tiles,
        "uses": row.uses, "uses_max": row.uses_max, "created": row.created, "expires": row.expires,
        "revoked": row.revoked, "by": by or "", "state": _state(row, now),
        "display": row.display, "leads": row.leads,
        "guests": [
            {"person": guest.id, "display": guest.display, "since": guest.created} for guest in db.scalars(guests)
        ],
    }  # fmt: skip


def _members(db: Session, room: int) -> list[str]:
    """Return the names by which the members of the project of a session are known."""
    query = (
        select(PersonRow.name, PersonRow.display)
        .join(MembershipRow, MembershipRow.person_id == PersonRow.id)
        .join(SessionRow, SessionRow.project_id == MembershipRow.project_id)
        .where(SessionRow.id == room, PersonRow.way != GUEST)
    )
    return [name for row in db.execute(query) for name in row]


def _guests(db: Session, room: int, here: Sequence[int]) -> Sequence[str]:
    """Return the names of those guests of a session who are *here*."""
    of = select(InvitationRow.id).where(InvitationRow.session_id == room)
    query = select(PersonRow.display).where(PersonRow.id.in_(here), PersonRow.invitation_id.in_(of))
    return db.scalars(query).all()


def _forget_if_over(db: Session, invitation: int, now: float) -> None:
    """Forget an invitation by which nobody can come, and nobody is here."""
    row = db.get_one(InvitationRow, invitation)
    guests = select(PersonRow.id).where(PersonRow.invitation_id == row.id).limit(1)
    if _state(row, now) != "open" and db.scalar(guests) is None:
        db.delete(row)
        db.flush()


__all__ = ["Invitations", "Wanted"]
