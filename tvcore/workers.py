"""Worker processes: what may wait or keep the interpreter to itself happens there, never in the portal.

All of one table are forked from one process that has loaded what they need (``tvcore.nursery``): a new one is there
at once, and they share that memory.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
from array import array
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import gevent
from gevent import select, socket, subprocess
from gevent.lock import BoundedSemaphore

from tvcore.errors import TiledVizError
from tvcore.nursery import CANCEL, MESSAGE_MAX

TABLE = "tvcore.portal.calls"
ANSWER_MAX = 1 << 27  # bytes of a line
IDLE_SECONDS = 60.0
BIRTH_SECONDS = 20.0  # the first one waits until all is loaded

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


class Nursery:
    """The process that worker processes over one *table* are forked from, started when the first is needed."""

    _all: ClassVar[dict[str, Nursery]] = {}

    def __init__(self, table: str) -> None:
        self._table = table
        self._lock = BoundedSemaphore()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @classmethod
    def of(cls, table: str) -> Nursery:
        """Return this process's one nursery for *table*."""
        return cls._all.setdefault(table, cls(table))

    @classmethod
    def end_all(cls) -> None:
        """End this process's nurseries, and wait until they are gone: whoever is above us may wait for nobody."""
        for nursery in cls._all.values():
            with nursery._lock:
                nursery._end()

    def fork(self) -> tuple[int, socket.socket]:
        """Return the process id of a new worker, and the socket to it. Raises OSError or EOFError."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                return int(self._ask(b"fork", theirs)), ours
            except BaseException:
                ours.close()
                raise

    def kill(self, pid: int) -> None:
        """Kill a worker and wait until it is gone; one whose nursery is gone ends when its socket does."""
        with contextlib.suppress(OSError, EOFError):
            self._ask(b"kill %d" % pid)

    def _ask(self, message: bytes, handed: socket.socket | None = None) -> bytes:
        with self._lock:
            try:
                with gevent.Timeout(BIRTH_SECONDS, TimeoutError("it does not answer")):
                    control = self._started()
                    control.sendmsg([message], [_rights(handed)] if handed else [])
                    answer: bytes = control.recv(MESSAGE_MAX)
            except BaseException:
                self._end()
                raise
            if not answer:
                self._end()
                raise EOFError
            return answer

    def _started(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._control is None:
            self._control, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
            with theirs:
                # A session of its own: a Ctrl-C in the terminal is the portal's to handle.
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "tvcore.nursery", self._table], stdin=theirs, start_new_session=True
                )
        return self._control

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _rights(handed: socket.socket) -> tuple[int, int, bytes]:
    """Return what hands a socket on with a message (cmsg(3), SCM_RIGHTS)."""
    return socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [handed.fileno()]).tobytes()


class Talk:
    """What is said besides in a call of a function that converses: *heard* gets what it tells on the way."""

    def __init__(self, heard: Callable[[Any], None]) -> None:
        self.heard = heard
        self.cancelled = False
        self._child: Child | None = None

    def cancel(self) -> None:
        """Say that no more of it is wanted; the function answers soon after, as it likes."""
        self.cancelled = True
        if self._child is not None:
            self._child.cancel()

    def begin(self, child: Child) -> None:
        """Have *child* as who does it."""
        self._child = child
        if self.cancelled:
            child.cancel()

    def end(self) -> None:
        """Have nobody any more."""
        self._child = None


class Child:
    """One worker process, used by one greenlet at a time."""

    def __init__(self, table: str) -> None:
        self._nursery = Nursery.of(table)
        self._pid, self._socket = self._nursery.fork()
        self._file = self._socket.makefile("rb")
        self.idle_since = time.monotonic()

    @property
    def alive(self) -> bool:
        """Return whether the process still runs, while it has nothing to answer."""
        return not select.select([self._socket], [], [], 0)[0]

    def cancel(self) -> None:
        """Say to the function that runs that no more of it is wanted."""
        with contextlib.suppress(OSError):
            self._socket.sendall(CANCEL)

    def call(self, name: str, seconds: float, arguments: Mapping[str, Any], talk: Talk | None = None) -> Any:
        """Return what the function *name* does. Raises OSError or EOFError when the process is lost."""
        request = {"call": name, "seconds": seconds, "arguments": arguments}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        if talk:
            talk.begin(self)
        try:
            while "told" in (answer := self._answer()):
                if talk:
                    talk.heard(answer["told"])
        finally:
            if talk:
                talk.end()
        if "result" in answer:
            return answer["result"]
        if answer.get("fault"):
            raise CallFailedError(f"an error inside {name}: the portal's log tells more")
        raise CallRefusedError(answer["error"], answer["usage"], answer["position"])

    def _answer(self) -> dict[str, Any]:
        line = self._file.readline(ANSWER_MAX)
        if not line.endswith(b"\n"):
            raise EOFError
        found: dict[str, Any] = json.loads(line)
        return found

    def end(self) -> None:
        """Kill the process and wait until it is gone."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # whoever still waits for an answer reads the end
        self._nursery.kill(self._pid)
        self._socket.close()
        with contextlib.suppress(RuntimeError):  # one that waits has not run yet; it is dropped with it
            self._file.close()


class Workers:
    """Up to *size* worker processes over one *table*, started when needed and ended when *idle* for so many seconds."""

    def __init__(self, size: int, table: str = TABLE, idle: float = IDLE_SECONDS) -> None:
        self._table = table
        self._idle = idle
        self.size = size
        self._slots = BoundedSemaphore(size)
        self._free: list[Child] = []
        self._all: set[Child] = set()
        self._closed = False
        self._reaper = gevent.spawn(self._end_idle)

    @property
    def busy(self) -> int:
        """How many of them do something."""
        return len(self._all) - len(self._free)

    def call(self, name: str, seconds: float, /, **arguments: Any) -> Any:
        """Return what the function *name* returns for *arguments*, within *seconds*.

        Raises CallRefusedError for the function's own TiledVizError, WorkerLostError, or CallFailedError.
        """
        return self.converse(name, seconds, None, arguments)

    def converse(self, name: str, seconds: float, talk: Talk | None, arguments: Mapping[str, Any]) -> Any:
        """Do the same for a function that says and hears something besides, by *talk*."""
        if not self._slots.acquire(timeout=seconds):
            raise WorkerLostError(f"{name} could not begin within {seconds:g} s: all worker processes are busy")
        try:
            child = self._take()
            try:
                with gevent.Timeout(seconds):
                    answer = child.call(name, seconds, arguments, talk)
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
        try:
            child = Child(self._table)
        except (OSError, EOFError) as error:
            raise WorkerLostError(f"no worker process can be started: {error or 'it ended at once'}") from error
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
