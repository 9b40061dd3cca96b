"""The sessions of the projects: made, copied, archived, deleted, and which tile sets each shows."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self, TypeVar

from sqlalchemy import delete, func, select, union
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from tvcore.batch.scheduler import JobState
from tvcore.errors import TiledVizError, UsageError
from tvcore.session import SESSION
from tvcore.session.changes import changes_to, shared_part
from tvcore.session.document import Document
from tvcore.store.access import bump
from tvcore.store.documents import job_document
from tvcore.store.models import (
    DocumentBaseRow,
    JobRow,
    KeptSetRow,
    OperationRow,
    PresetRow,
    ProjectRow,
    SessionRow,
    ShownRow,
    TileRow,
    TileSetRow,
    VersionRow,
)
from tvcore.store.people_models import InvitationRow
from tvcore.store.rooms import document_of
from tvcore.store.shown import shown_in

T = TypeVar("T")

OVER = [state.value for state in JobState if state.ended]


@dataclass(frozen=True)
class Lost:
    """How much goes with what is deleted; *marks* are notes, tags, drawings and all else that people made."""

    sessions: int = 0
    sets: int = 0
    tiles: int = 0
    marks: int = 0
    versions: int = 0
    invitations: int = 0
    tilesets: int = 0
    presets: int = 0

    def __add__(self, other: Lost) -> Lost:
        return Lost(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def plain(self) -> dict[str, int]:
        """Return it as JSON."""
        return asdict(self)

    def line(self) -> str:
        """Return it as people read it; empty when it is nothing."""
        counts = {
            "session": self.sessions, "set of tiles": self.sets, "tile": self.tiles, "mark": self.marks,
            "version": self.versions, "invitation": self.invitations, "kept tile set": self.tilesets,
            "set of parameters": self.presets,
        }  # fmt: skip
        plurals = {"set of tiles": "sets of tiles", "set of parameters": "sets of parameters"}
        return ", ".join(
            f"{count} {name if count == 1 else plurals.get(name, f'{name}s')}"
            for name, count in counts.items()
            if count
        )

    @classmethod
    def of_session(cls, db: Session, session: SessionRow) -> Self:
        """Return what goes with *session*: of its tile sets those that no other session shows."""
        own = [each for each in _home_sets(db, session) if _heir(db, each) is None]
        ids = [each.id for each in own]
        plain = shared_part(document_of(db, session.id).plain())
        return cls(
            sets=len(own),
            tiles=_count(db, select(func.count()).where(TileRow.set_id.in_(ids))),
            marks=len(plain["registers"]) + len(plain["texts"]),
            versions=_count(db, select(func.count()).where(VersionRow.session_id == session.id)),
            invitations=_count(
                db, select(func.count()).where(InvitationRow.session_id == session.id, InvitationRow.revoked.is_(None))
            ),
        )

    @classmethod
    def of_project(cls, db: Session, project: int) -> Lost:
        """Return what goes with the *project*."""
        sessions = db.scalars(select(SessionRow).where(SessionRow.project_id == project)).all()
        kept = select(func.count()).where(KeptSetRow.project_id == project, KeptSetRow.removed.is_(False))
        presets = select(func.count()).where(PresetRow.project_id == project)
        sets = select(TileSetRow.id).where(TileSetRow.session_id.in_([session.id for session in sessions]))
        lost = Lost(len(sessions), tilesets=_count(db, kept), presets=_count(db, presets))
        for session in sessions:
            lost += cls.of_session(db, session)
        # Those that another of these sessions would have are gone as well.
        return replace(
            lost,
            sets=_count(db, select(func.count()).select_from(sets.subquery())),
            tiles=_count(db, select(func.count()).where(TileRow.set_id.in_(sets))),
        )


class Sessions:
    """The sessions of a store."""

    def __init__(self, writing: sessionmaker[Session], reading: sessionmaker[Session]) -> None:
        self._writing = writing
        self._reading = reading

    # --------------------------------------------------------------- reading

    def find(self, named: str, project: int | None = None) -> str:
        """Return the key of the session called *named*: its key, or its title; in *project*, None: in any.

        Raises UsageError when there is none, or several have that title.
        """
        query = select(SessionRow.name, SessionRow.project_id)
        query = query if project is None else query.where(SessionRow.project_id == project)
        with self._reading() as db:
            if found := db.execute(query.where(SessionRow.name == named)).one_or_none():
                return str(found.name)
            rows = db.execute(query.where(SessionRow.title == named).order_by(SessionRow.id)).all()
        if not rows:
            raise UsageError(f"there is no session {named[:80]!r}: `tiledviz session list` lists those there are")
        if len(rows) > 1:
            keys = " or ".join(row.name for row in rows)
            raise UsageError(f"several sessions are called {named[:80]!r}: write {keys}")
        return str(rows[0].name)

    def project_of(self, key: str) -> int:
        """Return the id of the project that a session is of. Raises UsageError when there is no such session."""
        with self._reading() as db:
            return _row(db, key).project_id

    def listed(self, keys: Collection[str] | None = None) -> list[dict[str, Any]]:
        """Return a dictionary per session (all, or those of *keys*), oldest first.

        ``key``, ``title``, ``project`` by its id and ``project_name``, ``archived``, how many ``sets`` and ``tiles`` it
        shows, ``created``, and ``changed``: when its document or what it shows last did, None if never.
        """
        acted = (
            select(OperationRow.at)
            .where(OperationRow.session_id == SessionRow.id)
            .order_by(OperationRow.seq.desc())
            .limit(1)
            .scalar_subquery()
        )
        query = select(SessionRow, ProjectRow.name, acted.label("acted")).join(
            ProjectRow, ProjectRow.id == SessionRow.project_id
        )
        if keys is not None:
            query = query.where(SessionRow.name.in_(list(keys)))
        with self._reading() as db:
            shows = _counts(db)
            found = []
            for row, project, at in db.execute(query.order_by(SessionRow.id)):
                sets, tiles, last = shows.get(row.id, (0, 0, None))
                changed = max((each for each in (at, last) if each is not None), default=None)
                found.append(
                    {
                        "key": row.name, "title": row.title, "project": row.project_id, "project_name": project,
                        "archived": row.archived, "sets": sets, "tiles": tiles, "created": row.created,
                        "changed": changed,
                    }
                )  # fmt: skip
            return found

    def read(self, key: str) -> dict[str, Any]:
        """Return what ``listed`` says of one, with its ``jobs``, and what a delete ``loses``. Raises UsageError."""
        with self._reading() as db:
            row = _row(db, key)
            sets = db.scalars(select(TileSetRow).where(TileSetRow.id.in_(_shown(key))).order_by(TileSetRow.id)).all()
            jobs = [
                {
                    **{name: value for name, value in job_document(each, len(each.tiles), 0).items() if name in _TOLD},
                    "home": each.session_id == row.id,
                }
                for each in sets
            ]
            more = {"jobs": jobs, "loses": Lost.of_session(db, row).plain()}
        return self.listed([key])[0] | more

    def chosen_tiles(self, key: str, tiles: Collection[int]) -> int:
        """Return how many of *tiles* the session shows."""
        with self._reading() as db:
            sets = _shown(_row(db, key).name)
            return _count(db, select(func.count()).where(TileRow.id.in_(list(tiles)), TileRow.set_id.in_(sets)))

    def showing(self, job: str) -> list[str]:
        """Return the keys of the sessions that show the tiles of *job* beside the one that it was launched for."""
        query = (
            select(SessionRow.name)
            .join(ShownRow, ShownRow.session_id == SessionRow.id)
            .join(TileSetRow, TileSetRow.id == ShownRow.set_id)
            .join(JobRow, JobRow.id == TileSetRow.job_id)
            .where(JobRow.id_there == job)
        )
        with self._reading() as db:
            return list(db.scalars(query.order_by(SessionRow.id)))

    # -------------------------------------------------------------- changing

    def new(self, project: int, title: str) -> str:
        """Make a session *title* in *project*; return its key. Raises UsageError: there is one of that title."""
        return self._titled(title, lambda db: _new(db, project, title).name)

    def rename(self, key: str, title: str) -> None:
        """Call a session *title*. Raises UsageError: there is another of that title in its project."""

        def call(db: Session) -> None:
            _row(db, key, lock=True).title = title

        self._titled(title, call)

    def copy(self, key: str, title: str) -> str:
        """Make a session *title* that shows what *key* shows, and says what its document says; return its key.

        Versions, invitations, and what each person chose for themselves are not copied.
        """

        def copy(db: Session) -> str:
            of = _row(db, key, lock=True)
            made = _new(db, of.project_id, title)
            db.add_all(ShownRow(session_id=made.id, set_id=each) for each in db.scalars(_shown(key)).all())
            _begin_with(db, made.id, document_of(db, of.id))
            return made.name

        return self._titled(title, copy)

    def archive(self, key: str, archived: bool) -> None:
        """Keep a session apart from those that are worked in, or have it back among them."""
        with self._writing.begin() as db:
            _row(db, key, lock=True).archived = archived
            bump(db)

    def show(self, key: str, job: str) -> None:
        """Have a session show the tiles of *job* too, which is of the same project. Raises UsageError."""
        with self._writing.begin() as db:
            row, found = _row(db, key, lock=True), _set_of(db, job)
            if found.session.project_id != row.project_id:
                raise UsageError(f"job {job} is of another project: a session shows what is of its own")
            if found.session_id != row.id and db.get(ShownRow, (row.id, found.id)) is None:
                db.add(ShownRow(session_id=row.id, set_id=found.id))
                row.revision = SessionRow.revision + 1

    def hide(self, key: str, job: str) -> None:
        """Have a session show the tiles of *job*, which was launched for another one, no more. Raises UsageError."""
        with self._writing.begin() as db:
            row, found = _row(db, key, lock=True), _set_of(db, job)
            shown = db.get(ShownRow, (row.id, found.id))
            if shown is None:
                raise UsageError(f"job {job} was launched for this session, or is not shown in it: end or remove it")
            db.delete(shown)
            row.revision = SessionRow.revision + 1

    def delete(self, key: str) -> Lost:
        """Delete a session; return what goes with it. Raises TiledVizError: jobs run for it, or it is the first.

        A tile set that another session shows is that one's from then on.
        """
        with self._writing.begin() as db:
            row = _row(db, key, lock=True)
            if row.name == SESSION:
                raise TiledVizError("the first session stays, as the command line works in it: archive or rename it")
            lost = Lost.of_session(db, row)
            remove_session(db, row)
            bump(db)
            return lost

    def _titled(self, title: str, change: Callable[[Session], T]) -> T:
        try:
            with self._writing.begin() as db:
                done = change(db)
                bump(db)
                return done
        except IntegrityError:
            raise UsageError(f"there is a session {title!r} in this project already: choose another title") from None


_TOLD = ("id", "title", "case", "state", "tiles")


def remove_session(db: Session, row: SessionRow) -> None:
    """Delete a session within a transaction: its tile sets too, or they are of a session that shows them from then on.

    Raises TiledVizError: a job runs for it, which no other session shows.
    """
    for tile_set in _home_sets(db, row):
        heir = _heir(db, tile_set)
        if heir is not None:
            tile_set.session_id = heir
            db.execute(delete(ShownRow).where(ShownRow.session_id == heir, ShownRow.set_id == tile_set.id))
            continue
        job = tile_set.job
        if job.state not in OVER:
            raise TiledVizError(f"job {job.id_there} runs for the session {row.title!r}: end it first")
        db.execute(delete(TileRow).where(TileRow.set_id == tile_set.id))
        db.execute(delete(ShownRow).where(ShownRow.set_id == tile_set.id))
        db.execute(delete(TileSetRow).where(TileSetRow.id == tile_set.id))
        db.execute(delete(JobRow).where(JobRow.id == job.id))
    db.flush()
    db.execute(delete(SessionRow).where(SessionRow.id == row.id))


def _row(db: Session, key: str, lock: bool = False) -> SessionRow:
    query = select(SessionRow).where(SessionRow.name == key)
    found = db.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise UsageError(f"there is no session {key[:80]!r}: `tiledviz session list` lists those there are")
    return found


def _set_of(db: Session, job: str) -> TileSetRow:
    found = db.scalar(select(TileSetRow).join(JobRow).where(JobRow.id_there == job))
    if found is None:
        raise UsageError(f"there is no job {job[:80]}: `tiledviz jobs` lists those there are")
    return found


def _home_sets(db: Session, row: SessionRow) -> list[TileSetRow]:
    return list(db.scalars(select(TileSetRow).where(TileSetRow.session_id == row.id).order_by(TileSetRow.id)))


def _heir(db: Session, tile_set: TileSetRow) -> int | None:
    """Return the id of the oldest session that shows *tile_set* beside its own."""
    query = select(ShownRow.session_id).where(ShownRow.set_id == tile_set.id)
    return db.scalar(query.order_by(ShownRow.session_id).limit(1))


def _shown(key: str) -> Any:
    """Return a query of the ids of the tile sets that a session shows."""
    return select(TileSetRow.id).where(shown_in(key))


def _counts(db: Session) -> dict[int, tuple[int, int, float | None]]:
    """Return how many sets and tiles each session shows, by its id, and when the last of the sets came."""
    both = union(
        select(TileSetRow.session_id, TileSetRow.id.label("set_id")),
        select(ShownRow.session_id, ShownRow.set_id),
    ).subquery()
    tiles = select(func.count()).where(TileRow.set_id == TileSetRow.id).scalar_subquery()
    query = (
        select(both.c.session_id, func.count(), func.sum(tiles), func.max(TileSetRow.created))
        .join(TileSetRow, TileSetRow.id == both.c.set_id)
        .group_by(both.c.session_id)
    )
    return {room: (sets, int(many or 0), last) for room, sets, many, last in db.execute(query)}


def _count(db: Session, query: Any) -> int:
    return db.scalar(query) or 0


def _new(db: Session, project: int, title: str) -> SessionRow:
    key = f"s-{secrets.token_hex(4)}"
    while db.scalar(select(SessionRow.id).where(SessionRow.name == key)) is not None:
        key = f"s-{secrets.token_hex(4)}"
    made = SessionRow(name=key, title=title, project_id=project, revision=0, created=time.time())
    db.add(made)
    db.flush()
    return made


def _begin_with(db: Session, room: int, document: Document) -> None:
    """Have the session *room* begin with what is shared of *document*, settled: nobody undoes it there."""
    act = changes_to(Document(), shared_part(document.plain()))
    if not act:
        return
    name = f"copy-{secrets.token_hex(8)}"
    made = Document()
    made.take({"seq": 1, "id": name, "person": "", "at": time.time(), **act})
    made.take({"seq": 2, "id": f"settle-{name}", "person": "", "at": time.time(), "settle": 1})
    body = json.dumps(made.base(), allow_nan=False, separators=(",", ":"))
    # The act itself is kept by its name, as any that is settled.
    db.add(OperationRow(session_id=room, seq=1, op=name, person="", at=time.time(), written=0, shared=True, body=None))
    db.add(DocumentBaseRow(session_id=room, seq=1, written=0, size=len(body), body=body))
    db.flush()
