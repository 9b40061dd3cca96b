"""Pages that change one document at the same time, over slow lines that break: all of them end with what is stored.

The pages' documents are ``web_static/document.js`` itself, in Node; between them are the store and its rules.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from soak import examples
from tvcore.portal.roles import Role
from tvcore.session.document import Document
from tvcore.store import Store, rooms

SESSION = "main"
STEPS = 150
NOTES = ("note/1", "note/2")
SCRIPT = Path(__file__).parent / "replicas.mjs"

if shutil.which("node") is None:
    pytest.skip("not run: there is no node, which the page's modules run in", allow_module_level=True)


class Node:
    """The documents of pages, in a Node process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __call__(self, replica: str, name: str, *arguments: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([replica, name, *arguments]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


class Page:
    """One page: what it says, and what it is told, is on its way for a while."""

    def __init__(self, name: str, person: str, role: Role, world: World) -> None:
        self.name, self.person, self.role, self.world = name, person, role, world
        self.count = 0
        self.up: list[dict[str, Any]] = []
        self.down: list[tuple[str, list[Any]]] = []
        found = world.store.rooms.since(SESSION, None)
        self.seq = found["head"]
        world.node(name, "begin", found["base"], found["ops"])

    def do(self, way: str, act: dict[str, Any] | None = None) -> bool:
        self.count += 1
        name = f"{self.name}-{self.count}"
        if act is None:
            operation = self.world.node(self.name, way, name, self.person)
        else:
            operation = self.world.node(self.name, "act", {"id": name, "person": self.person, **act})
        if operation is None:
            return False
        self.world.done.add(operation["id"])
        touched = [path for name in ("set", "text") for path, _ in operation.get(name, ())]
        about = operation.get("undo", operation.get("redo"))
        if about in self.world.own or (about is None and all(path.startswith("person/") for path in touched)):
            self.world.own.add(operation["id"])
        self.up.append(operation)
        return True

    def say(self, count: int) -> None:
        ops, self.up = self.up[:count], self.up[count:]
        after = self.world.store.rooms.head(SESSION)
        sent = [{name: value for name, value in op.items() if name != "person"} for op in ops]
        outcomes = self.world.store.rooms.append(SESSION, self.person, self.role, sent)
        self.world.store.rooms.settle(SESSION)
        for came in outcomes:
            if "refused" in came:
                self.world.refused.add(came["refused"])
                self.down.append(("refuse", [came["refused"]]))
            elif came["op"]["seq"] <= after:
                self.down.append(("refuse", [came["op"]["id"]]))  # the portal says that it is known
        found = self.world.store.rooms.since(SESSION, after)
        news = ("take", [found["ops"]]) if found["base"] is None else ("load", [found["base"], found["ops"]])
        for page in self.world.pages:
            page.down.append(news)

    def hear(self, count: int) -> None:
        for what, found in self.down[:count]:
            if what == "load" and found[1][-1]["seq"] <= self.seq:
                continue  # it came back meanwhile, and knows
            came = self.world.node(self.name, what, *found)
            if what == "load":
                self.up = came  # what is not among the operations may be settled: the portal will say so
            if what != "refuse":
                self.seq = max([self.seq, *(op["seq"] for op in found[-1])])
        del self.down[:count]

    def come_back(self) -> None:
        """Lose all that is on its way, either way, and join anew."""
        found = self.world.store.rooms.since(SESSION, self.seq)
        if found["base"] is not None:
            self.world.node(self.name, "load", found["base"], found["ops"])
        else:
            self.world.node(self.name, "take", found["ops"])
        self.seq = found["head"]
        self.down.clear()
        self.up = self.world.node(self.name, "pending")


class World:
    """A store, and pages that look at one session."""

    def __init__(self, node: Node, store: Store, chance: random.Random) -> None:
        self.node, self.store, self.chance = node, store, chance
        self.done: set[str] = set()
        self.refused: set[str] = set()
        self.own: set[str] = set()
        node("", "reset")
        self.pages: list[Page] = []
        for name, person, role in (("a", "ann", "editor"), ("b", "bob", "editor"), ("c", "ann", "editor")):
            self.pages.append(Page(name, person, role, self))  # type: ignore[arg-type]
        self.pages.append(Page("d", "dan", "viewer", self))

    def step(self) -> None:
        chance, page = self.chance, self.chance.choice(self.pages)
        kind = chance.random()
        if kind < 0.3:
            page.do("act", self.act(page))
        elif kind < 0.4:
            page.do("undo")
        elif kind < 0.46:
            page.do("redo")
        elif kind < 0.7:
            page.say(chance.randint(1, 4))
        elif kind < 0.95:
            page.hear(chance.randint(1, 4))
        elif kind < 0.98:
            page.come_back()
        elif len(self.pages) < 6:
            self.pages.append(Page(f"late{len(self.pages)}", "eve", "editor", self))

    def act(self, page: Page) -> dict[str, Any]:
        chance = self.chance
        act: dict[str, Any] = {}
        if chance.random() < 0.5:
            words = chance.choice(["word ", "x", "naïve 🙂 ", "", "l\n"])
            act["write"] = [chance.choice(NOTES), [chance.randint(0, 1000), chance.choice([0, 0, 1, 5]), words]]
        if "write" not in act or chance.random() < 0.2:
            tile = chance.randint(1, 3)
            act["set"] = chance.choice(
                [
                    [[f"order/{tile}", chance.choice(["a", "b", "c", None])]],
                    [[f"tags/{tile}/t%20", chance.choice([True, False, None])], [f"tile/{tile}/rotation", 90]],
                    [[f"person/{page.person}/selection", chance.choice([[1], [1, 2], None])]],
                    [[f"person/{page.person}/name", "Z"]],
                    [["sort", chance.choice([{"by": "title", "descending": True}, None])], ["sort", None]],
                ]
            )
        return act

    def settle_down(self) -> None:
        """Let all that is on its way arrive."""
        while any(page.up or page.down for page in self.pages):
            for page in self.pages:
                page.say(len(page.up))
            for page in self.pages:
                page.hear(len(page.down))

    def check(self) -> None:
        """Check that all say the same as the store, and that nothing was lost or doubled."""
        document = self.store.rooms.document(SESSION)
        head = self.store.rooms.head(SESSION)
        late = Page("check", "eve", "viewer", self)
        for page in (*self.pages, late):
            assert self.node(page.name, "plain") == document.plain(), page.name
            assert self.node(page.name, "base") == document.base(), page.name
            assert self.node(page.name, "pending") == []
            for person in ("ann", "bob", "dan", "eve"):
                can = [document.undoable(person), document.redoable(person)]
                assert self.node(page.name, "can", person) == [act and act["id"] for act in can]
            for folder in ("tags/", "tags/1/", "person/ann/", "nothing/"):
                assert sorted(self.node(page.name, "below", folder)) == sorted(map(list, document.below(folder)))
        with self.store.engine.connect() as db:
            there = [row[0] for row in db.exec_driver_sql("SELECT op FROM operation ORDER BY seq")]
            largest = db.exec_driver_sql("SELECT max(seq) FROM operation").scalar() or 0
        assert len(there) == len(set(there))
        assert head == largest
        kept, done = {op for op in there if ":" not in op}, self.done - self.refused
        assert done - self.own <= kept <= done
        settled = (self.store.rooms.since(SESSION, None)["base"] or {"seq": 0})["seq"]
        assert settled or (kept == done and head == len(done))


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    process = Node()
    yield process
    process.close()


def played(node: Node, store: Store, seed: int) -> World:
    world = World(node, store, random.Random(seed))
    for _ in range(STEPS):
        world.step()
    world.settle_down()
    return world


@pytest.mark.parametrize("seed", range(examples(6, 400)))
def test_all_pages_end_with_what_the_store_says_and_undo_of_everything_ends_at_the_start(
    node: Node, tmp_path: Path, seed: int
) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/store.sqlite")
    world = played(node, store, seed)
    world.check()
    for page in world.pages:
        while page.do("undo"):
            world.settle_down()
    world.check()
    assert store.rooms.document(SESSION).plain() == {"registers": {}, "texts": {}}
    store.close()


@pytest.mark.parametrize("seed", range(1000, 1000 + examples(6, 400)))
def test_what_is_settled_is_the_same_everywhere_and_stays(
    node: Node, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "SETTLE_AT", 12)
    monkeypatch.setattr(rooms, "KEEP", 5)
    store = Store.open(f"sqlite:///{tmp_path}/store.sqlite")
    world = played(node, store, seed)
    world.check()
    base = store.rooms.since(SESSION, None)["base"]
    assert base is not None
    settled = Document(base).plain()
    monkeypatch.setattr(rooms, "SETTLE_AT", 1 << 30)
    for page in world.pages:
        while page.do("undo"):
            world.settle_down()
    world.check()
    assert store.rooms.document(SESSION).plain() == settled
    store.close()
