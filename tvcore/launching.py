"""A launch in the terminal: how the job waits, starts and becomes live, or why its tiles failed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

from tvcore import words
from tvcore.terminal import printable

LOG_LINES = 3
FAILURES_SHOWN = 8

Tile = dict[str, Any]


def failure(tile: Tile, log: Sequence[str]) -> list[str]:
    """Return the lines that say why *tile* failed: cause and reason, the end of its *log*, and what to do."""
    head = f"tile {tile['id']} ({tile['title']}) failed: {words.trouble(tile)}"
    lines = [head, *(f"  | {line}" for line in log), *([f"  {tile['advice']}"] if tile["advice"] else [])]
    return [printable(line) for line in lines]


class Launch:
    """Shows on standard error how a job gets live: moving in a terminal, elsewhere a line whenever something changed.

    *log* returns the last lines of the log of a tile.
    """

    def __init__(self, log: Callable[[int, int], list[str]]) -> None:
        self._log = log
        self._console = Console(file=sys.stderr, highlight=False)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False, table_column=Column(overflow="fold")),
            BarColumn(20),
            TimeElapsedColumn(),
            console=self._console,
        )
        self._task = self._bar.add_task("", total=None)
        self._live = Live(self._bar, console=self._console, transient=True) if self._console.is_terminal else None
        self._said: object = None
        self._failed: set[int] = set()

    def __enter__(self) -> Launch:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def report(self, job: dict[str, Any], tiles: Sequence[Tile]) -> None:
        """Show how far *job* with its *tiles* is."""
        now = time.time()
        text = f"Job {job['id']}: {printable(words.progress(job, tiles, now))}"
        for tile in tiles:
            if tile["state"] == "failed" and tile["id"] not in self._failed:
                self._tell_failure(tile)
        live = sum(tile["state"] == "live" for tile in tiles)
        waits = bool(tiles) and all(tile["state"] == "queued" for tile in tiles)
        self._bar.update(self._task, description=text, total=None if waits else len(tiles) or None, completed=live)
        # That a start comes nearer is no news in a log.
        start = job["expected_start"] and words.clock(job["expected_start"], now)
        said = (job["reason"], start) if waits else text
        if self._live is None and said != self._said:
            self._print(text)
        self._said = said

    def _tell_failure(self, tile: Tile) -> None:
        self._failed.add(tile["id"])
        if len(self._failed) <= FAILURES_SHOWN:
            for line in failure(tile, self._log(tile["id"], LOG_LINES)):
                self._print(line)
        elif len(self._failed) == FAILURES_SHOWN + 1:
            self._print("More tiles failed: `tiledviz tiles` lists them.")

    def _print(self, line: str) -> None:
        if self._live:
            self._console.print(line, markup=False, soft_wrap=True)
        else:
            print(line, file=sys.stderr, flush=True)
