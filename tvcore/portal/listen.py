"""Where the portal listens: a TCP port, or a unix socket that only its user reaches."""

from __future__ import annotations

import contextlib
import errno
import getpass
import os
import re
import shlex
import stat
from pathlib import Path
from typing import Any

from gevent import socket

from tvcore import paths
from tvcore.errors import TiledVizError, UsageError

SOCKET = "portal.sock"
BACKLOG = 128
ALIVE_SECONDS = 1.0  # for what listens on a socket to take a connection

# What ssh takes as it stands behind -L: no colon, which ends a field there, and nothing that it replaces.
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9._/+@=,-]*")


def listen(host: str, port: int) -> Any:
    """Return a socket that listens. Raises TiledVizError that says what is in the way."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or "127.0.0.1", port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{host} is not an address to listen on: give one of this machine with --host") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _in_the_way(host, port, error) from error
    except BaseException:
        listener.close()
        raise
    return listener


def _in_the_way(host: str, port: int, error: OSError) -> TiledVizError:
    if error.errno == errno.EADDRINUSE:
        return TiledVizError(f"port {port} on {host} is in use: stop what listens there or choose another with --port")
    if error.errno == errno.EACCES:
        return TiledVizError(f"port {port} on {host} is not for users: choose one above 1023 with --port")
    if error.errno == errno.EADDRNOTAVAIL:
        return UsageError(f"{host} is not an address of this machine: give one that is with --host")
    return TiledVizError(f"cannot listen on port {port} of {host}: {error.strerror}")


# ----------------------------------------------------------------- unix socket


def default_socket() -> Path:
    """Return where the portal's unix socket is when nobody says: a place of this machine, the same at each start.

    So the line for ssh stays good when the portal starts again. Raises TiledVizError when there is no place.
    """
    with contextlib.suppress(UsageError):
        return chosen_socket(paths.runtime_parent() / SOCKET)
    # Somebody else sits on the name of our lasting folder.
    return check_path(paths.runtime_folder("tiledviz-portal-") / SOCKET)


def chosen_socket(path: Path, group: int | None = None) -> Path:
    """Return *path*, absolute, as a place for the portal's socket: its folder is ours and closed, or made so.

    Only a *group* may go through that folder, if there is one. Raises UsageError when it cannot be.
    """
    path = check_path(path.absolute())
    folder = path.parent
    if not folder.exists():
        paths.secure_folder(folder)
        if group is not None:
            _give(folder, group, 0o710)
        return path
    found = folder.stat()
    through = 0o050 if group is not None and found.st_gid == group else 0
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077 & ~through:
        raise UsageError(
            f"--socket {path}: the folder {folder} must be yours and closed to others: "
            f"name one that is not there yet, or `chmod 700` it"
        )
    if group is not None and not found.st_mode & 0o010:
        raise UsageError(
            f"--socket {path}: the group of portal.web.socket_group cannot go through the folder {folder}: "
            f"name one that is not there yet, or `chgrp` it and `chmod 710` it"
        )
    return path


def _give(path: Path, group: int, mode: int) -> None:
    try:
        os.chown(path, -1, group)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be given to the group of portal.web.socket_group ({error.strerror}): be one of that group"
        ) from error
    path.chmod(mode)  # not before: it was somebody else's group


def check_path(path: Path) -> Path:
    """Return *path* if a unix socket can have it and ssh can be told of it. Raises UsageError."""
    if len(os.fsencode(path)) > paths.UNIX_PATH_MAX:
        raise UsageError(f"--socket {path}: a unix socket's path has {paths.UNIX_PATH_MAX} bytes at most: shorten it")
    if not _PLAIN_PATH.fullmatch(str(path)):
        raise UsageError(f"--socket {str(path)!r}: use letters, digits and any of ._/+@=,- so that ssh reads it")
    return path


class UnixListener:
    """A unix socket, 0600, at *path*: what a killed portal left there is replaced, and nothing else.

    With a *group*, that reaches it too (0660). Raises TiledVizError when something listens there, or another kind of
    file is in the way.
    """

    def __init__(self, path: Path, group: int | None = None) -> None:
        self.path = path
        self._mine: tuple[int, int] | None = None
        _make_room(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Before anybody can connect: its mode comes with its name.
            mask = os.umask(0o177)
            try:
                self.socket.bind(str(path))
            finally:
                os.umask(mask)
            self._mine = _identity(path)
            if group is not None:
                _give(path, group, 0o660)
            self.socket.listen(BACKLOG)
            self.socket.setblocking(False)
        except OSError as error:
            self.socket.close()
            raise TiledVizError(f"cannot listen on {path}: {error.strerror}") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Listen no more, and remove the socket unless it is another's by now."""
        self.socket.close()
        with contextlib.suppress(OSError):
            if _identity(self.path) == self._mine:
                self.path.unlink()


def _identity(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino


def _make_room(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise TiledVizError(f"cannot listen on {path}: {error.strerror}") from error
    if not stat.S_ISSOCK(found.st_mode):
        raise TiledVizError(f"{path} is there and no socket: remove it, or choose another path with --socket")
    if _alive(path):
        raise TiledVizError(f"something listens on {path} already: stop it, or choose another path with --socket")
    path.unlink(missing_ok=True)


def _alive(path: Path) -> bool:
    """Return whether a process listens on the socket *path*; one too busy to answer does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(ALIVE_SECONDS)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
        return True


def ssh_line(path: Path, port: int) -> str:
    """Return what to run on one's own machine so that *port* there leads to the socket *path* here."""
    host, full = socket.gethostname(), socket.getfqdn()
    # A machine that does not know its full name calls itself localhost, or by an address.
    name = full if full.startswith(f"{host.partition('.')[0]}.") else host
    with contextlib.suppress(KeyError, OSError):  # a user without an entry in the password database
        name = f"{getpass.getuser()}@{name}"
    return f"ssh -N -L {port}:{path} {shlex.quote(name)}"
