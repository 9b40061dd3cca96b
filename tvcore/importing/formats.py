"""Importing, as its callers see it: which formats there are, of TiledViz and of plugins, and one function that imports.

All that reads a file runs in processes apart, so that a file, or a plugin, that makes its reader fail costs one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvcore import apart
from tvcore.cases import catalog, provided, sources
from tvcore.cases.sources import Plugin
from tvcore.errors import TiledVizError, UsageError
from tvcore.importing.names import BUNDLED

SECONDS = 240.0  # a large file, or a folder with many pictures
MEMORY = 3 << 30  # bytes
TELL_SECONDS = 10.0  # for a plugin to say whether a file is its own
_HOOK: provided.Hook = "portal_importers"
_HOST = "tvcore.importing.importers"
_FOREIGN = "tvcore.importing.foreign"


def formats() -> tuple[list[dict[str, Any]], list[str]]:
    """Return a dictionary per format (``name``, ``title``, ``origin``), and a line per plugin that cannot say its own.

    The origin is ``bundled``, or where the plugin comes from.
    """
    found, problems = provided.offers(_HOOK)
    rows = [{"name": name, "title": title, "origin": "bundled"} for name, title in BUNDLED.items()]
    theirs = [each for each in found.values() if each.name not in BUNDLED]
    rows += [{"name": each.name, "title": each.title, "origin": each.origin} for each in theirs]
    return rows, problems


def import_file(
    path: str,
    format: str | None,  # noqa: A002 (callers name it so)
    options: Mapping[str, Any],
    title: str | None,
) -> dict[str, Any]:
    """Return the tile set that the file or folder *path* holds, and its report, as ``import_source`` does.

    Without a *format* it is found out: by TiledViz' own importers, then by those of plugins. Raises TiledVizError.
    """
    plugin: Plugin | None = None
    if format is None:
        format, plugin = _told(path)  # noqa: A001
    elif format not in BUNDLED:
        plugin = sources.of_spec(provided.find(_HOOK, format, "", BUNDLED).plugin)
    arguments: dict[str, Any] = {"path": path, "format": format, "options": dict(options), "title": title}
    if plugin:
        return dict(catalog.ask(plugin, "import_by", SECONDS, host=_FOREIGN, **arguments))
    return dict(apart.call(f"{_HOST}:import_source", arguments, seconds=SECONDS, memory=MEMORY, what=path))


def _told(path: str) -> tuple[str | None, Plugin | None]:
    """Return which format *path* is in, and the plugin that reads it; None: TiledViz' own importers say it."""
    plugins = catalog.implementing(_HOOK)
    if not plugins or apart.call(f"{_HOST}:told", {"path": path}, seconds=SECONDS, memory=MEMORY, what=path):
        return None, None
    problems = []
    for plugin in plugins:
        try:
            name = catalog.ask(plugin, "told_by", TELL_SECONDS, host=_FOREIGN, path=path)
        except TiledVizError as error:
            problems.append(str(error))
            continue
        if name:
            return str(name), plugin
    rows, _ = formats()
    said = f" ({'; '.join(problems)})" if problems else ""
    known = ", ".join(row["name"] for row in rows)
    raise UsageError(f"{path!r:.500}: what it is cannot be told by how it begins: choose one of {known}{said}")
