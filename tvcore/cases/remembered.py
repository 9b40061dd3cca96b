"""What plugins said of themselves, kept in files for some minutes: asking one costs a process and its imports.

It is asked anew when its code has changed. What went wrong is kept for a minute, so that one that hangs does not cost
everybody its time again and again.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tvcore import __version__, paths
from tvcore.cases import hookspecs
from tvcore.cases.sources import BUNDLED, Plugin
from tvcore.errors import TiledVizError

FAILED_SECONDS = 60.0
FRESH_SECONDS = 600.0  # what a plugin says may come from elsewhere than its code
KEPT_SECONDS = 7 * 24 * 3600.0  # after which a file that nobody wrote again is removed
FILES_MOST = 5_000  # of a plugin, that are looked at
_CODE = (".py", ".png", ".so")

Said = dict[str, Any]


def recall(plugin: Plugin) -> Said | None:
    """Return what *plugin* said before, if its code is the same; None: it has to be asked."""
    try:
        found = json.loads(_file(plugin).read_bytes())
        age = FAILED_SECONDS if "error" in found["said"] else FRESH_SECONDS
        fresh = 0 <= time.time() - found["at"] < age
        return dict(found["said"]) if fresh and found["stamp"] == stamp(plugin) else None
    except (OSError, ValueError, KeyError, TypeError, TiledVizError):
        return None


def keep(plugin: Plugin, stamp_then: str, said: Said) -> None:
    """Keep what *plugin* *said*, whose code had ``stamp`` before it was asked."""
    with contextlib.suppress(OSError, TiledVizError):  # a disk that is full costs time, nothing else
        path = _file(plugin)
        paths.write_atomic(path, json.dumps({"stamp": stamp_then, "at": time.time(), "said": said}))
        for other in path.parent.iterdir():
            if time.time() - other.stat().st_mtime > KEPT_SECONDS:
                other.unlink(missing_ok=True)


def forget(plugin: Plugin) -> None:
    """Have *plugin* asked anew the next time."""
    _file(plugin).unlink(missing_ok=True)


def stamp(plugin: Plugin) -> str:
    """Return a text that changes when the code of *plugin*, TiledViz or Python does."""
    digest = hashlib.sha256(f"{__version__} {hookspecs.VERSION} {sys.executable} {sys.version}".encode())
    for path in sorted(itertools.islice(_files(plugin), FILES_MOST)):
        with contextlib.suppress(OSError):
            found = path.stat()
            digest.update(f"{path}\0{found.st_mtime_ns} {found.st_size} {found.st_ino}\n".encode(errors="replace"))
    return digest.hexdigest()


def _files(plugin: Plugin) -> Iterator[Path]:
    for root in _roots(plugin):
        if root.is_file():
            yield root
        for folder, _, names in os.walk(root):
            yield from (Path(folder, name) for name in names if name.endswith(_CODE))


def _roots(plugin: Plugin) -> list[Path]:
    """Return the files and folders of its code; nothing is imported: a top-level module is found without."""
    if plugin.kind == "folder":
        return [Path(plugin.location)]
    module = BUNDLED if plugin.kind == "bundled" else plugin.location.partition(":")[0].partition(".")[0]
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError):  # a name that can be none
        found = None
    if found is None:
        return []
    roots = [Path(place) for place in found.submodule_search_locations or ()] or [Path(str(found.origin))]
    return [root / plugin.name for root in roots] if plugin.kind == "bundled" else roots


def _file(plugin: Plugin) -> Path:
    folder = paths.secure_folder(paths.cache_dir() / "plugins")
    return folder / f"{hashlib.sha256(f'{sys.prefix} {plugin.spec}'.encode()).hexdigest()[:32]}.json"
