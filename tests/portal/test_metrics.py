"""Who watches a portal: metrics, health, the access log, its level, the audit by the API; and no core of it."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from portal_kit import Browser, Reply, RunningJob, RunningPortal
from tvcore.audit import HERE
from tvcore.portal.roles import Role
from tvcore.portal.routes import ROUTES
from tvcore.store.access import bump
from tvcore.store.models import ProjectRow
from tvcore.store.people_models import MembershipRow, PersonRow

Until = Callable[..., None]
TOKEN = "m" * 16 + "0123456789abcdef"

# POST, but nothing is other than before: they ask, or (an action) write themselves down where it is done.
ASKING = {
    "/cases/{case}/check",
    "/qr",
    "/sheet",
    "/tickets",
    "/tiles/act",
    "/tiles/actions",
    "/tiles/play",
    "/tiles/windows",
}


@pytest.fixture(scope="module")
def watched() -> Iterator[RunningPortal]:
    """A portal on a port and a unix socket, with a token for its metrics."""
    folder = Path(tempfile.mkdtemp(prefix="tvw-", dir="/tmp"))
    for name in ("state", "run", "config", "config/tiledviz"):
        (folder / name).mkdir(mode=0o700)
    token = folder / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    (folder / "config/tiledviz/config.toml").write_text(f'[portal]\nmetrics_token_file = "{token}"\n')
    environment = {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_RUNTIME_DIR": str(folder / "run")}
    running = RunningPortal.__new__(RunningPortal)
    running.begin(folder / "state", "--host", "127.0.0.1", "--socket", port=8797, environment=environment)
    running.wait()
    yield running
    assert running.stop() == 0, running.log.read_text()
    shutil.rmtree(folder, ignore_errors=True)


def by_socket(portal: RunningPortal, path: str, **headers: str) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", portal.port)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(portal.socket or "")
    connection.request("GET", path, headers={"Host": portal.host} | headers)
    reply = Reply(connection.getresponse())
    connection.close()
    return reply


def by_port(portal: RunningPortal, path: str, **headers: str) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", portal.port)
    connection.request("GET", path, headers={"Host": portal.host} | headers)
    reply = Reply(connection.getresponse())
    connection.close()
    return reply


def values(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"^([a-z_]+(?:{[^}]*})?) (\S+)$", text, re.MULTILINE)}


def test_metrics_are_for_the_own_user_on_the_socket_and_for_who_shows_a_token(watched: RunningPortal) -> None:
    assert by_socket(watched, "/metrics").status == 200
    assert by_socket(watched, "/api/v1/metrics").headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert by_port(watched, "/metrics").status == 401
    assert by_port(watched, "/metrics", Authorization=f"Bearer {TOKEN}").status == 200
    for wrong in (f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", "Bearer ", f"Basic {TOKEN}", "Bearer tvz_" + "x" * 43):
        assert by_port(watched, "/metrics", Authorization=wrong).status == 401, wrong
    # Who comes by a proxy is anybody: the socket is the proxy's.
    assert by_socket(watched, "/metrics", **{"X-Forwarded-For": "192.0.2.1"}).status == 401
    browser = watched.login()
    token = browser.post("/tokens", {"name": "metrics", "rights": ["see"]}).json["token"]
    assert by_port(watched, "/metrics", Authorization=f"Bearer {token}").status == 401, "no token is an administrator"
    cookie = {"Cookie": browser.cookie, "X-TiledViz-Key": browser.key}
    assert by_port(watched, "/metrics", **cookie).status == 401, "a page's login is not for programs"


def test_metrics_count_requests_streams_logins_and_what_is_in_the_store(watched: RunningPortal, until: Until) -> None:
    def now() -> dict[str, float]:
        return values(by_socket(watched, "/metrics").content.decode())

    before = now()
    browser = watched.login()
    assert browser.post("/login", {"ticket": "x" * 32}).status == 401
    page = browser.wall()
    page.event(lambda event: event["event"] == "wall")
    until(lambda: now()['tiledviz_streams{kind="wall"}'] == 1)
    found = now()
    assert found["tiledviz_people_here"] == 1
    assert found['tiledviz_stream_frames_total{kind="wall"}'] > 0
    assert found['tiledviz_stream_bytes_total{kind="wall"}'] > 10
    page.close()
    until(lambda: now()['tiledviz_streams{kind="wall"}'] == 0)
    assert now()['tiledviz_stream_bytes_total{kind="wall"}'] >= found['tiledviz_stream_bytes_total{kind="wall"}']
    for name in ("done", "refused"):
        metric = f'tiledviz_logins_total{{outcome="{name}"}}'
        assert found[metric] == before.get(metric, 0) + 1
    assert found['tiledviz_requests_total{method="POST",route="/login",status="401"}'] >= 1
    assert found["tiledviz_store_up"] == found["tiledviz_sessions"] == 1
    assert found["tiledviz_process_resident_memory_bytes"] > 1 << 20
    assert found["tiledviz_store_seconds_count"] > 0
    until(lambda: now()["tiledviz_loop_lag_seconds_count"] > 0)
    assert found['tiledviz_workers_most{pool="quick"}'] == 1
    by_port(watched, "/xyzzy-" + "secret" * 5)
    text = by_socket(watched, "/metrics").content.decode()
    assert "xyzzy" not in text, "no label holds what a stranger chose"
    assert browser.key not in text


def test_health_tells_strangers_that_it_is_up_and_ready_and_nothing_else(watched: RunningPortal) -> None:
    for path in ("/health", "/api/v1/health"):
        assert set(by_port(watched, path).json) == {"status", "version"}
    assert by_port(watched, "/health/ready").json == {"status": "ready"}


def test_health_says_when_the_store_is_gone_while_the_portal_lives(own_portal: RunningPortal, until: Until) -> None:
    (own_portal.home / "store.sqlite").rename(own_portal.home / "away")
    (own_portal.home / "store.sqlite").mkdir()
    for pid in own_portal.children():  # the store is open in workers: the next ones have to open it
        os.kill(pid, signal.SIGKILL)
    until(lambda: by_port(own_portal, "/health/ready").status == 503, seconds=30)
    assert by_port(own_portal, "/health/ready").json == {"error": "not ready: no answer from the store"}
    assert by_port(own_portal, "/health").status == 200
    (own_portal.home / "store.sqlite").rmdir()
    (own_portal.home / "away").rename(own_portal.home / "store.sqlite")
    until(lambda: by_port(own_portal, "/health/ready").status == 200, seconds=30)


def test_the_access_log_has_who_what_status_and_size_but_no_query_and_no_secret(
    watched: RunningPortal, until: Until
) -> None:
    browser = watched.login()
    assert browser.get("/query?q=planted_query").status in (200, 400)
    by_port(watched, "/%7f%1b[2J" + "x" * 500)
    pattern = r"uid:\d+ token:\S+ GET '/api/v1/query' \d{3} \d+ bytes [\d.]+ ms"
    until(lambda: re.search(pattern, watched.log.read_text()))
    text = watched.log.read_text()
    assert "planted_query" not in text
    assert browser.key not in text
    assert browser.cookie.partition("=")[2] not in text
    assert re.search(r"uid:\d+ - POST '/api/v1/login' 200", text)


def test_the_level_is_changed_while_the_portal_runs_in_its_workers_too(watched: RunningPortal, until: Until) -> None:
    def log(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tvcore", "log", *arguments]
        environment = {**os.environ, "TILEDVIZ_HOME": str(watched.home)}
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)

    def lines(path: str) -> int:
        return watched.log.read_text().count(f"GET '{path}'")

    assert log().stdout == "The portal logs at the level info.\n"
    by_port(watched, "/static/app.js")
    assert lines("/static/app.js") == 0
    assert json.loads(log("debug", "--json").stdout) == {"level": "debug", "portal": True}

    def asked(path: str) -> int:
        by_port(watched, path)
        return lines(path)

    until(lambda: asked("/static/app.js") > 0, seconds=20)
    assert log("warning").returncode == 0

    def silent() -> bool:
        before = asked("/health")
        return asked("/health") == before

    until(silent, seconds=20)
    assert log("loud").returncode == 2
    assert log("info").returncode == 0
    until(lambda: not silent(), seconds=20)


def test_every_route_that_changes_something_is_written_down() -> None:
    missing = {route.path for route in ROUTES if route.method == "POST" and not route.audit}
    assert missing == ASKING, "Route.audit says what it is called in the audit"
    for route in ROUTES:
        for secret in ("password", "secret", "ticket", "code", "token", "text", "data", "fields", "keys", "settings"):
            assert secret not in route.kept, route.path


def account(portal: RunningPortal, name: str, role: Role, project: str = "") -> Browser:
    """Return a browser of somebody new: with *role* in the first project, or in a new one."""
    browser, cookie = Browser(portal), secrets.token_hex(32)
    browser.key, browser.cookie = secrets.token_hex(32), f"tiledviz_{portal.port}={cookie}"
    with Session(portal.store.engine, expire_on_commit=False) as db, db.begin():
        person = PersonRow(way="accounts", name=name, display=f"The one called {name}", created=time.time())
        of = ProjectRow(name=project, created=time.time()) if project else None
        db.add_all([person, of] if of else [person])
        db.flush()
        db.add(MembershipRow(project_id=of.id if of else 1, person_id=person.id, role=role, added=time.time()))
        bump(db)
    assert portal.store.access.add_login(cookie, browser.key, 3600, person.id) is not None
    return browser


def entries_of(browser: Browser, path: str, **query: str) -> list[dict[str, Any]]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    reply = browser.get(f"{path}?{asked}")
    assert reply.status == 200, reply.json
    return list(reply.json["entries"])


def test_owners_read_what_was_done_in_their_project_and_administrators_all(watched: RunningPortal) -> None:
    boss = watched.login()
    assert boss.post("/session/versions", {"name": "before lunch"}).status == 200
    assert boss.post("/login", {"ticket": "y" * 32}).status == 401
    owner = account(watched, "olga", "owner", "olgas")
    project = owner.get("/me").json["projects"][0]["id"]
    viewer = account(watched, "vera", "viewer")
    assert viewer.post("/session/versions", {"name": "mine"}).status == 403
    assert viewer.get("/projects/1/audit").status == viewer.get("/audit").status == 403
    assert owner.get("/projects/1/audit").status == 404
    assert owner.get("/audit").status == 403
    assert entries_of(owner, f"/projects/{project}/audit") == []
    refused, saved = entries_of(boss, "/projects/1/audit", verb="version%20save")[:2]
    assert (refused["who"], refused["way"], refused["outcome"]) == ("The one called vera", "accounts", "refused")
    assert (saved["what"], saved["session"], saved["outcome"]) == ({"name": "before lunch"}, "main", "done")
    assert saved["address"].startswith("uid ")
    (tried,) = entries_of(boss, "/audit", verb="login", outcome="refused", limit="1")
    assert (tried["who"], tried["what"]) == ("", {})
    assert "y" * 32 not in (watched.home / "audit.jsonl").read_text()
    came = entries_of(boss, "/audit", verb="login", outcome="done")
    assert came[0]["person"] == 1
    assert boss.get("/audit?limit=0").status == 400


def test_hands_in_tiles_are_written_down_once_for_each(own_portal: RunningPortal, until: Until) -> None:
    job = RunningJob(own_portal)
    boss, viewer = own_portal.login(), own_portal.login("viewer")
    until(lambda: all(tile["stream"] for tile in boss.get("/wall").json["tiles"]))
    first, second = job.tiles
    pages = [boss.wall(), viewer.wall()]
    for page in pages:
        page.event(lambda event: event["event"] == "wall")
        page.say(arm={"leader": first, "followers": [second]})
        for down in (True, False, True, False):
            page.say(input=[{"tile": second, "key": [97, down]}])
        page.say(input=[{"tile": first, "pointer": [5, 5, 0]}])
    boss.rfb(first).close()
    viewer.rfb(first).close()

    def written() -> list[tuple[str, list[int], str]]:
        found = entries_of(boss, "/projects/1/audit", limit="500")
        return [
            (each["verb"], each["tiles"], each["role"])
            for each in found
            if each["address"] != HERE and each["verb"] != "login"
        ]

    expected = {("arm", (first, second), "owner"), ("tile input", (second,), "owner"), ("tile open", (first,), "owner")}
    until(lambda: {(verb, tuple(tiles), role) for verb, tiles, role in written()} == expected)
    assert len(written()) == 3
    for page in pages:
        page.close()
    job.end()


def test_what_operates_is_not_done_when_it_cannot_be_written_down_and_the_rest_is(own_portal: RunningPortal) -> None:
    browser = own_portal.login()
    lock = own_portal.home / "audit.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    refused = browser.post("/presets", {"name": "mine", "case": "gears"})
    assert (refused.status, "cannot be written down" in refused.json["error"]) == (503, True)
    assert browser.post("/session/versions", {"name": "kept"}).status == 200
    assert "version save" in own_portal.log.read_text()
    lock.rmdir()
    assert browser.get("/presets").json["saved"] == []
    assert browser.post("/presets", {"name": "mine", "case": "gears"}).status == 200


def test_strangers_cannot_push_out_of_the_audit_what_is_in_it(own_portal: RunningPortal) -> None:
    viewer = own_portal.login("viewer")
    for number in range(60):
        assert viewer.post("/session/versions", {"name": f"n{number}"}).status in (403, 429)
    boss = own_portal.login()
    found = entries_of(boss, "/audit", outcome="refused", limit="500")
    assert 0 < len(found) <= 21


def test_a_portal_that_is_killed_by_a_fault_leaves_no_core_and_shows_its_user_no_memory(
    own_portal: RunningPortal, other_user: list[str]
) -> None:
    pids = [own_portal.process.pid, *own_portal.children()]
    nurseries = [pid for pid in pids if b"tvcore.nursery" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert nurseries
    for pid in (own_portal.process.pid, *nurseries):
        assert re.search(r"^Max core file size\s+0\s", Path(f"/proc/{pid}/limits").read_text(), re.MULTILINE)
    look = "import ctypes, sys; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    code = f"from tvcore import proc; proc.hide_memory(); exec({look!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
    own_portal.process.send_signal(signal.SIGABRT)
    assert own_portal.process.wait(15) == -signal.SIGABRT
    assert [each for each in Path.cwd().iterdir() if re.fullmatch(r"core(\.\d+)?", each.name)] == []
