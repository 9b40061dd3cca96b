"""Where worker processes are born: a process that has loaded what they need once, and forks.

``python -P -m tvcore.nursery TABLE`` loads TABLE, a module with ``FUNCTIONS`` (functions by name, whose arguments and
results are JSON), and is told by its standard input, a unix(7) socket of sequenced packets: ``fork``, with a socket
for the new worker, is answered by its process id; ``kill PID`` by ``gone`` once there is no such process. A worker
reads calls from its socket and answers there, a line of JSON each way, one at a time; it is ended by the kernel
(alarm(2)) when a call takes too long, whatever it is doing, and ends by itself when the portal is gone. A function
marked by ``converses`` gets a ``Line``: by it the caller is told things on the way, as ``{"told": ...}``, and may say
``"cancel"``.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import logging
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from tvcore import logs, proc
from tvcore.errors import TiledVizError

# The portal's own limit comes first; the kernel's is for a child that its portal has left behind.
ALARM_GRACE = 2
MESSAGE_MAX = 64  # bytes
PIECE = 1 << 16

CANCEL = b'"cancel"\n'  # from the caller, while a function runs that converses
CONVERSES = "_tiledviz_converses"  # the mark of such a function

log = logging.getLogger(__name__)

Function = Callable[..., Any]


def converses(function: Function) -> Function:
    """Mark *function*: its first argument is the ``Line`` to its caller."""
    setattr(function, CONVERSES, True)
    return function


class Line:
    """The line of one call to its caller; for any thread."""

    def __init__(self, connection: socket.socket, waiting: Callable[[], bool]) -> None:
        self._connection = connection
        self._waiting = waiting
        self._lock = threading.Lock()

    def tell(self, value: Any) -> None:
        """Tell the caller *value*, which is JSON, on the way."""
        with self._lock:
            self._connection.sendall(json.dumps({"told": value}).encode() + b"\n")

    def cancelled(self) -> bool:
        """Return whether the caller wants no more of it, or is gone: nothing else comes while it waits."""
        return self._waiting()


def answer_to(functions: Mapping[str, Function], line: bytes, caller: Line | None = None) -> dict[str, Any]:
    """Return the answer to the call in *line*."""
    request = json.loads(line)
    function = functions[request["call"]]
    first = (caller,) if hasattr(function, CONVERSES) else ()
    try:
        return {"result": function(*first, **request["arguments"])}
    except TiledVizError as error:
        position = getattr(error, "position", None)
        return {"error": str(error), "usage": error.exit_code == 2, "position": position}
    except Exception:
        log.exception("fault in %s", request["call"])
        return {"fault": True}


def run_worker(functions: Mapping[str, Function], connection: socket.socket) -> None:
    """Answer calls from *connection* until it ends."""
    come = bytearray()
    level = logs.Follower()

    def waiting() -> bool:
        return bool(come) or bool(select.select([connection], [], [], 0)[0])

    while True:
        while b"\n" not in come:
            piece = connection.recv(PIECE)
            if not piece:
                return
            come += piece
        line, _, rest = come.partition(b"\n")
        come[:] = rest
        if bytes(line) == CANCEL.strip():
            continue  # it came too late
        level.look()
        signal.alarm(int(json.loads(line)["seconds"]) + ALARM_GRACE)
        answer = answer_to(functions, bytes(line), Line(connection, waiting))
        signal.alarm(0)
        connection.sendall(json.dumps(answer).encode() + b"\n")


class Nursery:
    """The forking process; *control* is where it is told what to do."""

    def __init__(self, functions: Mapping[str, Function], control: socket.socket) -> None:
        self._functions = functions
        self._control = control
        self._living: set[int] = set()

    def run(self) -> None:
        """Do as told until the portal is gone."""
        signal.signal(signal.SIGCHLD, lambda *_: self._reap())
        gc.freeze()  # what is loaded now is shared with all workers as long as nobody writes to it
        while True:
            message, sockets, _, _ = socket.recv_fds(self._control, MESSAGE_MAX, 1)
            if not message:
                return
            answer = self._fork(sockets[0]) if message == b"fork" else self._kill(int(message.removeprefix(b"kill ")))
            self._control.send(answer)

    def _fork(self, channel: int) -> bytes:
        logs.keep()
        pid = os.fork()
        if pid == 0:
            self._control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                run_worker(self._functions, _blocking(channel))
            os._exit(0)
        os.close(channel)
        self._living.add(pid)
        return str(pid).encode()

    def _kill(self, pid: int) -> bytes:
        # Not reaped meanwhile: its number could be another's by then.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        try:
            if pid in self._living:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                self._living.discard(pid)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        return b"gone"

    def _reap(self) -> None:
        for pid in list(self._living):
            if os.waitpid(pid, os.WNOHANG)[0]:
                self._living.discard(pid)


def _blocking(fileno: int) -> socket.socket:
    made = socket.socket(fileno=fileno)
    made.setblocking(True)  # gevent's are not
    return made


def main() -> None:
    """Be the process that forks."""
    proc.hide_memory()
    logs.speak(others=logging.WARNING)
    # What the functions start must hold neither the sockets nor, as its output, anything else that is ours.
    control = _blocking(os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    Nursery(importlib.import_module(sys.argv[1]).FUNCTIONS, control).run()


if __name__ == "__main__":
    main()
