"""Projects, sessions and invitations on the command line, as a person types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tvcore.audit_reading import Wanted, entries
from tvcore.batch.plan import Plan, TilePlan
from tvcore.cli import cli
from tvcore.errors import TiledVizError
from tvcore.people import invitations
from tvcore.people.by import here
from tvcore.store import Store


def said(*words: str) -> str:
    """Return what a command prints."""
    done = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return str(done.stdout)


def found(*words: str) -> Any:
    return json.loads(said(*words, "--json"))


def fails(words: str, *command: str) -> None:
    with pytest.raises(TiledVizError, match=words):
        CliRunner().invoke(cli, command, catch_exceptions=False)


@pytest.fixture
def store(home: Path) -> Store:
    return Store.open()


def run(store: Store, job: str, session: str = "main") -> list[int]:
    plans = tuple(TilePlan(index=i, title=f"{job} {i}", command=("x",)) for i in range(2))
    store.add_run(Plan(case="gears", title="Gears", session=session, state="/s", tiles=plans), "local", job)
    return [tile["id"] for tile in store.tiles(session=session)]


def test_projects_and_their_members(store: Store) -> None:
    store.access.came("accounts", "anna", None, "Anna")
    store.access.came("proxy", "anna", None)
    made = found("project", "new", "Flames")
    assert made["name"] == "Flames"
    fails(
        "several people are called 'anna': write accounts:anna or proxy:anna",
        "project",
        "add",
        "Flames",
        "anna",
        "editor",
    )
    assert said("project", "add", "Flames", "accounts:anna", "editor") == "accounts:anna is editor of Flames.\n"
    assert found("project", "role", "Flames", "anna", "viewer")["role"] == "viewer"
    fails("has a shell as the Unix user .* Say --yes", "project", "operate", "Flames", "anna")
    fails("An owner operates: .* Say --yes", "project", "role", "Flames", "anna", "owner")
    assert found("project", "operate", "Flames", "anna", "--yes")["operate"] is True
    assert "operates" in said("project", "members", "Flames")
    assert found("project", "operate", "Flames", "anna", "--off")["operate"] is False
    fails("is no member of this project", "project", "remove", "Flames", "tom")
    found("project", "transfer", "Flames", "anna", "--yes")
    members = {each["name"]: each["role"] for each in found("project", "members", "Flames")["members"]}
    assert members["anna"] == "owner"
    assert sorted(members.values()) == ["admin", "owner"]
    assert said("project", "rename", "Flames", "Fires") == "It is called Fires now.\n"
    fails("goes with nothing. Say --yes", "project", "delete", "Fires")
    assert said("project", "delete", "Fires", "--yes") == "Fires is deleted, with nothing.\n"
    fails("there is no project 'Fires'", "project", "members", "Fires")
    fails("the first project stays", "project", "delete", "main", "--yes")
    done = [each["verb"] for each in entries(Wanted(projects=frozenset({made["id"]}), outcome="done"))]
    assert done[::-1] == [
        "member add", "member role", "member operate", "member operate", "project transfer", "project rename",
        "project delete",
    ], "for its owners to read"  # fmt: skip


def test_sessions_and_the_commands_that_act_on_one(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = found("session", "new", "Night run")["key"]
    first, night = run(store, "local-1"), run(store, "local-2", key)
    assert [tile["id"] for tile in found("tiles", "--session", "Night run")] == night
    assert [tile["id"] for tile in found("tiles")] == [*first, *night]
    assert [job["id"] for job in found("jobs", "--session", key)] == ["local-2"]
    store.rooms.append(key, "p", "owner", [{"id": "a-1", "set": [["layout/columns", 5]]}])
    found("session", "save", "before", "--session", "Night run")
    assert found("session", "versions") == []
    monkeypatch.setenv("TILEDVIZ_SESSION", "Night run")
    assert [version["name"] for version in found("session", "versions")] == ["before"]
    assert [tile["id"] for tile in found("tiles")] == night
    said("session", "export", str(tmp_path / "night.json"))
    assert json.loads((tmp_path / "night.json").read_text())["session"] == key
    said("export", "csv", str(tmp_path / "night.csv"))
    assert (tmp_path / "night.csv").read_text().count("local-2") == 2
    assert "local-1" not in (tmp_path / "night.csv").read_text()
    fails("there is no such tile", "tile", "--session", "main", "stop", str(night[0]))
    said("session", "forget", "before")
    assert [each["verb"] for each in entries(Wanted(session=key))] == ["version delete", "version save"]
    monkeypatch.delenv("TILEDVIZ_SESSION")
    assert found("session", "copy", "Night run", "Copy")["tiles"] == 2
    assert found("session", "hide", "Copy", "local-2")["tiles"] == 0
    assert said("session", "show", "Copy", "local-2") == "Copy shows 2 tiles.\n"
    assert found("session", "rename", "Night run", "Day run")["key"] == key
    found("session", "archive", "Day run")
    assert [each["title"] for each in found("session", "list")] == ["main", "Copy"]
    assert [each["title"] for each in found("session", "list", "day", "--all")] == ["Day run"]
    fails("Day run goes with 1 mark. Say --yes", "session", "delete", "Day run")
    assert said("session", "delete", "Day run", "--yes") == "Day run is deleted, with 1 mark.\n"
    fails("job local-2 runs for the session 'Copy'", "session", "delete", "Copy", "--yes")
    fails("there is no session 'Day run'", "launch", "gears", "--session", "Day run")
    fails("there is no session 'Day run'", "tileset", "show", "x", "--session", "Day run")


def test_tile_sets_and_presets_of_a_project(store: Store, tmp_path: Path) -> None:
    found("project", "new", "Flames")
    found("session", "new", "Night", "--project", "Flames")
    (tmp_path / "ada.csv").write_text("name,F\nada,1\n")
    found("import", str(tmp_path / "ada.csv"), "--no-show", "--session", "Night")
    assert [each["name"] for each in found("tileset", "list", "--project", "Flames")] == ["ada"]
    assert found("tileset", "list") == []
    found("presets", "save", "small", "gears", "--tiles", "2", "--project", "Flames")
    assert found("presets", "list")["saved"] == []
    assert [each["name"] for each in found("presets", "list", "--project", "Flames")["saved"]] == ["small"]
    fails("there is no set of parameters small", "launch", "--preset", "small", "--detach")
    assert said("project", "delete", "Flames", "--yes").endswith(
        "with 1 session, 1 kept tile set, 1 set of parameters.\n"
    )


def test_invitations_need_a_portal_and_are_asked_about_by_their_number(store: Store) -> None:
    fails("no portal of yours is running", "invite", "new")
    assert found("invite", "list") == []
    assert said("invite", "list") == "No invitations: `tiledviz invite new` makes one.\n"
    fails("there is no invitation 7", "invite", "revoke", "7")


def test_all_invitations_of_every_session_are_revoked_at_once_with_those_who_came_by_them(store: Store) -> None:
    other = found("session", "new", "Night run")["key"]
    made = [invitations.new_invitation(store, here(store), session) for session in ("main", "main", other)]
    invitations.revoke_invitation(store, here(store), "main", made[0]["invitation"]["id"])
    guest = invitations.accept_invitation(store, made[1]["secret"], "Grace")  # which uses it up
    assert guest is not None
    assert store.access.add_login("c" * 64, "d" * 64, 60.0, guest)
    fails("name one invitation, or --all", "invite", "revoke")
    fails("name one invitation, or --all", "invite", "revoke", "1", "--all")
    assert said("invite", "revoke", "--all") == "2 invitations revoked; 1 guest out.\n"
    assert {each["state"] for key in ("main", other) for each in store.invitations.listed(key)} == {"revoked"}
    assert store.access.of_person(guest) is None
    assert found("invite", "revoke", "--all") == []
