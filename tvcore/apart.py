"""Calls a function in a process of its own, with limits: a file that crashes or hangs its reader costs one line.

``call("tvcore.importing.importers:import_source", {"path": ...}, what=path)`` returns what the function returns; both
are JSON. What may go wrong comes out as a TiledVizError: the function's own as it is, a crash, a hang and too much
memory as one line about *what*. The processes are forked from one that has loaded the function's module before
(``tvcore.apart_server``), which lives as long as its caller does and ends with it.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from tvcore.errors import TiledVizError, UsageError

SECONDS = 60.0
MEMORY = 2 << 30  # bytes of address space
OUTPUT_MAX = 256 << 20  # bytes of an answer
BIRTH_SECONDS = 60.0  # the first call waits until all is loaded, from a slow disk perhaps
GRACE = 5.0  # seconds that a process which cannot be killed (a disk that hangs) is waited for over its time
_PIECE = 1 << 16
# One thread each: the pools of these libraries take address space, and forks do not have them.
_SINGLE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}


class PositionedError(UsageError):
    """A refusal that points into the text that was asked: *position* counts characters from 0."""

    def __init__(self, text: str, position: int) -> None:
        super().__init__(text)
        self.position = position


class Apart:
    """A process that processes for calls are forked from, started by the first call; for any number of threads.

    *environment* is added to that of the process.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = dict(environment or {})
        self._forget()
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.end)

    def _forget(self) -> None:
        """Begin anew: a fork's calls are not answered by the process of the one it was forked from."""
        with contextlib.suppress(AttributeError, OSError):
            self._control.close()  # type: ignore[union-attr]
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def call(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        seconds: float = SECONDS,
        memory: int = MEMORY,
        output: int = OUTPUT_MAX,
        preload: Sequence[str] = (),
        what: str = "",
    ) -> Any:
        """Return what *function*, ``module:name``, returns for *arguments*, within *seconds* and *memory* bytes.

        *preload* names modules to load once, for all calls to come; the function's own is. *what* is what errors
        are about, a file usually. Raises TiledVizError; UsageError where the function does.
        """
        about = what or function
        module, _, _ = function.partition(":")
        request = {"function": function, "arguments": dict(arguments), "seconds": seconds, "memory": memory}
        with self._fork([*preload, module], about) as channel:
            try:
                channel.settimeout(BIRTH_SECONDS)
                channel.sendall(json.dumps(request).encode() + b"\n")
                channel.recv(1)  # it has been born
                answer = _read_all(channel, time.monotonic() + seconds + GRACE, output)
            except TimeoutError:
                raise _too_long(about, seconds) from None
            except OSError:
                answer = bytearray()
        if answer is None:
            raise TiledVizError(f"{about}: more than {_size(output)} come of it, which is more than is taken")
        whole, _, ended = answer.rstrip(b"\n").rpartition(b"\n")
        if not ended.startswith(b"{"):
            raise TiledVizError(f"{about}: the process that read it was killed: try again")
        if not whole:
            _raise_ended(json.loads(ended)["ended"], about, seconds, memory)
        return _result(json.loads(whole), about, memory)

    def _fork(self, modules: Sequence[str], about: str) -> socket.socket:
        """Return the socket to a new process, which has loaded *modules*."""
        message = json.dumps(modules).encode()
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            for _ in range(2):  # one that was killed meanwhile is replaced
                try:
                    socket.send_fds(self._started(), [message], [theirs.fileno()])
                except OSError:
                    self._end()
                else:
                    return ours
        ours.close()
        raise TiledVizError(f"{about}: no process can be started to read it: are there too many?")

    def _started(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._control is None:
            control, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
            with theirs:
                # A session of its own: a Ctrl-C in the terminal is its caller's to handle.
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "tvcore.apart_server"],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env=os.environ | _SINGLE | self._environment,
                    start_new_session=True,
                )
            self._control = control
        return self._control

    def end(self) -> None:
        """End the process, and whatever still runs in those forked from it; the next call starts another."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


_default = Apart()
call = _default.call


def _read_all(channel: socket.socket, deadline: float, most: int) -> bytearray | None:
    """Return what comes until the end of *channel*; None when it is more than *most* bytes. Raises TimeoutError."""
    found = bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        channel.settimeout(left)
        piece = channel.recv(_PIECE)
        if not piece:
            return found
        found += piece
        if len(found) > most:
            return None


def _result(answer: dict[str, Any], about: str, memory: int) -> Any:
    if "result" in answer:
        return answer["result"]
    if "error" in answer:
        if answer["position"] is not None:
            raise PositionedError(answer["error"], answer["position"])
        raise (UsageError if answer["usage"] else TiledVizError)(answer["error"])
    if answer.get("memory"):
        raise _too_big(about, memory)
    if answer.get("deep"):
        raise TiledVizError(f"{about} is nested too deeply to be read")
    raise TiledVizError(f"{about}: {answer['fault']}; this is a fault of TiledViz: please report it, with the file")


def _raise_ended(status: int, about: str, seconds: float, memory: int) -> NoReturn:
    """Raise what it means that a process ended with *status*, as os.waitstatus_to_exitcode has it, and no answer."""
    match -status:
        case signal.SIGALRM | signal.SIGXCPU:
            raise _too_long(about, seconds)
        case signal.SIGKILL:
            raise TiledVizError(f"{about}: the process that read it was killed, for want of memory perhaps: try again")
        case number if number > 0:
            name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
            raise TiledVizError(
                f"{about} made the library that reads it crash ({name}): it is damaged, or needs more than "
                f"{_size(memory)} of memory; have it written again by what made it"
            )
        case _:
            raise TiledVizError(f"{about}: the process that read it ended with exit code {status} and no answer")


def _too_long(about: str, seconds: float) -> TiledVizError:
    return TiledVizError(
        f"{about} took longer than {seconds:g} s to read and was given up: it is too large, damaged, or its disk hangs"
    )


def _too_big(about: str, memory: int) -> TiledVizError:
    return TiledVizError(
        f"{about} needs more than {_size(memory)} of memory to read, which is more than it may have: it is too large, "
        "or damaged"
    )


def _size(count: int) -> str:
    unit, name = (1 << 30, "GiB") if count >= 1 << 30 else (1 << 20, "MiB")
    return f"{count / unit:.4g} {name}"
