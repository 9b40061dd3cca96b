"""HTTP: what every answer carries, what is too much, and what the API says."""

from __future__ import annotations

import json
import re
import socket
import time
from importlib import resources
from pathlib import Path

import pytest

from portal_kit import API, Browser, RunningJob, RunningPortal, receive_all, send_raw
from tvcore.portal import messages
from tvcore.portal.routes import PREFIX, ROUTES


def test_the_page_and_its_files_are_served_with_their_types_and_asked_about_again(browser: Browser) -> None:
    root = Path(str(resources.files("tvcore.web_static")))
    page = browser.request("GET", "/")
    assert page.content == (root / "index.html").read_bytes()
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    script = next(root.glob("*.js"))
    found = browser.request("GET", f"/static/{script.name}")
    assert found.content == script.read_bytes()
    assert found.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert found.headers["Cache-Control"] == "no-cache"
    again = browser.request("GET", f"/static/{script.name}", headers={"If-None-Match": found.headers["ETag"]})
    assert (again.status, again.content) == (304, b"")


def test_no_path_leads_out_of_the_web_files(portal: RunningPortal, browser: Browser) -> None:
    for path in (
        "/static/../setup.cfg", "/static/..%2f..%2fsetup.cfg", "/static/%2e%2e/%2e%2e/setup.cfg", "/static//etc/passwd",
        "/static/%2fetc%2fpasswd", "/static/....//setup.cfg", "/static/__init__.py", "/static/.%2e/x.js", "/static/css",
        "/static/", "/static/app.js%00.html", "/static/..\\x.js", "/static/%c0%ae%c0%ae/x.js", "//etc/passwd",
    ):  # fmt: skip
        reply = browser.request("GET", path)
        assert reply.status == 404, path
        assert "error" in reply.json
    secret = portal.home / "portal.json"
    assert secret.exists()
    assert browser.request("GET", f"/static/{'../' * 12}{secret}").status == 404


def test_health_needs_no_login(portal: RunningPortal) -> None:
    answer = Browser(portal).get("/health")
    assert answer.json["status"] == "ok"
    assert answer.headers["Cache-Control"] == "no-store"


# --------------------------------------------------------------------- limits


def test_a_body_that_is_too_large_is_413_whether_it_comes_or_not(portal: RunningPortal, browser: Browser) -> None:
    assert browser.post("/login", {"ticket": "x" * 100_000}).status == 413
    head = f"POST {API}/login HTTP/1.1\r\nHost: {portal.host}\r\nContent-Length: 999999999999\r\n\r\n"
    assert send_raw(portal, head.encode()).startswith(b"HTTP/1.1 413 ")


