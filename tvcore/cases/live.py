"""A live tile in the hands of a program: its keyboard, pointer, windows, commands and files.

Every method waits until it is done, and raises TiledVizError with one line that says why it could not be.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tvcore.errors import TiledVizError, UsageError
from tvcore.tunnel import agents, remote
from tvcore.tunnel.agents import Registration

CALL_SECONDS = 30.0
STOP_SECONDS = 60.0  # its case may need twenty for the last that it has to do
OUTPUT_MAX = 1 << 26  # bytes that ``run`` keeps of each stream
CHUNK = 1 << 16


@dataclass(frozen=True)
class Window:
    """A window of the tile's display; places and sizes in pixels."""

    id: int | str
    title: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Output:
    """What came of a command: its exit code and what it printed; *cut*: it printed more than is kept."""

    code: int
    stdout: bytes
    stderr: bytes
    seconds: float
    error: str = ""
    cut: bool = False

    @property
    def text(self) -> str:
        """Return what it printed on standard output, as text."""
        return self.stdout.decode(errors="replace")


class LiveTile:
    """The tile *index* at the node agent of *registration*."""

    def __init__(self, registration: Registration, index: int) -> None:
        self.registration = registration
        self.index = index

    def __repr__(self) -> str:
        return f"<tile {self.index} of job {self.registration.job}>"

    # ------------------------------------------------------- keyboard, pointer

    def type(self, text: str) -> None:
        """Type *text* into the window that has the keyboard."""
        self._call("type", text=text)

    def key(self, keys: str) -> None:
        """Press *keys* together and let go: ``Return``, ``ctrl+alt+t``."""
        self._call("key", keys=keys)

    def move(self, x: int, y: int) -> None:
        """Move the pointer to *x*, *y*."""
        self._call("move", x=x, y=y)

    def click(self, x: int, y: int, button: int = 1, count: int = 1) -> None:
        """Click at *x*, *y* with *button* (1 left, 2 middle, 3 right), *count* times."""
        self._call("click", x=x, y=y, button=button, count=count)

    def drag(self, x: int, y: int, to_x: int, to_y: int, button: int = 1) -> None:
        """Drag from *x*, *y* to *to_x*, *to_y*."""
        self._call("drag", x=x, y=y, to_x=to_x, to_y=to_y, button=button)

    # ----------------------------------------------------------------- windows

    def windows(self) -> list[Window]:
        """Return the windows there are."""
        return [Window(**found) for found in self._call("windows")]

    def wait_window(self, title: str = "", seconds: float = 30.0) -> Window:
        """Return the first window whose title has *title* in it, as soon as there is one."""
        deadline = time.monotonic() + seconds
        while True:
            titles = []
            for window in self.windows():
                if title in window.title:
                    return window
                titles.append(window.title)
            if time.monotonic() > deadline:
                there = ", ".join(map(repr, titles)) or "none"
                raise TiledVizError(f"no window with {title!r} in its title within {seconds:g} s: there are {there}")
            time.sleep(0.2)

    def maximise(self, window: Window | int | str) -> None:
        """Make *window* as large as the display."""
        self._window(window, "maximise")

    def place(
        self, window: Window | int | str, x: int, y: int, width: int | None = None, height: int | None = None
    ) -> None:
        """Put *window* at *x*, *y*, with this size or the one it has."""
        size = {name: side for name, side in (("width", width), ("height", height)) if side is not None}
        self._window(window, "place", x=x, y=y, **size)

    def raise_window(self, window: Window | int | str) -> None:
        """Put *window* before the others and give it the keyboard."""
        self._window(window, "raise")

    def close(self, window: Window | int | str) -> None:
        """Ask *window* to close."""
        self._window(window, "close")

    def _window(self, window: Window | int | str, action: str, **more: int) -> None:
        self._call("window", window=window.id if isinstance(window, Window) else window, action=action, **more)

    # -------------------------------------------------------------------- life

    def play(self, at: float, since: float | None = None, rate: float = 1.0) -> None:
        """Show *at* of a movie (seconds) or a PDF (a page, from 1); go on at *rate* since *since*, None: stay there."""
        self._call("play", at=at, since=since, rate=rate)

    def resize(self, width: int, height: int) -> tuple[int, int]:
        """Change the display to *width* by *height* pixels; return the size that it got."""
        if not (16 <= width <= 16384 and 16 <= height <= 16384):
            raise UsageError(f"a tile of {width}x{height} cannot be: each side has 16 to 16384 pixels")
        got = self._call("resize", width=width, height=height)
        return got["width"], got["height"]

    def restart(self) -> None:
        """Start the program again."""
        self._call("restart")

    def stop(self) -> None:
        """End the program; the tile stays, stopped, until it is started again."""
        self._call("stop", STOP_SECONDS)

    # --------------------------------------------------------- commands, files

    def run(
        self, command: Sequence[str], seconds: float | None = None, stdin: Iterable[bytes] = (), most: int = OUTPUT_MAX
    ) -> Output:
        """Run *command*, an argument list, as the tile's program runs, for *seconds* at most.

        *most* bytes are kept of each of its outputs.
        """
        if not command:
            raise UsageError("there is no command to run")
        kept = {1: bytearray(), 2: bytearray()}
        cut = False

        def keep(stream: int, data: bytes) -> None:
            nonlocal cut
            room = most - len(kept[stream])
            kept[stream] += data[:room]
            cut = cut or len(data) > room

        ended = remote.run_command(
            self.registration, self.index, list(command), stdin=stdin, sink=keep, seconds=seconds
        )
        return Output(ended.code, bytes(kept[1]), bytes(kept[2]), ended.seconds, ended.error, cut)

    def pass_on(self, command: Sequence[str], sink: Callable[[int, bytes], None], seconds: float | None = None) -> int:
        """Run *command* as ``run`` does and return its exit code; *sink* gets its outputs (1, 2) as they come."""
        ended = remote.run_command(self.registration, self.index, list(command), sink=sink, seconds=seconds)
        if ended.error:
            raise TiledVizError(ended.error)
        return ended.code

    def put(self, source: Path | str | Iterable[bytes], path: str) -> None:
        """Write the file *source* (or these bytes) to *path* in the tile: whole, or not at all."""
        chunks = read_chunks(Path(source)) if isinstance(source, Path | str) else source
        remote.put(self.registration, self.index, path, chunks)

    def get(self, path: str) -> Iterator[bytes]:
        """Yield the file *path* of the tile."""
        return remote.get(self.registration, self.index, path)

    def read(self, path: str) -> bytes:
        """Return the file *path* of the tile."""
        return b"".join(self.get(path))

    def picture(self) -> bytes:
        """Return what the tile shows now, at full size and without loss, as a PNG."""
        return b"".join(remote.stream_of(self.registration, self.index, "picture"))

    def source(self) -> Iterator[bytes]:
        """Yield the file that the tile, a picture, movie or PDF, shows; it has 1 GiB at most."""
        return remote.stream_of(self.registration, self.index, "file")

    def _call(self, method: str, seconds: float = CALL_SECONDS, /, **arguments: object) -> Any:
        return agents.call(self.registration, method, timeout=seconds, tile=self.index, **arguments)


def read_chunks(path: Path) -> Iterator[bytes]:
    """Yield the file *path* of this machine. Raises TiledVizError in one line when it cannot be read."""
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise TiledVizError(f"{path} cannot be read: {error.strerror}") from error
