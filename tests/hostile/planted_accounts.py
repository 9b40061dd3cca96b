"""A portal with accounts in which everything that hands out a secret is done once, in a browser and without."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pyotp
from planted_browser import browse
from planted_kit import Planted
from playwright.sync_api import Browser as Chromium
from smtp_kit import SmtpServer

from portal_kit import Browser, RunningJob
from waiting import wait_until

PASSWORDS = (
    "correct horse battery staple 4711",
    "another horse, and no battery 4712",
    "third horse, with a 4713 on it",
)
METRICS = "metrics-token-0123456789abcdefghij"
MAIL = "smtp-password-0123456789abcdefghij"
PROXY = "proxy-secret-0123456789abcdefghijk"
SETTINGS = """
[portal]
login = "accounts"
registration = "open"
newcomers = "editor"
metrics_token_file = "FOLDER/kept/metrics"
[portal.proxy]
addresses = ["192.0.2.0/24"]
secret_file = "FOLDER/kept/proxy"
[portal.mail]
server = "127.0.0.1"
port = {port}
security = "none"
sender = "wall@example.org"
user = "wall"
password_file = "FOLDER/kept/mail"
"""


@contextmanager
def accounts(chromium: Chromium) -> Iterator[Planted]:
    """Have that portal, where all of it was done."""
    with SmtpServer(login=("wall", MAIL)) as mail:
        threading.Thread(target=mail.serve_forever, daemon=True).start()
        files = {"metrics": METRICS, "mail": MAIL, "proxy": PROXY}
        planted = Planted(SETTINGS.format(port=mail.server_address[1]), files)
        for number, password in enumerate(PASSWORDS):
            planted.keep(f"password {number}", password)
        try:
            planted.begin()
            _Everything(planted, mail, chromium).do()
            yield planted
        finally:
            planted.end()
            mail.shutdown()


class _Everything:
    def __init__(self, planted: Planted, mail: SmtpServer, chromium: Chromium) -> None:
        self.planted, self.mail, self.chromium = planted, mail, chromium
        self.portal = planted.portal
        self.owner = Browser(self.portal)

    def do(self) -> None:
        ticket = self._opened("login ticket")
        self._enter(self.owner, "owner", "/login", {"ticket": ticket})
        assert self.owner.post("/login", {"ticket": ticket}).status in (401, 429), "it was good once"
        self._opened("unused login ticket")
        job = RunningJob(self.portal)
        try:
            self._token_and_guest()
            self._account()
            verify = self._mailed()
            links = {"login": self._opened("login ticket of a page"), "verify": verify}
            browse(self.planted, self.chromium, links, PASSWORDS[2], self._link)
            self._streams_and_errors(job)
        finally:
            job.end()

    def _opened(self, what: str) -> str:
        address = json.loads(self.planted.tiledviz("open", "--json").stdout)["url"]
        return self.planted.keep(what, address.partition("#login=")[2])

    def _enter(self, browser: Browser, whose: str, path: str, body: object) -> None:
        came = browser.post(path, body)
        assert came.status == 200, came.json
        browser.key = self.planted.keep(f"{whose}'s key", came.json["key"])
        self.planted.keep(f"{whose}'s cookie", browser.cookie.partition("=")[2])

    def _made(self, path: str, body: object, what: str, field: str = "secret") -> str:
        made = self.owner.post(path, body)
        assert made.status == 200, made.json
        return self.planted.keep(what, made.json[field])

    def _token_and_guest(self) -> None:
        secret = self._made("/tokens", {"name": "ci", "rights": ["see", "read"]}, "API token", "token")
        program = Browser(self.portal)
        assert program.get("/me", Authorization=f"Bearer {secret}").status == 200
        assert program.get("/me", Authorization=f"Bearer {secret[:-1]}x").status == 401
        secret = self._made("/invitations", {"control": True, "note": "for Bob"}, "invitation")
        assert self.owner.post("/qr", {"text": f"{self.portal.origin}/#invite={secret}"}).status == 200
        guest = Browser(self.portal)
        self._enter(guest, "guest", "/invitations/accept", {"secret": secret, "name": "Bob"})
        assert guest.post("/invitations/accept", {"secret": secret, "name": "Eve"}).status >= 400

    def _account(self) -> None:
        """Make an account, log in, have a second factor with its recovery codes, another password, a link to reset."""
        link, ann = self._made("/accounts", {"name": "ann"}, "link of a new account"), Browser(self.portal)
        assert ann.post("/account/reset", {"secret": link, "password": PASSWORDS[0]}).status == 200
        fields = {"name": "ann", "password": PASSWORDS[0]}
        self._enter(ann, "account", "/login", {"fields": fields})
        setup = ann.post("/account/totp/setup", {"password": PASSWORDS[0]})
        assert setup.status == 200, setup.json
        code = pyotp.TOTP(self.planted.keep("TOTP secret", setup.json["secret"])).now()
        done = ann.post("/account/totp/confirm", {"code": code})
        assert done.status == 200, done.json
        for number, each in enumerate(done.json["recovery"]):
            self.planted.secrets[f"recovery code {number}"] = each
        self._enter(ann, "recovered", "/login", {"fields": {**fields, "code": done.json["recovery"][0]}})
        assert ann.post("/account/password", {"old": PASSWORDS[0], "new": PASSWORDS[1]}).status == 200
        assert ann.post("/login", {"fields": fields}).status in (401, 429)
        reset = self.planted.tiledviz("account", "reset", "ann")
        found = re.search(r"#reset=(\S+)", reset.stdout)
        assert found is not None, reset.stderr
        self.planted.keep("reset link", found[1])

    def _mailed(self) -> str:
        """Register with a mail address, and open the link that came there."""
        lee = Browser(self.portal)
        wanted = {"name": "lee", "password": PASSWORDS[1], "mail": "lee@example.org"}
        assert lee.post("/account/register", wanted).status == 200
        link = self._link("verify")
        assert lee.post("/account/verify", {"secret": link}).status == 200
        return link

    def _link(self, kind: str) -> str:
        """Return the secret of the link of *kind* that came by mail."""

        def found() -> str:
            texts = [message.get_payload(decode=True).decode() for _, message in self.mail.got]  # type: ignore[union-attr]
            return next((match[1] for text in texts if (match := re.search(rf"#{kind}=([\w-]+)", text))), "")

        wait_until(found, 30, f"a mail with a link to {kind}")
        return self.planted.keep(f"mailed link to {kind}", found())

    def _streams_and_errors(self, job: RunningJob) -> None:
        """Open a stream, ask for numbers, and say what is wrong in many ways."""
        planted, owner = self.planted, self.owner
        planted.keep("stream ticket", owner.ticket("wall"))
        page = owner.wall()
        page.event(lambda event: event["event"] == "wall")
        page.close()
        program = Browser(self.portal)
        for path, shown in (("/metrics", METRICS), ("/health", METRICS), ("/metrics", METRICS + "x"), ("/me", MAIL)):
            planted.seen.append((path, program.get(path, Authorization=f"Bearer {shown}").content.decode()))
        assert "tiledviz" in planted.seen[-4][1]
        typed = planted.keep("typed text", "typed-password-0815")
        owner.post("/tiles/type", {"tiles": job.tiles, "text": typed})
        for body in (b"{", b'{"ticket": 5}', json.dumps({"fields": {"password": PASSWORDS[0]}}).encode()):
            said = {"Content-Type": "application/json", "Origin": self.portal.origin}
            planted.seen.append(("a wrong login", str(owner.request("POST", "/api/v1/login", body, said).json)))
        planted.keep("node's secret", job.agent.registration.secret)
        backup = planted.folder / "cache" / "backup"
        assert planted.tiledviz("db", "backup", str(backup)).returncode == 0
        assert owner.post("/logout").status == 200
