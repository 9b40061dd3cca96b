"""The encoders: beside the loop, on no more CPU than they may, with framebuffers left alone meanwhile."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable

import pytest

from hub_kit import Stand
from tvcore.node.encode import Encoded
from tvcore.node.hub import Job
from tvcore.node.pool import Budget, Encoders


def job_of(stand: Stand, now: float = 0.0) -> Job:
    job = stand.hub.next(now)
    assert job is not None
    return job


def run(what: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(what(), 20))  # type: ignore[arg-type]


def test_a_framebuffer_is_held_while_its_picture_is_made_in_another_thread() -> None:
    async def try_it() -> None:
        stand, encoders = Stand(2), Encoders(1)
        stand.show(1, (320, 240), 0.0)
        made: asyncio.Future[Encoded | BaseException] = asyncio.get_running_loop().create_future()
        threads = threading.active_count()
        encoders.start(job_of(stand), made.set_result)
        assert threading.active_count() == threads + 1
        assert [display.holds for display in stand.displays.values()] == [1, 1]
        assert encoders.ready_at() == float("inf")
        encoded = await made
        assert isinstance(encoded, Encoded)
        assert encoded.jpeg[:2] == b"\xff\xd8"
        assert [display.holds for display in stand.displays.values()] == [0, 0]
        assert encoders.ready_at() <= asyncio.get_running_loop().time()
        assert encoders.pictures == 1
        assert encoders.spent == {"scale": encoded.scale_seconds, "jpeg": encoded.jpeg_seconds}
        encoders.close()

    run(try_it)


def test_there_is_an_encoder_per_core_where_nothing_else_is_said() -> None:
    async def try_it() -> None:
        cores = len(os.sched_getaffinity(0))
        stand, encoders = Stand(cores + 1), Encoders()
        for viewer in range(cores):
            stand.show(viewer, (320, 240), 0.0, tiles=[viewer])
        made: list[object] = []
        for _ in range(cores):
            assert encoders.ready_at() < float("inf")
            encoders.start(job_of(stand), made.append)
        assert encoders.ready_at() == float("inf")
        woken = asyncio.Event()
        encoders.wake(woken)
        await woken.wait()
        assert encoders.ready_at() < float("inf")
        encoders.close()

    run(try_it)


def test_a_picture_that_cannot_be_made_is_an_error_and_holds_nothing() -> None:
    async def try_it() -> None:
        stand, encoders = Stand(1), Encoders(1)
        stand.show(1, (320, 240), 0.0)
        job = job_of(stand)
        object.__setattr__(job, "quality", (75, "nonsense"))
        made: asyncio.Future[Encoded | BaseException] = asyncio.get_running_loop().create_future()
        encoders.start(job, made.set_result)
        assert isinstance(await made, Exception)
        assert stand.displays[0].holds == 0
        assert encoders.ready_at() < float("inf")
        encoders.close()

    run(try_it)


def test_who_has_used_up_its_share_waits_until_it_has_some_again() -> None:
    async def try_it() -> None:
        stand, encoders = Stand(1), Encoders(1, cores=1e-4)
        stand.show(1, (640, 480), 0.0)
        made: asyncio.Future[Encoded | BaseException] = asyncio.get_running_loop().create_future()
        encoders.start(job_of(stand), made.set_result)
        await made
        assert encoders.ready_at() > asyncio.get_running_loop().time() + 0.1
        encoders.close()

    run(try_it)


@pytest.mark.parametrize("cores", [0.1, 0.5, 2.0])
def test_no_more_cpu_time_is_used_than_allowed(cores: float) -> None:
    budget, now, used = Budget(cores, 0.0), 0.0, 0.0
    while now < 60:
        used += 0.01
        now += 0.001
        budget.spend(0.01, now)
        now = max(now, budget.ready_at())
    assert used == pytest.approx(cores * 60, rel=0.05)


def test_what_was_not_used_is_not_saved_up_for_long() -> None:
    budget = Budget(0.5, 0.0)
    budget.spend(0.0, 1000.0)
    budget.spend(0.1, 1000.0)
    assert budget.ready_at() == pytest.approx(1000.1)


def test_without_a_bound_there_is_always_something_left() -> None:
    budget = Budget(0.0, 0.0)
    budget.spend(99.0, 1.0)
    assert budget.ready_at() <= 1.0
