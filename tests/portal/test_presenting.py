"""What display walls show and from when on, without a portal: who leads, who is told what, the time of each change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tvcore.portal import presenting
from tvcore.portal.presenting import AHEAD_MS, WALLS_MAX, Presenting, portal_ms

VIEW = {"rect": [0.0, 0.0, 2.0, 1.0], "columns": 2}


class Page:
    """A page: what it is told, and how often it was woken."""

    def __init__(self, page: str, presenting: Presenting, person: str = "ann") -> None:
        self.page, self.person, self.woken = page, person, 0
        self._presenting = presenting

    def wake(self) -> None:
        self.woken += 1

    def told(self) -> Any:
        """Return the one event that there is, None if there is none."""
        found = self._presenting.news(self)
        assert len(found) <= 1
        return json.loads(found[0]) if found else None


class Room:
    """Display walls with a clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.walls = Presenting(lambda: self.now)

    def page(self, name: str, wall: str | None = "lobby", screen: tuple[int, int] | None = None) -> Page:
        made = Page(name, self.walls)
        if wall is not None:
            self.walls.watch(made, wall, screen)
        return made


@pytest.fixture
def room() -> Room:
    return Room()


def test_each_change_is_told_to_all_with_the_very_time_at_which_it_begins(room: Room) -> None:
    leader, *screens = [room.page("lead"), *(room.page(f"s{i}", screen=(i, 1)) for i in (1, 2, 3))]
    for page in (leader, *screens):
        page.told()
    for step in range(5):
        room.now += 16.5 * step
        view = VIEW | {"rect": [float(step), 0.0, 2.0, 1.0]}
        assert room.walls.lead(leader, "lobby", view, 170.0, even=step % 2 == 1, take=step == 0)
        told = [page.told() for page in (leader, *screens)]
        assert all(each == told[0] for each in told), "the same to all"
        assert told[0] == {
            "event": "shown", "wall": "lobby", "view": view, "at": room.now + AHEAD_MS, "duration": 170.0,
            "even": step % 2 == 1, "leader": {"page": "lead", "person": "ann"}, "screens": [[1, 1], [2, 1], [3, 1]],
        }  # fmt: skip
        assert [page.told() for page in screens] == [None] * 3, "once"
    room.now -= 500  # a clock that went back
    before = told[0]["at"]
    room.walls.lead(leader, "lobby", VIEW, 0.0)
    assert screens[0].told()["at"] == before, "no change begins before the one that was told before it"


def test_who_comes_late_or_again_is_told_what_is_shown_and_a_slow_page_the_last_of_it_alone(room: Room) -> None:
    leader, slow = room.page("lead"), room.page("slow", screen=(1, 1))
    for x in range(3):
        room.walls.lead(leader, "lobby", VIEW | {"focus": x}, 0.0, take=True)
        room.now += 50
    told = slow.told()
    assert (told["view"]["focus"], told["at"]) == (2, 1_000_100.0 + AHEAD_MS)
    late = room.page("late", screen=(2, 1))
    assert late.woken == 1
    seen = late.told()
    assert (seen["view"], seen["at"]) == (told["view"], told["at"]), "when it began, though that is past"
    assert slow.told()["screens"] == [[1, 1], [2, 1]]
    room.walls.leave(slow)
    assert (slow.told(), late.told()["screens"]) == (None, [[2, 1]])
    assert room.page("slow", screen=(1, 1)).told()["view"] == told["view"]
    other = room.page("other", wall="hall")
    assert other.told()["view"] is None, "another wall shows what it shows"


def test_one_page_leads_a_wall_until_another_takes_it_and_what_it_showed_stays(room: Room) -> None:
    ann, ben, screen = room.page("ann"), room.page("ben"), room.page("s", screen=(1, 1))
    assert room.walls.lead(ann, "lobby", VIEW, 0.0), "nobody leads: no need to take it"
    assert not room.walls.lead(ben, "lobby", VIEW | {"focus": 1}, 0.0)
    assert "focus" not in screen.told()["view"]
    assert room.walls.lead(ben, "lobby", VIEW | {"focus": 1}, 0.0, take=True)
    assert ann.told()["leader"]["page"] == "ben"
    assert not room.walls.lead(ann, "lobby", VIEW, 0.0)
    again = Page("ben", room.walls)  # its line broke, and the portal has not noticed
    assert room.walls.lead(again, "lobby", VIEW | {"focus": 2}, 0.0)
    room.walls.leave(ben)
    assert screen.told()["leader"]["page"] == "ben", "it leads by its new line"
    room.walls.leave(again)
    told = screen.told()
    assert (told["leader"], told["view"]["focus"]) == (None, 2)
    assert room.walls.lead(ann, "lobby", VIEW, 0.0)
    assert not room.walls.lead(Page("", room.walls), "lobby", VIEW, 0.0, take=True), "a page without a name leads none"


def test_there_are_so_many_walls_and_no_more(room: Room) -> None:
    pages = [room.page(f"p{i}", wall=f"w{i}") for i in range(WALLS_MAX)]
    assert all(page.told() for page in pages)
    late = room.page("late", wall="one-more")
    assert late.told() is None
    assert not room.walls.lead(late, "one-more", VIEW, 0.0, take=True)
    room.walls.watch(pages[7], None)
    assert pages[7].told() is None
    assert room.walls.lead(late, "one-more", VIEW, 0.0, take=True), "in the place of one that nobody watches"


def test_the_portals_time_is_of_now_and_goes_on_evenly_whatever_is_done_to_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = portal_ms()
    assert abs(before / 1000 - presenting.time.time()) < 5
    monkeypatch.setattr(presenting.time, "time", lambda: 0.0)
    assert 0 <= portal_ms() - before < 5000
