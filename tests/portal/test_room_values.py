"""The room of a session by itself, with a store in memory: who waits, who is told what, and what goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import gevent
import pytest

from tvcore.portal.auth import Login
from tvcore.portal.page_messages import Operation, PageMessage
from tvcore.portal.roles import Grant, Role
from tvcore.portal.room import Member, Room
from tvcore.portal.rooms import Rooms
from tvcore.portal.shares import Allowance
from tvcore.portal.spread import Spread
from tvcore.portal.visit import Visit
from tvcore.workers import CallFailedError, CallRefusedError, WorkerLostError


def test_what_is_spread_is_kept_for_a_while_and_who_is_farther_behind_is_told_so() -> None:
    spread = Spread(10, most_bytes=6)
    assert spread.since(10) == []
    spread.add(12, b"ab")
    spread.add(13, b"cd")
    assert spread.since(10) == [b"ab", b"cd"]
    assert spread.since(12) == [b"cd"]
    assert spread.since(11) == [b"ab", b"cd"], "what is known already is told again, and counts once"
    assert spread.since(9) is None
    assert spread.since(14) is None
    spread.add(20, b"efg")
    assert spread.since(10) is None
    assert spread.since(12) == [b"cd", b"efg"]
    spread.add(21, bytes(100))
    assert spread.since(20) == [bytes(100)]


def test_an_allowance_is_a_burst_and_then_a_rate() -> None:
    allowance = Allowance(0, rate=10, burst=5)
    assert allowance.take(5, 0) == 0
    assert allowance.take(5, 0) == pytest.approx(0.5)
    assert allowance.take(0, 0.5) == 0
    assert allowance.take(6, 100) == pytest.approx(0.1)


@pytest.mark.parametrize(("role", "waits"), [("editor", False), ("guest", True)])
def test_who_may_not_arrange_does_less_in_a_while(role: Role, waits: bool) -> None:
    slept: list[float] = []
    rooms = Rooms(FakeCalls())
    visit = Visit(rooms, Login("p", "cookie", session="main", grant=Grant(role)), lambda: None, slept.append)
    visit.take(PageMessage(join=None), 1)
    for number in range(5):
        visit.take(PageMessage(ops=[Operation(id=f"a-{number}-{i}") for i in range(100)]), 100)
    assert (max(slept) > 20) == waits
    rooms.stop()


class FakeCalls:
    """A store in memory that fails as it is told to."""

    def __init__(self) -> None:
        self.ordered: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.lost = 0
        self.refuses: CallRefusedError | None = None
        self.settles: int | None = 0  # how often there is something; None: it fails

    def call(self, name: str, seconds: float, /, **given: Any) -> Any:
        self.calls.append(name)
        gevent.sleep(0.01)
        if self.lost:
            self.lost -= 1
            raise WorkerLostError("killed")
        came: list[dict[str, Any]] = []
        if name == "append_ops" and self.refuses:
            raise self.refuses
        if name == "settle":
            if self.settles is None:
                raise WorkerLostError("it took too long")
            if self.settles:
                self.settles -= 1
                self.ordered.append({"seq": len(self.ordered) + 1, "id": "settle:1", "settle": 1})
                return True
            return False
        if name == "append_ops":
            if any(op.get("bad") for act in given["acts"] for op in act["ops"]):
                raise CallFailedError("a fault")
            for act in given["acts"]:
                for op in act["ops"]:
                    self.ordered.append({"seq": len(self.ordered) + 1, "person": act["person"], **op})
                came.append({"refused": [], "known": []})
        after = given.get("after", given.get("seq"))
        kind = "document" if after is None else "ops"
        message = json.dumps({"event": kind, "after": after, "ops": self.ordered[after or 0 :]})
        return {"came": came, "head": len(self.ordered), "message": message}


def told(room: Room, member: Member) -> list[Any]:
    return [json.loads(message) for message in room.news(member)]


def met(calls: FakeCalls, count: int) -> tuple[Room, Sequence[Member]]:
    """Return a room with *count* members who have what there is."""
    room = Room(calls, "main")
    members = [Member(f"p{i}", "owner", lambda: None) for i in range(count)]
    for member in members:
        room.join(member, None)
    gevent.sleep(0.1)
    for member in members:
        assert told(room, member)[0]["event"] == "document"
    return room, members


def test_pages_that_join_together_share_one_reading_of_the_store() -> None:
    calls = FakeCalls()
    room, _ = met(calls, 50)
    assert len(calls.calls) <= 3
    room.stop()


def test_who_joins_again_and_again_holds_nobody_up() -> None:
    calls = FakeCalls()
    room, (member, noisy) = met(calls, 2)

    def flood() -> None:
        for number in range(10_000):
            room.join(noisy, 10**9 + number)
            gevent.sleep(0.001)

    flooding = gevent.spawn(flood)
    gevent.sleep(0.1)
    room.offer(member, [{"id": "a-1"}])
    with gevent.Timeout(5):
        while not calls.ordered:
            gevent.sleep(0.05)
    flooding.kill()
    room.stop()


def test_who_joins_more_often_than_pages_do_waits() -> None:
    slept: list[float] = []
    rooms = Rooms(FakeCalls())
    visit = Visit(rooms, Login("p", "cookie", session="main", grant=Grant("guest")), lambda: None, slept.append)
    for number in range(60):
        visit.take(PageMessage(join=10**9 + number), 1)
    assert slept[0] == 0
    assert slept[-1] > 20
    rooms.stop()


def test_rooms_are_left_by_many_at_the_same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tvcore.portal.rooms.EMPTY_SECONDS", -1.0)
    rooms = Rooms(FakeCalls())
    login = Login("p", "cookie", session="main", grant=Grant("guest"))
    visits = [Visit(rooms, login, lambda: None) for _ in range(10)]
    gevent.sleep(0.05)
    left = [gevent.spawn(visit.leave) for visit in visits]
    gevent.joinall(left, timeout=10, raise_error=True)
    rooms.stop()


def test_what_many_do_meanwhile_is_ordered_in_one_call_and_serialised_once() -> None:
    calls = FakeCalls()
    room, members = met(calls, 50)
    begun = len(calls.calls)
    for member in members:
        room.offer(member, [{"id": f"{member.person}-1"}])
    gevent.sleep(0.1)
    assert calls.calls[begun:] == ["append_ops", "settle"]
    news = [room.news(member) for member in members]
    assert len(json.loads(news[0][0])["ops"]) == 50
    assert all(each[0] is news[0][0] for each in news)
    room.stop()


def test_a_store_that_is_away_for_a_while_loses_nothing_and_changes_no_order() -> None:
    calls = FakeCalls()
    room, (member,) = met(calls, 1)
    calls.lost = 1
    room.offer(member, [{"id": "a-1"}])
    room.offer(member, [{"id": "a-2"}])
    gevent.sleep(1)
    assert [op["id"] for op in calls.ordered] == ["a-1", "a-2"]
    assert member.waiting == 0
    room.stop()


def test_the_room_of_a_session_that_is_gone_ends_with_its_pages_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls, ended = FakeCalls(), []
    rooms = Rooms(calls)
    room = rooms.enter("main")
    members = [Member(f"p{i}", "owner", lambda: None, end=lambda i=i: ended.append(i)) for i in range(3)]
    for member in members[:2]:
        room.join(member, None)
    gevent.sleep(0.1)
    calls.refuses = CallRefusedError("the store cannot be used now (it is locked): try again", False, None)
    room.offer(members[0], [{"id": "a-1"}])
    gevent.sleep(0.1)
    assert (room.over, ended) == (False, []), "a store that is locked for a while is no session that is gone"
    calls.refuses = CallRefusedError("there is no session main (any more)", True, None)
    with caplog.at_level("INFO"), gevent.Timeout(10):
        caplog.clear()
        while len(ended) < 2:
            gevent.sleep(0.05)
        asked = len(calls.calls)
        room.offer(members[1], [{"id": "b-1"}])
        room.join(members[2], None)
        gevent.sleep(0.5)
    assert (sorted(ended), len(calls.calls), room.busy) == ([0, 1, 2], asked, False)
    assert [record.getMessage() for record in caplog.records] == [
        "a session's room ends: there is no session main (any more)"
    ]
    assert rooms.enter("main") is not room, "another session of this name has a room of its own"
    rooms.stop()


def test_what_is_old_is_settled_after_the_acts_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = FakeCalls()
    calls.settles = 1
    room, (member,) = met(calls, 1)
    room.offer(member, [{"id": "a-1"}])
    gevent.sleep(0.1)
    told_ids = [op["id"] for event in told(room, member) for op in event.get("ops", ())]
    assert told_ids == ["a-1", "settle:1"]
    room.offer(member, [{"id": "a-2"}])
    gevent.sleep(0.1)
    assert calls.calls.count("settle") == 1, "not after every act"
    room.stop()


def test_a_session_that_cannot_be_settled_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tvcore.portal.room.SETTLE_EVERY", 0.0)
    calls = FakeCalls()
    calls.settles = None
    room, (member,) = met(calls, 1)
    for i in range(5):
        room.offer(member, [{"id": f"a-{i}"}])
        gevent.sleep(0.1)
    assert [op["id"] for op in calls.ordered] == [f"a-{i}" for i in range(5)]
    assert calls.calls.count("settle") == 1, "and it is not tried again at once"
    room.stop()


def test_an_operation_that_brings_out_a_fault_is_refused_and_the_others_are_ordered() -> None:
    calls = FakeCalls()
    room, (one, two) = met(calls, 2)
    room.offer(one, [{"id": "a-1"}, {"id": "a-2", "bad": True}, {"id": "a-3"}])
    room.offer(two, [{"id": "b-1"}])
    gevent.sleep(0.3)
    assert [op["id"] for op in calls.ordered] == ["a-1", "a-3", "b-1"]
    assert [event["op"] for event in told(room, one) if event["event"] == "refused"] == ["a-2"]
    room.stop()


def test_a_page_that_is_too_far_behind_joins_again_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tvcore.portal.room.KEPT", (1000, 4))
    calls = FakeCalls()
    room, (slow, quick) = met(calls, 2)
    for i in range(20):
        room.offer(quick, [{"id": f"a-{i}"}])
        gevent.sleep(0.02)
        told(room, quick)
    assert told(room, slow) == []
    gevent.sleep(0.1)
    (answer,) = told(room, slow)
    assert [op["id"] for op in answer["ops"]] == [f"a-{i}" for i in range(20)]
    room.stop()
