"""What a viewer is told and asked while it runs; ``tvcore.viewer.tell`` is the other side.

``look`` never waits: the viewer calls it between two frames.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import select
import socket
import time
from collections.abc import Callable
from typing import Any

from tvcore.errors import TiledVizError
from tvcore.viewer import tell

Act = Callable[..., "dict[str, Any] | str | None"]

CALLERS_MAX = 32
LINE_SECONDS = 10.0  # for a caller to say what is wanted
ANSWER_SECONDS = 2.0  # for a caller to take the answer


def _listener(path: str) -> socket.socket | None:
    """Return a socket that listens on *path*; None where another viewer of this tile does. Raises OSError."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as trial:
        try:
            tell.reach(path, trial.connect)
        except OSError:  # nobody, or one that was killed
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        else:
            return None
    listener = socket.socket(socket.AF_UNIX)
    try:
        tell.reach(path, listener.bind)
        os.chmod(path, 0o600)
        listener.listen(CALLERS_MAX)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


class Control:
    """Does what it is told by *acts*: by name, what is called with the values of the line, and returns the answer."""

    def __init__(self, acts: dict[str, Act]) -> None:
        self._acts = acts
        self._callers: dict[socket.socket, tuple[float, bytearray]] = {}
        self._listener: socket.socket | None = None
        self._path, self._key = tell.place()
        if self._path:
            with contextlib.suppress(OSError):  # a viewer that cannot be told anything shows its picture still
                self._listener = _listener(self._path)

    def close(self) -> None:
        """Listen no more."""
        for one in self._callers:
            one.close()
        self._callers.clear()
        if self._listener is not None:
            self._listener.close()
            with contextlib.suppress(OSError):
                os.unlink(self._path)
        self._listener = None

    def wait(self, seconds: float) -> None:
        """Wait so long, or until somebody calls."""
        if self._listener is None:
            time.sleep(seconds)
        else:
            select.select([self._listener, *self._callers], [], [], seconds)

    def look(self) -> bool:
        """Do what was asked for since the last look; return whether that was anything."""
        if self._listener is None:
            return False
        with contextlib.suppress(OSError):  # nobody else calls
            while len(self._callers) < CALLERS_MAX:
                caller, _ = self._listener.accept()
                caller.setblocking(False)
                if tell.same_user(caller):
                    self._callers[caller] = (time.monotonic() + LINE_SECONDS, bytearray())
                else:
                    caller.close()
        done = [self._hear(caller) for caller in list(self._callers)]
        return any(done)

    def _hear(self, caller: socket.socket) -> bool:
        """Read of *caller* what there is, and do it once its line is whole; return whether it was done."""
        deadline, line = self._callers[caller]
        try:
            while not line.endswith(b"\n") and len(line) <= tell.LINE_MAX and (data := caller.recv(1 << 16)):
                line += data
        except BlockingIOError:
            if time.monotonic() < deadline:
                return False
        except OSError:
            line.clear()
        del self._callers[caller]
        with contextlib.closing(caller):
            if not line.endswith(b"\n"):
                return False
            done, answer = self._obey(bytes(line))
            caller.settimeout(ANSWER_SECONDS)
            with contextlib.suppress(OSError):  # he is gone
                caller.sendall(json.dumps(answer).encode() + b"\n")
        return done

    def _obey(self, line: bytes) -> tuple[bool, dict[str, Any]]:
        try:
            order = json.loads(line)
            key, name = str(order.pop("key")), str(order.pop("do"))
        except (ValueError, LookupError, AttributeError, TypeError):
            return False, {"error": "this is no order: a line of JSON with what to do"}
        if not hmac.compare_digest(key.encode(), self._key.encode()):
            return False, {"error": "this is not the key of this tile"}
        if name not in self._acts:
            return False, {"error": f"this viewer cannot do {name!r}: it knows {', '.join(sorted(self._acts))}"}
        try:
            said = self._acts[name](**order)
        except TiledVizError as error:
            return True, {"error": str(error)}
        except Exception as error:
            # whatever went wrong with an order, the picture stays
            return True, {"error": f"{name}: {type(error).__name__}: {error}".replace("\n", " ")}
        return True, {"ok": said if isinstance(said, dict) else {"said": said or ""}}
