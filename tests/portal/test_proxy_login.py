"""The site's own login, by a proxy that says who somebody is: it comes in, and nobody who only says so."""

from __future__ import annotations

import contextlib
import http.client
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from portal_kit import API, Browser, RunningPortal, connected
from tvcore import config
from tvcore.errors import TiledVizError
from tvcore.portal.login_delay import LoginDelay, TooManyTriesError
from tvcore.portal.whence import PEER, PEER_NAME, is_proxy, listed, whence
from tvcore.settings import ProxySettings

SECRET = "s3cret-of-the-proxy-" + "x" * 20


def proxied(name: str, **more: str) -> dict[str, str]:
    return {"X-Remote-User": name, **more}


def test_a_listed_user_of_the_unix_socket_says_who_comes_and_nobody_on_a_port_can(home: Path) -> None:
    config.own_file().parent.mkdir(parents=True, exist_ok=True)
    uid = os.getuid()
    config.own_file().write_text(f'[portal]\nlogin = "proxy"\nnewcomers = "viewer"\n[portal.proxy]\nuids = ["{uid}"]\n')
    running = RunningPortal(home, "--socket", str(home / "s"), port=8765)
    try:
        ann = Browser(running)
        way = ann.get("/login-way").json
        assert (way["way"], way["fields"]) == ("proxy", [])
        came = ann.post("/login", {"fields": {}}, proxied("ann"))
        assert (came.status, came.json["role"], came.json["who"]["name"]) == (200, "viewer", "ann")
        ann.key = came.json["key"]
        assert ann.get("/me").status == 200
        assert ann.get("/me", **proxied("ann")).status == 200
        assert ann.get("/me", **proxied("bob")).status == 401  # the browser is somebody else's by now
        for name in ("", "ann,root", "ann root", "a" * 81, "ann;"):
            assert Browser(running).post("/login", {"fields": {}}, proxied(name)).status == 401, name
        assert Browser(running).post("/login", {"fields": {}}).status == 401
        assert Browser(running).post("/login", {"fields": {}}, {"X_Remote_User": "ann"}).status == 401
        assert Browser(running).post("/login", {"fields": {"name": "ann"}}, proxied("ann")).status == 401
        assert ann.post("/account/password", {"old": "", "new": "glass otter lamp"}).status == 409
        assert running.login().get("/me").json["who"]["administrator"]
    finally:
        assert running.stop() == 0


