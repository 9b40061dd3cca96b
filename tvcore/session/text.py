"""Texts that several write at once: the twin of ``web_static/document-text.js``, whose head says how. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

GONE = ""  # in the place of an operation: removed for good

Edit = Sequence[Any]  # ['+', behind which character, text] or ['-', operation, from, count]
Run = Sequence[Any]  # [operation, from, text], and a 1 behind it when they are gone and only others lean on them


@dataclass(slots=True, eq=False)
class Character:
    """One character, named by its operation and its number in it; *removed* by which operations."""

    op: str
    n: int
    seq: int
    text: str
    removed: list[str] = field(default_factory=list)
    next: Character | None = None


class Text:
    """The characters of a text, those that are removed too, in order: each knows the next, and is found by name."""

    def __init__(self, runs: Iterable[Run] = (), seq: int = 0) -> None:
        """Begin with settled *runs*."""
        self._begin = self._last = Character("", -1, 0, "")
        self._named: dict[str, dict[int, Character]] = {}
        for run in runs:
            self._write(self._last, run[2], run[0], seq, run[1], [GONE] if len(run) > 3 else [])

    def __iter__(self) -> Iterator[Character]:
        each = self._begin.next
        while each is not None:
            yield each
            each = each.next

    def apply(self, edit: Edit, op: str, seq: int, n: int) -> int:
        """Do *edit* of operation *op*, whose characters are counted from *n* on; return how many it wrote."""
        if edit[0] == "-":
            _, of, begin, count = edit
            for each in self._between(of, begin, count):
                if not each.removed or each.removed[-1] != op:
                    each.removed.append(op)
            return 0
        _, after, text = edit
        self._write(self._before(after), text, op, seq, n, [])
        return len(text)

    def _between(self, op: str, begin: int, count: int) -> list[Character]:
        named = self._named.get(op, {})
        if count >= len(named):
            return [each for n, each in named.items() if begin <= n < begin + count]
        return [named[n] for n in range(begin, begin + count) if n in named]

    def _before(self, after: str) -> Character:
        if after == "":
            return self._begin
        op, _, number = after.rpartition(":")
        return self._named.get(op, {}).get(int(number), self._last)

    def _write(self, place: Character, text: str, op: str, seq: int, n: int, removed: Sequence[str]) -> None:
        named, rest = self._named.setdefault(op, {}), place.next
        for number, letter in enumerate(text, start=n):
            place.next = Character(op, number, seq, letter, list(removed))
            place = named[number] = place.next
        place.next = rest
        if rest is None:
            self._last = place

    def keep(self, wanted: Callable[[Character], bool]) -> bool:
        """Keep the characters that are *wanted*; return whether there are any."""
        self._last, self._named = self._begin, {}
        for each in self:
            if wanted(each):
                self._last.next = self._last = each
                self._named.setdefault(each.op, {})[each.n] = each
        self._last.next = None
        return self._last is not self._begin

    def runs(self, seq: int) -> list[list[Any]]:
        """Return the runs of the characters that were written up to *seq*."""
        runs: list[list[Any]] = []
        following = 0
        for each in self:
            if each.seq > seq:
                continue
            gone = GONE in each.removed
            if runs and runs[-1][0] == each.op and following == each.n and (len(runs[-1]) > 3) == gone:
                runs[-1][2].append(each.text)
            else:
                runs.append([each.op, each.n, [each.text], *([1] if gone else [])])
            following = each.n + 1
        return [[op, n, "".join(letters), *gone] for op, n, letters, *gone in runs]


def edits_to(characters: Sequence[Character], wanted: str) -> list[list[Any]]:
    """Return the edits that make *wanted* of a text's *characters*: what is the same at both ends stays."""
    there = "".join(each.text for each in characters)
    start, most = 0, min(len(there), len(wanted))
    while start < most and there[start] == wanted[start]:
        start += 1
    end = 0
    while end < most - start and there[-1 - end] == wanted[-1 - end]:
        end += 1
    edits: list[list[Any]] = []
    for each in characters[start : len(there) - end]:
        last = edits[-1] if edits else None
        if last is not None and last[1] == each.op and last[2] + last[3] == each.n:
            last[3] += 1
        else:
            edits.append(["-", each.op, each.n, 1])
    text = wanted[start : len(wanted) - end]
    if text:
        before = characters[start - 1] if start else None
        edits.append(["+", f"{before.op}:{before.n}" if before else "", text])
    return edits


def leaned_on(acts: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the names of the characters behind which *acts* write."""
    return {edit[1] for act in acts for _, edits in act.get("text", ()) for edit in edits if edit[0] == "+"}


def removed_by(act: Mapping[str, Any]) -> int:
    """Return how many letters *act* removes: they are the work it makes, however short it is written."""
    return sum(edit[3] for _, edits in act.get("text", ()) for edit in edits if edit[0] == "-")
