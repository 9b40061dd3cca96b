"""Who is logged in, and what they may do where: what the portal asks of the store for every page and API token.

What follows from rows of people, memberships and invitations is worked out here, once. Whatever changes one of those
counts up a number (``bump``), by which every portal knows that what it was told before counts no more.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from tvcore.portal.access import GUEST, TOKEN
from tvcore.portal.roles import TABLE, Role, known
from tvcore.store.memberships import become, owners, revoke_of
from tvcore.store.models import LoginRow, LoginTicketRow, ProjectRow, SessionRow
from tvcore.store.people_models import AccessRow, ApiTokenRow, InvitationRow, MembershipRow, PersonRow

TICKET_SECONDS = 600
TOGETHER = 500  # ids in one question to the database
SEEN_SECONDS = 60.0  # from one note that a token was used to the next

_logger = logging.getLogger(__name__)

_T = TypeVar("_T")


def hashed(secret: str) -> str:
    """Return the SHA-256 of *secret*, which is all that is kept of one that cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def bump(db: Session) -> None:
    """Have every portal ask anew who may do what."""
    db.execute(update(AccessRow).values(version=AccessRow.version + 1))


def first_project(db: Session) -> int:
    """Return the id of the project that is there from the beginning."""
    found = db.scalar(select(ProjectRow.id).order_by(ProjectRow.id).limit(1))
    assert found is not None, "a migration made it, and the last one is never deleted"
    return found


