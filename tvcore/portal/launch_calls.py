"""What the portal's worker processes do for the launch form (``tvcore.portal.calls`` has the rest)."""

from __future__ import annotations

import base64
import math
import os
import stat
import time
from typing import Any

from tvcore import api, launch_form, presets
from tvcore import offers as site
from tvcore.cases import catalog
from tvcore.cases.hookspecs import Report
from tvcore.errors import TiledVizError, UsageError
from tvcore.nursery import Line, converses
from tvcore.portal.finite import finite
from tvcore.portal.opened import opened_store

PICTURE_MAX = 2 << 20  # bytes
TELL_EVERY = 0.1  # seconds between two reports
TEXT_MAX = 300  # letters of one
PNG = b"\x89PNG\r\n\x1a\n"


def offers() -> Any:
    """Return what the site offers."""
    return site.offers()


def check_form(case: str, settings: dict[str, Any], tiles: Any, preview: bool) -> Any:
    """Return what is wrong with a form, and the script."""
    return launch_form.check_form(case, settings, tiles, preview)


@converses
def launch(line: Line, case: str, settings: dict[str, Any], tiles: int | None, session: str) -> Any:
    """Submit a job that shows *case* in *session*, telling how far it is."""
    report, cancelled = _telling(line), line.cancelled
    return finite(
        api.launch(opened_store(), case, settings, tiles, report=report, cancelled=cancelled, session=session)
    )


@converses
def prepare_only(line: Line, case: str, settings: dict[str, Any], tiles: Any) -> Any:
    """Do all but the launch, telling how far it is."""
    return launch_form.prepare_only(case, settings, launch_form.count_of(tiles), _telling(line), line.cancelled)


def _telling(line: Line) -> Report:
    """Return a report that tells by *line*, and not more often than anybody would look."""
    last = -math.inf

    def report(fraction: float, text: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= TELL_EVERY or fraction >= 1:
            last = now
            share = min(1.0, max(0.0, fraction)) if math.isfinite(fraction) else 0.0
            line.tell({"fraction": share, "text": text[:TEXT_MAX]})

    return report


def list_presets(project: int) -> Any:
    """Return the sets of parameters."""
    return finite(presets.presets(opened_store(), project))


def save_preset(name: str, case: str, settings: dict[str, Any], tiles: Any, replace: bool, project: int) -> Any:
    """Keep a set."""
    return finite(presets.save(opened_store(), name, case, settings, tiles, replace, project))


def rename_preset(name: str, to: str, project: int) -> Any:
    """Call a set otherwise."""
    return presets.rename(opened_store(), name, to, project)


def remove_preset(name: str, project: int) -> Any:
    """Forget a set."""
    return presets.remove(opened_store(), name, project)


def case_picture(case: str) -> str:
    """Return the picture of *case*, a PNG file, as base64; empty when it has none."""
    path = catalog.describe(case).picture
    if not path:
        return ""
    try:
        # No FIFO waits, and no link leads to a file that the plugin does not have beside its code.
        with open(path, "rb", opener=_open) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise TiledVizError(f"the picture of the case {case} is no file: {path}")
            data = file.read(PICTURE_MAX + 1)
    except OSError as error:
        raise TiledVizError(f"the picture of the case {case} cannot be read: {error.strerror}: {path}") from error
    if len(data) > PICTURE_MAX or not data.startswith(PNG):
        raise UsageError(f"the picture of the case {case} must be a PNG file of at most 2 MiB: {path}")
    return base64.b64encode(data).decode()


def _open(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)


LAUNCH_FUNCTIONS = {
    function.__name__: function
    for function in (
        offers, check_form, launch, prepare_only, list_presets, save_preset, rename_preset, remove_preset, case_picture,
    )
}  # fmt: skip
