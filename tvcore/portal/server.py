"""The portal's process: one port for HTTP and WebSockets (gevent's WSGIServer), from start to end."""

from __future__ import annotations

import contextlib
import errno
import logging
import resource
import signal
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent import monkey, socket
from gevent.event import Event
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer

from tvcore.errors import TiledVizError, UsageError
from tvcore.portal import instance
from tvcore.portal.app import make_app
from tvcore.portal.auth import Hosts
from tvcore.portal.core import Portal
from tvcore.portal.handler import Handler
from tvcore.portal.websocket import GOING_AWAY

CONNECTIONS_MAX = 1024
END_SECONDS = 2.0

log = logging.getLogger(__name__)


class Server(WSGIServer):  # type: ignore[misc]
    """The portal's server; *hosts* are the names it answers to."""

    handler_class = Handler

    def __init__(self, listener: Any, application: Any, hosts: Hosts) -> None:
        super().__init__(listener, application, spawn=Pool(CONNECTIONS_MAX), log=None, error_log=log)
        self.hosts = hosts


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
        listener.listen(128)
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


def serve(
    host: str = "127.0.0.1",
    port: int = instance.DEFAULT_PORT,
    public_hosts: Iterable[str] = (),
    ready: Callable[[str], None] | None = None,
) -> None:
    """Run the portal until SIGTERM or SIGINT; *ready* is called with its URL once it listens.

    gevent's ``monkey.patch_all`` was called before. Port 0 takes a free one. *public_hosts* are further
    ``HOST[:PORT]`` by which browsers reach it. Raises TiledVizError when it cannot begin.
    """
    if not monkey.is_module_patched("socket"):
        raise RuntimeError("gevent.monkey.patch_all() comes before tvcore.portal.server.serve()")
    _allow_many_files()
    ended = Event()
    signals = [gevent.signal_handler(number, ended.set) for number in (signal.SIGTERM, signal.SIGINT)]
    with contextlib.ExitStack() as at_the_end:
        for handler in signals:
            at_the_end.callback(handler.cancel)
        with instance.starting():
            listener = listen(host, port)
            at_the_end.callback(listener.close)
            port = listener.getsockname()[1]
            hosts = Hosts(host, port, public_hosts)
            portal = Portal(hosts, f"tiledviz_{port}")
            at_the_end.callback(portal.stop)
            portal.start()
            server = Server(listener, make_app(portal), hosts)
            server.start()
            at_the_end.callback(_end, server, portal)
            info = instance.announce(host, port)
            at_the_end.callback(instance.withdraw, info)
        log.info("the portal listens at %s", info.url)
        if ready is not None:
            ready(info.url)
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
