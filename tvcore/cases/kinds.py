"""Kinds of tiles that plugins bring: found where a plan is made, drawn where the tile runs.

``python -P -m tvcore.cases.kinds PLUGIN KIND FILE FOLDER SECONDS`` has the kind KIND of the plugin (a ``Plugin.spec``)
make a picture of FILE in FOLDER. The node agent starts it. Its last line is JSON, ``{"picture": path}`` or
``{"error": line}``; what comes before is what the plugin printed. SIGALRM ends it after SECONDS.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import get_args

from tvcore.batch.plan import DrawnBy
from tvcore.cases import provided
from tvcore.cases.case import Kind
from tvcore.cases.extending import TileKind
from tvcore.errors import TiledVizError, UsageError

OURS: tuple[str, ...] = get_args(Kind)
_HOOK: provided.Hook = "portal_tile_kinds"


class PluginKinds:
    """The kinds of all plugins, asked for once, when the first is met; each may take *seconds* to draw."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @cached_property
    def _found(self) -> tuple[Mapping[str, provided.Offer], list[str]]:
        return provided.offers(_HOOK)

    def drawn_by(self, kind: str, source: str) -> DrawnBy:
        """Return what draws *source*, which is of *kind*. Raises UsageError."""
        found, problems = self._found
        if kind not in found:
            said = f" ({'; '.join(problems)})" if problems else ""
            raise UsageError(f"there is no kind of tile {kind}: there are {', '.join([*OURS, *found])}{said}")
        ends = found[kind].more["reads"]
        if ends and not source.lower().endswith(tuple(end.lower() for end in ends)):
            raise UsageError(f"{source!r:.500} cannot be a tile of the kind {kind}: it reads {', '.join(ends)}")
        return DrawnBy(plugin=found[kind].plugin, kind=kind, seconds=self._seconds)


def draw(plugin: str, kind: str, source: str, folder: Path) -> Path:
    """Return the picture of *source* that the *kind* of *plugin* makes: run in a process that may be lost.

    Raises TiledVizError, one line.
    """
    made = provided.value(plugin, _HOOK, kind)
    assert isinstance(made, TileKind)
    found = provided.answer(plugin, lambda: Path(made.picture(source, folder)), Path)
    whole = folder / found
    if not whole.is_file():
        raise TiledVizError(f"the kind of tile {kind} names {str(whole)!r:.500} as its picture, which is no file")
    return whole


def main() -> int:
    """Draw what the arguments say, and tell what came of it."""
    plugin, kind, source, folder, seconds = sys.argv[1:]
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, float(seconds))
    try:
        said = {"picture": str(draw(plugin, kind, source, Path(folder)))}
    except TiledVizError as error:
        said = {"error": str(error)}
    except SystemExit as error:
        said = {"error": f"the kind of tile {kind} ended its process with {error.code!r:.100}"}
    sys.stdout.flush()
    os.write(1, b"\n" + json.dumps(said).encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
