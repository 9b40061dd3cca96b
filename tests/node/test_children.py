"""Child processes of an agent."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from tvcore.node.children import Children

AUTOGROUP = Path("/proc/self/autogroup")


def test_a_tiles_program_is_served_after_all_else_that_wants_the_processor() -> None:
    if not AUTOGROUP.exists():
        pytest.skip("this kernel has no autogroups (CONFIG_SCHED_AUTOGROUP): there is nothing to be put behind in")

    async def groups() -> tuple[str, str]:
        children = Children()
        behind = children.start(["sleep", "60"], os.environ, output=2, behind=True)
        usual = children.start(["sleep", "60"], os.environ, output=2)
        async with asyncio.timeout(20):
            while not _group(behind.pid).endswith("nice 10\n"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        found = _group(behind.pid), _group(usual.pid)
        await behind.stop(0)
        await usual.stop(0)
        return found

    behind, usual = asyncio.run(groups())
    assert usual == AUTOGROUP.read_text() != behind


def test_a_process_that_closed_its_output_and_lives_on_costs_nothing() -> None:
    async def ask() -> tuple[int | None, str]:
        return await Children().ask(["sh", "-c", "echo said; exec >&- 2>&-; sleep 1.5"], os.environ, 20)

    before = time.thread_time()  # of this thread: what others of this process do is not meant
    assert asyncio.run(ask()) == (0, "said\n")
    assert time.thread_time() - before < 0.5


def _group(pid: int) -> str:
    return Path(f"/proc/{pid}/autogroup").read_text()
