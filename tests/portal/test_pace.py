"""How much a viewer is sent, on lines that are simulated: a clock of its own, no sleeping."""

from __future__ import annotations

import heapq
import math
import statistics
from collections.abc import Callable
from itertools import pairwise

import pytest

from tvcore.portal.pace import FIRST, LATELY, LEAST, MOST, OVERDRAFT, START, Pace, bytes_per_second


class Simulation:
    """Agents that send for all their credit, or *offered* bytes a second, over one line to a page that draws."""

    def __init__(self, rate: float, trip: float, agents: int = 1, cap: float = math.inf, offered: float = math.inf):
        self.now = 0.0
        self.rate, self.trip, self.offered = rate, trip, offered
        self.pace: Pace[int] = Pace(0.0, cap)
        self.drawn: list[tuple[float, int, float]] = []  # when, bytes, how long they were under way
        self.most_under_way = 0
        self.lines = 0  # of credit to agents
        self.picture = 3000
        self._credit = dict.fromkeys(range(agents), 0)
        self._busy = 0.0  # until when the line is
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._asks = math.inf
        for agent in self._credit:
            self.pace.join(agent, 0.0)
        self._grant()
        if offered < math.inf:
            self._tick()

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while self._events and self._events[0][0] <= until:
            self.now, _, event = heapq.heappop(self._events)
            event()
        self.now = until

    def at(self, when: float, event: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (when, self._count, event))

    def send(self, agent: int, size: int) -> None:
        """Let *agent* send a picture, for credit that it has."""
        self._credit[agent] -= size
        self.pace.came(agent, size, self.now)
        self.pace.wrote(size)
        self._busy = max(self._busy, self.now) + size / self.rate
        sent = self.now
        self.at(self._busy + self.trip, lambda: self._draw(size, sent))
        self._grant()

    def throughput(self, since: float) -> float:
        return sum(size for when, size, _ in self.drawn if when >= since) / (self.now - since)

    def delays(self, since: float) -> list[float]:
        return [delay for when, _, delay in self.drawn if when >= since]

    def _draw(self, size: int, sent: float) -> None:
        self.drawn.append((self.now, size, self.now - sent))
        self.pace.drawn(size, self.now)
        self._grant()

    def _grant(self) -> None:
        for agent, size in self.pace.grants(self.now):
            assert size > 0
            self._credit[agent] += size
            self.lines += 1
        self.most_under_way = max(self.most_under_way, self.pace.under_way)
        if self.pace.again is not None and self._asks > self.pace.again:
            self._asks = self.pace.again
            self.at(self._asks, self._ask_again)
        if self.offered == math.inf:
            for agent, credit in self._credit.items():
                if credit > 0:
                    self.at(self.now, lambda agent=agent: self._send_if_allowed(agent))

    def _ask_again(self) -> None:
        if self.now >= self._asks:  # else it was asked sooner
            self._asks = math.inf
            self._grant()

    def _send_if_allowed(self, agent: int) -> None:
        if self._credit[agent] > 0:
            self.send(agent, self.picture)

    def _tick(self) -> None:
        self._send_if_allowed(0)
        self.at(self.now + self.picture / self.offered, self._tick)


@pytest.mark.parametrize("agents", [1, 4])
def test_a_slow_line_is_kept_busy_and_nothing_waits_long_on_it(agents: int) -> None:
    line = Simulation(rate=200_000, trip=0.02, agents=agents)
    line.run(10)
    assert line.throughput(since=3) > 0.9 * line.rate
    assert max(line.delays(since=3)) < 0.3


@pytest.mark.parametrize(("rate", "trip"), [(20e6, 0.005), (5e6, 0.08), (1e6, 0.3)])
def test_a_faster_or_longer_line_is_kept_busy_too(rate: float, trip: float) -> None:
    line = Simulation(rate, trip)
    line.picture = 10_000
    line.run(10)
    assert line.throughput(since=3) > 0.85 * rate
    assert statistics.median(line.delays(since=3)) < trip + 0.2


def test_a_line_that_becomes_slow_is_found_out_and_one_that_becomes_fast_again_too() -> None:
    line = Simulation(rate=2e6, trip=0.02)
    line.run(5)
    line.rate = 200_000
    line.run(10)
    assert max(line.delays(since=11)) < 0.3
    assert line.throughput(since=11) > 0.9 * 200_000
    line.rate = 2e6
    line.run(5)
    assert line.throughput(since=17) > 0.8 * 2e6


def test_a_line_that_becomes_longer_is_found_out() -> None:
    line = Simulation(rate=2e6, trip=0.02)
    line.run(5)
    line.trip = 0.3
    line.run(30)
    assert line.throughput(since=20) > 0.8 * 2e6


