"""Accounts and API tokens at a real portal: come in, change, be let in and kept out, act by a token."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

from portal_kit import Browser, Reply, RunningPortal
from tvcore.people import accounts

GOOD, OTHER = "glass otter lamp 9", "brass heron kite 4"
WRONG = (401, b'{"error":"this is not right, or cannot be checked now"}')


@pytest.fixture(scope="module")
def place() -> Iterator[RunningPortal]:
    """A portal with accounts, open to register, where newcomers look."""
    folder = Path(tempfile.mkdtemp(prefix="tva-", dir="/tmp"))
    (folder / "state").mkdir(mode=0o700)
    (folder / "config" / "tiledviz").mkdir(parents=True)
    settings = '[portal]\nlogin = "accounts"\nregistration = "open"\nnewcomers = "viewer"\n'
    (folder / "config" / "tiledviz" / "config.toml").write_text(settings)
    running = RunningPortal.__new__(RunningPortal)
    running.begin(folder / "state", environment={"XDG_CONFIG_HOME": str(folder / "config")})
    running.wait()
    yield running
    assert running.stop() == 0
    said = running.log.read_text()
    shutil.rmtree(folder, ignore_errors=True)
    assert "Traceback" not in said, said
    for secret in (GOOD, OTHER, "tvz_"):
        assert secret not in said


def enter(portal: RunningPortal, name: str, password: str = GOOD, **more: str) -> tuple[Browser, Reply]:
    browser = Browser(portal)
    answer = browser.post("/login", {"fields": {"name": name, "password": password, **more}})
    if answer.status == 200:
        browser.key = answer.json["key"]
    return browser, answer


def made(portal: RunningPortal) -> tuple[str, int]:
    """Make an account of this test alone, and return its name and id."""
    name = f"n{secrets.token_hex(4)}"
    person = accounts.make(portal.store, name, role="viewer")["id"]
    portal.store.accounts.set_password(person, accounts.passwords.hashed(GOOD))
    return name, person


def soon(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_registers_comes_in_and_changes_what_is_ones_own(place: RunningPortal) -> None:
    stranger = Browser(place)
    way = stranger.get("/login-way").json
    assert [each["name"] for each in way.pop("fields")] == ["name", "password"]
    assert way == {"way": "accounts", "title": "", "registration": "open", "mail": False}
    for body in ({"name": "ann lee", "password": GOOD}, {"name": "ann", "password": "password1"}):
        assert stranger.post("/account/register", body).status == 400
    done = stranger.post("/account/register", {"name": "ann", "password": GOOD, "display": "Ann Lee"})
    assert (done.status, done.json) == (200, {"state": "active"})
    ann, answer = enter(place, "ann")
    assert (answer.json["role"], answer.json["rights"]) == ("viewer", ["see", "read"])
    assert (answer.json["who"]["name"], answer.json["who"]["display"]) == ("ann", "Ann Lee")
    assert enter(place, "ann")[1].json["person"] == answer.json["person"]  # the same one in another browser
    account = ann.get("/account")
    assert account.json["display"] == "Ann Lee"
    assert b"argon2" not in account.content
    assert ann.post("/account/display", {"display": "Ann B. Lee"}).json["display"] == "Ann B. Lee"
    assert ann.post("/account/mail", {"mail": "ann@example.org", "password": GOOD}).json == {"sent": False}
    other = enter(place, "ann")[0]
    assert ann.post("/account/password", {"old": OTHER, "new": "hazel wren boat"}).status == 403
    assert ann.post("/account/password", {"old": GOOD, "new": OTHER}).status == 200
    assert ann.get("/account").status == 200
    assert other.get("/account").status == 401
    assert ann.get("/accounts").status == 403
    assert enter(place, "ann", OTHER)[0].post("/account/logout-everywhere", {}).status == 200
    assert ann.get("/account").status == 401


def test_who_may_not_come_in_hears_the_same_and_waits_longer_each_time(place: RunningPortal) -> None:
    name, _ = made(place)
    for tried in (name, f"{name}x"):
        for _ in range(4):
            answer = enter(place, tried, OTHER)[1]
            assert (answer.status, answer.content) == WRONG
        late = enter(place, tried, GOOD)[1]
        assert late.status == 429
        assert 1 <= int(late.headers["Retry-After"]) == late.json["seconds"] <= 60
    soon(lambda: enter(place, name, GOOD)[1].status == 200)


def test_an_authenticator_and_its_recovery_codes_at_the_door(place: RunningPortal) -> None:
    name, person = made(place)
    browser = enter(place, name)[0]
    begun = browser.post("/account/totp/setup", {"password": GOOD}).json
    assert len(begun["rows"]) == len(begun["rows"][0])
    codes = browser.post("/account/totp/confirm", {"code": pyotp.TOTP(begun["secret"]).now()}).json["recovery"]
    asked = enter(place, name)[1]
    assert (asked.status, asked.json["code"]) == (401, True)
    assert enter(place, name, code=codes[0])[1].status == 200
    assert (again := enter(place, name, code=codes[0])[1]).status == 401
    assert "code" not in again.json
    admin = place.login()
    reset = admin.post(f"/accounts/{person}/reset", {"totp": True}).json
    done = Browser(place).post("/account/reset", {"secret": reset["secret"], "password": OTHER})
    assert (done.status, done.json) == (200, {"name": name})
    assert browser.get("/account").status == 401
    assert enter(place, name, OTHER)[1].status == 200
    assert Browser(place).post("/account/reset", {"secret": reset["secret"], "password": GOOD}).status == 409


def test_an_administrator_makes_accounts_and_keeps_people_out(place: RunningPortal) -> None:
    admin, name = place.login(), f"n{secrets.token_hex(4)}"
    new = admin.post("/accounts", {"name": name, "mail": "x@example.org"}).json
    person = new["account"]["id"]
    assert Browser(place).post("/account/reset", {"secret": new["secret"], "password": GOOD}).status == 200
    browser = enter(place, name)[0]
    page = browser.wall()
    out = admin.post(f"/accounts/{person}/deactivate", {})
    assert (out.status, out.json["state"]) == (200, "deactivated")
    begun = time.monotonic()
    with pytest.raises(Exception, match=r"login has ended|no longer"):
        page.event(lambda event: event["event"] == "never")
    assert time.monotonic() - begun < 5
    assert browser.get("/account").status == 401
    refused = enter(place, name)[1]
    assert (refused.status, refused.json["state"]) == (403, "deactivated")
    assert admin.post(f"/accounts/{person}/activate", {}).status == 200
    assert admin.post(f"/accounts/{person}/administrator", {"administrator": True}).json["administrator"]
    assert enter(place, name)[0].get("/accounts").status == 200
    owner = next(each["id"] for each in admin.get("/accounts").json if each["way"] == "token")
    assert admin.post(f"/accounts/{owner}/deactivate", {}).status == 409
    assert admin.post("/accounts/99999/approve", {}).status == 400
    assert admin.post("/account/password", {"old": "", "new": OTHER}).status == 409


def test_a_token_acts_for_its_person_within_its_rights_and_makes_nothing_of_its_own(place: RunningPortal) -> None:
    owner = place.login()
    made_one = owner.post("/tokens", {"name": "nightly", "rights": ["see"], "days": 3}).json
    token = made_one["token"]
    assert len(token) == 47
    assert token not in owner.get("/tokens").content.decode()
    program = Browser(place)

    def call(method: str, path: str, body: Any = None, of: str = token) -> Reply:
        bearer = {"Authorization": f"Bearer {of}"}
        return program.post(path, body, bearer) if method == "POST" else program.get(path, **bearer)

    assert call("GET", "/wall").status == 200
    assert call("GET", "/me").json["rights"] == ["see"]
    assert call("GET", "/session/versions").status == 403
    for path in ("/account", "/tokens"):
        assert call("GET", path).status == 403, path
    for path, body in (
        ("/tokens", {"name": "more", "rights": ["see"]}),
        (f"/tokens/{made_one['id']}/revoke", {}),
        ("/account/display", {"display": "Robot"}),
        ("/account/password", {"old": "", "new": OTHER}),
        ("/account/logout-everywhere", {}),
        ("/accounts", {"name": "zoe"}),
        ("/tickets", {"stream": "wall"}),
    ):
        assert call("POST", path, body).status == 403, path
    assert owner.get("/tokens").json[0]["used"] is not None
    assert owner.post("/tokens", {"name": "nightly", "rights": ["see"]}).status == 400
    assert owner.post("/tokens", {"name": "x", "rights": ["see"], "session": "s-00000000"}).status == 400
    stranger = enter(place, made(place)[0])[0]
    assert stranger.post(f"/tokens/{made_one['id']}/revoke", {}).status == 400
    assert owner.post(f"/tokens/{made_one['id']}/revoke", {}).status == 200
    assert call("GET", "/wall").status == 401
