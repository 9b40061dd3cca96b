"""Programs that write live files, as processes of their own, and looks at them until something is seen."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tvcore.ensemble.follow import Follower, Seen

PATIENCE = 30.0  # seconds
OPEN = """
import sys, os, time, signal
from tvcore.ensemble import Column, Field, open_live
import numpy as np
columns = [Column('F', 'float64', '1/step', 'feed rate', 'parameter'), Column('class', 'S8', role='tag')]
def row(i): return {'F': i / 100, 'class': f'c{i % 3}'}
w = open_live(sys.argv[1], columns, title='A live sweep')
"""
RAW = """
import sys, os, time, signal
import h5py, numpy as np
f = h5py.File(sys.argv[1], 'w', libver=('v110', 'v110'))
f.attrs['tiledviz'] = 1
F = f.create_dataset('members/F', (0,), 'f8', maxshape=(None,), chunks=(16,))
n = f.create_dataset('members/name', (0,), h5py.string_dtype('utf-8', 8), maxshape=(None,), chunks=(16,))
def append(i):
    F.resize(i + 1, axis=0); F[i] = i / 100
    n.resize(i + 1, axis=0); n[i] = f'n{i}'.encode()
    F.flush(); n.flush()
f.swmr_mode = True
"""


class Program:
    """A Python program that is told by lines to execute what they hold, and says ``done`` after each."""

    def __init__(self, start: str, path: Path) -> None:
        code = (
            start + "\nprint('done', flush=True)\nfor line in sys.stdin:\n    exec(line); print('done', flush=True)\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._wait()

    def do(self, line: str) -> None:
        """Execute *line* there, and wait for its end."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        self._wait()

    def _wait(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "done\n"

    def kill(self) -> None:
        """End the program at once, as a power cut would."""
        self.process.kill()
        self._close()

    def _close(self) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()
        self.process.wait(PATIENCE)

    def end(self) -> None:
        """Let the program come to its end."""
        self._close()


def until(follower: Follower, holds: Callable[[Seen], bool]) -> Seen:
    """Look until what is seen *holds*; return all that was seen until then as one: rows together, the rest the last."""
    rows: dict[int, Any] = {}
    columns = None
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        seen = follower.look()
        if seen is None:
            time.sleep(0.02)
            continue
        rows |= seen.rows
        columns = seen.columns or columns
        found = Seen(columns, seen.length, dict(rows), seen.note, seen.complete)
        if holds(found):
            return found
    raise AssertionError(f"not seen in {PATIENCE} s; rows {rows}")
