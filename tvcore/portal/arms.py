"""Keys and pointer of a page on their way into tiles: into one, or into a leader and all who follow it.

A page arms a leader and followers; what is done in the leader, on the wall or opened, is then done in each of them.
Whatever ends it, in the page or here, lets go of everything that is held down in any of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from tvcore.portal.links import Links, Viewer
from tvcore.portal.monitor import Monitor
from tvcore.portal.walls import Agent, Place

Owner = tuple[str, str]  # whose pages arm and disarm each other: a login, in one session
PlaceOf = Callable[[int], Place | None]


@dataclass(frozen=True)
class Armed:
    """A leader, and those who do as it does, by the tiles' ids."""

    leader: int
    followers: tuple[int, ...]


class Hands:
    """What one page of *owner* does in tiles; *place* says where a tile is that it may reach.

    *changed* is called when the portal disarms, or leaves one out.
    """

    def __init__(
        self, arms: Arms, viewer: Viewer, owner: Owner, place: PlaceOf, links: Links, changed: Callable[[], None]
    ) -> None:
        self.armed: Armed | None = None
        self.owner = owner
        self._arms = arms
        self._viewer = viewer
        self._place = place
        self._links = links
        self._changed = changed
        self._pressed: dict[int, Agent] = {}  # by number: agents in whose tiles something may be held down

    # ---------------------------------------------------------------- arming

    def arm(self, leader: int, followers: Iterable[int]) -> bool:
        """Let *followers* do as *leader* does; False if nobody runs the leader. Those that nobody runs are left out."""
        self.disarm()
        if self._place(leader) is None:
            return False
        there = tuple(tile for tile in dict.fromkeys(followers) if tile != leader and self._place(tile))
        self._arms.take_over(self, leader)
        self.armed = Armed(leader, there)
        return True

    def disarm(self) -> None:
        """Let go of everything; from now on each tile is on its own."""
        self.release()
        self.armed = None

    def taken_over(self) -> None:
        """Disarm, since another page of this login armed the same leader."""
        self.disarm()
        self._changed()

    def tiles_moved(self) -> None:
        """Leave out those that nobody runs any more, with all that is held down."""
        armed = self.armed
        if armed is None:
            return
        there = tuple(tile for tile in armed.followers if self._place(tile))
        if self._place(armed.leader) is None:
            self.disarm()
        elif there != armed.followers:
            self.release()
            self.armed = Armed(armed.leader, there)
        else:
            return
        self._changed()

    def agents(self) -> list[Agent]:
        """Return the agents that are to be reached at once: of who is armed, and where something may be held down."""
        armed = self.armed
        tiles = (armed.leader, *armed.followers) if armed else ()
        found = {place[0].number: place[0] for tile in tiles if (place := self._place(tile))}
        there = self._arms.agents()
        return list((found | {n: agent for n, agent in self._pressed.items() if n in there}).values())

    # ----------------------------------------------------------------- input

    def key(self, tile: int, keysym: int, down: bool) -> bool:
        """Press or lift a key in *tile* and whoever follows it; False if nobody runs *tile*."""
        return self._do(self._with_followers(tile), {"key": [keysym, down]}, down)

    def pointer(self, tile: int, u: int, v: int, buttons: int) -> bool:
        """Move the pointer to *u*, *v* (65536ths of the sides) and hold *buttons*; the same otherwise."""
        return self._do(self._with_followers(tile), {"pointer": [u, v, buttons]}, buttons != 0)

    def follow(self, said: dict[str, Any], presses: bool) -> None:
        """Do in the followers alone what was done in the leader by other means."""
        if self.armed:
            self._do(self.armed.followers, said, presses)

    def release(self) -> None:
        """Let go of all keys and buttons, wherever they are held."""
        pressed, self._pressed = self._pressed, {}
        for agent in pressed.values():
            self._links.release(self._viewer, agent)

    def _with_followers(self, tile: int) -> tuple[int, ...]:
        armed = self.armed
        return (tile, *armed.followers) if armed and armed.leader == tile else (tile,)

    def _do(self, tiles: Collection[int], said: dict[str, Any], presses: bool) -> bool:
        """Say it to each agent once, for all its tiles among *tiles*; False if the first of these is nowhere."""
        indices: dict[int, list[int]] = defaultdict(list)
        agents: dict[int, Agent] = {}
        places = [self._place(tile) for tile in tiles]
        for place in places:
            if place is not None:
                agents[place[0].number] = place[0]
                indices[place[0].number].append(place[1])
        for number, agent in agents.items():
            self._links.say(self._viewer, agent, {"tiles": indices[number], **said})
        if presses:
            self._pressed |= agents
        return bool(places) and places[0] is not None


class Follow:
    """The followers of a leader that is opened: what is done in it there, they do as well."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def key(self, keysym: int, down: bool) -> None:
        """Press or lift a key (RFC 6143, 7.5.4)."""
        self._hands.follow({"key": [keysym, down]}, down)

    def pointer(self, u: int, v: int, buttons: int) -> None:
        """Move the pointer to *u*, *v*, 65536ths of each display's sides, and hold *buttons* (7.5.5)."""
        self._hands.follow({"pointer": [u, v, buttons]}, buttons != 0)

    def release(self) -> None:
        """Let go of all keys and buttons."""
        self._hands.release()


class Arms:
    """The pages with hands, and what they have armed."""

    def __init__(self, monitor: Monitor, links: Links) -> None:
        self._monitor = monitor
        self._links = links
        self._hands: set[Hands] = set()

    def agents(self) -> set[int]:
        """Return the numbers of the agents there are."""
        return {agent.number for agent in self._monitor.agents()}

    def hands(self, viewer: Viewer, owner: Owner, place: PlaceOf, changed: Callable[[], None]) -> Hands:
        """Return hands for *viewer*, a page of *owner*, which must be allowed to operate; *place* as Hands has it."""
        hands = Hands(self, viewer, owner, place, self._links, changed)
        self._hands.add(hands)
        return hands

    def leave(self, hands: Hands) -> None:
        """The page of *hands* is gone: let go of everything."""
        hands.disarm()
        self._hands.discard(hands)

    def of(self, owner: Owner, leader: int) -> Follow | None:
        """Return the followers of *leader*, None if no page of *owner* has armed it."""
        hands = self._armed(owner, leader)
        return Follow(hands) if hands else None

    def take_over(self, hands: Hands, leader: int) -> None:
        """Disarm *leader* in another page of the same login: which one an opened tile belongs to must be plain."""
        other = self._armed(hands.owner, leader)
        if other is not None and other is not hands:
            other.taken_over()

    def _armed(self, owner: Owner, leader: int) -> Hands | None:
        armed = (h for h in self._hands if h.owner == owner and h.armed and h.armed.leader == leader)
        return next(armed, None)
