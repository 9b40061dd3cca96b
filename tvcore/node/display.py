"""One X display: TigerVNC's Xvnc, reached by its owner alone.

RFB is on a unix socket (0600, in a 0700 folder), never on a port. X is on ``/tmp/.X11-unix/XN``, made 0600 too, with a
cookie of its own, and neither on TCP nor on the abstract socket ``@/tmp/.X11-unix/XN``: that name is bound by us, and
never listened on. So no other display takes the number (Xvnc makes no lock when it has ``-displayfd``, and without
its abstract socket it takes over the socket of another), and nobody else can sit there: libxcb tries the abstract
socket first, and would send the cookie to whoever listens. The kernel frees the name when we die.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import socket
from pathlib import Path

from tvcore.causes import Cause, TileFailureError
from tvcore.node.children import Child, Children, describe_exit
from tvcore.node.house import X_SOCKETS, House
from tvcore.node.logs import tail
from tvcore.node.onlooker import PASSWORDS
from tvcore.node.xauth import write_cookie

FIRST_NUMBER = 100  # below are the displays that people start
LAST_NUMBER = 9999
READY = 30.0  # seconds that a display may take to come up
FRAME_RATE = 250  # of Xvnc's frame clock: 12 ms from change to picture, at no cost; our requests limit the rate
COMPARE = "2"  # what is painted with what was there: where a client wants it, as ours does where it pays (redraw.py)
INSTALL = "Xvnc is not installed: as root, apt-get install tigervnc-standalone-server"


class DisplayError(Exception):
    """A display did not come up; the text says why, *code* is Xvnc's exit code where it ended."""

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text)
        self.code = code


def find_xvnc() -> str:
    """Return the path of TigerVNC's X server on this node. Raises TileFailureError where there is none."""
    found = shutil.which("Xvnc") or shutil.which("Xtigervnc")
    if found is None:
        raise TileFailureError(Cause.NO_DISPLAY, INSTALL)
    return found


class Reservation:
    """A display number that is ours, on this node, until ``release``."""

    def __init__(self) -> None:
        for number in range(FIRST_NUMBER, LAST_NUMBER + 1):
            if taken := self._take(number):
                self.number, self._name = number, taken
                return
        raise DisplayError("no X display number is free on this node")

    @staticmethod
    def _take(number: int) -> socket.socket | None:
        name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            name.bind(f"\0{X_SOCKETS}/X{number}")
        except OSError as error:
            name.close()
            if error.errno != errno.EADDRINUSE:
                raise
            return None
        if Path(f"/tmp/.X{number}-lock").exists() or _in_use(X_SOCKETS / f"X{number}"):  # noqa: S108
            name.close()
            return None
        return name

    def release(self) -> None:
        """Give the number back, with no dead socket of ours on it."""
        with contextlib.suppress(OSError):
            (X_SOCKETS / f"X{self.number}").unlink()
        self._name.close()


def _in_use(path: Path) -> bool:
    """Return whether *path* is somebody else's, or somebody listens there; a dead socket of ours is not in use."""
    try:
        if path.lstat().st_uid != os.getuid():
            return True
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
            trial.connect(os.fspath(path))
    except FileNotFoundError:
        return False
    except OSError as error:
        return error.errno != errno.ECONNREFUSED
    return True


class Display:
    """An Xvnc in *house*, of *width* by *height* pixels, on the number that is reserved; its files are in *folder*."""

    def __init__(self, house: House, reservation: Reservation, folder: Path, width: int, height: int) -> None:
        self.number = reservation.number
        self.folder = folder
        self.rfb_socket = folder / "rfb"
        self.cookie_file = folder / "xauthority"
        self.passwords = folder / "passwords"  # by which one comes who may only look (onlooker.py)
        self.log = folder / "xvnc.log"
        self._house = house
        self._x_socket = house.x_sockets / f"X{self.number}"
        self._geometry = f"{width}x{height}"

    @property
    def name(self) -> str:
        """Return the value of DISPLAY."""
        return f":{self.number}"

    def arguments(self, ready_fd: int) -> list[str]:
        """Return Xvnc's argument list; it writes its number to *ready_fd* once programs can connect."""
        return [
            self._house.xvnc, self.name,
            "-geometry", self._geometry, "-depth", "24",
            "-rfbunixpath", str(self.rfb_socket), "-rfbunixmode", str(0o600), "-rfbport", "-1",
            "-SecurityTypes", "None,VncAuth", "-PasswordFile", str(self.passwords), "-UseBlacklist", "0",
            "-AlwaysShared",
            "-auth", str(self.cookie_file), "-nolisten", "tcp", "-nolisten", "local",
            "-displayfd", str(ready_fd), "-noreset",
            "-FrameRate", str(FRAME_RATE), "-CompareFB", COMPARE,
            "-Log", "*:stderr:10",
        ]  # fmt: skip

    async def start(self, children: Children) -> Child:
        """Start Xvnc and return it once it is ready. Raises DisplayError with the cause."""
        self.rfb_socket.unlink(missing_ok=True)
        write_cookie(self.cookie_file)
        self.passwords.write_bytes(PASSWORDS)
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        ready, ready_end = os.pipe2(os.O_CLOEXEC)
        try:
            # TERM, not KILL, when we die: it removes its socket in /tmp/.X11-unix by itself
            launch = self._house.display(self.arguments(ready_end))
            child = children.start(launch.arguments, launch.environment, log, "TERM", pass_fds=(ready_end,))
        except OSError as error:
            os.close(ready)
            raise DisplayError(f"Xvnc cannot be started: {error.strerror}") from error
        finally:
            os.close(ready_end)
            os.close(log)
        try:
            await self._wait_ready(child, ready)
            self._x_socket.chmod(0o600)
            self.rfb_socket.chmod(0o600)
        except OSError as error:
            await child.stop()
            raise DisplayError(f"the display's socket is not there: {error}") from error
        except BaseException:
            await child.stop()
            raise
        return child

    async def _wait_ready(self, child: Child, ready: int) -> None:
        """Read the number and the newline, which come apart: without a reader for both Xvnc ends."""
        loop = asyncio.get_running_loop()
        with os.fdopen(ready, "rb", buffering=0) as pipe:
            reader = asyncio.StreamReader()
            transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
            try:
                async with asyncio.timeout(READY):
                    if not (await reader.readline()).endswith(b"\n"):
                        code = await child.wait()
                        raise DisplayError(f"Xvnc ended with {describe_exit(code)}{self.cause()}", code)
            except TimeoutError:
                raise DisplayError(f"Xvnc was not ready within {READY:.0f} s") from None
            finally:
                transport.close()

    def tidy(self) -> None:
        """Remove the X socket of a display that was killed; Xvnc removes it itself when it can."""
        with contextlib.suppress(OSError):
            self._x_socket.unlink()

    def cause(self) -> str:
        """Return the last line of Xvnc's log that says something, after a colon; empty where there is none."""
        lines = [line.strip() for line in tail(self.log, 20)]
        return next((f": {line}" for line in reversed(lines) if line and "ComparingUpdate" not in line), "")
