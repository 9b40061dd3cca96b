"""People with an account: who they are, how they prove it, and the links by which they choose a password."""

from __future__ import annotations

import secrets
import shlex
import time
from collections.abc import Collection
from typing import Any, Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from tvcore.errors import TiledVizError, UsageError
from tvcore.portal.access import GUEST, TOKEN
from tvcore.portal.roles import Role
from tvcore.store.access import bump, end_logins, first_project, hashed
from tvcore.store.memberships import owners, revoke_of
from tvcore.store.models import LoginRow, ProjectRow
from tvcore.store.people_models import (
    ApiTokenRow,
    MembershipRow,
    PasswordRow,
    PersonLinkRow,
    PersonRow,
    RecoveryCodeRow,
)

ACCOUNTS = "accounts"  # the way of those who have a password here
ACTIVE, PENDING, UNVERIFIED, DEACTIVATED = "active", "pending", "unverified", "deactivated"
LINKS_MAX = 5  # that one person has at a time, of a kind

LinkKind = Literal["reset", "verify"]


class Accounts:
    """Accounts and the people of all ways, as rows."""

    def __init__(self, writing: sessionmaker[Session], reading: sessionmaker[Session]) -> None:
        self._writing = writing
        self._reading = reading

    # ------------------------------------------------------------------ people

    def people(self) -> list[dict[str, Any]]:
        """Return a dictionary for each person but guests, the oldest first."""
        query = select(PersonRow).where(PersonRow.way != GUEST).order_by(PersonRow.id)
        with self._reading() as db:
            return [_document(db, row) for row in db.scalars(query)]

    def person(self, person: int) -> dict[str, Any]:
        """Return who *person* is. Raises UsageError when there is nobody of this id."""
        with self._reading() as db:
            return _document(db, _there(db, person))

    def find(self, name: str) -> dict[str, Any] | None:
        """Return who has an account of this *name*, if there is one."""
        with self._reading() as db:
            row = db.scalar(_of_name(name))
            return None if row is None else _document(db, row)

    def of_mail(self, address: str) -> list[dict[str, Any]]:
        """Return those with an account whose own the mail *address* is, as they showed."""
        same = func.lower(PersonRow.mail) == address.lower()
        query = select(PersonRow).where(PersonRow.way == ACCOUNTS, PersonRow.verified, same)
        with self._reading() as db:
            return [_document(db, row) for row in db.scalars(query)]

    def count(self, states: Collection[str]) -> int:
        """Return how many accounts are in one of *states*."""
        query = select(func.count()).where(PersonRow.way == ACCOUNTS, PersonRow.state.in_(states))
        with self._reading() as db:
            return db.scalars(query).one()

    def add(
        self, name: str, display: str, mail: str | None, state: str, password: str | None, newcomer: Role | None
    ) -> int:
        """Make an account, with the *password*'s hash if it has one yet; return the person's id.

        One that is active is a member of the first project, as *newcomer*. Raises UsageError: the name is taken.
        """
        now = time.time()
        try:
            with self._writing.begin() as db:
                row = PersonRow(way=ACCOUNTS, name=name, display=display, mail=mail, state=state, created=now)
                db.add(row)
                db.flush()
                if password is not None:
                    db.add(PasswordRow(person_id=row.id, hash=password, changed=now))
                if state == ACTIVE:
                    _welcome(db, row.id, newcomer)
                bump(db)
                return row.id
        except IntegrityError as error:
            raise UsageError(f"the name {name} is taken: choose another") from error

    def met(self, way: str, name: str, display: str, newcomer: Role | None) -> int:
        """Return the id of the person whom *way*, which vouches for them, knows by *name*; there is one from now on.

        Who is new is a member of the first project, as *newcomer*.
        """
        query = select(PersonRow.id).where(PersonRow.way == way, PersonRow.name == name)
        with self._reading() as db:
            if (found := db.scalar(query)) is not None:
                return found
        try:
            with self._writing.begin() as db:
                row = PersonRow(way=way, name=name, display=display, created=time.time())
                db.add(row)
                db.flush()
                _welcome(db, row.id, newcomer)
                bump(db)
                return row.id
        except IntegrityError:  # two of their pages came at once
            with self._reading() as db:
                return db.scalars(query).one()

    def forget_unverified(self, before: float, person: int | None = None) -> None:
        """Forget the accounts that never showed their mail address, made *before* then; or that of *person*."""
        stale = delete(PersonRow).where(PersonRow.state == UNVERIFIED, PersonRow.created < before)
        with self._writing.begin() as db:
            db.execute(stale if person is None else stale.where(PersonRow.id == person))

    def set_display(self, person: int, display: str) -> None:
        """Have others read *display* for *person*."""
        with self._writing.begin() as db:
            _there(db, person).display = display
            bump(db)

    def set_mail(self, person: int, mail: str | None) -> None:
        """Have *person* have this address, which is theirs as far as it is known; None: none."""
        with self._writing.begin() as db:
            row = _there(db, person)
            row.mail, row.verified = mail, False
            db.execute(delete(PersonLinkRow).where(PersonLinkRow.person_id == person))

    def set_state(self, person: int, state: str, newcomer: Role | None = None) -> None:
        """Have *person* be in *state*; one who may not come in any more is out, and so are their API tokens and links,
        and whoever came by an invitation of theirs, which would be their own way back in.

        Who becomes active and was no member of anything is one of the first project, as *newcomer*. Raises
        TiledVizError: it is the last administrator, or the last owner of a project.
        """
        with self._writing.begin() as db:
            row = _there(db, person)
            was = row.state
            if state != ACTIVE:
                _not_the_last(db, row)
            row.state = state
            db.flush()  # which holds them: nobody invites as them from here on
            if state != ACTIVE:
                _somebody_owns_what_they_own(db, row)
                for table in (ApiTokenRow, PersonLinkRow):
                    db.execute(delete(table).where(table.person_id == person))
                revoke_of(db, person, None)
                end_logins(db, person)
            elif was in (PENDING, UNVERIFIED):
                _welcome(db, person, newcomer)
            bump(db)

    def set_administrator(self, person: int, administrator: bool) -> None:
        """Have *person* be an administrator of the portal, or not. Raises TiledVizError: it is the last one."""
        with self._writing.begin() as db:
            row = _there(db, person)
            if not administrator:
                _not_the_last(db, row)
            row.administrator = administrator
            bump(db)

    def end_logins(self, person: int) -> None:
        """End all logins of *person*."""
        with self._writing.begin() as db:
            end_logins(db, person)

    # ------------------------------------------------------------------- proof

    def proof(self, person: int) -> dict[str, Any] | None:
        """Return how *person* proves who they are: ``hash``, ``totp`` (encrypted), ``totp_on``; None: not here."""
        with self._reading() as db:
            row = db.get(PasswordRow, person)
            return None if row is None else {"hash": row.hash, "totp": row.totp, "totp_on": row.totp_on}

    def set_password(self, person: int, new: str, keep: tuple[str, str] | None = None) -> None:
        """Keep the hash of a *new* password, and end all logins but that of the page *keep* (hashes of cookie, key).

        Links to choose another one are void.
        """
        with self._writing.begin() as db:
            _put_password(db, person, new, keep)

    def rehash(self, person: int, old: str, new: str) -> None:
        """Keep the same password as a hash of today's parameters, unless it was changed meanwhile."""
        same = (PasswordRow.person_id == person, PasswordRow.hash == old)
        with self._writing.begin() as db:
            db.execute(update(PasswordRow).where(*same).values(hash=new))

    def set_totp(self, person: int, secret: str | None) -> None:
        """Keep the encrypted *secret*, which does not count yet; None: no codes are asked for any more."""
        with self._writing.begin() as db:
            row = db.get_one(PasswordRow, person)
            row.totp, row.totp_on, row.totp_step = secret, False, 0
            if secret is None:
                db.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person))

    def turn_totp_on(self, person: int, secret: str, step: int, recovery: Collection[str]) -> bool:
        """Have codes of the encrypted *secret* be asked for, those after *step*; return whether it still is the one.

        *recovery* are the hashes of the codes that do in place of one.
        """
        known = (PasswordRow.person_id == person, PasswordRow.totp == secret)
        with self._writing.begin() as db:
            done = db.execute(update(PasswordRow).where(*known).values(totp_on=True, totp_step=step))
            if not _changed(done):
                return False
            _put_recovery(db, person, recovery)
            return True

    def use_step(self, person: int, step: int) -> bool:
        """Return whether the code of *step* was not used before, nor a later one; it is now."""
        unused = (PasswordRow.person_id == person, PasswordRow.totp_step < step)
        with self._writing.begin() as db:
            return _changed(db.execute(update(PasswordRow).where(*unused).values(totp_step=step)))

    def set_recovery(self, person: int, recovery: Collection[str]) -> None:
        """Have *recovery*, as hashes, be all the recovery codes there are."""
        with self._writing.begin() as db:
            _put_recovery(db, person, recovery)

    def use_recovery(self, person: int, code: str) -> bool:
        """Return whether *code*, as a hash, is a recovery code of *person*; it is not any more."""
        one = (RecoveryCodeRow.person_id == person, RecoveryCodeRow.hash == code)
        with self._writing.begin() as db:
            return _changed(db.execute(delete(RecoveryCodeRow).where(*one)))

    # ------------------------------------------------------------------- links

    def add_link(self, person: int, kind: LinkKind, seconds: float, mail: str | None = None) -> tuple[str, float]:
        """Return a secret that is good for *seconds*, once, and when its time is over; only its hash is kept.

        *mail* is the address that it was sent to, which is the person's own if it comes back. Of a kind a person has
        a handful at most: the oldest are void.
        """
        secret, expires = secrets.token_urlsafe(32), time.time() + seconds
        of = (PersonLinkRow.person_id == person, PersonLinkRow.kind == kind)
        with self._writing.begin() as db:
            _there(db, person)
            db.execute(delete(PersonLinkRow).where(PersonLinkRow.expires < time.time()))
            newest = select(PersonLinkRow.hash).where(*of).order_by(PersonLinkRow.expires.desc()).limit(LINKS_MAX - 1)
            db.execute(delete(PersonLinkRow).where(*of, PersonLinkRow.hash.not_in(db.scalars(newest).all())))
            db.add(PersonLinkRow(hash=hashed(secret), person_id=person, kind=kind, mail=mail, expires=expires))
        return secret, expires

    def link(self, secret: str, kind: LinkKind) -> dict[str, Any] | None:
        """Return the person for whom *secret* is good, as ``person`` does; None: for nobody."""
        with self._reading() as db:
            row = db.get(PersonLinkRow, hashed(secret))
            if row is None or row.kind != kind or row.expires < time.time():
                return None
            return _document(db, _there(db, row.person_id))

    def use_link(self, secret: str, kind: LinkKind) -> tuple[int, str | None] | None:
        """Return the person and address that *secret* is good for, None if for nobody; it is not any more."""
        query = delete(PersonLinkRow).where(PersonLinkRow.hash == hashed(secret), PersonLinkRow.kind == kind)
        with self._writing.begin() as db:
            returned = query.returning(PersonLinkRow.person_id, PersonLinkRow.mail, PersonLinkRow.expires)
            gone = db.execute(returned).one_or_none()
        return None if gone is None or gone.expires < time.time() else (gone.person_id, gone.mail)

    def reset_password(self, secret: str, new: str) -> bool:
        """Spend the link *secret* and keep the hash of a *new* password, or neither; return whether it was good."""
        link = (PersonLinkRow.hash == hashed(secret), PersonLinkRow.kind == "reset")
        with self._writing.begin() as db:
            spent = delete(PersonLinkRow).where(*link, PersonLinkRow.expires >= time.time())
            person = db.execute(spent.returning(PersonLinkRow.person_id)).scalar_one_or_none()
            if person is None:
                return False
            _put_password(db, person, new)
            return True

    def verified(self, person: int, mail: str, state: str, newcomer: Role | None) -> str:
        """Note that *mail* is the address of *person*; who waited for just that is in *state* now. Return theirs."""
        with self._writing.begin() as db:
            row = _there(db, person)
            row.mail, row.verified = mail, True
            # What was sent to an address of before is no proof any more.
            db.execute(delete(PersonLinkRow).where(PersonLinkRow.person_id == person))
            if row.state == UNVERIFIED:
                row.state = state
                if state == ACTIVE:
                    _welcome(db, person, newcomer)
                bump(db)
            return row.state


