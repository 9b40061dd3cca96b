"""What the portal's worker processes do to export (``tvcore.portal.calls`` has the rest)."""

from __future__ import annotations

import base64
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


def sheet(tiles: list[int], format: str, look: dict[str, Any], session: str) -> str:  # noqa: A002
    """Return a contact sheet of *tiles* of the wall of *session*, its bytes in base64."""
    from tvcore.exporting.sheet import sheet_file
    from tvcore.exporting.sheet_layout import SheetOptions
    from tvcore.importing.report import Report

    found = sheet_file(
        opened_store(), tiles, "png" if format == "png" else "pdf", SheetOptions(**look), Report(), session
    )
    return base64.b64encode(found).decode()


EXPORT_FUNCTIONS = {each.__name__: each for each in (export_tiles, sheet)}
