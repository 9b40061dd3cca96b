"""The Gray-Scott model of reaction and diffusion, integrated in three dimensions.

    du/dt = Du ∇²u - u v² + F (1 - u)
    dv/dt = Dv ∇²v + u v² - (F + k) v

P. Gray and S. K. Scott, Chem. Eng. Sci. 39 (1984) 1087; the patterns: J. E. Pearson, Science 261 (1993) 189.
Lengths are in grid spacings, times in steps (explicit Euler, the 7-point Laplacian, a periodic cube).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FieldArray = npt.NDArray[np.float32]

DIFFUSION_U = 0.14  # spacing² / step; explicit Euler is stable up to 1/6
DIFFUSION_V = 0.07
SEEDS = 12  # balls of v in the initial state
SEED_RADIUS = 3.0  # spacings
NOISE = 0.01
REPORT_EVERY = 100  # steps


@dataclass(frozen=True)
class Run:
    """What one member integrates: rates in 1/step, *size* points along each edge, *seed* of the initial state."""

    feed: float
    kill: float
    size: int
    steps: int
    seed: int


def kill_line(feed: float) -> float:
    """Return the kill rate above which the only uniform state is the one without v: the saddle-node line.

    It follows from the uniform steady state, F = 4 (F + k)². The patterns live beside this line.
    """
    return math.sqrt(feed) / 2 - feed


def initial_state(size: int, seed: int) -> tuple[FieldArray, FieldArray]:
    """Return u and v of shape (size, size, size): u = 1, v = 0, with balls of both at random places and noise."""
    random = np.random.default_rng(seed)
    u = np.ones((size, size, size), np.float32)
    v = np.zeros_like(u)
    axis = np.arange(size)
    for centre in random.uniform(0, size, (SEEDS, 3)):
        z, y, x = ((np.abs((axis - c + size / 2) % size - size / 2)) ** 2 for c in centre)
        ball = z[:, None, None] + y[None, :, None] + x[None, None, :] < SEED_RADIUS**2
        u[ball], v[ball] = 0.5, 0.25
    u += random.normal(0, NOISE, u.shape).astype(np.float32)
    v += np.abs(random.normal(0, NOISE, v.shape)).astype(np.float32)
    return u, v


class Solver:
    """Integrates one member in place.

    The arrays have one layer of ghost points around them, and each step works on flat slices of them: long runs of
    memory, at the price of computing the ghost points too, which are then filled anew.
    """

    def __init__(self, u: FieldArray, v: FieldArray, feed: float, kill: float) -> None:
        edge = len(u) + 2
        layer, count = edge * edge, edge**3 - 2 * edge * edge
        self._u, self._v = np.pad(u, 1), np.pad(v, 1)
        shifts = (0, -layer, layer, -edge, edge, -1, 1)
        self._near_u, self._near_v = (
            [field.reshape(-1)[layer + shift : layer + shift + count] for shift in shifts]
            for field in (self._u, self._v)
        )
        self._sum, self._reaction = np.empty(count, np.float32), np.empty(count, np.float32)
        self._feed = np.float32(feed)
        self._keep_u = np.float32(1 - 6 * DIFFUSION_U - feed)
        self._keep_v = np.float32(1 - 6 * DIFFUSION_V - feed - kill)

    @property
    def fields(self) -> tuple[FieldArray, FieldArray]:
        """Return copies of u and v, without ghost points."""
        inner = (slice(1, -1),) * 3
        return self._u[inner].copy(), self._v[inner].copy()

    def step(self) -> None:
        """Go one step on."""
        _wrap(self._u)
        _wrap(self._v)
        u, v, reaction = self._near_u[0], self._near_v[0], self._reaction
        np.multiply(v, v, out=reaction)
        np.multiply(reaction, u, out=reaction)
        self._diffuse(self._near_u, self._keep_u, np.float32(DIFFUSION_U))
        np.subtract(u, reaction, out=u)
        np.add(u, self._feed, out=u)
        self._diffuse(self._near_v, self._keep_v, np.float32(DIFFUSION_V))
        np.add(v, reaction, out=v)

    def _diffuse(self, near: list[FieldArray], keep: np.float32, diffusion: np.float32) -> None:
        """Set the field to keep * field + diffusion * (sum of its six neighbours)."""
        here, total = near[0], self._sum
        np.add(near[1], near[2], out=total)
        for neighbour in near[3:]:
            np.add(total, neighbour, out=total)
        np.multiply(total, diffusion, out=total)
        np.multiply(here, keep, out=here)
        np.add(here, total, out=here)


def _wrap(field: FieldArray) -> None:
    """Fill the ghost points from the opposite faces, axis after axis, so that edges and corners follow."""
    field[0], field[-1] = field[-2], field[1]
    field[:, 0], field[:, -1] = field[:, -2], field[:, 1]
    field[:, :, 0], field[:, :, -1] = field[:, :, -2], field[:, :, 1]


def integrate(run: Run, progress: Callable[[int], None] = lambda _: None) -> tuple[FieldArray, FieldArray]:
    """Return u and v, each (z, y, x), after *run*; *progress* gets the steps done, every REPORT_EVERY steps."""
    solver = Solver(*initial_state(run.size, run.seed), run.feed, run.kill)
    for done in range(1, run.steps + 1):
        solver.step()
        if done % REPORT_EVERY == 0:
            progress(done)
    return solver.fields