def _of_name(name: str) -> Any:
    return select(PersonRow).where(PersonRow.way == ACCOUNTS, PersonRow.name == name)


def _there(db: Session, person: int) -> PersonRow:
    row = db.get(PersonRow, person)
    if row is None or row.way == GUEST:
        raise UsageError(f"there is no person {person}: `tiledviz account list` has those there are")
    return row


def _changed(done: Any) -> bool:
    return bool(done.rowcount)


def _put_password(db: Session, person: int, new: str, keep: tuple[str, str] | None = None) -> None:
    now = time.time()
    row = db.get(PasswordRow, person)
    if row is None:
        db.add(PasswordRow(person_id=person, hash=new, changed=now))
    else:
        row.hash, row.changed = new, now
    reset = PersonLinkRow.kind == "reset"
    db.execute(delete(PersonLinkRow).where(PersonLinkRow.person_id == person, reset))
    others = delete(LoginRow).where(LoginRow.person_id == person)
    if keep is not None:
        others = others.where((LoginRow.cookie_hash != keep[0]) | (LoginRow.key_hash != keep[1]))
    db.execute(others)
    bump(db)


def _put_recovery(db: Session, person: int, recovery: Collection[str]) -> None:
    db.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person))
    db.add_all(RecoveryCodeRow(hash=code, person_id=person) for code in recovery)


