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
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from tvcore.errors import TiledVizError, UsageError

SECONDS = 60.0
MEMORY = 2 << 30  # bytes of address space
OUTPUT_MAX = 256 << 20  # bytes of an answer
BIRTH_SECONDS = 60.0  # the first call waits until all is loaded, from a slow disk perhaps
GRACE = 5.0  # seconds that a process which cannot be killed (a disk that hangs) is waited for over its time
CANCEL_SECONDS = 0.2  # between two looks whether the caller wants no answer any more
_PIECE = 1 << 16
_SAID, _ENDED = (b'{"report"', b'{"doing"'), b'{"ended"'  # how lines on the way begin, and the last
TEXT_MOST = 1000  # letters of a report
# One thread each: the pools of these libraries take address space, and forks do not have them.
_SINGLE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}


class ApartError(TiledVizError):
    """A process was lost, or what it said is no answer.

    *how* is ``time``, ``memory``, ``crash``, ``killed``, ``output``, ``exit``, ``fault``, ``deep``, or ``lost`` where
    all calls were, with the process that they are forked from. *doing* is what the call said last that it begins to
    do, *detail* what is known besides.
    """

    def __init__(self, text: str, how: str, doing: str = "", detail: str = "") -> None:
        super().__init__(text)
        self.how = how
        self.doing = doing
        self.detail = detail


class CancelledError(TiledVizError):
    """The call was given up because its caller wanted so."""


class PositionedError(UsageError):
    """A refusal that points into the text that was asked: *position* counts characters from 0."""

    def __init__(self, text: str, position: int) -> None:
        super().__init__(text)
        self.position = position


class Apart:
    """A process that processes for calls are forked from, started by the first call; for any number of threads.

    *environment* is added to that of the process; *voice*: what calls print is on the standard error of this one.
    """

    def __init__(self, environment: Mapping[str, str] | None = None, voice: bool = False) -> None:
        self._environment = dict(environment or {})
        self._voice = voice
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
        memory: int | None = MEMORY,
        output: int = OUTPUT_MAX,
        preload: Sequence[str] = (),
        what: str = "",
        report: Callable[[float, str], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        total: float = math.inf,
    ) -> Any:
        """Return what *function*, ``module:name``, returns for *arguments*, within *seconds* and *memory* bytes.

        *preload* names modules to load once, for all calls to come; the function's own is. *what* is what errors
        are about, a file usually. *report*, a function of a fraction and a text, gets what the function hands to
        ``tvcore.apart_call.report``; then each report, and each ``begin`` there, gives it *seconds* anew, up to *total*
        of them. Once *cancelled* returns true the process is killed, with what it started. Raises TiledVizError;
        UsageError where the function does, CancelledError, and ApartError for a process that is lost.
        """
        about = what or function
        module, _, _ = function.partition(":")
        request = {
            "function": function, "arguments": dict(arguments), "seconds": seconds, "memory": memory,
            "renews": report is not None, "voice": self._voice, "folder": _folder(),
            "path": sys.path,
            "environment": os.environ | _SINGLE | self._environment,
        }  # fmt: skip
        with self._fork([*preload, module], about) as channel:
            answer = _Answer(channel, seconds, total, output, report, cancelled)
            try:
                channel.settimeout(BIRTH_SECONDS)
                channel.sendall(json.dumps(request).encode() + b"\n")
                channel.recv(1)  # it has been born
                answer.read()
                return answer.taken(about, memory)
            except TimeoutError:
                raise _too_long(about, min(seconds, total), answer.doing) from None
            except OSError:
                raise _lost(about, answer.doing) from None
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                text = f"{about}: what came back is no answer"
                raise ApartError(text, "output", answer.doing) from error

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


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "/"


_default = Apart()
call = _default.call


