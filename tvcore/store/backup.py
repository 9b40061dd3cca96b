"""The store copied to a file while others write, and put back, on the same engine or another.

What lets somebody in for a while (logins, addresses that are good once) is left out: who was thrown out since is not
let in again by an old copy.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Insert,
    Table,
    Text,
    column,
    func,
    insert,
    inspect,
    select,
    table,
    text,
    type_coerce,
)
from sqlalchemy.exc import DatabaseError

from tvcore import __version__
from tvcore.errors import TiledVizError, UsageError
from tvcore.portal import instance
from tvcore.store.address import Address, configured
from tvcore.store.backup_file import BATCH, Copy, Lines, Report, head, values, verified
from tvcore.store.columns import Json
from tvcore.store.database import PORTAL, exclusive, open_engine, reading, schema_of, upgrade
from tvcore.store.models import Base
from tvcore.store.store import Store

LEFT_OUT = {"login", "login_ticket", "person_link"}
# What an empty store has of each table, at most.
EMPTY = {
    "project": 1,
    "session": 1,
    "person": 1,
    "membership": 1,
    "access": 1,
    "service": 99,
    **dict.fromkeys(LEFT_OUT, 999),
}


def _silent(_done: float, _what: str) -> None:
    return None


# ------------------------------------------------------------------------- away


def backup(store: Store, path: Path, report: Report = _silent) -> Copy:
    """Write all of *store* to the new file *path* (0600), as it is at one moment; return what was written.

    Raises UsageError when there is such a file, TiledVizError when it cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError as error:
        raise UsageError(f"there is {path} already: name a file that is not there yet") from error
    except OSError as error:
        raise TiledVizError(f"cannot write {path}: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as raw:
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6) as file:
                copy = _write(store, file, report)
            raw.flush()
            os.fsync(raw.fileno())
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise TiledVizError(f"cannot write {path}: {error.strerror}") from error
        raise
    return copy


def _write(store: Store, file: gzip.GzipFile, report: Report) -> Copy:
    tables = [each for each in Base.metadata.sorted_tables if each.name not in LEFT_OUT]
    # One transaction that reads: it sees one state, whoever writes meanwhile.
    with reading(store.engine).connect() as db:
        schema = str(db.scalar(text("SELECT version_num FROM alembic_version")))
        total = sum(_count(db, each) for each in tables)
        copy = Copy(total, schema, time.time(), __version__, db.dialect.name)
        lines = Lines(file, copy)
        for each in tables:
            lines.table(each.name, [column.name for column in each.columns], _last(db, each))
            query = select(*map(_plain, each.columns)).execution_options(yield_per=BATCH)
            for row in db.execute(query):
                done = lines.row(list(row))
                if done % BATCH == 0:
                    report(done / total, "rows kept")
    lines.end()
    report(1.0, "rows kept")
    return copy


def _plain(of: Column[Any]) -> Any:
    """Return the column *of* as it is stored, where it has JSON."""
    return type_coerce(of, Text).label(of.name) if of.type is Json else of


def _count(db: Connection, of: Any) -> int:
    return db.scalar(select(func.count()).select_from(of)) or 0


def _last(db: Connection, of: Table) -> int | None:
    """Return the last id that the table *of* gave, which is not given again; None: it gives none."""
    if not (sequence := _sequence(db, of.name)):
        return None
    if not _on_server(db):
        counted = db.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": of.name})
    else:
        counted = db.scalar(text("SELECT pg_sequence_last_value(:name)"), {"name": sequence})
    return max(db.scalar(select(func.max(of.c.id))) or 0, counted or 0)