def test_requests_that_are_none_are_refused_and_only_their_connection_ends(portal: RunningPortal) -> None:
    host = f"Host: {portal.host}\r\n"
    for status, request in (
        (414, b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\n" + b"A: " + b"x" * 20000 + b"\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 1000 + b"\r\n"),
        (411, f"POST {API}/login HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".encode()),
        (400, f"POST {API}/login HTTP/1.1\r\n{host}Content-Length: -5\r\n\r\n".encode()),
        (400, f"POST {API}/login HTTP/1.1\r\n{host}Content-Length: x\r\n\r\n".encode()),
        (400, b"GET / HTTP/9.9\r\n\r\n"),
        (400, b"GET /\r\n\r\n"),
        (400, b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"),
    ):
        raw = send_raw(portal, request)
        assert raw.split(b" ")[1:2] == [str(status).encode()], (request[:60], raw[:200])
    assert Browser(portal).get("/health").status == 200


def test_a_request_that_never_ends_is_given_up(portal: RunningPortal) -> None:
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", portal.port), timeout=30) as connection:
        connection.sendall(f"POST {API}/login HTTP/1.1\r\nHost: {portal.host}\r\nContent-Length: 5\r\n\r\nab".encode())
        assert receive_all(connection).startswith(b"HTTP/1.1 408 ")
    assert 4 < time.monotonic() - started < 25


# ------------------------------------------------------------------------- API


def test_the_description_is_whole_and_every_reference_in_it_leads_somewhere(browser: Browser) -> None:
    document = browser.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert described == {(route.method, PREFIX + route.path) for route in ROUTES}
    for kind, name in re.findall(r'"\$ref": "#/components/(\w+)/(\w+)"', json.dumps(document)):
        assert name in document["components"][kind]
    ids = []
    for path, item in document["paths"].items():
        for operation in item.values():
            ids.append(operation["operationId"])
            parameters = [p for p in operation["parameters"] if "$ref" not in p]
            assert {p["name"] for p in parameters if p["in"] == "path"} == set(re.findall(r"{(\w+)}", path))
            assert operation["summary"]
            assert {"400", "403", "429", "503"} < operation["responses"].keys()
            for needed in operation["security"]:
                assert set(needed) <= set(document["components"]["securitySchemes"])
                assert set(needed) in ({"cookie", "key"}, {"bearer"}, {"cookie", "ticket"})
    assert len(ids) == len(set(ids))
    open_to_all = {path for path, item in document["paths"].items() for o in item.values() if not o["security"]}
    assert open_to_all == {PREFIX + route.path for route in ROUTES if route.access == "open"}


def test_the_wall_is_as_the_store_has_it_with_the_streams_numbers(
    portal: RunningPortal, browser: Browser, standing_job: RunningJob
) -> None:
    wall = browser.get("/wall").json
    messages.Wall.model_validate(wall)
    mine = [tile for tile in wall["tiles"] if tile["job"] == standing_job.id]
    assert [tile["title"] for tile in mine] == ["tile 0", "tile 1"]
    assert {tile["stream"] for tile in mine} == {mine[0]["stream"]}
    assert mine[0]["stream"] >= 1
    stored = {tile["id"]: tile for tile in portal.store.wall()["tiles"]}
    for tile in mine:
        del tile["stream"], tile["away"]
        assert tile == stored[tile["id"]]


def test_a_query_finds_tiles_by_title_tag_state_and_metadata(browser: Browser, standing_job: RunningJob) -> None:
    one, two = standing_job.tiles
    for text, matches in (
        ("tag1", [two]), ("F<0.005", [one]), ("F>=0", [one, two]), ("state=live & F=0", [one]),
        ("node=node1", [one, two]), ("nothing like it", []),
    ):  # fmt: skip
        answer = browser.request("GET", f"{API}/query?q={text.replace(' ', '%20').replace('&', '%26')}")
        assert answer.json == {"matches": matches, "terms": []}, text


def test_a_query_finds_what_people_tagged_and_noted_and_says_what_each_alternative_finds(
    browser: Browser, portal: RunningPortal, standing_job: RunningJob
) -> None:
    one, two = standing_job.tiles
    act = {
        "id": "page-1",
        "set": [[f"tags/{one}/by%20hand", True], [f"tags/{two}/tag1", False]],
        "text": [[f"note/{two}", [["+", "", "ask Martial"]]]],
    }
    portal.store.rooms.append("main", "somebody", "owner", [act])
    for text, matches in (("tag:%22by%20hand%22", [one]), ("tag1", []), ("martial", [two])):
        assert browser.request("GET", f"{API}/query?q={text}").json == {"matches": matches, "terms": []}, text
    both = browser.request("GET", f"{API}/query?q=hand%20or%20note:ask").json
    terms = [{"query": "hand", "matches": [one]}, {"query": "note:ask", "matches": [two]}]
    assert both == {"matches": [one, two], "terms": terms}
    portal.store.rooms.append("main", "somebody", "owner", [{"id": "page-2", "undo": "page-1"}])
    assert browser.request("GET", f"{API}/query?q=tag1").json["matches"] == [two]


def test_a_wrong_query_is_told_with_its_position(browser: Browser, standing_job: RunningJob) -> None:
    answer = browser.request("GET", f"{API}/query?q=F%3E")
    assert answer.status == 400
    assert isinstance(answer.json["at"], int)
    unknown = browser.request("GET", f"{API}/query?q=Feed%3E1")
    assert unknown.status == 400
    assert "F" in unknown.json["error"]
    assert browser.get("/query").status == 400
    assert browser.request("GET", f"{API}/query?q={'x' * 3000}").status == 400


def test_lists_are_as_the_command_line_prints_them(
    portal: RunningPortal, browser: Browser, standing_job: RunningJob
) -> None:
    tiles, jobs, cases = (browser.get(path).json for path in ("/tiles", "/jobs", "/cases"))
    for tile in tiles:
        messages.Tile.model_validate(tile)
    for found in jobs:
        messages.Job.model_validate(found)
    assert [tile["state"] for tile in tiles if tile["job"] == standing_job.id] == ["live", "live"]
    assert [found["state"] for found in jobs if found["id"] == standing_job.id] == ["running"]
    assert {case["name"] for case in cases} >= {"gears", "gray_scott"}


def test_the_log_of_a_tile_is_its_last_lines(portal: RunningPortal, browser: Browser, standing_job: RunningJob) -> None:
    (portal.home / "jobs" / standing_job.id / "tile-0.log").write_text("one\ntwo\nthree\n")
    tile = standing_job.tiles[0]
    assert browser.get(f"/tiles/{tile}/log").json == {"lines": ["one", "two", "three"]}
    assert browser.get(f"/tiles/{tile}/log?lines=2").json == {"lines": ["two", "three"]}
    for wrong in ("?lines=0", "?lines=x", "?lines=9999", "?more=1"):
        assert browser.get(f"/tiles/{tile}/log{wrong}").status == 400
    assert browser.get("/tiles/999999/log").status == 404


def test_a_job_is_stopped_through_the_api(portal: RunningPortal, browser: Browser, job: RunningJob) -> None:
    answer = browser.post(f"/jobs/{job.id}/stop")
    assert answer.status == 200, answer.json
    assert answer.json["state"] not in ("running", "pending")
    assert job.runner.wait(10) != 0
    unknown = browser.post("/jobs/local-00000000/stop")
    assert unknown.status == 404
    assert "there is no job" in unknown.json["error"]


def test_what_cannot_be_launched_is_one_line(browser: Browser) -> None:
    for body, words in (
        ({"case": "gaers"}, "there is no case 'gaers'"),
        ({"case": "gears", "set": {"nonsense": 1}}, "nonsense"),
        ({"case": "gears", "tiles": 0}, "tiles"),
        ({"case": "gears", "more": 1}, "more"),
        ([], ""),
    ):
        answer = browser.post("/launch", body)
        assert answer.status == 400, body
        assert words in answer.json["error"]
        assert "\n" not in answer.json["error"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"ticket": 1}', b'{"ticket": null}', b"[" * 60000]
)
def test_a_body_that_is_no_message_is_400(browser: Browser, body: bytes) -> None:
    reply = browser.request("POST", API + "/login", body, {"Content-Type": "application/json"})
    assert reply.status == 400
    assert "error" in reply.json
