from __future__ import annotations

import numpy as np
import pytest

from tvcore.plugins.gray_scott.measures import (
    SPOTS_FROM,
    WAVES_FROM,
    activity,
    classify,
    entropy,
    label_bodies,
    measure,
    sphericity,
    surface_areas,
)
from tvcore.plugins.gray_scott.simulation import Run, Solver, integrate

SIZE = 48
Z, Y, X = np.meshgrid(*[np.arange(SIZE)] * 3, indexing="ij")
STILL = (0.035, 0.06)  # rates for fields whose class does not come from the model


def balls(radius: float) -> np.ndarray:
    """Balls on a cubic lattice of 16, some of which the cube's faces cut."""
    return sum(((a + 4) % 16 - 8.0) ** 2 for a in (Z, Y, X)) < radius**2


def tubes(radius: float) -> np.ndarray:
    return sum(((a + 4) % 16 - 8.0) ** 2 for a in (Y, X)) < radius**2


def sheets(width: float) -> np.ndarray:
    return np.abs((X + 4) % 16 - 8.0) < width / 2


def gyroid() -> np.ndarray:
    a, b, c = (2 * np.pi * axis / 24 for axis in (X, Y, Z))
    return np.sin(a) * np.cos(b) + np.sin(b) * np.cos(c) + np.sin(c) * np.cos(a) > 0.6


def compactness(inside: np.ndarray) -> float:
    return sphericity(*label_bodies(inside))


def test_bodies_are_what_hangs_together_through_faces() -> None:
    inside = np.zeros((4, 4, 4), bool)
    inside[0, 0, :2] = inside[0, 1, 1] = True  # an L
    inside[1, 2, 2] = True  # touches it by an edge alone
    inside[3, 3, 3] = inside[0, 0, 3] = True  # at opposite faces
    labels, bodies = label_bodies(inside)
    assert bodies == 4
    assert labels[0, 0, 0] == labels[0, 0, 1] == labels[0, 1, 1] > 0
    assert len({labels[0, 0, 0], labels[1, 2, 2], labels[3, 3, 3], labels[0, 0, 3]}) == 4
    assert np.array_equal(labels > 0, inside)


def test_a_long_way_is_one_body() -> None:
    inside = np.zeros((1, 41, 41), bool)
    inside[0, ::2] = True  # a snake: rows, joined in turn at either end
    inside[0, 1::4, -1] = inside[0, 3::4, 0] = True
    assert label_bodies(inside)[1] == 1


def test_bodies_agree_with_a_flood_fill() -> None:
    inside = np.random.default_rng(4).random((12, 12, 12)) < 0.35
    left, bodies = set(zip(*np.nonzero(inside), strict=True)), 0
    labels, found = label_bodies(inside)
    while left:
        bodies += 1
        todo, seen = [left.pop()], set()
        while todo:
            z, y, x = todo.pop()
            seen.add(labels[z, y, x])
            for near in ((z + 1, y, x), (z - 1, y, x), (z, y + 1, x), (z, y - 1, x), (z, y, x + 1), (z, y, x - 1)):
                if near in left:
                    left.remove(near)
                    todo.append(near)
        assert len(seen) == 1
    assert found == bodies


@pytest.mark.parametrize("turn", [0.0, 0.3, 0.785])
def test_the_area_of_a_body_does_not_depend_on_how_it_lies(turn: float) -> None:
    a, b, c = (axis - 23.5 for axis in (Z, Y, X))
    a, b = a * np.cos(turn) - b * np.sin(turn), a * np.sin(turn) + b * np.cos(turn)
    a, c = a * np.cos(turn) - c * np.sin(turn), a * np.sin(turn) + c * np.cos(turn)
    ball, tube = a**2 + b**2 + c**2 < 15**2, (a**2 + b**2 < 6**2) & (np.abs(c) < 18)
    for body, wanted in ((ball, 4 * np.pi * 15**2), (tube, 2 * np.pi * 6 * 36 + 2 * np.pi * 6**2)):
        assert surface_areas(*label_bodies(body)) == pytest.approx([wanted], rel=0.06)


def test_balls_are_compact_and_tubes_sheets_and_labyrinths_are_not() -> None:
    assert compactness(((Z - 24.0) ** 2 + (Y - 24.0) ** 2 + (X - 24.0) ** 2) < 15**2) > 0.85
    assert compactness(balls(5)) > SPOTS_FROM + 0.2
    assert compactness(tubes(4)) < SPOTS_FROM - 0.05
    assert compactness(sheets(6)) < SPOTS_FROM - 0.2
    assert compactness(gyroid()) < 0.1
    assert compactness(np.zeros((4, 4, 4), bool)) == 0


@pytest.mark.parametrize(
    ("inside", "wanted"),
    [(balls(5), "spots"), (tubes(4), "stripes"), (sheets(6), "stripes"), (gyroid(), "stripes")],
)
def test_what_stands_still_is_classed_by_its_shape(inside: np.ndarray, wanted: str) -> None:
    deviation = float(np.where(inside, 0.4, 0.02).std())
    assert classify(deviation, compactness(inside), WAVES_FROM / 10) == wanted


@pytest.mark.parametrize(("inside", "wanted"), [(sheets(6), "waves"), (gyroid(), "waves"), (balls(5), "spots")])
def test_what_moves_is_waves_unless_it_is_made_of_spots(inside: np.ndarray, wanted: str) -> None:
    assert classify(0.1, compactness(inside), WAVES_FROM * 10) == wanted


@pytest.mark.parametrize("level", [0.0, 0.26, 1.0])
def test_a_uniform_state_is_dead_whatever_its_level(level: float) -> None:
    v = np.full((8, 8, 8), level, np.float32)
    row = measure(np.ones_like(v), v, *STILL)
    assert row["class"] == "dead"
    assert row["var_v"] == 0
    assert row["entropy"] == 0


def test_activity_is_the_change_that_one_step_makes() -> None:
    run = Run(0.025, 0.0571, 16, 300, 0)
    u, v = integrate(run)
    solver = Solver(u, v, run.feed, run.kill)
    solver.step()
    change = solver.fields[1].astype(float) - v
    assert activity(u, v, run.feed, run.kill) == pytest.approx(np.sqrt(np.mean(change**2)) / v.std(), rel=1e-3)


def test_entropy_counts_bits() -> None:
    assert entropy(np.zeros((4, 4, 4), np.float32)) == 0
    half = np.zeros((4, 4, 4), np.float32)
    half[:2] = 0.5
    assert entropy(half) == pytest.approx(1)
    assert entropy(((np.arange(512) + 0.5) / 512).astype(np.float32)) == pytest.approx(8)


def test_mean_and_variance_are_those_of_the_fields() -> None:
    random = np.random.default_rng(0)
    u, v = random.random((2, 8, 8, 8)).astype(np.float32)
    row = measure(u, v, *STILL)
    assert row["mean_u"] == pytest.approx(u.astype(float).mean())
    assert row["var_v"] == pytest.approx(v.astype(float).var())
    assert row["volume"] == pytest.approx(np.mean(v > 0.25))


def test_the_model_really_makes_every_class() -> None:
    """A smaller cube and a shorter time than the case's own: each with rates of the default sweep, or beyond it."""
    wanted = {(0.0367, 0.0601): "stripes", (0.0273, 0.0617): "spots", (0.018, 0.0501): "waves", (0.046, 0.08): "dead"}
    for (feed, kill), name in wanted.items():
        run = Run(feed, kill, 40, 2000, 0)
        assert measure(*integrate(run), feed, kill)["class"] == name