def test_little_to_send_says_nothing_about_the_line() -> None:
    line = Simulation(rate=10e6, trip=0.02)
    line.run(3)
    window = line.pace.window
    assert window > 0.5e6
    line.offered = 20_000.0
    line._tick()
    line.run(30)
    assert line.throughput(since=5) == pytest.approx(20_000, rel=0.2)
    assert line.pace.window > 0.5 * window


def test_a_fast_page_is_held_up_by_nothing() -> None:
    line = Simulation(rate=100e6, trip=0.002, offered=10e6)
    line.picture = 10_000
    line.run(5)
    assert line.throughput(since=1) > 0.98 * 10e6


def test_the_cap_bounds_what_is_sent_in_all() -> None:
    line = Simulation(rate=50e6, trip=0.002, agents=3, cap=500_000.0)
    line.run(20)
    assert 0.9 * 500_000 < line.throughput(since=5) <= 1.02 * 500_000


def test_credit_is_not_told_for_every_picture_of_a_fast_page() -> None:
    line = Simulation(rate=100e6, trip=0.002, offered=2e6)
    line.run(10)
    assert line.lines < 0.2 * len(line.drawn)


def test_at_first_and_when_nothing_is_drawn_no_more_than_the_window_is_under_way() -> None:
    line = Simulation(rate=1e-9, trip=1e9)  # a page that draws nothing
    line.run(60)
    assert line.pace.window == FIRST
    assert line.most_under_way <= FIRST + line.picture


def test_the_window_stays_within_its_bounds() -> None:
    fast = Simulation(rate=1e12, trip=0.5)
    fast.run(5)
    assert fast.pace.window <= MOST
    slow = Simulation(rate=2000.0, trip=0.5)
    slow.run(200)
    assert slow.pace.window == LEAST


def test_an_agent_can_begin_while_another_has_all_of_the_window() -> None:
    pace: Pace[str] = Pace(0.0)
    pace.join("busy", 0.0)
    assert dict(pace.grants(0.0)) == {"busy": FIRST}
    pace.join("still", 1 + 2 * LATELY)
    pace.came("busy", 1000, 1 + 2 * LATELY)
    given = dict(pace.grants(1 + 4 * LATELY))
    assert given == {"still": START}


def test_who_sent_lately_shares_the_window_and_who_did_not_keeps_out_of_it() -> None:
    pace: Pace[int] = Pace(0.0)
    for agent in range(4):
        pace.join(agent, 0.0)
    assert dict(pace.grants(0.0)) == dict.fromkeys(range(4), FIRST // 4)
    assert pace.again is None, "nobody needs to look again before something happens"
    for agent in (0, 1):
        pace.came(agent, FIRST // 4, 5.0)
        pace.wrote(FIRST // 4)
    pace.drawn(FIRST // 2, 5.1)
    assert dict(pace.grants(5.1)) == {0: pace.window // 2, 1: pace.window // 2}


def test_more_than_the_credit_is_refused() -> None:
    pace: Pace[int] = Pace(0.0)
    with pytest.raises(ValueError, match="without credit"):
        pace.came(1, 10, 0.0)
    pace.join(1, 0.0)
    assert dict(pace.grants(0.0)) == {1: FIRST}
    pace.came(1, FIRST + OVERDRAFT - 1, 0.0)  # a picture may go over it
    pace.came(1, 1000, 0.0)  # and so may those that were begun before that was known
    with pytest.raises(ValueError, match="without credit"):
        pace.came(1, 10, 0.0)


def test_a_page_cannot_have_drawn_what_it_was_not_given() -> None:
    pace: Pace[int] = Pace(0.0)
    pace.join(1, 0.0)
    dict(pace.grants(0.0))
    pace.came(1, FIRST, 0.0)
    pace.drawn(1 << 50, 0.1)
    assert pace.under_way == FIRST, "it is still in the portal"
    pace.wrote(FIRST)
    pace.drawn(1 << 50, 0.2)
    assert pace.under_way == 0
    pace.drawn(1 << 50, 0.3)
    assert pace.under_way == 0
    assert pace.window <= MOST


def test_a_round_trip_is_looked_for_again_without_letting_the_line_run_dry_for_long() -> None:
    line = Simulation(rate=1e6, trip=0.02)
    line.run(40)
    times = [when for when, _, _ in line.drawn if when > 5]
    assert max(b - a for a, b in pairwise(times)) < 0.1


@pytest.mark.parametrize(
    ("text", "rate"), [("", math.inf), ("500", 500), ("200K", 204800), ("2m", 2 << 20), ("1G", 1 << 30)]
)
def test_a_rate_is_read_as_the_settings_say_it(text: str, rate: float) -> None:
    assert bytes_per_second(text) == rate
