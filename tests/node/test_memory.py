"""What the memory control group says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tvcore.node.memory import MemoryGroup, find_group, hierarchical_limit, in_words, oom_kills, own_group

V2_EVENTS = "low 0\nhigh 0\nmax 34\noom 2\noom_kill 3\noom_group_kill 0\n"
V1_CONTROL = "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n"
V1_MOUNT = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
V2_MOUNT = "40 31 0:40 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"


def test_kills_are_read_of_both_versions() -> None:
    assert oom_kills(V2_EVENTS) == 3
    assert oom_kills(V1_CONTROL) == 5
    assert oom_kills("oom_kill_disable 0\nunder_oom 0\n") == 0, "an old kernel does not tell"
    assert oom_kills("") == 0


def test_the_limit_of_version_1_is_that_of_all_groups_around() -> None:
    assert hierarchical_limit("cache 5\nhierarchical_memory_limit 2147483648\nrss 9\n") == 2147483648
    assert hierarchical_limit("hierarchical_memory_limit 9223372036854771712\n") is None
    assert hierarchical_limit("") is None


@pytest.mark.parametrize(
    ("groups", "mounts", "expected"),
    [
        (
            "0::/system.slice/slurmstepd.scope/job_5/step_0/user/task_0\n",
            V2_MOUNT,
            ("/sys/fs/cgroup/system.slice/slurmstepd.scope/job_5/step_0/user/task_0", 2),
        ),
        (
            "9:memory:/slurm/uid_1/job_5/step_0\n2:cpu:/\n0::/\n",
            V1_MOUNT + V2_MOUNT,
            ("/sys/fs/cgroup/memory/slurm/uid_1/job_5/step_0", 1),
        ),
        ("9:cpu,memory:/\n", V1_MOUNT, ("/sys/fs/cgroup/memory", 1)),
        (
            "0::/a/b/c\n",
            "40 31 0:40 /a /mnt/group rw - cgroup2 cgroup2 rw\n",
            ("/mnt/group/b/c", 2),
        ),
        ("9:memory:/../x\n0::/\n", V1_MOUNT + V2_MOUNT, ("/sys/fs/cgroup", 2)),
        ("0::/elsewhere\n", "40 31 0:40 /a /mnt/group rw - cgroup2 cgroup2 rw\n", None),
        ("0::/\n", V1_MOUNT, None),
        ("", "", None),
    ],
)
def test_the_group_is_found_where_it_is_mounted(groups: str, mounts: str, expected: tuple[str, int] | None) -> None:
    found = find_group(groups, mounts)
    assert (found and (str(found.folder), found.version)) == expected


def test_the_limit_of_version_2_is_the_least_up_to_the_top(tmp_path: Path) -> None:
    inner = tmp_path / "job" / "step" / "task"
    inner.mkdir(parents=True)
    for folder, text in ((inner, "max"), (inner.parent, "2147483648\n"), (inner.parent.parent, "4294967296\n")):
        (folder / "memory.max").write_text(text)
    (inner / "memory.events").write_text(V2_EVENTS)
    group = MemoryGroup(inner, tmp_path, 2)
    assert group.limit() == 2147483648
    assert group.kills() == 3


def test_a_group_that_is_gone_says_nothing(tmp_path: Path) -> None:
    for version in (1, 2):
        group = MemoryGroup(tmp_path / "gone", tmp_path, version)
        assert (group.kills(), group.limit()) == (0, None)
    assert own_group() is None or own_group().kills() >= 0  # type: ignore[union-attr]


ONE_TILE = """
import asyncio, os, pathlib, sys
from tvcore.batch.plan import TilePlan
from tvcore.node.children import Children
from tvcore.node.display import find_xvnc
from tvcore.node.memory import MemoryGroup
from tvcore.node.node import Node
from tvcore.node.tile import Tile

async def main():
    top = pathlib.Path(sys.argv[1])
    (top / "state/jobs/1").mkdir(parents=True)
    (top / "run").mkdir()
    node = Node(find_xvnc(), top / "run", top / "state/jobs/1", Children(), asyncio.Semaphore(2), lambda *_: None)
    node.__dict__["memory"] = MemoryGroup(top, top, 2)
    tile = Tile(TilePlan(index=0, title="t", command=("sh", "-c", sys.argv[2])), node)
    life = asyncio.create_task(tile.run())
    while not tile.status.cause:
        await asyncio.sleep(0.02)
    print(f"{tile.status.cause}; {tile.status.reason}")
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)

asyncio.run(main())
"""
HUNGRY = "out of memory; the program was ended for want of memory: the job may use 2.0 GiB on this node"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo oom_kill 1 > memory.events; kill -9 $$", HUNGRY),
        ("echo oom_kill 1 > memory.events; sh -c 'kill -9 $$'; exit 137", HUNGRY),
        ("kill -9 $$", "program ended; the program ended with signal 9 (SIGKILL)"),
        ("echo oom_kill 1 > memory.events; exit 3", "program ended; the program ended with exit code 3"),
    ],
)
def test_a_program_that_the_kernel_ended_for_want_of_memory_is_told_as_such(
    tmp_path: Path, script: str, expected: str
) -> None:
    (tmp_path / "memory.max").write_text("2147483648\n")
    (tmp_path / "memory.events").write_text("oom_kill 0\n")
    command = [sys.executable, "-c", ONE_TILE, str(tmp_path), f"cd {tmp_path}; {script}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.startswith(expected), done


def test_amounts_are_said_in_words() -> None:
    assert [in_words(amount) for amount in (512 << 20, 1 << 30, 5 << 29)] == ["512 MiB", "1.0 GiB", "2.5 GiB"]
