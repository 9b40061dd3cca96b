"""The store: what is on the wall, and which jobs feed it; its other parts have the people, documents and kept things.

Every method is one transaction: a process killed in the middle leaves the store as it was before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import case, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload, sessionmaker

from tvcore.batch.plan import Plan
from tvcore.batch.scheduler import JobState, JobStatus
from tvcore.causes import Cause
from tvcore.errors import UsageError
from tvcore.store.access import Accesses
from tvcore.store.accounts import Accounts
from tvcore.store.address import Address, configured, parsed
from tvcore.store.counts import counts
from tvcore.store.database import PROGRAM, open_engine, reading
from tvcore.store.documents import job_document, set_document, tile_document
from tvcore.store.follow import change, fail, follow_job, follow_tile, node_of
from tvcore.store.invitations import Invitations
from tvcore.store.kept import Kept
from tvcore.store.members import notices_of, write_members
from tvcore.store.models import JobRow, SessionRow, TileRow, TileSetRow
from tvcore.store.presets import Presets
from tvcore.store.projects import Projects
from tvcore.store.rooms import Rooms
from tvcore.store.services import Services
from tvcore.store.sessions import made
from tvcore.store.shown import shown_in, touch
from tvcore.store.tokens import ApiTokens
from tvcore.store.walls import Sessions

STATUS_FIELDS = (
    "state", "reason", "cause", "frames", "renderer", "image", "gl", "display", "pid", "restarts", "width", "height",
    "since", "media",
)  # fmt: skip


@dataclass(frozen=True)
class Members:
    """What an ensemble says of a run's tiles: columns, and a row of metadata per tile; or *note*, why nothing."""

    columns: Sequence[dict[str, Any]] = ()
    rows: Sequence[dict[str, Any]] = ()
    note: str = ""


@dataclass(frozen=True)
class TilePlace:
    """Where a tile is: the scheduler's id of its job, and its number within that job."""

    id: int
    set_id: int
    index: int
    job: str
    title: str
    state: str


@dataclass(frozen=True)
class Run:
    """How a job was launched: its case, the case's parameters, the job's settings, and the indices of its tiles."""

    case: str
    title: str
    parameters: dict[str, Any]
    settings: dict[str, Any]
    indices: Sequence[int]


