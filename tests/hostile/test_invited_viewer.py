"""A third Unix user, invited to look at one tile: with a client of their own they get that tile, and disturb nobody."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from hostile_kit import as_user
from ordinary import USER as ORDINARY
from portal_kit import RunningJob, RunningPortal, filled
from tvcore.portal.routes import ROUTES
from waiting import wait_until

INVITED = Path(__file__).parent / "invited.py"
PLANTED = ("planted", "77.125", "88.25")  # names and numbers of tiles that are not theirs
# What a guest of one tile may call, and gets an answer that is no refusal from, with what the test sends.
THEIRS = {"GET /wall", "GET /me", "GET /sessions", "POST /qr"}


@pytest.fixture(scope="module")
def portal() -> Iterator[RunningPortal]:
    folder = Path(tempfile.mkdtemp(prefix="tvg-", dir="/tmp"))
    (folder / "state").mkdir(mode=0o700)
    running = RunningPortal(folder / "state")
    yield running
    assert running.stop() == 0, running.log.read_text()
    text = running.log.read_text()
    shutil.rmtree(folder, ignore_errors=True)
    assert "Traceback" not in text, text


def routes(job: RunningJob) -> dict[str, Any]:
    """Return method and path of every route but the streams, about another's tile, with a body to call it with."""
    other = job.tiles[1]
    found = {}
    for route in ROUTES:
        if route.access == "login" and route.path not in ("/logout", "/account/logout-everywhere"):
            path = filled(route.path, tile=str(other), job=job.id, name="planted", session="main")
            asked = {name: value for name, value in asking(other).items() if name in fields(route.query)}
            name = f"{route.method} {path}" + (f"?{urlencode(asked)}" if asked else "")
            given = {name: value for name, value in giving(other).items() if name in fields(route.body)}
            found[name] = given if route.body else None
    return found


def fields(message: Any) -> Any:
    return message.model_fields if message else {}


def asking(other: int) -> dict[str, Any]:
    """Return what a query may ask for: what is another's, by name, by word, by number."""
    return {"q": "planted", "column": "F", "tile": other, "columns": "F", "k": 5, "origin": "http://127.0.0.1"}


def giving(other: int) -> dict[str, Any]:
    """Return what a body may say, all of it as the route wants it."""
    return {
        "tiles": [other], "tile": other, "stream": "rfb", "width": 640, "height": 480, "command": "id", "path": "/etc",
        "data": "eA==", "text": "evil", "keys": "Return", "x": 0.5, "y": 0.5, "to_x": 0.1, "to_y": 0.1, "at": 0.0,
        "playing": True, "action": "close", "name": "evil", "to": "evil", "title": "evil", "role": "owner",
        "operate": True, "person": 1, "case": "gears", "format": "json", "document": {}, "revision": 1,
        "job": "local-1", "archived": True, "administrator": True, "display": "evil", "password": "a" * 12,
        "old": "a" * 12, "new": "b" * 12, "code": "123456", "mail": "evil@example.org", "rights": ["see"],
        "request": "r" * 32,
    }  # fmt: skip


def test_an_invited_viewer_gets_their_tile_and_nothing_else_and_disturbs_nobody(portal: RunningPortal) -> None:
    job = RunningJob(
        portal, tiles=3, rows=[{"F": 0.5}, {"F": 77.125}, {"F": 88.25}], tags=[("mine",), ("planted",), ("planted",)]
    )
    try:
        _attacked(portal, job)
    finally:
        job.end()


