"""The tunnels' endpoint on the login node: nodes come by SSH, and each is one unix socket for the portal.

A process of its own, one per person and login node, so that the tunnels stay while portals come and go. It knows
nothing of tiles. What it keeps: one connection per node, its unix socket (0600 in a 0700 folder) and, every few
seconds, a look whether their jobs still run.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import pwd
import resource
import secrets
import shutil
import socket as plain
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
from gevent import socket
from gevent.event import Event

from tvcore import paths
from tvcore.batch.scheduler import JobState
from tvcore.errors import TiledVizError
from tvcore.portal import instance
from tvcore.proc import Process
from tvcore.settings import TunnelSettings
from tvcore.tunnel import agents
from tvcore.tunnel.address import EndpointInfo, read_endpoint, withdraw_endpoint, write_endpoint
from tvcore.tunnel.admission import Admission, Facts, RefusedError, gone, user_of
from tvcore.tunnel.authorized import AuthorizedKeys
from tvcore.tunnel.hostkey import host_key, public_half
from tvcore.tunnel.interfaces import machine_addresses
from tvcore.tunnel.line import Line, peer_uid
from tvcore.tunnel.listening import listen_tcp, listen_unix
from tvcore.tunnel.strangers import Doorstep, parse_address
from tvcore.tunnel.transport import Connection, Desk
from tvcore.tunnel.welcome import Welcome

TICK = 1.0  # seconds between two looks at the connections
SWEEP = 5.0  # seconds between two questions to the batch system
ENTER_SECONDS = 10.0  # from the first byte to the forward
IDLE_SECONDS = 600.0  # without portal and running job, after which the endpoint ends
WELCOME = 2.0  # seconds between two looks for nodes that want to come through the site's sshd
MISSED_MAX = 2  # times that the batch system may not know a job before its tunnels are cut
FILES = 65536
SSHD_PORT = 22
GATE_SOCKET = "endpoint"  # in the runtime folder; where the gate brings nodes that come through the site's sshd

log = logging.getLogger(__name__)


class AlreadyRunsError(TiledVizError):
    """There is one already, so nothing is to be done."""


class Node:
    """One node's way in for the portal: its connection, and the unix socket before it."""

    def __init__(self, registration: agents.Registration, connection: Connection, path: Path) -> None:
        self.registration = registration
        self.connection = connection
        self.missed = 0
        self._path = path
        self._listener = listen_unix(path)
        self._serving = gevent.spawn(self._serve)

    def _serve(self) -> None:
        while True:
            try:
                local, _ = self._listener.accept()
            except OSError as error:
                if self._listener.closed:
                    return
                log.warning("a stream of %s cannot be taken: %s", self.registration.node, error.strerror)
                gevent.sleep(TICK)
                continue
            if peer_uid(local) == os.getuid():
                gevent.spawn(self.connection.relay, local)
            else:
                local.close()

    def close(self, reason: str) -> None:
        """Take the socket away and end the connection."""
        self._path.unlink(missing_ok=True)
        self._serving.kill(block=False)
        self._listener.close()
        self.connection.cut(reason)


