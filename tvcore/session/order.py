"""The order in which people put tiles by hand: the twin of ``web_static/keys.js``. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from tvcore.session.document import Document

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
WIDTH = 6  # digits of the key that a tile has until it is moved


def key_of(tile: int) -> str:
    """Return the key of a tile that was never moved: tiles stand in the order in which they were launched."""
    key, rest = "", tile
    for _ in range(WIDTH):
        rest, digit = divmod(rest, len(DIGITS))
        key = DIGITS[digit] + key
    return key


def by_hand(tiles: Iterable[int], document: Document) -> list[int]:
    """Return the ids *tiles* in the order in which people put them."""
    moved = dict(document.below("order/"))
    return sorted(tiles, key=lambda tile: (str(moved.get(str(tile), "")) or key_of(tile), tile))
