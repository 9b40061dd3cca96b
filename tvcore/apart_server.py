"""The process that ``tvcore.apart`` has its calls run in: it loads modules once, and forks for each call.

Its standard input is a unix(7) socket of sequenced packets. A packet is a JSON list of modules to load, with the
stream socket of one call. The process forked for it says that it is there by an empty line, reads its request, a line
of JSON, limits itself, and answers by another. When it has ended, however, a last line says how: ``{"ended": exit code,
or minus a signal}``. Whoever hangs up has it killed; when the caller is gone, so is everything here.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import math
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from tvcore import apart_call, proc
from tvcore.errors import TiledVizError

MESSAGE_MAX = 1 << 14  # bytes
MARK = "TILEDVIZ_CALL"  # in the environment of all that one call starts
_PR_SET_PDEATHSIG = 1  # prctl(2)
_libc = ctypes.CDLL(None, use_errno=True)


class Server:
    """Forks a process per call, and says how each ended; *control* is where calls come from."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._living: dict[int, socket.socket] = {}
        self._marks: dict[int, str] = {}
        self._untold: dict[int, tuple[socket.socket, bytes]] = {}  # by descriptor, what there was no room for yet
        self._calls = 0
        self._poll = select.poll()
        self._woken, wake = os.pipe()
        for end in (self._woken, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # its byte in the pipe is what matters
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def run(self) -> None:
        """Do what is asked until the caller is gone, and leave no process behind."""
        self._poll.register(self._control, select.POLLIN)
        self._poll.register(self._woken, select.POLLIN)
        try:
            while True:
                ready = {descriptor for descriptor, _ in self._poll.poll()}
                own = {self._woken, self._control.fileno()}
                for descriptor in ready - own:  # first, while these are the calls that they were
                    if descriptor in self._untold:
                        self._poll.unregister(descriptor)
                        self._tell(*self._untold.pop(descriptor))
                    else:
                        self._kill(descriptor)
                if self._woken in ready:
                    self._reap()
                if self._control.fileno() in ready and not self._take():
                    return
        finally:
            for pid in self._living:
                _kill_group(pid)

    def _take(self) -> bool:
        """Begin the next call; return whether there was one."""
        message, descriptors, _, _ = socket.recv_fds(self._control, MESSAGE_MAX, 1)
        if not message:
            return False
        if not descriptors:  # this process may have no more of them: the caller's end says that nobody is there
            return True
        os.set_inheritable(descriptors[0], False)  # what a call starts must not keep its caller waiting
        for module in json.loads(message):
            # What cannot be loaded fails again in the call itself, which says so.
            with contextlib.suppress(Exception):
                importlib.import_module(module)
        gc.freeze()  # what is loaded is shared with all calls as long as nobody writes to it
        channel = socket.socket(fileno=descriptors[0])
        channel.setblocking(True)
        parent = os.getpid()
        self._calls += 1
        mark = f"{MARK}={parent}-{self._calls}"
        try:
            pid = os.fork()
        except OSError:  # too many processes: the caller is told by its socket's end
            channel.close()
            return True
        if pid == 0:
            for other in (self._control, *self._living.values(), *(channel for channel, _ in self._untold.values())):
                other.close()
            _run_forked(channel, parent, mark)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)  # the child does so too: whoever comes first
        self._living[pid] = channel
        self._marks[pid] = mark
        self._poll.register(channel, 0)  # its hanging up alone
        return True

    def _kill(self, descriptor: int) -> None:
        """End the call of *descriptor*: nobody waits for it any more."""
        self._poll.unregister(descriptor)
        for pid, channel in self._living.items():
            if channel.fileno() == descriptor:
                _kill_group(pid)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._woken, 4096):
                pass
        for pid in list(self._living):
            if not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                continue
            _kill_group(pid)  # what it started and left behind, while the number is surely its own
            _kill_marked(self._marks.pop(pid))
            _, status = os.waitpid(pid, 0)
            channel = self._living.pop(pid)
            with contextlib.suppress(KeyError):
                self._poll.unregister(channel)
            line = json.dumps({"ended": os.waitstatus_to_exitcode(status)})
            self._tell(channel, f"\n{line}\n".encode())
        self._bury()

    def _tell(self, channel: socket.socket, said: bytes) -> None:
        """Send a caller the last that it hears, and what there is no room for as soon as it has read."""
        try:
            said = said[channel.send(said, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL) :]
        except BlockingIOError:
            pass
        except OSError:  # nobody listens
            said = b""
        if said:
            self._untold[channel.fileno()] = channel, said
            self._poll.register(channel, select.POLLOUT)
        else:
            channel.close()

    def _bury(self) -> None:
        """Wait for those that have come to us when who started them ended."""
        for pid in proc.children_of(os.getpid()):
            if pid not in self._living:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)