class Accesses:
    """Logins, and what they are good for."""

    def __init__(self, writing: sessionmaker[Session], reading: sessionmaker[Session]) -> None:
        self._writing = writing
        self._reading = reading

    def version(self) -> int:
        """Return a number that changes whenever somebody may do something else than before."""
        with self._reading() as db:
            return db.scalars(select(AccessRow.version)).one()

    def owner(self) -> int:
        """Return the id of the person whose portal this is."""
        with self._reading() as db:
            return db.scalars(select(PersonRow.id).where(PersonRow.way == TOKEN).order_by(PersonRow.id).limit(1)).one()

    # ------------------------------------------------------- what one may do

    def of_login(self, cookie_hash: str, key_hash: str) -> dict[str, Any] | None:
        """Return what the page of that cookie and key, both as SHA-256, may do; None: it is not logged in."""
        return self.of_logins([(cookie_hash, key_hash)])[0]

    def of_logins(self, pages: Sequence[tuple[str, str]]) -> list[dict[str, Any] | None]:
        """Return the same for each of *pages*, in as many questions to the database as for one."""
        now = time.time()
        query = select(LoginRow.cookie_hash, LoginRow.key_hash, LoginRow.person_id).where(LoginRow.expires >= now)
        with self._reading() as db:
            whose: dict[tuple[str, str], int] = {}
            for some in batched({cookie for cookie, _ in pages}, TOGETHER):
                for cookie, key, person in db.execute(query.where(LoginRow.cookie_hash.in_(some))):
                    whose[cookie, key] = person
            found = _documents(db, {whose[page] for page in pages if page in whose})
        return [found.get(whose[page]) if page in whose else None for page in pages]

    def of_token(self, token: str) -> dict[str, Any] | None:
        """Return what the API *token* is good for; None: for nothing (any more)."""
        now = time.time()
        with self._reading() as db:
            found = db.scalar(select(ApiTokenRow).where(ApiTokenRow.hash == hashed(token)))
            if found is None or found.expires < now:
                return None
            document = _document(db, found.person_id, found)
            stale = found.used is None or found.used < now - SEEN_SECONDS
            number = found.id
        if document is not None and stale:
            with self._writing.begin() as db:
                db.execute(update(ApiTokenRow).where(ApiTokenRow.id == number).values(used=now))
        return document

    def of_person(self, person: int) -> dict[str, Any] | None:
        """Return what a person may do, by their id; None: nothing, or there is none."""
        with self._reading() as db:
            return _document(db, person)

    def came(self, way: str, name: str, role: Role | None, display: str = "") -> int:
        """Return the id of the person whom *way*, which vouches for them, knows by *name*; there is one from now on.

        With a *role* they are that in the first project from now on, whatever they were there before: but its last
        owner stays. Who may less than before does not keep what was granted beside it.
        """
        with self._writing.begin() as db:
            person = db.scalar(select(PersonRow).where(PersonRow.way == way, PersonRow.name == name).with_for_update())
            if person is None:
                person = PersonRow(way=way, name=name, display=display or name, created=time.time())
                db.add(person)
                db.flush()
                bump(db)
            if role is not None and _became(db, person, role):
                bump(db)
            return person.id

    # ---------------------------------------------------------------- logins

    def add_ticket(self, ticket: str, seconds: float = TICKET_SECONDS, role: Role = "owner") -> None:
        """Make *ticket* good for one login within *seconds*: of the portal's own person, or of a guest with *role*."""
        with self._writing.begin() as db:
            db.execute(delete(LoginTicketRow).where(LoginTicketRow.expires < time.time()))
            db.add(LoginTicketRow(hash=hashed(ticket), expires=time.time() + seconds, role=role))

    def use_ticket(self, ticket: str) -> int | None:
        """Return the id of the person that *ticket* was good for, None if for nobody; it is not any more."""
        now = time.time()
        with self._writing.begin() as db:
            query = delete(LoginTicketRow).where(LoginTicketRow.hash == hashed(ticket))
            gone = db.execute(query.returning(LoginTicketRow.expires, LoginTicketRow.role)).one_or_none()
            if gone is None or gone.expires < now:
                return None
            if gone.role == "owner":
                query_owner = select(PersonRow.id).where(PersonRow.way == TOKEN).order_by(PersonRow.id).limit(1)
                return db.scalars(query_owner).one()
            guest = PersonRow(way=GUEST, name=f"g-{secrets.token_hex(8)}", display=gone.role, created=now)
            db.add(guest)
            db.flush()
            membership = MembershipRow(project_id=first_project(db), person_id=guest.id, role=gone.role, added=now)
            db.add(membership)
            bump(db)
            return guest.id

    def add_login(self, cookie: str, key: str, seconds: float, person: int) -> dict[str, Any] | None:
        """Let the page that shows both *cookie* and *key* in for *seconds*, as *person*; return what it may do.

        A browser's pages share its cookie. None: there is no such person any more, or they may not come in.
        """
        now = time.time()
        with self._writing.begin() as db:
            document = _document(db, person)
            if document is None:
                return None
            _forget_old(db, now)
            hashes = {"cookie_hash": hashed(cookie), "key_hash": hashed(key)}
            db.add(LoginRow(**hashes, person_id=person, created=now, expires=now + seconds))
            db.execute(update(PersonRow).where(PersonRow.id == person).values(seen=now))
        return document

    def cookie_known(self, cookie: str) -> bool:
        """Return whether some page of the browser with *cookie* is logged in; the cookie alone lets nobody in."""
        query = select(LoginRow.key_hash).where(LoginRow.cookie_hash == hashed(cookie), LoginRow.expires >= time.time())
        with self._reading() as db:
            return db.scalar(query.limit(1)) is not None

    def cookies(self, most: int) -> list[str]:
        """Return the SHA-256 of the cookies of browsers that are logged in, the last to come first: *most* at most."""
        last = func.max(LoginRow.created)
        query = select(LoginRow.cookie_hash).where(LoginRow.expires >= time.time()).group_by(LoginRow.cookie_hash)
        with self._reading() as db:
            return list(db.scalars(query.order_by(last.desc()).limit(most)))

    def remove_login(self, cookie: str) -> None:
        """End the logins of the browser with *cookie*; guests of whom nothing is left are forgotten."""
        with self._writing.begin() as db:
            db.execute(delete(LoginRow).where(LoginRow.cookie_hash == hashed(cookie)))
            bump(db)
            _forget_old(db, time.time())


def _became(db: Session, person: PersonRow, role: Role) -> bool:
    """Have *person* be *role* in the first project; return whether anything changed."""
    project = first_project(db)
    # Locked, so that two owners who come as less at once do not leave it without one.
    db.scalar(select(ProjectRow.id).where(ProjectRow.id == project).with_for_update())
    member = db.get(MembershipRow, (project, person.id), populate_existing=True)
    if member is None:
        become(db, project, person.id, role)
        return True
    if member.role == role:
        return False
    if member.role == "owner" and person.state == "active" and owners(db, project) <= 1:
        _logger.warning("%s:%s comes as %s, but stays the last owner of the project", person.way, person.name, role)
        return False
    was = known(member.role)
    become(db, project, person.id, role, member.operate and was is not None and TABLE[was] <= TABLE[role])
    return True


def end_logins(db: Session, person: int) -> None:
    """End all logins of *person*, within a transaction."""
    db.execute(delete(LoginRow).where(LoginRow.person_id == person))
    bump(db)


