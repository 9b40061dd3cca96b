"""Stores of every earlier release, brought up to date with all that is in them, on both engines."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import postgres as pg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tvcore.errors import TiledVizError
from tvcore.session.changes import shared_part
from tvcore.store import Store, database
from tvcore.store.address import configured
from tvcore.store.models import Base

REVISIONS = [f"{number:04}" for number in range(1, int(database.HEAD))]
NEVER_AGAIN = {"project", "session", "version", "tile", "person", "invitation", "api_token"}
CIRCULAR = {"invitation.person_id"}
# What a column says where not any text or number will do; {} stands for the row's number.
VALUES = {
    "session.name": ("main", "other"),
    "job.state": ("running", "completed"),
    "job.nodes": ('["c1", "c2"]', "[]"),
    "job.lost": ('["c2"]', "[]"),
    "tile_set.parameters": ('{"count": 4}', "{}"),
    "tile_set.columns": ('[{"name": "F", "unit": "1"}]', "[]"),
    "tile_set.images": ('{"/i.sif": "sha256:a"}', "{}"),
    "tile_set.settings": ('{"job.nodes": 2}', "{}"),
    "tile.tags": ('["a", "b"]', "[]"),
    "tile.metadata": ('{"F": NaN, "name": "\\u0000\\ud800é"}', "{}"),
    "tile.gl": ('{"way": "mesa"}', "{}"),
    "tile.media": ('{"type": "image/png"}', "{}"),
    "tile.state": ("live", "failed"),
    "login_ticket.role": ("owner", "viewer"),
    "operation.seq": (1, 2),
    "operation.body": ('{"set":[["order/1","b"]]}', '{"set":[["order/2","c"]]}'),
    "document_base.seq": (0, 0),
    "document_base.body": ('{"seq":0,"registers":[],"texts":[]}',) * 2,
    "version.body": ('{"registers":{"order/1":"a"},"texts":{}}',) * 2,
    "kept_set_revision.body": ('{"title":"One"}', '{"title":"Two"}'),
    "invitation.tiles": ("[1, 2]", "[]"),
    "api_token.rights": ('["see"]', "[]"),
    "preset.parameters": ('{"count": 4}', "{}"),
    "preset.settings": ('{"job.nodes": 2}', "{}"),
}

Rows = dict[str, list[dict[str, Any]]]


@contextlib.contextmanager
def opened() -> Iterator[sa.Engine]:
    """Have an engine on the test's store, as it is."""
    engine = database.open_engine(configured(), migrate=False)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def nothing(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    """Have an empty database, without tables, on each engine in turn."""
    if request.param == "sqlite":
        yield request.param
        return
    server: pg.Server = request.getfixturevalue("postgres")
    name = server.database()
    pg.use_store(home, server.url(name))
    with pg.all_closed():
        yield request.param
    server.drop(name)


def as_at(revision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the tables of *revision*."""
    with monkeypatch.context() as before:
        before.setattr(database, "HEAD", revision)
        database.open_engine(configured()).dispose()


def filled(engine: sa.Engine) -> Rows:
    """Have two rows in every table that use every column, and none that migrations put there; return them."""
    tables = sa.MetaData()
    with database.exclusive(engine) as db:
        tables.reflect(db)
        # Where tables refer to each other, one of them says so when the other is there.
        sort = sa.schema.sort_tables_and_constraints
        ordered = list(sort(tables.tables.values(), lambda key: _column(key) in CIRCULAR))  # type: ignore[no-untyped-call]
        there = [table for table, _ in ordered if table is not None and table.name != "alembic_version"]
        circular = [column for table, keys in ordered if table is None for key in keys for column in key.columns]
        for column in circular:
            db.execute(sa.text(f'UPDATE "{column.table.name}" SET "{column.name}" = NULL'))
        for table in reversed(there):
            db.execute(sa.text(f'DELETE FROM "{table.name}"'))
        written: Rows = {}
        for table in there:
            written[table.name] = [_row(table, number) for number in (1, 2)]
            names = [column.name for column in table.columns]
            quoted = ", ".join(f'"{name}"' for name in names)
            into = sa.text(f'INSERT INTO "{table.name}" ({quoted}) VALUES ({", ".join(f":{name}" for name in names)})')
            later = {column.name: None for column in circular if column.table is table}
            for row in written[table.name]:
                db.execute(into, row | later)
        for column in circular:
            for row in written[column.table.name]:
                set_ = sa.text(f'UPDATE "{column.table.name}" SET "{column.name}" = :{column.name} WHERE id = :id')
                db.execute(set_, {"id": row["id"], column.name: row[column.name]})
    return written


def _column(key: sa.ForeignKeyConstraint) -> str:
    assert key.table is not None
    return f"{key.table.name}.{key.column_keys[0]}"


def _row(table: sa.Table, number: int) -> dict[str, Any]:
    def value(column: sa.Column[Any]) -> Any:
        given = VALUES.get(f"{table.name}.{column.name}")
        if given is not None:
            return given[number - 1]
        if column.foreign_keys:
            return number
        if isinstance(column.type, sa.Boolean):
            return number == 1
        if isinstance(column.type, sa.Integer):
            return number
        if isinstance(column.type, (sa.Numeric, sa.Float)):
            return number + 0.1 + 0.2  # 0.30000000000000004: all its digits are kept
        return f"{column.name} é\u20ac\U0001f642 {number}"[:20]

    return {column.name: value(column) for column in table.columns}


def stored(engine: sa.Engine, table: str) -> list[dict[str, Any]]:
    with engine.connect() as db:
        return [dict(row._mapping) for row in db.execute(sa.text(f'SELECT * FROM "{table}" ORDER BY 1, 2'))]


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_store_of_every_release_is_brought_up_to_date_and_keeps_every_field_of_every_row(
    nothing: str, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_at(revision, monkeypatch)
    with opened() as engine:
        before = filled(engine)
    store = Store.open()
    for table, rows in before.items():
        found = stored(store.engine, table)
        if table == "login" and revision < "0010":
            assert found == [], "whose logins these were is not known"
            continue
        assert [{name: of[name] for name in row} for of, row in zip(found, rows, strict=True)] == rows, table
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    tile, gone = store.tiles()
    assert (tile["state"], tile["tags"], tile["job"]) == ("live", ["a", "b"], before["job"][0]["id_there"])
    assert repr(tile["metadata"]["F"]) == "nan"
    assert tile["metadata"]["name"] == "\0\ud800é"
    assert [job["state"] for job in store.jobs()] == ["running", "completed"]
    assert [each["id"] for each in store.wall("main")["tiles"]] == [tile["id"]]
    assert [each["id"] for each in store.wall("other")["tiles"]] == [gone["id"]]
    if revision >= "0005":
        assert shared_part(store.rooms.document("main").plain())["registers"] == {"order/1": "b"}
        assert [version["id"] for version in store.rooms.versions("other")] == [2]
    store.close()


def test_what_was_there_before_there_were_people_is_the_portals_own_persons_in_the_first_project(
    nothing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_at("0009", monkeypatch)
    with opened() as engine:
        filled(engine)
    store = Store.open()
    me = store.access.of_person(store.access.owner())
    assert me is not None
    assert (me["who"]["way"], me["who"]["name"]) == ("token", pwd.getpwuid(os.getuid()).pw_name)
    assert me["who"]["administrator"]
    assert [(each["key"], each["title"], each["role"]) for each in me["sessions"]] == [
        ("main", "main", "owner"), ("other", "other", "owner"),
    ]  # fmt: skip
    (project,) = me["projects"]
    assert {row["project_id"] for table in ("kept_set", "preset") for row in stored(store.engine, table)} == {
        project["id"]
    }
    # Constraints hold as the models say: two sets of one name are two projects'.
    columns = 'name, "case", parameters, settings, tiles, saved, project_id'
    again = sa.text(f"INSERT INTO preset (id, {columns}) SELECT 99, {columns} FROM preset")
    with store.engine.connect() as db, pytest.raises(sa.exc.IntegrityError):
        db.execute(again)
    store.close()


def test_no_id_is_given_again(nothing: str) -> None:
    store = Store.open()
    if nothing == "sqlite":
        with store.engine.connect() as db:
            made = db.exec_driver_sql("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'").scalars().all()
        assert set(made) == NEVER_AGAIN
    insert = "INSERT INTO project (name, created) VALUES ('x', 1) RETURNING id"
    given: list[int] = []
    for _ in range(2):
        with store.engine.begin() as db:
            given.append(db.execute(sa.text(insert)).scalar_one())
            db.execute(sa.text("DELETE FROM project WHERE name = 'x'"))
    assert given[1] > given[0]
    store.close()


def test_the_head_is_the_last_migration() -> None:
    folder = Path(database.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == database.HEAD
    assert json.loads(f"[{int(database.HEAD)}]") == [len(list((folder / "versions").glob("v*.py")))]


def test_a_store_of_a_later_release_is_left_alone(engine: str) -> None:
    store = Store.open()
    with store.engine.begin() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(TiledVizError, match="written by a later TiledViz"):
        Store.open()


def test_a_migration_that_fails_leaves_the_store_as_it_was(nothing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    as_at("0009", monkeypatch)
    with opened() as engine:
        before = filled(engine)
        with engine.begin() as db:
            db.execute(sa.text("CREATE TABLE membership (id INTEGER)"))  # in the way of the last of many steps
    with pytest.raises(TiledVizError, match="cannot be opened"):
        Store.open()
    with opened() as engine:
        assert database.schema_of(engine) == "0009"
        assert {name: stored(engine, name) for name in before} == before
        with engine.begin() as db:
            db.execute(sa.text("DROP TABLE membership"))
    store = Store.open()
    assert len(store.tiles()) == 2
    store.close()
