"""Texts that several write at once: the twin of ``web_static/document-text.js``, whose head says how. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

GONE = ""  # in the place of an operation: removed for good

Edit = Sequence[Any]  # ['+', behind which character, text] or ['-', operation, from, count]
Run = Sequence[Any]  # [operation, from, text], and a 1 behind it when they are gone and only others lean on them


@dataclass(slots=True)
class Character:
    """One character, named by its operation and its number in it; *removed* by which operations."""

    op: str
    n: int
    seq: int
    text: str
    removed: list[str] = field(default_factory=list)


def apply_edit(characters: list[Character], edit: Edit, op: str, seq: int, n: int) -> int:
    """Do *edit* of operation *op*, whose characters are counted from *n* on; return how many it wrote."""
    if edit[0] == "-":
        _, of, begin, count = edit
        for each in characters:
            if each.op == of and begin <= each.n < begin + count:
                each.removed.append(op)
        return 0
    _, after, text = edit
    place = _place_behind(characters, after)
    characters[place:place] = [Character(op, n + i, seq, letter) for i, letter in enumerate(text)]
    return len(text)


def _place_behind(characters: Sequence[Character], after: str) -> int:
    if after == "":
        return 0
    op, _, number = after.rpartition(":")
    n = int(number)
    found = (place for place, each in enumerate(characters, start=1) if each.n == n and each.op == op)
    return next(found, len(characters))


def characters_of(runs: Iterable[Run], seq: int) -> list[Character]:
    """Return the characters of settled *runs*."""
    return [
        Character(run[0], run[1] + i, seq, letter, [GONE] if len(run) > 3 else [])
        for run in runs
        for i, letter in enumerate(run[2])
    ]


def runs_of(characters: Iterable[Character], seq: int) -> list[list[Any]]:
    """Return the runs of the *characters* that were written up to *seq*."""
    runs: list[list[Any]] = []
    following = 0
    for each in characters:
        if each.seq > seq:
            continue
        gone = GONE in each.removed
        if runs and runs[-1][0] == each.op and following == each.n and (len(runs[-1]) > 3) == gone:
            runs[-1][2] += each.text
        else:
            runs.append([each.op, each.n, each.text, 1] if gone else [each.op, each.n, each.text])
        following = each.n + 1
    return runs


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
