"""What comes over the wall stream stands on the canvas: pictures of many tiles in one, parts of them, broken ones."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import simplejpeg
from playwright.sync_api import Page

from fake_agent import WallStream
from portal_kit import RunningJob
from tvcore.node import wire
from world import part, shot, until

SIZE = (240, 180)  # of a tile's picture
PAD = 16
Colour = tuple[int, int, int]
RED, GREEN, BLUE, WHITE, YELLOW = (200, 30, 30), (30, 180, 40), (40, 50, 210), (230, 230, 230), (220, 210, 30)
NEAR = 12  # grey levels


def jpeg(colours: Sequence[Colour], width: int, height: int) -> bytes:
    """Return a picture of areas of *width* by *height* side by side, one for each colour."""
    picture = np.zeros((height, width * len(colours), 4), np.uint8)
    for i, colour in enumerate(colours):
        picture[:, i * width : (i + 1) * width, :3] = colour[::-1]
    return bytes(simplejpeg.encode_jpeg(picture, 90, "BGRX", "420"))


def whole(tile: int, x: int) -> wire.Cell:
    return wire.Cell(tile, wire.WHOLE, 1, time.time(), x, 0, *SIZE, 0, 0, *SIZE)


def send_all(stream: WallStream, colours: Sequence[Colour]) -> None:
    """Send one picture with a tile of each colour."""
    width, height = SIZE[0] + PAD, SIZE[1] + PAD
    cells = [whole(tile, tile * width) for tile in range(len(colours))]
    stream.send_picture(cells, jpeg(colours, width, height))


def asked(job: RunningJob) -> WallStream:
    """Return the wall stream once the page has asked for all tiles."""
    deadline = time.monotonic() + 20
    while not (job.agent.walls and len(job.agent.stream().demand or ()) == 4):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return job.agent.stream()


def drawn(page: Page, counts: Sequence[int]) -> None:
    """Wait until so many cells of each tile are drawn."""
    said = ",".join(map(str, counts))
    until(page, f"window.tiledviz.drawn().then(({{ tiles }}) => Object.values(tiles).join() == '{said}')")


def colours(page: Page, inset: float = 0.2) -> list[Colour]:
    """Return the mean colour of each tile's middle on the page."""
    picture = shot(page)
    rects = page.evaluate("window.tiledviz.tiles().map(t => t.rect)")
    return [tuple(int(v) for v in part(picture, rect, inset).mean((0, 1))[::-1]) for rect in rects]  # type: ignore[misc]


def far(one: Sequence[Colour], other: Sequence[Colour]) -> int:
    """Return how far colours are apart at most, in grey levels."""
    return int(np.abs(np.array(one) - np.array(other)).max())


def expect(page: Page, wanted: Sequence[Colour]) -> None:
    """Wait until the tiles have these colours."""
    deadline = time.monotonic() + 10
    while far(colours(page), wanted) > NEAR:
        assert time.monotonic() < deadline, (colours(page), wanted)
        time.sleep(0.1)


def test_tiles_that_came_in_one_picture_stay_as_others_replace_theirs_and_the_camera_moves(
    page: Page, job: RunningJob
) -> None:
    stream = asked(job)
    send_all(stream, (RED, GREEN, BLUE, WHITE))
    expect(page, (RED, GREEN, BLUE, WHITE))
    # The picture that the last tile is in is let go meanwhile: three of its four tiles are in newer ones.
    send_all(stream, (YELLOW, YELLOW, YELLOW))
    expect(page, (YELLOW, YELLOW, YELLOW, WHITE))
    page.set_viewport_size({"width": 1000, "height": 700})  # all is drawn anew
    expect(page, (YELLOW, YELLOW, YELLOW, WHITE))
    drawn(page, (2, 2, 2, 1))


def test_a_part_is_drawn_over_what_came_with_others(page: Page, job: RunningJob) -> None:
    stream = asked(job)
    send_all(stream, (RED, GREEN, BLUE, WHITE))
    width, height = SIZE[0], SIZE[1] // 2
    lower = wire.Cell(1, 0, 2, time.time(), 0, 0, width, height, 0, height, *SIZE)
    stream.send_picture([lower], jpeg((YELLOW,), width, height))
    drawn(page, (1, 2, 1, 1))
    half = tuple((a + b) // 2 for a, b in zip(GREEN, YELLOW, strict=True))
    expect(page, (RED, half, BLUE, WHITE))  # type: ignore[arg-type]


def test_what_cannot_be_decoded_or_shown_gives_its_credit_back_and_the_wall_goes_on(
    page: Page, job: RunningJob
) -> None:
    stream = asked(job)
    for _ in range(3):
        stream.send_picture([whole(0, 0)], b"no JPEG at all" * 5000)
        stream.send_picture([whole(77, 0)], jpeg((RED,), *SIZE))  # of a tile that is on no wall
        stream.send_picture([wire.Cell(1, 0, 1, 0.0, 0, 0, 8, 8, 0, 0, 9, 9)], jpeg((RED,), *SIZE))  # a part of nothing
    send_all(stream, (RED, GREEN, BLUE, WHITE))
    expect(page, (RED, GREEN, BLUE, WHITE))
    drawn(page, (1, 1, 1, 1))
