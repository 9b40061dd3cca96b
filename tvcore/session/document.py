"""The document of a session: a fold of operations, the same wherever they arrive. Pure.

It is the twin of ``web_static/document.js``, whose head says what operations are and what they mean. Here all of them
have their number: what is *pending* is the page's alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tvcore.session.text import GONE, Character, Text, leaned_on

Operation = Mapping[str, Any]
Base = dict[str, Any]  # {seq, registers: [[path, value]], texts: [[path, runs]]}: what nobody undoes any more
Plain = dict[str, Any]  # {registers: {path: value}, texts: {path: text}}: what it says, without how it came to be

_Entry = tuple[int, str, Any]  # sequence number, operation, value


class Document:
    """What the operations that were taken come to."""

    def __init__(self, base: Mapping[str, Any] | None = None) -> None:
        self.seq = 0
        self.acts: dict[str, Operation] = {}
        self._settled = 0
        self._registers: dict[str, list[_Entry]] = {}
        self._folders: dict[str, dict[str, None]] = {}
        self._counting: dict[str, list[tuple[int, bool]]] = {}
        self._texts: dict[str, Text] = {}
        if base is None:
            return
        self.seq = self._settled = base["seq"]
        for path, value in base["registers"]:
            self._put(path, (base["seq"], "", value))
        for path, runs in base["texts"]:
            self._texts[path] = Text(runs, base["seq"])

    # ------------------------------------------------------------- reading

    def get(self, path: str) -> Any:
        """Return the value of a register, None if it has none."""
        for _, op, value in reversed(self._registers.get(path, ())):
            if op == "" or self.counts(op):
                return value
        return None

    def below(self, prefix: str) -> list[tuple[str, Any]]:
        """Return the registers below *prefix*, which ends with a slash, as rest of the path and value."""
        paths = self._registers if prefix == "" else self._folders.get(prefix, {})
        found = ((path, self.get(path)) for path in paths)
        return [(path[len(prefix) :], value) for path, value in found if value is not None]

    def text(self, path: str) -> str:
        """Return a text as it stands."""
        return "".join(each.text for each in self.characters(path))

    def characters(self, path: str) -> list[Character]:
        """Return the characters of a text that stand."""
        return [each for each in self._texts.get(path, ()) if self._stands(each)]

    def texts(self) -> list[tuple[str, str]]:
        """Return all texts that are not empty, by path."""
        return [(path, text) for path, text in ((path, self.text(path)) for path in self._texts) if text]

    def plain(self) -> Plain:
        """Return all that the document says, without how it came to be."""
        return {"registers": dict(sorted(self.below(""))), "texts": dict(sorted(self.texts()))}

    def counts(self, op: str) -> bool:
        """Return whether an act counts: it was not undone, or was redone since."""
        entries = self._counting.get(op)
        return entries[-1][1] if entries else True

    def _stands(self, each: Character) -> bool:
        return self.counts(each.op) and not any(self.counts(by) for by in each.removed)

    def undoable(self, person: str) -> Operation | None:
        """Return the act that undo of *person* takes back: the last of theirs that counts."""
        own = [act for act in self.acts.values() if act["person"] == person and self.counts(act["id"])]
        return own[-1] if own else None

    def redoable(self, person: str) -> Operation | None:
        """Return the act that redo of *person* brings back: what they undid last, if they did nothing new since."""
        own = [act for act in self.acts.values() if act["person"] == person]
        found, latest = None, own[-1]["seq"] if own else 0
        for act in own:
            seq, counts = self._counting[act["id"]][-1]
            if not counts and seq > latest:
                found, latest = act, seq
        return found

    # ------------------------------------------------------------ changing

    def take(self, operation: Operation) -> list[str]:
        """Take the next operation of the store; return the paths that it touches."""
        seq = operation["seq"]
        if seq <= self.seq:
            return []
        self.seq = seq
        if "settle" in operation:
            self._settle(operation["settle"])
            return []
        about = operation.get("undo", operation.get("redo"))
        if about is not None:
            act = self.acts.get(about)
            if act is None:
                return []
            self._counting[about].append((seq, "redo" in operation))
            return paths_of(act)
        op = operation["id"]
        self.acts[op] = operation
        self._counting[op] = [(seq, True)]
        for path, value in operation.get("set", ()):
            self._put(path, (seq, op, value))
        n = 0
        for path, edits in operation.get("text", ()):
            text = self._texts.setdefault(path, Text())
            for edit in edits:
                n += text.apply(edit, op, seq, n)
        return paths_of(operation)

    def _put(self, path: str, entry: _Entry) -> None:
        self._registers.setdefault(path, []).append(entry)
        for folder in _folders(path):
            self._folders.setdefault(folder, {})[path] = None

    def _drop(self, path: str) -> None:
        del self._registers[path]
        for folder in _folders(path):
            del self._folders[folder][path]
            if not self._folders[folder]:
                del self._folders[folder]

    def _settle(self, up_to: int) -> None:
        for path, entries in list(self._registers.items()):
            last = next((e for e in reversed(entries) if e[0] <= up_to and (e[1] == "" or self.counts(e[1]))), None)
            kept = [entry for entry in entries if entry[0] > up_to]
            if last is not None and last[2] is not None:
                kept.insert(0, (last[0], "", last[2]))
            if kept:
                self._registers[path] = kept
            else:
                self._drop(path)
        acts = list(self.acts.values())
        leaned = leaned_on(act for act in acts if act["seq"] > up_to)
        over = self._over(up_to)
        for path, text in list(self._texts.items()):
            if not text.keep(lambda each: self._keep(each, over, leaned)):
                del self._texts[path]
        for act in acts:
            if act["seq"] <= up_to:
                del self.acts[act["id"]], self._counting[act["id"]]
        self._settled = up_to

    def _over(self, up_to: int) -> Callable[[str], bool]:
        return lambda op: op not in self.acts or self.acts[op]["seq"] <= up_to

    def _keep(self, each: Character, over: Callable[[str], bool], leaned: set[str]) -> bool:
        gone = (over(each.op) and not self.counts(each.op)) or any(over(by) and self.counts(by) for by in each.removed)
        each.removed = [GONE] if gone else [by for by in each.removed if not over(by)]
        return not gone or f"{each.op}:{each.n}" in leaned

    def base(self) -> Base:
        """Return what is settled, to begin another replica with."""
        settled = [[path, entries[0][2]] for path, entries in sorted(self._registers.items()) if entries[0][1] == ""]
        texts = [[path, text.runs(self._settled)] for path, text in sorted(self._texts.items())]
        return {"seq": self._settled, "registers": settled, "texts": [each for each in texts if each[1]]}


def paths_of(act: Operation) -> list[str]:
    """Return the paths that *act* touches."""
    return [path for path, _ in (*act.get("set", ()), *act.get("text", ()))]


def _folders(path: str) -> Iterator[str]:
    at = path.find("/")
    while at >= 0:
        yield path[: at + 1]
        at = path.find("/", at + 1)
