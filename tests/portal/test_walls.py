"""Many sessions: each with a wall, a room and people of its own; and streams that end when the right to them does."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
import rows_kit
from conftest import live_job, wait_until
from rows_kit import browser_of, guest, invitation, member, new_project, new_session
from websockets.exceptions import ConnectionClosed, InvalidStatus

from portal_kit import Browser, RunningJob, RunningPortal, WallPage
from tvcore.portal.access import Access, SessionAccess, Who
from tvcore.portal.auth import Login, Tickets
from tvcore.portal.roles import Grant
from tvcore.portal.rooms import EMPTY_MAX, Rooms
from tvcore.portal.standing import LOGGED_OUT, OTHERWISE, OUT, Standing, judged
from tvcore.portal.walls import UNUSED_MAX, Walls

THROWN_OUT, COME_BACK = 1008, 1001
SOON = 5.0  # it takes half a second; on a machine that does ten other things as well, more


@pytest.fixture(scope="module")
def session(portal: RunningPortal) -> str:
    """A second session, by its key."""
    return new_session(portal.store)


@pytest.fixture(scope="module")
def first(portal: RunningPortal) -> Iterator[RunningJob]:
    """A job of the first session."""
    yield from live_job(portal)


@pytest.fixture(scope="module")
def second(portal: RunningPortal, session: str) -> Iterator[RunningJob]:
    """A job of the second one."""
    yield from live_job(portal, session=session)


def within(portal: RunningPortal, session: str) -> Browser:
    browser = portal.login()
    browser.session = session
    return browser


def asked(job: RunningJob) -> int:
    """Return how often anybody asked for pictures of *job*."""
    return sum(len(looker.demands) for stream in job.agent.walls for looker in stream.lookers.values())


def is_wall(event: dict[str, Any]) -> bool:
    return event["event"] == "wall"


def ids(wall: Any) -> set[int]:
    return {tile["id"] for tile in wall["tiles"]}


def joined(page: WallPage) -> dict[str, Any]:
    page.say(join=None)
    return page.event(lambda event: event["event"] in ("document", "ops"))


# ------------------------------------------------------------ walls and rooms


def test_a_session_has_the_tiles_and_jobs_of_its_own(
    portal: RunningPortal, session: str, first: RunningJob, second: RunningJob
) -> None:
    one, two = portal.login(), within(portal, session)
    for browser, own, other in ((one, first, second), (two, second, first)):
        assert ids(browser.get("/wall").json) >= set(own.tiles)
        assert not ids(browser.get("/wall").json) & set(other.tiles)
        assert {tile["id"] for tile in browser.get("/tiles").json} >= set(own.tiles)
        assert not {tile["id"] for tile in browser.get("/tiles").json} & set(other.tiles)
        assert other.id not in {job["id"] for job in browser.get("/jobs").json} >= {own.id}
        assert set(browser.get("/query?q=").json["matches"]) >= set(own.tiles)
        assert not set(browser.get("/query?q=").json["matches"]) & set(other.tiles)
        # Of another session's tiles and jobs one is told that there are none.
        tile, job = other.tiles[0], other.id
        for answer in (
            browser.get(f"/tiles/{tile}/log"),
            browser.get(f"/tiles/{tile}/qr?origin=http://localhost"),
            browser.post("/tickets", {"stream": "rfb", "tile": tile}),
            browser.post("/tiles/type", {"tiles": [own.tiles[0], tile], "text": "x"}),
            browser.post("/tiles/get", {"tile": tile, "path": "x"}),
        ):
            assert (answer.status, answer.json) == (404, {"error": f"there is no tile {tile}"})
        assert browser.post(f"/jobs/{job}/stop", {}).status == 404
        before = asked(other)
        page = browser.wall()
        wall = page.event(is_wall)
        assert not ids(wall["wall"]) & set(other.tiles)
        assert wall["me"]["session"] == (session if own is second else "main")
        page.say(demand=[[tile, 64, 64, 3], [own.tiles[0], 64, 64, 3]])
        wait_until(lambda own=own: any(stream.demand for stream in own.agent.walls), "a demand of its own tile")
        assert asked(other) == before
        page.close()
    assert one.get("/wall", **{"X-TiledViz-Session": session}).json["session"] == session
    assert one.get("/wall", **{"X-TiledViz-Session": "s-00000000"}).status == 404


def test_what_is_done_in_a_session_stays_there(portal: RunningPortal, session: str) -> None:
    one, two, three = portal.login().wall(), within(portal, session).wall(), within(portal, session).wall()
    name = secrets.token_hex(6)
    for page in (one, two, three):
        joined(page)
    two.say(here={"page": name})
    two.say(ops=[{"id": name, "set": [["layout/gap", 7]]}])
    seen = three.event(lambda event: event["event"] == "ops" and any(op["id"] == name for op in event["ops"]))
    assert seen["ops"][-1]["set"] == [["layout/gap", 7]]
    three.event(lambda event: event["event"] == "people" and name in event["people"])
    one.say(ops=[{"id": f"{name}-main", "set": [["layout/gap", 8]]}])
    one.event(lambda event: event["event"] == "ops" and any(op["id"] == f"{name}-main" for op in event["ops"]))
    assert name not in json.dumps([event for event in one.events if event["event"] == "people"])
    assert portal.store.rooms.document(session).get("layout/gap") == 7
    assert portal.store.rooms.document("main").get("layout/gap") == 8
    browser = within(portal, session)
    version = browser.post("/session/versions", {"name": name}).json
    assert version["id"] in [each["id"] for each in browser.get("/session/versions").json["versions"]]
    assert version["id"] not in [each["id"] for each in portal.login().get("/session/versions").json["versions"]]
    for page in (one, two, three):
        page.close()


def test_a_session_shows_tile_sets_that_are_linked_to_it_and_is_told_what_becomes_of_them(
    portal: RunningPortal, second: RunningJob, session: str
) -> None:
    third = new_session(portal.store)
    browser = within(portal, third)
    page, home = browser.wall(), within(portal, session).wall()
    assert ids(page.event(is_wall)["wall"]) == set()
    rows_kit.link(portal.store, third, second.id)
    assert ids(page.event(lambda event: is_wall(event) and event["wall"]["tiles"])["wall"]) == set(second.tiles)
    tile = second.tiles[0]
    reason = f"changed {third}"
    second.agent.change(0, reason=reason)
    for each in (page, home):
        each.event(lambda event: event["event"] == "tiles" and reason in json.dumps(event))
    page.say(input=[{"tile": tile, "key": [97, True]}])
    wait_until(
        lambda: any(looker.input for stream in second.agent.walls for looker in stream.lookers.values()), "a key"
    )
    assert browser.post("/tickets", {"stream": "rfb", "tile": tile}).status == 200
    assert [job["id"] for job in browser.get("/jobs").json] == [second.id]
    assert set(browser.get("/query?q=").json["matches"]) == set(second.tiles)
    page.close()
    home.close()


def test_an_opened_tile_is_closed_where_its_tile_set_is_hidden_and_nowhere_else(
    portal: RunningPortal, second: RunningJob, session: str
) -> None:
    third, (tile, _) = new_session(portal.store), second.tiles
    rows_kit.link(portal.store, third, second.id)
    browser, home = within(portal, third), within(portal, session).rfb(tile)
    wait_until(lambda: set(second.tiles) == ids(browser.get("/wall").json), "the tiles are linked")
    guests = browser_of(portal, guest(portal.store, invitation(portal.store, third, [tile])))
    opened = [browser.rfb(tile), guests.rfb(tile)]
    for connection in (*opened, home):
        connection.send(b"RFB 003.008\n")
        assert connection.recv(15) == b"RFB 003.008\n"
    assert browser.post(f"/sessions/{third}/hide", {"job": second.id}).status == 200
    for connection in opened:
        assert ending(WallPage(connection)) == (COME_BACK, f"there is no tile {tile}")
    assert browser.post("/tickets", {"stream": "rfb", "tile": tile}).status == 404
    home.send(b"\1\1")
    assert home.recv(15) == b"\1\1"
    home.close()


def test_a_ticket_is_for_one_session_one_stream_and_one_tile(
    portal: RunningPortal, first: RunningJob, second: RunningJob, session: str
) -> None:
    browser = within(portal, session)
    ticket = browser.ticket("wall")
    browser.session = ""
    page = WallPage(browser.open("/wall/stream", ticket))  # the ticket says which, and nothing else does
    assert page.event(is_wall)["wall"]["session"] == session
    page.close()
    with pytest.raises(InvalidStatus):
        browser.open("/wall/stream", ticket)
    browser.session = session
    ticket = browser.ticket("rfb", second.tiles[0])
    with pytest.raises(InvalidStatus):
        browser.open(f"/tiles/{second.tiles[1]}/rfb", ticket)


def test_a_session_that_is_gone_is_not_made_again_by_what_was_done_in_it(portal: RunningPortal) -> None:
    gone = new_session(portal.store)
    page = within(portal, gone).wall()
    joined(page)
    rows_kit.delete_session(portal.store, gone)
    page.say(ops=[{"id": secrets.token_hex(6), "set": [["layout/gap", 7]]}])
    assert ending(page) == (THROWN_OUT, OUT)
    assert gone not in portal.store.revisions()
    assert f"ordered yet: there is no session {gone}" not in portal.log.read_text(), "it is not tried again and again"
    assert within(portal, gone).get("/wall").status == 404


def test_who_has_an_account_is_called_what_it_says_by_everyone(portal: RunningPortal) -> None:
    anna = browser_of(portal, member(portal.store, "editor", f"anna-{secrets.token_hex(3)}"))
    page, other = anna.wall(), portal.login().wall()
    me = page.event(is_wall)["me"]
    joined(page)
    joined(other)
    name = secrets.token_hex(6)
    page.say(here={"page": name, "focus": None})
    people = other.event(lambda event: event["event"] == "people" and name in event["people"])["people"]
    assert people[name]["name"] == me["who"]["display"]
    page.say(ops=[{"id": name, "set": [[f"person/{me['person']}/name", "The director"], ["layout/gap", 3]]}])
    refused = page.event(lambda event: event["event"] == "refused")
    assert refused["why"] == f"your name here is {me['who']['display']}"
    # Whom the portal does not know says so themselves, and is not taken for one whom it does.
    owner = secrets.token_hex(6)
    other.say(here={"page": owner, "focus": None})
    people = page.event(lambda event: event["event"] == "people" and owner in event["people"])["people"]
    assert people[owner]["name"] is None
    # One who has an account is the same person in another browser.
    again = browser_of(portal, me["who"]["id"]).wall()
    assert again.event(is_wall)["me"]["person"] == me["person"]
    for each in (page, other, again):
        each.close()


# ----------------------------------------------------------- when rights change


def read_until(page: WallPage, deadline: float) -> None:
    while time.monotonic() < deadline:
        page.connection.recv(max(0.01, deadline - time.monotonic()))


def ending(page: WallPage, seconds: float = SOON) -> tuple[int, str]:
    """Read to the end, and return how the portal ended the stream."""
    deadline = time.monotonic() + seconds
    with pytest.raises(ConnectionClosed) as closed:
        read_until(page, deadline)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


Change = Callable[[RunningPortal], tuple[Browser, Callable[[], None]]]


def _revoked(portal: RunningPortal) -> tuple[Browser, Callable[[], None]]:
    made = invitation(portal.store, "main", operate=True)
    return browser_of(portal, guest(portal.store, made)), lambda: rows_kit.revoke(portal.store, made)


def _removed(portal: RunningPortal) -> tuple[Browser, Callable[[], None]]:
    person = member(portal.store, "viewer", operate=True)
    return browser_of(portal, person), lambda: rows_kit.change_member(portal.store, person)


def _deactivated(portal: RunningPortal) -> tuple[Browser, Callable[[], None]]:
    person = member(portal.store, "owner")
    return browser_of(portal, person), lambda: rows_kit.deactivate(portal.store, person)


def _logged_out_elsewhere(portal: RunningPortal) -> tuple[Browser, Callable[[], None]]:
    browser = portal.login()
    return browser, lambda: portal.store.access.remove_login(browser.cookie.partition("=")[2])


@pytest.mark.parametrize(
    ("change", "reason"),
    [(_revoked, OUT), (_removed, OUT), (_deactivated, LOGGED_OUT), (_logged_out_elsewhere, LOGGED_OUT)],
)
def test_who_may_nothing_any_more_is_thrown_out_of_every_stream(
    portal: RunningPortal, first: RunningJob, change: Change, reason: str
) -> None:
    browser, end = change(portal)
    page, focus = browser.wall(), browser.rfb(first.tiles[0])
    page.event(is_wall)
    tickets = [browser.ticket("wall"), browser.ticket("rfb", first.tiles[0])]
    other = portal.login().wall()
    other.event(is_wall)
    page.say(join=None)
    # Who said too much rests a while before more of it is done: they are thrown out all the same.
    page.say(ops=[{"id": f"much-{number}", "set": [["layout/gap", 1]]} for number in range(500)])
    end()
    assert ending(page) == (THROWN_OUT, reason)
    assert ending(WallPage(focus)) == (THROWN_OUT, reason)
    for ticket, path in zip(tickets, ("/wall/stream", f"/tiles/{first.tiles[0]}/rfb"), strict=True):
        with pytest.raises(InvalidStatus) as refused:
            browser.open(path, ticket)
        assert refused.value.response.status_code == 401
    assert browser.get("/wall").status in (401, 404)
    assert browser.get("/wall/stream").status in (401, 403)
    joined(other)  # nobody else is disturbed
    other.close()


def test_who_may_something_else_comes_back_with_that(portal: RunningPortal, first: RunningJob) -> None:
    person = member(portal.store, "viewer")
    browser = browser_of(portal, person)
    page, ticket = browser.wall(), browser.ticket("wall")
    assert "arrange" not in page.event(is_wall)["me"]["rights"]
    rows_kit.change_member(portal.store, person, role="editor", operate=True)
    assert ending(page) == (COME_BACK, OTHERWISE)
    with pytest.raises(InvalidStatus):
        browser.open("/wall/stream", ticket)
    page, focus = browser.wall(), browser.rfb(first.tiles[0])
    assert set(page.event(is_wall)["me"]["rights"]) >= {"arrange", "operate"}
    rows_kit.change_member(portal.store, person, role="editor", operate=False)
    for each in (page, WallPage(focus)):
        assert ending(each) == (COME_BACK, OTHERWISE)
    assert "operate" not in browser.wall().event(is_wall)["me"]["rights"]


def test_a_member_of_another_project_is_in_no_session_of_this_one(portal: RunningPortal, session: str) -> None:
    project = new_project(portal.store)
    own = new_session(portal.store, project)
    browser = browser_of(portal, member(portal.store, "owner", project=project))
    assert browser.get("/wall").json["session"] == own
    for other in ("main", session):
        browser.session = other
        assert browser.get("/wall").status == 404
        assert browser.post("/tickets", {"stream": "wall"}).status == 404


# ------------------------------------------------------------- judged, and kept


ANNA = Who(1, "accounts", "a", "A")


def a_login(grant: Grant, who: Who = ANNA, version: int = 1) -> Login:
    access = Access(who, version, {"main": SessionAccess("main", "Main", 1, False, grant)})
    return Login("id", "cookie", access, "page").within("main")


def test_a_login_is_judged_by_what_it_may_in_its_session_and_who_it_is() -> None:
    login = a_login(Grant("editor"))
    assert judged(login, login.access) is None
    assert judged(login, None) == (THROWN_OUT, LOGGED_OUT)
    assert judged(login, Access(login.who, 2, {})) == (THROWN_OUT, OUT)
    for other in (
        a_login(Grant("viewer")), a_login(Grant("editor", operate=True)),
        a_login(Grant("editor", tiles=frozenset({1}))),
        a_login(Grant("editor"), Who(1, "accounts", "a", "B")), a_login(Grant("editor"), Who(2, "accounts", "b", "A")),
    ):  # fmt: skip
        assert judged(login, other.access) == (COME_BACK, OTHERWISE)


class Asked:
    """What the store says, as a test wants it."""

    def __init__(self) -> None:
        self.version = 1
        self.calls: list[str] = []

    def call(self, name: str, _seconds: float, /, **arguments: Any) -> Any:
        self.calls.append(name)
        gevent.sleep(0)
        return self.version if name == "access_version" else [None for _ in arguments["pages"]]


def test_who_came_by_what_they_might_before_a_change_is_asked_about_too() -> None:
    asked, tickets, doubts = Asked(), Tickets(), []
    standing = Standing(asked, [tickets], lambda: False, lambda: doubts.append(1))
    standing.start()
    asked.version = 7
    tickets.issue(a_login(Grant("viewer"), version=7), "wall", None)
    with gevent.Timeout(10):
        while list(tickets.logins()):
            gevent.sleep(0.01)
        # This one was let in by what the store said before: its ticket was given out a moment too late.
        tickets.issue(a_login(Grant("viewer"), version=6), "wall", None)
        while list(tickets.logins()):
            gevent.sleep(0.01)
    assert len(doubts) == 1
    # And nobody is asked about while nobody is here.
    before = len(asked.calls)
    gevent.sleep(1.2)
    assert len(asked.calls) == before
    standing.stop()


class Empty:
    """A store with any number of sessions that are empty."""

    def call(self, name: str, _seconds: float, /, **arguments: Any) -> Any:
        gevent.sleep(0)
        if name == "wall":
            return {"session": arguments["session"], "revision": 1, "notices": [], "sets": [], "tiles": []}
        return {"head": 0, "message": "{}"}

    def stream(self, _job: str, _index: int) -> None:
        return None

    def away(self, _agent: object) -> None:
        return None


class Viewer:
    def wall_changed(self) -> None: ...
    def tiles_changed(self, tiles: list[dict[str, Any]]) -> None: ...
    def agents_changed(self) -> None: ...
    def notices_changed(self) -> None: ...


def test_however_many_sessions_there_are_few_walls_are_kept_that_nobody_looks_at() -> None:
    walls = Walls(Empty(), Empty(), lambda: None)  # type: ignore[arg-type]
    looked = []
    for number in range(20):
        looked.append(walls.of(f"looked-{number}"))
        looked[-1].add(Viewer())
    for number in range(200):
        walls.of(f"session-{number}")
    assert len(walls.sessions()) <= len(looked) + UNUSED_MAX + 1
    assert {wall.session for wall in looked} <= set(walls.sessions())
    assert walls.of("looked-3") is looked[3]


def test_however_many_sessions_there_are_few_rooms_are_kept_in_which_nobody_is() -> None:
    rooms = Rooms(Empty())
    visited = [rooms.enter(f"visited-{number}") for number in range(20)]
    for number in range(200):
        rooms.leave(rooms.enter(f"session-{number}"))
    assert set(rooms.occupied()) == {f"visited-{number}" for number in range(20)}
    assert len(rooms) <= len(visited) + EMPTY_MAX
    assert rooms.enter("visited-3") is visited[3]
    rooms.stop()
