"""When a job's time is over, and telling its tiles and their case so before: once, some minutes ahead.

Slurm says when by ``$SLURM_JOB_END_TIME``, the local runner by ``$TILEDVIZ_JOB_END``, in seconds since the epoch.
When the clock says so, Slurm is asked whether that was put off meanwhile; its signal (``#SBATCH --signal``) tells of a
limit that was made shorter. It is SIGURG, which nobody minds who does
not wait for it: some sites' Slurm sends a step's signals to every process in it, programs of tiles too.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Iterable, Mapping

from tvcore.batch.time_limit import seconds_of
from tvcore.node.children import Children
from tvcore.node.media_tile import AnyTile
from tvcore.node.tile import Tile

SIGNAL = signal.SIGURG
SLACK = 120.0  # seconds within which Slurm's signal may come before or after its time: it looks every half minute
ASK_SECONDS = 20.0
_logger = logging.getLogger(__name__)


def end_of(environment: Mapping[str, str]) -> float | None:
    """Return when the job's time is over, None where nothing says so or there is no limit."""
    text = environment.get("SLURM_JOB_END_TIME") or environment.get("TILEDVIZ_JOB_END") or ""
    return float(text) if text.isdecimal() and 0 < float(text) < 1 << 33 else None


def warned_at(warning: float, now: float, end: float | None) -> float | None:
    """Return when to warn of the *end*, *warning* seconds before; in a job shorter than twice that, at its half. Pure.

    None: nothing is known of an end, or no warning is wanted.
    """
    if end is None or not warning:
        return None
    return end - min(warning, max(0.0, end - now) / 2)


def is_news(warning: float, now: float, end: float | None) -> bool:
    """Return whether Slurm's signal at *now* says what the clock would not: another end than the one known. Pure."""
    return bool(warning) and (end is None or end - now > warning + SLACK)


async def end_now(children: Children, environment: Mapping[str, str], end: float) -> float | None:
    """Return when the job's time is over by what Slurm says now, None without a limit; *end* where that is not new."""
    job = environment.get("SLURM_JOB_ID")
    if not job:
        return end
    try:
        code, said = await children.ask(
            ["squeue", "--noheader", f"--job={job}", "--format=%L"], environment, ASK_SECONDS
        )
    except OSError:
        return end
    if code == 0 and said.strip() == "UNLIMITED":
        return None
    left = seconds_of(said.strip()) if code == 0 else None
    later = time.time() + left if left else end
    return later if later > end + SLACK else end


async def watch(tiles: Iterable[AnyTile], warning: float, environment: Mapping[str, str], children: Children) -> None:
    """Warn of the end of the job when it is time, once; *children* asks whether it was put off meanwhile."""
    end = end_of(environment)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def signalled() -> None:
        nonlocal end
        now = time.time()
        if is_news(warning, now, end):
            end = now + warning
            told.set()

    loop.add_signal_handler(SIGNAL, signalled)
    try:
        while not told.is_set():
            when = warned_at(warning, time.time(), end)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if when is None else max(0.0, when - time.time())):
                    await told.wait()
            if told.is_set():
                break
            assert end is not None
            now = await end_now(children, environment, end)
            if told.is_set() or now == end:
                break
            end = now
        assert end is not None
        text = f"the job's time is over at {time.strftime('%H:%M', time.localtime(end))}"
        _logger.info("%s, in %.0f s", text, end - time.time())
        for tile in tiles:
            if isinstance(tile, Tile):
                tile.warn(text, end)
        await asyncio.Event().wait()
    finally:
        loop.remove_signal_handler(SIGNAL)
