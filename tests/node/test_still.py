"""Displays that do not change cost nothing: they are asked once, and say nothing until they do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import textured
from display_kit import Display, display
from nodekit import PAINTER, NodeAgent, WallViewer, psnr
from tvcore.node.damage import Rect
from tvcore.node.queues import REST
from tvcore.node.redraw import NEW, SAME, Redraw
from tvcore.node.screen import Screen

DISPLAYS = 16
QUIET = 0.3  # seconds without news: what was still under way has come


class Counted(Screen):
    """Counts what goes either way."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.taken = 0
        self.requests = 0
        self._request, self._client.request = self._client.request, self._count  # type: ignore[method-assign]

    def _count(self) -> None:
        self.requests += 1
        self._request()

    def buffer_updated(self, nbytes: int) -> None:
        """Count what comes."""
        self.taken += nbytes
        super().buffer_updated(nbytes)

    @property
    def figures(self) -> tuple[int, int, int]:
        """Return all that was counted."""
        return self.requests, self.taken, self.frames


async def at_rest(screens: list[Counted]) -> list[tuple[int, int, int]]:
    """Wait until nothing goes either way; return what was counted."""
    while True:
        before = [screen.figures for screen in screens]
        await asyncio.sleep(QUIET)
        if all(screen.frames for screen in screens) and [screen.figures for screen in screens] == before:
            return before


def test_of_sixteen_still_displays_only_the_one_that_changes_is_heard_of(tmp_path: Path) -> None:
    async def look(paths: list[Path]) -> None:
        screens = [await Counted.connect(path, lambda damage: None) for path in paths]
        try:
            async with asyncio.timeout(30):
                for screen in screens:
                    screen.wanted = True
                still = await at_rest(screens)
                assert all(screen._asked and screen._timer is None for screen in screens), "each waits to be answered"
                assert await screens[3].resize(200, 150) == ""
                after = await at_rest(screens)
        finally:
            for screen in screens:
                screen.close()
        assert [i for i in range(DISPLAYS) if after[i] != still[i]] == [3]
        assert after[3][2] > still[3][2]

    with contextlib.ExitStack() as displays:
        folders = [displays.enter_context(display(tmp_path / str(i), size="320x240")).folder for i in range(DISPLAYS)]
        asyncio.run(look([folder / "rfb" for folder in folders]))


WHOLE = (Rect(0, 0, 64, 48),)


def test_what_is_painted_again_as_it_was_is_to_be_compared_until_much_of_it_is_new() -> None:
    redraw, pixels = Redraw(), np.zeros((48, 64, 4), np.uint8)
    notes = [redraw.note(pixels, WHOLE) for _ in range(SAME + 1)]
    assert notes == [False] * SAME + [True], "of the first it is not known what was there before"
    assert redraw.comparing
    for _ in range(NEW - 1):
        assert not redraw.note(pixels, WHOLE)
    assert not redraw.note(pixels, (Rect(0, 0, 64, 20),)), "what is compared and small is worth it"
    assert [redraw.note(pixels, WHOLE) for _ in range(NEW)] == [False] * (NEW - 1) + [True]
    assert not redraw.comparing


def test_what_changes_is_not_to_be_compared() -> None:
    redraw, pixels = Redraw(), np.zeros((48, 64, 4), np.uint8)
    for number in range(100):
        pixels[number % 48 :, :] = number
        pixels[0] = number
        assert not redraw.note(pixels, WHOLE)
    for _ in range(100):
        assert not redraw.note(pixels, (Rect(0, 1, 64, 2),)), "no row that is looked at: nothing is known"
    pixels[24, 60] = 1
    redraw.note(pixels, (Rect(50, 20, 64, 30),))
    for number in range(100):
        pixels[24, 60] = number
        assert not redraw.note(pixels, (Rect(0, 0, 8, 8), Rect(50, 20, 64, 30)))


def test_of_a_display_of_another_size_nothing_is_known() -> None:
    redraw = Redraw()
    for _ in range(SAME):
        assert not redraw.note(np.zeros((48, 64, 4), np.uint8), WHOLE)
    for size in ((60, 64), (48, 64), (48, 32), (5, 5), (48, 64)):
        assert not redraw.note(np.zeros((*size, 4), np.uint8), (Rect(0, 0, size[1], size[0]),))


@contextlib.contextmanager
def painting(server: Display, fifo: Path) -> Iterator[None]:
    """Run the painter in *server*; it does what is written into *fifo*."""
    os.mkfifo(fifo)
    painter = subprocess.Popen(PAINTER, env={**server.environment, "PAINT": str(fifo)}, stdout=subprocess.PIPE)
    try:
        assert painter.stdout
        painter.stdout.readline()
        yield
    finally:
        painter.kill()
        painter.communicate()


def test_a_program_that_paints_the_same_over_and_over_comes_to_rest(tmp_path: Path) -> None:
    fifo = tmp_path / "paint"

    async def look(path: Path) -> None:
        damage: list[tuple[Rect, ...]] = []
        screen = await Counted.connect(path, damage.append)
        screen.rate = 1000
        screen.wanted = True
        try:
            async with asyncio.timeout(30):
                await at_rest([screen])
                while not screen._redraw.comparing:
                    before = screen.frames
                    fifo.write_text("0 0 320 240 225588\n")
                    while screen.frames == before:  # noqa: ASYNC110 - a display sets no event
                        await asyncio.sleep(0.001)
                fifo.write_text("0 0 320 240 225588\n")  # of the first it has nothing to compare with
                still = await at_rest([screen])
                for _ in range(5):
                    fifo.write_text("0 0 320 240 225588\n")
                    assert await at_rest([screen]) == still
                damage.clear()
                fifo.write_text("0 0 320 240 225588\n" + "130 70 10 10 ffffff\n")
                await at_rest([screen])
        finally:
            screen.close()
        assert sum(rect.area for rect in damage[0]) <= 64 * 64, "only the block that changed"

    with display(tmp_path / "d", "-CompareFB", "2", size="320x240") as server, painting(server, fifo):
        asyncio.run(look(server.folder / "rfb"))


def test_a_still_tile_shown_as_large_as_it_is_looks_as_it_is(
    start_agent: Callable[..., NodeAgent], look: Callable[..., WallViewer]
) -> None:
    agent = start_agent((sys.executable, str(Path(textured.__file__)), "0"), width=320, height=240)
    agent.wait_state("live")
    viewer = look(agent)
    viewer.show((0, 320, 240))
    viewer.settle()
    assert psnr(viewer.canvas[0], agent.framebuffer()) >= 40
    assert REST < 1, "the sharp picture follows within a second"
