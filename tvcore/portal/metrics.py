"""What the portal counts of itself, for Prometheus: no label holds a name, a secret, or anything that a stranger chose.

It is of one process, so it stands in this module. What would need counting all the time, but can be looked up, is
looked up when it is asked for (``Collected``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

LAG_EVERY = 1.0  # seconds from one look at the event loop to the next
SLOW = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0)
MEDIA = "text/plain; version=0.0.4; charset=utf-8"

REGISTRY = CollectorRegistry()
ProcessCollector(namespace="tiledviz", registry=REGISTRY)  # memory, CPU seconds, open files, start

_requests = Counter(
    "tiledviz_requests", "HTTP requests by route and status", ("method", "route", "status"), registry=REGISTRY
)
_seconds = Histogram("tiledviz_request_seconds", "Time that an answer took", ("kind",), registry=REGISTRY, buckets=SLOW)
_answered = Counter("tiledviz_answer_bytes", "Bytes of answers, without their headers", registry=REGISTRY)
_logins = Counter("tiledviz_logins", "Attempts to log in", ("outcome",), registry=REGISTRY)
_refused = Counter("tiledviz_refused_calls", "Calls that who made them has no right to", registry=REGISTRY)
_store = Histogram(
    "tiledviz_store_seconds", "Time that a short call into the store took", registry=REGISTRY, buckets=SLOW
)
_lag = Histogram(
    "tiledviz_loop_lag_seconds", "How much later than asked the event loop went on", registry=REGISTRY, buckets=SLOW
)
_lag_most = Gauge("tiledviz_loop_lag_longest_seconds", "The longest such lag of the last minute", registry=REGISTRY)

METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE")


def answered(method: str, route: str, status: str, seconds: float, size: int) -> None:
    """Count an answer to a request for *route*, a path of the table of routes, or ``page`` or ``other``.

    That of a stream (101) took as long as it was open, and says nothing of how quick the portal is.
    """
    _requests.labels(method if method in METHODS else "other", route, status if status.isdigit() else "none").inc()
    if status != "101":
        _seconds.labels("api" if route.startswith("/") else route).observe(max(0.0, seconds))
        _answered.inc(size)


def logged_in(outcome: str) -> None:
    """Count an attempt to log in."""
    _logins.labels(outcome).inc()


def refused() -> None:
    """Count a call that who made it has no right to."""
    _refused.inc()


def store_took(seconds: float) -> None:
    """Take note of how long a call into the store took."""
    _store.observe(seconds)


# ---------------------------------------------------------------------- streams


class Sent(Protocol):
    """A stream, with what was sent by it."""

    sent_bytes: int
    sent_messages: int


class _Streams:
    """The streams that are open, by what they are for, and what was sent by those that ended."""

    def __init__(self) -> None:
        self.open: dict[Sent, str] = {}
        self.ended: dict[str, list[int]] = {"wall": [0, 0], "rfb": [0, 0]}

    def sent(self) -> Mapping[str, list[int]]:
        """Return bytes and messages sent, by what the streams are for."""
        found = {kind: list(sent) for kind, sent in self.ended.items()}
        for stream, kind in self.open.items():
            found[kind][0] += stream.sent_bytes
            found[kind][1] += stream.sent_messages
        return found


_streams = _Streams()


def stream_begins(stream: Sent, kind: str) -> None:
    """Count *stream*, of *kind* (wall or rfb), as open."""
    _streams.open[stream] = kind


def stream_ends(stream: Sent) -> None:
    """Count *stream* as over."""
    if (kind := _streams.open.pop(stream, None)) is not None:
        _streams.ended[kind][0] += stream.sent_bytes
        _streams.ended[kind][1] += stream.sent_messages


# ------------------------------------------------------------------------- lag


class Lag:
    """Looks how late the event loop is: whoever computes for long in it keeps everybody waiting."""

    def __init__(self) -> None:
        self._minute: list[float] = []

    def loop(self, sleep: Callable[[float], object]) -> None:
        """Look every second, for good."""
        while True:
            before = time.monotonic()
            sleep(LAG_EVERY)
            self.take(max(0.0, time.monotonic() - before - LAG_EVERY))

    def take(self, late: float) -> None:
        """Take note of one look at it."""
        _lag.observe(late)
        self._minute = [*self._minute[-59:], late]
        _lag_most.set(max(self._minute))


# ------------------------------------------------------------------- looked up


class Collected:
    """What is looked up when it is asked for: *counts* of the store, *pools* of worker processes by name."""

    def __init__(self, counts: Mapping[str, Any] | None, pools: Mapping[str, tuple[int, int]], people: int) -> None:
        self._counts = counts
        self._pools = pools
        self._people = people

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        yield GaugeMetricFamily("tiledviz_store_up", "Whether the store answers", value=float(self._counts is not None))
        yield GaugeMetricFamily("tiledviz_people_here", "People with a stream open", value=self._people)
        yield from self._workers()
        yield from self._sent()
        for name, of in (self._counts or {}).items():
            if isinstance(of, dict):
                family = GaugeMetricFamily(f"tiledviz_{name}", f"{name.capitalize()} by their state", labels=("state",))
                for state, count in sorted(of.items()):
                    family.add_metric((state,), count)
                yield family
            else:
                yield GaugeMetricFamily(f"tiledviz_{name}", f"{name.capitalize()} in the store", value=of)

    def _workers(self) -> Iterator[Metric]:
        busy = GaugeMetricFamily("tiledviz_workers_busy", "Worker processes that do something", labels=("pool",))
        most = GaugeMetricFamily("tiledviz_workers_most", "Worker processes there may be", labels=("pool",))
        for name, (working, size) in self._pools.items():
            busy.add_metric((name,), working)
            most.add_metric((name,), size)
        yield from (busy, most)

    def _sent(self) -> Iterator[Metric]:
        there = GaugeMetricFamily("tiledviz_streams", "Streams that are open", labels=("kind",))
        octets = CounterMetricFamily("tiledviz_stream_bytes", "Bytes sent by streams", labels=("kind",))
        frames = CounterMetricFamily("tiledviz_stream_frames", "Messages sent by streams", labels=("kind",))
        for kind, (size, number) in _streams.sent().items():
            there.add_metric((kind,), sum(each == kind for each in _streams.open.values()))
            octets.add_metric((kind,), size)
            frames.add_metric((kind,), number)
        yield from (there, octets, frames)


def exposition(collected: Collected) -> bytes:
    """Return all of it in Prometheus' text format (0.0.4)."""
    now = CollectorRegistry()
    now.register(collected)
    return generate_latest(REGISTRY) + generate_latest(now)
