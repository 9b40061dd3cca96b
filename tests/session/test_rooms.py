"""The store's order of operations: no number twice, nothing lost or taken twice, and what is settled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tvcore.errors import UsageError
from tvcore.portal.roles import Role
from tvcore.session import acts
from tvcore.session.document import Document
from tvcore.session.rules import RefusedError
from tvcore.store import Store, rooms

WRITER = """
import sys
from tvcore.store import Store
store = Store.open()
print("ready", flush=True)
for number in range(int(sys.argv[2])):
    ops = [{"id": f"{sys.argv[1]}-{number}-{i}", "set": [[f"order/{i}", "a"], ["sort", None]]} for i in range(3)]
    store.rooms.append("main", sys.argv[1], "editor", ops)
"""


@pytest.fixture
def store(engine: str) -> Store:
    return Store.open()


def do(store: Store, name: str, person: str = "ann", role: Role = "editor", **does: Any) -> dict[str, Any]:
    return store.rooms.append("main", person, role, [{"id": name, **does}])[0]


def writer(person: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, person, str(count)], stdout=subprocess.PIPE, text=True)


def test_an_operation_gets_the_next_number_and_is_taken_once(store: Store) -> None:
    first = do(store, "a-1", set=[["order/1", "b"]], label="move")["op"]
    assert {name: first[name] for name in ("seq", "id", "person", "set", "label")} == {
        "seq": 1, "id": "a-1", "person": "ann", "set": [["order/1", "b"]], "label": "move",
    }  # fmt: skip
    assert do(store, "a-2", set=[["order/1", "c"]])["op"]["seq"] == 2
    assert do(store, "a-1", set=[["order/1", "b"]], label="move") == {"op": first}
    assert store.rooms.since("main", 1)["ops"] == [do(store, "a-2", set=[["order/1", "c"]])["op"]]
    assert store.rooms.head("main") == 2
    assert store.rooms.document("main").get("order/1") == "c"


def test_sessions_have_an_order_of_their_own(store: Store) -> None:
    do(store, "a-1", set=[["order/1", "b"]])
    other = store.sessions.new(store.projects.first(), "Other")
    assert store.rooms.append(other, "ann", "editor", [{"id": "a-1", "set": [["order/1", "z"]]}])[0]["op"]["seq"] == 1
    assert store.rooms.document("main").get("order/1") == "b"
    assert store.rooms.since("none", None) == {"base": None, "ops": [], "head": 0}
    assert store.rooms.head("none") == 0
    with pytest.raises(UsageError, match="no session none"):
        store.rooms.append("none", "ann", "editor", [{"id": "a-2", "set": [["order/1", "z"]]}])


def test_one_takes_back_ones_own_acts_alone_and_only_while_one_may_do_them(store: Store) -> None:
    do(store, "a-1", set=[["order/1", "b"]])
    assert "of yours" in do(store, "b-1", "bob", undo="a-1")["why"]
    assert "of yours" in do(store, "a-2", undo="never")["why"]
    assert "right `arrange`" in do(store, "a-3", role="viewer", undo="a-1")["why"]
    assert "op" in do(store, "a-4", undo="a-1")
    assert store.rooms.document("main").plain()["registers"] == {}
    assert "not taken back itself" in do(store, "a-5", undo="a-4")["why"]
    assert "op" in do(store, "a-6", redo="a-1")
    assert store.rooms.document("main").get("order/1") == "b"


def test_a_bad_operation_among_good_ones_is_refused_alone(store: Store) -> None:
    ops: list[Any] = [
        {"id": "a-1", "set": [["order/1", "b"]]}, {"id": "a-2", "set": [["what", 1]]}, None,
        {"id": "a-3", "undo": "a-1"},
    ]  # fmt: skip
    found = store.rooms.append("main", "ann", "editor", ops)
    assert ["op" in each for each in found] == [True, False, False, True]
    assert found[1]["refused"] == "a-2"
    assert found[2]["refused"] == ""
    assert store.rooms.head("main") == 2


def test_two_processes_that_append_at_once_never_give_one_number_twice(store: Store) -> None:
    writers = [writer(name, 20) for name in ("x", "y")]
    assert [process.wait(120) for process in writers] == [0, 0]
    ops = store.rooms.since("main", None)["ops"]
    assert [op["seq"] for op in ops] == list(range(1, 121))
    assert len({op["id"] for op in ops}) == 120
    assert {op["person"] for op in ops} == {"x", "y"}
    for process in writers:
        process.communicate()


def test_who_is_killed_in_the_middle_leaves_whole_calls_behind(store: Store, until: Callable[..., None]) -> None:
    process = writer("x", 100_000)
    until(lambda: store.rooms.head("main") > 10)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    head = store.rooms.head("main")
    ops = store.rooms.since("main", None)["ops"]
    assert [op["seq"] for op in ops] == list(range(1, head + 1))
    assert head % 3 == 0
    assert do(store, "a-1", set=[["order/1", "b"]])["op"]["seq"] == head + 1


def test_threads_of_one_process_wait_for_each_other(store: Store) -> None:
    def work(name: str) -> None:
        for number in range(20):
            do(store, f"{name}-{number}", name, set=[["order/1", "a"]])

    threads = [threading.Thread(target=work, args=(name,)) for name in "xyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [op["seq"] for op in store.rooms.since("main", None)["ops"]] == list(range(1, 61))


def test_what_is_old_is_settled_and_not_undone_any_more_but_known(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "SETTLE_AT", 10)
    monkeypatch.setattr(rooms, "KEEP", 4)
    for number in range(11):
        do(store, f"a-{number}", set=[[f"order/{number}", "b"]], text=[["note/1", [["+", "", f"{number} "]]]])
    assert store.rooms.settle("main")
    assert not store.rooms.settle("main")
    found = store.rooms.since("main", None)
    assert found["base"]["seq"] == 7
    assert [op["seq"] for op in found["ops"]] == [8, 9, 10, 11, 12]
    assert found["ops"][-1]["settle"] == 7
    assert store.rooms.since("main", 7)["base"] is None
    assert store.rooms.since("main", 6) == found
    assert "too long ago" in do(store, "b-1", undo="a-6")["why"]
    assert "op" in do(store, "b-2", undo="a-7")
    assert do(store, "a-3", set=[["order/3", "z"]])["op"]["seq"] == 4
    document = store.rooms.document("main")
    assert document.text("note/1") == "10 9 8 6 5 4 3 2 1 0 "
    assert document.get("order/3") == "b"
    assert document.get("order/7") is None


def test_a_name_that_another_operation_has_is_refused_whoever_took_it(store: Store) -> None:
    do(store, "a-1", "guest", "guest", set=[["person/guest/zoomed", [1]]])
    found = do(store, "a-1", set=[["order/1", "b"]])
    assert (found["refused"], found["taken"]) == ("a-1", True)
    assert "has this name already" in found["why"]
    assert "op" in do(store, "a-1", "after a new login", set=[["person/guest/zoomed", [1]]])
    assert store.rooms.head("main") == 1


def test_what_people_look_at_does_not_push_out_what_can_be_undone_and_is_forgotten_once_settled(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "SETTLE_AT", 10)
    monkeypatch.setattr(rooms, "KEEP", 4)
    do(store, "a-0", set=[["order/0", "b"]])
    for number in range(30):
        do(store, f"g-{number}", "guest", "guest", set=[["person/guest/zoomed", [number]]])
        do(store, f"h-{number}", "guest", "guest", undo=f"g-{number}")
    assert not store.rooms.settle("main")
    assert "op" in do(store, "a-u", undo="a-0")
    for number in range(1, 12):
        do(store, f"a-{number}", set=[["order/0", "b"]])
    assert store.rooms.settle("main")
    with store.engine.connect() as db:
        names = set(db.exec_driver_sql("SELECT op FROM operation").scalars())
    assert {"a-0", "a-u", "a-1"} <= names
    assert not any(name[0] in "gh" for name in names)


def test_a_session_that_cannot_be_settled_is_appended_to_all_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "SETTLE_AT", 2)
    monkeypatch.setattr(rooms, "document_of", lambda *_: pytest.fail("nothing is folded to append"))
    assert [do(store, f"a-{number}", set=[["order/1", "b"]])["op"]["seq"] for number in range(6)] == [1, 2, 3, 4, 5, 6]


def test_letters_that_are_removed_count_as_letters_that_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "SETTLE_LETTERS", 30_000)
    do(store, "a-0", text=[["note/1", [["+", "", "x" * 9000]]]])
    for number in range(3):
        do(store, f"b-{number}", text=[["note/1", [["-", "a-0", 0, 9000]]]])
    assert store.rooms.settle("main"), "each of them is work for who folds them"


def test_no_more_is_taken_than_can_be_settled(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "SETTLE_LETTERS", 1000)
    monkeypatch.setattr(rooms, "KEEP_LETTERS", 500)
    monkeypatch.setattr(rooms, "MOST_LETTERS", 2000)
    for number in range(3):
        do(store, f"a-{number}", text=[["note/1", [["+", "", "x" * 900]]]])
    assert "wait" in do(store, "a-4", set=[["order/1", "b"]])["why"]
    plain = {"registers": {}, "texts": {"note/1": "what a command line restores"}}
    assert store.rooms.make("main", "ann", "owner", plain, "restore", "whole-1")["op"]
    assert store.rooms.settle("main")
    assert "op" in do(store, "a-4", set=[["order/1", "b"]])


def test_few_operations_that_are_large_are_settled_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "SETTLE_LETTERS", 3000)
    monkeypatch.setattr(rooms, "KEEP_LETTERS", 1000)
    for number in range(8):
        do(store, f"a-{number}", text=[["note/1", [["+", "", "x" * 500]]]])
        store.rooms.settle("main")
    found = store.rooms.since("main", None)
    assert found["base"] is not None
    assert len(found["ops"]) < 8
    assert store.rooms.document("main").text("note/1") == "x" * 4000


def test_a_session_that_is_full_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "SETTLE_AT", 2)
    monkeypatch.setattr(rooms, "KEEP", 1)
    monkeypatch.setattr(rooms, "FULL", 10)
    for number in range(4):
        do(store, f"a-{number}", set=[[f"order/{number}", "b"]])
    store.rooms.settle("main")
    assert "is full" in do(store, "a-4", set=[["order/4", "b"]])["why"]


def test_a_version_is_compared_and_restored_by_one_act_that_can_be_undone(store: Store) -> None:
    do(store, "a-1", set=[["order/1", "b"], ["tile/1/off", True]], text=[["note/1", [["+", "", "hot spot"]]]])
    do(store, "a-2", set=[["person/ann/selection", [1]]])
    saved = store.rooms.save_version("main", " first ", "ann")
    assert saved["name"] == "first"
    assert store.rooms.versions("main") == [saved]
    assert acts.compare_version(store, saved["id"])["differences"] == []
    do(store, "a-3", set=[["order/1", "c"], ["tile/1/off", None], ["sort", {"by": "title", "descending": True}]])
    do(store, "a-4", text=[["note/1", [["-", "a-1", 0, 4]]]])
    do(store, "a-5", set=[["person/ann/selection", [2]]])
    changed = store.rooms.document("main").plain()
    assert acts.compare_version(store, saved["id"])["differences"] == ["note/1", "order/1", "sort", "tile/1/off"]
    assert acts.restore_version(store, saved["id"], "bob", "editor")["changed"]
    document = store.rooms.document("main")
    assert document.text("note/1") == "hot spot"
    assert document.get("sort") is None
    assert document.get("person/ann/selection") == [2], "what is a person's own stays"
    assert acts.compare_version(store, saved["id"])["differences"] == []
    assert not acts.restore_version(store, saved["id"])["changed"]
    act = document.undoable("bob")
    assert act is not None
    assert act["label"] == "restore"
    do(store, "b-1", "bob", undo=act["id"])
    assert store.rooms.document("main").plain() == changed


def test_a_version_that_cannot_be_is_refused(store: Store) -> None:
    saved = store.rooms.save_version("main", "first", "ann")
    for name in ("", "  ", "a\nb", "x" * 81):
        with pytest.raises(UsageError, match="name"):
            store.rooms.save_version("main", name, "ann")
    with pytest.raises(UsageError, match="already"):
        store.rooms.save_version("main", "first", "ann")
    acts.delete_version(store, saved["id"])
    assert store.rooms.versions("main") == []
    for act in (acts.delete_version, acts.restore_version, acts.compare_version):
        with pytest.raises(UsageError, match="no version"):
            act(store, saved["id"])


def test_a_viewer_restores_nothing(store: Store) -> None:
    do(store, "a-1", set=[["order/1", "b"]])
    saved = store.rooms.save_version("main", "first", "ann")
    do(store, "a-2", set=[["order/1", "c"]])
    with pytest.raises(RefusedError, match="right `arrange`"):
        acts.restore_version(store, saved["id"], "dan", "viewer")
    assert store.rooms.document("main").get("order/1") == "c"


def test_reading_twenty_thousand_registers_by_what_they_begin_with_takes_no_walk_through_all() -> None:
    registers = [[f"tags/{tile}/t{number}", True] for tile in range(1000) for number in range(20)]
    document = Document({"seq": 1, "registers": registers, "texts": []})
    begun = time.process_time()
    for tile in range(1000):
        assert len(document.below(f"tags/{tile}/")) == 20
    assert time.process_time() - begun < 10, "a walk through all, a thousand times, takes minutes"


def test_thousands_of_edits_in_a_long_text_take_no_walk_through_it_each() -> None:
    document = Document()
    begun = time.process_time()
    edits: list[list[Any]] = [["+", "", "x" * 100_000]]
    edits += [["-", "a-1", number * 20, 1] for number in range(5000)]
    edits += [["+", f"a-1:{number * 20 + 1}", "y"] for number in range(5000)]
    edits += [["+", "gone:1", "end"]]
    document.take({"seq": 1, "id": "a-1", "person": "ann", "text": [["note/1", edits]]})
    text = document.text("note/1")
    assert (len(text), text[:3], text[-3:]) == (100_003, "xyx", "end")
    document.take({"seq": 2, "id": "settle:1", "person": "", "settle": 1})
    assert Document(document.base()).text("note/1") == text
    assert time.process_time() - begun < 8, "a walk through all, ten thousand times, takes half a minute"
