from __future__ import annotations

import numpy as np
import pytest

from tvcore.plugins.gray_scott.simulation import (
    DIFFUSION_U,
    DIFFUSION_V,
    Run,
    Solver,
    initial_state,
    integrate,
    kill_line,
)

FEED, KILL = 0.035, 0.06


def reference_step(u: np.ndarray, v: np.ndarray, feed: float, kill: float) -> tuple[np.ndarray, np.ndarray]:
    """One step as the equations stand, in float64 and point by point."""
    size = len(u)
    new_u, new_v = np.empty_like(u), np.empty_like(v)
    for z, y, x in np.ndindex(u.shape):
        near = [((z + dz) % size, (y + dy) % size, (x + dx) % size)
                for dz, dy, dx in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))]  # fmt: skip
        here_u, here_v = u[z, y, x], v[z, y, x]
        reaction = here_u * here_v**2
        laplace_u = sum(u[p] for p in near) - 6 * here_u
        laplace_v = sum(v[p] for p in near) - 6 * here_v
        new_u[z, y, x] = here_u + DIFFUSION_U * laplace_u - reaction + feed * (1 - here_u)
        new_v[z, y, x] = here_v + DIFFUSION_V * laplace_v + reaction - (feed + kill) * here_v
    return new_u, new_v


def test_steps_agree_with_the_equations_point_by_point() -> None:
    u, v = initial_state(8, seed=3)
    solver = Solver(u, v, FEED, KILL)
    wanted_u, wanted_v = u.astype(float), v.astype(float)
    for _ in range(4):
        solver.step()
        wanted_u, wanted_v = reference_step(wanted_u, wanted_v, FEED, KILL)
    found_u, found_v = solver.fields
    np.testing.assert_allclose(found_u, wanted_u, rtol=0, atol=2e-6)
    np.testing.assert_allclose(found_v, wanted_v, rtol=0, atol=2e-6)


def test_the_cube_has_no_border() -> None:
    u, v = initial_state(12, seed=5)
    plain, shifted = Solver(u, v, FEED, KILL), Solver(np.roll(u, 5, 1), np.roll(v, 5, 1), FEED, KILL)
    for _ in range(30):
        plain.step()
        shifted.step()
    for a, b in zip(plain.fields, shifted.fields, strict=True):
        assert np.array_equal(np.roll(a, 5, 1), b)


def test_without_feed_and_kill_nothing_is_lost() -> None:
    u, v = initial_state(12, seed=1)
    solver = Solver(u, v, 0.0, 0.0)
    for _ in range(100):
        solver.step()
    after_u, after_v = solver.fields
    assert after_u.sum(dtype=float) + after_v.sum(dtype=float) == pytest.approx(
        u.sum(dtype=float) + v.sum(dtype=float), rel=1e-5
    )


def test_diffusion_alone_decays_a_wave_at_the_rate_of_the_grid() -> None:
    size, steps = 16, 50
    wave = np.cos(2 * np.pi * np.arange(size) / size).astype(np.float32)
    u = np.broadcast_to(0.5 + 0.1 * wave, (size,) * 3).astype(np.float32)
    solver = Solver(u, np.zeros_like(u), 0.0, 0.0)
    for _ in range(steps):
        solver.step()
    decay = 1 - 2 * DIFFUSION_U * (1 - np.cos(2 * np.pi / size))
    np.testing.assert_allclose(solver.fields[0][0, 0] - 0.5, 0.1 * decay**steps * wave, atol=1e-5)


def test_without_v_the_feed_brings_u_back_to_one() -> None:
    u = np.full((8, 8, 8), 0.2, np.float32)
    solver = Solver(u, np.zeros_like(u), FEED, KILL)
    for _ in range(100):
        solver.step()
    np.testing.assert_allclose(solver.fields[0], 1 - 0.8 * (1 - FEED) ** 100, rtol=1e-4)


def test_on_the_kill_line_the_uniform_state_with_v_is_steady() -> None:
    kill = kill_line(FEED)
    u = np.full((8, 8, 8), 0.5, np.float32)
    v = np.full_like(u, FEED / 2 / (FEED + kill))
    solver = Solver(u, v, FEED, kill)
    for _ in range(20):
        solver.step()
    np.testing.assert_allclose(solver.fields[0], u, rtol=1e-4)
    np.testing.assert_allclose(solver.fields[1], v, rtol=1e-4)


def test_the_same_run_gives_the_same_fields_and_another_seed_gives_others() -> None:
    run = Run(FEED, KILL, 16, 50, seed=7)
    first, again, other = integrate(run), integrate(run), integrate(Run(FEED, KILL, 16, 50, seed=8))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[1], other[1])


def test_progress_is_told_every_hundred_steps() -> None:
    told: list[int] = []
    u, v = integrate(Run(FEED, KILL, 8, 250, 0), told.append)
    assert told == [100, 200]
    assert (u.shape, u.dtype, v.shape, v.dtype) == ((8, 8, 8), np.float32, (8, 8, 8), np.float32)


def test_the_initial_state_has_balls_of_v_in_u() -> None:
    u, v = initial_state(32, seed=0)
    ball = v > 0.2
    assert 0.005 < ball.mean() < 0.06
    assert u[ball].mean() == pytest.approx(0.5, abs=0.01)
    assert u[~ball].mean() == pytest.approx(1.0, abs=0.01)
    assert v.min() >= 0
