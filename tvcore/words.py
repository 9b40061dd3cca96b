"""What people read of jobs and tiles in the terminal: states, times, causes, and what draws."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def duration(seconds: float) -> str:
    """Return *seconds* as people say it: ``40 s``, ``25 min``, ``3 h 20 min``, ``2 days``."""
    seconds = max(0.0, seconds)
    if seconds < 2 * MINUTE - 1:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < 2 * DAY:
        hours, minutes = divmod(round(seconds / MINUTE), 60)
        return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"
    return f"{seconds / DAY:.0f} days"


def clock(at: float, now: float) -> str:
    """Return the time *at*: ``14:32``, with its day if that is another than today."""
    then, today = time.localtime(at), time.localtime(now)
    return time.strftime("%H:%M" if then[:3] == today[:3] else "%d %b %H:%M", then)


def start(expected: float | None, now: float) -> str:
    """Return when a job is expected to start, empty when nobody can say."""
    if expected is None:
        return ""
    if expected <= now:
        return "expected to start now"
    return f"expected to start at {clock(expected, now)}, in {duration(expected - now)}"


def end(job: Mapping[str, Any], now: float) -> str:
    """Return when the time limit of *job* ends it, empty when it does not run or has none."""
    if job["state"] != "running" or job["ends"] is None:
        return ""
    return f"ends in {duration(job['ends'] - now)}"


def queue(job: Mapping[str, Any], now: float) -> str:
    """Return how a queued *job* waits: ``queued: waits for free nodes (Resources), expected to start at 14:32, …``."""
    parts = [part for part in (job["reason"], start(job["expected_start"], now)) if part]
    return "queued" + (f": {', '.join(parts)}" if parts else "")


def progress(job: Mapping[str, Any], tiles: Sequence[Mapping[str, Any]], now: float) -> str:
    """Return in one line how far *job* with these *tiles* is."""
    states = Counter(tile["state"] for tile in tiles)
    if tiles and states["queued"] == len(tiles):
        return queue(job, now)
    if states["starting"] == len(tiles):
        return "starting"
    return outcome(tiles)


def outcome(tiles: Sequence[Mapping[str, Any]]) -> str:
    """Return how many of *tiles* are live, and how many are not any more."""
    states = Counter(tile["state"] for tile in tiles)
    parts = [f"{states['live']} of {len(tiles)} live"]
    parts += [f"{states[state]} {state}" for state in ("failed", "stopped") if states[state]]
    return ", ".join(parts)


def trouble(tile: Mapping[str, Any]) -> str:
    """Return why *tile* is not live: its cause and its reason; empty for one that is."""
    cause, reason = tile["cause"], tile["reason"]
    if not cause or cause in reason:
        return str(reason)
    return f"{cause}: {reason}" if reason else str(cause)


def gl(tile: Mapping[str, Any]) -> str:
    """Return what draws in *tile* in short: way and renderer."""
    truth = tile["gl"]
    renderer = str((truth or tile)["renderer"] or "").partition(" (")[0]
    return f"{truth['way']}: {renderer}" if truth else renderer


def gl_complaint(tile: Mapping[str, Any]) -> str:
    """Return what is wrong with what draws in *tile*, empty when it is as promised."""
    truth = tile["gl"] or {}
    if truth.get("wrong"):
        return str(truth.get("note") or "another GPU than its own draws")
    if truth.get("software") and truth.get("promised"):
        return str(truth.get("note") or "software though a GPU was asked for")
    return ""
