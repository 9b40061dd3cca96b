"""Limits for whoever can reach the endpoint's port, before it is known who that is."""

from __future__ import annotations

import ipaddress
import logging
import time
from collections import Counter

WAITING_MAX = 192  # connections that are not let in yet
WAITING_EACH = 24  # of them, from one address
STARTS = 10.0  # connections per second from one address, in the long run: each costs some 3 ms of key exchange
STARTS_AT_ONCE = 40
ORIGINS_MAX = 4096  # addresses remembered

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse_address(text: str) -> Address | None:
    """Return the address in *text*, an IPv4 one where it is mapped into IPv6; None where it is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def origin_of(text: str) -> str:
    """Return what one stranger at the address *text* cannot change: the address; of IPv6 its first half."""
    address = parse_address(text)
    if address is None:
        return text
    if address.is_loopback:
        return "loopback"
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


class Doorstep:
    """Counts who stands before the door. Pure but for *now*, a monotonic time in seconds."""

    def __init__(self) -> None:
        self._waiting: Counter[str] = Counter()
        self._starts: dict[str, tuple[float, float]] = {}  # what is left of STARTS_AT_ONCE, and when that was so

    def enter(self, address: str, now: float) -> bool:
        """Return whether one more from *address* may wait to be let in; each that may is to ``leave``."""
        origin = origin_of(address)
        if self._waiting.total() >= WAITING_MAX or self._waiting[origin] >= WAITING_EACH:
            return False
        left, then = self._starts.get(origin, (float(STARTS_AT_ONCE), now))
        left = min(STARTS_AT_ONCE, left + (now - then) * STARTS)
        if left < 1:
            return False
        if len(self._starts) >= ORIGINS_MAX:
            self._starts.clear()
        self._starts[origin] = (left - 1, now)
        self._waiting[origin] += 1
        return True

    def leave(self, address: str) -> None:
        """Count one from *address* less: it was let in, or is gone."""
        origin = origin_of(address)
        self._waiting[origin] -= 1
        if self._waiting[origin] <= 0:
            del self._waiting[origin]


class Patient(logging.Filter):
    """Lets through *most* lines every *seconds*, and then says how many it kept back."""

    def __init__(self, most: int = 100, seconds: float = 60.0) -> None:
        super().__init__()
        self._most = most
        self._seconds = seconds
        self._begin = time.monotonic()
        self._count = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether *record* is written."""
        now = time.monotonic()
        if now - self._begin > self._seconds:
            if (left := self._count - self._most) > 0:
                record.msg = f"({left} lines were left out) {record.getMessage()}"
                record.args = None
            self._begin, self._count = now, 0
        self._count += 1
        return self._count <= self._most
