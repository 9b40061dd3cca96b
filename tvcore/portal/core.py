"""The portal as one value: what its routes work with."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any

from tvcore import config
from tvcore.errors import TiledVizError
from tvcore.portal import metrics
from tvcore.portal.access import Access, access_of
from tvcore.portal.acts import Acts
from tvcore.portal.arms import Arms
from tvcore.portal.auditing import Auditor
from tvcore.portal.auth import Login, Logins, Tickets
from tvcore.portal.cookies import CookieJar
from tvcore.portal.hosts import Hosts
from tvcore.portal.launches import Launches
from tvcore.portal.links import Links
from tvcore.portal.login_delay import LoginDelay
from tvcore.portal.login_way import LoginWays
from tvcore.portal.monitor import Monitor
from tvcore.portal.pace import bytes_per_second
from tvcore.portal.pulse import Pulse, Readiness
from tvcore.portal.rates import REMEMBERED, Rates
from tvcore.portal.rooms import Rooms
from tvcore.portal.shares import Shares
from tvcore.portal.standing import Standing
from tvcore.portal.walls import STORE_LONGEST, Wall
from tvcore.portal.websocket import BrowserSocket
from tvcore.workers import Nursery, Workers

SOCKETS_MAX = 1000
PERSON_SOCKETS_MAX = 256
GUEST_SOCKETS_MAX = 16
INVITATION_SOCKETS_MAX = 500  # of all who came by one
TILE_SOCKETS_MAX = 8  # focus streams of one tile that one who only looks has: the display draws for each
SLOW_WORKERS = 4
ANALYSIS_WORKERS = 2
CHECK_WORKERS = 2
MAIL_WORKERS = 2
BATCH_WORKERS = 4
FORM_WORKERS = 3
LAUNCH_WORKERS = 4
TILE_WORKERS = 4
COMMAND_WORKERS = 8
ACT_WORKERS = 8
ASK_WORKERS = 4
LOOKER_WORKERS = 4
ROOM_IDLE = 900.0
SEARCH_IDLE = 86400.0  # to read it all again takes longer than anybody wants to wait for a search
SEARCH_SECONDS = 40.0
AUDIT_SECONDS = 2.0  # for what is still to be written down
OPEN_SECONDS = 60.0  # the first call also migrates the store


class StoreLogins:
    """The store's logins, asked in a worker process (``auth.LoginStore``)."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def use_ticket(self, ticket: str) -> int | None:
        """Return the id of the person that *ticket* was good for, None if for nobody; it is not any more."""
        person: int | None = self._workers.call("use_ticket", STORE_LONGEST, ticket=ticket)
        return person

    def add_login(self, cookie: str, key: str, seconds: float, person: int) -> Access | None:
        """Let in whoever shows both, as *person*; None: they may not come in."""
        return self._access("add_login", cookie=cookie, key=key, seconds=seconds, person=person)

    def of_login(self, cookie_hash: str, key_hash: str) -> Access | None:
        """Return what the login to which both belong may do, if there is one."""
        return self._access("of_login", cookie_hash=cookie_hash, key_hash=key_hash)

    def of_token(self, token: str) -> Access | None:
        """Return what an API token may do, if there is one."""
        return self._access("of_token", token=token)

    def _access(self, name: str, /, **arguments: Any) -> Access | None:
        before = time.monotonic()
        found = self._workers.call(name, STORE_LONGEST, **arguments)
        metrics.store_took(time.monotonic() - before)
        return None if found is None else access_of(found)

    def cookie_known(self, cookie: str) -> bool:
        """Return whether a page of the browser with *cookie* is logged in."""
        return bool(self._workers.call("cookie_known", STORE_LONGEST, cookie=cookie))

    def remove_login(self, cookie: str) -> None:
        """End the logins of a browser."""
        self._workers.call("remove_login", STORE_LONGEST, cookie=cookie)


