"""Functions for worker processes that are under test."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from tvcore.errors import TiledVizError, UsageError
from tvcore.nursery import Line, converses


def echo(value: Any) -> Any:
    return value


def pid() -> int:
    return os.getpid()


def hang() -> None:
    time.sleep(3600)


def hang_deaf() -> None:
    """Hang as a C library does that keeps the interpreter to itself: no signal handler of Python's would run."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    time.sleep(3600)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(usage: bool) -> None:
    raise (UsageError if usage else TiledVizError)("this cannot be")


def fault() -> None:
    raise RuntimeError("a secret detail")


def talk() -> str:
    """Write where answers must not be mixed up with it."""
    print("noise on standard output", flush=True)
    os.write(1, b"more noise\n")
    return os.read(0, 10).decode()


@converses
def count(line: Line, most: int) -> Any:
    """Tell each number below *most*, until it is cancelled; return how many it told."""
    for number in range(most):
        if line.cancelled():
            return {"told": number}  # an answer may look like anything
        line.tell(number)
        time.sleep(0.02)
    return most


FUNCTIONS = {function.__name__: function for function in (echo, pid, hang, hang_deaf, die, refuse, fault, talk, count)}
