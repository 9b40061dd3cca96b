"""Damage: nothing that changed is ever left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tvcore.node.damage import MOST, Rect, add, bounds

RECTS = st.builds(
    lambda x, y, w, h: Rect(x, y, x + w, y + h),
    st.integers(0, 30), st.integers(0, 30), st.integers(0, 9), st.integers(0, 9),
)  # fmt: skip


def covered(rects: tuple[Rect, ...] | list[Rect]) -> set[tuple[int, int]]:
    return {(x, y) for r in rects for x in range(r.left, r.right) for y in range(r.top, r.bottom)}


@given(st.lists(RECTS, max_size=12))
def test_damage_covers_all_that_changed_with_few_rectangles(rects: list[Rect]) -> None:
    damage: tuple[Rect, ...] = ()
    for rect in rects:
        damage = add(damage, [rect])
    assert len(damage) <= MOST
    assert covered(damage) >= covered(rects)
    around = bounds(damage)
    assert (around is None) == (not covered(rects))


def test_bands_that_touch_become_one() -> None:
    assert add((), [Rect(0, y, 640, y + 96) for y in range(0, 480, 96)]) == (Rect(0, 0, 640, 480),)


def test_what_is_far_apart_stays_apart() -> None:
    corners = (Rect(0, 0, 8, 8), Rect(600, 400, 608, 408))
    assert set(add((), corners)) == set(corners)
