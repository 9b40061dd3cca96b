"""Whose connections are open: so many for each, and room for those who log in whatever strangers do.

A connection is a stranger's until a login was shown on it. Of strangers' ones only some are kept: when more come, the
one that has waited longest without a request is cut. So who opens a thousand and sends nothing keeps nobody out.
"""

from __future__ import annotations

from collections import Counter

import gevent

STRANGERS_MAX = 512


class Visitor:
    """One open connection, served by the greenlet in which it is made; *name* is whose it counts as, if anybody's."""

    def __init__(self) -> None:
        self.idle = True  # waits for a request, or for the rest of one
        self.name = ""
        self._served_by = gevent.getcurrent()

    def cut(self) -> None:
        """End it."""
        self._served_by.kill(block=False)


class Crowd:
    """The open connections: at most *each* of one name, *strangers* without a login."""

    def __init__(self, each: int, strangers: int = STRANGERS_MAX) -> None:
        self._each = each
        self._most = strangers
        self._count: Counter[str] = Counter()
        self._strangers: dict[Visitor, None] = {}  # in the order in which they came

    def enter(self, visitor: Visitor, name: str) -> bool:
        """Let a connection of *name* in (empty: not counted); False: it must go, there are too many."""
        if self._full(name):
            return False
        if len(self._strangers) >= self._most:
            longest = next((each for each in self._strangers if each.idle), None)
            if longest is None:
                return False
            del self._strangers[longest]
            longest.cut()
        self._strangers[visitor] = None
        self._rename(visitor, name)
        return True

    def count_for(self, visitor: Visitor, name: str) -> bool:
        """Count a connection that came in for *name* from now on; False: there are too many, and it is as it was."""
        if name != visitor.name and self._full(name):
            return False
        self._rename(visitor, name)
        return True

    def trust(self, visitor: Visitor) -> None:
        """A login was shown on this connection."""
        self._strangers.pop(visitor, None)

    def leave(self, visitor: Visitor) -> None:
        """Forget a connection that had come in."""
        self._strangers.pop(visitor, None)
        self._rename(visitor, "")

    def _full(self, name: str) -> bool:
        return bool(name) and self._count[name] >= self._each

    def _rename(self, visitor: Visitor, name: str) -> None:
        if visitor.name:
            self._count[visitor.name] -= 1
            if not self._count[visitor.name]:
                del self._count[visitor.name]
        visitor.name = name
        if name:
            self._count[name] += 1