def _forget_old(db: Session, now: float) -> None:
    """Forget logins that are over, and guests who have none any more: they cannot come back as who they were."""
    db.execute(delete(LoginRow).where(LoginRow.expires < now))
    alive = select(LoginRow.person_id)
    # One who is about to get a login was made in this very minute.
    gone = (PersonRow.way == GUEST, PersonRow.id.not_in(alive), PersonRow.created < now - 60)
    inviting = select(InvitationRow.person_id).where(InvitationRow.revoked.is_(None))
    found = db.scalars(select(PersonRow.id).where(*gone, PersonRow.id.in_(inviting))).all()
    for person in found:  # nobody could say any more whose guests those are who came by what they made
        revoke_of(db, person, None)
    if found:
        bump(db)
    db.execute(delete(PersonRow).where(*gone))


def _document(db: Session, person: int, token: ApiTokenRow | None = None) -> dict[str, Any] | None:
    """Return what *person* may do, by *token* if there is one; None: nothing, or there is nobody."""
    found = _documents(db, {person}).get(person)
    if found is None or token is None:
        return found
    scope = {"scope": list(token.rights)}
    # A token that was made for less than all is for no portal.
    who = found["who"] | {"administrator": False, "token": token.name}
    sessions = [each | scope for each in found["sessions"] if token.session_id in (None, each["id"])]
    projects = [each | scope for each in found["projects"]] if token.session_id is None else []
    return found | {"who": who, "sessions": sessions, "projects": projects}


def _documents(db: Session, people: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return what each of *people* may do, by their ids; of those who may nothing there is none."""
    version = db.scalars(select(AccessRow.version)).one()
    rows: list[PersonRow] = []
    for some in batched(people, TOGETHER):
        rows += db.scalars(select(PersonRow).where(PersonRow.id.in_(some), PersonRow.state == "active"))
    guests = _invited(db, {row.invitation_id for row in rows if row.invitation_id is not None})
    members = _member(db, [row.id for row in rows if row.invitation_id is None])
    found = {}
    for row in rows:
        projects, sessions = members[row.id] if row.invitation_id is None else ([], guests[row.invitation_id])
        who = {
            "id": row.id, "way": row.way, "name": row.name, "display": row.display,
            "administrator": row.administrator, "invitation": row.invitation_id, "token": None,
        }  # fmt: skip
        found[row.id] = {"version": version, "who": who, "sessions": sessions, "projects": projects}
    return found


_Documents = list[dict[str, Any]]


def _member(db: Session, people: Sequence[int]) -> dict[int, tuple[_Documents, _Documents]]:
    """Return the projects of each of *people*, and their sessions."""
    found: dict[int, tuple[_Documents, _Documents]] = {person: ([], []) for person in people}
    for some in batched(people, TOGETHER):
        query = (
            select(MembershipRow, ProjectRow)
            .join(ProjectRow, ProjectRow.id == MembershipRow.project_id)
            .where(MembershipRow.person_id.in_(some))
            .order_by(ProjectRow.id)
        )
        for member, project in db.execute(query):
            granted = {"role": member.role, "operate": member.operate}
            found[member.person_id][0].append({"id": project.id, "name": project.name} | granted)
    known = {project["id"] for projects, _ in found.values() for project in projects}
    rows: list[SessionRow] = []
    for part in batched(known, TOGETHER):
        rows += db.scalars(select(SessionRow).where(SessionRow.project_id.in_(part)))
    rows.sort(key=lambda row: row.id)
    for projects, sessions in found.values():
        of = {project["id"]: project for project in projects}
        for row in rows:
            if (there := of.get(row.project_id)) is not None:
                granted = {"role": there["role"], "operate": there["operate"], "tiles": None}
                sessions.append(_session(row) | granted)
    return found


def _invited(db: Session, invitations: Collection[int]) -> dict[int, _Documents]:
    """Return the session that each of *invitations* is for: none of one that was revoked.

    Its end is the end of new guests: those who are here stay for as long as their login.
    """
    found: dict[int, _Documents] = {number: [] for number in invitations}
    for some in batched(invitations, TOGETHER):
        query = select(InvitationRow, SessionRow).join(SessionRow, SessionRow.id == InvitationRow.session_id)
        for invitation, row in db.execute(query.where(InvitationRow.id.in_(some), InvitationRow.revoked.is_(None))):
            granted = {"role": GUEST, "operate": invitation.operate, "tiles": invitation.tiles}
            granted["leads"] = invitation.leads
            found[invitation.id].append(_session(row) | granted)
    return found


def batched(found: Iterable[_T], most: int) -> Iterator[list[_T]]:
    """Yield *found* in lists of *most* at most."""
    rest = iter(found)
    while some := list(islice(rest, most)):
        yield some


def _session(row: SessionRow) -> dict[str, Any]:
    return {
        "id": row.id, "key": row.name, "title": row.title, "project": row.project_id, "archived": row.archived,
    }  # fmt: skip
