"""What a function that runs apart (``tvcore.apart``) may say on the way: what it begins to do, and how far it is."""

from __future__ import annotations

import json
import signal
import socket
from typing import Any

TEXT_MOST = 1000  # letters of a report

# Of the one call that this process is for.
_channel: socket.socket | None = None
_seconds = 0.0


def attach(channel: socket.socket, seconds: float) -> None:
    """Say it to *channel* from now on; each time gives the call *seconds* anew, unless they are 0."""
    global _channel, _seconds
    _channel, _seconds = channel, seconds


def begin(doing: str) -> None:
    """Say what this call begins to do now."""
    _say({"doing": doing})


def report(fraction: float, text: str) -> None:
    """Say how far this call is, from 0 to 1, and with what."""
    if not 0 <= fraction <= 1:  # NaN too
        fraction = 0.0
    _say({"report": [float(fraction), str(text)[:TEXT_MOST]]})


def _say(said: dict[str, Any]) -> None:
    if _channel is not None:
        _channel.sendall(json.dumps(said).encode() + b"\n")
        if _seconds:
            signal.setitimer(signal.ITIMER_REAL, _seconds)
