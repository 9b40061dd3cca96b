"""What one may have of the portal: requests, connections, time; and that others go on while somebody has too much."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal_kit import API, Browser, RunningPortal, receive_all
from tvcore.portal.crowd import Crowd, Visitor
from tvcore.portal.peers import peer_of
from tvcore.portal.rates import REMEMBERED, Buckets, Rates

Until = Callable[..., None]

FLOOD = """
import socket, sys, time
ends = []
for _ in range(int(sys.argv[2])):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5)
    ends.append(s)
time.sleep(0.5)
cut = 0
for s in ends:
    s.setblocking(False)
    try:
        cut += s.recv(1) == b""
    except BlockingIOError:
        pass
    except OSError:
        cut += 1
print(cut, flush=True)
sys.stdin.read()
"""


def begun(folder: Path) -> RunningPortal:
    """Return a portal that gives little: 20 requests in ten seconds, 8 connections; *folder* is what it keeps."""
    (folder / "state").mkdir(mode=0o700, exist_ok=True)
    config = folder / "config" / "tiledviz" / "config.toml"
    config.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    config.write_text("[portal.web]\nrequests = 2\nconnections = 8\n")
    running = RunningPortal.__new__(RunningPortal)
    places = {"XDG_CONFIG_HOME": str(config.parent.parent), "TILEDVIZ_SITE_CONFIG": ""}
    running.begin(folder / "state", environment=places)
    running.wait()
    return running


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """Such a portal, for all tests here."""
    running = begun(tmp_path_factory.mktemp("narrow"))
    # For the last test here: what it waits for takes long.
    with socket.create_connection(("127.0.0.1", running.port), timeout=40) as silent:
        running.silent, running.since = silent, time.monotonic()  # type: ignore[attr-defined]
        yield running
    assert running.stop() == 0


# --------------------------------------------------------------------- requests


def test_a_bucket_gives_its_burst_then_its_rate_and_says_how_long_to_wait() -> None:
    now = [0.0]
    buckets = Buckets(2.0, lambda: now[0])
    assert [buckets.take("ada") for _ in range(20)] == [0.0] * 20
    assert buckets.take("ada") == 0.5
    assert buckets.take("bob") == 0.0
    now[0] = 0.5
    assert buckets.take("ada") == 0.0
    assert buckets.take("ada") > 0
    now[0] = 1000.0
    assert [buckets.take("ada") for _ in range(21)].count(0.0) == 20
    assert [Buckets(0.0).take("ada") for _ in range(1000)] == [0.0] * 1000


def test_who_is_logged_in_is_not_held_up_by_strangers_at_the_same_address_and_memory_is_bounded() -> None:
    now = [0.0]
    rates = Rates(1.0, lambda: now[0])
    rates.remember("cookie and key", "ada")
    for name in range(3 * REMEMBERED):
        rates.take(f"made up {name}", "uid 7")
        rates.take("", f"address {name}")
    assert rates.take("made up", "uid 7") > 0.0  # whatever it makes up, and with thousands of others
    assert rates.take("cookie and key", "uid 7") == 0.0
    assert len(rates._others) <= REMEMBERED
    for name in range(3 * REMEMBERED):
        rates.remember(f"cookie {name}", "bob")
    assert len(rates._known) <= REMEMBERED


def test_who_comes_with_a_login_that_a_restarted_portal_has_not_met_takes_nothing_from_their_address(
    narrow: RunningPortal,
) -> None:
    now = [0.0]
    rates = Rates(2.0, lambda: now[0])
    for name in range(50):
        credential = f"login {name}"
        assert rates.take(credential, "the class") == 0.0, name
        assert not rates.known([credential])
        rates.remember(credential, f"person {name}")
        rates.move(credential, "the class", 1.0)
    assert [rates.take("login 0", "the class") for _ in range(20)].count(0.0) == 19, "it was counted for the login"
    assert [rates.take("", "the class") for _ in range(21)].count(0.0) == 20, "and not twice for the address"
    # And a real portal, whose bucket for this address holds 20 requests: a class of 30 that it has not met.
    pages = [(secrets.token_hex(32), secrets.token_hex(32)) for _ in range(30)]
    for cookie, key in pages:
        assert narrow.store.access.add_login(cookie, key, 3600, narrow.store.access.owner()) is not None
    found = []
    for cookie, key in pages:
        page = Browser(narrow)
        page.cookie, page.key = f"tiledviz_{narrow.port}={cookie}", key
        found.append(page.get("/me").status)
    assert found == [200] * 30


def test_who_was_here_before_a_restart_is_not_held_up_by_strangers_at_the_same_address(tmp_path: Path) -> None:
    before = begun(tmp_path)
    page = before.login()
    assert before.stop() == 0
    after = begun(tmp_path)
    try:
        name, value = page.cookie.split("=")
        page.portal, page.cookie = after, f"{name.rpartition('_')[0]}_{after.port}={value}"
        stranger = Browser(after)
        stranger.cookie, stranger.key = f"tiledviz_{after.port}={'0' * 64}", "0" * 64
        drained, stop = threading.Event(), threading.Event()

        def flood() -> None:
            while not stop.is_set():
                if stranger.get("/health").status == 429:
                    drained.set()

        flooding = threading.Thread(target=flood, daemon=True)
        flooding.start()
        assert drained.wait(60)
        met = page.get("/me").status
        stop.set()
        flooding.join(30)
        assert met == 200
        assert after.store.access.cookies(5) == [hashlib.sha256(value.encode()).hexdigest()]
    finally:
        after.stop()


def test_too_many_requests_are_told_when_to_come_again_and_only_their_sender_waits(narrow: RunningPortal) -> None:
    browser, other = narrow.login(), narrow.login()
    answers = [browser.get("/me") for _ in range(24)]
    refused = answers[-1]
    assert {answer.status for answer in answers} == {200, 429}
    assert refused.status == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 2
    assert refused.json["error"] == "too many requests: slow down"
    assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert other.get("/me").status == 200
    stranger = Browser(narrow)
    while stranger.get("/health").status == 200:
        pass
    assert other.get("/me").status == 200  # from the same address, but logged in
    assert Browser(narrow).request("GET", "/static/app.js").status in (200, 429)
    time.sleep(int(refused.headers["Retry-After"]))
    assert browser.get("/me").status == 200


# ------------------------------------------------------------------ connections


def test_each_has_so_many_connections_and_of_strangers_the_one_idle_for_longest_is_cut() -> None:
    cut: list[int] = []

    class Noted(Visitor):
        def __init__(self, number: int, idle: bool = True) -> None:
            self.number, self.idle, self.name = number, idle, ""

        def cut(self) -> None:
            cut.append(self.number)

    crowd = Crowd(each=3, strangers=4)
    come = [Noted(number) for number in range(6)]
    assert [crowd.enter(each, "uid 7") for each in come[:4]] == [True, True, True, False]
    crowd.leave(come[0])
    assert crowd.enter(come[3], "uid 7")
    crowd.trust(come[1])
    assert [crowd.enter(each, f"from {each.number}") for each in come[4:]] == [True, True]
    assert cut == []
    assert crowd.enter(Noted(6), "")
    assert cut == [2]  # the first that was no friend
    for each in come:
        each.idle = False
    assert crowd.enter(Noted(7), "")
    assert cut == [2, 6]
    assert crowd.enter(Noted(8, idle=False), "")
    assert not crowd.enter(Noted(9), "")  # all are at work


def test_a_proxys_connection_counts_as_whose_the_last_request_on_it_was() -> None:
    crowd = Crowd(each=2)
    visitors = [Visitor() for _ in range(5)]
    assert [crowd.enter(each, "") for each in visitors] == [True] * 5
    names = ["by proxy 192.0.2.1"] * 3 + ["by proxy 192.0.2.2"]
    assert [crowd.count_for(*both) for both in zip(visitors, names, strict=False)] == [True, True, False, True]
    assert crowd.count_for(visitors[0], names[0]), "it is one of them already"
    assert crowd.count_for(visitors[0], "by proxy 192.0.2.2")
    assert crowd.count_for(visitors[2], "by proxy 192.0.2.1"), "one of them is another's now"
    assert not crowd.count_for(visitors[0], "by proxy 192.0.2.1")
    assert visitors[0].name == "by proxy 192.0.2.2"
    for each in visitors:
        crowd.leave(each)
    assert not crowd._count


def test_another_user_of_this_machine_has_so_many_connections_and_the_portals_own_has_more(
    narrow: RunningPortal, other_user: list[str], until: Until
) -> None:
    command = [*other_user, "/usr/bin/python3", "-c", FLOOD, str(narrow.port), "30"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as flood:
        assert flood.stdout is not None
        assert int(flood.stdout.readline()) == 30 - 8
        with contextlib.ExitStack() as ours:
            for _ in range(30):
                ours.enter_context(socket.create_connection(("127.0.0.1", narrow.port)))
            until(lambda: Browser(narrow).get("/health").status in (200, 429))
        flood.communicate()


def test_the_kernel_says_whose_connection_it_is(other_user: list[str]) -> None:
    knock = "import socket, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2]))); sys.stdin.read()"
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as listener:
            try:
                listener.bind((address, 0))
            except OSError:
                continue  # no IPv6 here
            listener.listen()
            port = str(listener.getsockname()[1])
            command = [*other_user, "/usr/bin/python3", "-c", knock, address, port]
            with subprocess.Popen(command, stdin=subprocess.PIPE) as stranger, listener.accept()[0] as accepted:
                assert peer_of(accepted).name == "uid 65534"
                assert not peer_of(accepted).ours
                stranger.communicate()
                assert not peer_of(accepted).ours, "who has closed it is taken for nobody, and not for root"
            with socket.create_connection((address, int(port))), listener.accept()[0] as accepted:
                assert peer_of(accepted).ours


# -------------------------------------------------------------------- slow ones


def test_who_sends_headers_drop_by_drop_or_does_not_take_the_answer_is_cut_while_others_go_on(
    portal: RunningPortal,
) -> None:
    started = time.monotonic()
    head = f"GET {API}/health HTTP/1.1\r\nHost: {portal.host}\r\n"
    with socket.create_connection(("127.0.0.1", portal.port), timeout=30) as slow:
        slow.sendall(head.encode())
        found = b""
        slow.settimeout(0.3)
        while not found and time.monotonic() < started + 25:
            with contextlib.suppress(TimeoutError, ConnectionError):
                found = slow.recv(65536)
            with contextlib.suppress(OSError):
                slow.sendall(b"X-A: b\r\n")
            assert Browser(portal).get("/health").status == 200
        assert found.startswith(b"HTTP/1.1 408 ")
    with socket.create_connection(("127.0.0.1", portal.port), timeout=60) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        page = f"GET /static/lang/en.js HTTP/1.1\r\nHost: {portal.host}\r\n\r\n".encode()
        with contextlib.suppress(OSError):
            deaf.settimeout(1)
            for _ in range(2000):  # without ever reading one
                deaf.sendall(page)
        assert Browser(portal).get("/health").status == 200


def test_more_headers_than_may_be_are_refused_however_they_are_cut(portal: RunningPortal) -> None:
    for headers in ({"X-A": "b" * 20_000}, {f"X-{number}": "b" * 1000 for number in range(20)}):
        connection = http.client.HTTPConnection(portal.host, timeout=20)
        with contextlib.closing(connection):
            connection.request("GET", f"{API}/health", headers=headers)
            assert connection.getresponse().status == 431


def test_a_connection_that_says_nothing_is_given_up(narrow: RunningPortal) -> None:
    assert receive_all(narrow.silent) == b""  # type: ignore[attr-defined]
    assert time.monotonic() - narrow.since < 300  # type: ignore[attr-defined]