def _sequence(db: Connection, name: str) -> str | None:
    """Return what counts the ids of the table *name*, None where nothing does."""
    if not _on_server(db):
        made = db.scalar(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name})
        return name if "AUTOINCREMENT" in (made or "") else None
    if not any(found["name"] == "id" for found in inspect(db).get_columns(name)):
        return None
    sequence = db.scalar(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": f'"{name}"'})
    return None if sequence is None else str(sequence)


# ------------------------------------------------------------------------- back


def restore(path: Path, replace: bool = False, report: Report = _silent, address: Address | None = None) -> Copy:
    """Make the store at *address* (default: the configured one) what the file *path* says, or leave it as it was.

    It has to be empty, unless *replace*, and no portal may be at work on it. Raises UsageError, TiledVizError.
    """
    copy = verified(path, lambda done, what: report(0.3 * done, what))
    if (portal := instance.running()) is not None:
        raise TiledVizError(f"a portal of yours runs at {portal.url} (process {portal.pid}): end it first")
    address = address or configured()
    engine = open_engine(address, migrate=False)
    try:
        there = schema_of(engine)
        with exclusive(engine) as db:
            if _has_portal(db):
                raise TiledVizError(f"a portal is at work on the store {address}: end it first")
            if there is not None and not replace and not _is_empty(db):
                raise UsageError(f"the store {address} is not empty: --replace puts what {path} says in its place")
            version = db.scalar(text("SELECT version FROM access")) if inspect(db).has_table("access") else 0
            _drop(db)
            others = set(inspect(db).get_table_names())  # of other programs in the same database
            upgrade(db, copy.schema, f"the copy {path}")
            ours = set(inspect(db).get_table_names()) - others - {"alembic_version"}
            _put(db, path, sorted(ours), lambda done, what: report(0.3 + 0.7 * done, what))
            upgrade(db, None, f"the copy {path}")
            # Another number than any that a portal was ever told.
            db.execute(text("UPDATE access SET version = version + :before + 1"), {"before": version or 0})
    except (DatabaseError, ValueError) as error:  # ValueError: a text that the other engine cannot have
        what = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        raise TiledVizError(f"{path} cannot be put into {address}, which stays as it was: {what}") from error
    finally:
        engine.dispose()
    return copy


def _has_portal(db: Connection) -> bool:
    """Return whether a portal has the store open, also one of another machine's; of a file one cannot tell."""
    query = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = :name LIMIT 1"
    return _on_server(db) and db.scalar(text(query), {"name": PORTAL}) is not None


def _is_empty(db: Connection) -> bool:
    there = set(inspect(db).get_table_names())
    return all(
        _count(db, each) <= EMPTY.get(each.name, 0) for each in Base.metadata.tables.values() if each.name in there
    )


def _drop(db: Connection) -> None:
    there = set(inspect(db).get_table_names()) & {*Base.metadata.tables, "alembic_version"}
    for name in there:
        db.execute(text(f'DROP TABLE "{name}"' + (" CASCADE" if _on_server(db) else "")))


def _put(db: Connection, path: Path, ours: Sequence[str], report: Report) -> None:
    """Fill the tables *ours*, which are as they were when the copy was made."""
    if _on_server(db):
        db.execute(text("TRUNCATE " + ", ".join(f'"{name}"' for name in ours)))
    for name in () if _on_server(db) else ours:
        db.execute(text(f'DELETE FROM "{name}"'))  # noqa: S608
    total, done = head(path).rows, 0
    last: dict[str, int | None] = {}
    into: Insert | None = None
    names: list[str] = []
    rows: list[dict[str, Any]] = []
    with _any_order(db, ours):
        for value in values(path):
            if isinstance(value, list):
                rows.append(dict(zip(names, value, strict=True)))
                done += 1
                if len(rows) < BATCH:
                    continue
            if rows and into is not None:
                db.execute(into, rows)
                rows = []
                report(done / total, "rows put back")
            if isinstance(value, dict):
                names = value["columns"]
                into = insert(table(value["table"], *map(column, names)))
                last[value["table"]] = value["last"]
        if rows and into is not None:
            db.execute(into, rows)
    for name, number in last.items():
        _count_on(db, name, number or 0)
    report(1.0, "rows put back")


def _on_server(db: Connection) -> bool:
    return db.dialect.name == "postgresql"


@contextlib.contextmanager
def _any_order(db: Connection, ours: Sequence[str]) -> Iterator[None]:
    """Have rows come before those that they belong to; SQLite looks at the end anyway (``exclusive``)."""
    found = inspect(db)
    keys = [(name, key["name"]) for name in ours for key in found.get_foreign_keys(name)]
    alter = 'ALTER TABLE "{}" ALTER CONSTRAINT "{}" {}'
    for name, key in keys if _on_server(db) else ():
        db.execute(text(alter.format(name, key, "DEFERRABLE INITIALLY DEFERRED")))
    yield
    if _on_server(db):
        db.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        for name, key in keys:
            db.execute(text(alter.format(name, key, "NOT DEFERRABLE")))


def _count_on(db: Connection, name: str, last: int) -> None:
    """Have the table *name* give none of the ids up to *last* again."""
    sequence = _sequence(db, name)
    if sequence is None:
        return
    last = max(last, db.scalar(text(f'SELECT max(id) FROM "{name}"')) or 0)  # noqa: S608
    if last == 0:
        return
    if _on_server(db):
        db.execute(text("SELECT setval(:name, :last)"), {"name": sequence, "last": last})
        return
    db.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
    db.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), {"name": name, "last": last})
