"""Who gets in, and what a stolen half of a login is worth."""

from __future__ import annotations

import http.client
import http.server
import json
import threading
import time
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from portal_kit import API, Browser, RunningJob, RunningPortal, filled
from tvcore.portal.auth import Login, Tickets, digest, new_secret
from tvcore.portal.roles import RIGHTS
from tvcore.portal.routes import ROUTES


def closed_routes() -> list[tuple[str, str]]:
    """Return method and path of every route that is not open to all."""
    found = [(route.method, filled(route.path)) for route in ROUTES if route.access != "open"]
    assert len(found) >= len(ROUTES) - 12
    return found


def test_a_login_ticket_is_good_once(portal: RunningPortal) -> None:
    ticket = portal.login_ticket()
    first, second = Browser(portal), Browser(portal)
    answer = first.post("/login", {"ticket": ticket})
    assert answer.status == 200
    assert answer.json["session"] == "main"
    assert (answer.json["role"], answer.json["rights"]) == ("owner", list(RIGHTS))
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"tiledviz_{portal.port}=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    refused = second.post("/login", {"ticket": ticket})
    assert refused.status == 401
    assert "tiledviz open" in refused.json["error"]
    assert not second.cookie


def test_an_expired_or_invented_login_ticket_is_refused(portal: RunningPortal) -> None:
    for ticket in (portal.login_ticket(seconds=-1), "ab" * 16, "", "not a ticket"):
        assert Browser(portal).post("/login", {"ticket": ticket}).status == 401


def test_failed_logins_are_answered_later_and_later_while_a_good_one_is_not_held_up(portal: RunningPortal) -> None:
    stranger = Browser(portal)
    threads = [threading.Thread(target=stranger.post, args=("/login", {"ticket": "ab" * 16})) for _ in range(8)]
    for thread in threads:
        thread.start()
    started = time.monotonic()
    portal.login()
    assert time.monotonic() - started < 0.9
    for thread in threads:
        thread.join(20)
    started = time.monotonic()
    stranger.post("/login", {"ticket": "ab" * 16})
    assert time.monotonic() - started > 0.9


def test_cookie_alone_and_key_alone_open_no_route(portal: RunningPortal, browser: Browser) -> None:
    halves = [{"X-TiledViz-Key": None}, {"Cookie": None}, {"X-TiledViz-Key": "0" * 64}, {"X-TiledViz-Key": "x"}]
    for method, path in closed_routes():
        for half in halves:
            headers = {"Origin": portal.origin, "Content-Type": "application/json"} | half
            # One more body than the route needs does not matter: nobody looks at it before the login.
            reply = browser.request(method, API + path, b"{}" if method == "POST" else None, headers)
            assert reply.status == 401, (method, path, half)
    assert browser.get("/wall").status == 200


def test_cookie_of_one_login_and_key_of_another_do_not_fit(portal: RunningPortal, browser: Browser) -> None:
    other = portal.login()
    assert browser.get("/wall", **{"X-TiledViz-Key": other.key}).status == 401
    assert other.get("/wall").status == 200
    assert browser.get("/wall").status == 200


def test_a_second_page_of_a_browser_logs_in_and_the_first_goes_on(portal: RunningPortal, browser: Browser) -> None:
    second = Browser(portal)
    second.cookie = browser.cookie
    reply = second.post("/login", {"ticket": portal.login_ticket()})
    second.key = reply.json["key"]
    assert second.cookie == browser.cookie
    assert second.key != browser.key
    assert second.get("/wall").status == browser.get("/wall").status == 200
    assert second.post("/logout").status == 200
    assert browser.get("/wall").status == 401


def test_a_cookie_that_a_stranger_set_before_the_login_is_not_kept(portal: RunningPortal) -> None:
    visitor = Browser(portal)
    planted = f"{portal.login().cookie.partition('=')[0]}={'0' * 64}"
    visitor.cookie = planted
    visitor.key = visitor.post("/login", {"ticket": portal.login_ticket()}).json["key"]
    assert visitor.cookie != planted
    assert visitor.get("/wall").status == 200


