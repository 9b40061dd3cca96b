"""The node's encoders: threads beside the event loop, as many as its cores, that take no more than they may."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tvcore.node.encode import Encoded, Encoder
from tvcore.node.hub import Job

_SAVED = 0.1  # seconds of its share that encoding may have saved up


class Budget:
    """So many *cores* of CPU time (0: no bound); *now* is always the same clock's time, in seconds."""

    def __init__(self, cores: float, now: float) -> None:
        self._cores = cores
        self._left = cores * _SAVED
        self._at = now

    def spend(self, seconds: float, now: float) -> None:
        """Note that *seconds* of CPU time were used."""
        self._left = min(self._cores * _SAVED, self._left + (now - self._at) * self._cores) - seconds
        self._at = now

    def ready_at(self) -> float:
        """Return when there is something left; a time that has passed when there is."""
        if not self._cores or self._left >= 0:
            return self._at
        return self._at - self._left / self._cores


class Encoders:
    """The threads that make pictures: *count* (0: one per core that this process may use), on *cores* at most."""

    def __init__(self, count: int = 0, cores: float = 0.0) -> None:
        self._count = count or len(os.sched_getaffinity(0))
        self._free = self._count
        self._pool = ThreadPoolExecutor(self._count, "encoder")
        self._own = threading.local()
        self._loop = asyncio.get_running_loop()
        self._budget = Budget(cores, self._loop.time())
        self._waiting: set[asyncio.Event] = set()
        self.spent = {"scale": 0.0, "jpeg": 0.0}  # seconds of CPU time, by stage
        self.pictures = 0

    def ready_at(self) -> float:
        """Return from when on a picture may be begun, a time that has passed when it may; infinite: not by itself."""
        return self._budget.ready_at() if self._free else float("inf")

    def wake(self, event: asyncio.Event) -> None:
        """Set *event*, once, when the next picture is made."""
        self._waiting.add(event)

    def start(self, job: Job, then: Callable[[Encoded | BaseException], None]) -> None:
        """Make the picture of *job*, whose framebuffers are left alone meanwhile, and call *then*, on the loop."""
        self._free -= 1
        for source in job.sources:
            source.hold()

        def made(future: asyncio.Future[Encoded]) -> None:
            self._free += 1
            for source in job.sources:
                source.release()
            error = future.exception()
            then(error or self._count_in(future.result()))
            for event in self._waiting:
                event.set()
            self._waiting.clear()

        self._loop.run_in_executor(self._pool, self._make, job).add_done_callback(made)

    def close(self) -> None:
        """End the threads; what they are at is made to its end."""
        self._pool.shutdown(wait=False)

    def _make(self, job: Job) -> Encoded:
        if not hasattr(self._own, "encoder"):
            self._own.encoder = Encoder()
        encoder: Encoder = self._own.encoder
        return encoder.encode([cut.part for cut in job.cuts], job.quality)

    def _count_in(self, encoded: Encoded) -> Encoded:
        self.pictures += 1
        self.spent["scale"] += encoded.scale_seconds
        self.spent["jpeg"] += encoded.jpeg_seconds
        self._budget.spend(encoded.scale_seconds + encoded.jpeg_seconds, self._loop.time())
        return encoded
