"""The route by which the wall is written as a file that others read."""

from __future__ import annotations

import base64
from typing import Any

from tvcore.portal import export_messages as messages
from tvcore.portal.asking import project_of
from tvcore.portal.route import Call, Route


def export(call: Call) -> Any:
    """Write tiles to a file, or return its text."""
    asked = call.body.model_dump()
    name = asked.pop("set")
    about = {"session": call.login.session, "project": project_of(call) if name else 0, "name": name}
    return call.portal.do_commands("export_tiles", messages.EXPORT_SECONDS, **about, **asked)


def sheet(call: Call) -> Any:
    """Return a contact sheet as a file."""
    look = call.body.model_dump(mode="json")
    about = {"tiles": look.pop("tiles"), "format": look.pop("format"), "session": call.login.session}
    return base64.b64decode(call.portal.sheets.call("sheet", messages.SHEET_SECONDS, look=look, **about))


EXPORT_ROUTES: tuple[Route, ...] = (
    Route(
        "POST", "/export", "Write tiles, or a tile set, as TiledViz JSON, CSV, a Cinema database or a tile set", export,
        messages.ExportAnswer, body=messages.Export, right="operate", audit="export",
    ),
    Route(
        "POST", "/sheet", "A contact sheet of tiles, as they are now: a PDF, a PNG, or a ZIP archive of several", sheet,
        media="application/octet-stream", body=messages.Sheet, right="read",
    ),
)  # fmt: skip
