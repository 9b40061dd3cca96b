"""Input on the wall: scaled to each display, and let go of when its viewer lets go, leaves, or is cut off."""

from __future__ import annotations

import numpy as np
import pytest

from tvcore.node.held import MOST_KEYS, Held
from tvcore.node.rfb import Pixels

A, SHIFT = 0x61, 0xFFE1


class Display:
    """A tile, and what was done to it."""

    def __init__(self, width: int = 640, height: int = 480) -> None:
        self.pixels: Pixels = np.zeros((height, width, 4), np.uint8)
        self.done: list[tuple[int, ...]] = []
        self.there = True
        self.parked = 0

    @property
    def screen(self) -> Display | None:
        return self if self.there else None

    def press(self, keysym: int, down: bool) -> None:
        self.done.append((keysym, down))

    def point(self, x: int, y: int, buttons: int = 0) -> None:
        self.done.append((x, y, buttons))

    def park_pointer(self) -> None:
        self.parked += 1


def held_by_two() -> tuple[Held, Display, Display]:
    one, two = Display(), Display(1920, 1080)
    return Held({0: one, 1: two}), one, two


@pytest.mark.parametrize("size", [(640, 480), (1920, 1080), (33, 7)])
def test_a_place_is_the_same_part_of_every_display(size: tuple[int, int]) -> None:
    display = Display(*size)
    held = Held({0: display})
    for x, y in ((0, 0), (size[0] - 1, size[1] - 1), (size[0] // 3, size[1] // 2)):
        u, v = int((x + 0.5) * 65536 / size[0]), int((y + 0.5) * 65536 / size[1])
        held.point(1, 0, (u, v), 0)
        assert display.done[-1] == (x, y, 0)
    held.point(1, 0, (0xFFFF, 0xFFFF), 0)
    assert display.done[-1] == (size[0] - 1, size[1] - 1, 0)


def test_keys_and_buttons_held_down_are_let_go_of_last_first() -> None:
    held, one, two = held_by_two()
    for tile in (0, 1):
        held.press(7, tile, SHIFT, True)
        held.press(7, tile, A, True)
        held.point(7, tile, (0x8000, 0x8000), 1)
    held.press(7, 1, A, False)
    one.done.clear()
    two.done.clear()
    held.release(7)
    assert one.done == [(A, False), (SHIFT, False), (320, 240, 0)]
    assert two.done == [(SHIFT, False), (960, 540, 0)]
    held.release(7)
    held.release_all()
    assert len(one.done) == 3


def test_nothing_is_let_go_of_that_was_released_before() -> None:
    held, one, _ = held_by_two()
    held.press(7, 0, A, True)
    held.press(7, 0, A, False)
    held.point(7, 0, (0, 0), 4)
    held.point(7, 0, (0, 0), 0)
    one.done.clear()
    held.release_all()
    assert one.done == []


def test_what_somebody_else_holds_down_stays_down() -> None:
    held, one, _ = held_by_two()
    for viewer in (1, 2):
        held.press(viewer, 0, A, True)
    held.press(2, 0, SHIFT, True)
    one.done.clear()
    held.release(2)
    assert one.done == [(SHIFT, False)]
    held.release(1)
    assert one.done == [(SHIFT, False), (A, False)]


def test_a_pointer_leaves_the_picture_when_nobody_moves_it_any_more() -> None:
    held, one, two = held_by_two()
    for viewer in (1, 2):
        held.point(viewer, 0, (9, 9), 0)
    held.release(1)
    assert (one.parked, two.parked) == (0, 0)
    held.release(2)
    held.release(2)
    assert (one.parked, two.parked) == (1, 0)


def test_all_of_all_viewers_is_let_go_of_at_the_end() -> None:
    held, one, two = held_by_two()
    held.press(1, 0, A, True)
    held.point(2, 1, (0, 0), 2)
    held.release_all()
    assert one.done[-1] == (A, False)
    assert two.done[-1] == (0, 0, 0)


def test_tiles_that_are_not_there_take_no_input_and_keep_nothing() -> None:
    held, one, _ = held_by_two()
    one.there = False
    for tile in (0, 9):
        held.press(1, tile, A, True)
        held.point(1, tile, (0, 0), 1)
    one.there = True
    held.release(1)
    assert one.done == []


def test_a_display_that_went_away_with_a_key_down_breaks_nothing() -> None:
    held, one, _ = held_by_two()
    held.press(1, 0, A, True)
    held.point(1, 0, (0, 0), 1)
    one.there = False
    held.release(1)
    assert one.done == [(A, True), (0, 0, 1)]


def test_no_more_keys_go_down_than_hands_have() -> None:
    held, one, _ = held_by_two()
    for keysym in range(MOST_KEYS + 10):
        held.press(1, 0, keysym, True)
    assert len(one.done) == MOST_KEYS
    held.press(1, 0, 3, True)
    assert len(one.done) == MOST_KEYS + 1, "a key that repeats is pressed again"
    held.release(1)
    assert len(one.done) == 2 * MOST_KEYS + 1