class Store:
    """The database of one person's TiledViz."""

    def __init__(self, address: Address, program: str = PROGRAM) -> None:
        self.address = address
        self.engine = open_engine(address, program=program)
        self._session = sessionmaker(self.engine, expire_on_commit=False)
        self._reading = sessionmaker(reading(self.engine))
        self.access = Accesses(self._session, self._reading)
        self.accounts = Accounts(self._session, self._reading)
        self.tokens = ApiTokens(self._session, self._reading)
        self.services = Services(self._session, self._reading)
        self.rooms = Rooms(self._session, self._reading)
        self.kept = Kept(self._session, self._reading)
        self.presets = Presets(self._session, self._reading)
        self.projects = Projects(self._session, self._reading)
        self.sessions = Sessions(self._session, self._reading)
        self.invitations = Invitations(self._session, self._reading)

    @classmethod
    def open(cls, url: str | None = None, program: str = PROGRAM) -> Store:
        """Open the store at *url* (default: the one that the settings name), migrating it first if need be.

        *program* is what a database server hears of who asks.
        """
        return cls(configured() if url is None else Address(parsed(url)), program)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def counts(self) -> dict[str, Any]:
        """Return how much there is of everything (``tvcore.store.counts``)."""
        return counts(self._reading)

    # ------------------------------------------------------------------ runs

    def add_run(
        self,
        plan: Plan,
        scheduler: str,
        job: str,
        members: Members | None = None,
        state: JobState = JobState.PENDING,
        settings: Mapping[str, object] | None = None,
    ) -> int:
        """Put the tiles of *job* on the wall and return the tile set's id; a job that is there already is left.

        *settings* are those that were given for this job, kept so that it can be launched again.
        """
        members = members or Members()
        now = time.time()
        rows = list(members.rows) or [{}] * len(plan.tiles)
        try:
            with self._session.begin() as db:
                session = made(db, plan.session)
                there = JobRow(id_there=job, scheduler=scheduler, state=state.value, submitted=now)
                tile_set = TileSetRow(
                    session=session, job=there, case=plan.case, title=plan.title, ensemble=plan.ensemble,
                    parameters=plan.parameters, columns=list(members.columns), note=members.note, created=now,
                    images=plan.images, settings=dict(settings or {}),
                    complete=False if plan.live else None,
                )  # fmt: skip
                tile_set.tiles = [
                    TileRow(
                        index=tile.index, ordinal=tile.node, title=tile.title, member=tile.member,
                        tags=list(tile.tags), metadata_=row, width=tile.width, height=tile.height,
                        image=Path(tile.image).stem if tile.image else None, state="queued", since=now,
                        kind=tile.kind,
                    )
                    for tile, row in zip(plan.tiles, rows, strict=True)
                ]  # fmt: skip
                db.add(tile_set)
                session.revision = SessionRow.revision + 1
                db.flush()
                return tile_set.id
        except IntegrityError:
            # The command line and the portal saw the same new job: one of them was first.
            return self.set_of_job(job)

    def set_of_job(self, job: str) -> int:
        """Return the id of the tile set of *job*. Raises UsageError when there is none."""
        with self._reading() as db:
            found = db.scalar(select(TileSetRow.id).join(JobRow).where(JobRow.id_there == job))
        if found is None:
            raise UsageError(f"there is no job {job}: `tiledviz jobs` lists those there are")
        return found

    def remove_run(self, job: str) -> None:
        """Take the tiles of *job* off the wall."""
        set_id = self.set_of_job(job)
        with self._session.begin() as db:
            touch(db, db.get_one(TileSetRow, set_id))
            db.execute(delete(TileRow).where(TileRow.set_id == set_id))
            db.execute(delete(TileSetRow).where(TileSetRow.id == set_id))
            db.execute(delete(JobRow).where(JobRow.id_there == job))

    def run_of(self, job: str) -> Run:
        """Return how *job* was launched. Raises UsageError when there is no such job."""
        set_id = self.set_of_job(job)
        with self._reading() as db:
            run = db.get_one(TileSetRow, set_id)
            return Run(run.case, run.title, run.parameters, run.settings, [tile.index for tile in run.tiles])

    def remove_tiles(self, ids: Iterable[int]) -> list[str]:
        """Take tiles off the wall for good; return the jobs that have none left, which stay known until they end."""
        with self._session.begin() as db:
            tiles = db.scalars(select(TileRow).where(TileRow.id.in_(list(ids)))).all()
            sets = {tile.tile_set for tile in tiles}
            for tile in tiles:
                db.delete(tile)
            db.flush()
            touch(db, *sets)
            for tile_set in sets:
                db.refresh(tile_set)
            return [tile_set.job.id_there for tile_set in sets if not tile_set.tiles]

    def removed(self, job: str, indices: Collection[int]) -> list[int]:
        """Return those of *indices* that are tiles of *job* no more: they were taken off the wall."""
        if not indices:
            return []
        with self._reading() as db:
            set_id = db.scalar(select(TileSetRow.id).join(JobRow).where(JobRow.id_there == job))
            there = set(db.scalars(select(TileRow.index).where(TileRow.set_id == set_id)))
        return [] if set_id is None else [index for index in indices if index not in there]

    def forget_empty(self) -> None:
        """Forget the jobs that are over and have no tile on the wall any more."""
        over = [state.value for state in JobState if state.ended]
        empty = select(TileSetRow).join(JobRow).where(JobRow.state.in_(over), ~TileSetRow.tiles.any())
        with self._reading() as db:
            if db.scalar(empty.limit(1)) is None:
                return
        with self._session.begin() as db:
            for tile_set in db.scalars(empty).all():
                db.execute(delete(TileSetRow).where(TileSetRow.id == tile_set.id))
                db.execute(delete(JobRow).where(JobRow.id == tile_set.job_id))

    def jobs(self, active: bool = False, session: str | None = None) -> list[dict[str, Any]]:
        """Return a dictionary per job, oldest first; with *active* just those that are not over.

        With *session* those that feed its wall.
        """
        live = func.sum(case((TileRow.state == "live", 1), else_=0))
        query = select(TileSetRow).options(joinedload(TileSetRow.job), joinedload(TileSetRow.session))
        if session is not None:
            query = query.where(shown_in(session))
        with self._reading() as db:
            sets = db.scalars(query.order_by(TileSetRow.id)).all()
            counts = {
                set_id: (tiles, alive)
                for set_id, tiles, alive in db.execute(
                    select(TileRow.set_id, func.count(), live).group_by(TileRow.set_id)
                )
            }
            return [
                job_document(tile_set, *counts.get(tile_set.id, (0, 0)))
                for tile_set in sets
                if not (active and JobState(tile_set.job.state).ended)
            ]

    def active_jobs(self) -> dict[str, str]:
        """Return the jobs that are not over, each with its scheduler: less than ``jobs``, and cheaper."""
        over = [state.value for state in JobState if state.ended]
        query = select(JobRow.id_there, JobRow.scheduler).where(JobRow.state.not_in(over)).order_by(JobRow.id)
        with self._reading() as db:
            return {row.id_there: row.scheduler for row in db.execute(query)}

    def apply_jobs(self, statuses: Iterable[JobStatus]) -> bool:
        """Write what the scheduler says of jobs, and what follows for their tiles; return whether anything changed."""
        changed = False
        with self._session.begin() as db:
            for status in statuses:
                job = db.scalar(select(JobRow).where(JobRow.id_there == status.id))
                if job is None or JobState(job.state).ended:
                    continue
                follow_job(job, status)
                tile_set = db.scalar(select(TileSetRow).where(TileSetRow.job_id == job.id))
                if tile_set is not None:
                    for tile in tile_set.tiles:
                        follow_tile(tile, status)
                        if node_of(tile, job) in job.lost and tile.state not in ("failed", "stopped"):
                            fail(tile, f"node failure: {node_of(tile, job)} is gone from the job", Cause.NODE_FAILURE)
                if db.dirty:
                    changed = True
                    db.flush()
                    touch(db, *([tile_set] if tile_set is not None else []))
        return changed

    def fail_node(self, job: str, ordinal: int, reason: str, cause: str = Cause.AGENT_ENDED) -> bool:
        """Mark the tiles of one node of *job* as failed for *reason*, if the job runs; return whether any changed."""
        return self._tell_node(
            job, ordinal, lambda tile: tile.state != "failed", lambda tile: fail(tile, reason, cause)
        )

    def explain_node(self, job: str, ordinal: int, reason: str) -> bool:
        """Give *reason* to the tiles of one node of *job*, whose states stay; return whether any changed."""

        def explain(tile: TileRow) -> None:
            tile.reason = reason

        return self._tell_node(job, ordinal, lambda tile: tile.reason != reason, explain)

    def _tell_node(
        self, job: str, ordinal: int, wanted: Callable[[TileRow], bool], tell: Callable[[TileRow], None]
    ) -> bool:
        with self._session.begin() as db:
            tile_set = db.scalar(select(TileSetRow).join(JobRow).where(JobRow.id_there == job))
            if tile_set is None or JobState(tile_set.job.state).ended:
                return False
            tiles = [tile for tile in tile_set.tiles if tile.ordinal == ordinal and wanted(tile)]
            for tile in tiles:
                tell(tile)
            if tiles:
                db.flush()
                touch(db, tile_set)
        return bool(tiles)

    # ----------------------------------------------------------------- tiles

    def apply_tiles(self, job: str, node: str, statuses: Iterable[dict[str, Any]]) -> list[int]:
        """Write what a node agent says of its tiles and return the ids of those that changed."""
        changed = []
        with self._session.begin() as db:
            tile_set = db.scalar(select(TileSetRow).join(JobRow).where(JobRow.id_there == job))
            if tile_set is None or JobState(tile_set.job.state).ended or node in tile_set.job.lost:
                return []
            tiles = {tile.index: tile for tile in tile_set.tiles}
            for status in statuses:
                tile = tiles.get(status["index"])
                if tile is None:
                    continue
                # An agent of an earlier release says nothing of causes, images and ways to GL.
                said = {name: status[name] for name in STATUS_FIELDS if name in status}
                if change(tile, {"cause": "", **said, "node": node}):
                    changed.append(tile.id)
            if changed:
                db.flush()
                touch(db, tile_set)
        return changed

    def apply_members(self, job: str, node: str, said: Mapping[str, Any]) -> bool:
        """Write what the agent on *node* *said* of members (``tvcore.node.members``); return whether it is news.

        What was known stays where it says nothing. Once a job is over this still counts: it was seen before.
        """
        with self._session.begin() as db:
            tile_set = db.scalar(select(TileSetRow).join(JobRow).where(JobRow.id_there == job))
            if tile_set is None or not write_members(tile_set, node, said):
                return False
            db.flush()
            touch(db, tile_set)
        return True

    def apply_edit(
        self, job: str, title: str, columns: list[dict[str, Any]], tiles: Mapping[int, dict[str, Any]]
    ) -> int:
        """Write what somebody edited of the tiles of *job*, by index; return how many changed."""
        with self._session.begin() as db:
            tile_set = db.scalar(select(TileSetRow).join(JobRow).where(JobRow.id_there == job))
            if tile_set is None:
                return 0
            headed = change(tile_set, {"title": title, "columns": columns})
            changed = sum(change(tile, tiles[tile.index]) for tile in tile_set.tiles if tile.index in tiles)
            if headed or changed:
                tile_set.edition += 1
                db.flush()
                touch(db, tile_set)
            return changed

    def tiles(self, ids: Iterable[int] | None = None, session: str | None = None) -> list[dict[str, Any]]:
        """Return a dictionary per tile (all, or those of *ids*, or of *session*), in the order of the wall."""
        query = select(TileRow).options(selectinload(TileRow.tile_set).selectinload(TileSetRow.job))
        if ids is not None:
            query = query.where(TileRow.id.in_(list(ids)))
        if session is not None:
            query = query.join(TileSetRow, TileSetRow.id == TileRow.set_id).where(shown_in(session))
        with self._reading() as db:
            return [tile_document(tile) for tile in db.scalars(query.order_by(TileRow.set_id, TileRow.index))]

    def tile(self, tile_id: int) -> TilePlace:
        """Return where the tile *tile_id* is. Raises UsageError when there is none."""
        with self._reading() as db:
            tile = db.get(TileRow, tile_id)
            if tile is None:
                raise UsageError(f"there is no tile {tile_id}: `tiledviz tiles` lists those there are")
            return TilePlace(tile.id, tile.set_id, tile.index, tile.tile_set.job.id_there, tile.title, tile.state)

    # ------------------------------------------------------------------ wall

    def wall(self, session: str = "main") -> dict[str, Any]:
        """Return the wall document of *session*: its tile sets and tiles, with metadata."""
        with self._reading() as db:
            room = db.scalar(select(SessionRow).where(SessionRow.name == session))
            sets = db.scalars(
                select(TileSetRow)
                .where(shown_in(session))
                .options(selectinload(TileSetRow.job), selectinload(TileSetRow.tiles))
                .order_by(TileSetRow.id)
            ).all()
            return {
                "session": session,
                "revision": room.revision if room else 0,
                "notices": [*self.services.notices(), *notices_of(sets)],
                "sets": [set_document(tile_set) for tile_set in sets if tile_set.tiles],
                "tiles": [tile_document(tile) for tile_set in sets for tile in tile_set.tiles],
            }

    def shows(self, session: str, tile: int) -> bool:
        """Return whether *tile* is on the wall of *session*."""
        query = select(TileRow.id).join(TileSetRow, TileSetRow.id == TileRow.set_id)
        with self._reading() as db:
            return db.scalar(query.where(TileRow.id == tile, shown_in(session))) is not None

    def shows_job(self, session: str, job: str) -> bool:
        """Return whether *job* feeds the wall of *session*."""
        query = select(TileSetRow.id).join(JobRow, JobRow.id == TileSetRow.job_id)
        with self._reading() as db:
            return db.scalar(query.where(JobRow.id_there == job, shown_in(session))) is not None

    def notices(self) -> list[str]:
        """Return a sentence for each service that is away, and each ensemble that cannot be followed as it should."""
        followed = select(TileSetRow).where(TileSetRow.note != "").options(joinedload(TileSetRow.job))
        with self._reading() as db:
            return [*self.services.notices(), *notices_of(db.scalars(followed.order_by(TileSetRow.id)))]

    def revisions(self) -> dict[str, int]:
        """Return the ``revision`` of every session."""
        with self._reading() as db:
            return {row.name: row.revision for row in db.execute(select(SessionRow.name, SessionRow.revision))}

    def revision(self, session: str = "main") -> int:
        """Return a number that changes whenever something in the wall document changes."""
        with self._reading() as db:
            return db.scalar(select(SessionRow.revision).where(SessionRow.name == session)) or 0


__all__ = ["Members", "Run", "Store", "TilePlace"]
