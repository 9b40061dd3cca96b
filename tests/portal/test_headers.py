"""The headers of every kind of answer, and what a request must show to change anything: as a scanner (ZAP) asks."""

from __future__ import annotations

import re

import pytest
from websockets.exceptions import InvalidStatus

from portal_kit import API, Browser, RunningJob, RunningPortal, filled, send_raw
from tvcore.portal.hosts import Front
from tvcore.portal.routes import ROUTES
from tvcore.portal.static import security_headers

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICY = (
    "default-src 'self'", "object-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'",
    "worker-src 'self'",
)  # fmt: skip
NEVER = ("Access-Control-Allow-Origin", "X-Powered-By", "Server", "X-XSS-Protection", "Strict-Transport-Security")


def test_every_kind_of_answer_carries_the_security_headers_and_none_that_tells_too_much(
    portal: RunningPortal, browser: Browser, standing_job: RunningJob
) -> None:
    del standing_job
    page = browser.request("GET", "/")
    answers = [
        page,
        browser.request("GET", "/", headers={"If-None-Match": page.headers["ETag"]}),
        browser.get("/wall"),
        browser.get("/nothing"),
        browser.post("/wall"),
        browser.get("/wall", Host="evil.example"),
        browser.get("/wall", Origin="http://evil.example"),
        browser.get("/wall", Cookie="x"),
        browser.get("/wall/stream", Origin=portal.origin),
        browser.get("/query?q=%28"),
        browser.request("POST", API + "/login", b"{"),
        browser.post("/login", {"ticket": "x"}),
        browser.post("/login", {"ticket": "x" * 70000}),
        browser.request("GET", "/static/nothing.js"),
        browser.request("GET", "/static/app.js"),
        browser.request("HEAD", "/"),
        browser.request("OPTIONS", API + "/wall"),
        browser.request("TRACE", "/"),
    ]
    assert {answer.status for answer in answers} >= {200, 304, 400, 401, 403, 404, 405, 413, 415}
    found = [(answer.status, dict(answer.headers.items()), answer.content) for answer in answers]
    for raw in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n"):
        head, _, body = send_raw(portal, raw).decode().partition("\r\n\r\n")
        status, *lines = head.split("\r\n")
        found.append((int(status.split()[1]), dict(line.split(": ", 1) for line in lines), body.encode()))
    wall = browser.wall()
    assert wall.connection.response is not None
    found.append((101, dict(wall.connection.response.headers.raw_items()), b""))
    wall.close()
    with pytest.raises(InvalidStatus) as refused:
        browser.open("/wall/stream", "0" * 64)
    found.append((401, dict(refused.value.response.headers.raw_items()), b""))
    for status, headers, content in found:
        assert {name: headers.get(name) for name in FIXED} == FIXED, status
        policy = headers["Content-Security-Policy"].split("; ")
        assert set(POLICY) <= set(policy), status
        assert not re.search(r"unsafe|evil|\*|data:.*script", headers["Content-Security-Policy"])
        assert "camera=()" in headers["Permissions-Policy"]
        assert not set(NEVER) & set(headers), (status, headers)
        if content and status != 200:
            assert headers["Content-Type"] == "application/json"
        if headers.get("Content-Type") == "application/json":
            assert headers["Cache-Control"] == "no-store", status
            assert b"Traceback" not in content
    assert f"connect-src 'self' ws://{portal.host};" in page.headers["Content-Security-Policy"]


def test_the_page_has_nothing_inline_that_its_policy_would_forbid(browser: Browser) -> None:
    text = browser.request("GET", "/").content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:", text)


def test_the_policy_follows_the_address_by_which_the_page_came() -> None:
    plain, hidden = dict(security_headers(Front("a:1"))), dict(security_headers(Front("b", True, "/x/"), 10))
    assert "ws://a:1" in plain["Content-Security-Policy"]
    assert "frame-src http: https:" in plain["Content-Security-Policy"]
    assert "wss://b" in hidden["Content-Security-Policy"]
    assert "http:" not in hidden["Content-Security-Policy"]
    assert hidden["Strict-Transport-Security"] == "max-age=864000"
    assert "ws" not in dict(security_headers(None))["Content-Security-Policy"]


def test_nothing_that_changes_something_is_done_for_another_page_whatever_it_can_send(browser: Browser) -> None:
    """What a form, an image or a script of another origin brings along: the cookie, and never the key."""
    bodies: tuple[tuple[bytes, dict[str, str]], ...] = (
        (b'{"a": "b"}', {"Content-Type": "text/plain", "X-TiledViz-Key": ""}),
        (b"a=b", {"Content-Type": "application/x-www-form-urlencoded", "X-TiledViz-Key": ""}),
        (b"{}", {"Content-Type": "application/json", "X-TiledViz-Key": ""}),
        (b"{}", {"Content-Type": "application/json", "Origin": "http://evil.example"}),
        (b"{}", {"Content-Type": "application/json", "Origin": "null"}),
        (b"{}", {"Content-Type": "application/json", "Sec-Fetch-Site": "same-site"}),
    )
    for route in ROUTES:
        if route.method != "POST" or route.access != "login":
            continue
        for body, headers in bodies:
            answer = browser.request("POST", API + filled(route.path), body, headers)
            assert answer.status in (401, 403, 415), (route.path, headers, answer.status)
    assert browser.get("/wall", **{"Sec-Fetch-Site": "cross-site"}).status == 403
    assert browser.get("/wall", **{"Sec-Fetch-Site": "same-origin"}).status == 200
    # A link on another page may lead to ours.
    assert browser.request("GET", "/", headers={"Sec-Fetch-Site": "cross-site"}).status == 200


def test_a_stream_is_opened_from_a_page_of_ours_alone(portal: RunningPortal, browser: Browser) -> None:
    for origin in (
        None, "null", "", "http://evil.example", f"https://{portal.host}", f"http://{portal.host}.evil.example",
        f"http://127.0.0.1:{portal.port + 1}", f"http://localhost:{portal.port}", f"{portal.origin}/",
    ):  # fmt: skip
        with pytest.raises(InvalidStatus) as refused:
            browser.open("/wall/stream", browser.ticket("wall"), origin=origin)
        assert refused.value.response.status_code == 403, origin


def test_who_asks_for_the_head_of_a_refusal_gets_no_body_that_would_stand_before_the_next_answer(
    portal: RunningPortal,
) -> None:
    head = f"HEAD / HTTP/1.1\r\nHost: {portal.host}\r\nOrigin: http://evil.example\r\n\r\n"
    last = f"GET {API}/health HTTP/1.1\r\nHost: {portal.host}\r\nConnection: close\r\n\r\n"
    first, rest = send_raw(portal, (head + last).encode()).split(b"\r\n\r\n", 1)
    assert first.startswith(b"HTTP/1.1 403 ")
    assert rest.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "odd",
    [
        b"X-Foo: a\rX-Remote-User: root", b"X-Foo: a\0b", b"Transfer-Encoding : chunked", b"no colon here",
        b"Content-Length: 3\r\nContent-Length: 4", b"Content-Length: +1_0", b"Host: evil.example",
    ],
)  # fmt: skip
def test_headers_that_somebody_before_the_portal_could_read_otherwise_are_refused(
    portal: RunningPortal, odd: bytes
) -> None:
    request = f"POST {API}/login HTTP/1.1\r\nHost: {portal.host}\r\n".encode() + odd + b"\r\n\r\n{}{}"
    assert send_raw(portal, request).startswith(b"HTTP/1.1 400 ")
