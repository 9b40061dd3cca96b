"""Worker processes: what may wait or keep the interpreter to itself happens there, never in the portal.

A child reads calls from its standard input, a socket, and answers there: a line of JSON each way. It runs one
call at a time and is ended by the kernel (alarm(2)) when that takes too long, whatever it is doing; it ends by
itself when the portal is gone. ``python -m tvcore.workers TABLE`` is such a child; TABLE is a module with
``FUNCTIONS``, functions by name, whose arguments and results are JSON.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from io import BufferedRWPair
from typing import Any

import gevent
from gevent import socket, subprocess
from gevent.lock import BoundedSemaphore

from tvcore.errors import TiledVizError

TABLE = "tvcore.portal.calls"
ANSWER_MAX = 1 << 27  # bytes of a line
IDLE_SECONDS = 60.0
# The portal's own limit comes first; the kernel's is for a child that its portal has left behind.
ALARM_GRACE = 2

log = logging.getLogger(__name__)


class CallRefusedError(TiledVizError):
    """The function refused what was asked for: *usage* when it cannot be, with the *position* in a query."""

    def __init__(self, text: str, usage: bool, position: int | None) -> None:
        super().__init__(text)
        self.usage = usage
        self.position = position


class WorkerLostError(TiledVizError):
    """The worker process was killed or took too long; the next call gets a new one."""


class CallFailedError(TiledVizError):
    """The function has a fault; the log has the traceback."""


class Child:
    """One worker process, used by one greenlet at a time."""

    def __init__(self, table: str) -> None:
        ours, theirs = socket.socketpair()
        try:
            # A session of its own: a Ctrl-C in the terminal is the portal's to handle.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tvcore.workers", table], stdin=theirs, start_new_session=True
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._socket = ours
        self._file = ours.makefile("rb")
        self.idle_since = time.monotonic()

    @property
    def alive(self) -> bool:
        """Return whether the process still runs."""
        return self._process.poll() is None

    def call(self, name: str, seconds: float, arguments: Mapping[str, Any]) -> Any:
        """Return what the function *name* does. Raises OSError or EOFError when the process is lost."""
        request = {"call": name, "seconds": seconds, "arguments": arguments}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        line = self._file.readline(ANSWER_MAX)
        if not line.endswith(b"\n"):
            raise EOFError
        answer = json.loads(line)
        if "result" in answer:
            return answer["result"]
        if answer.get("fault"):
            raise CallFailedError(f"an error inside {name}: the portal's log tells more")
        raise CallRefusedError(answer["error"], answer["usage"], answer["position"])

    def end(self) -> None:
        """Kill the process and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        self._file.close()
        self._socket.close()


class Workers:
    """Up to *size* worker processes over one *table*, started when needed and ended when *idle* for so many seconds."""

    def __init__(self, size: int, table: str = TABLE, idle: float = IDLE_SECONDS) -> None:
        self._table = table
        self._idle = idle
        self._slots = BoundedSemaphore(size)
        self._free: list[Child] = []
        self._all: set[Child] = set()
        self._closed = False
        self._reaper = gevent.spawn(self._end_idle)

    def call(self, name: str, seconds: float, /, **arguments: Any) -> Any:
        """Return what the function *name* returns for *arguments*, within *seconds*.

        Raises CallRefusedError for the function's own TiledVizError, WorkerLostError, or CallFailedError.
        """
        if not self._slots.acquire(timeout=seconds):
            raise WorkerLostError(f"{name} could not begin within {seconds:g} s: all worker processes are busy")
        try:
            child = self._take()
            try:
                with gevent.Timeout(seconds):
                    answer = child.call(name, seconds, arguments)
            except (CallRefusedError, CallFailedError):
                self._give_back(child)
                raise
            except gevent.Timeout as error:
                self._end(child)
                log.warning("%s took longer than %g s: its worker process was ended", name, seconds)
                raise WorkerLostError(f"{name} took longer than {seconds:g} s and was ended: try again") from error
            except (OSError, EOFError, ValueError) as error:
                self._end(child)
                log.warning("the worker process of %s was killed", name)
                raise WorkerLostError(f"the worker process of {name} was killed: try again") from error
            except BaseException:
                self._end(child)
                raise
            self._give_back(child)
            return answer
        finally:
            self._slots.release()

    def _take(self) -> Child:
        while self._free:
            child = self._free.pop()
            if child.alive:
                return child
            self._end(child)
        if self._closed:
            raise WorkerLostError("the portal is ending")
        child = Child(self._table)
        self._all.add(child)
        return child

    def _give_back(self, child: Child) -> None:
        if self._closed:
            self._end(child)
            return
        child.idle_since = time.monotonic()
        self._free.append(child)

    def _end(self, child: Child) -> None:
        self._all.discard(child)
        child.end()

    def _end_idle(self) -> None:
        while True:
            gevent.sleep(self._idle / 4)
            late = time.monotonic() - self._idle
            for child in [child for child in self._free if child.idle_since < late]:
                self._free.remove(child)
                self._end(child)

    def close(self) -> None:
        """End all processes."""
        self._closed = True
        self._reaper.kill()
        self._free.clear()
        for child in list(self._all):
            self._end(child)


# ---------------------------------------------------------------------- the child


def answer_to(functions: Mapping[str, Callable[..., Any]], line: bytes) -> dict[str, Any]:
    """Return the answer to the call in *line*."""
    request = json.loads(line)
    try:
        return {"result": functions[request["call"]](**request["arguments"])}
    except TiledVizError as error:
        position = getattr(error, "position", None)
        return {"error": str(error), "usage": error.exit_code == 2, "position": position}
    except Exception:
        log.exception("fault in %s", request["call"])
        return {"fault": True}


def run_child(functions: Mapping[str, Callable[..., Any]], channel: BufferedRWPair) -> None:
    """Answer calls from *channel* until it ends."""
    for line in channel:
        signal.alarm(int(json.loads(line)["seconds"]) + ALARM_GRACE)
        answer = answer_to(functions, line)
        signal.alarm(0)
        channel.write(json.dumps(answer).encode() + b"\n")
        channel.flush()


def main() -> None:
    """Be a worker process: calls come by the socket on standard input."""
    import socket as plain_socket  # the child is not gevent's

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # What the functions start must hold neither the channel nor, as its output, anything else that is ours.
    channel = plain_socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    functions = importlib.import_module(sys.argv[1]).FUNCTIONS
    with channel, channel.makefile("rwb") as file, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        run_child(functions, file)


if __name__ == "__main__":
    main()