def test_the_connections_of_a_proxy_count_as_those_of_whom_it_says_that_they_are(home: Path) -> None:
    config.own_file().parent.mkdir(parents=True, exist_ok=True)
    config.own_file().write_text(f'[portal.proxy]\nuids = ["{os.getuid()}"]\n[portal.web]\nconnections = 8\n')
    running = RunningPortal(home, "--socket", str(home / "s"), port=8765)

    def ask(connection: http.client.HTTPConnection, address: str = "") -> int:
        headers = {"Host": running.host} | ({"X-Forwarded-For": f"203.0.113.9, {address}"} if address else {})
        connection.request("GET", f"{API}/health", headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    with contextlib.ExitStack() as held:

        def one() -> http.client.HTTPConnection:
            connection = held.enter_context(contextlib.closing(http.client.HTTPConnection("localhost")))
            connection.sock = connected(running)
            return connection

        held.callback(running.stop)
        first, *others, last = [one() for _ in range(9)]
        assert [ask(each, "198.51.100.1") for each in (first, *others, last)] == [200] * 8 + [429]
        assert ask(one(), "198.51.100.2") == 200, "another of the proxy's people"
        assert [ask(one()) for _ in range(9)] == [200] * 9, "the proxy does not say whose these are"
        assert ask(first, "198.51.100.3") == 200, "the proxy uses one for somebody else"
        assert [ask(each, "198.51.100.1") for each in (last, *others)] == [200] * 8


def test_on_a_port_a_header_is_nobodys_word(home: Path) -> None:
    config.own_file().parent.mkdir(parents=True, exist_ok=True)
    secret = home / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    config.own_file().write_text(
        f'[portal]\nlogin = "proxy"\nnewcomers = "viewer"\n[portal.proxy]\nuids = ["{os.getuid()}"]\n'
        f'addresses = ["192.0.2.0/24"]\nsecret_file = "{secret}"\n'
    )
    running = RunningPortal(home)
    try:
        # Another user of this machine, even one who has the secret, and says to be somewhere else.
        for more in ({}, {"X-TiledViz-Proxy": SECRET}, {"X-TiledViz-Proxy": SECRET, "X-Forwarded-For": "192.0.2.7"}):
            answer = Browser(running).post("/login", {"fields": {}}, proxied("ann", **more))
            assert answer.status == 401, more
        assert SECRET not in running.log.read_text()
    finally:
        running.stop()


def environ(address: str = "", secret: str | None = None, uid: int | None = None, **more: str) -> dict[str, object]:
    found: dict[str, object] = {"REMOTE_ADDR": address, PEER: uid, PEER_NAME: address or f"uid {uid}", **more}
    return found if secret is None else found | {"HTTP_X_TILEDVIZ_PROXY": secret}


def test_a_proxy_of_an_address_needs_the_secret_and_no_address_of_this_machine_will_do(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    file.chmod(0o600)
    settings = ProxySettings(addresses=("192.0.2.0/24", "2001:db8::/32"), secret_file=str(file), uids=("33",))
    for there in (environ("192.0.2.9", SECRET), environ("::ffff:192.0.2.9", SECRET), environ(uid=33)):
        assert is_proxy(there, settings), there
    for there in (
        environ("192.0.2.9"), environ("192.0.2.9", ""), environ("192.0.2.9", SECRET[:-1]), environ("192.0.2.9", "é"),
        environ("198.51.100.1", SECRET), environ("127.0.0.1", SECRET), environ("::1", SECRET), environ("", SECRET),
        environ(uid=34), environ(uid=34, secret=SECRET), environ(uid=0), environ(uid=os.getuid()),
        environ("junk", SECRET),
    ):  # fmt: skip
        assert not is_proxy(there, settings), there
    # Before there is a request, its connection may be a proxy's.
    found = [listed(address, settings) for address in ("192.0.2.9", "2001:db8::7", "198.51.100.1", "127.0.0.1", "")]
    assert found == [True, True, False, False, False]
    behind = {"HTTP_X_FORWARDED_FOR": "203.0.113.5, 198.51.100.77"}
    assert whence(environ("192.0.2.9", SECRET, **behind), settings).key == "by proxy 198.51.100.77"
    assert whence(environ("203.0.113.1", SECRET, **behind), settings).key == "203.0.113.1"
    file.chmod(0o640)
    with pytest.raises(TiledVizError, match="chmod 600"):
        is_proxy(environ("192.0.2.9", SECRET), settings)
    file.write_text("short")
    file.chmod(0o600)
    with pytest.raises(TiledVizError, match="fewer than 32"):
        is_proxy(environ("192.0.2.9", "short"), settings)
    for wrong in (
        {"addresses": ("127.0.0.1",), "secret_file": "/s"},
        {"addresses": ("0.0.0.0/0",), "secret_file": "/s"},
        {"addresses": ("::1",), "secret_file": "/s"},
        {"addresses": ("192.0.2.1",)},
        {"header": "X Y"},
    ):
        with pytest.raises(ValidationError):
            ProxySettings.model_validate(wrong)


# ----------------------------------------------------------------- growing delay


def tries(delay: LoginDelay, place: str, what: str, right: bool = False) -> float:
    """Try once; return how long one has to wait, 0 when it could be tried."""
    try:
        with delay.attempt(place, what) as attempt:
            attempt.right = right
    except TooManyTriesError as error:
        return error.seconds
    return 0.0


def test_tries_at_one_account_grow_slow_and_nobody_waits_longer_than_a_minute_for_what_others_did() -> None:
    now = [0.0]
    delay = LoginDelay(lambda: now[0])
    done = 0
    while now[0] < 600:
        done += tries(delay, "thief", "ann") == 0.0
        now[0] += 0.25
    assert done < 22
    # From a hundred places at once, for hours; then who has the password, from a place of their own.
    for place in range(100):
        tries(delay, f"thief {place}", "ann")
    first = tries(delay, "home", "ann", right=True)
    assert 0 < first <= 60
    for _ in range(61):
        for place in range(100):
            tries(delay, f"thief {place}", "ann")
        now[0] += 1
    assert tries(delay, "home", "ann", right=True) == 0.0
    # From where one was in before, one waits for nobody.
    assert tries(delay, "home", "ann", right=True) == 0.0
    assert tries(delay, "elsewhere", "bob", right=True) == 0.0


def test_tries_from_one_place_at_many_accounts_grow_slow_and_a_second_at_once_waits() -> None:
    now = [0.0]
    delay = LoginDelay(lambda: now[0])
    done = sum(tries(delay, "thief", f"name {number}") == 0.0 for number in range(5000))
    assert done <= 21
    assert tries(delay, "home", "name 7", right=True) == 0.0
    with delay.attempt("home", "ann"), pytest.raises(TooManyTriesError), delay.attempt("home", "ann"):
        pass
    for number in range(30000):
        tries(delay, f"place {number}", f"name {number}")
        now[0] += 0.001
    assert max(map(len, (delay._pairs, delay._whats, delay._places))) <= 8192
