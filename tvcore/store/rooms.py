"""The sessions' documents in the store: operations in their order, what is settled, and named versions.

The order is a number given within the transaction that stores an operation, while the session's row is locked: two
processes never give the same one, and who is killed in the middle leaves nothing behind.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from tvcore.errors import UsageError
from tvcore.portal.roles import Role, may
from tvcore.session.changes import changes_to, shared_part
from tvcore.session.document import Document, paths_of
from tvcore.session.rules import NAME_MAX, PAGE, WHOLE, Limits, RefusedError, check, check_rights, named, shared
from tvcore.session.text import removed_by
from tvcore.store.models import DocumentBaseRow, OperationRow, SessionRow, VersionRow
from tvcore.store.sessions import locked

SETTLE_AT, KEEP = 4000, 2000  # operations on what all share that can be undone: when there are more, as many are left
SETTLE_LETTERS, KEEP_LETTERS = 32 << 20, 8 << 20  # and what all may come to, as it is sent to every page that joins
MOST_LETTERS = 48 << 20  # no more before some are settled: that many are folded in seconds
FULL = 48 << 20  # letters of what is settled: no page could take more
VERSIONS_MAX = 1000

Operation = dict[str, Any]
Outcome = dict[str, Any]


class Rooms:
    """The documents of the sessions."""

    def __init__(self, writing: sessionmaker[Session], reading: sessionmaker[Session]) -> None:
        self._writing = writing
        self._reading = reading

    # ---------------------------------------------------------- operations

    def append(
        self, session: str, person: str, role: Role, ops: Sequence[Mapping[str, Any]], limits: Limits = PAGE
    ) -> list[Outcome]:
        """Put what *person* does in order; return for each of *ops* ``{"op": ordered}`` or ``{"refused": id, "why"}``.

        One that was taken before is returned as it was ordered then, and not taken again: without what it does, if
        that is settled. What is refused as its name is another operation's is ``taken`` too.
        """
        with self._writing.begin() as db:
            order = _Order(db, locked(db, session).id, person)
            return [order.append(op, role, limits) for op in ops]

    def settle(self, session: str) -> bool:
        """Fold the oldest operations when there are too many; return whether there were.

        It may take seconds, so it is done apart: if it cannot be, all that was appended stands all the same.
        """
        with self._writing.begin() as db:
            return _Order(db, locked(db, session).id, "").settle()

    def since(self, session: str, seq: int | None) -> dict[str, Any]:
        """Return what there is after *seq*: ``{"base", "ops", "head"}``.

        *base* is what was settled, for who knows nothing (None) or less than that; else None.
        """
        with self._reading() as db:
            room = db.scalar(select(SessionRow.id).where(SessionRow.name == session))
            if room is None:
                return {"base": None, "ops": [], "head": 0}
            settled = db.scalar(select(DocumentBaseRow.seq).where(DocumentBaseRow.session_id == room)) or 0
            base = None
            if settled and (seq is None or seq < settled):
                body = db.scalar(select(DocumentBaseRow.body).where(DocumentBaseRow.session_id == room))
                base = json.loads(body or "null")
                seq = settled
            ops = _operations(db, room, seq or 0)
            return {"base": base, "ops": ops, "head": ops[-1]["seq"] if ops else _head(db, room)[0]}

    def head(self, session: str) -> int:
        """Return the number of the last operation, 0 when there is none."""
        with self._reading() as db:
            query = select(func.max(OperationRow.seq)).join(SessionRow, SessionRow.id == OperationRow.session_id)
            return db.scalar(query.where(SessionRow.name == session)) or 0

    def document(self, session: str) -> Document:
        """Return the document of *session* as it is now."""
        with self._reading() as db:
            room = db.scalar(select(SessionRow.id).where(SessionRow.name == session))
            return Document() if room is None else document_of(db, room)

    # ------------------------------------------------------------- changes

    def make(self, session: str, person: str, role: Role, plain: Mapping[str, Any], label: str, op: str) -> Outcome:
        """Make the session say what *plain* says, by one act, which undo takes back.

        Returns ``{"op": ordered}``; None in it when there was nothing to change. Raises RefusedError.
        """
        self.settle(session)  # there may be no portal that does
        with self._writing.begin() as db:
            room = locked(db, session).id
            body = changes_to(document_of(db, room), plain)
            if not body:
                return {"op": None}
            found = _Order(db, room, person).append({"id": op, "label": label, **body}, role, WHOLE)
            if "refused" in found:
                raise RefusedError(found["why"])
        return found

    # ------------------------------------------------------------ versions

    def save_version(self, session: str, name: str, person: str) -> dict[str, Any]:
        """Keep what *session* says now under *name*. Raises UsageError: a bad name, or one that is there."""
        name = name.strip()
        if not name or len(name) > NAME_MAX or not name.isprintable():
            raise UsageError(f"a version's name has 1 to {NAME_MAX} letters that can be printed")
        with self._writing.begin() as db:
            room = locked(db, session).id
            query = select(VersionRow.name).where(VersionRow.session_id == room)
            names = set(db.scalars(query))
            if name in names:
                raise UsageError(f"there is a version {name!r} already: delete it first, or take another name")
            if len(names) >= VERSIONS_MAX:
                raise UsageError(f"there are {VERSIONS_MAX} versions: delete some first")
            body = _dumps(shared_part(document_of(db, room).plain()))
            row = VersionRow(session_id=room, name=name, person=person, at=time.time(), body=body)
            db.add(row)
            db.flush()
            return _version(row)

    def versions(self, session: str) -> list[dict[str, Any]]:
        """Return the versions of *session*, oldest first, without what they say."""
        columns = (VersionRow.id, VersionRow.name, VersionRow.person, VersionRow.at)
        query = select(*columns).join(SessionRow, SessionRow.id == VersionRow.session_id)
        with self._reading() as db:
            return [
                _version(row) for row in db.execute(query.where(SessionRow.name == session).order_by(VersionRow.id))
            ]

    def version(self, version: int) -> dict[str, Any]:
        """Return a version with what it says (``plain``). Raises UsageError when there is none."""
        with self._reading() as db:
            row = db.get(VersionRow, version)
            if row is None:
                raise _no_version(version)
            return _version(row) | {"plain": json.loads(row.body)}

    def delete_version(self, version: int) -> None:
        """Forget a version. Raises UsageError when there is none."""
        with self._writing.begin() as db:
            found = delete(VersionRow).where(VersionRow.id == version).returning(VersionRow.id)
            if db.execute(found).one_or_none() is None:
                raise _no_version(version)


class _Order:
    """Operations of one person put in order, within one transaction."""

    def __init__(self, db: Session, room: int, person: str) -> None:
        self._db = db
        self._room = room
        self._person = person
        self._head, self._written = _head(db, room)
        query = select(DocumentBaseRow.seq, DocumentBaseRow.written, DocumentBaseRow.size)
        base = db.execute(query.where(DocumentBaseRow.session_id == room)).one_or_none()
        self._settled, self._settled_written, self._size = base or (0, 0, 0)

    def append(self, op: Mapping[str, Any], role: Role, limits: Limits) -> Outcome:
        name = named(op)
        known = self._row(name) if name else None
        if known is not None:
            # Anybody may have seen the name, and used it: it is the same only if it does the same.
            if known.body is not None and json.loads(known.body) != _does(op):
                return {"refused": name, "why": "another operation has this name already", "taken": True}
            return {"op": _operation(known)}
        try:
            check(op, self._person, lambda right: may(role, right), limits)
            if self._size > FULL:
                raise RefusedError("the session's document is full: export it, and take things out")
            if self._written - self._settled_written > MOST_LETTERS:
                raise RefusedError("too much was done at once: wait a minute, then do it again")
            act = self._act(op, role)
        except RefusedError as error:
            return {"refused": name or "", "why": str(error)}
        return {"op": self._add(op["id"], self._person, _does(op), any(map(shared, paths_of(act))))}

    def _act(self, op: Mapping[str, Any], role: Role) -> Mapping[str, Any]:
        """Return the act that *op* is, or takes back or brings again: one of this person's, and not settled."""
        about = op.get("undo", op.get("redo"))
        if about is None:
            return op
        act = self._row(about)
        if act is None or act.person != self._person:
            raise RefusedError(f"there is no act {about} of yours")
        if act.body is None or act.seq <= self._settled:
            raise RefusedError("this was done too long ago to be taken back")
        body: dict[str, Any] = json.loads(act.body)
        if "set" not in body and "text" not in body:
            raise RefusedError("an undo or redo is not taken back itself: the act is, or brought again")
        check_rights(body, self._person, lambda right: may(role, right))
        return body

    def settle(self) -> bool:
        ours, those = OperationRow.session_id == self._room, OperationRow.shared
        count = self._db.scalar(select(func.count()).where(ours, those, OperationRow.seq > self._settled)) or 0
        if count <= SETTLE_AT and self._written - self._settled_written <= SETTLE_LETTERS:
            return False
        many = select(OperationRow.seq).where(ours, those).order_by(OperationRow.seq.desc()).offset(KEEP).limit(1)
        light = select(func.min(OperationRow.seq)).where(ours, OperationRow.written >= self._written - KEEP_LETTERS)
        up_to = min(max(self._db.scalar(many) or 0, self._db.scalar(light) or 0), self._head)
        document = document_of(self._db, self._room)
        document.take(self._add(f"settle:{up_to}", "", {"settle": up_to}, shared=False))
        body = _dumps(document.base())
        written = select(OperationRow.written).where(ours, OperationRow.seq == up_to)
        row = {"seq": up_to, "written": self._db.scalar(written) or 0, "size": len(body), "body": body}
        if self._settled == 0:
            self._db.execute(insert(DocumentBaseRow).values(session_id=self._room, **row))
        else:
            self._db.execute(update(DocumentBaseRow).where(DocumentBaseRow.session_id == self._room).values(row))
        self._db.execute(delete(OperationRow).where(ours, ~those, OperationRow.seq <= up_to))
        old = update(OperationRow).where(ours, OperationRow.seq <= up_to, OperationRow.seq > self._settled)
        self._db.execute(old.values(body=None))
        return True

    def _row(self, op: str) -> Any:
        columns = (OperationRow.seq, OperationRow.op, OperationRow.person, OperationRow.at, OperationRow.body)
        query = select(*columns).where(OperationRow.session_id == self._room, OperationRow.op == op)
        return self._db.execute(query).one_or_none()

    def _add(self, op: str, person: str, does: Mapping[str, Any], shared: bool) -> Operation:
        body, now = _dumps(does), time.time()
        self._head += 1
        self._written += len(body) + removed_by(does)
        row = {"session_id": self._room, "seq": self._head, "op": op, "person": person, "at": now, "shared": shared}
        self._db.execute(insert(OperationRow).values(**row, written=self._written, body=body))
        return {"seq": self._head, "id": op, "person": person, "at": now, **does}


