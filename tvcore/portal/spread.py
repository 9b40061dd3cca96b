"""What is spread to all pages of a session, kept for a while for those that are behind. Pure.

It is kept once, however many pages there are: each knows how far it has got. So one that is slow costs nothing, and
one that comes back after a moment is given what it missed without asking the store.
"""

from __future__ import annotations

from collections import deque

KEPT_BYTES = 1 << 22
KEPT_MESSAGES = 4096


class Spread:
    """Messages in order: one tells what is new after one number, up to another."""

    def __init__(self, head: int, most_bytes: int = KEPT_BYTES, most_messages: int = KEPT_MESSAGES) -> None:
        self.head = head
        self._begin = head  # who has got this far, or farther, can be told what is new since
        self._kept: deque[tuple[int, bytes]] = deque()
        self._bytes = 0
        self._most = (most_bytes, most_messages)

    def add(self, head: int, message: bytes) -> None:
        """Keep *message*, which tells all from the head there was up to *head*."""
        self._kept.append((head, message))
        self._bytes += len(message)
        self.head = head
        # The last one is kept however large it is: everyone needs it.
        while len(self._kept) > 1 and (self._bytes > self._most[0] or len(self._kept) > self._most[1]):
            self._begin, gone = self._kept.popleft()
            self._bytes -= len(gone)

    def since(self, number: int) -> list[bytes] | None:
        """Return the messages that tell what is new since *number*; None: that is not kept any more."""
        if not self._begin <= number <= self.head:
            return None
        found: list[bytes] = []
        for head, message in reversed(self._kept):
            if head <= number:
                break
            found.append(message)
        return found[::-1]
