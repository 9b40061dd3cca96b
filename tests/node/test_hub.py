"""What viewers of the wall are owed: no sockets, no displays, a clock that we move."""

from __future__ import annotations

import numpy as np
import pytest
import simplejpeg

from hub_kit import PLENTY, SIZE, WHOLE, Stand
from nodekit import psnr, size_of
from tvcore.node import hub as hub_module
from tvcore.node import wire
from tvcore.node.damage import Rect
from tvcore.node.encode import Encoder
from tvcore.node.hub import LINGER, MOST_CELLS, MOST_PIXELS, MOST_VIEWERS
from tvcore.node.queues import REST

HALF = (320, 240)


def settled(count: int = 1, size: tuple[int, int] = HALF, viewers: int = 1) -> tuple[Stand, float]:
    stand = Stand(count)
    for viewer in range(1, viewers + 1):
        stand.show(viewer, size, 0.0)
    return stand, stand.settle(0.0)


def chroma(picture: wire.Picture) -> str:
    return str(simplejpeg.decode_jpeg_header(picture.jpeg)[3])


# what is sent


def test_a_tile_newly_demanded_is_sent_whole_though_nothing_changed() -> None:
    stand = Stand()
    stand.show(7, HALF, 0.0)
    ((viewers, picture),) = [stand.step(0.0)]  # type: ignore[misc]
    assert viewers == {7}
    assert (picture.number, picture.sequence) == (5, 1)
    (cell,) = picture.cells
    assert (cell.tile, cell.flags, cell.frame, cell.captured) == (0, wire.WHOLE, 1, 1000.0)
    assert (cell.left, cell.top, cell.w, cell.h, cell.width, cell.height) == (0, 0, 320, 240, 320, 240)
    assert stand.step(0.1) is None


def test_several_tiles_go_in_one_message() -> None:
    stand = Stand(8)
    stand.show(1, HALF, 0.0)
    (picture,) = stand.run(0.0)
    assert [cell.tile for cell in picture.cells] == list(range(8))


def test_many_big_tiles_go_in_several_messages_none_left_out() -> None:
    stand = Stand(8)
    stand.show(1, SIZE, 0.0)
    pictures = stand.run(0.0)
    assert len(pictures) == 3
    assert all(sum(c.w * c.h for c in picture.cells) <= MOST_PIXELS for picture in pictures)
    assert sorted(cell.tile for picture in pictures for cell in picture.cells) == list(range(8))


def test_many_small_tiles_go_in_messages_of_so_many_cells() -> None:
    stand = Stand(100, (64, 48))
    stand.show(1, (64, 48), 0.0)
    assert stand.step(0.0) is None, "more may come at once"
    assert [len(picture.cells) for picture in stand.run(stand.hub.next_time())] == [MOST_CELLS, 100 - MOST_CELLS]


def test_while_more_is_gathered_nobody_needs_to_look_at_every_change_but_of_what_somebody_works_in() -> None:
    stand = Stand(20)
    stand.show(1, HALF, 0.0)
    now = stand.settle(0.0) + 1
    assert stand.hub.changed(3, WHOLE, now)
    assert stand.step(now) is None
    assert not stand.hub.changed(4, WHOLE, now)
    assert [cell.tile for cell in stand.run(stand.hub.next_time())[0].cells] == [3, 4]
    now = stand.settle(now + 1) + 1
    stand.hub.demand(1, [(i, *HALF, 0 if i == 5 else 1) for i in range(20)], now)
    stand.hub.changed(3, WHOLE, now)
    assert stand.step(now) is None
    assert stand.hub.changed(5, WHOLE, now)
    assert stand.step(now) is not None


def test_only_what_changed_is_sent_afterwards() -> None:
    stand, _ = settled()
    stand.change(0, 9.0, (Rect(101, 51, 140, 80),))
    (picture,) = stand.run(9.0)
    (cell,) = picture.cells
    assert cell.flags == 0
    assert (cell.left, cell.top, cell.w, cell.h) == (50, 25, 20, 15)
    assert (cell.frame, cell.captured) == (2, 1009.0)


