"""A portal that a site's proxy says who comes to, by TLS, with its store at a PostgreSQL that asks for a password."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from planted_kit import Planted
from postgres import Server
from tls_kit import write_certificate

DATABASE = "database-password-0123456789abcdef"
PROXY = "proxy-secret-0123456789abcdefghijk"
METRICS = "metrics-token-0123456789abcdefghij"
HERE, THERE = "198.51.100.1", "198.51.100.2"
SETTINGS = """
[portal]
login = "proxy"
newcomers = "viewer"
metrics_token_file = "FOLDER/kept/metrics"
[portal.proxy]
addresses = ["198.51.100.2"]
secret_file = "FOLDER/kept/proxy"
[store]
url = "{url}"
password_file = "FOLDER/kept/database"
"""
# What the proxy says: requests as JSON come in, answers go out. Who logged in goes on as them.
PROXIED = """
import http.client, json, ssl, sys
cookie = key = ""
for method, path, body, headers in json.load(sys.stdin):
    tls = ssl.create_default_context(cafile=sys.argv[2])
    tls.check_hostname = False
    there = http.client.HTTPSConnection(sys.argv[1], int(sys.argv[3]), timeout=30, context=tls)
    said = {"Cookie": cookie, "X-TiledViz-Key": key, "Origin": "https://%s:%s" % (sys.argv[1], sys.argv[3])}
    said["Content-Type"] = "application/json"
    given = {name: value for name, value in {**said, **headers}.items() if value}
    there.request(method, "/api/v1" + path, body and json.dumps(body), given)
    answer = there.getresponse()
    cookie = (answer.headers.get("Set-Cookie") or cookie).partition(";")[0]
    text = answer.read().decode()
    if path == "/login" and answer.status == 200:
        key = json.loads(text)["key"]
    print(json.dumps([path, answer.status, text, cookie, key]))
"""


@contextmanager
def site() -> Iterator[Planted]:
    """Have that portal, where somebody came by the proxy and looked, and others tried to."""
    if os.getuid() != 0:
        pytest.skip("not run: only root can make another machine of a network namespace")
    database = Server()
    machine = subprocess.Popen(["unshare", "-n", "sleep", "1000"])
    name = f"tv{os.getpid() % 10**7}a"
    try:
        url = _guarded(database)
        planted = Planted(SETTINGS.format(url=url), {"metrics": METRICS, "proxy": PROXY, "database": DATABASE})
        try:
            _join(machine.pid, name)
            cert, key = (planted.folder / "kept" / each for each in ("cert.pem", "key.pem"))
            write_certificate(cert, key)
            for line in key.read_text().splitlines()[1:-1]:
                if len(line) > 40:
                    planted.keep(f"TLS key {line[:3]}", line)
            portal = planted.begin("--host", HERE, "--tls-cert", str(cert), "--tls-key", str(key))
            planted.logs = [database.folder / "log"]
            _come(planted, machine.pid, cert, portal.port)
            yield planted
        finally:
            planted.end()
    finally:
        subprocess.run(["ip", "link", "del", name], check=False, capture_output=True)
        machine.kill()
        machine.wait()
        database.close()


def _guarded(database: Server) -> str:
    """Have a user there who shows a password; return the address of a store of theirs."""
    with database.connect("postgres") as db:
        secret = db.pgconn.encrypt_password(DATABASE.encode(), b"wall", b"scram-sha-256").decode()
        db.execute(f"CREATE ROLE wall LOGIN PASSWORD '{secret}'".encode())
        db.execute(b"CREATE DATABASE wall OWNER wall")
        access = database.data / "pg_hba.conf"
        access.write_text("local all wall scram-sha-256\n" + access.read_text())
        db.execute(b"SELECT pg_reload_conf()")
    return database.url("wall", "wall")


def _join(machine: int, name: str) -> None:
    """Have a cable to *machine*."""
    there = ["nsenter", "-t", str(machine), "-n"]
    for command in (
        ["ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(machine)],
        ["ip", "addr", "add", f"{HERE}/30", "dev", name], ["ip", "link", "set", name, "up"],
        [*there, "ip", "addr", "add", f"{THERE}/30", "dev", "eth0"], [*there, "ip", "link", "set", "eth0", "up"],
    ):  # fmt: skip
        subprocess.run(command, check=True, timeout=20)


def _come(planted: Planted, machine: int, cert: Path, port: int) -> None:
    shown = {"X-TiledViz-Proxy": PROXY, "X-Remote-User": "ann"}
    said: list[tuple[str, str, Any, dict[str, str]]] = [
        ("GET", "/login-way", None, {}),
        ("POST", "/login", {"fields": {}}, {**shown, "X-TiledViz-Proxy": PROXY + "x"}),
        ("POST", "/login", {"fields": {}}, {**shown, "X-Remote-User": "ann;" + PROXY}),
        ("POST", "/login", {"fields": {}}, {"X-Remote-User": "ann", "X-Forwarded-For": PROXY}),
        ("POST", "/login", {"fields": {}}, {**shown, "X-Forwarded-For": f"{PROXY}, 203.0.113.9"}),
        ("GET", "/me", None, shown), ("GET", "/wall", None, shown), ("GET", "/nothing", None, shown),
        ("GET", "/me", None, {**shown, "X-Remote-User": "bob"}), ("GET", "/health", None, shown),
        ("POST", "/tickets", {"stream": "wall", "tile": None}, shown),
        ("GET", "/metrics", None, {"Authorization": f"Bearer {METRICS}"}),
    ]  # fmt: skip
    command = ["nsenter", "-t", str(machine), "-n", sys.executable, "-c", PROXIED, HERE, str(cert), str(port)]
    done = subprocess.run(command, input=json.dumps(said), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    got = [status for _, status, *_ in answers]
    assert got == [200, 401, 401, 401, 200, 200, 200, 404, 401, 200, 200, 200], answers
    cookie, key = answers[4][3:]
    planted.keep("cookie of who came", cookie.partition("=")[2])
    planted.keep("key of who came", key)
    for path, _, text, *_ in answers:
        if path == "/tickets":
            planted.keep("ticket of who came", json.loads(text)["ticket"])
        elif path != "/login":
            planted.seen.append((path, text))
