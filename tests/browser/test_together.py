"""Three browsers in one session, over lines that are slow and break, to a portal that is killed and started again."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from breaking_line import BreakingLine
from portal_kit import RunningPortal
from soak import examples
from tvcore.session.document import Document
from world import until

SEED = 6
TOGETHER = 4  # operations of a page that are done in one go, as a hand does
DELAY = 2.0  # seconds, at most
DROP = 0.1  # how often a line breaks after some operations
QUIET = "window.tiledviz.connection() == 'open' && window.tiledviz.session.document.pending.length == 0"

# One operation; returns what the page calls it (to undo with nothing to undo is none).
DO = """
([kind, path, value, at]) => {
  const { session } = window.tiledviz;
  const before = session.document.pending.length;
  if (kind === 'set') session.set([[path, value]]);
  else if (kind === 'undo') session.undo();
  else if (kind === 'redo') session.redo();
  else {
    const text = session.document.plain().texts[path] ?? '';
    const from = Math.floor(at * (text.length + 1));
    session.write(path, text.slice(0, from) + value + text.slice(from + (kind === 'over' ? 2 : 0)));
  }
  return session.document.pending.slice(before).map(({ id }) => id);
}
"""


def some(chance: random.Random, mark: str) -> list[Any]:
    """Return a random operation."""
    kind = chance.choices(["set", "write", "over", "undo", "redo"], [8, 5, 2, 4, 3])[0]
    if kind == "set":
        path, value = chance.choice(
            [
                (f"tile/{chance.randint(1, 3)}/rotation", chance.choice([90, 180, 270, None])),
                ("layout/columns", chance.randint(1, 9)),
                (f"tags/{chance.randint(1, 3)}/good", chance.choice([True, False, None])),
                ("sort", {"by": "title", "descending": chance.random() < 0.5}),
            ]
        )
        return [kind, path, value, 0]
    return [kind, "note/1", mark, chance.random()]


class Hand:
    """A person at a page, over a line of their own."""

    def __init__(self, chromium: Browser, portal: RunningPortal, number: int) -> None:
        self.line = BreakingLine(portal.port, seed=SEED + number)
        proxy = {"server": self.line.address, "bypass": "<-loopback>"}  # Chromium would go around it to this machine
        self.context = chromium.new_context(viewport={"width": 900, "height": 600}, proxy=proxy)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.mark = "abcd"[number]
        self.did: list[str] = []
        self.page.goto(f"{portal.origin}/#login={portal.login_ticket()}")
        until(self.page, "window.tiledviz.connection() == 'open'", seconds=60)

    def do(self, chance: random.Random, count: int) -> None:
        for i in range(count):
            self.did += self.page.evaluate(DO, some(chance, f"{self.mark}{len(self.did) + i} "))

    def plain(self) -> Any:
        return self.page.evaluate("window.tiledviz.session.document.plain()")

    def settle(self, head: int) -> None:
        """Wait until all it did is ordered and all is heard, without waiting for its next try to connect."""
        self.line.delay = 0
        quiet = f"(dispatchEvent(new Event('online')), {QUIET} && window.tiledviz.session.document.seq == {head})"
        until(self.page, quiet, seconds=60)

    def quiet(self) -> None:
        self.line.delay = 0
        until(self.page, f"(dispatchEvent(new Event('online')), {QUIET})", seconds=60)

    def close(self) -> None:
        self.context.close()
        self.line.close()


def ordered(portal: RunningPortal) -> list[dict[str, Any]]:
    """Return the operations of the store, in order."""
    page = portal.login().wall()
    page.say(join=None)
    document = page.event(lambda event: event["event"] == "document", 30)
    page.close()
    assert document["base"] is None or document["base"]["seq"] == 0, "nothing was settled"
    ops: list[dict[str, Any]] = document["ops"]
    return ops


def test_three_browsers_on_lines_that_break_and_a_portal_that_is_killed_end_with_the_stores_document(
    chromium: Browser, home: Path
) -> None:
    count = examples(60, 500)
    chance = random.Random(SEED)
    portal = RunningPortal(home)
    hands = [Hand(chromium, portal, number) for number in range(3)]
    rounds = count // TOGETHER
    killed_at, back_at = rounds // 3, rounds // 2
    try:
        for hand in hands:
            hand.line.delay = DELAY
        for turn in range(rounds):
            for hand in hands:
                hand.do(chance, TOGETHER)
                if chance.random() < DROP:
                    hand.line.drop()
            if turn == killed_at:
                portal.process.send_signal(signal.SIGKILL)
                portal.process.wait()
                portal.store.close()
            if turn == back_at:
                portal = RunningPortal(home, port=portal.port)
            time.sleep(0.1)
        for hand in hands:
            hand.quiet()
        ops = ordered(portal)
        names = Counter(op["id"] for op in ops)
        assert max(names.values()) == 1, "none is there twice"
        assert set(names) == {name for hand in hands for name in hand.did}, "none is lost"
        head = ops[-1]["seq"]
        for hand in hands:
            hand.settle(head)
        documents = [hand.plain() for hand in hands]
        late = Hand(chromium, portal, 3)  # and who comes now sees the same
        hands.append(late)
        late.settle(head)
        assert sum(len(hand.did) for hand in hands) > count
        for document in documents:
            assert document == late.plain()
        assert document == stored(portal)
    finally:
        for hand in hands:
            hand.close()
        portal.stop()
    assert [hand.problems for hand in hands] == [[]] * 4


def stored(portal: RunningPortal) -> Any:
    """Return the document as the store has it."""
    document = Document()
    for operation in ordered(portal):
        document.take(operation)
    return document.plain()
