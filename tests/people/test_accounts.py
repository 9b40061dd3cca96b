"""Accounts in a store of each engine: who comes in, what one may do about one's own, what is kept of secrets."""

from __future__ import annotations

import base64
import json
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner
from sqlalchemy import event, text

from tvcore.cli import cli
from tvcore.errors import TiledVizError, UsageError
from tvcore.people import accounts, links, passwords, totp
from tvcore.people.accounts import NoSuchThingError, WrongPasswordError
from tvcore.portal.access import access_of
from tvcore.settings import PortalSettings
from tvcore.store import Store
from tvcore.store.access import hashed

GOOD, OTHER = "glass otter lamp 9", "brass heron kite 4"


REAL = passwords._hasher


@pytest.fixture
def store(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store, with hashes that take no time; ``real`` has those of the product."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    opened = Store.open()
    yield opened
    opened.close()


@pytest.fixture
def real(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", REAL)


def portal(**more: object) -> PortalSettings:
    return PortalSettings.model_validate({"login": "accounts", **more})


def registered(store: Store, name: str = "ann", password: str = GOOD, **more: object) -> int:
    return accounts.register(store, portal(registration="open", **more), name, password)["id"]


def logged_in(store: Store, person: int, cookie: str, key: str) -> None:
    assert store.access.add_login(cookie, key, 1000, person) is not None


def test_who_has_the_password_comes_in_and_others_hear_the_same_whatever_is_wrong(store: Store, real: None) -> None:
    person = registered(store)
    assert accounts.check(store, "ann", GOOD) == accounts.Outcome("in", person)
    assert accounts.check(store, "  Ann ", GOOD).came == "in"
    # The same letters, as another keyboard writes them (NFKC).
    assert accounts.check(store, "ann", GOOD.replace("l", "\uff4c")).came == "in"
    for name, password in (
        ("ann", GOOD + " "),
        ("ann", ""),
        ("bob", GOOD),
        ("", ""),
        ("ann\0", GOOD),
        ("é" * 500, "\ud800"),
    ):
        assert accounts.check(store, name, password) == accounts.Outcome("no")
    with store.engine.connect() as db:
        kept = db.execute(text("SELECT hash FROM password")).scalar_one()
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert GOOD not in kept


def test_it_takes_as_long_to_find_that_there_is_no_account(store: Store, real: None) -> None:
    registered(store)

    def took(name: str) -> float:
        begun = time.process_time()
        accounts.check(store, name, OTHER)
        return time.process_time() - begun

    took("ann")
    known, unknown = (min(took(name) for _ in range(3)) for name in ("ann", "bob"))
    assert unknown > known / 3


def test_a_hash_of_weaker_parameters_is_made_anew_when_its_person_comes(store: Store, real: None) -> None:
    person = registered(store)
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    store.accounts.set_password(person, weak)
    assert accounts.check(store, "ann", OTHER).came == "no"
    assert store.accounts.proof(person)["hash"] == weak
    assert accounts.check(store, "ann", GOOD).came == "in"
    assert "m=65536,t=3,p=4" in store.accounts.proof(person)["hash"]
    assert accounts.check(store, "ann", GOOD).came == "in"


@pytest.mark.parametrize(
    "password",
    [
        "short 7", "password", "P@ssw0rd123!", "12345678", "qwertyuiop", "aaaaaaaaaaaa", "iloveyou2", "letmein!!",
        "zyxwvuts", "sunshine2024", "annabel.lee", "annabel.lee99", "Lee-1234567", "x" * 1001, "annabel",
        "ok \ud800 then",
    ],
)  # fmt: skip
def test_passwords_that_are_tried_first_are_refused(password: str) -> None:
    with pytest.raises(UsageError) as refused:
        passwords.check(password, ("annabel.lee", "Annabel Lee", "annabel@lee.example"))
    assert "\n" not in str(refused.value)
    assert password == "password" or password not in str(refused.value)


@pytest.mark.parametrize(
    "password", ["correct horse", "Tr0ub4dor&3x", "zq81vkw0", "ein Käse am Montag", "🦉🦉🐢🐢🦊🦊🐙🐙"]
)
def test_nothing_else_is_asked_of_a_password(password: str) -> None:
    passwords.check(password, ("annabel.lee", "Annabel Lee", None))


def test_a_stranger_gets_an_account_as_far_as_the_settings_let_one(store: Store) -> None:
    with pytest.raises(NoSuchThingError, match="ask an administrator"):
        accounts.register(store, portal(), "ann", GOOD)
    with pytest.raises(NoSuchThingError, match="ask an administrator"):
        accounts.register(store, PortalSettings(registration="open"), "ann", GOOD)
    waits = accounts.register(store, portal(registration="approval", newcomers="viewer"), "ann", GOOD, "Ann Lee")
    assert (waits["state"], waits["display"]) == ("pending", "Ann Lee")
    assert accounts.check(store, "ann", GOOD).came == "pending"
    assert accounts.check(store, "ann", OTHER).came == "no"
    assert store.access.add_login("a" * 64, "b" * 64, 10, waits["id"]) is None
    store.accounts.set_state(waits["id"], "active", "viewer")
    assert accounts.check(store, "ann", GOOD).came == "in"
    access = access_of(store.access.of_person(waits["id"]))
    assert [each.grant.role for each in access.projects.values()] == ["viewer"]
    assert registered(store, "bob") != waits["id"]
    for name in ("", "1ann", "Ann Lee", "a" * 41, "ann/x", "é"):
        with pytest.raises(UsageError, match="a name begins"):
            registered(store, name)
    with pytest.raises(UsageError, match="somebody else's name"):
        registered(store, "ann")
    with pytest.raises(UsageError, match="somebody else's name"):
        accounts.register(store, portal(registration="open"), "carl", OTHER, "Ann Lee")
    with pytest.raises(UsageError, match="somebody else's name"):
        accounts.change_display(store, accounts.find(store, "bob")["id"], "Ann Iee")


def test_another_password_ends_all_other_logins_and_links(store: Store) -> None:
    person = registered(store)
    pages = [("a" * 64, "b" * 64), ("a" * 64, "c" * 64), ("d" * 64, "e" * 64)]
    hashes = [(hashed(page[0]), hashed(page[1])) for page in pages]
    for page in pages:
        logged_in(store, person, *page)
    secret = links.make_reset(store, person)["secret"]
    before = store.access.version()
    with pytest.raises(WrongPasswordError):
        accounts.change_password(store, person, OTHER, "hazel wren boat 3")
    with pytest.raises(UsageError, match="tried first"):
        accounts.change_password(store, person, GOOD, "password")
    assert all(store.access.of_login(*each) for each in hashes)
    accounts.change_password(store, person, GOOD, OTHER, hashes[0])
    assert [bool(store.access.of_login(*each)) for each in hashes] == [True, False, False]
    assert store.access.version() > before
    assert [accounts.check(store, "ann", each).came for each in (GOOD, OTHER)] == ["no", "in"]
    with pytest.raises(NoSuchThingError, match="used already"):
        links.reset(store, secret, GOOD)


def test_a_link_of_an_administrator_is_good_once_for_a_day_and_kept_as_a_hash(store: Store) -> None:
    made = accounts.make(store, "ann", "Ann", "ann@example.org")
    assert accounts.check(store, "ann", "").came == "no"
    link = links.make_reset(store, made["id"])
    assert 23 * 3600 < link["expires"] - time.time() <= 24 * 3600
    with store.engine.connect() as db:
        rows = [tuple(row) for row in db.execute(text("SELECT * FROM person_link"))]
    assert link["secret"] not in repr(rows)
    with pytest.raises(UsageError, match="your name or address"):
        links.reset(store, link["secret"], "ann@example.org")
    logged_in(store, made["id"], "a" * 64, "b" * 64)
    assert links.reset(store, link["secret"], GOOD) == "ann"
    assert not store.access.cookie_known("a" * 64)
    assert accounts.check(store, "ann", GOOD).came == "in"
    for secret in (link["secret"], "x" * 43):
        with pytest.raises(NoSuchThingError, match="used already, or is too old"):
            links.reset(store, secret, OTHER)
    late, _ = store.accounts.add_link(made["id"], "reset", -1)
    with pytest.raises(NoSuchThingError, match="too old"):
        links.reset(store, late, OTHER)
    # Of many links the last few are good; a link to verify is none to reset.
    many = [links.make_reset(store, made["id"])["secret"] for _ in range(7)]
    assert [store.accounts.link(each, "reset") is not None for each in many] == [False] * 2 + [True] * 5
    assert store.accounts.link(many[-1], "verify") is None
    with pytest.raises(NoSuchThingError, match="comes in by token"):
        links.make_reset(store, store.access.owner())


def test_a_link_is_spent_together_with_the_password_that_is_chosen_by_it_or_not_at_all(store: Store) -> None:
    person = registered(store)
    secret = links.make_reset(store, person)["secret"]

    def broken(_db: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE password"):
            raise OSError("the disk is full")

    event.listen(store.engine, "before_cursor_execute", broken)
    with pytest.raises(OSError, match="the disk is full"):
        links.reset(store, secret, OTHER)
    event.remove(store.engine, "before_cursor_execute", broken)
    with pytest.raises(UsageError, match="tried first"):
        links.reset(store, secret, "password")
    assert accounts.check(store, "ann", GOOD).came == "in"
    # Whoever is first chooses; the others' passwords are nobody's.
    words = [f"{each} wren boat 3" for each in ("hazel", "cedar", "maple", "birch")]
    together = threading.Barrier(len(words))

    def reset(password: str) -> bool:
        mine = Store.open()
        together.wait()
        try:
            return links.reset(mine, secret, password) == "ann"
        except NoSuchThingError:
            return False
        finally:
            mine.close()

    with ThreadPoolExecutor(len(words)) as pool:
        done = list(pool.map(reset, words))
    assert done.count(True) == 1
    assert [accounts.check(store, "ann", each).came == "in" for each in words] == done


def test_who_is_deactivated_is_out_with_logins_tokens_and_links(store: Store) -> None:
    person = registered(store, newcomers="editor")
    logged_in(store, person, "a" * 64, "b" * 64)
    secret = links.make_reset(store, person)["secret"]
    store.tokens.add(person, "t", "tvz_" + "x" * 43, ["see"], None, 1000)
    assert store.access.of_token("tvz_" + "x" * 43) is not None
    accounts.deactivate(store, person)
    assert accounts.check(store, "ann", GOOD).came == "deactivated"
    assert not store.access.cookie_known("a" * 64)
    assert store.access.of_token("tvz_" + "x" * 43) is None
    with pytest.raises(NoSuchThingError):
        links.reset(store, secret, OTHER)
    with pytest.raises(NoSuchThingError, match="deactivated"):
        links.make_reset(store, person)
    accounts.activate(store, person)
    assert accounts.check(store, "ann", GOOD).came == "in"
    assert [each.grant.role for each in access_of(store.access.of_person(person)).projects.values()] == ["editor"]


def test_there_is_always_an_administrator(store: Store) -> None:
    person, owner = registered(store), store.access.owner()
    accounts.set_administrator(store, person, True)
    for change in (
        lambda: accounts.set_administrator(store, owner, False),
        lambda: accounts.deactivate(store, owner),
    ):
        with pytest.raises(TiledVizError, match="stay its administrator"):
            change()
    with store.engine.begin() as db:
        db.execute(text("UPDATE person SET administrator = :no WHERE way = 'token'"), {"no": False})
    for change in (
        lambda: accounts.set_administrator(store, person, False),
        lambda: accounts.deactivate(store, person),
    ):
        with pytest.raises(TiledVizError, match="the last administrator: make another"):
            change()
    with pytest.raises(UsageError, match="there is no person 99999"):
        accounts.set_administrator(store, 99999, True)


# ----------------------------------------------------------------- authenticator


def with_totp(store: Store, person: int) -> tuple[str, list[str]]:
    secret = accounts.begin_totp(store, person, GOOD, "wall.example")["secret"]
    return secret, accounts.confirm_totp(store, person, pyotp.TOTP(secret).now())


def test_an_authenticator_is_asked_for_once_a_code_of_it_was_shown(store: Store, home: Path) -> None:
    person = registered(store)
    with pytest.raises(WrongPasswordError):
        accounts.begin_totp(store, person, OTHER)
    begun = accounts.begin_totp(store, person, GOOD, "wall.example")
    assert begun["address"].startswith("otpauth://totp/TiledViz:ann%40wall.example?secret=" + begun["secret"])
    assert accounts.check(store, "ann", GOOD).came == "in"  # not yet
    with pytest.raises(WrongPasswordError, match="the code is not right"):
        accounts.confirm_totp(store, person, "000000" if pyotp.TOTP(begun["secret"]).now() != "000000" else "000001")
    codes = accounts.confirm_totp(store, person, pyotp.TOTP(begun["secret"]).now())
    assert len(set(codes)) == 10
    assert {8 * len(base64.b32decode(each.replace("-", "").upper())) for each in codes} == {120}
    assert accounts.check(store, "ann", GOOD).came == "code"
    assert accounts.check(store, "ann", OTHER, codes[0]).came == "no"
    with pytest.raises(NoSuchThingError, match="already"):
        accounts.begin_totp(store, person, GOOD)
    with store.engine.connect() as db:
        everything = [
            repr([tuple(row) for row in db.execute(text(f"SELECT * FROM {table}"))])
            for table in ("password", "recovery_code")
        ]
    for secret in (begun["secret"], *codes, *(each.replace("-", "") for each in codes)):
        assert secret not in "".join(everything)
    assert stat.S_IMODE((home / "secret.key").stat().st_mode) == 0o600
    assert begun["secret"].encode() not in (home / "secret.key").read_bytes()


def test_a_code_is_good_once_and_so_is_a_recovery_code(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    person = registered(store)
    secret, codes = with_totp(store, person)
    now = [time.time() + 300]
    monkeypatch.setattr(totp.time, "time", lambda: now[0])

    def came(at: float, code: str | None = None) -> str:
        return accounts.check(store, "ann", GOOD, code or pyotp.TOTP(secret).at(int(now[0] + at))).came

    assert [came(-90), came(90)] == ["no", "no"]  # more than a step away
    assert [came(0), came(0)] == ["in", "no"]
    assert came(-30) == "no"  # one before it, which somebody may have seen
    assert [came(30), came(30)] == ["in", "no"]
    now[0] += 60
    assert came(0, pyotp.TOTP(secret).at(int(now[0]))[:3] + " " + pyotp.TOTP(secret).at(int(now[0]))[3:]) == "in"
    assert [came(0, codes[3].upper().replace("-", " ")), came(0, codes[3]), came(0, codes[4])] == ["in", "no", "in"]
    assert accounts.prove(store, person, GOOD)["recovery"] == 8
    new = accounts.new_recovery(store, person, GOOD)
    assert [came(0, codes[5]), came(0, new[0])] == ["no", "in"]
    for junk in ("", "123", "\uff11" * 6, "abcdef", "a" * 24, "0" * 24):
        assert came(0, junk or " ") == "no"
    accounts.end_totp(store, person, GOOD)
    assert accounts.check(store, "ann", GOOD).came == "in"
    assert accounts.prove(store, person, GOOD)["recovery"] == 0


def test_codes_agree_with_the_vectors_of_rfc_6238() -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    for at, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        assert totp.step_of(secret, code, at) == at // 30
        assert totp.step_of(secret, code, at + 60) is None


def test_a_lost_or_wrong_key_is_told_in_one_line_and_nobody_comes_in_by_it(store: Store, home: Path) -> None:
    person = registered(store)
    secret, _ = with_totp(store, person)
    key = home / "secret.key"
    kept = key.read_bytes()
    for spoil, words in (
        (
            lambda: key.write_bytes(__import__("cryptography.fernet", fromlist=["Fernet"]).Fernet.generate_key()),
            "is not the key",
        ),
        (lambda: key.write_bytes(b"junk"), "is not a key"),
        (key.unlink, "is missing"),
        (lambda: (key.write_bytes(kept), key.chmod(0o644)), "chmod 600"),
    ):
        spoil()
        with pytest.raises(TiledVizError, match=words) as told:
            accounts.check(store, "ann", GOOD, pyotp.TOTP(secret).now())
        assert "\n" not in str(told.value)
    key.chmod(0o600)
    # What is another person's is worth nothing in one's own row.
    other = registered(store, "bob", GOOD)
    with_totp(store, other)
    with store.engine.begin() as db:
        mine = db.execute(text("SELECT totp FROM password WHERE person_id = :p"), {"p": person}).scalar_one()
        db.execute(text("UPDATE password SET totp = :t WHERE person_id = :p"), {"t": mine, "p": other})
    with pytest.raises(TiledVizError, match="somebody else"):
        accounts.check(store, "bob", GOOD, pyotp.TOTP(secret).now())


def test_the_command_line_makes_accounts_and_never_takes_a_password(home: Path) -> None:
    def run(*arguments: str) -> Any:
        done = CliRunner().invoke(cli, ["account", *arguments, "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    made = run("new", "ann", "--mail", "ann@example.org")
    store = Store.open()
    assert links.reset(store, str(made["url"]).rpartition("=")[2], GOOD) == "ann"
    with pytest.raises(UsageError, match=r"An administrator .* has a shell as the Unix user .* Say --yes"):
        CliRunner().invoke(cli, ["account", "administrator", "ann"], catch_exceptions=False)
    assert store.accounts.find("ann")["administrator"] is False
    assert run("administrator", "ann", "--yes")["administrator"] is True
    assert run("administrator", "ann", "--off")["administrator"] is False
    assert run("deactivate", "ann")["state"] == "deactivated"
    assert run("approve", "accounts:ann")["state"] == "active"
    again = run("reset", "ann", "--totp")
    assert links.reset(store, str(again["url"]).rpartition("=")[2], OTHER) == "ann"
    assert [each["name"] for each in json.loads(CliRunner().invoke(cli, ["account", "list", "--json"]).stdout)][1:] == [
        "ann"
    ]
    with pytest.raises(UsageError, match="there is nobody called 'bob'"):
        CliRunner().invoke(cli, ["account", "reset", "bob"], catch_exceptions=False, standalone_mode=False)
    store.close()