def test_a_small_tile_is_always_sent_whole() -> None:
    stand, _ = settled(size=(160, 120))
    stand.change(0, 9.0, (Rect(101, 51, 140, 80),))
    (picture,) = stand.run(9.0)
    assert picture.cells[0].flags == wire.WHOLE
    (sharp,) = stand.run(9.0 + REST)
    assert sharp.cells[0].flags == wire.WHOLE


def test_what_changed_several_times_is_sent_once_as_it_is_then() -> None:
    stand, _ = settled()
    page = stand.pages[1]
    for i in range(5):
        stand.change(0, 9.0 + i / 100)
    assert len(stand.run(9.1)) == 1
    assert page.pictures[-1].cells[0].frame == 6


def test_another_size_is_sent_whole_and_the_same_step_is_not() -> None:
    stand, _ = settled()
    stand.show(1, (310, 230), 5.0)
    assert stand.run(5.0) == []
    stand.show(1, (100, 75), 5.1)
    (picture,) = stand.run(5.1)
    assert (picture.cells[0].width, picture.cells[0].height, picture.cells[0].flags) == (107, 80, wire.WHOLE)


def test_a_display_that_changed_its_size_is_sent_whole() -> None:
    stand, _ = settled()
    stand.displays[0].pixels = np.zeros((300, 400, 4), np.uint8)
    assert stand.run(5.0) == []
    stand.hub.changed(0, (Rect(0, 0, 400, 300),), 5.0)
    (picture,) = stand.run(5.0)
    assert (picture.cells[0].width, picture.cells[0].height, picture.cells[0].flags) == (400, 300, wire.WHOLE)


def test_a_size_that_changes_before_a_tile_is_sharp_breaks_nothing() -> None:
    stand = Stand()
    stand.show(1, HALF, 0.0)
    assert stand.run(0.0)
    stand.displays[0].pixels = np.zeros((16, 16, 4), np.uint8)
    assert stand.run(1.0) == []


def test_a_tile_without_a_picture_waits_for_it() -> None:
    stand = Stand()
    pixels, stand.displays[0].pixels = stand.displays[0].pixels, np.zeros((0, 0, 4), np.uint8)
    stand.show(1, HALF, 0.0)
    assert stand.run(0.0) == []
    assert stand.hub.next_time() == float("inf")
    stand.displays[0].pixels = pixels
    stand.hub.changed(0, WHOLE, 3.0)
    assert len(stand.run(3.0)) == 1


def test_tiles_of_other_nodes_and_empty_sizes_are_left_out() -> None:
    stand = Stand(2)
    stand.hub.demand(1, [(0, 0, 100, 1), (1, 10, 10, 1), (77, 10, 10, 1)], 0.0)
    assert stand.hub.tiles == {1}


def test_what_nobody_looks_at_any_more_is_neither_kept_nor_sent() -> None:
    stand, now = settled(3)
    stand.show(1, HALF, now, tiles=[1])
    assert stand.hub.tiles == {1}
    for tile in (0, 2):
        stand.change(tile, now + 1)
    assert stand.run(now + 1) == []
    stand.hub.gone(1)
    assert stand.hub.tiles == set()
    stand.change(1, now + 2)
    assert stand.run(now + 2) == []


def test_a_wall_at_rest_is_sharp_and_asks_for_nothing_more() -> None:
    stand, _ = settled(200, (64, 48))
    assert stand.hub.next_time() == float("inf")
    assert stand.hub.next(99.0) is None
    for tile, canvas in stand.pages[1].canvas.tiles.items():
        assert canvas.shape == (60, 80, 3), tile


# what comes to rest


def test_what_has_come_to_rest_is_sent_again_sharp_and_only_that() -> None:
    stand, _ = settled()
    stand.change(0, 10.0, (Rect(0, 0, 100, 100),))
    (blurred,) = stand.run(10.0)
    stand.change(0, 10.1, (Rect(200, 0, 300, 100),))
    stand.run(10.1)
    assert stand.hub.next_time() == 10.1 + REST
    assert stand.run(10.1 + REST - 0.01) == []
    (sharp,) = stand.run(10.1 + REST)
    (cell,) = sharp.cells
    assert (cell.left, cell.top, cell.w, cell.h) == (0, 0, 150, 50)
    assert (chroma(blurred), chroma(sharp)) == ("420", "444")
    assert stand.hub.next_time() == float("inf")