def _kill_group(pid: int) -> None:
    """End a call's process, whose group is its own, and those of it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _kill_marked(mark: str) -> None:
    """End what a call started in groups of its own and left behind: it has come to us, as we are its subreaper."""
    for _ in range(20):  # each kill may bring that process's own children to us
        found = [pid for pid in proc.children_of(os.getpid()) if proc.running(pid) and proc.has_mark(pid, mark)]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def _run_forked(channel: socket.socket, parent: int, mark: str) -> NoReturn:
    """Answer the one call that *channel* brings, within its limits, and end."""
    code = 1
    try:
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        channel.sendall(b"\n")  # born: its time begins
        request = json.loads(channel.makefile("rb").readline())
        _quieten(request["voice"])
        _limit(request["seconds"], request["memory"], request["renews"])
        apart_call.attach(channel, request["seconds"] if request["renews"] else 0.0)
        name, _, value = mark.partition("=")
        _be_where_the_caller_is(request["environment"] | {name: value}, request["folder"], request["path"])
        channel.sendall(_answer(request["function"], request["arguments"]))
        code = 0
    except OSError:
        pass  # nobody waits for it any more
    finally:
        os._exit(code)


def _be_where_the_caller_is(environment: dict[str, str], folder: str, path: list[str]) -> None:
    """Take the caller's environment, working folder and search path: the server's are those of its start."""
    sys.path[:] = path
    importlib.invalidate_caches()
    os.environ.clear()
    os.environ.update(environment)
    with contextlib.suppress(OSError):  # it may be gone
        os.chdir(folder)


def _quieten(voice: bool) -> None:
    """Have what is printed go nowhere, libraries say what helps nobody; with a *voice* to the caller's errors."""
    if voice:
        os.dup2(2, 1)
    else:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)


def _limit(seconds: float, memory: int | None, renews: bool) -> None:
    """Limit this process; the kernel ends it when its time is over, whatever it is doing."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if not renews:  # one that reports may work for hours, and write what it likes
        most = memory or resource.RLIM_INFINITY
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        cpu = math.ceil(seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _answer(function: str, arguments: dict[str, Any]) -> bytes:
    """Return the line that answers the call."""
    answer: dict[str, Any]
    try:
        module, _, name = function.partition(":")
        result = getattr(importlib.import_module(module), name)(**arguments)
        return json.dumps({"result": result}).encode()
    except TiledVizError as error:
        answer = {"error": str(error), "usage": error.exit_code == 2, "position": getattr(error, "position", None)}
    except MemoryError:
        answer = {"memory": True}
    except RecursionError:
        answer = {"deep": True}
    except Exception as error:
        answer = {"fault": _fault(error)}
    return json.dumps(answer).encode()


def _fault(error: Exception) -> str:
    """Return what a fault is and where, on one line, without what was read: that may be anything."""
    frames: Sequence[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames[1:] if "/tvcore/" in frame.filename or "/plugins/" in frame.filename] or frames
    where = f"{os.path.basename(ours[-1].filename)} line {ours[-1].lineno}"
    return f"{type(error).__name__} in {where}"


def main() -> None:
    """Be the process that forks."""
    # What is forked must not hold the control socket as its standard input.
    control = socket.socket(fileno=os.dup(0))
    control.setblocking(True)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    proc.become_subreaper()
    Server(control).run()
    sys.exit(0)


if __name__ == "__main__":
    main()
