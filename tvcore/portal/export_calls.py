"""What the portal's worker processes do to export (``tvcore.portal.calls`` has the rest)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tvcore.portal.opened import opened_store


def export_tiles(
    format: str,  # noqa: A002
    tiles: list[int] | None,
    name: str | None,
    path: str | None,
    pictures: str | None,
    session: str,
    project: int,
) -> Any:
    """Write *tiles* of the wall of *session* (None: all) to the new *path*, or return the text.

    With a *name* it is the set that *project* keeps as that.
    """
    from tvcore.exporting.exports import export_set, export_wall
    from tvcore.importing.report import Report

    if name:
        return export_set(opened_store(), name, format, Path(path) if path else None, Report(), project)
    kept = Path(pictures) if pictures else None
    to = Path(path) if path else None
    return export_wall(opened_store(), tiles, format, to, Report(), pictures=kept, session=session)


EXPORT_FUNCTIONS = {export_tiles.__name__: export_tiles}