@pytest.mark.parametrize("size", [SIZE, (1920, 1080)])
def test_a_still_tile_shown_as_it_is_is_its_framebuffer_within_a_second(size: tuple[int, int]) -> None:
    stand = Stand(1, size)
    page = stand.show(1, size, 0.0)
    for i in range(10):
        stand.change(0, i / 10)
        stand.run(i / 10)
    stand.run(0.95 + REST)
    stand.run(1.8)
    assert psnr(page.canvas.tiles[0], stand.displays[0].pixels[..., 2::-1]) >= 40


def test_tiles_shown_as_they_are_become_sharper_than_those_that_are_scaled_down() -> None:
    stand = Stand(3)
    page = stand.show(1, HALF, 0.0, tiles=[])
    stand.hub.demand(1, [(0, *HALF, 1), (1, *SIZE, 1), (2, *HALF, 1)], 0.0)
    stand.run(0.0)
    assert [[cell.tile for cell in picture.cells] for picture in stand.run(1.0)] == [[0, 2], [1]]
    assert psnr(page.canvas.tiles[1], stand.displays[1].pixels[..., 2::-1]) >= 40


def test_what_moves_goes_before_what_is_to_become_sharp() -> None:
    stand = Stand(4)
    stand.show(1, HALF, 0.0)
    stand.run(0.0)
    stand.change(3, 5.0)
    moving, sharp = stand.run(5.0)
    assert [cell.tile for cell in moving.cells] == [3]
    assert sorted(cell.tile for cell in sharp.cells) == [0, 1, 2]


def test_little_credit_makes_a_tile_sharp_in_bands_that_fit() -> None:
    stand = Stand()
    page = stand.show(1, SIZE, 0.0)
    stand.run(0.0)
    stand.hub.allow(1, int(30_000 - stand.hub.credit(1)), 1.0)
    for _ in range(20):
        for picture in stand.run(2.0):
            assert size_of(picture) < 60_000
            stand.hub.allow(1, size_of(picture), 2.0)
    assert len(page.pictures) > 4
    assert psnr(page.canvas.tiles[0], stand.displays[0].pixels[..., 2::-1]) >= 40


# order


def test_the_tile_that_has_waited_longest_goes_first() -> None:
    stand, now = settled(8, SIZE)
    for i, tile in enumerate((7, 3, 5, 1, 0)):
        stand.change(tile, now + i / 10)
    first = stand.run(now + 0.5)[0]
    assert [cell.tile for cell in first.cells] == [7, 3, 5]


def test_what_somebody_works_in_goes_before_what_has_waited_not_much_longer() -> None:
    stand, now = settled(8, SIZE)
    shown = [(tile, *SIZE, 0 if tile == 6 else 3) for tile in range(8)]
    stand.hub.demand(1, shown, now)
    for tile in range(8):
        stand.change(tile, now + tile / 100)
    assert stand.run(now + 0.08)[0].cells[0].tile == 6


def test_no_second_picture_of_a_tile_is_begun_before_the_first_is_sent() -> None:
    stand = Stand(2)
    page = stand.show(1, HALF, 0.0, tiles=[0])
    first = stand.hub.next(0.0)
    assert first is not None
    stand.change(0, 0.1)
    stand.show(1, HALF, 0.1, tiles=[])
    stand.show(1, (640, 480), 0.1)
    second = stand.hub.next(0.1)
    assert second is not None
    assert {cut.channel.tile.index for cut in second.cuts} == {1}
    assert stand.hub.next(0.2) is None
    stand.finish(second)
    stand.finish(first)
    stand.run(0.3)
    assert [c.tile for p in page.pictures for c in p.cells] == [1, 0, 0]
    assert [c.width for p in page.pictures for c in p.cells] == [640, 320, 640]


def test_a_display_that_is_being_received_waits_and_is_looked_at_again() -> None:
    stand = Stand()
    stand.show(1, HALF, 0.0)
    stand.displays[0].busy = True
    assert stand.run(0.0) == []
    assert 0.0 < stand.hub.next_time() < 0.2
    stand.displays[0].busy = False
    assert len(stand.run(stand.hub.next_time())) == 1


# several viewers


