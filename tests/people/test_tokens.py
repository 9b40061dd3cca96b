"""API tokens in a store of each engine: for what they are good, for how long, and what is kept of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from tvcore.cli import cli
from tvcore.cli_kit import opened_store
from tvcore.errors import UsageError
from tvcore.people import sessions, tokens
from tvcore.people.by import here
from tvcore.portal.access import access_of
from tvcore.store import Store


@pytest.fixture
def store(engine: str) -> Iterator[Store]:
    opened = Store.open()
    yield opened
    opened.close()


def test_a_token_has_no_more_than_its_rights_its_session_and_its_time(store: Store) -> None:
    owner = store.access.owner()
    made = tokens.new(store, owner, "nightly", ["see", "operate"], "main", 3)
    access = access_of(store.access.of_token(made["token"]))
    assert (access.who.id, access.who.token, access.who.administrator) == (owner, "nightly", False)
    assert list(access.sessions) == ["main"]
    assert access.sessions["main"].grant.rights() == ["see", "operate"]
    assert not access.projects
    assert tokens.mine(store, owner)[0]["used"] is not None
    assert store.access.of_token(made["token"][:-1] + ("A" if made["token"][-1] != "A" else "B")) is None
    with store.engine.begin() as db:
        assert made["token"] not in repr([tuple(row) for row in db.execute(text("SELECT * FROM api_token"))])
        db.execute(text("UPDATE api_token SET expires = 1"))
    assert store.access.of_token(made["token"]) is None
    again = tokens.new(store, owner, "weekly", ["see"])
    before = store.access.version()
    tokens.revoke(store, owner, again["id"])
    assert store.access.of_token(again["token"]) is None
    assert store.access.version() > before
    other = store.accounts.met("proxy", "bob", "bob", None)
    with pytest.raises(UsageError, match="no API token"):
        tokens.revoke(store, other, made["id"])
    with pytest.raises(UsageError, match="no session main of yours"):
        tokens.new(store, other, "x", ["see"], "main")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": " "}, "1 to 80 letters"), ({"name": "a\nb"}, "1 to 80 letters"), ({"rights": []}, "name the rights"),
        ({"rights": ["root"]}, "there is no right root"), ({"days": 0}, "1 to 366 days"),
        ({"days": 367}, "1 to 366 days"),
        ({"session": "s-none"}, "no session s-none"), ({"name": "there"}, "already"),
    ],
)  # fmt: skip
def test_what_no_token_can_have_is_told_in_one_line(home: object, more: dict[str, object], words: str) -> None:
    store = Store.open()
    owner = store.access.owner()
    tokens.new(store, owner, "there", ["see"])
    given: dict[str, object] = {"name": "new", "rights": ["see"], "session": None, "days": 9, **more}
    with pytest.raises(UsageError, match=words) as told:
        tokens.new(store, owner, **given)  # type: ignore[arg-type]
    assert "\n" not in str(told.value)
    store.close()


def test_the_command_line_makes_lists_and_revokes_ones_own(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(cli, ["token", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    with opened_store() as store:
        key = sessions.new_session(store, here(store), store.projects.first(), "Night run")["key"]
    monkeypatch.setenv("TILEDVIZ_SESSION", "Night run")
    assert json.loads(run("new", "night", "--json"))["session"] == key
    with pytest.raises(UsageError, match="there is no session 'Day run'"):
        run("new", "day", "--session", "Day run")
    run("revoke", "night")
    monkeypatch.delenv("TILEDVIZ_SESSION")
    token = run("new", "ci", "--right", "see", "--right", "read", "--days", "2").strip()
    assert token.startswith("tvz_")
    listed = json.loads(run("list", "--json"))
    assert [(each["name"], each["rights"]) for each in listed] == [("ci", ["see", "read"])]
    assert token not in run("list")
    run("revoke", "ci")
    assert json.loads(run("list", "--json")) == []
