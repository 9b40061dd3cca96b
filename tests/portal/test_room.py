"""The session over the wire: acts of several pages, in the store's order, told to everyone; and who is here."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest

from portal_kit import RunningPortal, WallPage, closing
from tvcore.portal.roles import Role
from tvcore.portal.room import HAND_EVERY

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