def test_what_fifty_viewers_see_alike_is_made_once() -> None:
    one, many = settled(8)[0], settled(8, viewers=50)[0]
    assert one.encoded == many.encoded
    for stand in (one, many):
        for i in range(20):
            for tile in range(8):
                stand.change(tile, 10 + i / 10, (Rect(16, 16, 64 + i, 64),))
            stand.run(10 + i / 10)
        stand.settle(12.0)
    assert one.encoded == many.encoded
    assert {page.bytes for page in many.pages.values()} == {one.pages[1].bytes}


def test_viewers_who_see_other_tiles_share_those_that_they_both_see() -> None:
    stand = Stand(8)
    stand.show(1, HALF, 0.0, tiles=range(6))
    stand.show(2, HALF, 0.0, tiles=range(4, 8))
    sent = {}
    while one := stand.step(0.0):
        sent[frozenset(one[0])] = sorted(cell.tile for cell in one[1].cells)
    assert sent == {frozenset({1}): [0, 1, 2, 3], frozenset({1, 2}): [4, 5], frozenset({2}): [6, 7]}


def test_viewers_at_other_sizes_each_get_their_own() -> None:
    stand = Stand()
    stand.show(1, HALF, 0.0)
    stand.show(2, SIZE, 0.0)
    assert [picture.cells[0].width for picture in stand.run(0.0)] == [320, 640]
    assert [len(page.pictures) for page in stand.pages.values()] == [1, 1]


def test_who_joins_late_catches_up_without_a_byte_for_others() -> None:
    stand, now = settled(4, viewers=2)
    before = stand.pages[1].bytes
    late = stand.show(3, HALF, now)
    stand.settle(now)
    assert stand.pages[1].bytes == before
    assert all((late.canvas.tiles[i] == stand.pages[1].canvas.tiles[i]).all() for i in range(4))
    encoded = stand.encoded
    stand.change(2, now + 5, (Rect(0, 0, 50, 50),))
    assert stand.step(now + 5)[0] == {1, 2, 3}  # type: ignore[index]
    assert stand.encoded == encoded + 1


def test_who_had_no_credit_comes_back_by_a_picture_that_is_made_for_others() -> None:
    stand, now = settled(1, viewers=2)
    stand.hub.allow(3, 5, now)
    stand.hub.allow(2, int(-stand.hub.credit(2)) - 1, now)
    stand.change(0, now + 1, WHOLE)
    assert stand.step(now + 1)[0] == {1}  # type: ignore[index]
    stand.hub.allow(2, PLENTY, now + 1.05)
    assert stand.step(now + 1.05) is None, "the next is soon made for both"
    stand.change(0, now + 1.1, WHOLE)
    assert stand.step(now + 1.1)[0] == {1, 2}  # type: ignore[index]
    assert (stand.pages[1].canvas.tiles[0] == stand.pages[2].canvas.tiles[0]).all()


def test_who_had_no_credit_gets_what_it_missed_when_nothing_more_comes() -> None:
    stand, now = settled(1, viewers=2)
    stand.hub.allow(2, int(-stand.hub.credit(2)) - 1, now)
    stand.change(0, now + 1, (Rect(0, 0, 60, 60),))
    stand.run(now + 1)
    stand.hub.allow(2, PLENTY, now + 1.05)
    stand.change(0, now + 1.06, (Rect(300, 300, 360, 360),))
    assert stand.step(now + 1.06)[0] == {1}, "a part is of no use to who misses another"  # type: ignore[index]
    sent = stand.step(now + 1.07 + LINGER)
    assert sent is not None
    assert sent[0] == {2}
    assert len(sent[1].cells) == 2
    stand.settle(now + 2)
    assert (stand.pages[1].canvas.tiles[0] == stand.pages[2].canvas.tiles[0]).all()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_in_the_end_every_viewer_sees_what_there_is(seed: int) -> None:
    """A part before its whole would fail in ``Canvas``."""
    dice = np.random.default_rng(seed)
    stand = Stand(5, (200, 150))
    sizes = ((200, 150), (100, 75), (50, 40))
    jobs, now = [], 0.0
    for _ in range(400):
        now += float(dice.exponential(0.02))
        viewer, tile = int(dice.integers(6)), int(dice.integers(5))
        what = dice.integers(7)
        if what == 0:
            tiles = [i for i in range(5) if dice.integers(3)]
            stand.show(viewer, sizes[dice.integers(3)], now, tiles=tiles, credit=int(dice.integers(20_000)))
        elif what == 1:
            stand.hub.allow(viewer, int(dice.integers(20_000)), now)
        elif what == 2 and stand.hub.knows(viewer) and not dice.integers(5):
            stand.hub.gone(viewer)
            del stand.pages[viewer]
        elif what in (3, 4) and (free := tile not in {cut.channel.tile.index for job in jobs for cut in job.cuts}):
            assert free
            x, y = int(dice.integers(190)), int(dice.integers(140))
            stand.change(tile, now, (Rect(x, y, x + 10, y + 10),))
        elif jobs and dice.integers(2):
            stand.finish(jobs.pop(dice.integers(len(jobs))))
        elif len(jobs) < 3 and (job := stand.hub.next(now)):
            jobs.append(job)
    for job in jobs:
        stand.finish(job)
    for viewer in list(stand.pages):
        if stand.hub.knows(viewer):
            stand.show(viewer, (200, 150), now)
    stand.settle(now)
    for viewer, page in stand.pages.items():
        assert stand.hub.level(viewer) == 0
        for i, display in stand.displays.items():
            assert psnr(page.canvas.tiles[i], display.pixels[..., 2::-1]) >= 40


