"""What a case's actions tell the viewers in live tiles, and ask them."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tvcore.cases.live import LiveTile
from tvcore.errors import TiledVizError
from tvcore.viewer import tell

AT_A_TIME = 16  # tiles
SECONDS = 60.0
_TELL = Path(tell.__file__).read_text(encoding="utf-8")


def ask(tile: LiveTile, do: str, seconds: float = SECONDS, **values: Any) -> dict[str, Any]:
    """Have the viewer in *tile* do what it knows as *do*, with *values* that are JSON; return its answer.

    Raises TiledVizError with the viewer's own line, or with why it could not be asked.
    """
    line = json.dumps({**values, "do": do}).encode() + b"\n"
    # by whichever Python there is: a container has one of its own, a node at least ours
    for python in ("python3", sys.executable):
        done = tile.run([python, "-I", "-S", "-c", _TELL], seconds=seconds, stdin=[line])
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            continue
        if "error" in answer:
            raise TiledVizError(str(answer["error"]))
        return dict(answer["ok"])
    last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    raise TiledVizError(f"the viewer could not be asked: {done.error or last or f'exit code {done.code}'}")


def said(answer: dict[str, Any]) -> str:
    """Return the line of an answer that has one."""
    return str(answer.get("said", "done"))


def copy_camera(tiles: Sequence[LiveTile], report: Callable[[float, str], None] = lambda *_: None) -> str:
    """Have all of *tiles* seen as the first of them is; return a line about it. Raises TiledVizError."""
    leader, *others = tiles
    camera = ask(leader, "camera")
    done, failed = 0, []
    with ThreadPoolExecutor(AT_A_TIME) as pool:

        def follow(tile: LiveTile) -> str:
            try:
                ask(tile, "camera", **camera)
            except TiledVizError as error:
                return str(error)
            return ""

        # the leader too: then all of them rest from the same moment on, and go on together
        for problem in pool.map(follow, tiles):
            done += 1
            failed += [problem] if problem else []
            report(done / len(tiles), f"{done} of {len(tiles)} tiles")
    if failed:
        raise TiledVizError(f"{len(failed)} of {len(tiles)} tiles do not follow: {failed[0]}")
    return f"{len(others)} {'tile is' if len(others) == 1 else 'tiles are'} seen as the first is"


def save_picture(tile: LiveTile, folder: Path, name: str) -> Path:
    """Write what *tile* shows, at full size, as a new PNG file into *folder*; return it. Raises TiledVizError.

    It is called *name*, and when that was.
    """
    picture = tile.picture()
    stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    for number in range(1, 1000):
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}.png"
        try:
            with path.open("xb") as file:
                file.write(picture)
        except FileExistsError:
            continue
        except OSError as error:
            raise TiledVizError(f"{path} cannot be written: {error.strerror}") from error
        return path
    raise TiledVizError(f"{folder} has a thousand pictures of this second")
