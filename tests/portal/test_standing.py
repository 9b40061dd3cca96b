"""Whether who is here may still be: everyone is asked about as soon as something changed, and who may not is out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from tvcore.errors import TiledVizError
from tvcore.portal import standing
from tvcore.portal.access import Access, SessionAccess, Who
from tvcore.portal.auth import Login
from tvcore.portal.roles import Grant
from tvcore.portal.standing import LOGGED_OUT, OTHERWISE, OUT, Standing, judged
from tvcore.portal.websocket import GOING_AWAY, POLICY

WHO = Who(7, "accounts", "ada", "Ada")
Verdict = tuple[int, str] | None


def access(role: Any = "viewer", version: int = 1, who: Who = WHO, session: str = "main") -> Access:
    return Access(who, version, {session: SessionAccess(session, "A wall", 1, False, Grant(role))})


def login(page: str = "page", version: int = 1, role: Any = "viewer") -> Login:
    return Login("browser", "", access(role, version), page).within("main")


def said(role: str = "viewer") -> dict[str, Any]:
    """Return what a worker process says of somebody who has *role*."""
    who = {"id": 7, "way": "accounts", "name": "ada", "display": "Ada", "administrator": False}
    there = {"key": "main", "title": "A wall", "project": 1, "archived": False, "role": role}
    return {"version": 1, "who": who | {"invitation": None, "token": None}, "sessions": [there], "projects": []}


class Store:
    """What a worker process would say; while *away* nothing."""

    def __init__(self) -> None:
        self.version = 1
        self.of: dict[tuple[str, str], dict[str, Any] | None] = {}
        self.asked: list[list[tuple[str, str]]] = []
        self.looks = 0
        self.tries = 0
        self.away: set[str] = set()

    def call(self, name: str, seconds: float, /, **arguments: Any) -> Any:
        self.tries += 1
        if name in self.away:
            raise TiledVizError("the store is away")
        if name == "access_version":
            self.looks += 1
            return self.version
        assert name == "of_logins"
        self.asked.append(arguments["pages"])
        return [self.of.get(page, said()) for page in arguments["pages"]]


class Held:
    """Streams, by their logins, and how they were ended."""

    def __init__(self, *logins: Login) -> None:
        self.held = list(logins)
        self.ended: dict[str, Verdict] = {}

    def logins(self) -> Iterable[Login]:
        return self.held

    def judge(self, verdict: Callable[[Login], Verdict]) -> None:
        self.ended = {each.page: end for each in self.held if (end := verdict(each)) is not None}
        self.held = [each for each in self.held if each.page not in self.ended]


class Scene:
    """A store, who holds something, and who watches over it."""

    def __init__(self) -> None:
        self.store, self.streams, self.tickets = Store(), Held(), Held()
        self.trusting, self.doubts = False, 0
        self.standing = Standing(self.store, (self.streams, self.tickets), lambda: self.trusting, self.doubt)
        self.now = 1000.0

    def doubt(self) -> None:
        self.doubts += 1
        self.trusting = False

    def until(self, seen: Callable[[], object]) -> None:
        """Wait until something is *seen*: for some turns of the loop, however long one takes on a busy machine."""
        for _ in range(500):
            if seen():
                return
            gevent.sleep(0.005)
        pytest.fail("it does not come to that")

    def looked(self, more: int = 3) -> None:
        """Wait until it looked some times more."""
        before = self.store.looks
        self.until(lambda: self.store.looks >= before + more)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    made = Scene()
    monkeypatch.setattr(standing, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(standing, "time", SimpleNamespace(monotonic=lambda: made.now))
    yield made
    made.standing.stop()
    gevent.sleep(0)


def test_who_may_nothing_there_is_thrown_out_and_who_may_something_else_comes_back() -> None:
    here = login()
    assert judged(here, access()) is None
    assert judged(here, None) == (POLICY, LOGGED_OUT)
    assert judged(here, access(session="other")) == (POLICY, OUT)
    assert judged(here, access("editor")) == (GOING_AWAY, OTHERWISE)
    assert judged(here, access(who=Who(7, "accounts", "ada", "Ada", True))) == (GOING_AWAY, OTHERWISE)
    assert len({LOGGED_OUT, OUT, OTHERWISE}) == 3
    assert (standing.LOOK_SECONDS, standing.ALL_SECONDS, standing.ASK_LONGEST) == (0.5, 60.0, 25.0)


def test_what_is_held_by_who_may_no_more_ends_wherever_it_is_held_and_the_rest_stays(scene: Scene) -> None:
    scene.streams.held = [login("one"), login("two"), login("three")]
    scene.tickets.held = [login("two"), login("four", role="editor")]
    scene.store.of = {("browser", "two"): None}
    scene.standing.ask()
    assert sorted(scene.store.asked[0]) == [("browser", page) for page in ("four", "one", "three", "two")]
    assert scene.streams.ended == {"two": (POLICY, LOGGED_OUT)}
    assert scene.tickets.ended == {"two": (POLICY, LOGGED_OUT), "four": (GOING_AWAY, OTHERWISE)}
    assert [each.page for each in scene.streams.held] == ["one", "three"]
    scene.streams.held, scene.tickets.held = [], []
    scene.standing.ask()
    assert len(scene.store.asked) == 1  # nobody is there to be asked about


def test_who_comes_while_it_is_asked_is_not_judged_by_an_answer_that_was_not_about_them(scene: Scene) -> None:
    scene.streams.held = [login("one")]
    scene.store.of = {("browser", "late"): None}
    told = scene.streams.judge

    def judge(verdict: Callable[[Login], Verdict]) -> None:
        scene.streams.held.append(login("late"))
        told(verdict)

    scene.streams.judge = judge  # type: ignore[method-assign]
    scene.standing.ask()
    assert [each.page for each in scene.streams.held] == ["one", "late"]


def test_an_answer_for_some_alone_is_a_fault_and_not_believed(scene: Scene) -> None:
    scene.streams.held = [login("one"), login("two")]
    scene.store.call = lambda *_, **__: [said()]  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="zip"):
        scene.standing.ask()


def test_while_nobody_is_there_or_believed_nothing_is_asked(scene: Scene) -> None:
    scene.standing.start()
    gevent.sleep(0.1)
    assert scene.store.looks == 0
    scene.trusting = True
    scene.until(lambda: scene.doubts == 1)  # the first number that is known may be another than what was believed by
    assert not scene.store.asked
    looks = scene.store.looks
    gevent.sleep(0.1)
    assert scene.store.looks == looks
    scene.streams.held = [login(version=1)]
    scene.looked()
    assert not scene.store.asked  # by what is so now
    scene.streams.held = [login(version=0)]
    scene.looked()
    assert len(scene.store.asked) == 1


def test_a_change_by_another_process_is_asked_about_once_and_doubted(scene: Scene) -> None:
    scene.streams.held = [login(), login("other")]
    scene.standing.start()
    scene.looked()
    assert (len(scene.store.asked), scene.doubts) == (1, 1)
    scene.looked(5)
    assert (len(scene.store.asked), scene.doubts) == (1, 1)
    scene.store.version, scene.store.of = 2, {("browser", "other"): None}
    scene.until(lambda: scene.streams.ended)
    scene.looked(5)
    # Whoever held something by what was so before was asked about, and is not asked about again.
    assert (len(scene.store.asked), scene.doubts) == (2, 2)
    assert scene.streams.ended == {"other": (POLICY, LOGGED_OUT)}
    scene.streams.held.append(login("late", version=1))  # came while it changed, by what was so before
    scene.until(lambda: len(scene.store.asked) == 3)
    scene.streams.held.append(login("new", version=2))
    scene.looked(5)
    assert len(scene.store.asked) == 3


def test_everyone_is_asked_about_now_and_then_though_nothing_changed(scene: Scene) -> None:
    scene.streams.held = [login()]
    scene.standing.start()
    scene.looked()
    scene.now += 59.9
    scene.looked(5)
    assert len(scene.store.asked) == 1
    scene.now += 0.1
    scene.until(lambda: len(scene.store.asked) == 2)
    scene.looked(5)
    assert len(scene.store.asked) == 2


def test_what_is_changed_here_counts_at_once_and_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.streams.held = [login()]
    scene.standing.start()
    scene.looked()
    monkeypatch.setattr(standing, "LOOK_SECONDS", 3600.0)
    gevent.sleep(0.05)
    before, asked = scene.doubts, len(scene.store.asked)
    scene.standing.changed()
    assert scene.doubts == before + 1  # before anybody is asked
    scene.until(lambda: len(scene.store.asked) == asked + 1)
    gevent.sleep(0.05)
    assert len(scene.store.asked) == asked + 1


def test_an_answer_that_did_not_come_is_asked_for_again(scene: Scene) -> None:
    scene.streams.held, scene.store.away = [login()], {"of_logins"}
    for _ in range(2):
        with pytest.raises(TiledVizError, match="away"):
            scene.standing._look(False)
    scene.store.away = set()
    scene.standing._look(False)
    scene.standing._look(False)
    assert len(scene.store.asked) == 1


def test_a_store_that_is_away_is_told_once_and_asked_until_it_is_back(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    def complaints() -> list[logging.LogRecord]:
        return [each for each in caplog.records if each.name == standing.log.name]

    scene.streams.held = [login(), login("other")]
    scene.standing.start()
    scene.looked()
    for times in (1, 2):
        scene.store.away, scene.store.of = {"access_version"}, {("browser", "other"): None}
        scene.standing.changed()
        scene.until(lambda: len(complaints()) == times)  # noqa: B023
        gevent.sleep(0.1)
        assert len(complaints()) == times
        assert "the store is away" in complaints()[-1].getMessage()
        asked = len(scene.store.asked)
        scene.store.away = set()
        scene.until(lambda: len(scene.store.asked) > asked)  # noqa: B023
        scene.looked(5)
        assert len(scene.store.asked) == asked + 1
    assert scene.streams.ended == {} or scene.streams.ended == {"other": (POLICY, LOGGED_OUT)}
    assert [each.page for each in scene.streams.held] == ["page"]


def test_a_store_that_is_away_from_the_beginning_is_told_and_asked_no_more_often_than_any(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.streams.held, scene.store.away = [login()], {"access_version"}
    scene.standing.start()
    scene.until(lambda: scene.store.tries)
    scene.standing.changed()
    begun, tries = time.monotonic(), scene.store.tries
    gevent.sleep(0.1)
    # Timers may fire early in a loop that was held up; one that does not wait at all comes to thousands.
    assert scene.store.tries - tries <= 20 + 10 * (time.monotonic() - begun) / standing.LOOK_SECONDS
    assert [each.name for each in caplog.records].count(standing.log.name) == 1


def test_a_store_that_was_away_is_not_asked_about_all_when_nothing_changed_meanwhile(scene: Scene) -> None:
    scene.streams.held = [login()]
    scene.standing.start()
    scene.looked()
    scene.store.away = {"access_version"}
    tries, asked = scene.store.tries, len(scene.store.asked)
    scene.until(lambda: scene.store.tries > tries + 2)
    scene.store.away = set()
    scene.looked(5)
    assert len(scene.store.asked) == asked


def test_who_may_no_more_and_still_holds_something_is_asked_about_again(scene: Scene) -> None:
    scene.streams.held = [login(version=0)]
    scene.store.of = {("browser", "page"): None}
    scene.streams.judge = lambda verdict: None  # type: ignore[method-assign]
    scene.standing._look(False)
    scene.standing._look(False)
    assert len(scene.store.asked) == 2


def test_after_it_is_stopped_it_asks_nothing_and_one_that_was_not_begun_can_be_stopped(scene: Scene) -> None:
    scene.standing.stop()
    scene.streams.held = [login()]
    scene.standing.start()
    scene.looked()
    scene.standing.stop()
    looks = scene.store.looks
    gevent.sleep(0.1)
    assert scene.store.looks == looks