# credit


def test_without_credit_nothing_is_sent_and_the_latest_when_there_is() -> None:
    stand = Stand()
    page = stand.show(1, HALF, 0.0, credit=0)
    assert stand.run(0.0) == []
    for shade in (10, 200):
        stand.displays[0].pixels[:] = shade
        stand.hub.changed(0, WHOLE, 0.2)
        assert stand.run(0.2) == []
    stand.hub.allow(1, 1, 0.3)
    assert len(stand.run(0.3)) == 1
    assert abs(page.canvas.tiles[0].mean() - 200) < 2
    assert stand.hub.credit(1) == 1 - page.bytes
    stand.change(0, 0.5)
    assert stand.run(0.5) == []


def test_a_message_is_about_as_long_as_there_is_credit() -> None:
    stand = Stand(8)
    page = stand.show(1, HALF, 0.0)
    for i in range(8):
        for tile in range(8):
            stand.change(tile, 1 + i / 10)
        stand.run(1 + i / 10)
    cell = page.bytes / sum(len(picture.cells) for picture in page.pictures)
    stand.hub.allow(1, int(3.5 * cell - stand.hub.credit(1)), 2.0)
    for tile in range(8):
        stand.change(tile, 2.0)
    picture = stand.run(2.0)[0]
    assert len(picture.cells) == 3
    assert size_of(picture) < 4 * cell


def test_credit_of_who_is_not_known_counts_for_nothing() -> None:
    stand = Stand()
    stand.hub.allow(9, PLENTY, 0.0)
    stand.show(9, HALF, 0.0, credit=0)
    assert stand.run(0.0) == []
    stand.hub.gone(8)


def test_who_leaves_while_its_picture_is_made_gets_none() -> None:
    stand = Stand()
    stand.show(1, HALF, 0.0)
    job = stand.hub.next(0.0)
    assert job is not None
    stand.hub.gone(1)
    assert stand.hub.done(job, Encoder().encode([cut.part for cut in job.cuts], job.quality)) == b""


def test_more_viewers_than_a_wall_takes_are_refused() -> None:
    stand = Stand()
    for viewer in range(MOST_VIEWERS):
        stand.hub.demand(viewer, [], 0.0)
    with pytest.raises(ValueError, match="more than 1024 viewers"):
        stand.hub.demand(MOST_VIEWERS, [], 0.0)
    stand.hub.gone(0)
    stand.hub.demand(MOST_VIEWERS, [], 0.0)


def test_cohorts_stay_few_whatever_credits_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "LINGER", 1e9)
    stand, now = settled(1, viewers=40)
    for i in range(40):
        now += 0.01
        stand.hub.allow(i + 1, int(-stand.hub.credit(i + 1)) - 1, now)
        stand.change(0, now, (Rect(10 * i, 10, 10 * i + 9, 20),))
        stand.run(now)
    (tile,) = stand.hub._tiles.values()
    (channel,) = tile.channels.values()
    assert len(channel.cohorts) <= 6
    assert sum(len(cohort.viewers) for cohort in channel.cohorts) == 40
