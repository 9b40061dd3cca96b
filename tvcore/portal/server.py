"""The portal's process: HTTP and WebSockets on a port, a unix socket or both (gevent's WSGIServer)."""

from __future__ import annotations

import contextlib
import logging
import resource
import signal
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gevent
from gevent import monkey
from gevent.event import Event
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer

from tvcore import proc
from tvcore.portal import instance
from tvcore.portal.app import body_max, make_app
from tvcore.portal.core import Portal
from tvcore.portal.crowd import Crowd, Visitor
from tvcore.portal.handler import Handler
from tvcore.portal.hosts import Hosts
from tvcore.portal.instance import PortalInfo
from tvcore.portal.listen import UnixListener, listen, ssh_line
from tvcore.portal.options import Options
from tvcore.portal.peers import Peer, peer_of
from tvcore.portal.redirect import Redirect
from tvcore.portal.tls import Tls
from tvcore.portal.websocket import GOING_AWAY
from tvcore.portal.whence import listed

CONNECTIONS_MAX = 1024
END_SECONDS = 2.0

BodyMax = Callable[[str, Mapping[str, str]], int]

log = logging.getLogger(__name__)


class Server(WSGIServer):  # type: ignore[misc]
    """What serves *portal* on one *listener*, encrypted if there is *tls*; *pool* and *crowd* are all listeners'."""

    handler_class = Handler

    def __init__(
        self, listener: Any, application: Any, portal: Portal, options: Options, pool: Pool, crowd: Crowd,
        tls: Tls | None = None,
    ) -> None:  # fmt: skip
        super().__init__(listener, application, spawn=pool, log=None, error_log=log)
        self.hosts = portal.hosts
        self.body_max = partial(body_max, portal)
        self.crowd = crowd
        self.hsts_days = options.hsts_days
        self._options = options
        self._proxies = portal.proxies
        self._tls = tls

    def handle(self, sock: Any, address: Any) -> None:
        """Serve one connection, unless it is one too many, or another user's on a unix socket."""
        with contextlib.suppress(OSError):  # gone again
            peer = peer_of(sock)
            if peer.unix and not peer.ours and peer.uid not in self._options.proxies:
                log.warning("another user's connection to the socket was cut")
                return
            visitor, by_proxy = Visitor(), self._may_be_a_proxy(peer, address)
            name = "" if peer.ours or by_proxy else peer.name
            if not self.crowd.enter(visitor, name):
                log.warning("a connection of %s was cut: there are too many", peer.name)
                return
            try:
                self._serve(sock, address, peer, visitor, by_proxy)
            finally:
                self.crowd.leave(visitor)

    def _serve(self, sock: Any, address: Any, peer: Peer, visitor: Visitor, by_proxy: bool) -> None:
        if self._tls is not None and (sock := self._tls.wrap(sock)) is None:
            return
        handler = self.handler_class(sock, address, self)
        handler.peer, handler.visitor, handler.by_proxy = peer, visitor, by_proxy
        handler.handle()

    def _may_be_a_proxy(self, peer: Peer, address: Any) -> bool:
        """Return whether all the people of a proxy may come by *peer*: each request then says whose it is."""
        if peer.unix:
            return peer.uid in self._options.proxies
        return listed(address[0], self._proxies)


def serve(options: Options, ready: Callable[[PortalInfo], None] | None = None) -> None:
    """Run the portal as *options* say until SIGTERM or SIGINT; *ready* is called with what is known once it listens.

    gevent's ``monkey.patch_all`` was called before. Port 0 takes a free one. With TLS, SIGHUP reads the certificate
    again. Raises TiledVizError when it cannot begin.
    """
    if not monkey.is_module_patched("socket"):
        raise RuntimeError("gevent.monkey.patch_all() comes before tvcore.portal.server.serve()")
    proc.hide_memory()
    _allow_many_files()
    ended = Event()
    with contextlib.ExitStack() as at_the_end:
        for number in (signal.SIGTERM, signal.SIGINT):
            at_the_end.callback(gevent.signal_handler(number, ended.set).cancel)
        tls = Tls(options.cert, options.key) if options.cert and options.key else None
        if tls is not None:
            at_the_end.callback(gevent.signal_handler(signal.SIGHUP, tls.reload).cancel)
        with instance.starting():
            info = _open(options, tls, at_the_end)
        log.info("the portal listens at %s", options.path if options.host is None else info.url)
        if ready is not None:
            ready(info)
        ended.wait()
        log.info("the portal ends")


def _open(options: Options, tls: Tls | None, at_the_end: contextlib.ExitStack) -> PortalInfo:
    """Listen, start the portal and its servers, and write down where it is; *at_the_end* all that is undone."""
    listeners, port = [], options.port
    if options.host is not None:
        listener = listen(options.host, port)
        at_the_end.callback(listener.close)
        port = listener.getsockname()[1]
        listeners.append((listener, tls))
    if options.path is not None:
        door = UnixListener(options.path, options.group)
        at_the_end.callback(door.close)
        listeners.append((door.socket, None))
    hosts = Hosts(options.host or "", port, options.public_hosts, options.public_url)
    url = instance.url_of(options.host or "", port, tls is not None) if hosts.public is None else hosts.public.url
    if options.redirect:
        redirect = Redirect(listen(options.host or "", options.redirect), hosts, url)
        redirect.start()
        at_the_end.callback(redirect.stop)
    portal = Portal(hosts, f"tiledviz_{port}")
    at_the_end.callback(portal.stop)
    portal.start()
    pool, crowd = Pool(CONNECTIONS_MAX), Crowd(options.connections)
    application = make_app(portal)
    servers = [Server(listener, application, portal, options, pool, crowd, wrapped) for listener, wrapped in listeners]
    for server in servers:
        server.start()
    at_the_end.callback(_end, servers, pool, portal)
    alone = options.path if options.host is None else None  # ssh leads there
    info = instance.announce(
        options.host or "", port, url=url, path=options.path, ssh=ssh_line(alone, port) if alone else None
    )
    at_the_end.callback(instance.withdraw, info)
    return info


def _end(servers: list[Server], pool: Pool, portal: Portal) -> None:
    for server in servers:
        server.close()
    portal.sockets.end_all(GOING_AWAY, "the portal ends")
    pool.join(END_SECONDS)
    pool.kill(timeout=1)


def _allow_many_files() -> None:
    # A viewer is a socket, and one more to each node agent; a focus stream has a pipe beside.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8 * CONNECTIONS_MAX if hard == resource.RLIM_INFINITY else min(hard, 8 * CONNECTIONS_MAX)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
