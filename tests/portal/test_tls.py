"""TLS of the portal's own: streams over it, cookies and headers, certificates renewed, and the port of plain http."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tls_kit import trusting, write_certificate

from portal_kit import API, Browser, RunningJob, RunningPortal, closing, connected, receive_all
from tvcore.errors import TiledVizError, UsageError
from tvcore.portal.tls import Tls

Until = Callable[..., None]


@pytest.fixture(scope="module")
def tls() -> Iterator[RunningPortal]:
    """A portal that speaks TLS, with a port of plain http beside."""
    folder = Path(tempfile.mkdtemp(prefix="tvt-", dir="/tmp"))
    (folder / "state").mkdir(mode=0o700)
    write_certificate(folder / "cert.pem", folder / "key.pem")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        plain = probe.getsockname()[1]
    files = ["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]
    running = RunningPortal(folder / "state", *files, "--http-redirect", str(plain))
    running.trusted = trusting(folder / "cert.pem")
    running.origin = f"https://{running.host}"
    running.plain = plain  # type: ignore[attr-defined]
    yield running
    assert running.stop() == 0
    text = running.log.read_text()
    shutil.rmtree(folder, ignore_errors=True)
    assert "Traceback" not in text, text


def test_login_wall_and_focus_work_over_it_with_a_cookie_of_this_host_alone(tls: RunningPortal, until: Until) -> None:
    assert tls.info()["url"] == f"https://127.0.0.1:{tls.port}/"  # type: ignore[index]
    browser, job = Browser(tls), RunningJob(tls)
    answer = browser.post("/login", {"ticket": tls.login_ticket()})
    browser.key = answer.json["key"]
    given = answer.headers["Set-Cookie"]
    assert given.startswith(f"__Host-tiledviz_{tls.port}=")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(given.split("; "))
    assert "Domain" not in given
    assert answer.headers["Strict-Transport-Security"] == f"max-age={180 * 86400}"
    assert f"connect-src 'self' wss://{tls.host};" in answer.headers["Content-Security-Policy"]
    assert "frame-src https:;" in answer.headers["Content-Security-Policy"]
    # A cookie of the plain name may have been set by anybody at another port.
    assert browser.get("/wall", Cookie=browser.cookie.replace("__Host-", "")).status == 401
    assert browser.get("/wall", Origin=f"http://{tls.host}").status == 403
    until(lambda: all(tile["stream"] for tile in browser.get("/wall").json["tiles"]))
    page, focus = browser.wall(), browser.rfb(job.tiles[0])
    page.say(demand=[[tile, 100, 100, 1] for tile in job.tiles])
    until(lambda: job.agent.walls)
    picture = job.agent.stream().send(1, b"JPEG" * 1000)
    assert page.picture() == picture
    data = b"RFB 003.008\n\x01\x01" + struct.pack("!B3xI", 6, 1 << 20) + os.urandom(1 << 20)
    chunks = [data[start : start + 200_000] for start in range(0, len(data), 200_000)]
    threading.Thread(target=lambda: [focus.send(chunk) for chunk in chunks], daemon=True).start()
    found = b""
    while len(found) < len(data):
        found += focus.recv(20)
    assert found == data
    # To be ended by the portal is told in order, encrypted to the last byte.
    assert browser.post("/logout").status == 200
    assert closing(page.connection).reason == "logged out"
    assert closing(focus).reason == "logged out"
    job.end()


def test_nothing_but_tls_is_answered_there_and_who_never_shakes_hands_is_cut(tls: RunningPortal) -> None:
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", tls.port), timeout=30) as silent:
        with socket.create_connection(("127.0.0.1", tls.port), timeout=30) as clear:
            clear.sendall(f"GET {API}/health HTTP/1.1\r\nHost: {tls.host}\r\n\r\n".encode())
            assert b"HTTP" not in receive_all(clear)
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.deprecated_call():
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        plain = socket.create_connection(("127.0.0.1", tls.port), timeout=30)
        with plain, pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            old.wrap_socket(plain)
        assert Browser(tls).get("/health").status == 200  # while it waits
        assert receive_all(silent) == b""
    assert time.monotonic() - started < 25


def test_a_renewed_certificate_is_taken_at_a_signal_and_one_that_does_not_serve_is_not(
    tls: RunningPortal, until: Until
) -> None:
    browser, folder = tls.login(), tls.home.parent
    before, after = (ssl.PEM_cert_to_DER_cert((folder / "cert.pem").read_text()), b"")

    def shown() -> bytes:
        with connected(tls) as connection:
            assert isinstance(connection, ssl.SSLSocket)
            return connection.getpeercert(binary_form=True) or b""

    assert shown() == before
    with connected(tls) as standing:
        (folder / "cert.pem").write_text("nonsense")
        tls.process.send_signal(signal.SIGHUP)
        until(lambda: "the certificate stays as it was" in tls.log.read_text())
        assert shown() == before
        write_certificate(folder / "cert.pem", folder / "key.pem")
        after = ssl.PEM_cert_to_DER_cert((folder / "cert.pem").read_text())
        tls.trusted = trusting(folder / "cert.pem")
        tls.process.send_signal(signal.SIGHUP)
        until(lambda: "the certificate was read again" in tls.log.read_text())
        assert shown() == after
        standing.sendall(f"GET {API}/health HTTP/1.1\r\nHost: {tls.host}\r\nConnection: close\r\n\r\n".encode())
        assert receive_all(standing).startswith(b"HTTP/1.1 200 ")
    assert browser.get("/wall").status == 200


def test_plain_http_leads_to_the_same_place_by_https_and_to_nowhere_else(tls: RunningPortal) -> None:
    def asked(request: str) -> dict[str, str]:
        with socket.create_connection(("127.0.0.1", tls.plain), timeout=20) as connection:  # type: ignore[attr-defined]
            connection.sendall(request.encode())
            status, *lines = receive_all(connection).decode().split("\r\n")
        return {"": status} | {name: value for name, _, value in (line.partition(": ") for line in lines if line)}

    for host in (f"localhost:{tls.plain}", "localhost"):  # type: ignore[attr-defined]
        answer = asked(f"GET /static/app.js?x=1 HTTP/1.1\r\nHost: {host}\r\n\r\n")
        assert answer[""].startswith("HTTP/1.1 308 ")
        assert answer["Location"] == f"https://localhost:{tls.port}/static/app.js?x=1"
    for host in ("evil.example", f"127.0.0.1:1@evil.example:{tls.port}", "", "evil.example\rX: y"):
        answer = asked(f"POST {API}/login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\n\r\nx")
        assert answer["Location"] == f"https://127.0.0.1:{tls.port}{API}/login"
        assert "evil" not in "".join(answer.values())
    for request in ("nonsense\r\n\r\n", "GET /a b HTTP/1.1\r\n\r\n", "GET http://evil.example HTTP/1.1\r\n\r\n"):
        answer = asked(request)
        assert "evil" not in answer.get("Location", "")
        assert answer["X-Content-Type-Options"] == "nosniff"


GET_AS_ANOTHER = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20) as s:
    s.sendall(b"GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
    print(s.recv(100).decode())
"""


