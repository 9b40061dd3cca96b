"""Sizes, scaling and layout, against plain arithmetic."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from nodekit import area_average, psnr
from tvcore.node.damage import Rect
from tvcore.node.encode import MOVING, STEPS, STILL, Encoder, Part, Step, is_flat, picture_size, shelves

ENCODER = Encoder()
SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))


def textured(width: int, height: int, seed: int = 1) -> np.ndarray:
    rough = np.random.default_rng(seed).integers(0, 256, (height // 4 + 2, width // 4 + 2, 4), np.uint8)
    return np.ascontiguousarray(cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC))


def scale(pixels: np.ndarray, rect: Rect, step: Step) -> np.ndarray:
    part = Part(pixels, rect, step)
    width, height = part.size
    target = np.zeros((height, width, 4), np.uint8)
    ENCODER.scale(part, target)
    return target


def as_it_is(pixels: np.ndarray) -> Part:
    height, width = pixels.shape[:2]
    return Part(pixels, Rect(0, 0, width, height), STEPS[-1])


def test_the_steps_are_simple_fractions_of_a_tile() -> None:
    steps = " ".join(f"{step.cells}/{step.block}" for step in STEPS)
    assert steps == "1/16 1/12 1/8 1/6 1/4 1/3 1/2 2/3 1/1"


@pytest.mark.parametrize(
    ("shown", "size"),
    [
        ((640, 480), (640, 480)),
        ((4000, 3000), (640, 480)),
        ((500, 300), (640, 480)),
        ((427, 320), (427, 320)),
        ((428, 320), (427, 320)),
        ((430, 320), (640, 480)),
        ((320, 240), (320, 240)),
        ((200, 240), (320, 240)),
        ((240, 180), (320, 240)),
        ((161, 100), (160, 120)),
        ((100, 75), (107, 80)),
        ((41, 30), (40, 30)),
        ((1, 1), (40, 30)),
    ],
)
def test_the_picture_is_the_smallest_step_that_fills_what_is_shown(
    shown: tuple[int, int], size: tuple[int, int]
) -> None:
    assert picture_size((640, 480), shown).size(640, 480) == size


@given(st.tuples(st.integers(16, 5000), st.integers(16, 5000)), st.tuples(st.integers(1, 9000), st.integers(1, 9000)))
def test_a_picture_is_never_above_native_and_never_below_what_is_shown(
    native: tuple[int, int], shown: tuple[int, int]
) -> None:
    step = picture_size(native, shown)
    width, height = step.size(*native)
    assert 1 <= width <= native[0]
    assert 1 <= height <= native[1]
    assert step == STEPS[-1] or (width + 1 >= shown[0] and height + 1 >= shown[1])


@pytest.mark.parametrize("step", STEPS)
def test_scaling_is_the_area_average(step: Step) -> None:
    pixels = textured(960, 480)
    width, height = step.size(960, 480)
    scaled = scale(pixels, step.aligned(Rect(0, 0, 960, 480)), step)
    assert scaled.shape == (height, width, 4)
    exact = area_average(np.repeat(np.repeat(pixels, step.cells, 0), step.cells, 1), width, height)
    assert psnr(scaled, exact) > (35 if step.block % 3 == 0 else 48)


@given(st.sampled_from(STEPS), st.data())
def test_a_part_scaled_alone_is_that_part_of_the_whole(step: Step, data: st.DataObject) -> None:
    width, height = data.draw(st.integers(16, 150)), data.draw(st.integers(16, 150))
    pixels = textured(width, height)
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    rect = Rect(left, top, data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height)))
    whole = scale(pixels, step.aligned(Rect(0, 0, width, height)), step)
    assert (whole.shape[1], whole.shape[0]) == step.size(width, height)
    grown = step.aligned(rect)
    assert grown.left <= left
    assert grown.right >= rect.right
    place = step.scaled(grown).within(*step.size(width, height))
    part = scale(pixels, grown, step)
    assert (part == whole[place.top : place.bottom, place.left : place.right]).all()


@given(st.lists(SIZES, min_size=1, max_size=20))
def test_what_is_laid_out_never_overlaps(sizes: list[tuple[int, int]]) -> None:
    corners, (width, height) = shelves(tuple(sizes))
    boxes = [Rect(x, y, x + w, y + h) for (x, y), (w, h) in zip(corners, sizes, strict=True)]
    assert all(box.right <= width and box.bottom <= height for box in boxes)
    for a, b in itertools.combinations(boxes, 2):
        assert a.right <= b.left or b.right <= a.left or a.bottom <= b.top or b.bottom <= a.top


def test_a_composed_picture_holds_each_part_and_repeats_its_edges() -> None:
    parts = [textured(50, 30, 1), textured(16, 16, 2), textured(1, 70, 3)]
    picture, corners = ENCODER.compose([as_it_is(part) for part in parts])
    assert picture.shape[0] % 16 == picture.shape[1] % 16 == 0
    for part, (x, y) in zip(parts, corners, strict=True):
        h, w = part.shape[:2]
        around = np.pad(part, ((2, 2), (2, 2), (0, 0)), "edge")
        assert (picture[y - 2 : y + h + 2, x - 2 : x + w + 2] == around).all()


@pytest.mark.parametrize("step", STEPS)
def test_parts_are_scaled_in_their_places(step: Step) -> None:
    parts = [Part(textured(w, h, w), step.aligned(Rect(0, 0, w, h)), step) for w, h in ((333, 77), (64, 200), (96, 96))]
    picture, corners = ENCODER.compose(parts)
    for part, (x, y) in zip(parts, corners, strict=True):
        w, h = part.size
        assert (picture[y : y + h, x : x + w] == scale(part.pixels, part.rect, step)).all()


def test_memory_that_is_used_again_shows_nothing_of_what_was_there() -> None:
    ENCODER.compose([as_it_is(np.full((200, 600, 4), 255, np.uint8))] * 4)
    picture, _ = ENCODER.compose([as_it_is(np.zeros((h, 500, 4), np.uint8)) for h in (90, 20, 60)])
    assert picture.max() == 0


def test_a_part_alone_has_no_margin() -> None:
    part = textured(32, 16)
    picture, corners = ENCODER.compose([as_it_is(part)])
    assert corners == [(0, 0)]
    assert (picture == part).all()
    beside, _ = ENCODER.compose([Part(part, Rect(5, 3, 20, 10), STEPS[-1])])
    assert (beside == part[3:10, 5:20]).all()


def test_rows_of_a_framebuffer_as_they_are_are_not_copied() -> None:
    part = textured(32, 16)
    picture, _ = ENCODER.compose([Part(part, Rect(0, 4, 32, 12), STEPS[-1])])
    assert np.shares_memory(picture, part)
    encoded = ENCODER.encode([Part(part, Rect(0, 4, 32, 12), STEPS[-1])], STILL)
    assert psnr(simplejpeg.decode_jpeg(encoded.jpeg, "BGR"), part[4:12, :, :3]) > 40


def test_no_colour_bleeds_from_one_cell_into_its_neighbour() -> None:
    red, blue = np.zeros((20, 20, 4), np.uint8), np.zeros((20, 20, 4), np.uint8)
    red[..., 2], blue[..., 0] = 255, 255
    encoded = ENCODER.encode([as_it_is(red), as_it_is(blue)], MOVING)
    decoded = simplejpeg.decode_jpeg(encoded.jpeg, "BGR")
    for part, (x, y) in zip((red, blue), encoded.corners, strict=True):
        error = np.abs(decoded[y : y + 20, x : x + 20].astype(int) - part[..., :3])
        assert error.max() < 12


def test_what_an_encoder_took_is_told_by_stage() -> None:
    encoded = ENCODER.encode([Part(textured(640, 480), Rect(0, 0, 640, 480), Step(1, 2))], MOVING)
    assert encoded.scale_seconds > 0
    assert encoded.jpeg_seconds > 0


def test_flat_is_one_colour_whatever_the_unused_byte_holds() -> None:
    pixels = np.full((30, 40, 4), 7, np.uint8)
    pixels[..., 3] = np.arange(40)
    assert is_flat(pixels)
    assert is_flat(pixels[:0])
    pixels[29, 39, 1] = 8
    assert not is_flat(pixels)
