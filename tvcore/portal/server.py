"""The portal's process: one port or unix socket for HTTP and WebSockets (gevent's WSGIServer), from start to end."""

from __future__ import annotations

import contextlib
import logging
import resource
import signal
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gevent
from gevent import monkey, socket
from gevent.event import Event
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer

from tvcore.errors import UsageError
from tvcore.portal import instance
from tvcore.portal.app import body_max, make_app
from tvcore.portal.auth import Hosts
from tvcore.portal.core import Portal
from tvcore.portal.handler import Handler
from tvcore.portal.instance import PortalInfo
from tvcore.portal.listen import UnixListener, is_ours, listen, ssh_line
from tvcore.portal.websocket import GOING_AWAY

CONNECTIONS_MAX = 1024
END_SECONDS = 2.0

BodyMax = Callable[[str, Mapping[str, str]], int]

log = logging.getLogger(__name__)


class Server(WSGIServer):  # type: ignore[misc]
    """The portal's server; *hosts* are the names it answers to, *body_max* says how large a body may be."""

    handler_class = Handler

    def __init__(self, listener: Any, application: Any, hosts: Hosts, body_max: BodyMax) -> None:
        super().__init__(listener, application, spawn=Pool(CONNECTIONS_MAX), log=None, error_log=log)
        self.hosts = hosts
        self.body_max = body_max

    def handle(self, sock: Any, address: Any) -> None:
        """Serve one connection; on a unix socket, one of our own user's."""
        if sock.family == socket.AF_UNIX and not is_ours(sock):
            log.warning("another user's connection to the socket was cut")
            sock.close()
            return
        super().handle(sock, address)


def serve(
    host: str = "127.0.0.1",
    port: int = instance.DEFAULT_PORT,
    public_hosts: Iterable[str] = (),
    ready: Callable[[PortalInfo], None] | None = None,
    path: Path | None = None,
) -> None:
    """Run the portal until SIGTERM or SIGINT; *ready* is called with what is known of it once it listens.

    gevent's ``monkey.patch_all`` was called before. Port 0 takes a free one. *public_hosts* are further
    ``HOST[:PORT]`` by which browsers reach it. With *path* it listens on that unix socket, not on TCP, and *port*
    is the one from which ssh leads there, on the person's own machine. Raises TiledVizError when it cannot begin.
    """
    if not monkey.is_module_patched("socket"):
        raise RuntimeError("gevent.monkey.patch_all() comes before tvcore.portal.server.serve()")
    if path is not None and port == 0:
        raise UsageError("--port 0 with --socket: name the port of your own machine from which ssh leads to the socket")
    _allow_many_files()
    ended = Event()
    signals = [gevent.signal_handler(number, ended.set) for number in (signal.SIGTERM, signal.SIGINT)]
    with contextlib.ExitStack() as at_the_end:
        for handler in signals:
            at_the_end.callback(handler.cancel)
        with instance.starting():
            if path is None:
                listener = listen(host, port)
                at_the_end.callback(listener.close)
                port = listener.getsockname()[1]
            else:
                door = UnixListener(path)
                at_the_end.callback(door.close)
                listener = door.socket
            hosts = Hosts(host, port, public_hosts)
            portal = Portal(hosts, f"tiledviz_{port}")
            at_the_end.callback(portal.stop)
            portal.start()
            server = Server(listener, make_app(portal), hosts, partial(body_max, portal))
            server.start()
            at_the_end.callback(_end, server, portal)
            info = instance.announce(host, port, path=path, ssh=ssh_line(path, port) if path else None)
            at_the_end.callback(instance.withdraw, info)
        log.info("the portal listens at %s", path or info.url)
        if ready is not None:
            ready(info)
        ended.wait()
        log.info("the portal ends")


def _end(server: Server, portal: Portal) -> None:
    server.close()
    portal.sockets.end_all(GOING_AWAY, "the portal ends")
    server.pool.join(END_SECONDS)
    server.pool.kill(timeout=1)


def _allow_many_files() -> None:
    # A viewer is a socket, and one more to each node agent; a focus stream has a pipe beside.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8 * CONNECTIONS_MAX if hard == resource.RLIM_INFINITY else min(hard, 8 * CONNECTIONS_MAX)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
