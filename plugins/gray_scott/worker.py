"""A process that integrates members: ``main`` in a process of its own, with a socket as standard input.

It gets tasks and sends what it did through ``multiprocessing.connection``, and ends with whoever started it: when
the other side of the socket is gone, so is the reason to go on. (A pool of multiprocessing would outlive it.)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tvcore.viewer.surfaces import Surface, isosurface

from .measures import measure
from .simulation import FieldArray, Run, integrate


@dataclass(frozen=True)
class Task:
    """Member number *member*: what to integrate, and the surface to take from it."""

    member: int
    run: Run
    isovalue: float
    triangles: int


@dataclass(frozen=True)
class Progress:
    """So many steps of *member* are done."""

    member: int
    steps: int


@dataclass(frozen=True)
class Result:
    """What became of *member*."""

    member: int
    row: dict[str, float | int | str]
    u: FieldArray
    v: FieldArray
    surface: Surface


def work(task: Task, connection: Connection) -> Result:
    """Return what *task* asks for, sending Progress on the way."""
    u, v = integrate(task.run, lambda done: connection.send(Progress(task.member, done)))
    row = measure(u, v, task.run.feed, task.run.kill)
    surface = isosurface(v, task.isovalue, task.triangles, u)
    return Result(task.member, {**row, "triangles": len(surface.triangles)}, u, v, surface)


def main() -> None:
    """Work until the other side is gone."""
    connection = Connection(os.dup(0))
    try:
        while True:
            connection.send(work(connection.recv(), connection))
    except (EOFError, ConnectionError):
        return