def test_a_server_on_another_port_that_is_sent_the_cookie_cannot_use_it(
    portal: RunningPortal, browser: Browser, standing_job: RunningJob
) -> None:
    caught: list[str] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            caught.append(self.headers["Cookie"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        # A browser sends a cookie by host alone, whatever the port (RFC 6265, section 8.5).
        lured = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
        lured.request("GET", "/picture.png", headers={"Cookie": browser.cookie})
        assert lured.getresponse().status == 204
    finally:
        server.shutdown()
        server.server_close()
    thief = Browser(portal)
    thief.cookie = caught[0]
    assert browser.cookie == thief.cookie
    for method, path in closed_routes():
        headers = {"Origin": portal.origin, "Content-Type": "application/json"}
        assert thief.request(method, API + path, b"{}" if method == "POST" else None, headers).status == 401
    for path in ("/wall/stream", f"/tiles/{standing_job.tiles[0]}/rfb"):
        with pytest.raises(InvalidStatus) as refused:
            thief.open(path, new_secret())
        assert refused.value.response.status_code == 401


def test_cookies_that_a_stranger_added_do_not_lock_the_owner_out(browser: Browser) -> None:
    name = browser.cookie.partition("=")[0]
    assert browser.get("/wall", Cookie=f"{name}={'0' * 64}; {name}=; {browser.cookie}; x=y").status == 200


def test_a_request_for_another_name_is_refused(portal: RunningPortal, browser: Browser) -> None:
    for host in ("evil.example", f"evil.example:{portal.port}", "127.0.0.1", "127.0.0.1:1", "", f"{portal.host}."):
        for path in ("/", API + "/health", API + "/wall", "/static/app.js"):
            reply = browser.request("GET", path, headers={"Host": host})
            assert reply.status == 400, host
            assert "--public-host" in reply.json["error"]
    for name in ("127.0.0.1", "localhost", "LocalHost", "[::1]"):
        assert browser.get("/wall", Host=f"{name}:{portal.port}").status == 200


def test_a_page_of_another_origin_is_refused(portal: RunningPortal, browser: Browser) -> None:
    wrong = [
        "http://evil.example",
        "http://127.0.0.1:1",
        f"https://{portal.host}",
        "null",
        f"http://localhost:{portal.port}",
    ]
    for origin in wrong:
        assert browser.get("/wall", Origin=origin).status == 403, origin
        assert browser.post("/tickets", {"stream": "wall"}, {"Origin": origin}).status == 403
    assert browser.get("/wall", Origin=portal.origin).status == 200


def test_a_further_name_must_be_told_at_the_start(home: Path) -> None:
    running = RunningPortal(home, "--public-host", "wall.example:9000")
    try:
        browser = running.login()
        assert browser.get("/wall", Host="wall.example:9000", Origin="http://wall.example:9000").status == 200
        assert browser.get("/wall", Host="wall.example").status == 400
    finally:
        running.stop()


def test_a_form_of_another_page_cannot_post(browser: Browser) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert browser.post("/tickets", {"stream": "wall"}, {"Content-Type": kind}).status == 415


def test_after_logout_nothing_is_open_any_more(portal: RunningPortal) -> None:
    browser = portal.login()
    page, spare = browser.wall(), browser.ticket("wall")
    cookie = browser.cookie
    assert browser.post("/logout").status == 200
    browser.cookie = cookie
    assert browser.get("/wall").status == 401
    with pytest.raises(InvalidStatus):
        browser.open("/wall/stream", spare)
    with pytest.raises(Exception, match="logged out"):
        page.event(lambda event: event["event"] == "never")


def test_logins_outlive_the_portal_and_secrets_are_in_no_log(home: Path) -> None:
    first = RunningPortal(home)
    browser = first.login()
    spent = first.login_ticket()
    browser.post("/login", {"ticket": spent})
    browser.request("GET", f"{API}/query?q=hidden", headers={"X-TiledViz-Key": browser.key})
    ticket = browser.ticket("wall") if browser.get("/wall").status == 200 else ""
    keep = first.login()
    first.process.kill()
    first.process.wait()
    second = RunningPortal(home, port=first.port)
    try:
        keep.portal = second
        assert keep.get("/wall").status == 200
    finally:
        assert second.stop() == 0
    text = first.log.read_text() + second.log.read_text()
    assert "/api/v1/query" in text
    for secret in (spent, keep.key, keep.cookie.partition("=")[2], ticket or "hidden", "hidden"):
        assert secret not in text
    stored = json.dumps([path.read_bytes().hex() for path in home.glob("store.sqlite*")])
    assert keep.key.encode().hex() not in stored


# ------------------------------------------------------------- stream tickets


def test_a_stream_ticket_is_good_once_for_its_stream_tile_and_login(
    portal: RunningPortal, browser: Browser, standing_job: RunningJob
) -> None:
    one, two = standing_job.tiles

    def refused(path: str, ticket: str, who: Browser = browser, **changes: object) -> None:
        with pytest.raises(InvalidStatus) as error:
            who.open(path, ticket, **changes)
        assert error.value.response.status_code in (401, 403)

    ticket = browser.ticket("wall")
    browser.open("/wall/stream", ticket).close()
    refused("/wall/stream", ticket)
    refused(f"/tiles/{two}/rfb", browser.ticket("rfb", one))
    refused(f"/tiles/{one}/rfb", browser.ticket("wall"))
    refused("/wall/stream", browser.ticket("rfb", one))
    refused("/wall/stream", browser.ticket("wall"), portal.login())
    refused("/wall/stream", browser.ticket("wall"), cookie="")
    refused("/wall/stream", browser.ticket("wall"), origin="http://evil.example")
    refused("/wall/stream", browser.ticket("wall"), origin=None)
    refused("/wall/stream", "", protocols=[f"ticket.{browser.ticket('wall')}"])
    refused("/wall/stream", "", protocols=["tiledviz"])
    refused("/wall/stream", "", protocols=None)


def test_a_stream_ticket_expires_and_is_spent_by_any_use() -> None:
    now = [0.0]
    tickets = Tickets(clock=lambda: now[0])
    cookie = new_secret()
    login = Login(digest(cookie), cookie, "viewer")
    late = tickets.issue(login, "wall", None)
    now[0] = 30.5
    assert tickets.use(late, [cookie], "wall", None) is None
    burnt = tickets.issue(login, "wall", None)
    assert tickets.use(burnt, [new_secret()], "wall", None) is None
    assert tickets.use(burnt, [cookie], "wall", None) is None
    good = tickets.issue(login, "rfb", 3)
    assert tickets.use(good, [new_secret(), cookie], "rfb", 3) == login


def test_one_login_can_hold_only_so_many_tickets() -> None:
    tickets = Tickets(clock=lambda: 0.0)
    one, other = Login("1", "", "owner"), Login("2", "", "owner")
    issued = [tickets.issue(one, "wall", None) for _ in range(1000)]
    assert None in issued
    assert tickets.issue(other, "wall", None) is not None


def test_a_ticket_for_a_tile_that_is_not_there_is_refused(browser: Browser) -> None:
    assert browser.post("/tickets", {"stream": "rfb", "tile": 999999}).status == 404
    assert browser.post("/tickets", {"stream": "rfb"}).status == 400
    assert browser.post("/tickets", {"stream": "wall", "tile": 1}).status == 400
    assert browser.post("/tickets", {"stream": "shell"}).status == 400