def _welcome(db: Session, person: int, role: Role | None) -> None:
    if role is None or db.scalar(select(MembershipRow).where(MembershipRow.person_id == person).limit(1)):
        return
    db.add(MembershipRow(project_id=first_project(db), person_id=person, role=role, added=time.time()))


def _not_the_last(db: Session, row: PersonRow) -> None:
    if not row.administrator:
        return
    if row.way == TOKEN:
        raise TiledVizError(f"{row.name} is the Unix user whose portal this is: they stay its administrator")
    # All are locked, so that two who take it from each other at the same time wait for one another.
    others = select(PersonRow.id).where(PersonRow.administrator, PersonRow.state == ACTIVE).with_for_update()
    if set(db.scalars(others)) <= {row.id}:
        raise TiledVizError(f"{row.name} is the last administrator: make another one first")


def _somebody_owns_what_they_own(db: Session, row: PersonRow) -> None:
    """Check that each project of *row*, who may not come in any more, has an owner who may."""
    own = (MembershipRow.person_id == row.id, MembershipRow.role == "owner")
    theirs = select(ProjectRow).join(MembershipRow, MembershipRow.project_id == ProjectRow.id).where(*own)
    # Held, so that two owners who are deactivated at once, or leave, wait for one another.
    for project in db.scalars(theirs.order_by(ProjectRow.id).with_for_update(of=ProjectRow)).all():
        if not owners(db, project.id):
            raise TiledVizError(
                f"{row.name} is the last owner of the project {project.name!r}: have another member own it first "
                f"(`tiledviz project role {shlex.quote(project.name)} PERSON owner`)"
            )


def _document(db: Session, row: PersonRow) -> dict[str, Any]:
    proof = db.get(PasswordRow, row.id)
    left = select(func.count()).where(RecoveryCodeRow.person_id == row.id)
    return {
        "id": row.id, "way": row.way, "name": row.name, "display": row.display, "mail": row.mail,
        "verified": row.verified, "state": row.state, "administrator": row.administrator,
        "password": proof is not None, "changed": proof.changed if proof else None,
        "totp": bool(proof and proof.totp_on), "recovery": db.scalars(left).one() if proof else 0,
        "created": row.created, "seen": row.seen,
    }  # fmt: skip