class _Answer:
    """What comes back from a process: reports on the way, ``doing`` that it says last, and at the end its lines."""

    def __init__(
        self,
        channel: socket.socket,
        seconds: float,
        total: float,
        most: int,
        report: Callable[[float, str], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.doing = ""
        self._lines: list[bytes] = []
        self._ended: int | None = None
        self._too_much = 0
        self._channel = channel
        self._seconds = seconds
        self._end = time.monotonic() + total
        self._most = most
        self._report = report
        self._cancelled = cancelled
        self._asked = 0.0

    def read(self) -> None:
        """Read to the end. Raises TimeoutError, CancelledError, OSError, and ValueError and the like for nonsense."""
        begun = bytearray()
        deadline = self._deadline()
        while self._ended is None and not self._too_much:
            self._look()
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._channel.settimeout(min(left, CANCEL_SECONDS) if self._cancelled else left)
            try:
                piece = self._channel.recv(_PIECE)
            except TimeoutError:
                continue
            if not piece:
                return
            begun += piece
            if b"\n" in piece:
                *whole, rest = begun.split(b"\n")
                begun = bytearray(rest)
                said = [self._take(bytes(line)) for line in whole if line]
                if any(said) and self._report is not None:
                    deadline = self._deadline()
            kept = len(begun) + sum(map(len, self._lines))
            self._too_much = kept if kept > self._most else 0

    def taken(self, about: str, memory: int | None) -> Any:
        """Return what the function returned. Raises as ``Apart.call`` does, and ValueError and the like."""
        if self._too_much:
            text = f"{about}: more than {_size(self._most)} come of it, which is more than is taken"
            raise ApartError(text, "output", self.doing)
        if self._ended is None:
            raise _lost(about, self.doing)
        if not self._lines:
            _raise_ended(self._ended, about, self._seconds, memory, self.doing)
        return _result(json.loads(self._lines[-1]), about, memory, self.doing)

    def _look(self) -> None:
        """Raise CancelledError where the caller wants no answer any more, asked now and then."""
        if self._cancelled and time.monotonic() - self._asked >= CANCEL_SECONDS:
            self._asked = time.monotonic()
            if self._cancelled():
                raise CancelledError("it was cancelled")

    def _deadline(self) -> float:
        return min(time.monotonic() + self._seconds, self._end) + GRACE

    def _take(self, line: bytes) -> bool:
        """Take a whole line; return whether it was said on the way."""
        if line.startswith(_ENDED):
            self._ended = int(json.loads(line)["ended"])
        elif not line.startswith(_SAID):
            self._lines.append(line)
            return False
        else:
            said = json.loads(line)
            if "doing" in said:
                self.doing = str(said["doing"])[:TEXT_MOST]
            elif self._report is not None:
                self._report(float(said["report"][0]), str(said["report"][1])[:TEXT_MOST])
        return True


def _lost(about: str, doing: str) -> ApartError:
    return ApartError(f"{about}: the process that read it was killed: try again", "lost", doing)


def _result(answer: dict[str, Any], about: str, memory: int | None, doing: str) -> Any:
    if "result" in answer:
        return answer["result"]
    if "error" in answer:
        if answer["position"] is not None:
            raise PositionedError(answer["error"], answer["position"])
        raise (UsageError if answer["usage"] else TiledVizError)(answer["error"])
    if answer.get("memory"):
        raise _too_big(about, memory, doing)
    if answer.get("deep"):
        raise ApartError(f"{about} is nested too deeply to be read", "deep", doing)
    text = f"{about}: {answer['fault']}; this is a fault of TiledViz: please report it, with the file"
    raise ApartError(text, "fault", doing, str(answer["fault"]))


def _raise_ended(status: int, about: str, seconds: float, memory: int | None, doing: str) -> NoReturn:
    """Raise what it means that a process ended with *status*, as os.waitstatus_to_exitcode has it, and no answer."""
    match -status:
        case signal.SIGALRM | signal.SIGXCPU:
            raise _too_long(about, seconds, doing)
        case signal.SIGKILL:
            text = f"{about}: the process that read it was killed, for want of memory perhaps: try again"
            raise ApartError(text, "killed", doing)
        case number if number > 0:
            name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
            most = f", or needs more than {_size(memory)} of memory" if memory else ""
            text = (
                f"{about} made the library that reads it crash ({name}): it is damaged{most}; "
                "have it written again by what made it"
            )
            raise ApartError(text, "crash", doing)
        case _:
            text = f"{about}: the process that read it ended with exit code {status} and no answer"
            raise ApartError(text, "exit", doing)


def _too_long(about: str, seconds: float, doing: str) -> ApartError:
    text = (
        f"{about} took longer than {seconds:g} s to read and was given up: it is too large, damaged, or its disk hangs"
    )
    return ApartError(text, "time", doing)


def _too_big(about: str, memory: int | None, doing: str) -> ApartError:
    most = f"more than {_size(memory)} of memory" if memory else "more memory than there is"
    text = f"{about} needs {most} to read, which is more than it may have: it is too large, or damaged"
    return ApartError(text, "memory", doing)


def _size(count: int) -> str:
    unit, name = (1 << 30, "GiB") if count >= 1 << 30 else (1 << 20, "MiB")
    return f"{count / unit:.4g} {name}"