class Endpoint:
    """The endpoint of the person whose state folder is *state*; ``run`` is its life.

    *facts* asks the batch system; *keys* is the person's authorized_keys file, touched only where the way is ``sshd``.
    """

    def __init__(self, state: Path, settings: TunnelSettings, facts: Facts, keys: Path | None = None) -> None:
        self._state = state
        self._settings = settings
        self._facts = facts
        self._home = paths.secure_folder(state / "endpoint")
        self._key = host_key(self._home)
        self._admission = Admission(state, facts, settings.check_address)
        self._doorstep = Doorstep()
        self._desk = Desk(self._admit, self._up, self._down)
        self._nodes: dict[str, Node] = {}
        self._entering: dict[Connection, agents.Registration] = {}
        self._connections: set[Connection] = set()
        self._stop = Event()
        self._busy_at = time.monotonic()
        self._told = ""  # the trouble that was told last
        self._keys_file = keys or _authorized_keys()

    @property
    def _sshd(self) -> bool:
        return self._settings.way == "sshd"

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()

    def run(self) -> None:
        """Listen, and serve until ``stop`` or until nobody needs it. Raises TiledVizError when it cannot begin."""
        _more_files()
        with self._alone():
            folder = paths.runtime_folder()
            try:
                self._serve(folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def _serve(self, folder: Path) -> None:
        if self._sshd:
            listener = listen_unix(folder / GATE_SOCKET)
        else:
            listener = listen_tcp(self._settings.host, self._settings.port, self._home / "port")
        self._info = self._describe(folder, listener)
        self._folder = folder
        write_endpoint(self._info, self._state)
        log.info("endpoint %s listens on %s", self._info.id, self._where(listener))
        tasks = [
            gevent.spawn(self._accept, listener),
            gevent.spawn(self._every, TICK, self._watch),
            gevent.spawn(self._every, SWEEP, self._check),
        ]
        welcome: Welcome | None = None
        if self._sshd:
            keys = AuthorizedKeys(self._keys_file, self._info.host_key, folder / GATE_SOCKET)
            welcome = Welcome(self._state, self._facts, keys)
            tasks.append(gevent.spawn(self._every, WELCOME, welcome.look))
        try:
            self._stop.wait()
        finally:
            gevent.killall(tasks)
            withdraw_endpoint(self._info, self._state)
            listener.close()
            for name in list(self._nodes):
                self._nodes.pop(name).close("the endpoint ends")
            for connection in list(self._connections):
                connection.cut("the endpoint ends")
            if welcome and self._state.exists():
                welcome.close()
            log.info("endpoint %s has ended", self._info.id)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only one on this machine. Raises TiledVizError when another one runs."""
        with (self._home / f"{plain.gethostname()}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunsError("an endpoint of yours already runs here, or just starts") from None
            except OSError:
                pass  # a file system without locks: what is left is to look who runs
            there = read_endpoint(self._state)
            if there is not None and there.here and there.alive:
                raise AlreadyRunsError(f"an endpoint of yours already runs here (pid {there.pid})")
            if there is not None and there.here:
                _remove_folder(Path(there.folder))  # of one that was killed
            yield

    def _describe(self, folder: Path, listener: socket.socket) -> EndpointInfo:
        me = Process.current()
        hosts = [self._settings.host] if self._settings.host else [plain.gethostname(), *machine_addresses()]
        user, _, login = self._settings.login.rpartition("@")
        if self._sshd:
            hosts = [login] if login else hosts
            user = user or pwd.getpwuid(os.getuid()).pw_name
        return EndpointInfo(
            id=secrets.token_hex(8),
            pid=me.pid,
            start=me.start,
            node=plain.gethostname(),
            hosts=tuple(hosts),
            port=(self._settings.port or SSHD_PORT) if self._sshd else listener.getsockname()[1],
            host_key=public_half(self._key),
            folder=str(folder),
            way=self._settings.way,
            user=user if self._sshd else "",
        )

    def _where(self, listener: socket.socket) -> str:
        return str(self._folder / GATE_SOCKET) if self._sshd else "port {1} of {0}".format(*listener.getsockname())

    # ---------------------------------------------------------------- who comes

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, address = listener.accept()
            except OSError as error:
                log.warning("a connection cannot be taken: %s", error.strerror)
                gevent.sleep(TICK)
                continue
            if self._sshd:
                gevent.spawn(self._behind_gate, connection)
            else:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._enter(connection, str(parse_address(address[0]) or address[0]))

    def _behind_gate(self, connection: socket.socket) -> None:
        """Take the address of the node from the gate, one of our own processes, and go on as if it came from there."""
        address = b""
        with gevent.Timeout(ENTER_SECONDS, False), contextlib.suppress(OSError):
            while peer_uid(connection) == os.getuid() and len(address) < 64:
                if not (byte := connection.recv(1)):
                    break
                if byte == b"\n":
                    self._enter(connection, address.decode(errors="replace"))
                    return
                address += byte
        connection.close()

    def _enter(self, connection: socket.socket, address: str) -> None:
        if not self._doorstep.enter(address, time.monotonic()):
            log.warning("a connection from %s is dropped: too many from there", address)
            connection.close()
            return
        node = Connection(Line(connection), address, self._key, self._desk)
        self._connections.add(node)
        node.begin()
        gevent.spawn_later(ENTER_SECONDS, self._too_late, node)

    def _too_late(self, connection: Connection) -> None:
        if connection.forward is None:
            connection.cut(f"it was not let in within {ENTER_SECONDS:.0f} s")

    def _admit(self, connection: Connection, user: str, key: str) -> bool:
        try:
            self._entering[connection] = self._admission.admit(user, key, connection.origin)
        except RefusedError as error:
            log.warning("refused, from %s: %s", connection.origin, error)
            return False
        except Exception:
            log.exception("a fault while %r was looked at", user[:40])
            return False
        return True

    def _up(self, connection: Connection) -> None:
        """Give the node of *connection* its socket; an older connection of it is dead or stale, and goes."""
        registration = self._entering.pop(connection)
        self._doorstep.leave(connection.origin)
        name = user_of(registration)
        if old := self._nodes.pop(name, None):
            old.close("the node came anew")
        path = self._info.socket_of(registration.job, registration.ordinal)
        try:
            self._nodes[name] = Node(registration, connection, path)
        except OSError as error:
            connection.cut(f"its socket {path} cannot be made: {error.strerror or error}")
            return
        log.info("the tunnel of %s (%s) is up, from %s", name, registration.node, connection.origin)

    def _down(self, connection: Connection, reason: str) -> None:
        self._connections.discard(connection)
        self._entering.pop(connection, None)
        if connection.forward is None:
            self._doorstep.leave(connection.origin)
            log.info("a connection from %s ended before it was a tunnel: %s", connection.origin, reason)
            return
        for name, node in list(self._nodes.items()):
            if node.connection is connection:
                del self._nodes[name]
                node.close(reason)
                log.info("the tunnel of %s (%s) is down: %s", name, node.registration.node, reason)

    # ---------------------------------------------------------------- who goes

    def _every(self, seconds: float, task: Callable[[], None]) -> None:
        """Do *task* again and again; a fault of it is logged, and ends nothing."""
        while True:
            try:
                task()
            except Exception:
                log.exception("a fault in what is done every %g s", seconds)
            gevent.sleep(seconds)

    def _watch(self) -> None:
        """Look for nodes that are silent."""
        for connection in list(self._connections):
            connection.look(time.monotonic())

    def _check(self) -> None:
        """Look whether jobs, and we ourselves, are still wanted."""
        try:
            if not self._still_ours():
                self._stop.set()
                return
            self._sweep()
            self._still_needed()
        except TiledVizError as error:
            self._tell(str(error))
        else:
            self._told = ""

    def _tell(self, trouble: str) -> None:
        if trouble != self._told:
            log.warning("what runs is not known now, tunnels stay as they are: %s", trouble)
        self._told = trouble

    def _still_ours(self) -> bool:
        """Return whether no other endpoint took over and the state folder is there; say where we are if nobody does."""
        there = read_endpoint(self._state)
        if not self._state.exists() or (there is not None and there.id != self._info.id):
            log.info("another endpoint took over" if there else "the state folder is gone")
            return False
        if there is None:
            write_endpoint(self._info, self._state)
        return True

    def _sweep(self) -> None:
        """Cut the tunnels of jobs that are over and of nodes that left theirs. Raises TiledVizError."""
        jobs = sorted({node.registration.job for node in self._nodes.values()})
        if not jobs:
            return
        facts = self._facts.job_facts(jobs, False)
        for name, node in list(self._nodes.items()):
            fact = facts.get(node.registration.job)
            why = gone(node.registration, fact)
            node.missed = node.missed + 1 if fact is None else 0
            if why and (fact is not None or node.missed >= MISSED_MAX) and self._nodes.get(name) is node:
                del self._nodes[name]
                self._admission.forget(node.registration.job)
                node.close(why)
                log.info("the tunnel of %s (%s) is cut: %s", name, node.registration.node, why)

    def _still_needed(self) -> None:
        portal = instance.running(self._state)
        if self._nodes or (portal is not None and portal.here) or self._jobs_run():
            self._busy_at = time.monotonic()
        elif time.monotonic() - self._busy_at > IDLE_SECONDS:
            log.info("no portal and no job for %.0f minutes", IDLE_SECONDS / 60)
            self._stop.set()

    def _jobs_run(self) -> bool:
        jobs = sorted({one.job for one in agents.registrations(self._state) if one.key})
        return bool(jobs) and any(
            fact["state"] == JobState.RUNNING for fact in self._facts.job_facts(jobs, False).values()
        )


def _authorized_keys() -> Path:
    return Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh" / "authorized_keys"


def _remove_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        if folder.name.startswith(agents.RUNTIME_PREFIX) and folder.lstat().st_uid == os.getuid():
            shutil.rmtree(folder)


def _more_files() -> None:
    """Allow as many open files as the system lets us: one per stream."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
