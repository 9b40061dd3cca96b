"""Pages: what their sites say of being framed, by real sites, and sites that are none."""

from __future__ import annotations

import asyncio
import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from nodekit import NodeAgent
from tvcore.node import framing
from tvcore.node.children import Children

Start = Callable[..., NodeAgent]


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ([], False),
        ([("X-Frame-Options", "DENY")], True),
        ([("x-frame-options", "sameorigin")], True),
        ([("X-Frame-Options", "ALLOW-FROM https://example.org")], False),
        ([("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")], True),
        ([("Content-Security-Policy", "frame-ancestors")], True),
        ([("Content-Security-Policy", "frame-ancestors 'self' https://example.org")], True),
        ([("Content-Security-Policy", "frame-ancestors *"), ("X-Frame-Options", "DENY")], False),
        ([("Content-Security-Policy", "frame-ancestors *, frame-ancestors 'none'")], True),
        ([("Content-Security-Policy", "default-src 'none'"), ("X-Frame-Options", "DENY")], True),
        ([("Content-Security-Policy-Report-Only", "frame-ancestors 'none'")], False),
    ],
)
def test_what_a_site_says_of_framing_is_understood(headers: list[tuple[str, str]], refused: bool) -> None:
    assert bool(framing.refusal(headers)) == refused


@contextmanager
def site(**headers: str) -> Iterator[str]:
    """Yield the address of a site that answers with *headers*."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(b"<p>hello")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_site_that_is_not_there_is_told_of_and_not_called_refusing() -> None:
    found = framing.ask("http://127.0.0.1:9/")
    assert found["framing"] == "allowed"
    assert "could not ask the site" in found["why"]


@contextmanager
def talker(said: bytes, every: float = 0.0) -> Iterator[str]:
    """Yield the address of what says *said* and hangs up; *every*: so many seconds between one such and the next."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        try:
            connection.recv(1 << 16)
            connection.sendall(said)
            while every:
                time.sleep(every)
                connection.sendall(said)
        except OSError:
            pass
        connection.close()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_what_is_no_web_site_is_told_of() -> None:
    with talker(b"SSH-2.0-OpenSSH_9.2\r\n") as address:
        assert "it does not answer as a web site does (BadStatusLine)" in framing.ask(address)["why"]
    with talker(b"HTTP/1.1 302 Found\r\nLocation: ftp://example.org/\r\n\r\n") as address:
        assert "unknown url type: ftp" in framing.ask(address)["why"]


def test_a_password_in_an_address_is_not_told() -> None:
    why = framing.ask("http://user:secret@127.0.0.1/")["why"]
    assert "could not ask the site" in why
    assert "secret" not in why


def test_a_site_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "SECONDS", 1.0)

    async def ask(address: str) -> dict[str, str]:
        async with asyncio.timeout(10):
            return await framing.answer_of(address, Children())

    with talker(b"HTTP/1.1 200 OK\r\nX: ", every=0.05) as address:
        found = asyncio.run(ask(address))
    assert (found["framing"], found["url"]) == ("allowed", address)
    assert found["why"] == "the node could not ask the site: it did not answer within 1 s"


def test_a_page_says_whether_its_site_lets_it_be_framed(start_agent: Start) -> None:
    with site(X_Frame_Options="DENY") as refusing:
        status = start_agent((), kind="page", source=refusing).wait_state("live")
    assert status["media"] == {
        "url": refusing, "framing": "refused", "why": "the site answers X-Frame-Options: DENY",
    }  # fmt: skip


def test_a_page_that_may_be_framed_says_so(start_agent: Start) -> None:
    with site() as friendly:
        status = start_agent((), kind="page", source=friendly).wait_state("live")
    assert status["media"] == {"url": friendly, "framing": "allowed", "why": ""}


def test_an_agent_ends_though_a_site_does_not_answer(start_agent: Start) -> None:
    with talker(b"", every=1.0) as silent:
        agent = start_agent((), kind="page", source=silent)
        time.sleep(1.0)
        begun = time.monotonic()
        assert agent.stop() == 0
        assert time.monotonic() - begun < framing.SECONDS / 2
