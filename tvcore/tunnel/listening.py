"""The sockets on which the endpoint listens."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket as plain
from pathlib import Path

from gevent import socket

from tvcore import paths
from tvcore.errors import TiledVizError
from tvcore.tunnel.strangers import parse_address

BACKLOG = 512


def listen_tcp(host: str, port: int, memory: Path) -> socket.socket:
    """Listen on *port*, or if that is 0 on the one in the file *memory*, or if that is taken on a free one.

    All addresses are bound, unless *host* is an address of this machine. Raises TiledVizError.
    """
    last = port
    if not port:
        with contextlib.suppress(OSError, ValueError):
            last = int(memory.read_text())
    for wanted in dict.fromkeys((last, port)):
        try:
            listener = _bind(host, wanted)
        except (OSError, OverflowError) as error:
            problem = error
            continue
        paths.write_atomic(memory, str(listener.getsockname()[1]))
        return listener
    raise TiledVizError(
        f"the tunnels' endpoint cannot listen on port {port} ({problem}): set another tunnel.port"
    ) from problem


def _bind(host: str, port: int) -> socket.socket:
    if (address := parse_address(host)) is not None:
        with contextlib.suppress(OSError):
            _listening(address, 0).close()  # is it ours?
            return _listening(address, port)
    if plain.has_ipv6:
        with contextlib.suppress(OSError):
            return _listening(ipaddress.IPv6Address("::"), port)
    return _listening(ipaddress.IPv4Address("0.0.0.0"), port)  # noqa: S104


def _listening(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> socket.socket:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((str(address), port))
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def listen_unix(path: Path) -> socket.socket:
    """Listen on the unix socket *path*, 0600, in place of one that is there. Raises OSError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        listener.bind(str(fresh))
        os.chmod(fresh, 0o600)
        listener.listen(BACKLOG)
        fresh.rename(path)  # whoever finds it may connect
    except BaseException:
        listener.close()
        raise
    return listener
