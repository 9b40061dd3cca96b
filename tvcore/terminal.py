"""What the terminal shows: plain tables, and progress bars for what takes longer than a moment."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from types import TracebackType

import click
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return *rows* under *header* in columns as wide as their content; a last column is left ragged."""
    lines = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(header))]
    padded = ([cell + " " * (w - _width(cell)) for cell, w in zip(line, widths, strict=True)] for line in lines)
    return "\n".join("  ".join(cells).rstrip() for cells in padded)


def _width(cell: str) -> int:
    """Return how many columns *cell* takes, its colours not counted."""
    return len(click.unstyle(cell))


def printable(text: str) -> str:
    """Return *text* without what a terminal would act on."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text.expandtabs())


def when(at: float | None, never: str = "") -> str:
    """Return the moment *at*, in seconds since the epoch, as people here read it; None: *never*."""
    return never if at is None else time.strftime("%d %b %Y %H:%M", time.localtime(at))


def code(text: str) -> str:
    """Return *text* as a code of blocks that a phone's camera reads in a terminal, in lines of its own."""
    import io

    import segno

    drawn = io.StringIO()
    segno.make_qr(text, error="m").terminal(drawn, compact=True)
    return f"\n{drawn.getvalue()}"


class Progress:
    """A progress bar on standard error that appears with the first report; lines where it is no terminal."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr)
        self._bar: Bar | None = None
        self._said = -1

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def report(self, fraction: float, text: str) -> None:
        """Show that *fraction* (0 to 1) is done of what *text* names."""
        if not self._console.is_terminal:
            # A log wants few lines: one per tenth.
            percent = int(fraction * 10) * 10
            if percent != self._said:
                self._said = percent
                print(f"{text}: {percent} %", file=sys.stderr, flush=True)
            return
        if self._bar is None:
            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
            self._bar = Bar(*columns, TimeElapsedColumn(), console=self._console)
            self._bar.start()
            self._bar.add_task(text, total=1.0)
        self._bar.update(self._bar.task_ids[0], completed=fraction, description=text)
