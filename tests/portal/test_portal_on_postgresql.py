"""A portal whose store is on PostgreSQL, from an empty database to live tiles; and the way from there to SQLite."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import postgres as pg
from click.testing import CliRunner

from portal_kit import Browser, ConfiguredPortal
from tvcore import api
from tvcore.cli import cli
from tvcore.store import Store

Until = Callable[..., None]
LIVE_SECONDS = 120


def db(code: int, *arguments: object) -> str:
    """Return what ``tiledviz db`` says."""
    found = CliRunner().invoke(cli, ["db", *map(str, arguments)])
    said = f"{found.output}{found.exception or ''}"
    assert found.exit_code == code, said
    return said


def tile_of(browser: Browser) -> dict[str, Any]:
    """Return the only tile, as the wall has it."""
    (tile,) = browser.get("/wall").json["tiles"]
    return dict(tile)


def state(browser: Browser) -> tuple[str, bool]:
    tile = tile_of(browser)
    return tile["state"], bool(tile["stream"])


def registers(browser: Browser) -> dict[str, Any]:
    return dict(browser.get("/session/export").json["registers"])


def programs(browser: Browser) -> list[int]:
    """Return the processes that draw the tiles."""
    return [tile["pid"] for tile in browser.get("/tiles").json]


class Writer:
    """Somebody who colours one tag after the other, and remembers what they were told is done."""

    def __init__(self, browser: Browser) -> None:
        self.done = 0
        self._stop = threading.Event()
        self._page = browser.wall()
        self._page.say(join=None)
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def _write(self) -> None:
        while not self._stop.is_set():
            name = f"w-{self.done}"
            self._page.say(ops=[{"id": name, "set": [[f"tag/{name}/colour", "#123456"]]}])
            self._page.event(lambda event: any(op["id"] == name for op in event.get("ops", [])), 60)  # noqa: B023
            self._page.events.clear()
            self.done += 1

    def end(self) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join(90)
        assert not self._thread.is_alive()
        self._page.close()


def test_a_portal_on_postgresql_shows_tiles_keeps_all_and_is_moved_to_sqlite_by_a_copy_made_during_writes(
    postgres: pg.Server, home: Path, tmp_path: Path, until: Until
) -> None:
    name, file = postgres.database(), tmp_path / "copy"
    pg.use_store(home, postgres.url(name))
    portal = ConfiguredPortal(home)
    try:
        # Up on an empty database, a job, and a tile of it with its picture.
        browser = portal.login()
        answer = browser.post("/launch", {"case": "gears", "set": {"tiles": "1"}})
        assert answer.status == 200, answer.json
        job = answer.json["id"]
        until(lambda: state(browser) == ("live", True), LIVE_SECONDS, "the tile is live")
        tile = tile_of(browser)["id"]
        page = browser.wall()
        page.say(demand=[[tile, 200, 150, 1]])
        assert len(page.picture(30)) > 500
        page.close()
        assert browser.post("/session/versions", {"name": "before"}).status == 200
        drawing = programs(browser)
        # Ended and begun again: the login, the tile and its program are what they were.
        assert portal.stop() == 0
        portal = ConfiguredPortal(home, port=portal.port)
        browser.portal = portal
        until(lambda: state(browser) == ("live", True), LIVE_SECONDS, "the tile is live again")
        assert (tile_of(browser)["id"], programs(browser)) == (tile, drawing)
        assert [each["name"] for each in browser.get("/session/versions").json["versions"]] == ["before"]
        # A copy while somebody writes: it has what was done when it was begun, and nothing of after its end.
        writer = Writer(browser)
        until(lambda: writer.done >= 3, 60, "somebody writes")
        before = writer.done
        db(0, "backup", file)
        after = writer.done
        until(lambda: writer.done > after + 1, 60, "and goes on")
        writer.end()
        assert len(registers(browser)) == writer.done
        assert not (home / "store.sqlite").exists()
        assert portal.stop() == 0
        assert "Traceback" not in portal.log.read_text()
        # Onto SQLite.
        os.unlink(home.parent / "config" / "tiledviz" / "config.toml")
        db(0, "restore", file)
        assert "ok" in db(0, "check")
        portal = ConfiguredPortal(home, port=portal.port)
        browser.portal = portal
        assert browser.get("/me").status == 401, "logins are not in a copy"
        browser = portal.login()
        assert "a portal of yours runs at" in db(1, "restore", file, "--replace")
        assert set(registers(browser)) == {f"tag/w-{number}/colour" for number in range(len(registers(browser)))}
        assert before <= len(registers(browser)) <= after + 1
        assert [each["name"] for each in browser.get("/session/versions").json["versions"]] == ["before"]
        until(lambda: state(browser) == ("live", True), LIVE_SECONDS, "the tile is live still")
        assert (tile_of(browser)["id"], programs(browser)) == (tile, drawing)
        assert browser.post(f"/jobs/{job}/stop", {}).status == 200
        until(lambda: browser.get("/jobs").json[0]["state"] == "cancelled", 30, "the job is over")
    finally:
        portal.stop()
        with contextlib.closing(Store.open()) as store:
            for each in api.jobs(store):
                api.stop(store, each["id"], remove=True)
        postgres.drop(name)