def _attacked(portal: RunningPortal, job: RunningJob) -> None:
    owner = portal.login()
    wait_until(lambda: [t["state"] for t in owner.get("/wall").json["tiles"]] == ["live"] * 3, 20, "three live tiles")
    own, *others = job.tiles
    page = owner.wall()
    page.say(join=None, here={"page": "0" * 12, "focus": others[0], "zoomed": others})
    operation = {"id": "theirs-1", "set": [[f"tags/{others[0]}/planted", True]]}
    page.say(ops=[operation, {"id": "theirs-2", "text": [[f"note/{others[1]}", [["+", "", "planted"]]]]}])
    page.event(lambda event: "theirs-2" in json.dumps(event))
    far = owner.post("/projects/1/sessions", {"title": "planted session"}).json["key"]
    facts = {
        "port": portal.port, "secret": owner.post("/invitations", {"tiles": [own]}).json["secret"], "own": own,
        "others": others, "routes": routes(job), "session": far, "operation": "theirs-1",
        "owner's ticket": owner.ticket("wall"),
    }  # fmt: skip
    user = ORDINARY if os.getuid() == 0 else os.getuid()
    attacker = subprocess.Popen(
        as_user(user, sys.executable, str(INVITED)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    waits, number = _work_on(owner, page, own, attacker, json.dumps(facts))
    assert attacker.returncode == 0, attacker.said[1]  # type: ignore[attr-defined]
    got = json.loads(attacker.said[0])  # type: ignore[attr-defined]
    # Others went on: all that the owner did came back to them, while all of this went on.
    assert number > 3
    assert sorted(waits)[number * 95 // 100] < 5.0, waits  # none took more than the 30 s of _work_on
    page.close()
    assert [tile["title"] for tile in json.loads(got["routes"]["GET /wall"][1])["tiles"]] == ["tile 0"]
    del got["routes"]["GET /openapi.json"]
    called = got.pop("routes")
    for name, value in (*called.items(), *got.items()):
        said = json.dumps(value)
        for word in PLANTED:
            assert word not in said, (name, word, said[max(0, said.find(word) - 300) :][:600])
    answered = {name: (status, text) for name, (status, text) in called.items() if status not in (403, 404)}
    assert {name.partition("?")[0] for name in answered} <= THEIRS, answered
    assert got["other session"][0] == 404
    assert "there is no tile" in got["ticket for another tile"]
    assert got["first use"] == 101
    for what in ("replayed", "for another tile", "for another stream", "of somebody else"):
        assert got[what] == 401, what
    assert got["forged origin of a stream"] == got["forged origin of a call"] == 403
    forged = got["forged"]
    assert forged.pop("proxy") == "guest"
    assert set(forged.pop("tries")) <= {401, 429}
    assert set(forged.values()) <= {400, 401, 403, 421}, forged
    assert got["frames"] == [], "each ended its connection"
    assert got["connections"] <= 256
    assert got["invitation again"][0] == 401
    assert got["display"].startswith("(14, ")  # the greeting alone came through, and no key
    assert job.agent.calls == []
    asked = [demand for stream in job.agent.walls for looker in stream.lookers.values() for demand in looker.demands]
    assert {tile[0] for demand in asked for tile in demand} <= {0}
    assert not any(looker.input for stream in job.agent.walls for looker in stream.lookers.values())
    assert "evil" not in json.dumps(_document(owner))
    assert owner.get("/wall").status == 200
    assert job.runner.poll() is None


def _work_on(owner: Any, page: Any, tile: int, attacker: Any, facts: str) -> tuple[list[float], int]:
    """Work in the session while *attacker* runs; return how long each act took to come back, and their number."""

    def attend() -> None:
        attacker.said = attacker.communicate(facts, timeout=240)

    thread = threading.Thread(target=attend)
    thread.start()
    waits, number = [], 0
    while thread.is_alive():
        number += 1
        begun = time.monotonic()
        page.say(ops=[{"id": f"work-{number:06}", "set": [[f"order/{tile}", f"k{number}"]]}])
        name = f"work-{number:06}"
        page.event(lambda event, name=name: name in json.dumps(event), 30)
        assert owner.get("/me").status == 200, "a new connection is served as well"
        waits.append(time.monotonic() - begun)
        page.events.clear()
        thread.join(0.2)
    return waits, number


def _document(owner: Any) -> Any:
    page = owner.wall()
    page.say(join=None)
    found = page.event(lambda event: event["event"] == "document")
    page.close()
    return found
