"""Sessions of projects: made, found, copied with what people made in them, put away and deleted, on both engines."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tvcore.batch.plan import Plan, TilePlan
from tvcore.batch.scheduler import JobState, JobStatus
from tvcore.errors import TiledVizError, UsageError
from tvcore.people import invitations, projects, sessions
from tvcore.people.by import By, NotAllowedError, here
from tvcore.portal.roles import OWNER, Grant
from tvcore.session import acts
from tvcore.store import Store


@pytest.fixture
def store(engine: str) -> Iterator[Store]:
    opened = Store.open()
    yield opened
    opened.close()


def run(store: Store, job: str, session: str = "main", tiles: int = 2) -> list[int]:
    """Have *job* with so many tiles be on the wall of *session*; return their ids."""
    plans = tuple(TilePlan(index=i, title=f"{job} {i}", command=("x",)) for i in range(tiles))
    store.add_run(Plan(case="gears", title="Gears", session=session, state="/s", tiles=plans), "local", job)
    return [tile["id"] for tile in store.tiles() if tile["job"] == job]


def end(store: Store, job: str) -> None:
    store.apply_jobs([JobStatus(job, JobState.COMPLETED, "")])


def say(store: Store, session: str, registers: dict[str, Any], person: str = "p") -> None:
    body = [[path, value] for path, value in registers.items()]
    (found,) = store.rooms.append(session, person, "owner", [{"id": secrets.token_hex(8), "set": body}])
    assert "op" in found, found


def shown(store: Store, session: str) -> list[int]:
    return [tile["id"] for tile in store.wall(session)["tiles"]]


def of(found: list[dict[str, Any]]) -> list[str]:
    return [each["title"] for each in found]


def test_sessions_are_made_found_renamed_and_put_away(store: Store) -> None:
    by, first = here(store), store.projects.first()
    flames = projects.new_project(store, by, "Flames")["id"]
    made = sessions.new_session(store, by, first, " Night run ")
    assert made["key"].startswith("s-")
    assert made["title"] == "Night run"
    assert (made["sets"], made["tiles"], made["changed"]) == (0, 0, None)
    other = sessions.new_session(store, by, flames, "Night run")  # titles are a project's own
    with pytest.raises(UsageError, match="in this project already"):
        sessions.new_session(store, by, first, "Night run")
    with pytest.raises(UsageError, match="1 to 80 letters"):
        sessions.rename_session(store, by, made["key"], "a\nb")
    assert of(sessions.sessions(store)) == ["main", "Night run", "Night run"]
    assert [each["key"] for each in sessions.sessions(store, query="FLAM")] == [other["key"]]
    assert store.sessions.find("Night run", first) == made["key"]
    assert store.sessions.find(made["key"]) == made["key"]
    with pytest.raises(UsageError, match=f"write {made['key']} or {other['key']}"):
        store.sessions.find("Night run")
    with pytest.raises(UsageError, match="there is no session 'nowhere'"):
        store.sessions.find("nowhere")
    version = store.access.version()
    assert sessions.rename_session(store, by, made["key"], "Day run")["title"] == "Day run"
    assert sessions.archive_session(store, by, made["key"], True)["archived"] is True
    assert store.access.version() == version + 2
    assert of(sessions.sessions(store, query="run")) == ["Night run"]
    assert of(sessions.sessions(store, query="run", archived="yes")) == ["Day run"]
    assert len(sessions.sessions(store, archived="all")) == 3
    for right in (Grant("viewer"), Grant("owner", scope=frozenset({"see"}))):
        with pytest.raises(NotAllowedError, match="needs the right `host`"):
            sessions.copy_session(store, By(by.person, right), made["key"], "Mine")


def test_each_sees_of_a_session_what_they_may(store: Store) -> None:
    tiles, first = run(store, "local-1", tiles=3), store.projects.first()
    say(store, "main", {"layout/columns": 3})
    as_member = sessions.sessions(store, {"main": Grant("viewer")}, [first])
    assert [(each["project_name"], each["tiles"], each["role"]) for each in as_member] == [("main", 3, "viewer")]
    assert as_member[0]["changed"] is not None
    (guest,) = sessions.sessions(store, {"main": Grant("guest")})
    assert (guest["project_name"], guest["changed"], guest["tiles"], guest["chosen"]) == ("", None, 3, False)
    (chosen,) = sessions.sessions(store, {"main": Grant("guest", tiles=frozenset({tiles[0], 999}))})
    assert (chosen["sets"], chosen["tiles"], chosen["chosen"]) == (0, 1, True)
    assert sessions.sessions(store, {}) == []


def test_a_copy_shows_the_same_tiles_with_what_people_made_of_them_and_goes_its_own_way(store: Store) -> None:
    by, tiles = here(store), run(store, "local-1")
    say(store, "main", {f"tags/{tiles[0]}/good": True, "layout/columns": 2})
    acts.write_notes(store, {tiles[1]: "see the flame \N{FIRE}"})
    say(store, "main", {"person/p/selection": tiles})
    store.rooms.save_version("main", "before", "p")
    invitations.new_invitation(store, by, "main")
    copy = sessions.copy_session(store, by, "main", "Copy")
    key = copy["key"]
    assert (copy["sets"], copy["tiles"], copy["project"]) == (1, 2, store.projects.first())
    assert shown(store, key) == shown(store, "main") == tiles
    plain = store.rooms.document(key).plain()
    whole = store.rooms.document("main").plain()
    assert plain["texts"] == {f"note/{tiles[1]}": "see the flame \N{FIRE}"}
    assert plain["registers"] == {path: value for path, value in whole["registers"].items() if path[:6] != "person"}
    assert len(plain["registers"]) < len(whole["registers"])
    assert store.rooms.versions(key) == []
    assert store.invitations.listed(key) == []
    # What is done in one is not in the other, and a page joins and goes on as in any.
    say(store, key, {f"tags/{tiles[0]}/bad": True})
    assert f"tags/{tiles[0]}/bad" not in store.rooms.document("main").plain()["registers"]
    assert store.rooms.document(key).get(f"tags/{tiles[0]}/bad") is True
    told = store.rooms.since(key, None)
    assert told["base"]["seq"] == 1
    assert [op["seq"] for op in told["ops"]] == [2]
    # A copy of an empty one, and of a copy.
    again = sessions.copy_session(store, by, key, "Copy of copy")["key"]
    assert shown(store, again) == tiles
    assert store.rooms.document(again).plain() == store.rooms.document(key).plain()
    empty = sessions.new_session(store, by, store.projects.first(), "Empty")["key"]
    assert store.rooms.since(sessions.copy_session(store, by, empty, "Empty too")["key"], None)["head"] == 0
    # A change of a tile is seen in all.
    before = store.revisions()
    store.apply_tiles("local-1", "n1", [{"index": 0, "state": "live", "reason": "", "frames": 1}])
    after = store.revisions()
    assert [after[name] - before[name] for name in ("main", key, again, empty)] == [1, 1, 1, 0]


def test_several_jobs_feed_one_session_and_one_job_several(store: Store) -> None:
    by, first = here(store), store.projects.first()
    key = sessions.new_session(store, by, first, "Both")["key"]
    here_, there = run(store, "local-1", key), run(store, "local-2")
    assert shown(store, key) == here_
    assert sessions.show_job(store, by, key, "local-2")["sets"] == 2
    assert sessions.show_job(store, by, key, "local-2")["sets"] == 2
    assert shown(store, key) == [*here_, *there]
    read = sessions.session(store, by, key)
    assert [(job["id"], job["home"], job["tiles"]) for job in read["jobs"]] == [
        ("local-1", True, 2),
        ("local-2", False, 2),
    ]
    assert sessions.hide_job(store, by, key, "local-2")["sets"] == 1
    with pytest.raises(UsageError, match="was launched for this session"):
        sessions.hide_job(store, by, key, "local-1")
    with pytest.raises(UsageError, match="there is no job local-9"):
        sessions.show_job(store, by, key, "local-9")
    flames = projects.new_project(store, by, "Flames")["id"]
    far = sessions.new_session(store, by, flames, "Far")["key"]
    with pytest.raises(UsageError, match="of another project"):
        sessions.show_job(store, by, far, "local-1")


def test_a_session_is_deleted_with_what_it_alone_has_and_never_while_its_jobs_run(store: Store) -> None:
    by, first = here(store), store.projects.first()
    key = sessions.new_session(store, by, first, "Old")["key"]
    own, shared = run(store, "local-1", key, 3), run(store, "local-2", key)
    say(store, key, {f"tags/{own[0]}/good": True})
    store.rooms.save_version(key, "before", "p")
    invitations.new_invitation(store, by, key)
    heir = sessions.new_session(store, by, first, "New")["key"]
    sessions.show_job(store, by, heir, "local-2")
    loses = {"sessions": 0, "sets": 1, "tiles": 3, "marks": 1, "versions": 1, "invitations": 1, "tilesets": 0}
    assert sessions.session(store, by, key)["loses"] == loses | {"presets": 0}
    assert sessions.lost_line(loses) == "1 set of tiles, 3 tiles, 1 mark, 1 version, 1 invitation"
    with pytest.raises(NotAllowedError, match="`manage`"):
        sessions.delete_session(store, By(by.person, Grant("editor")), key)
    with pytest.raises(TiledVizError, match="job local-1 runs for the session 'Old': end it first"):
        sessions.delete_session(store, by, key)
    assert shown(store, key) == [*own, *shared]  # nothing went half-way
    end(store, "local-1")
    done = sessions.delete_session(store, by, key)
    assert (done["title"], done["lost"]["tiles"]) == ("Old", 3)
    assert shown(store, heir) == shared
    assert [(job["id"], job["session"]) for job in store.jobs()] == [("local-2", heir)]
    assert sessions.session(store, by, heir)["jobs"][0]["home"] is True
    with pytest.raises(UsageError, match="there is no session"):
        store.sessions.find(key)
    with pytest.raises(TiledVizError, match="the first session stays"):
        sessions.delete_session(store, by, "main")


def test_a_project_goes_with_its_sessions_unless_one_of_its_jobs_runs(store: Store) -> None:
    by = here(store)
    flames = projects.new_project(store, by, "Flames")["id"]
    key = sessions.new_session(store, by, flames, "A")["key"]
    run(store, "local-1", key)
    run(store, "local-2")
    sessions.copy_session(store, by, key, "B")
    with pytest.raises(TiledVizError, match="job local-1 runs for the session"):
        projects.delete_project(store, by, flames)
    end(store, "local-1")
    lost = projects.delete_project(store, By(by.person, OWNER), flames)["lost"]
    assert (lost["sessions"], lost["sets"], lost["tiles"]) == (2, 1, 2)
    assert [job["id"] for job in store.jobs()] == ["local-2"]
    assert of(sessions.sessions(store)) == ["main"]
