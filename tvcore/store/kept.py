"""The tile sets that are kept in the store: each under a name, with what it was before."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from tvcore.errors import TiledVizError, UsageError
from tvcore.store.access import first_project
from tvcore.store.models import KeptSetRevisionRow, KeptSetRow, TileSetRow

CASE = "tileset"  # the case that shows sets
REVISIONS_MAX = 100  # of a set; older ones are forgotten
SETS_MAX = 10_000


class ConflictError(TiledVizError):
    """Somebody else wrote the set meanwhile: *revision* is the one there is."""

    def __init__(self, text: str, revision: int) -> None:
        super().__init__(text)
        self.revision = revision


class TakenError(UsageError):
    """There is a set of that name."""


@dataclass(frozen=True)
class KeptSet:
    """A document as it is kept: its *body* as JSON, and what lists say of it."""

    body: str
    title: str
    tiles: int
    columns: int


class Kept:
    """The tile sets that are kept of a *project*, by its id; None: of the first one."""

    def __init__(
        self, writing: sessionmaker[Session], reading: sessionmaker[Session], project: int | None = None
    ) -> None:
        self._writing = writing
        self._reading = reading
        self._project = project

    def of(self, project: int | None) -> Kept:
        """Return those of *project*; None: of the first one."""
        return Kept(self._writing, self._reading, project)

    def _of(self, db: Session) -> int:
        return self._project or first_project(db)

    def sets(self) -> list[dict[str, Any]]:
        """Return a dictionary per set, by name: ``name``, ``title``, and what there is to say of its last revision."""
        with self._reading() as db:
            query = (
                select(KeptSetRow, *_ABOUT)
                .join(KeptSetRevisionRow, _IS_LAST)
                .where(KeptSetRow.removed.is_(False), KeptSetRow.project_id == self._of(db))
            )
            # Sorted here: a database sorts by its own language.
            found = sorted(db.execute(query), key=lambda row: str(row.KeptSetRow.name))
            return [{"name": row.KeptSetRow.name, "title": row.KeptSetRow.title, **_about(row)} for row in found]

    def read(self, name: str, revision: int | None = None) -> dict[str, Any]:
        """Return ``name``, ``revision`` and ``body`` of a set. Raises UsageError when there is none.

        An earlier *revision* is had of a set that was removed, too.
        """
        with self._reading() as db:
            found = _find(db, self._of(db), name, removed=revision is not None)
            number = found.revision if revision is None else revision
            row = db.get(KeptSetRevisionRow, (found.id, number))
            if row is None:
                raise _no_revision(name, number)
            return {"name": name, "revision": row.revision, "body": row.body}

    def write(self, name: str, kept: KeptSet, expected: int | None, person: str, label: str = "") -> int:
        """Keep what *kept* says as the next revision of *name*, and return its number.

        *expected* is the revision that it was made of, None for a new set. Raises ConflictError when there is another.
        """
        if expected is None:
            return self._add(name, kept, person, label)
        with self._writing.begin() as db:
            found = _find(db, self._of(db), name, lock=True)
            if found.revision != expected:
                raise ConflictError(
                    f"somebody else changed {name} meanwhile: it is at revision {found.revision}, not {expected}",
                    found.revision,
                )
            return _append(db, found, kept, person, label)

    def copy(self, name: str, to: str, person: str) -> int:
        """Keep what *name* says as a new set *to*; return its revision."""
        return self._add(to, self._last(name), person, f"copy of {name}")

    def rename(self, name: str, to: str) -> int:
        """Call the set *name* *to*; return its revision. Raises UsageError when there is another of that name."""
        try:
            with self._writing.begin() as db:
                found = _find(db, self._of(db), name, lock=True)
                if to != name:
                    _make_room(db, found.project_id, to)
                    _call(db, found, to)
                return found.revision
        except IntegrityError:
            raise _taken(to) from None

    def remove(self, name: str) -> int:
        """Remove *name*; ``restore`` with the revision that this returns has it back."""
        with self._writing.begin() as db:
            found = _find(db, self._of(db), name, lock=True)
            found.removed = True
            return found.revision

    def revisions(self, name: str) -> list[dict[str, Any]]:
        """Return a dictionary per revision of *name*, the last first: number, sizes, who, when, and ``label``."""
        with self._reading() as db:
            found = _find(db, self._of(db), name, removed=True)
            query = select(*_ABOUT).where(KeptSetRevisionRow.set_id == found.id)
            return [_about(row) for row in db.execute(query.order_by(KeptSetRevisionRow.revision.desc()))]

    def restore(self, name: str, revision: int, person: str) -> int:
        """Make *name* what it was at *revision*, by a new revision, whose number is returned; also one removed."""
        with self._writing.begin() as db:
            found = _find(db, self._of(db), name, removed=True, lock=True)
            row = db.get(KeptSetRevisionRow, (found.id, revision))
            if row is None:
                raise _no_revision(name, revision)
            if found.removed:
                found.removed = False
                if revision == found.revision:
                    return revision
            title = found.title if revision == found.revision else _title(row.body)
            return _append(db, found, KeptSet(row.body, title, row.tiles, row.columns), person, f"as at {revision}")

    def _last(self, name: str) -> KeptSet:
        with self._reading() as db:
            found = _find(db, self._of(db), name)
            row = db.get_one(KeptSetRevisionRow, (found.id, found.revision))
            return KeptSet(row.body, found.title, row.tiles, row.columns)

    def _add(self, name: str, kept: KeptSet, person: str, label: str) -> int:
        try:
            with self._writing.begin() as db:
                project = self._of(db)
                there = select(func.count()).where(KeptSetRow.removed.is_(False), KeptSetRow.project_id == project)
                if (db.scalar(there) or 0) >= SETS_MAX:
                    raise UsageError(f"there are {SETS_MAX} tile sets: remove some first")
                _make_room(db, project, name)
                found = KeptSetRow(project_id=project, name=name, title=kept.title, revision=0)
                db.add(found)
                db.flush()
                return _append(db, found, kept, person, label)
        except IntegrityError:
            raise _taken(name) from None


_ABOUT = (
    KeptSetRevisionRow.revision,
    KeptSetRevisionRow.at,
    KeptSetRevisionRow.person,
    KeptSetRevisionRow.label,
    KeptSetRevisionRow.tiles,
    KeptSetRevisionRow.columns,
)
_IS_LAST = (KeptSetRevisionRow.set_id == KeptSetRow.id) & (KeptSetRevisionRow.revision == KeptSetRow.revision)


@dataclass(frozen=True)
class _About:
    revision: int
    at: float
    person: str
    label: str
    tiles: int
    columns: int


def _about(row: Any) -> dict[str, Any]:
    return asdict(_About(row.revision, row.at, row.person, row.label, row.tiles, row.columns))


def _find(db: Session, project: int, name: str, *, removed: bool = False, lock: bool = False) -> KeptSetRow:
    """Return the row of *name*, *removed* ones too if so asked. Raises UsageError when there is none."""
    query = select(KeptSetRow).where(KeptSetRow.project_id == project, KeptSetRow.name == name)
    found = db.scalar(query.with_for_update() if lock else query)
    if found is None or (found.removed and not removed):
        raise UsageError(f"there is no tile set {name}: `tiledviz tileset list` lists those there are")
    return found


def _make_room(db: Session, project: int, name: str) -> None:
    """See that a set may be called *name*: one of that name that was removed is called otherwise from now on."""
    of = select(KeptSetRow).where(KeptSetRow.project_id == project)
    found = db.scalar(of.where(KeptSetRow.name == name).with_for_update())
    if found is None:
        return
    if not found.removed:
        raise _taken(name)
    number = 1
    while db.scalar(of.where(KeptSetRow.name == f"{name[:60]}.removed-{number}")) is not None:
        number += 1
    _call(db, found, f"{name[:60]}.removed-{number}")
    db.flush()


def _runs(db: Session, found: KeptSetRow) -> list[TileSetRow]:
    """Return the runs that show a set; those of before there were projects name none, which is the first one."""
    first = first_project(db)
    return [
        run
        for run in db.scalars(select(TileSetRow).where(TileSetRow.case == CASE))
        if run.parameters.get("name") == found.name and (run.parameters.get("project") or first) == found.project_id
    ]


def _call(db: Session, found: KeptSetRow, to: str) -> None:
    """Call a set *to*, also in what the runs that show it were launched with: the old name may soon be another's."""
    for run in _runs(db, found):
        run.parameters = {**run.parameters, "name": to}
    found.name = to


