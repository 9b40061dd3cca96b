"""Copies of the store: taken while others write, put back on either engine, and refused when they are not whole."""

from __future__ import annotations

import contextlib
import gzip
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import postgres as pg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from tvcore.cli import cli
from tvcore.errors import TiledVizError, UsageError
from tvcore.store import Store
from tvcore.store.address import Address, parsed
from tvcore.store.backup import LEFT_OUT, backup, restore
from tvcore.store.check import check
from tvcore.store.database import PORTAL

sys.path.insert(0, str(Path(__file__).parent))
from test_migrations import filled, stored

WRITER = """
import itertools
from tvcore.store import Store
store = Store.open()
print("on", flush=True)
for n in itertools.count():
    for session in ("main", "other"):
        store.rooms.append(session, "ann", "editor", [{"id": f"a-{n}", "set": [[f"order/{n}", "a"]]}])
"""


@pytest.fixture
def server_store(postgres: pg.Server) -> Iterator[Address]:
    """Have an empty store on PostgreSQL."""
    name = postgres.new_store()
    with pg.all_closed():
        yield Address(parsed(postgres.url(name)))
    postgres.drop(name)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["db", *map(str, arguments)])


def said(result: Result) -> str:
    return str(result.exception or result.output)


def edit(store: Store, name: str) -> None:
    assert "op" in store.rooms.append("main", "ann", "editor", [{"id": name, "set": [["order/1", name]]}])[0]


