"""The session over the wire: acts of several pages, in the store's order, told to everyone; and who is here."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gevent
import pytest

from portal_kit import RunningPortal, WallPage, closing
from tvcore.portal.auth import Login
from tvcore.portal.page_messages import Operation, PageMessage
from tvcore.portal.roles import Grant, Role
from tvcore.portal.room import HAND_EVERY, Member, Room
from tvcore.portal.rooms import Rooms
from tvcore.portal.shares import Allowance
from tvcore.portal.spread import Spread
from tvcore.portal.visit import Visit
from tvcore.workers import CallFailedError, CallRefusedError, WorkerLostError

OTHER_PROCESS = """
import json, sys
from tvcore.portal import calls
print(json.dumps(calls.append_ops("main", json.loads(sys.argv[1]), 0)["came"]))
"""


class RoomPage:
    """A page that takes part in the session."""

    def __init__(self, portal: RunningPortal, role: Role = "owner") -> None:
        self.wall: WallPage = portal.login(role).wall()
        self.name = secrets.token_hex(6)
        self.me = self.wall.event(lambda event: event["event"] == "wall")["me"]
        self.seq = 0
        self.count = 0
        self.ops: list[dict[str, Any]] = []

    def join(self, seq: int | None = None) -> dict[str, Any]:
        self.wall.say(join=seq)
        answer = self.wall.event(lambda event: event["event"] in ("document", "ops"))
        self._take(answer)
        return answer

    def _take(self, event: dict[str, Any]) -> None:
        for op in event["ops"]:
            if op["seq"] > self.seq:
                self.seq = op["seq"]
                self.ops.append(op)
        self.seq = max(self.seq, event.get("head", 0))

    def do(self, *registers: tuple[str, Any], **body: Any) -> str:
        self.count += 1
        name = f"{self.name}-{self.count}"
        self.wall.say(ops=[{"id": name, **({"set": registers} if registers else {}), **body}])
        return name

    def heard(self, name: str) -> dict[str, Any]:
        """Return the operation *name* as it was ordered, as soon as it comes."""
        while not any(op["id"] == name for op in self.ops):
            self._take(self.wall.event(lambda event: event["event"] == "ops", 30))
        return next(op for op in self.ops if op["id"] == name)

    def refusal(self, name: str) -> str:
        wanted = self.wall.event(lambda event: event["event"] == "refused" and event["op"] == name, 30)
        assert wanted["what"] == "op"
        return str(wanted["why"])

    def here(self, **what: Any) -> None:
        self.wall.say(here={"page": self.name, "focus": None, "view": None, "zoomed": [], **what})

    def sees(self, page: str) -> Any:
        """Return what is told of *page* next."""
        event = self.wall.event(lambda event: event["event"] == "people" and page in event["people"], 30)
        return event["people"][page]


@pytest.fixture
def pages(portal: RunningPortal) -> Iterator[Callable[..., RoomPage]]:
    """Return a function that opens a page of somebody else."""
    opened: list[RoomPage] = []

    def one(role: Role = "owner") -> RoomPage:
        opened.append(RoomPage(portal, role))
        return opened[-1]

    yield one
    for each in opened:
        each.wall.close()


Pages = Callable[..., RoomPage]


def test_what_two_pages_do_comes_to_both_in_one_order(pages: Pages) -> None:
    one, two = pages(), pages()
    one.join()
    two.join()
    names = []
    for i in range(10):
        names += [one.do(("layout/gap", i)), two.do(("layout/gap", 100 + i))]
    for page in (one, two):
        for name in names:
            page.heard(name)
    assert [op["id"] for op in one.ops] == [op["id"] for op in two.ops]
    assert [op["seq"] for op in one.ops] == sorted(op["seq"] for op in one.ops)
    own = [op["id"] for op in one.ops if op["id"].startswith(one.name)]
    assert own == names[::2], "each page's own are in the order in which it did them"
    assert {one.heard(names[0])["person"], one.heard(names[1])["person"]} == {one.me["person"], two.me["person"]}


def test_a_person_is_known_by_a_digest_that_says_nothing_of_the_cookie_and_stays(portal: RunningPortal) -> None:
    browser = portal.login()
    first, again = browser.wall(), browser.wall()
    persons = {page.event(lambda event: event["event"] == "wall")["me"]["person"] for page in (first, again)}
    (person,) = persons
    assert len(bytes.fromhex(person)) == 6
    assert person not in browser.cookie
    first.close()
    again.close()


def test_what_was_numbered_before_gets_no_number_again_and_its_page_is_told(pages: Pages) -> None:
    page, other = pages(), pages()
    other.join()
    page.join()
    name = page.do(("layout/columns", 3))
    seq = page.heard(name)["seq"]
    page.count -= 1
    assert page.do(("layout/columns", 3)) == name
    assert page.wall.event(lambda event: event["event"] == "known", 30)["ops"] == [name]
    later = page.do(("layout/columns", 4))
    assert page.heard(later)["seq"] == seq + 1
    other.heard(later)
    assert [op["id"] for op in other.ops].count(name) == 1


def test_a_late_joiner_gets_all_and_who_comes_back_gets_what_was_missed(pages: Pages) -> None:
    one = pages()
    one.join()
    first = one.do(("layout/title", 20))
    seq = one.heard(first)["seq"]
    second = one.do(("layout/title", 21))
    one.heard(second)
    late, back = pages(), pages()
    document = late.join()
    assert (document["event"], document["head"]) == ("document", seq + 1)
    assert [op["id"] for op in document["ops"]][-2:] == [first, second]
    missed = back.join(seq)
    assert (missed["event"], missed["after"]) == ("ops", seq)
    assert [op["id"] for op in missed["ops"]] == [second]
    assert back.join(seq + 1)["ops"] == []
    assert pages().join(1 << 39)["event"] == "document", "of a store that was put back, one begins anew"


def test_a_viewer_changes_own_registers_alone_and_is_told_why_the_rest_is_refused(pages: Pages) -> None:
    viewer, owner = pages("viewer"), pages()
    viewer.join()
    owner.join()
    refused = viewer.do(("layout/columns", 9))
    own = viewer.do((f"person/{viewer.me['person']}/zoomed", [1]))
    assert "arrange" in viewer.refusal(refused)
    assert owner.heard(own)["person"] == viewer.me["person"]
    assert refused not in [op["id"] for op in owner.ops]


def test_a_name_that_somebody_took_first_is_refused_so_that_the_page_takes_another(pages: Pages) -> None:
    guest, owner = pages("guest"), pages()
    guest.join()
    owner.join()
    name = f"{owner.name}-1"
    guest.wall.say(ops=[{"id": name, "set": [[f"person/{guest.me['person']}/zoomed", [1]]]}])
    owner.heard(name)
    assert owner.do(("layout/columns", 3)) == name
    refused = owner.wall.event(lambda event: event["event"] == "refused", 30)
    assert (refused["op"], refused["taken"]) == (name, True)


def test_an_operation_that_is_none_is_refused_and_the_stream_goes_on(pages: Pages) -> None:
    page = pages()
    page.join()
    for body in ({"set": 7}, {"set": [["nowhere/at/all", 1]]}, {}, {"undo": "nobody-1"}, {"person": "x", "set": []}):
        assert page.refusal(page.do(**body))
    page.heard(page.do(("layout/columns", 5)))


def test_who_has_not_joined_or_says_what_is_no_message_is_shown_out(pages: Pages) -> None:
    early, odd, many = pages(), pages(), pages()
    early.do(("layout/columns", 5))
    assert closing(early.wall.connection).code == 1008
    odd.wall.say(here={"page": "../../etc", "view": [0, 0, 1, 1]})
    assert closing(odd.wall.connection).code == 1007
    many.wall.say(ops=[{"id": f"x-{i}"} for i in range(501)])
    assert closing(many.wall.connection).code == 1007


def test_what_another_process_appends_comes_to_the_pages(pages: Pages, portal: RunningPortal) -> None:
    page = pages()
    page.join()
    name = f"cli-{secrets.token_hex(3)}"
    acts = [{"person": "c0ffee", "role": "owner", "ops": [{"id": name, "set": [["layout/gap", 9]]}]}]
    subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, json.dumps(acts)],
        env={**os.environ, "TILEDVIZ_HOME": str(portal.home)},
        check=True,
        capture_output=True,
    )
    assert page.heard(name)["person"] == "c0ffee"


def test_people_see_who_comes_what_each_looks_at_and_who_goes(pages: Pages) -> None:
    one, two = pages(), pages()
    one.join()
    one.here(focus=3)
    two.join()
    two.here(view=[0, 0.5, 2, 1], zoomed=[7])
    here = {
        "name": None, "focus": None, "view": None, "columns": None, "zoomed": [], "hand": None, "presents": False,
    }  # fmt: skip
    assert two.sees(one.name) == here | {"person": one.me["person"], "focus": 3}
    seen = {"person": two.me["person"], "view": [0, 0.5, 2, 1], "zoomed": [7]}
    assert one.sees(two.name) == here | seen
    two.wall.close()
    assert one.sees(two.name) is None


def test_a_hand_that_is_shown_is_told_to_the_others_smoothly_and_must_be_a_place(pages: Pages) -> None:
    one, two = pages(), pages()
    for page in (one, two):
        page.join()
    one.here(hand=[0, 0], presents=True)
    two.sees(one.name)
    began, seen = time.monotonic(), []
    for i in range(1, 41):
        one.here(hand=[i / 4, -i], presents=True)
        gevent.sleep(0.02)
    while not seen or seen[-1]["hand"] != [10, -40]:
        seen.append(two.sees(one.name))
    assert all(told["presents"] for told in seen)
    assert 4 <= len(seen) <= 2 + (time.monotonic() - began) / HAND_EVERY, "some times a second, and no more"
    one.here(hand=None)
    told = two.sees(one.name)
    assert (told["hand"], told["presents"]) == (None, False)
    one.wall.close()
    for hand in ([1], [1, 2, 3], [1, "2"], "1,2", [1e10, 0], [True, 1], 7):
        odd = pages()
        odd.here(hand=hand)
        assert closing(odd.wall.connection).code == 1007, hand


def test_nobody_speaks_for_the_page_of_somebody_else(pages: Pages) -> None:
    one, two = pages(), pages()
    for page in (one, two):
        page.join()
    one.here(focus=1)
    assert two.sees(one.name)["focus"] == 1
    two.wall.say(here={"page": one.name, "focus": 99})
    two.here(focus=2)
    assert one.sees(two.name)["focus"] == 2
    one.here(focus=5)
    seen = two.sees(one.name)
    assert (seen["person"], seen["focus"]) == (one.me["person"], 5)


def test_moves_are_told_a_few_times_a_second_however_often_they_come(pages: Pages) -> None:
    one, two = pages(), pages()
    for page in (one, two):
        page.join()
    one.here(focus=0)
    two.sees(one.name)
    for i in range(1, 201):
        one.here(focus=i)
    seen = []
    while not seen or seen[-1] != 200:
        seen.append(two.sees(one.name)["focus"])
    assert len(seen) < 100


def test_a_page_that_does_not_read_holds_up_nobody(pages: Pages) -> None:
    stuck, one, two = pages(), pages(), pages()
    for page in (stuck, one, two):
        page.join()
    for i in range(50):
        two.heard(one.do((f"person/{one.me['person']}/filter", {"text": "x" * 500 + str(i), "rest": "dim"})))
    last = two.ops[-1]["id"]
    stuck.heard(last)
    assert [op["id"] for op in stuck.ops[-50:]] == [op["id"] for op in two.ops[-50:]]


def test_a_portal_that_was_killed_goes_on_where_it_was(own_portal: RunningPortal) -> None:
    page = RoomPage(own_portal)
    page.join()
    name = page.do(("layout/columns", 7))
    seq = page.heard(name)["seq"]
    own_portal.process.kill()
    own_portal.process.wait()
    own_portal.store.close()  # to open a SQLite file anew lets go of the locks that its process has on it
    again = RunningPortal(own_portal.home, port=own_portal.port)
    try:
        other = RoomPage(again)
        assert [op["id"] for op in other.join()["ops"]] == [name]
        assert other.join(seq)["ops"] == []
        assert other.heard(other.do(("layout/columns", 8)))["seq"] == seq + 1
    finally:
        again.stop()


# ------------------------------------------------------------------ values in, values out


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
