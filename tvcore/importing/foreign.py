"""Importers of plugins, run in a process apart: JSON in and out (``tvcore.importing.formats`` calls)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvcore.apart_call import begin
from tvcore.cases import provided
from tvcore.cases.sources import Plugin
from tvcore.importing.importers import read_by, titled, usable
from tvcore.importing.typed import one_line
from tvcore.tilesets.document import TileSet

HOOK: provided.Hook = "portal_importers"


def told_by(plugin: Mapping[str, Any], path: str) -> str | None:
    """Return which importer of the plugin of these fields reads *path*, None where none does. Raises TiledVizError."""
    begin(HOOK)
    where, spec = usable(path), Plugin(**plugin).spec
    found = provided.values(spec, HOOK).values()
    begin(f"looking at {one_line(path, 500)}")
    return next((each.name for each in found if provided.answer(spec, each.reads, bool, where)), None)


def import_by(
    plugin: Mapping[str, Any],
    path: str,
    format: str,  # noqa: A002 (callers name it so)
    options: dict[str, Any],
    title: str | None,
) -> dict[str, Any]:
    """Do what ``import_source`` does by the importer *format* of the plugin of these fields. Raises TiledVizError."""
    begin(HOOK)
    where, spec = usable(path), Plugin(**plugin).spec
    importer = provided.value(spec, HOOK, format)
    begin(f"reading {one_line(path, 500)}")

    def read(*arguments: Any) -> TileSet:
        return provided.answer(spec, importer.read, TileSet, *arguments)

    return titled(*read_by(importer, where, options, read), title)