def _append(db: Session, found: KeptSetRow, kept: KeptSet, person: str, label: str) -> int:
    last = db.scalar(select(func.max(KeptSetRevisionRow.revision)).where(KeptSetRevisionRow.set_id == found.id))
    found.revision = max(found.revision, last or 0) + 1
    found.title = kept.title
    db.add(
        KeptSetRevisionRow(
            set_id=found.id, revision=found.revision, at=time.time(), person=person, label=label[:80],
            tiles=kept.tiles, columns=kept.columns, body=kept.body,
        )
    )  # fmt: skip
    # By what a run was launched with one knows which of its tiles is which.
    used = [int(run.parameters.get("revision") or 0) for run in _runs(db, found)]
    old = KeptSetRevisionRow.revision <= found.revision - REVISIONS_MAX
    unused = KeptSetRevisionRow.revision.not_in(used)
    db.execute(delete(KeptSetRevisionRow).where(KeptSetRevisionRow.set_id == found.id, old, unused))
    return found.revision


def _title(body: str) -> str:
    """Return the title in a document that was kept."""
    return str(json.loads(body)["title"])


def _taken(name: str) -> TakenError:
    return TakenError(f"there is a tile set {name} already: choose another name")


def _no_revision(name: str, revision: int) -> UsageError:
    return UsageError(f"{name} has no revision {revision}: `tiledviz tileset revisions {name}` lists those kept")
