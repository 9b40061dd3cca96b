"""The portal as one value: what its routes work with."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from tvcore import config
from tvcore.errors import TiledVizError
from tvcore.portal.arms import Arms
from tvcore.portal.auth import Hosts, Logins, Tickets
from tvcore.portal.links import Links
from tvcore.portal.monitor import STORE_LONGEST, Monitor
from tvcore.portal.pace import bytes_per_second
from tvcore.portal.roles import Role
from tvcore.portal.room import Room
from tvcore.portal.websocket import BrowserSocket
from tvcore.session import SESSION
from tvcore.workers import Nursery, Workers

SOCKETS_MAX = 256
SLOW_WORKERS = 4
BATCH_WORKERS = 4
TILE_WORKERS = 4
COMMAND_WORKERS = 8
ROOM_IDLE = 900.0
SEARCH_IDLE = 86400.0  # to read it all again takes longer than anybody wants to wait for a search
SEARCH_SECONDS = 40.0
OPEN_SECONDS = 60.0  # the first call also migrates the store


class StoreLogins:
    """The store's logins, asked in a worker process (``auth.LoginStore``)."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def use_login_ticket(self, ticket: str) -> Role | None:
        """Return whose role *ticket* was good for, None if it was not; it is not any more."""
        role: Role | None = self._workers.call("use_login_ticket", STORE_LONGEST, ticket=ticket)
        return role

    def add_login(self, cookie: str, key: str, seconds: float, role: Role) -> None:
        """Let in whoever shows both, with *role*."""
        self._workers.call("add_login", STORE_LONGEST, cookie=cookie, key=key, seconds=seconds, role=role)

    def login_valid(self, cookie: str, key: str) -> Role | None:
        """Return the role of the login to which both belong, if there is one."""
        role: Role | None = self._workers.call("login_valid", STORE_LONGEST, cookie=cookie, key=key)
        return role

    def cookie_known(self, cookie: str) -> bool:
        """Return whether a page of the browser with *cookie* is logged in."""
        return bool(self._workers.call("cookie_known", STORE_LONGEST, cookie=cookie))

    def remove_login(self, cookie: str) -> None:
        """End the logins of a browser."""
        self._workers.call("remove_login", STORE_LONGEST, cookie=cookie)


class Sockets:
    """The WebSockets that are open, each with its login."""

    def __init__(self) -> None:
        self._open: dict[BrowserSocket, str] = {}

    @property
    def full(self) -> bool:
        """Return whether there may be no more."""
        return len(self._open) >= SOCKETS_MAX

    def add(self, browser: BrowserSocket, login: str) -> None:
        """Remember *browser* of *login*."""
        self._open[browser] = login

    def remove(self, browser: BrowserSocket) -> None:
        """Forget *browser*."""
        self._open.pop(browser, None)

    def end_all(self, code: int, reason: str, which: Callable[[str], bool] = lambda _: True) -> None:
        """End those of the logins that *which* accepts."""
        for browser, login in list(self._open.items()):
            if which(login):
                browser.end(code, reason)


class Portal:
    """Logins, tickets, worker processes, the wall, who looks at it and works in it. Raises TiledVizError: settings."""

    def __init__(self, hosts: Hosts, cookie_name: str) -> None:
        self.hosts = hosts
        # Short calls into the store must not queue behind those that wait for a disk, and neither behind those that
        # wait for a batch system, which may be away for minutes; nor may what is done in tiles wait for commands there.
        self.quick = Workers(1)
        self.ordering = Workers(1, idle=ROOM_IDLE)  # what one does, others see at once: no process is started for it
        self.searches = Workers(1, idle=SEARCH_IDLE)  # it keeps what it read, for a search while somebody types
        self.slow = Workers(SLOW_WORKERS)
        self.batch = Workers(BATCH_WORKERS)
        self.tiles = Workers(TILE_WORKERS)
        self.commands = Workers(COMMAND_WORKERS)
        self.logins = Logins(StoreLogins(self.quick), cookie_name)
        self.tickets = Tickets()
        self.room = Room(self.ordering, SESSION)
        self.monitor = Monitor(self.quick, self.slow, self.batch, self.room.look)
        self.links = Links()
        self.arms = Arms(self.monitor, self.links)
        self.viewer_rate = bytes_per_second(config.load().settings.wall.viewer_rate)
        self.sockets = Sockets()

    def start(self) -> None:
        """Open the store and begin to watch. Raises TiledVizError."""
        self.quick.call("open_store", OPEN_SECONDS)
        self.monitor.start()

    def stop(self) -> None:
        """End the watching and the worker processes."""
        self.monitor.stop()
        self.room.stop()
        every = (self.quick, self.ordering, self.searches, self.slow, self.batch, self.tiles, self.commands)
        for workers in every:
            workers.close()
        Nursery.end_all()

    def do(self, name: str, seconds: float, /, **arguments: Any) -> Any:
        """Return what the function *name* of ``calls`` returns, in a worker process. Raises TiledVizError."""
        return self.slow.call(name, seconds, **arguments)

    def search(self, name: str, /, **arguments: Any) -> Any:
        """Return what the function *name* of ``search_calls`` says of the wall. Raises TiledVizError."""
        return self.searches.call(name, SEARCH_SECONDS, session=SESSION, **arguments)

    def prepare_search(self) -> None:
        """Have all read that a search needs; if that cannot be, the first search says why."""
        with contextlib.suppress(TiledVizError):
            self.search("prepare_search")

    def do_batch(self, name: str, seconds: float, /, **arguments: Any) -> Any:
        """Do the same for a function that asks a batch system for something."""
        return self.batch.call(name, seconds, **arguments)

    def do_tiles(self, name: str, seconds: float, /, **arguments: Any) -> Any:
        """Do the same for a function that asks node agents for something that takes a moment."""
        return self.tiles.call(name, seconds, **arguments)

    def do_commands(self, name: str, seconds: float, /, **arguments: Any) -> Any:
        """Do the same for a function that runs something in tiles, for as long as that takes."""
        return self.commands.call(name, seconds, **arguments)
