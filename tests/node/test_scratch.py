"""The folder of a tile's program for what nobody keeps."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from nodekit import NodeAgent, wait_for
from tvcore.causes import Cause, TileFailureError
from tvcore.node.scratch import Scratch, remove_linked

Start = Callable[..., NodeAgent]


def test_it_is_closed_to_others_and_gone_at_the_end(tmp_path: Path) -> None:
    runtime, disk = tmp_path / "run", tmp_path / "disk"
    runtime.mkdir()
    disk.mkdir()
    with Scratch(str(disk), runtime).of_tile(3) as folder:
        assert folder.name.startswith("tile3-")
        assert folder.parent.parent == disk
        assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent)] == [0o700, 0o700]
        (folder / "left").write_text("x")
        (folder / "closed").mkdir(mode=0o500)
        (folder / "link").symlink_to(disk)
    assert not folder.exists()
    remove_linked(runtime)
    assert list(disk.iterdir()) == []


def test_without_a_setting_it_is_in_the_runtime_folder(tmp_path: Path) -> None:
    with Scratch("", tmp_path).of_tile(3) as folder:
        assert folder.parent == tmp_path
    remove_linked(tmp_path)
    assert tmp_path.exists()


def test_a_folder_that_a_node_does_not_have_is_told_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(TileFailureError, match=r"/no/such .*No such file.*job\.scratch") as caught:
        Scratch("/no/such", tmp_path).of_tile(0).__enter__()
    assert caught.value.cause == Cause.FILE_MISSING


def test_only_a_folder_of_ours_with_our_name_is_removed(tmp_path: Path) -> None:
    other = tmp_path / "precious"
    other.mkdir()
    (tmp_path / "scratch").symlink_to(other)
    remove_linked(tmp_path)
    assert other.exists()


def test_each_tiles_program_writes_into_a_folder_of_its_own(start_agent: Start, home: Path) -> None:
    scratch = home.parent / "scratch"
    scratch.mkdir()
    write = ("sh", "-c", 'echo x > "$TILEDVIZ_SCRATCH/mine"; exec sleep 60')
    agent = start_agent(write, write, scratch=str(scratch))
    wait_for(lambda: len(list(scratch.glob("*/tile*/mine"))) == 2, what="both programs have written")
    assert sorted(path.parent.name.partition("-")[0] for path in scratch.glob("*/tile*/mine")) == ["tile0", "tile1"]
    agent.stop()
    assert list(scratch.iterdir()) == []


def test_a_tile_whose_node_has_no_such_folder_fails_with_the_cause(start_agent: Start) -> None:
    agent = start_agent(("sleep", "60"), scratch="/no/such")
    status = agent.wait_state("failed")
    assert "job.scratch" in status["reason"]
    assert status["cause"] == Cause.FILE_MISSING


def test_the_scratch_folder_of_an_agent_that_was_killed_is_removed_too(start_agent: Start, home: Path) -> None:
    scratch = home.parent / "scratch"
    scratch.mkdir()
    agent = start_agent(("sh", "-c", 'echo x > "$TILEDVIZ_SCRATCH/mine"; exec sleep 60'), scratch=str(scratch))
    wait_for(lambda: list(scratch.glob("*/tile*/mine")), what="the program has written")
    os.kill(agent.registration.pid, signal.SIGKILL)
    assert agent.process.wait(20) == 128 + signal.SIGKILL
    assert list(scratch.iterdir()) == []
