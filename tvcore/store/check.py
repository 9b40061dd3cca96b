"""Whether the store is sound: its file, its tables, what rows belong to, and what they say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, Engine, ForeignKeyConstraint, Table, and_, exists, inspect, select, text, type_coerce
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from tvcore.errors import TiledVizError
from tvcore.store.address import Address, configured
from tvcore.store.columns import Json
from tvcore.store.database import HEAD, open_engine, reading, schema_of
from tvcore.store.models import Base, KeptSetRevisionRow, KeptSetRow, ProjectRow, SessionRow, VersionRow
from tvcore.store.people_models import MembershipRow, PersonRow
from tvcore.store.projects import ACTIVE
from tvcore.store.rooms import document_of

FEW = 5  # complaints of a kind that are told


@dataclass(frozen=True)
class Finding:
    """What was looked at, and what is wrong with it; nothing if *wrong* is empty."""

    what: str
    wrong: list[str]


def check(address: Address | None = None) -> Iterator[Finding]:
    """Look at the store at *address* (default: the configured one), and yield what is found, of each kind once.

    Raises TiledVizError when it is not there, not of this release, or cannot be opened at all.
    """
    address = address or configured()
    if address.file is not None and not address.file.exists():
        raise _none(address)  # to open it would make it
    engine = open_engine(address, migrate=False)
    try:
        revision = schema_of(engine)
        if revision is None:
            raise _none(address)
        if revision != HEAD:
            raise _other(address, revision)
        yield Finding("revision", [])
        kinds: dict[str, Callable[[Connection], Iterator[str]]] = {
            "database": _database, "tables": _tables, "rows that belong to others": _keys, "JSON": _json,
            "documents": _documents, "kept things": _kept,
        }  # fmt: skip
        for what, look in kinds.items():
            yield Finding(what, _looked(engine, look))
    finally:
        engine.dispose()


def _none(address: Address) -> TiledVizError:
    mend = (
        "`tiledviz up` makes one; if there should be one, mend store.url in your settings or `tiledviz db restore` it"
    )
    return TiledVizError(f"there is no store at {address} yet: {mend}")


def _other(address: Address, revision: str) -> TiledVizError:
    if revision > HEAD:
        return TiledVizError(f"the store {address} was written by a later TiledViz: use that release to look at it")
    mend = "whatever else opens it brings them up to date, as `tiledviz jobs` does; look again then"
    return TiledVizError(f"the tables of the store {address} are of an earlier release ({revision}): {mend}")


def _looked(engine: Engine, look: Callable[[Connection], Iterator[str]]) -> list[str]:
    try:
        with reading(engine).connect() as db:
            return list(islice(look(db), FEW))
    except (DatabaseError, TiledVizError) as error:
        return [str(getattr(error, "orig", error)).strip().partition("\n")[0]]


def _database(db: Connection) -> Iterator[str]:
    if db.dialect.name == "sqlite":
        for (line,) in db.execute(text("PRAGMA integrity_check")):
            if line != "ok":
                yield str(line)
    for table in _there(db):
        for _ in db.execute(select(*(type_coerce(c, Text) if c.type is Json else c for c in table.columns))):
            pass  # every page is read


def _there(db: Connection) -> list[Table]:
    names = set(inspect(db).get_table_names())
    return [table for table in Base.metadata.sorted_tables if table.name in names]


def _tables(db: Connection) -> Iterator[str]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    for difference in compare_metadata(MigrationContext.configure(db), Base.metadata):
        kind, *what = difference if isinstance(difference, tuple) else difference[0]
        # Tables of others in the same database are theirs.
        if kind not in ("remove_table", "remove_index"):
            yield f"not as this release has it: {kind.replace('_', ' ')} {what[-1]}"


def _keys(db: Connection) -> Iterator[str]:
    there = {table.name for table in _there(db)}
    for table in _there(db):
        for key in table.constraints:
            if not isinstance(key, ForeignKeyConstraint):
                continue
            pairs = [(element.parent, element.column) for element in key.elements]
            other = key.referred_table.alias()
            if key.referred_table.name not in there:
                continue
            same = and_(*(other.c[column.name] == parent for parent, column in pairs))
            missing = and_(*(parent.is_not(None) for parent, _ in pairs), ~exists().where(same))
            for row in db.execute(select(*table.primary_key.columns).where(missing).limit(FEW)):
                yield f"{table.name} {'/'.join(map(str, row))} belongs to a {key.referred_table.name} that is not there"


def _json(db: Connection) -> Iterator[str]:
    for table in _there(db):
        for column in (column for column in table.columns if column.type is Json):
            for *key, value in db.execute(select(*table.primary_key.columns, type_coerce(column, Text))):
                try:
                    json.loads(value or "null")
                except ValueError:
                    yield f"{table.name} {'/'.join(map(str, key))} has no JSON in {column.name}"


def _documents(db: Connection) -> Iterator[str]:
    with Session(db) as session:
        for room in session.execute(select(SessionRow.id, SessionRow.title)).all():
            try:
                document_of(session, room.id).plain()
            except Exception as error:  # whatever a document that is no document does
                yield f"the document of the session {room.title} cannot be had ({type(error).__name__}: {error})"
        for version in session.execute(select(VersionRow.name, VersionRow.body)):
            try:
                json.loads(version.body)
            except ValueError:
                yield f"the version {version.name} cannot be read"


def _kept(db: Connection) -> Iterator[str]:
    last = and_(KeptSetRevisionRow.set_id == KeptSetRow.id, KeptSetRevisionRow.revision == KeptSetRow.revision)
    for (name,) in db.execute(select(KeptSetRow.name).where(~exists().where(last))):
        yield f"the tile set {name} has not the revision that counts"
    owned = and_(
        MembershipRow.project_id == ProjectRow.id, MembershipRow.role == "owner",
        PersonRow.id == MembershipRow.person_id, PersonRow.state == ACTIVE,
    )  # fmt: skip
    for (name,) in db.execute(select(ProjectRow.name).where(~exists().where(owned))):
        yield f"the project {name} has no owner who can come in: `tiledviz project role` makes somebody one"


__all__ = ["Finding", "check"]
