"""The portal behind real nginx and Apache, with the configurations that docs/reverse-proxies.md gives."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright
from tls_kit import trusting, write_certificate

from portal_kit import API, Browser, RunningJob, RunningPortal, closing

Until = Callable[..., None]
GUIDE = Path(__file__).parents[2] / "docs" / "reverse-proxies.md"
MODULES = "/usr/lib/apache2/modules"
APACHE = """
PidFile httpd.pid
ErrorLog error.log
ServerName localhost
{user}
Listen 127.0.0.1:{port}
"""


def given(kind: str, **changes: str) -> str:
    """Return the guide's blocks of *kind*, one after the other, with *changes*."""
    found = re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    text = "\n".join(reversed(found))
    for name, value in changes.items():
        assert name.replace("_", " ") in text
        text = text.replace(name.replace("_", " "), value)
    return text


class Proxied(RunningPortal):
    """A portal, and a reverse proxy before it that browsers go to."""

    def __init__(self, base: str, *arguments: str, port: int = 0, settings: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tvp-", dir="/tmp"))
        (self.folder / "state").mkdir(mode=0o700)
        write_certificate(self.folder / "cert.pem", self.folder / "key.pem")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.proxy = probe.getsockname()[1]
        url = f"https://localhost:{self.proxy}{base}/"
        config = self.folder / "config" / "tiledviz" / "config.toml"
        config.parent.mkdir(mode=0o700, parents=True)
        config.write_text(settings)
        places = {"XDG_CONFIG_HOME": str(config.parent.parent), "TILEDVIZ_SITE_CONFIG": ""}
        self.begin(self.folder / "state", "--public-url", url, *arguments, port=port, environment=places)
        self.wait()
        said = self.info()
        assert said is not None
        assert said["url"] == url
        self.inside = self.port
        self.port, self.host, self.base, self.socket = self.proxy, f"localhost:{self.proxy}", base, None
        self.origin = f"https://{self.host}"
        self.trusted = trusting(self.folder / "cert.pem")

    def proxied_by(self, command: list[str]) -> None:
        """Start the proxy *command*."""
        with (self.folder / "said").open("wb") as said:
            self.server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=said)
        deadline = time.monotonic() + 20
        while not self._listens():
            assert self.server.poll() is None, (self.folder / "said").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.proxy)) == 0

    def end(self) -> None:
        """End both."""
        self.server.terminate()
        self.server.wait(20)
        assert self.stop() == 0
        assert "Traceback" not in self.log.read_text()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def nginx() -> Iterator[Proxied]:
    """A portal below a path, which nginx hands on whole."""
    made = Proxied("/tiledviz")
    changes = {"CERT": f"{made.folder}/cert.pem", "KEY": f"{made.folder}/key.pem", "PORTAL": f"127.0.0.1:{made.inside}"}
    servers = given("nginx", **changes, listen_443=f"listen 127.0.0.1:{made.proxy}")
    paths = "".join(f"{name}_temp_path {made.folder}/{name};" for name in ("proxy", "fastcgi", "uwsgi", "scgi"))
    (made.folder / "nginx.conf").write_text(
        f"pid {made.folder}/nginx.pid; error_log {made.folder}/error.log; daemon off; "
        f"{'user root;' if os.getuid() == 0 else ''}\n"
        f"events {{}}\nhttp {{ access_log off; client_body_temp_path {made.folder}/body; {paths}\n{servers}\n}}\n"
    )
    made.proxied_by(["nginx", "-p", str(made.folder), "-c", str(made.folder / "nginx.conf")])
    yield made
    made.end()


@pytest.fixture(scope="module")
def apache() -> Iterator[Proxied]:
    """A portal at the root of Apache's host, on a unix socket that Apache's user reaches by its group."""
    user, settings = "", ""
    if os.getuid() == 0:  # else Apache runs as the portal's own
        nobody = pwd.getpwnam("nobody")
        user = f"User nobody\nGroup #{nobody.pw_gid}"
        settings = f'[portal.proxy]\nuids = ["nobody"]\n[portal.web]\nsocket_group = "{nobody.pw_gid}"\n'
    door = Path(tempfile.mkdtemp(prefix="tvd-", dir="/tmp"))
    door.chmod(0o711)
    made = Proxied("", "--socket", str(door / "in" / "p.sock"), port=8799, settings=settings)
    text = given("apache", CERT=f"{made.folder}/cert.pem", KEY=f"{made.folder}/key.pem", **{"*:443": f"*:{made.proxy}"})
    text = text.replace("http://PORTAL/", f"unix:{door}/in/p.sock|http://localhost/")
    names = ("mpm_event", "authz_core", "ssl", "proxy", "proxy_http", "proxy_wstunnel")
    loaded = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in names)
    config = made.folder / "httpd.conf"
    config.write_text(f"{loaded}\n{APACHE.format(user=user, port=made.proxy)}\n{text}")
    made.proxied_by(["/usr/sbin/apache2", "-X", "-d", str(made.folder), "-f", str(config)])
    yield made
    made.end()
    shutil.rmtree(door)


