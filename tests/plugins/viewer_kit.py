"""Telling a viewer in a display what to do, as its tile's client does, without a process for it."""

from __future__ import annotations

import os
from typing import Any
from unittest import mock

from display_kit import Display
from tvcore.viewer.tell import tell


def asked(screen: Display, do: str, **values: Any) -> dict[str, Any]:
    """Return the viewer's whole answer."""
    with mock.patch.dict(os.environ, XAUTHORITY=screen.environment["XAUTHORITY"]):
        return tell({**values, "do": do})


def told(screen: Display, do: str, **values: Any) -> str:
    """Return the line that the viewer says, or why it did nothing."""
    answer = asked(screen, do, **values)
    line = answer["error"] if "error" in answer else answer["ok"]["said"]
    assert len(line.splitlines()) == 1, line
    return str(line)
