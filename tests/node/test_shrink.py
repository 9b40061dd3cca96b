"""A viewer on a bad line sees less of each tile, and what it sees is young; nobody else sees a difference."""

from __future__ import annotations

from collections import deque

import pytest

from hub_kit import Display
from tvcore.node import wire
from tvcore.node.damage import Rect
from tvcore.node.encode import COARSE, MOVING, Encoded
from tvcore.node.hub import Hub
from tvcore.node.shrink import CALM_SECONDS, LATE, MOST_LEVEL, STILL_SECONDS, Shrink

SIZE = (480, 270)
TICK = 0.005
BYTES_PER_PIXEL = {MOVING: 0.16, COARSE: 0.11}  # at full size: a smaller picture has more detail in each pixel


class Line:
    """A page behind a line of so many bytes a second, and what it has drawn."""

    def __init__(self, rate: float, window: int) -> None:
        self.rate = rate
        self.window = window
        self.drawn: dict[int, float] = {}  # by tile, when what is shown was captured
        self.widths: dict[int, int] = {}
        self.frames = 0
        self.longest = 0
        self._coming: deque[tuple[float, bytes]] = deque()
        self._free = 0.0

    def send(self, picture: bytes, now: float) -> None:
        self._free = max(now, self._free) + len(picture) / self.rate
        self._coming.append((self._free, picture))
        self.longest = max(self.longest, sum(len(picture) for _, picture in self._coming))

    def arrive(self, now: float) -> int:
        """Draw what has come until *now*; return its bytes."""
        count = 0
        while self._coming and self._coming[0][0] <= now:
            picture = self._coming.popleft()[1]
            count += len(picture)
            for cell in wire.unpack(picture).cells:
                self.drawn[cell.tile] = cell.captured
                self.widths[cell.tile] = cell.width
                self.frames += 1
        return count


class Scene:
    """Tiles that change ten times a second, and viewers on lines."""

    def __init__(self, count: int, *lines: Line) -> None:
        self.now = 0.0
        self.displays = {i: Display() for i in range(count)}
        for display in self.displays.values():
            display.pixels = display.pixels[: SIZE[1], : SIZE[0]]
        self.hub = Hub(1, self.displays)
        self.lines = dict(enumerate(lines, 1))
        self.oldest: dict[int, float] = {}
        for viewer, line in self.lines.items():
            self.hub.demand(viewer, [(i, *SIZE, 1) for i in range(count)], 0.0)
            self.hub.allow(viewer, line.window, 0.0)

    def run(self, seconds: float, changing: bool = True) -> None:
        """Let time pass; ``oldest`` is then the greatest age of a tile that each viewer has seen meanwhile."""
        self.oldest = dict.fromkeys(self.lines, 0.0)
        for _ in range(round(seconds / TICK)):
            self.now += TICK
            for i, display in self.displays.items():
                if changing and int((self.now + i / 640) / 0.1) != int((self.now - TICK + i / 640) / 0.1):
                    display.captured = self.now
                    self.hub.changed(i, (Rect(0, 0, *SIZE),), self.now)
            for viewer, line in self.lines.items():
                if count := line.arrive(self.now):
                    self.hub.allow(viewer, count, self.now)
            while job := self.hub.next(self.now):
                scaled = sum(cut.size[0] * cut.size[1] * cut.part.step.block**0.5 for cut in job.cuts)
                jpeg = bytes(int(scaled * BYTES_PER_PIXEL.get(job.quality, 0.6)))
                message = self.hub.done(job, Encoded(jpeg, [(0, 0)] * len(job.cuts), 0.0, 0.0))
                viewers, picture = wire.read_address(message[wire.LENGTH.size :])
                for viewer in viewers:
                    self.lines[viewer].send(bytes(picture), self.now)
            for viewer, line in self.lines.items():
                if changing:
                    ages = (self.now - line.drawn.get(i, 0.0) for i in self.displays)
                    self.oldest[viewer] = max(self.oldest[viewer], *ages)