class Sockets:
    """The WebSockets that are open, each with its login, and with its tile if it is a focus stream."""

    def __init__(self) -> None:
        self._open: dict[BrowserSocket, tuple[Login, int | None]] = {}

    def full(self, login: Login, tile: int | None = None) -> bool:
        """Return whether there may be no more, of *login*, of *tile* for them, of their invitation, or at all."""
        who = login.who
        own = [of for other, of in self._open.values() if other.who.id == who.id]
        drawn_for = 0 if tile is None or login.may("operate") else own.count(tile)
        came = sum(other.who.invitation == who.invitation for other in self.logins()) if who.invitation else 0
        return (
            len(self._open) >= SOCKETS_MAX
            or len(own) >= (GUEST_SOCKETS_MAX if who.invitation else PERSON_SOCKETS_MAX)
            or came >= INVITATION_SOCKETS_MAX
            or drawn_for >= TILE_SOCKETS_MAX
        )

    def add(self, browser: BrowserSocket, login: Login, tile: int | None = None) -> None:
        """Remember *browser* of *login*, a focus stream of *tile* or another stream."""
        self._open[browser] = login, tile

    def remove(self, browser: BrowserSocket) -> None:
        """Forget *browser*."""
        self._open.pop(browser, None)

    def logins(self) -> Iterable[Login]:
        """Return the logins that have some."""
        return [login for login, _ in self._open.values()]

    def judge(self, verdict: Callable[[Login], tuple[int, str] | None]) -> None:
        """End those of the logins for which *verdict* has a close code and a reason."""
        for browser, (login, _) in list(self._open.items()):
            if (end := verdict(login)) is not None:
                browser.end(*end)

    def end_all(self, code: int, reason: str, which: Callable[[Login], bool] = lambda _: True) -> None:
        """End those of the logins that *which* accepts."""
        self.judge(lambda login: (code, reason) if which(login) else None)


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
        self.analysing = Workers(ANALYSIS_WORKERS)  # each waits for a process that computes for a minute or two
        self.checks = Workers(CHECK_WORKERS)  # strangers have them
        self.mailing = Workers(MAIL_WORKERS)  # a mail server that hangs keeps nobody from coming in
        self.batch = Workers(BATCH_WORKERS)
        self.forms = Workers(FORM_WORKERS)  # a plugin that hangs while somebody types costs the forms alone
        self.launching = Workers(LAUNCH_WORKERS)  # a case may first make its ensemble
        self.tiles = Workers(TILE_WORKERS)
        self.commands = Workers(COMMAND_WORKERS)
        self.sheets = Workers(1)  # who may only look has them made, one after another
        self.acting = Workers(ACT_WORKERS)  # an action may take hours
        self.asking = Workers(ASK_WORKERS)  # a plugin that hangs costs the questions to plugins alone
        self.lookers = Workers(LOOKER_WORKERS)  # the actions of those who only look take nobody else's
        self.auditing = Workers(1)
        self.auditor = Auditor(self.auditing, config.load().settings.portal.proxy)
        self.readiness = Readiness(self.quick)
        self.pulse = Pulse()
        self.acts = Acts()
        self.launches = Launches()
        self.login_ways = LoginWays(self.checks)
        self.delays = LoginDelay()
        self.logins = Logins(StoreLogins(self.quick), CookieJar(hosts, cookie_name))
        self.tickets = Tickets()
        self.shares = Shares()
        self.rooms = Rooms(self.ordering, self.shares)
        self.monitor = Monitor(self.quick, self.slow, self.batch, self.rooms)
        self.walls = self.monitor.walls
        self.links = Links()
        self.arms = Arms(self.monitor, self.links)
        self.viewer_rate = bytes_per_second(config.load().settings.wall.viewer_rate)
        self.sockets = Sockets()
        self.rates = Rates(config.load().settings.portal.web.requests)
        self.proxies = config.load().settings.portal.proxy
        self.access = Workers(1)  # a change of rights is asked about at once, whatever else is under way
        held = (self.sockets, self.tickets)
        self.standing = Standing(self.access, held, lambda: self.logins.trusting, self.logins.doubt)

    def start(self) -> None:
        """Open the store and begin to watch. Raises TiledVizError."""
        self.quick.call("open_store", OPEN_SECONDS)
        self.rates.meet(self.quick.call("known_cookies", STORE_LONGEST, most=REMEMBERED // 2))
        self.monitor.start()
        self.pulse.start()
        self.standing.start()

    def stop(self) -> None:
        """End the watching and the worker processes."""
        self.standing.stop()
        self.monitor.stop()
        self.pulse.stop()
        self.rooms.stop()
        for workers in (self.quick, self.ordering, self.searches, self.slow, self.checks, self.mailing):
            workers.close()
        for workers in (self.batch, self.forms, self.launching, self.tiles, self.commands, self.analysing, self.sheets):
            workers.close()
        self.auditor.settle(AUDIT_SECONDS)
        for workers in (self.acting, self.asking, self.lookers, self.auditing, self.access):
            workers.close()
        Nursery.end_all()

    def pools(self) -> dict[str, tuple[int, int]]:
        """Return how many worker processes of each kind do something, and how many there may be."""
        return {name: (pool.busy, pool.size) for name, pool in vars(self).items() if isinstance(pool, Workers)}

    def do(self, name: str, seconds: float, /, **arguments: Any) -> Any:
        """Return what the function *name* of ``calls`` returns, in a worker process. Raises TiledVizError."""
        return self.slow.call(name, seconds, **arguments)

    def shows(self, session: str, tile: int) -> bool:
        """Return whether *tile* is on the wall of *session*."""
        there = self.walls.of(session).tile(tile) is not None
        return there or bool(self.slow.call("shows", STORE_LONGEST, session=session, tile=tile))  # it may be new

    def shows_job(self, session: str, job: str) -> bool:
        """Return whether *job* feeds the wall of *session*."""
        there = job in self.walls.of(session).jobs
        return there or bool(self.slow.call("shows_job", STORE_LONGEST, session=session, job=job))

    def wall(self, session: str) -> Wall:
        """Return the wall of *session* as it is known now. Raises TiledVizError."""
        return self.walls.of(session)

    def here(self, session: str) -> list[str]:
        """Return what those are called who have a stream of *session* open, each once."""
        return sorted({login.who.display for login in self.sockets.logins() if login.session == session})

    def access_changed(self) -> None:
        """Have everyone asked anew what they may: something was done that changes it."""
        self.standing.changed()

    def search(self, session: str, name: str, /, **arguments: Any) -> Any:
        """Return what the function *name* of ``search_calls`` says of the wall of *session*. Raises TiledVizError."""
        return self.searches.call(name, SEARCH_SECONDS, session=session, **arguments)

    def prepare_search(self, session: str) -> None:
        """Have all read that a search needs; if that cannot be, the first search says why."""
        with contextlib.suppress(TiledVizError):
            self.search(session, "prepare_search")

    def do_batch(self, name: str, seconds: float, /, **arguments: Any) -> Any:
        """Do the same for a function that asks a batch system for something."""
        return self.batch.call(name, seconds, **arguments)

    def do_tiles(self, name: str, seconds: float, /, **arguments: Any) -> Any:
        """Do the same for a function that asks node agents for something that takes a moment."""
        return self.tiles.call(name, seconds, **arguments)

    def do_commands(self, name: str, seconds: float, /, **arguments: Any) -> Any:
        """Do the same for a function that runs something in tiles, for as long as that takes."""
        return self.commands.call(name, seconds, **arguments)