def test_nobody_takes_all_places_at_the_port_of_plain_http(
    tls: RunningPortal, other_user: list[str], until: Until
) -> None:
    address = ("127.0.0.1", tls.plain)  # type: ignore[attr-defined]
    with contextlib.ExitStack() as held:
        for _ in range(8):
            held.enter_context(socket.create_connection(address, timeout=20))
        with socket.create_connection(address, timeout=20) as ninth:
            assert ninth.recv(100) == b"", "one who has eight gets no more"
        command = [*other_user, "/usr/bin/python3", "-c", GET_AS_ANOTHER, str(address[1])]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert answer.stdout.startswith("HTTP/1.1 308 ")

    def served() -> bool:
        with socket.create_connection(address, timeout=20) as connection, contextlib.suppress(OSError):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return receive_all(connection).startswith(b"HTTP/1.1 308 ")
        return False

    until(served)


def test_a_key_that_others_read_or_that_does_not_fit_is_refused_in_one_line(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    write_certificate(cert, key)
    Tls(cert, key)
    for mode in (0o640, 0o604, 0o666):
        key.chmod(mode)
        with pytest.raises(UsageError, match="chmod 600"):
            Tls(cert, key)
    key.chmod(0o600)
    write_certificate(tmp_path / "c2.pem", tmp_path / "k2.pem", password=b"secret")
    (tmp_path / "empty.pem").touch(0o600)
    for files, said in (
        ((tmp_path / "c2.pem", key), "not that of the certificate"), ((cert, tmp_path / "k2.pem"), "has a password"),
        ((cert, tmp_path / "empty.pem"), "PEM"), ((tmp_path / "no.pem", key), "cannot read"),
        ((cert, tmp_path / "no.pem"), "cannot read the key"), ((cert, tmp_path), "must be a file of yours"),
    ):  # fmt: skip
        with pytest.raises(TiledVizError, match=said) as told:
            Tls(*files)
        assert "\n" not in str(told.value)