@pytest.mark.parametrize(("rate", "window"), [(200_000, 24_000), (200_000, 64_000), (500_000, 128_000)])
def test_on_a_bad_line_each_tile_is_younger_than_a_second_and_others_see_no_difference(rate: int, window: int) -> None:
    slow, fast, alone = Line(rate, window), Line(50e6, 4 << 20), Line(50e6, 4 << 20)
    both, single = Scene(64, slow, fast), Scene(64, alone)
    for scene in (both, single):
        scene.run(3)
    for line in (fast, alone):
        line.frames = 0
    for scene in (both, single):
        scene.run(8)
    assert both.oldest[1] < 1.0
    assert both.oldest[2] < 0.2
    assert both.hub.level(2) == 0
    assert fast.frames >= 0.97 * alone.frames
    assert slow.longest < 2 * window
    assert min(slow.widths.values()) == max(slow.widths.values()) < SIZE[0]


def test_a_line_that_is_good_enough_shows_all_there_is() -> None:
    line = Line(12e6, 1 << 20)
    scene = Scene(64, line)
    scene.run(5)
    assert scene.hub.level(1) == 0
    assert scene.oldest[1] < 0.5
    assert set(line.widths.values()) == {SIZE[0]}


def test_a_wall_that_comes_to_rest_is_shown_in_full_size_on_a_bad_line_too() -> None:
    line = Line(200_000, 64_000)
    scene = Scene(16, line)
    scene.run(4)
    assert scene.hub.level(1) > 0
    scene.run(20, changing=False)
    assert scene.hub.level(1) == 0
    assert set(line.widths.values()) == {SIZE[0]}
    assert scene.hub.next_time() == float("inf")


def test_a_line_that_gets_better_is_used() -> None:
    line = Line(200_000, 64_000)
    scene = Scene(64, line)
    scene.run(4)
    line.rate = 50e6
    scene.hub.allow(1, 2_000_000, scene.now)
    scene.run(12)
    assert scene.hub.level(1) == 0
    assert set(line.widths.values()) == {SIZE[0]}


# the rule itself


def late(shrink: Shrink, now: float, sizes: list[float]) -> bool:
    return shrink.review(LATE + 0.1, sizes.__getitem__, True, now)


def test_the_level_is_the_first_at_which_all_that_waits_goes_in_time() -> None:
    for rate, level in ((20_000, 3), (60_000, 2), (200_000, 1)):
        shrink = Shrink(0.0)
        for i in range(100):
            shrink.credited(int(rate / 20), i / 20)
        assert late(shrink, 5.0, [200_000, 50_000, 12_500, 3_000])
        assert shrink.level == level


def test_a_level_is_given_time_to_be_of_use() -> None:
    shrink = Shrink(0.0)
    assert late(shrink, 1.0, [9e9] * 4)
    shrink.level = 1
    assert not late(shrink, 1.9, [9e9] * 4)
    assert late(shrink, 2.0, [9e9] * 4)
    assert shrink.level == MOST_LEVEL
    assert not late(shrink, 9.0, [9e9] * 4)


def test_what_will_soon_be_sent_as_it_is_is_not_shrunk() -> None:
    shrink = Shrink(0.0)
    for i in range(5):
        shrink.credited(100_000, i / 10)
    assert not late(shrink, 0.5, [250_000] * 4)
    assert late(shrink, 0.5, [350_000] * 4)


def test_who_waits_for_want_of_something_else_than_credit_is_not_shrunk() -> None:
    assert not Shrink(0.0).review(5.0, lambda level: 9e9, False, 9.0)


def test_it_goes_back_by_one_level_when_changes_do_not_wait_and_wholly_when_there_are_none() -> None:
    shrink = Shrink(0.0)
    late(shrink, 1.0, [9e9] * 4)
    now = 1.0
    while shrink.level == MOST_LEVEL:
        now += 0.1
        shrink.review(0.01, lambda level: 0.0, False, now)
    assert now == pytest.approx(1.0 + CALM_SECONDS, abs=0.2)
    assert shrink.level == MOST_LEVEL - 1
    assert not shrink.review(None, lambda level: 0.0, False, now + STILL_SECONDS - 0.1)
    assert shrink.review(None, lambda level: 0.0, False, now + STILL_SECONDS + 0.1)
    assert shrink.level == 0
