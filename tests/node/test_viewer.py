"""What a viewer is owed: no sockets, no displays, a clock that we move."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import simplejpeg

from tvcore.node import wire
from tvcore.node.damage import Rect
from tvcore.node.rfb import Pixels
from tvcore.node.viewer import REST, Viewer

WHOLE = Rect(0, 0, 640, 480)


@dataclass
class Picture:
    pixels: Pixels = field(default_factory=lambda: np.full((480, 640, 4), 90, np.uint8))
    frames: int = 1
    captured: float = 1000.0


def viewer_of(count: int = 1, shown: tuple[int, int] = (320, 240)) -> tuple[Viewer, dict[int, Picture]]:
    pictures = {i: Picture() for i in range(count)}
    viewer = Viewer(5, pictures)
    viewer.demand([(i, *shown) for i in range(count)], 0.0)
    return viewer, pictures


def next_message(viewer: Viewer, now: float) -> wire.Picture | None:
    message = viewer.message(now)
    return None if message is None else wire.unpack(message)


def settled(count: int = 1) -> tuple[Viewer, dict[int, Picture]]:
    viewer, pictures = viewer_of(count)
    viewer.allow(100)
    for now in (0.0, 0.1, 1.0, 2.0):
        while viewer.message(now):
            pass
    return viewer, pictures


def test_a_tile_newly_demanded_is_sent_whole_though_nothing_changed() -> None:
    viewer, _ = viewer_of()
    message = next_message(viewer, 0.0)
    assert message is not None
    assert (message.number, message.sequence) == (5, 1)
    (cell,) = message.cells
    assert (cell.tile, cell.flags, cell.frame, cell.captured) == (0, wire.WHOLE, 1, 1000.0)
    assert (cell.left, cell.top, cell.w, cell.h, cell.width, cell.height) == (0, 0, 320, 240, 320, 240)
    assert viewer.message(0.1) is None


def test_several_small_tiles_go_in_one_message() -> None:
    viewer, _ = viewer_of(12)
    message = next_message(viewer, 0.0)
    assert message is not None
    assert [cell.tile for cell in message.cells] == list(range(12))
    assert viewer.message(0.0) is None


def test_many_big_tiles_go_in_several_messages_none_left_out() -> None:
    viewer, _ = viewer_of(9, (640, 480))
    viewer.allow(20)
    messages = [m for _ in range(9) if (m := next_message(viewer, 0.0))]
    assert len(messages) == 3
    assert sorted(cell.tile for m in messages for cell in m.cells) == list(range(9))


def test_only_what_changed_is_sent_afterwards() -> None:
    viewer, pictures = settled()
    assert viewer.message(9.0) is None
    pictures[0].frames = 2
    viewer.changed(0, [Rect(101, 51, 140, 80)], 9.0)
    message = next_message(viewer, 9.0)
    assert message is not None
    (cell,) = message.cells
    assert cell.flags == 0
    assert (cell.left, cell.top, cell.w, cell.h) == (50, 25, 20, 15)
    assert cell.frame == 2


def test_without_credit_nothing_is_sent_and_the_latest_when_there_is() -> None:
    viewer, pictures = viewer_of()
    assert viewer.message(0.0)
    viewer.changed(0, [WHOLE], 0.1)
    assert viewer.message(0.1)
    assert viewer.credit == 0
    for shade in (10, 200):
        pictures[0].pixels[:] = shade
        viewer.changed(0, [WHOLE], 0.2)
        assert viewer.message(0.2) is None
    viewer.allow(1)
    message = next_message(viewer, 0.3)
    assert message is not None
    assert abs(simplejpeg.decode_jpeg(message.jpeg).mean() - 200) < 2
    assert viewer.credit == 0


def test_what_has_come_to_rest_is_sent_again_sharp() -> None:
    viewer, pictures = settled()
    pictures[0].pixels[::2, :, 2] = 255
    viewer.changed(0, [Rect(0, 0, 100, 100)], 10.0)
    blurred = next_message(viewer, 10.0)
    viewer.changed(0, [Rect(200, 0, 300, 100)], 10.1)
    assert viewer.message(10.1)
    assert viewer.next_rest() == 10.1 + REST
    assert viewer.message(10.1 + REST - 0.01) is None
    sharp = next_message(viewer, 10.1 + REST)
    assert sharp is not None
    assert blurred is not None
    (cell,) = sharp.cells
    assert (cell.left, cell.top, cell.w, cell.h) == (0, 0, 150, 50)
    assert simplejpeg.decode_jpeg_header(sharp.jpeg)[3] == "444"
    assert simplejpeg.decode_jpeg_header(blurred.jpeg)[3] == "420"
    assert viewer.next_rest() is None
    assert viewer.message(99.0) is None


def test_another_size_is_sent_whole_and_the_same_step_is_not() -> None:
    viewer, _ = settled()
    viewer.demand([(0, 310, 230)], 5.0)
    assert viewer.message(5.0) is None
    viewer.demand([(0, 100, 75)], 5.1)
    message = next_message(viewer, 5.1)
    assert message is not None
    assert (message.cells[0].width, message.cells[0].height, message.cells[0].flags) == (107, 80, wire.WHOLE)


def test_a_display_that_changed_its_size_is_sent_whole() -> None:
    viewer, pictures = settled()
    pictures[0].pixels = np.zeros((300, 400, 4), np.uint8)
    assert viewer.message(5.0) is None
    viewer.changed(0, [Rect(0, 0, 400, 300)], 5.0)
    message = next_message(viewer, 5.0)
    assert message is not None
    assert (message.cells[0].width, message.cells[0].height, message.cells[0].flags) == (400, 300, wire.WHOLE)


def test_a_size_that_changes_before_a_tile_is_sharp_breaks_nothing() -> None:
    viewer, pictures = viewer_of()
    assert viewer.message(0.0)
    pictures[0].pixels = np.zeros((16, 16, 4), np.uint8)
    assert viewer.next_rest() is None
    assert viewer.message(1.0) is None


def test_a_tile_without_a_picture_waits_for_it() -> None:
    viewer, pictures = viewer_of()
    pictures[0].pixels = np.zeros((0, 0, 4), np.uint8)
    assert viewer.message(0.0) is None
    assert viewer.next_rest() is None
    pictures[0].pixels = np.zeros((480, 640, 4), np.uint8)
    viewer.changed(0, [WHOLE], 3.0)
    assert viewer.message(3.0)


def test_the_tile_that_has_waited_longest_goes_first() -> None:
    viewer, _ = settled(9)
    viewer.demand([(i, 640, 480) for i in range(9)], 10.0)
    while viewer.message(10.0):
        pass
    for now, tile in ((20.0, 7), (20.1, 3), (20.2, 5), (20.3, 1), (20.4, 0)):
        viewer.changed(tile, [WHOLE], now)
    message = next_message(viewer, 20.5)
    assert message is not None
    assert [cell.tile for cell in message.cells] == [7, 3, 5]


def test_tiles_of_other_nodes_and_empty_sizes_are_left_out() -> None:
    viewer, _ = viewer_of(2)
    viewer.demand([(0, 0, 100), (1, 10, 10), (77, 10, 10)], 0.0)
    assert viewer.tiles == {1}
