"""The wall stream of one page: what it shows is asked for, what comes is passed on, what it does goes into tiles.

Pictures come from the agents' streams (``links``), as bytes that are shared with other pages, into a queue of this
page's own, which holds no more than the credit that was given for it (``pace``). The page says how much of it it has
drawn: a slow one gets fewer and smaller pictures, never older ones, and holds up nobody else. What is done to the
session's document goes the same way (``visit``, ``room``).

The first message of a stream is the event ``wall`` with ``v``: PAGE_PROTOCOL. In every release it has that form, so
that a page of another one, left open while the portal was updated, knows it and reads nothing that follows.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict, deque
from typing import Any

import gevent
from gevent.event import Event

from tvcore.portal.auth import Login
from tvcore.portal.core import Portal
from tvcore.portal.links import Link
from tvcore.portal.me import me
from tvcore.portal.pace import Pace
from tvcore.portal.page_messages import Arm, Input, PageMessage, read_page_message
from tvcore.portal.roles import RIGHTS
from tvcore.portal.standing import OUT
from tvcore.portal.visit import Visit
from tvcore.portal.walls import Agent, Place
from tvcore.portal.websocket import POLICY, BrowserSocket, CloseError

MESSAGE_MAX = 1 << 20
PAGE_PROTOCOL = 3  # what page and portal say to each other; the page's own number is in web_static/wire.js
EVENT = b"\x00"  # the first byte of what the portal says itself; an agent's pictures begin with their kind, 1
DEMAND_FRAMES, DEMAND_TILES = 20, 16  # a demand, which agents are told, costs as many frames, and one for as many tiles
REFUSALS = 1.0  # seconds from one refused input that a page is told of to the next


class WallViewer:
    """One page that shows the wall."""

    def __init__(self, portal: Portal, browser: BrowserSocket, login: Login) -> None:
        self.number = portal.links.number()
        self._browser = browser
        self._login = login
        self._wall = portal.wall(login.session)
        self._part = login.part
        self._links = portal.links
        self._arms = portal.arms
        self._hands = portal.arms.hands(self, login.owner, self._place, self._arm_changed)
        self._pace: Pace[Link] = Pace(time.monotonic(), portal.viewer_rate)
        self._pictures: deque[memoryview] = deque()
        self._shown: dict[int, tuple[int, int, int]] = {}
        self._whole = True
        self._changed: dict[int, dict[str, Any]] = {}
        self._auditor = portal.auditor
        self._written: set[tuple[str, int]] = set()
        self._noticed = self._arm_told = False
        self._refusals: dict[str, dict[str, str]] = {}
        self._refused_at = -REFUSALS
        self._to_send = Event()
        self._visit = Visit(portal.rooms, login, self._to_send.set, browser.rest, lambda: browser.end(POLICY, OUT))

    def run(self) -> None:
        """Serve the page until it leaves. Raises CloseError."""
        sender = gevent.spawn(self._send)
        self._wall.add(self)
        self._to_send.set()
        try:
            for message in self._browser.messages():
                said = read_page_message(message)
                self._take(said)
                self._visit.take(said, len(message))
        finally:
            self._wall.remove(self)
            self._arms.leave(self._hands)
            self._links.leave(self)
            sender.kill(block=False)
            self._visit.leave()

    # ------------------------------------------------------ said by the page

    def _take(self, said: PageMessage) -> None:
        if said.drawn:
            self._pace.drawn(said.drawn, time.monotonic())
            self._grant()
        if said.demand is not None:
            self._browser.owe(DEMAND_FRAMES + len(said.demand) // DEMAND_TILES)
            self._shown = {tile: (width, height, urgency) for tile, width, height, urgency in said.demand}
            self._ask()
        if "arm" in said.model_fields_set:
            self._arm(said.arm)
        for event in said.input or ():
            self._do(event)
        if said.release:
            self._hands.release()

    def _arm(self, wanted: Arm | None) -> None:
        if wanted is not None and not self._login.may("operate"):
            self._refuse("arm", self._no_right())
            return
        if wanted is None:
            self._hands.disarm()
        elif not self._hands.arm(wanted.leader, wanted.followers):
            self._refuse("arm", f"no node agent runs tile {wanted.leader} now")  # and nothing is armed
            return
        elif armed := self._hands.armed:
            self._write_down("arm", armed.leader, *armed.followers)
        self._ask()  # for no more tiles, but followers out of sight are reached from now on
        self._arm_changed()

    def _write_down(self, verb: str, *tiles: int) -> None:
        """Have the audit say that there are hands in *tiles*: once for each, however many keys are pressed there."""
        if new := {(verb, tile) for tile in tiles} - self._written:
            self._written |= new
            self._auditor.hands(self._login, self._browser.came_from, verb, tiles)

    def _do(self, event: Input) -> None:
        if not self._login.may("operate"):
            self._refuse_input(self._no_right())
            return
        if event.key is not None:
            done = self._hands.key(event.tile, *event.key)
        else:
            assert event.pointer is not None
            done = self._hands.pointer(event.tile, *event.pointer)
        if not done:
            self._refuse_input(f"no node agent runs tile {event.tile} now")
        elif event.key is not None or (event.pointer and event.pointer[2]):  # and no button: it only went over it
            self._write_down("tile input", event.tile)

    def _no_right(self) -> str:
        return f"the role {self._login.role} has not the right `operate`: {RIGHTS['operate']}"

    def _refuse_input(self, why: str) -> None:
        """Say so, but not for every key of somebody who goes on typing."""
        now = time.monotonic()
        if now - self._refused_at >= REFUSALS:
            self._refused_at = now
            self._refuse("input", why)

    def _refuse(self, what: str, why: str) -> None:
        self._refusals[what] = {"event": "refused", "what": what, "why": why}
        self._to_send.set()

    def _place(self, tile: int) -> Place | None:
        """Return where *tile* is, None if nobody runs it; of what is not for this page nobody does."""
        return self._wall.place(tile) if self._part is None or tile in self._part.tiles else None

    def _ask(self) -> None:
        """Ask each agent for those of the tiles shown that it runs."""
        wanted: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        there: dict[int, Agent] = {}
        for tile, shown in self._shown.items():
            place = self._place(tile)
            if place is not None:
                there[place[0].number] = place[0]
                wanted[place[0].number].append((place[1], *shown))
        self._links.demand(self, [(agent, wanted[number]) for number, agent in there.items()], self._hands.agents())

    # ------------------------------------------------- told by the agents' links

    def opened(self, link: Link) -> None:
        """Give the agent its first credit."""
        self._pace.join(link, time.monotonic())
        self._grant()

    def closed(self, link: Link) -> None:
        """Forget the agent's credit."""
        self._pace.leave(link)

    def picture(self, link: Link, picture: memoryview) -> None:
        """Queue *picture*, which is on its way from now on. Raises ValueError when there was no credit for it."""
        self._pace.came(link, len(picture), time.monotonic())
        self._pictures.append(picture)
        self._to_send.set()
        self._grant()

    def _grant(self) -> None:
        for link, size in self._pace.grants(time.monotonic()):
            link.credit(self, size)
        if self._pace.again is not None:
            self._to_send.set()  # who sends waits no longer than until then

    # ------------------------------------------------- told by the monitor

    def wall_changed(self) -> None:
        """Send the whole wall."""
        self._whole = True
        self._to_send.set()

    def tiles_changed(self, tiles: list[dict[str, Any]]) -> None:
        """Send what changed; a slow viewer gets just the last of several changes."""
        for tile in self._part.changes(tiles) if self._part else tiles:
            self._changed.setdefault(tile["id"], {}).update(tile)
        self._to_send.set()

    def notices_changed(self) -> None:
        """Send the notices: nothing else of the wall changed."""
        self._noticed = self._part is None
        self._to_send.set()

    def agents_changed(self) -> None:
        """Ask anew for what is shown, and leave out of the arm what is gone."""
        self._hands.tiles_moved()
        self._ask()

    def _arm_changed(self) -> None:
        self._arm_told = True
        self._to_send.set()

    # --------------------------------------------------------------- sending

    def _send(self) -> None:
        """Send news and pictures as they come, for as long as the page takes them."""
        try:
            while True:
                self._to_send.wait(self._patience())
                self._to_send.clear()
                for event in self._news():
                    self._browser.send_parts(EVENT, json.dumps(event, allow_nan=False).encode())
                for told in self._visit.news():
                    self._browser.send_parts(EVENT, told)
                for _ in range(len(self._pictures)):
                    picture = self._pictures.popleft()
                    self._browser.send_parts(picture)
                    self._pace.wrote(len(picture))
                if self._pace.again is not None and self._pace.again <= time.monotonic():
                    self._grant()
        except (CloseError, OSError):
            # The page is gone or too slow; the greenlet that reads notices when the socket is shut.
            self._browser.cut()

    def _patience(self) -> float | None:
        again = self._pace.again
        return None if again is None else max(0.0, again - time.monotonic())

    def _news(self) -> list[dict[str, Any]]:
        """Return the events that the page has not been told; a whole wall has all of it."""
        wall, whole, noticed = self._wall.document, self._whole, self._noticed
        changed, self._changed = self._changed, {}
        self._whole = self._noticed = False
        news: list[dict[str, Any]] = []
        if whole:
            wall = self._part.wall(wall) if self._part else wall
            news.append({"event": "wall", "v": PAGE_PROTOCOL, "wall": wall, "me": me(self._login)})
        elif changed:
            news.append({"event": "tiles", "tiles": list(changed.values())})
        if noticed and not whole:
            news.append({"event": "notices", "notices": wall.get("notices", [])})
        return news + self._answers()

    def _answers(self) -> list[dict[str, Any]]:
        """Return what came of what the page wanted to do, the last of each kind."""
        answers: list[dict[str, Any]] = list(self._refusals.values())
        if self._arm_told:
            armed = self._hands.armed
            leader, followers = (armed.leader, len(armed.followers)) if armed else (None, 0)
            answers.append({"event": "armed", "leader": leader, "followers": followers})
        self._refusals, self._arm_told = {}, False
        return answers