def rows_of(store: Store, rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {name: [{key: row[key] for key in of[0]} for row in stored(store.engine, name)] for name, of in rows.items()}


def test_a_copy_carries_every_field_of_every_row_to_the_other_engine_and_back(
    server_store: Address, tmp_path: Path
) -> None:
    store = Store.open()
    with store.engine.begin() as db:
        for name in ("membership", "person", "session", "project", "access"):
            db.execute(sa.text(f"DELETE FROM {name}"))
    rows = filled(store.engine)
    with store.engine.begin() as db:
        db.execute(sa.text("DELETE FROM access WHERE id = 2"))
        db.execute(sa.text("DELETE FROM tile WHERE id = 2"))
    rows["access"].pop()
    rows["tile"].pop()
    wanted = {name: [] if name in LEFT_OUT else of for name, of in rows.items() if name != "access"}
    version = store.access.version()
    for number, address in enumerate((server_store, Address(parsed(f"sqlite:///{tmp_path}/again.sqlite")))):
        path = tmp_path / f"copy{number}"
        copy = backup(store, path)
        store.close()
        assert path.stat().st_mode & 0o777 == 0o600
        assert copy.rows == sum(map(len, wanted.values())) + 1
        assert restore(path, replace=True, address=address) == copy
        assert [each.what for each in check(address) if each.wrong] == ["kept things"], "the projects have no owner"
        store = Store(address)
        found = rows_of(store, rows)
        assert {name: of for name, of in found.items() if name != "access"} == wanted
        assert store.access.version() > version, "portals ask anew"
        version = store.access.version()
    with store.engine.begin() as db:
        columns = ", ".join(f'"{key}"' for key in rows["tile"][0] if key not in ("id", "index"))
        again = f'INSERT INTO tile ("index", {columns}) SELECT 7, {columns} FROM tile RETURNING id'
        assert db.scalar(sa.text(again)) == 3, "an id is not given again, though the row is long gone"
    store.close()


def test_a_copy_made_while_others_write_is_of_one_moment(engine: str, tmp_path: Path) -> None:
    store = Store.open()
    writer = subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "on\n"
    try:
        for number in range(3):
            backup(store, tmp_path / str(number))
    finally:
        writer.kill()
        writer.communicate()
    head = store.rooms.head("main")
    store.close()
    seen = []
    for number in range(3):
        restore(tmp_path / str(number), replace=True)
        assert [each for each in check() if each.wrong] == []
        again = Store.open()
        seen.append(again.rooms.head("main"))
        assert 0 <= seen[-1] - again.rooms.head("other") <= 1, "the one that is written first is ahead, or neither"
        assert len(again.rooms.document("main").plain()["registers"]) == seen[-1]
        again.close()
    assert seen == sorted(seen)
    assert seen[-1] <= head


def test_a_store_that_is_not_empty_or_has_a_portal_is_left_alone(
    server_store: Address, home: Path, tmp_path: Path
) -> None:
    pg.use_store(home, str(server_store))
    store = Store.open()
    edit(store, "first")
    with store.engine.begin() as db:
        db.exec_driver_sql("CREATE TABLE another_programs (row INTEGER)")
        db.exec_driver_sql("INSERT INTO another_programs VALUES (1)")
    path = tmp_path / "copy"
    assert run("backup", path).exit_code == 0
    assert "already" in said(run("backup", path))
    edit(store, "second")
    with pytest.raises(UsageError, match="is not empty: --replace"):
        restore(path)
    portal = Store.open(program=PORTAL)
    portal.wall()
    with pytest.raises(TiledVizError, match="a portal is at work"):
        restore(path, replace=True)
    portal.close()
    assert store.rooms.document("main").get("order/1") == "second"
    assert run("restore", path, "--replace").exit_code == 0
    assert store.rooms.document("main").get("order/1") == "first"
    with store.engine.connect() as db:
        assert db.exec_driver_sql("SELECT row FROM another_programs").scalars().all() == [1]


def test_a_copy_that_is_damaged_is_refused_and_the_store_stays_as_it_was(home: Path, tmp_path: Path) -> None:
    store = Store.open()
    edit(store, "first")
    path, bad = tmp_path / "copy", tmp_path / "bad"
    backup(store, path)
    whole = gzip.decompress(path.read_bytes())
    lines = whole.splitlines(keepends=True)
    damaged = {
        "cut": path.read_bytes()[:-20],
        "changed": gzip.compress(whole.replace(b"first", b"fifth", 1)),
        "a row less": gzip.compress(b"".join(lines[:3] + lines[4:])),
        "without its end": gzip.compress(b"".join(lines[:-1])),
        "going on": gzip.compress(whole + lines[2]),
        "something else": gzip.compress(b'{"a":1}\n'),
        "no gzip": os.urandom(500),
        "empty": b"",
        "later": gzip.compress(whole.replace(b'"version":1', b'"version":2', 1)),
    }
    for what, content in damaged.items():
        bad.write_bytes(content)
        with pytest.raises(TiledVizError) as error:
            restore(bad, replace=True)
        assert "\n" not in str(error.value), what
        assert str(bad) in str(error.value)
    with pytest.raises(TiledVizError, match="No such file"):
        restore(tmp_path / "none")
    assert store.rooms.document("main").get("order/1") == "first"


def test_check_says_what_is_wrong_in_a_line_for_each_thing(home: Path) -> None:
    store = Store.open()
    edit(store, "first")
    found = run("check")
    assert (found.exit_code, found.output.count(": ok\n")) == (0, 7)
    store.close()
    with contextlib.closing(Store.open()) as broken, broken.engine.connect() as db:
        driver = db.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys=OFF")
        for statement in (
            "UPDATE operation SET body = '{'",
            "INSERT INTO membership VALUES (77, 1, 'owner', 0, 1)",
            "DELETE FROM membership WHERE project_id = 1",
            "DROP TABLE recovery_code",
        ):
            driver.execute(statement)
        db.invalidate()
    found = run("check")
    assert found.exit_code == 1
    assert "membership 77/1 belongs to a project that is not there" in found.output
    assert "the document of the session main cannot be had" in found.output
    assert "the project main has no owner" in found.output
    assert "recovery_code" in found.output
    (home / "store.sqlite").write_bytes(os.urandom(5000))
    assert "cannot be opened" in said(run("check"))


def test_a_project_whose_owner_cannot_come_in_is_told(engine: str) -> None:
    store = Store.open()
    assert [each for each in check() if each.wrong] == []
    with store.engine.begin() as db:
        db.exec_driver_sql("UPDATE person SET state = 'deactivated'")
    store.close()
    (found,) = [each for each in check() if each.wrong]
    assert (found.what, len(found.wrong)) == ("kept things", 1)
    assert "the project main has no owner who can come in: `tiledviz project role`" in found.wrong[0]


def test_a_store_that_is_not_there_or_of_another_release_is_not_called_broken(home: Path, postgres: pg.Server) -> None:
    found = said(run("check"))
    assert found.startswith(f"there is no store at sqlite:///{home}/store.sqlite yet: `tiledviz up` makes one")
    assert not (home / "store.sqlite").exists()
    name = postgres.database()
    with pg.all_closed():
        for url in (f"sqlite:///{home}/store.sqlite", postgres.url(name)):
            pg.use_store(home, url)
            if url.startswith("postgresql"):
                assert said(run("check")).startswith("there is no store at postgresql://")
            store = Store.open()
            for revision, words in (("0009", "an earlier release (0009): whatever else"), ("9999", "a later TiledViz")):
                with store.engine.begin() as db:
                    db.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
                result = run("check")
                assert (result.exit_code, words in said(result), "sound" in said(result)) == (1, True, False)
            store.close()
    postgres.drop(name)


def test_the_demo_has_a_store_of_its_own_whatever_the_settings_name(home: Path) -> None:
    site = home.parent / "site.sqlite"
    pg.use_store(home, f"sqlite:///{site}")
    with socket.create_server(("127.0.0.1", 0)) as other:
        command = [sys.executable, "-m", "tvcore", "demo", "--port", str(other.getsockname()[1])]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, "is in use" in ended.stderr) == (1, True), ended.stderr
    assert (site.exists(), (home / "store.sqlite").exists()) == (False, True)
