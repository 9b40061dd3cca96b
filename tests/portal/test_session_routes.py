"""The session as a whole over HTTP: versions, and itself as a file."""

from __future__ import annotations

import contextlib
import time

import pytest

from portal_kit import API, Browser, RunningPortal, connected


def test_versions_are_saved_compared_restored_and_deleted(portal: RunningPortal) -> None:
    browser = portal.login()
    saved = browser.post("/session/versions", {"name": "before"})
    assert saved.status == 200, saved.json
    version = saved.json["id"]
    assert version in [each["id"] for each in browser.get("/session/versions").json["versions"]]
    written = browser.get("/session/export").json
    assert isinstance(written["notes"], list)  # other tests of this portal may have written on tiles that are gone
    changed = written | {"registers": written["registers"] | {"layout/gap": 77}}
    assert browser.post("/session/import", changed).json == {"changed": True, "missing": []}
    assert browser.get(f"/session/versions/{version}").json["differences"] == ["layout/gap"]
    restored = browser.post(f"/session/versions/{version}/restore", {}).json
    assert (restored["changed"], restored["missing"]) == (True, [])
    assert browser.get(f"/session/versions/{version}").json["differences"] == []
    assert browser.post(f"/session/versions/{version}/delete", {}).status == 200
    gone = browser.get(f"/session/versions/{version}")
    assert gone.status >= 400
    assert "no version" in gone.json["error"]


def test_a_file_that_is_none_is_refused_in_one_line(portal: RunningPortal) -> None:
    browser = portal.login()
    refused = browser.post("/session/import", {"format": "else"})
    assert refused.status == 400
    assert "not a session file" in refused.json["error"]


def test_a_file_is_read_in_a_worker_process(browser: Browser) -> None:
    for body, words in ((b"{", "this file is not JSON"), (b"[1]", "not a session file"), (b"\xff", "not UTF-8")):
        reply = browser.request("POST", API + "/session/import", body, {"Content-Type": "application/json"})
        assert reply.status == 400
        assert words in reply.json["error"]
    deep = b'{"format": "tiledviz-session", "version": 1, "registers": ' + b"[" * 900_000
    reply = browser.request("POST", API + "/session/import", deep, {"Content-Type": "application/json"})
    assert (reply.status, "not JSON" in reply.json["error"]) == (400, True)


def test_of_large_bodies_two_are_taken_at_once_and_the_next_waits(portal: RunningPortal, browser: Browser) -> None:
    head = (
        f"POST {API}/session/import HTTP/1.1\r\nHost: {portal.host}\r\nOrigin: {portal.origin}\r\n"
        f"Cookie: {browser.cookie}\r\nX-TiledViz-Key: {browser.key}\r\nContent-Type: application/json\r\n"
        "Content-Length: 100000\r\n\r\n"
    ).encode()
    with contextlib.ExitStack() as stack:
        first, second, third = (stack.enter_context(connected(portal)) for _ in range(3))
        for connection in (first, second):
            connection.sendall(head + b"{")
        time.sleep(1)
        third.sendall(head + b"x" * 100_000)
        third.settimeout(1.5)
        with pytest.raises(TimeoutError):
            third.recv(1)
        assert browser.get("/health").status == 200, "what is small waits for nobody"
        first.close()
        third.settimeout(20)
        assert third.recv(12) == b"HTTP/1.1 400"