def _head(db: Session, room: int) -> tuple[int, int]:
    """Return the number of the last operation, and how many letters all of them have."""
    query = select(OperationRow.seq, OperationRow.written).where(OperationRow.session_id == room)
    last = db.execute(query.order_by(OperationRow.seq.desc()).limit(1)).one_or_none()
    return (last.seq, last.written) if last is not None else (0, 0)


def _operations(db: Session, room: int, after: int) -> list[Operation]:
    columns = (OperationRow.seq, OperationRow.op, OperationRow.person, OperationRow.at, OperationRow.body)
    where = (OperationRow.session_id == room, OperationRow.seq > after)
    return [_operation(row) for row in db.execute(select(*columns).where(*where).order_by(OperationRow.seq))]


def _operation(row: Any) -> Operation:
    does = json.loads(row.body) if row.body is not None else {}
    return {"seq": row.seq, "id": row.op, "person": row.person, "at": row.at, **does}


def document_of(db: Session, room: int) -> Document:
    """Return the document of the session whose id is *room*, as it is now."""
    body = db.scalar(select(DocumentBaseRow.body).where(DocumentBaseRow.session_id == room))
    base = None if body is None else json.loads(body)
    document = Document(base)
    for op in _operations(db, room, document.seq):
        document.take(op)
    return document


def _does(op: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in op.items() if name != "id"}


def _version(row: Any) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "person": row.person, "at": row.at}


def _no_version(version: int) -> UsageError:
    return UsageError(f"there is no version {version}: `tiledviz session versions` lists those there are")


def _dumps(value: object) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


__all__ = ["Rooms"]