@pytest.mark.parametrize("proxy", ["nginx", "apache"])
def test_all_works_through_it_with_its_own_cookie_and_no_other_origin_gets_in(
    proxy: str, request: pytest.FixtureRequest, until: Until
) -> None:
    portal: Proxied = request.getfixturevalue(proxy)
    browser, job = Browser(portal), RunningJob(portal)
    answer = browser.post("/login", {"ticket": portal.login_ticket()})
    assert answer.status == 200, answer.content
    browser.key = answer.json["key"]
    kind = "__Secure-" if portal.base else "__Host-"
    assert answer.headers["Set-Cookie"].startswith(f"{kind}tiledviz_")
    assert {f"Path={portal.base}/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(
        answer.headers["Set-Cookie"].split("; ")
    )
    assert f"connect-src 'self' wss://{portal.host};" in answer.headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in answer.headers  # that is the proxy's to say
    page = browser.request("GET", portal.base + "/")
    assert page.status == 200
    found = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert found
    assert not [name for name in found if name.startswith("/")]
    for name in found[:3]:
        assert browser.request("GET", f"{portal.base}/{name}").status == 200
    if portal.base:
        assert browser.request("GET", portal.base).headers["Location"].endswith(portal.base + "/")
    assert browser.get("/wall", Origin=f"http://{portal.host}").status == 403
    assert browser.get("/wall", Origin="https://evil.example").status == 403
    until(lambda: all(tile["stream"] for tile in browser.get("/wall").json["tiles"]))
    with pytest.raises(Exception, match="403"):
        browser.open("/wall/stream", browser.ticket("wall"), origin=f"http://{portal.host}")
    wall, focus = browser.wall(), browser.rfb(job.tiles[0])
    wall.say(demand=[[tile, 100, 100, 1] for tile in job.tiles])
    until(lambda: job.agent.walls)
    picture = job.agent.stream().send(1, b"JPEG" * 10_000)
    assert wall.picture() == picture
    focus.send(b"RFB 003.008\n")
    assert focus.recv(20) == b"RFB 003.008\n"
    assert browser.post("/logout").headers["Set-Cookie"].startswith(f"{kind}tiledviz_")
    assert closing(wall.connection).reason == "logged out"
    assert browser.get("/me").status == 401
    job.end()


def test_a_proxy_that_takes_the_path_away_serves_as_well_and_what_is_beside_it_is_not_ours(nginx: Proxied) -> None:
    """As Open OnDemand's /rnode does: the portal sees the inner path with the outer name."""
    straight: Any = RunningPortal.__new__(RunningPortal)
    straight.port, straight.host, straight.origin = nginx.inside, nginx.host, nginx.origin
    browser = Browser(straight)
    assert browser.get("/health").status == 200
    assert browser.request("GET", f"/tiledviz{API}/health").status == 200
    assert browser.request("GET", "/tiledviz").headers["Location"] == "/tiledviz/"
    assert browser.request("GET", "/tiledvizard/").status == 404
    assert browser.request("GET", f"/tiledviz/tiledviz{API}/health").status == 404
    # Its own address, by an ssh tunnel, goes on to serve.
    straight.host = f"127.0.0.1:{nginx.inside}"
    straight.origin = f"http://{straight.host}"
    answer = browser.post("/login", {"ticket": nginx.login_ticket()})
    assert answer.headers["Set-Cookie"].startswith(f"tiledviz_{nginx.inside}=")
    assert "Secure" not in answer.headers["Set-Cookie"]


def test_a_real_browser_has_the_wall_below_the_path_and_obeys_the_policy(nginx: Proxied, until: Until) -> None:
    """Every address of the page is a relative one, and its policy, cookie and WebSockets are the outer origin's."""
    job = RunningJob(nginx)
    arguments = ["--disable-gpu", "--disable-background-networking", *(["--no-sandbox"] if os.getuid() == 0 else [])]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        page = chromium.new_context(ignore_https_errors=True).new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{nginx.origin}/tiledviz/#login={nginx.login_ticket()}")
        shown = "window.tiledviz?.connection() === 'open' && window.tiledviz.tiles().length === 2"
        until(lambda: page.evaluate(shown))  # not Playwright's own waiting: that is an eval, which the policy forbids
        cookies = page.context.cookies()
        chromium.close()
    job.end()
    assert [cookie["name"] for cookie in cookies] == [f"__Secure-tiledviz_{nginx.inside}"]
    assert cookies[0]["path"] == "/tiledviz/"
    assert said == []
    assert all(url.startswith((f"{nginx.origin}/tiledviz/", "blob:", "data:")) for url in asked), asked
