"""Child processes: started so that they die with us, waited for, ended with all that they started.

A child is started through setpriv(1), which asks the kernel for a signal when the thread that forked it dies
(PR_SET_PDEATHSIG, prctl(2)): start children from the main thread only. This process is the subreaper of all that
descends from it, so that what a program leaves behind comes to us instead of escaping to init.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tvcore import proc
from tvcore.errors import TiledVizError

PR_SET_CHILD_SUBREAPER = 36
SESSION_NICE = "10"
WISH_PAUSE = 0.13  # seconds from one wish that the kernel did not grant yet to the next
GRACE = 3.0  # seconds between SIGTERM and SIGKILL
MOST_SAID = 1 << 20  # bytes kept of what a process says that is asked something
# What serves the files of a container's image: a child of the container command, and ours when that was killed.
IMAGE_DRIVERS = ("squashfuse", "fuse2fs", "fuse-overlayfs", "gocryptfs")


class Child:
    """One process and its process group."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.pid = process.pid
        self.why = ""  # it was ended by us, where whoever waits for it is to know
        self.ended: asyncio.Future[Any] = (
            asyncio.get_running_loop().create_future()
        )  # the exit code; not to be cancelled
        self._process = process

    @property
    def alive(self) -> bool:
        """Return whether it has not ended, as far as we know."""
        return not self.ended.done()

    def reap(self) -> None:
        """Take the status of the process, which has ended, and end what is left of its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # before its status is taken: until then the number is its own
        self.ended.set_result(self._process.wait())

    async def wait(self) -> int:
        """Wait for the end and return the exit code, negative for a signal."""
        code: int = await asyncio.shield(self.ended)
        return code

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the whole process group, while its leader lives."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    async def stop(self, grace: float = GRACE) -> None:
        """End the whole group: SIGTERM to it, continued if it was stopped, and SIGKILL after *grace* seconds."""
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self.wait()
        self.send(signal.SIGKILL)
        await self.wait()


class Children:
    """All child processes of this process; make one, from the main thread, with the event loop running."""

    def __init__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise TiledVizError(f"cannot become a subreaper: {os.strerror(ctypes.get_errno())}")
        self._children: dict[int, Child] = {}
        self._putting: set[asyncio.Task[None]] = set()
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    def start(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        output: int,
        death: str = "KILL",
        pass_fds: tuple[int, ...] = (),
        folder: Path | None = None,
        given: int = subprocess.DEVNULL,
        errors: int | None = None,
        behind: bool = False,
    ) -> Child:
        """Start a process in a process group of its own; it gets the signal *death* when we die.

        Standard input is *given* (default: empty), standard output *output*, standard error *errors* (default: the
        same). *behind*: all else that wants the processor comes before it. Raises OSError.
        """
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", death, "--", *arguments],
            env=dict(environment),
            stdin=given,
            stdout=output,
            stderr=output if errors is None else errors,
            pass_fds=pass_fds,
            cwd=folder,
            start_new_session=behind,
            process_group=None if behind else 0,
        )
        child = self._children[process.pid] = Child(process)
        if behind:
            put = asyncio.create_task(_put_behind(child))
            self._putting.add(put)
            put.add_done_callback(self._putting.discard)
        return child

    async def ask(
        self, arguments: Sequence[str], environment: Mapping[str, str], seconds: float
    ) -> tuple[int | None, str]:
        """Run a process to its end. Return its exit code, None when it was ended after *seconds*, and what it said."""
        ours, theirs = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(ours, False)
        said = bytearray()
        loop = asyncio.get_running_loop()

        def read() -> None:
            with contextlib.suppress(BlockingIOError):
                data = os.read(ours, 1 << 16)
                said.extend(data[: MOST_SAID - len(said)])
                if not data:
                    loop.remove_reader(ours)  # closed, though the process may live on

        try:
            try:
                child = self.start(arguments, environment, theirs)
            finally:
                os.close(theirs)
            loop.add_reader(ours, read)
            code: int | None = None
            try:
                async with asyncio.timeout(seconds):
                    code = await child.wait()
            except TimeoutError:
                pass
            finally:
                loop.remove_reader(ours)
                await child.stop(0)
            read()
        finally:
            os.close(ours)
        return code, said.decode("utf-8", "replace")

    def _reap(self) -> None:
        """Take the status of every child that ended: ours, and the orphans that became ours."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
                if child := self._children.pop(ended.si_pid, None):
                    child.reap()
                else:
                    os.waitpid(ended.si_pid, os.WNOHANG)

    async def end_orphans(self, mark: str = "") -> None:
        """Kill what programs left behind and what descends from that; *mark*: only those with it in the environment.

        *mark* is ``NAME=value``; what served the image of a dead container has none, and goes too. Needs
        /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN); without it nothing is found.
        """
        for _ in range(50):  # each kill may bring that process's own children to us
            strangers = [pid for pid in proc.children_of(os.getpid()) if pid not in self._children]
            orphans = [
                pid for pid in strangers if not mark or proc.has_mark(pid, mark) or _name(pid).startswith(IMAGE_DRIVERS)
            ]
            if not orphans:
                return
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.01)


async def _put_behind(child: Child) -> None:
    """Have the kernel serve the session of *child* after others: where sessions share the processor, nice counts
    only within one (sched(7), autogroup). It grants one such wish per 0.1 s, whoever has it.
    """
    while child.alive and not _is_behind(child.pid):  # noqa: ASYNC110 - the kernel tells nobody when it would
        await asyncio.sleep(WISH_PAUSE)


def _is_behind(pid: int) -> bool:
    try:
        Path(f"/proc/{pid}/autogroup").write_text(SESSION_NICE)
    except BlockingIOError:
        return False
    except OSError:
        pass  # gone, or a kernel without such groups
    return True


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return ""


def describe_exit(code: int) -> str:
    """Return in words how a process ended with the exit *code* (negative: by a signal)."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {-code} ({signal.Signals(-code).name})"
    except ValueError:
        return f"signal {-code}"
